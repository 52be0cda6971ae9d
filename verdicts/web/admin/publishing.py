"""Publishing, scheduling, archiving and deleting a record. One page for every kind of record."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar

from flask import abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask.views import MethodView
from sqlalchemy.exc import IntegrityError

from verdicts.curation.editing import publication, removal
from verdicts.curation.editing.publication import PublicationState, Publishable
from verdicts.curation.editing.saving import SavedRecord, StoredRecord
from verdicts.extensions import begin_write_after_read, db
from verdicts.staff.models import Role
from verdicts.web.admin.auth import log_activity, requires_role
from verdicts.web.admin.drafts import GONE_MESSAGE
from verdicts.web.admin.forms.record_editor import CLASH_MESSAGE, RecordEditor, StateAction
from verdicts.web.clock import now

STATES = [(state.value, state.capitalize()) for state in PublicationState]
NO_MOMENT_MESSAGE = "Enter a date and time in UTC, such as 2026-12-01 08:00."
MOMENT_PASSED_MESSAGE = "This time has passed. Enter a later one, or publish now."
MAX_YEAR = 2100


class InvalidMoment(Exception):
    """The moment that was submitted cannot be scheduled; the message says why."""


def schedule_as_submitted(row: Publishable, now: datetime) -> None:
    """Publish at the submitted moment. Raises InvalidMoment."""
    publication.publish(row, now, _read_moment(request.form.get("at", ""), now))


class PublishableEditor(RecordEditor):
    """An editor of a record that readers see only once it is published."""

    state_actions: ClassVar[Mapping[str, StateAction]] = {
        "publish": StateAction("published", publication.publish),
        "schedule": StateAction("scheduled", schedule_as_submitted),
        "back": StateAction("unpublished", publication.unpublish),
        "archive": StateAction("archived", publication.archive),
    }

    def after_save(self, saved: SavedRecord, button: str) -> str:
        return publish_if_requested(self.kind, db.session.get_one(self.model, saved.id), saved, button)

    def describe_state(self, row: Any) -> str:
        state = publication.state_of(row.published_at, row.archived_at, now())
        is_scheduled = state is PublicationState.SCHEDULED and row.published_at
        return f"{state} for {row.published_at:%Y-%m-%d %H:%M} UTC" if is_scheduled else str(state)

    def state_of(self, record: StoredRecord) -> PublicationState:
        row: Any = db.session.get_one(self.model, record.id)
        return publication.state_of(row.published_at, row.archived_at, now())


class PublishingView(MethodView):
    decorators: ClassVar = [requires_role(Role.EDITOR)]

    def __init__(self, editor: type[RecordEditor]) -> None:
        self.editor = editor()

    def get(self, id: int) -> ResponseReturnValue:
        return self._render(id)

    def post(self, id: int) -> ResponseReturnValue:
        button = request.form.get("do", "")
        begin_write_after_read()
        try:
            if button == "delete":
                return self._delete(id)
            action = self.editor.state_actions.get(button) or abort(400, "This page has no such action.")
            return self._change_state(id, action)
        except InvalidMoment as error:
            db.session.rollback()
            return self._render(id, moment_error=str(error))
        except (removal.RecordInUse, IntegrityError) as error:
            db.session.rollback()
            return self._render(id, str(error) if isinstance(error, removal.RecordInUse) else CLASH_MESSAGE)

    def _change_state(self, id: int, action: StateAction) -> ResponseReturnValue:
        record, row = self._get_record_and_row(id)
        before = self.editor.describe_state(row)
        action.run(row, now())
        after = self.editor.describe_state(row)
        if before != after:
            log_activity(action.name, self.editor.kind, record.slug, id, publication=(before, after))
            db.session.commit()
        else:
            db.session.rollback()
        return redirect(request.path, 303)

    def _delete(self, id: int) -> ResponseReturnValue:
        """Delete a record, and redirect to its history: from there it can be restored."""
        record, row = self._get_record_and_row(id)
        data = self.editor.delete(record, row)
        log_activity("deleted", self.editor.kind, record.slug, id, **{field: (data[field], None) for field in data})
        db.session.commit()
        return redirect(url_for("admin.activity.history", kind=self.editor.kind, id=id), 303)

    def _get_record_and_row(self, id: int) -> tuple[StoredRecord, Any]:
        record, row = self.editor.load(id, lock=request.method == "POST"), self.editor.find_row(id)
        if record is None or row is None:
            abort(404, GONE_MESSAGE)
        return record, row

    def _render(self, id: int, problem: str = "", moment_error: str = "") -> ResponseReturnValue:
        record, row = self._get_record_and_row(id)
        is_publishable = isinstance(self.editor, PublishableEditor)
        page = render_template(
            "admin/publishing/page.html",
            editor=self.editor,
            record=record,
            row=row,
            state=publication.state_of(row.published_at, row.archived_at, now()) if is_publishable else None,
            dependants=removal.dependants(row),
            edit_url=url_for(self.editor.edit_endpoint, id=id),
            problem=problem,
            moment_error=moment_error,
            submitted_moment=request.form.get("at", ""),
        )
        return page, 422 if problem or moment_error else 200


def publish_if_requested(kind: str, row: Publishable, saved: SavedRecord, button: str) -> str:
    """Publish a record that was just saved if the button says so and readers do not see it yet.

    A record archived meanwhile stays archived. Return the key of the success message.
    """
    before = publication.state_of(row.published_at, row.archived_at, now())
    if button != "save publish" or before is PublicationState.PUBLISHED:
        return "saved"
    if before is PublicationState.ARCHIVED:
        return "archived"
    publication.publish(row, now())
    log_activity("published", kind, saved.slug, saved.id, publication=(str(before), str(PublicationState.PUBLISHED)))
    return "published"


def _read_moment(text: str, now: datetime) -> datetime:
    try:
        moment = datetime.strptime(text.strip().replace(" ", "T")[:16], "%Y-%m-%dT%H:%M").replace(tzinfo=UTC)
    except ValueError:
        raise InvalidMoment(NO_MOMENT_MESSAGE) from None
    if len(text.strip()) > len("2026-12-01T08:00:00") or moment.year > MAX_YEAR:
        raise InvalidMoment(NO_MOMENT_MESSAGE)  # such as another time zone, whose meaning would be a guess
    if moment <= now:
        raise InvalidMoment(MOMENT_PASSED_MESSAGE)
    return moment
