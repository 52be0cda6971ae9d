"""Editing one record: its form, the draft of it, two editors at once, a preview, and the save. Alike for every kind."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from flask import abort, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import IntegrityError
from werkzeug.datastructures import MultiDict

from verdicts.curation.catalog_file.records import Json
from verdicts.curation.editing.saving import InvalidRecord, SavedRecord, StoredRecord, differences
from verdicts.extensions import begin_write, db
from verdicts.staff import audit, drafts
from verdicts.web import errors
from verdicts.web.admin import restoring, unsaved
from verdicts.web.admin.fields import RecordForm, Rows
from verdicts.web.admin.gate import actor, is_stale, person
from verdicts.web.admin.places import place
from verdicts.web.clock import now

CLASH = "Somebody saved something at the same moment that this clashes with. Look at it, and save again."
SAID = {
    "saved": "Saved.",
    "published": "Saved, and published.",
    "away": "Saved. It has been put away meanwhile, so readers do not see it. “Publication” brings it back.",
    "kept": "Your draft is kept. Nobody sees it but you.",
    "dropped": "The draft is gone. This is what is saved.",
    "new": "The draft is gone. This is an empty form.",
}


@dataclass(frozen=True)
class Desk:
    """How one kind of record is edited.

    `kind` is its name in the trail; `fit` gives a form the rows and choices that depend on other records; `about` is
    what the template needs beside the form; `also` does what the button asks for beyond saving, and returns which of
    SAID tells what came of it; `onward` says where the editor goes on; `understand` puts what a form calls by a former
    name under the present one.
    """

    kind: str
    template: str
    form: type[RecordForm]
    opened: Callable[..., StoredRecord | None]
    save: Callable[[Any, Json, datetime], SavedRecord]  # takes None for a new record
    preview: Callable[[SavedRecord], ResponseReturnValue]
    onward: Callable[[SavedRecord, str, str], str]
    fit: Callable[[Any, StoredRecord | None], None] = lambda _form, _opened: None
    about: Callable[[StoredRecord | None], Mapping[str, Any]] = lambda _opened: {}
    also: Callable[[SavedRecord, str], str] = lambda _saved, _do: "saved"
    start: Callable[[StoredRecord | None], Json] = lambda opened: opened.data if opened else {}
    understand: Callable[[Any], None] = lambda _form: None


@dataclass(frozen=True)
class Conflict:
    """What somebody else has saved meanwhile: each field that differs, as it is stored and as it was typed."""

    by: str
    at: datetime | None
    fields: Mapping[str, tuple[Any, Any]]


class _Gone(Exception):
    """The record was deleted, or merged into another."""


def edit(desk: Desk, id: int | None = None) -> ResponseReturnValue:
    """Answer a request for the form of a record, or of a new one, or what its reader sent."""
    try:
        return _show_form(desk, id) if request.method == "GET" else _act(desk, id)
    except _Gone:
        return unsaved.show_what_is_left()


def _show_form(desk: Desk, id: int | None) -> ResponseReturnValue:
    if id is None and place() == request.path:
        return redirect(unsaved.at_a_place_of_its_own(), 303)
    if id is None and (became := unsaved.page_it_became(desk.opened)):
        return redirect(became, 303)  # such as by going back: it is a new one no more
    opened = _opened(desk, id)
    form, notice = _begin(desk, opened)
    return _show(desk, opened, form, notice=notice)


def _act(desk: Desk, id: int | None) -> ResponseReturnValue:
    if is_stale() and request.form.get("do") == "discard":
        opened = _opened(desk, id)
        form, notice = _begin(desk, opened)
        return _show(desk, opened, form, status=400, notice=notice)
    if is_stale():
        return _show(desk, _opened(desk, id), _typed(desk), status=400, notice="stale")
    act, _, rest = request.form.get("do", "save").partition(" ")
    try:
        return _ACTS.get(act, _save)(desk, id, rest)
    except errors.OVERLOAD_ERRORS as overload:
        return _show_again_later(desk, id, overload)


def _typed(desk: Desk, fields: MultiDict[str, str] | None = None) -> RecordForm:
    form = desk.form.typed(request.form if fields is None else fields)
    desk.understand(form)
    return form


def _show_again_later(desk: Desk, id: int | None, overload: Exception) -> ResponseReturnValue:
    """Show the form as it was sent where too much is asked of us to save it; to show it, we only read."""
    errors.roll_back(overload)
    page = _show(desk, _opened(desk, id), _typed(desk), status=503, notice="busy")
    answer = make_response(page)
    answer.headers["Retry-After"] = str(errors.RETRY_AFTER_SECONDS)
    return answer


def _opened(desk: Desk, id: int | None, *, lock: bool = False) -> StoredRecord | None:
    if id is None:
        return None
    found = desk.opened(id, lock=lock)
    if found is None:
        raise _Gone
    return found


def _begin(desk: Desk, opened: StoredRecord | None) -> tuple[RecordForm, str]:
    """Return the form to begin with: an earlier version that was asked for, one's own draft, or what is stored."""
    version = opened.version if opened else ""
    if draft := drafts.find(person().id, place()):
        form = _typed(desk, MultiDict(draft.fields))
        # One that a slow network brought after the save says what is stored already.
        if opened is None or differences(opened.data, form.shown()):
            return form, f"draft:{draft.saved_at.isoformat()}"
    if "restore" in request.args:
        entry = restoring.entry_asked_for(desk.kind, opened)
        form = desk.form.of(_start_before(desk, opened, entry), version)
        desk.understand(form)
        return form, f"before:{entry.id}"
    return desk.form.of(desk.start(opened), version), ""


