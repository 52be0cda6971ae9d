"""What a timer's call finds to do: an edition to draft, and editions to send."""

from datetime import datetime

import sqlalchemy as sa

from verdicts.config.mail import DigestSettings
from verdicts.digest import drafting, editions, weeks
from verdicts.digest.freezing import freeze
from verdicts.digest.models import EditionState, edition
from verdicts.extensions import db


def draft_what_is_due(settings: DigestSettings, now: datetime) -> int | None:
    """Draft the edition of the last weekly moment, once; return its id where it was drafted now.

    Where the settings let it go out without an editor's word it is begun too. The caller has called begin_write(), and
    commits.
    """
    drafted = drafting.draft_due(settings, now)
    due = editions.find(weeks.due(now, *settings.draft_at))
    if settings.auto and due and due.state is EditionState.DRAFT:
        begin(due.id, now)
    return drafted


def begin(edition_id: int, now: datetime) -> None:
    """Let an edition be sent now: freeze it if it is a draft, and go on if it is being sent already.

    Raises NothingToSay, or WrongState where it is paused, sent or cancelled.
    """
    if editions.by_id(edition_id).state is EditionState.DRAFT:
        freeze(edition_id, now)
    if editions.by_id(edition_id).state is not EditionState.SENDING:
        editions.start(edition_id, now)


def start_what_is_scheduled(now: datetime) -> None:
    """Begin every frozen edition whose moment has come. The caller has called begin_write(), and commits."""
    frozen = edition.c.state == EditionState.FROZEN
    due = sa.select(edition.c.id).where(frozen, edition.c.scheduled_at <= now).order_by(edition.c.id)
    for id in list(db.session.connection().scalars(due)):
        editions.start(id, now)


def under_way() -> list[int]:
    """Return the editions that are being sent or paused, oldest first. One statement."""
    states = edition.c.state.in_([EditionState.SENDING, EditionState.PAUSED])
    rows = sa.select(edition.c.id).where(states)
    return list(db.session.connection().scalars(rows.order_by(edition.c.year, edition.c.week, edition.c.id)))
