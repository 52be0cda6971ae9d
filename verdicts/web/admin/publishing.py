"""What readers see of a record, and from when; and its end. One page for every kind that has such a thing."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeAlias

from flask import abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import IntegrityError

from verdicts.catalog.models import Category, Reviewer, Tool
from verdicts.catalog.publishing import bump_content_version
from verdicts.comparisons.models import Comparison
from verdicts.curation.editing import publication, removal, tools
from verdicts.curation.editing.publication import PublicationState
from verdicts.curation.editing.saving import SavedRecord, StoredRecord
from verdicts.extensions import begin_write, db
from verdicts.staff import audit
from verdicts.web.admin.editing import CLASH
from verdicts.web.admin.gate import actor
from verdicts.web.clock import now

NO_MOMENT = "Give a day and a time in UTC, such as 2026-12-01 08:00."
NOT_AHEAD = "This moment has passed. Publish it at once instead."
FARTHEST_YEAR = 2100

Editable: TypeAlias = Category | Reviewer | Tool | Comparison


@dataclass(frozen=True)
class Subject:
    """A record whose publication is looked at; `find` returns it as editing opens it, `get` its row."""

    kind: str
    find: Callable[..., StoredRecord | None]
    get: Callable[[int], Editable | None]
    edit_at: Callable[[int], str]


def answer(subject: Subject, id: int) -> ResponseReturnValue:
    if request.method == "GET":
        return _show(subject, id)
    act = _ACTS.get(request.form.get("do", "")) or abort(400, "A button of this page says what to do.")
    db.session.rollback()
    begin_write()
    opened, row = _found(subject, id)
    before, record = _words_of(row), tools.whole(row) if isinstance(row, Tool) else opened.data
    try:
        act(row)
    except _Refused as refusal:
        db.session.rollback()
        return _show(subject, id, moment_fault=str(refusal))
    except removal.RecordInUse as refusal:
        db.session.rollback()
        return _show(subject, id, str(refusal))
    except IntegrityError:
        db.session.rollback()
        return _show(subject, id, CLASH)
    is_gone = act is removal.delete
    changes: dict[str, tuple[Any, Any]] = {field: (value, None) for field, value in record.items()} if is_gone else {}
    changes |= {} if is_gone else {"publication": (before, _words_of(row))}
    words = "deleted" if is_gone else _DONE[request.form["do"]]
    if before == _words_of(row) and not is_gone:
        db.session.rollback()
        return redirect(request.path, 303)
    audit.record(words, subject.kind, opened.slug, id, now=now(), actor=actor(), **changes)
    db.session.commit()
    # The history of what was deleted is where it comes back from.
    return redirect(url_for("writing.history", kind=subject.kind, id=id) if is_gone else request.path, 303)


def publish_too(kind: str, row: publication.Publishable, saved: SavedRecord, do: str) -> str:
    """Publish what was just saved, where the button asked for that and readers do not see it yet.

    Return which of editing.SAID tells what came of it. What was put away meanwhile stays so.
    """
    before = publication.state_of(row.published_at, row.archived_at, now())
    if do != "save publish" or before is PublicationState.PUBLISHED:
        return "saved"
    if before is PublicationState.ARCHIVED:
        return "away"
    publication.publish(row, now())
    change = {"publication": (str(before), str(PublicationState.PUBLISHED))}
    audit.record("published", kind, saved.slug, saved.id, now=now(), actor=actor(), **change)
    return "published"


class _Refused(Exception):
    """The moment that was asked for makes no sense; the message says why."""


def _found(subject: Subject, id: int) -> tuple[StoredRecord, Editable]:
    opened, row = subject.find(id, lock=True), subject.get(id)
    if opened is None or row is None:
        abort(404, "There is no such record. It may have been deleted.")
    return opened, row


def _show(subject: Subject, id: int, problem: str = "", moment_fault: str = "") -> ResponseReturnValue:
    opened, row = _found(subject, id)
    page = render_template(
        "admin/publication.html",
        kind=subject.kind,
        record=opened,
        row=row,
        state=_state_of(row),
        needed_by=removal.dependants(row),
        edit_at=subject.edit_at(id),
        problem=problem,
        moment_fault=moment_fault,
        when=request.form.get("at", ""),
    )
    return page, 422 if problem or moment_fault else 200


def _state_of(row: Editable) -> PublicationState | None:
    if not isinstance(row, Tool | Comparison):
        return None
    return publication.state_of(row.published_at, row.archived_at, now())


def _words_of(row: Editable) -> str:
    if isinstance(row, Reviewer):
        return "has left" if row.archived_at else "on the panel"
    if isinstance(row, Category):
        return "in use"
    state = publication.state_of(row.published_at, row.archived_at, now())
    is_ahead = state is PublicationState.SCHEDULED and row.published_at
    return f"{state} for {row.published_at:%Y-%m-%d %H:%M} UTC" if is_ahead else str(state)


def _publish(row: Editable) -> None:
    publication.publish(_publishable(row), now())


def _schedule(row: Editable) -> None:
    publication.publish(_publishable(row), now(), _moment(request.form.get("at", "")))


def _take_back(row: Editable) -> None:
    publication.unpublish(_publishable(row), now())


def _archive(row: Editable) -> None:
    publication.archive(_publishable(row), now())


def _leave(row: Editable) -> None:
    _reviewer(row).archived_at = now()
    bump_content_version()


def _return(row: Editable) -> None:
    _reviewer(row).archived_at = None
    bump_content_version()


def _publishable(row: Editable) -> publication.Publishable:
    if not isinstance(row, Tool | Comparison):
        abort(400, "This is always public.")
    return row


def _reviewer(row: Editable) -> Reviewer:
    if not isinstance(row, Reviewer):
        abort(400, "Only reviewers leave the panel.")
    return row


def _moment(text: str) -> datetime:
    try:
        when = datetime.strptime(text.strip().replace(" ", "T")[:16], "%Y-%m-%dT%H:%M").replace(tzinfo=UTC)
    except ValueError:
        raise _Refused(NO_MOMENT) from None
    if len(text.strip()) > len("2026-12-01T08:00:00"):
        raise _Refused(NO_MOMENT)  # such as another time zone, which we would have to guess the meaning of
    if when <= now():
        raise _Refused(NOT_AHEAD)
    if when.year > FARTHEST_YEAR:
        raise _Refused(NO_MOMENT)
    return when


_ACTS: dict[str, Callable[..., None]] = {
    "publish": _publish,
    "schedule": _schedule,
    "back": _take_back,
    "archive": _archive,
    "leave": _leave,
    "return": _return,
    "delete": removal.delete,
}
_DONE = {
    "publish": "published",
    "schedule": "scheduled",
    "back": "unpublished",
    "archive": "archived",
    "leave": "took off the panel",
    "return": "put on the panel",
}
