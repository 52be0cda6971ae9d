"""RecordEditor: the view that edits one kind of record, with its draft, its preview, and conflicts of two editors.

A subclass defines how its kind of record is loaded and saved. It is in the module of its views, which registers it:
`bp.add_url_rule("/admin/tools/new", view_func=ToolEditor.as_view("add"))`. Other pages read what they need of a kind
from the subclass: its label on the dashboard, its history, how to restore it.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, ClassVar

from flask import abort, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask.views import MethodView
from sqlalchemy.exc import IntegrityError
from werkzeug.datastructures import MultiDict

from verdicts.curation.catalog_file.dumping import Json
from verdicts.curation.editing import removal, three_way
from verdicts.curation.editing.saving import InvalidRecord, SavedRecord, StoredRecord, find_row, without_reasons
from verdicts.extensions import begin_write_after_read, db
from verdicts.staff import audit, versions
from verdicts.staff.drafts import Draft
from verdicts.staff.models import Role
from verdicts.web import errors
from verdicts.web.admin import auth, draft_lists, drafts, open_pages
from verdicts.web.admin.auth import csrf_failed, log_activity
from verdicts.web.admin.drafts import RedisplayCause
from verdicts.web.admin.forms import restoring
from verdicts.web.admin.forms.fields import RecordForm, SubformList
from verdicts.web.clock import now

MAX_MEGABYTES = 2  # enough for a full panel in a non-Latin script, percent-encoded
CLASH_MESSAGE = "Someone saved a conflicting change at the same moment. Check the record and save again."
SUCCESS_MESSAGES = {
    "saved": "Saved.",
    "merged": "Saved. What somebody else had saved since you opened the form is saved too.",
    "published": "Saved and published.",
    "archived": "Saved. It was archived in the meantime, so readers do not see it. Restore it under “Publishing”.",
    "kept": "Your unsaved changes are stored. Only you can see them.",
    "dropped": "Your unsaved changes are discarded. This is the saved version.",
    "new": "Your unsaved changes are discarded. This form is empty.",
}


@dataclass(frozen=True)
class Conflict:
    """What two editors changed differently: the label of each field, with its value as stored and as submitted."""

    actor: str
    at: datetime | None
    fields: Mapping[str, tuple[Any, Any]]


@dataclass(frozen=True)
class StateAction:
    """What a button of the publishing page does to a row, and its name in the audit log."""

    name: str
    run: Callable[[Any, datetime], None]


class RecordGone(Exception):
    """The record was deleted, or merged into another."""


class RecordEditor(MethodView, ABC):
    """The view of one kind of record's form. One instance serves one request; `id` is None for a new record."""

    kind: ClassVar[str]  # its name in the audit log
    label: ClassVar[str]  # its name on pages
    model: ClassVar[type[Any]]
    form_class: ClassVar[type[RecordForm]]
    template: ClassVar[str]
    nav_section: ClassVar[str]  # the navigation link that is current on its pages
    list_endpoint: ClassVar[str]
    edit_endpoint: ClassVar[str]
    add_endpoint: ClassVar[str | None] = None  # None for a part of another record, such as a tool's price

    state_actions: ClassVar[Mapping[str, StateAction]] = {}  # by the value of their button

    decorators: ClassVar = [auth.requires_role(Role.EDITOR), auth.max_upload(MAX_MEGABYTES), drafts.record_form]

    id: int | None = None

    # Methods that a kind of record overrides

    @abstractmethod
    def load(self, id: int, *, lock: bool = False) -> StoredRecord | None:
        """Return the stored record, None if it was deleted."""

    @abstractmethod
    def save(self, id: int | None, data: Json, now: datetime) -> SavedRecord:
        """Save the record in the caller's transaction. Raises InvalidRecord. See ToolEditor in web/admin/tools.py."""

    @abstractmethod
    def preview(self, saved: SavedRecord) -> ResponseReturnValue:
        """Return the public page of what was just saved; the caller rolls it back."""

    def form_data(self, data: Json) -> Json:
        """Return a stored record's data by the names of the form's fields."""
        return data

    def initial(self, record: StoredRecord | None) -> Json:
        """Return the data of the form before anything is typed."""
        return self.form_data(record.data) if record else {}

    def normalise(self, form: Any) -> None:
        """Replace outdated slugs in the submitted form, such as a renamed category's."""

    def prepare_form(self, form: Any, record: StoredRecord | None) -> None:
        """Give the form the rows and choices that depend on other records."""

    def named(self, conflict: three_way.Conflict) -> three_way.Conflict:
        """Return a conflict as the prepared form shows it: with names where the record has slugs."""
        return conflict

    def extra_context(self, record: StoredRecord | None) -> Mapping[str, Any]:
        """Return what the template needs in addition to the form."""
        return {}

    def after_save(self, saved: SavedRecord, button: str) -> str:
        """Do what the button asks for beyond saving, and return the key of the success message.

        `button` is its whole value, such as "save publish".
        """
        return "saved"

    def success_url(self, saved: SavedRecord, button: str, message_key: str) -> str:
        return url_for(self.edit_endpoint, id=saved.id, done=message_key)

    def find_row(self, id: int) -> Any:
        """Return the row of a record, None if there is none."""
        return find_row(self.model, id)

    def delete(self, record: StoredRecord, row: Any) -> Json:
        """Delete a record; return the data that restore it. Raises RecordInUse, and the caller rolls back then."""
        removal.delete(row)
        return record.data

    def describe_state(self, row: Any) -> str:
        """Return in words what readers see of a row."""
        return "in use"

    @classmethod
    def label_of(cls, endpoint: str) -> str:
        return f"New {cls.label.lower()}" if endpoint == cls.add_endpoint else cls.label

    # The request

    def dispatch_request(self, id: int | None = None) -> ResponseReturnValue:  # type: ignore[override]
        self.id = id
        try:
            return super().dispatch_request()
        except RecordGone:
            return drafts.render_gone_record(self.add_endpoint)

    def get(self) -> ResponseReturnValue:
        if self.id is None and drafts.draft_key() == request.path:
            return redirect(drafts.new_form_url(), 303)
        if url := self._created_record_url():
            return redirect(url, 303)  # such as after going back: the record exists already
        return self._show_form()

    def post(self) -> ResponseReturnValue:
        action, _, argument = request.form.get("do", "save").partition(" ")  # such as "up plans 2"
        if csrf_failed():
            if action == "discard":
                return self._show_form(400)
            return self._redisplay(400, cause=RedisplayCause.CSRF_FAILED)
        try:
            return self._act(action, argument)
        except errors.OVERLOAD_ERRORS as overload:
            return drafts.redisplay_busy(overload, lambda: self._redisplay(503, cause=RedisplayCause.BUSY))

    def _act(self, action: str, argument: str) -> ResponseReturnValue:
        match action:
            case "preview":
                return self._preview()
            case "draft":
                return self._save_draft()
            case "discard":
                return self._discard_draft()
            case "more" | "up" | "remove":
                return self._change_rows(action, argument)
            case "refit":  # show the rows that the choices need, such as another category's facts
                return self._redisplay()
            case _:
                return self._save()

    def _save(self) -> ResponseReturnValue:
        submitted, record = self._submitted_form(), self._lock_record()
        form, conflicts = self._merge(submitted, record)
        if record and conflicts:
            return self._show_conflict(record, form, conflicts)
        # A form that is sent twice is refused, because its slug is taken: then the first record is what was saved.
        saved = self._try_to_save(form) or (
            drafts.begin_and_find_created_record(self.load) if self.id is None else None
        )
        if saved is None:
            return self._render(form, self._load(), 422)
        if saved.changes:
            log_activity("changed" if saved.before else "added", self.kind, saved.slug, saved.id, **saved.changes)
        button = request.form.get("do", "save")
        message_key = self.after_save(saved, button)
        if message_key == "saved" and form.record_data() != submitted.record_data():
            message_key = "merged"
        drafts.finish_draft(saved, is_new=self.id is None)
        db.session.commit()
        return redirect(self.success_url(saved, button, message_key), 303)

    def _preview(self) -> ResponseReturnValue:
        """Show the public page as a save would make it: the record is saved, rendered, and rolled back."""
        submitted, record = self._submitted_form(), self._lock_record()
        form, _conflicts = self._merge(submitted, record)
        saved = self._try_to_save(form)
        if saved is None:
            return self._render(form, self._load(), 422)
        try:
            return self.preview(saved)
        finally:
            db.session.rollback()

    def _save_draft(self) -> ResponseReturnValue:
        self._load()
        return self._redirect_to_form(drafts.save_submitted(), "kept")

    def _discard_draft(self) -> ResponseReturnValue:
        drafts.discard(drafts.draft_key())
        if self.id is not None and self.load(self.id) is None:
            return redirect(url_for(auth.DASHBOARD_ENDPOINT), 303)
        return self._redirect_to_form(request.path, "new" if self.id is None else "dropped")

    def _change_rows(self, action: str, argument: str) -> ResponseReturnValue:
        """Add, move or remove a row without JavaScript; this saves nothing."""
        form = self._submitted_form()
        name, _, number = argument.partition(" ")
        is_row = name in form and isinstance(form[name], SubformList) and len(number) < 5
        if not is_row or not (number == "" or (number.isascii() and number.isdecimal())):
            abort(400, "This form has no such row.")
        rows: SubformList = form[name]
        index = int(number or 0)
        rows.apply_row_button(action, index)
        last = len(rows.entries) - 1
        focus = min(max(index - (action == "up"), 0), last) if number else last
        return self._render(form, self._load(), focus=f"{name}-{focus}")

    def _try_to_save(self, form: RecordForm) -> SavedRecord | None:
        """Save the form's record; if it is refused, add the errors to the form, roll back and return None."""
        try:
            return self.save(self.id, form.record_data(), now())
        except InvalidRecord as error:
            db.session.rollback()
            form.add_faults(error.faults)
        except IntegrityError:
            db.session.rollback()
            form.add_error(form.main_field.name, CLASH_MESSAGE)
        return None

    # Records and forms

    def _load(self, *, lock: bool = False) -> StoredRecord | None:
        if self.id is None:
            return None
        record = self.load(self.id, lock=lock)
        if record is None:
            raise RecordGone
        return record

    def _lock_record(self) -> StoredRecord | None:
        begin_write_after_read()
        return self._load(lock=True)

    def _submitted_form(self, fields: MultiDict[str, str] | None = None) -> RecordForm:
        form = self.form_class(formdata=request.form if fields is None else fields)
        self.normalise(form)
        return form

    def _form_of(self, record: StoredRecord | None, data: Json) -> RecordForm:
        form = self.form_class(formdata=None, data={**data, "version": record.version if record else ""})
        self.normalise(form)
        return form

    def _merge(self, form: RecordForm, record: StoredRecord | None) -> tuple[RecordForm, Sequence[three_way.Conflict]]:
        """Return a form with what others have saved since it was opened, and what both sides changed differently."""
        if record is None or form.version.data == record.version:
            return form, ()
        opened = versions.find(form.version.data or "")
        merge = three_way.merge(
            None if opened is None else self._record_data(record, opened),
            self._record_data(record, record.data),
            form.record_data(),
            form.shape(),
        )
        return self._form_of(record, merge.data), merge.conflicts

    def _record_data(self, record: StoredRecord, data: Json) -> Json:
        """Return a stored record's data as its form would submit it."""
        return self._form_of(record, self.form_data(data)).record_data()

    def _equals_stored(self, form: RecordForm, record: StoredRecord) -> bool:
        stored = self._record_data(record, record.data)
        return without_reasons(form.record_data()) == without_reasons(stored)

    def _restored_data(self, record: StoredRecord | None, entry: audit.LogEntry) -> Json:
        if record is None:
            return restoring.deleted_data(entry)
        return self.initial(replace(record, data=restoring.earlier_data(record.data, entry)))

    def _created_record_url(self) -> str:
        """Return the URL of the record that this form already created, "" if it created none."""
        record_id = drafts.find_created_record_id(self.load) if self.id is None else None
        return url_for(self.edit_endpoint, id=record_id) if record_id else ""

    # Responses

    def _show_form(self, status: int = 200) -> ResponseReturnValue:
        """Show the form with the account's draft, else with the requested earlier version, else as stored."""
        record = self._load()
        draft = drafts.find_draft()
        if draft:
            typed = self._submitted_form(MultiDict(draft.fields))
            form, conflicts = self._merge(typed, record)
            # A draft that arrived after the save equals the stored record: ignore it.
            if record is None or not self._equals_stored(form, record):
                # What both changed is asked about when the draft is saved, as for a form that stayed open.
                form = typed if conflicts else form
                return self._render(form, record, status, draft=draft, has_conflicts=bool(conflicts))
        if "restore" not in request.args:
            return self._render(self._form_of(record, self.initial(record)), record, status)
        entry = restoring.get_entry(self.kind, record)
        form = self._form_of(record, self._restored_data(record, entry))
        return self._render(form, record, status, restored_entry_id=entry.id)

    def _redisplay(self, status: int = 200, *, cause: RedisplayCause | None = None) -> ResponseReturnValue:
        return self._render(self._submitted_form(), self._load(), status, cause=cause)

    def _show_conflict(
        self, record: StoredRecord, form: RecordForm, conflicts: Sequence[three_way.Conflict]
    ) -> ResponseReturnValue:
        last = next(iter(audit.history(self.kind, record.id, limit=1)), None)
        self.prepare_form(form, record)  # it labels the rows
        fields = {
            form.label_at(each.path): (form.in_words(each.path, each.stored), form.in_words(each.path, each.submitted))
            for each in map(self.named, conflicts)
        }
        db.session.rollback()
        conflict = Conflict(last.actor if last else "", last.at if last else None, fields)
        return self._render(form, record, 409, conflict=conflict)

    def _redirect_to_form(self, address: str, message_key: str) -> ResponseReturnValue:
        return redirect(f"{address}{'&' if '?' in address else '?'}done={message_key}", 303)

    def _render(
        self,
        form: RecordForm,
        record: StoredRecord | None,
        status: int = 200,
        *,
        cause: RedisplayCause | None = None,
        conflict: Conflict | None = None,
        focus: str = "",
        draft: Draft | None = None,
        has_conflicts: bool = False,
        restored_entry_id: int | None = None,
    ) -> ResponseReturnValue:
        """Show the form; what a POST sent and did not save is stored as a draft first."""
        may_store = request.method == "POST" and not csrf_failed() and cause != RedisplayCause.BUSY
        is_stored = may_store and drafts.save_submitted_if_possible()
        self.prepare_form(form, record)
        page = render_template(
            self.template,
            form=form,
            record=record,
            kind=self.kind,
            cause=cause,
            conflict=conflict,
            focus=focus,
            draft_saved_at=draft.saved_at if draft else None,
            has_conflicts=has_conflicts,
            restored_entry_id=restored_entry_id,
            is_unsaved=request.method == "POST",
            is_stored=is_stored,
            created_record_url=self._created_record_url(),
            done="" if draft else SUCCESS_MESSAGES.get(request.args.get("done", ""), ""),
            **draft_lists.form_context(drafts.draft_key(), drafts.find_draft()),
            **self.extra_context(record),
        )
        if record and form.version.data == record.version and cause != RedisplayCause.BUSY:
            open_pages.store_version(record.version, record.data)
        return page, status


def record_editors() -> dict[str, type[RecordEditor]]:
    """Return the editor of each kind of record that the application's routes reach."""
    classes = (getattr(view, "view_class", None) for view in current_app.view_functions.values())
    editors = (each for each in classes if isinstance(each, type) and issubclass(each, RecordEditor))
    return {editor.kind: editor for editor in editors}