def _start_before(desk: Desk, opened: StoredRecord | None, entry: audit.Entry) -> Json:
    if opened is None:
        return restoring.what_was_deleted(entry)
    return desk.start(replace(opened, data=restoring.as_it_was(opened.data, entry)))


def _save(desk: Desk, id: int | None, _rest: str) -> ResponseReturnValue:
    do = request.form.get("do", "save")
    form = _typed(desk)
    opened = _lock(desk, id)
    if opened and form.version.data != opened.version and differences(opened.data, form.shown()):
        return _show_conflict(desk, opened, form)
    saved = _try_to_save(desk, id, form) or (unsaved.saved_before(desk.opened) if id is None else None)
    if saved is None:
        return _show(desk, _opened(desk, id), form, status=422)
    if saved.changes:
        words = "changed" if saved.before else "added"
        audit.record(words, desk.kind, saved.slug, saved.id, now=now(), actor=actor(), **saved.changes)
    said = desk.also(saved, do)
    unsaved.end(saved, is_new=id is None)
    db.session.commit()
    return redirect(desk.onward(saved, do, said), 303)


def _try_to_save(desk: Desk, id: int | None, form: RecordForm) -> SavedRecord | None:
    """Save what the form tells; where that cannot be, the form says why and nothing has happened."""
    try:
        return desk.save(id, form.record(), now())
    except InvalidRecord as refusal:
        db.session.rollback()
        form.take(refusal.faults)
    except IntegrityError:
        db.session.rollback()
        form.blame(form.first_box.name, CLASH)
    return None


def _preview(desk: Desk, id: int | None, _rest: str) -> ResponseReturnValue:
    """Show the public page as a save would make it: it is saved, looked at, and taken back."""
    form = _typed(desk)
    _lock(desk, id)
    saved = _try_to_save(desk, id, form)
    if saved is None:
        return _show(desk, _opened(desk, id), form, status=422)
    try:
        return desk.preview(saved)
    finally:
        db.session.rollback()


def _keep(desk: Desk, id: int | None, _rest: str) -> ResponseReturnValue:
    _opened(desk, id)
    unsaved.keep()
    return redirect(unsaved.here("kept", place()), 303)


def _drop(desk: Desk, id: int | None, _rest: str) -> ResponseReturnValue:
    db.session.rollback()
    begin_write()
    drafts.drop(person().id, place())
    db.session.commit()
    if id is not None and desk.opened(id) is None:
        return redirect(url_for("desk.index"), 303)
    return redirect(unsaved.here("new" if id is None else "dropped", request.path), 303)


def _change_rows(desk: Desk, id: int | None, rest: str) -> ResponseReturnValue:
    """Add, move or remove a row, as a browser without JavaScript asks for it; nothing is saved by that."""
    form = _typed(desk)
    act, _, rest = request.form["do"].partition(" ")
    name, _, index = rest.partition(" ")
    if (
        name not in form
        or not isinstance(form[name], Rows)
        or not ((index or "0").isascii() and (index or "0").isdecimal() and len(index) < 5)
    ):
        abort(400, "This form has no such row.")
    rows: Rows = form[name]
    rows.change(act, int(index or 0))
    focus = min(max(int(index or 0) - (act == "up"), 0), len(rows.entries) - 1) if index else len(rows.entries) - 1
    return _show(desk, _opened(desk, id), form, focus=f"{name}-{focus}")


def _refit(desk: Desk, id: int | None, _rest: str) -> ResponseReturnValue:
    """Show the form with the rows that fit what was chosen, such as another category's facts."""
    return _show(desk, _opened(desk, id), _typed(desk))


def _lock(desk: Desk, id: int | None) -> StoredRecord | None:
    db.session.rollback()
    begin_write()
    return _opened(desk, id, lock=True)


def _show_conflict(desk: Desk, opened: StoredRecord, form: RecordForm) -> ResponseReturnValue:
    last = next(iter(audit.history(desk.kind, opened.id, limit=1)), None)
    mine = form.shown()
    conflict = Conflict(last.actor if last else "", last.at if last else None, differences(opened.data, mine))
    db.session.rollback()
    form.version.data = opened.version
    return _show(desk, opened, form, status=409, conflict=conflict)


def _show(
    desk: Desk,
    opened: StoredRecord | None,
    form: RecordForm,
    *,
    status: int = 200,
    notice: str = "",
    conflict: Conflict | None = None,
    focus: str = "",
) -> ResponseReturnValue:
    if request.method == "POST" and not is_stale() and notice != "busy":
        unsaved.keep_if_possible()
    desk.fit(form, opened)
    notice_kind, _, notice_value = notice.partition(":")
    page = render_template(
        desk.template,
        form=form,
        record=opened,
        kind=desk.kind,
        conflict=conflict,
        focus=focus,
        place=place(),
        is_unsaved=request.method == "POST",
        others=unsaved.others() if opened is None else [],
        became=unsaved.page_it_became(desk.opened) if opened is None else "",
        said="" if notice_kind == "draft" else SAID.get(request.args.get("said", ""), ""),
        draft_of=datetime.fromisoformat(notice_value) if notice_kind == "draft" else None,
        is_stale=notice_kind == "stale",
        is_busy=notice_kind == "busy",
        restores=int(notice_value) if notice_kind == "before" else None,
        **desk.about(opened),
    )
    return page, status


_ACTS: dict[str, Callable[[Desk, int | None, str], ResponseReturnValue]] = {
    "save": _save,
    "preview": _preview,
    "draft": _keep,
    "discard": _drop,
    "more": _change_rows,
    "up": _change_rows,
    "remove": _change_rows,
    "refit": _refit,
}
