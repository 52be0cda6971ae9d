"""The steps of `flask digest run`: draft the due edition, start scheduled ones, list those to send."""

from datetime import datetime

import sqlalchemy as sa

from verdicts.config.mail import DigestSettings
from verdicts.digest import editions
from verdicts.digest.drafting import draft_edition
from verdicts.digest.editions import Edition, to_edition
from verdicts.digest.freezing import freeze
from verdicts.digest.models import EditionState, edition
from verdicts.digest.weeks import due_week
from verdicts.extensions import db


def draft_due_edition(settings: DigestSettings, now: datetime) -> Edition | None:
    """Draft the edition of the due week, unless it exists or there is no news. Return the new edition, else None.

    A cancelled edition is not drafted again. If the settings allow sending without approval, sending starts too. The
    caller has called begin_write(), and commits.
    """
    week = due_week(now, *settings.draft_at)
    is_new = editions.find_by_week(week) is None and draft_edition(week, now) is not None
    due = editions.find_by_week(week)
    if settings.auto and due and due.state is EditionState.DRAFT:
        start_sending(due.id, now)
    return due if is_new else None


def start_sending(edition_id: int, now: datetime) -> None:
    """Start sending an edition, and freeze it first if it is a draft. Do nothing if it is already being sent.

    Raises EditionIsEmpty, or WrongState for one that is paused, sent or cancelled.
    """
    if editions.get_by_id(edition_id).state is EditionState.DRAFT:
        freeze(edition_id, now)
    if editions.get_by_id(edition_id).state is not EditionState.SENDING:
        editions.start(edition_id)


def start_scheduled(now: datetime) -> None:
    """Start every frozen edition whose scheduled time has come. The caller has called begin_write(), and commits."""
    statement = sa.select(edition.c.id).where(edition.c.state == EditionState.FROZEN, edition.c.scheduled_at <= now)
    for id in list(db.session.connection().scalars(statement.order_by(edition.c.id))):
        editions.start(id)


def list_unfinished() -> list[Edition]:
    """Return the editions that are being sent or paused, oldest first. One statement."""
    statement = sa.select(edition).where(edition.c.state.in_([EditionState.SENDING, EditionState.PAUSED]))
    rows = db.session.connection().execute(statement.order_by(edition.c.year, edition.c.week, edition.c.id))
    return [to_edition(row) for row in rows]
