"""What the commands of `flask digest` share: the edition they are about, and changes of it with their audit records."""

from collections.abc import Callable, Mapping
from typing import TypeVar

import click

from verdicts.config import current_settings
from verdicts.digest import editions, weeks
from verdicts.digest.editions import DigestError, Edition
from verdicts.digest.sending import utc_now
from verdicts.digest.weeks import NotAWeek, Week
from verdicts.extensions import commit_or_retry, db
from verdicts.mailing.addresses import InvalidHeader
from verdicts.staff import audit

T = TypeVar("T")
Changes = Mapping[str, tuple[object, object]]

REFUSALS = (DigestError, NotAWeek, InvalidHeader)

optional_edition = click.argument("name", metavar="[EDITION]", required=False)


def parse_week(name: str | None) -> Week:
    """Return the week of this name; without a name the week just ended, in the demo the current one."""
    if name is not None:
        return weeks.parse(name)
    return weeks.default_week(utc_now(), demo=current_settings().demo)


def get_edition(name: str | None) -> Edition:
    return read(lambda: editions.get_by_week(parse_week(name)))


def read(query: Callable[[], T]) -> T:
    """Return the query's result and end the transaction: the next one may have to write."""
    result = query()
    db.session.rollback()
    return result


def change_edition(edition: Edition, action: str, step: Callable[[Edition], Changes | None]) -> Edition:
    """Run a step, and record it in the audit log with the changes it returns. Return the edition as it was before."""

    def change() -> Edition:
        locked = editions.lock(edition.id)
        record_audit(action, locked.name, step(locked))
        return locked

    return commit_or_retry(change)


def record_audit(action: str, name: str, changes: Changes | None = None) -> None:
    audit.record(action, "edition", name, now=utc_now(), actor=None, **(changes or {}))
