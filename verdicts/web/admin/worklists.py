"""What there is to do: old reviews, incomplete panels, held votes, messages from readers."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import IntegerField, StringField, ValidationError
from wtforms.validators import AnyOf, NumberRange, Regexp

from verdicts.catalog import queries as catalog
from verdicts.catalog.summaries import ToolLink
from verdicts.curation import worklists
from verdicts.extensions import begin_write_after_read, db
from verdicts.feedback import corrections
from verdicts.feedback.corrections import CorrectionNotOpen
from verdicts.feedback.models import CorrectionState
from verdicts.mailing.addresses import has_address
from verdicts.staff.models import Role
from verdicts.voting import queries as voting
from verdicts.voting import waiting
from verdicts.voting.models import Standing
from verdicts.voting.queries import HeldGroup
from verdicts.web.admin import dashboard
from verdicts.web.admin.auth import current_account, log_activity, requires_role
from verdicts.web.admin.drafts import RedisplayCause, act_or_redisplay, find_small_form_draft, redisplayed_on
from verdicts.web.admin.forms.base import AdminForm, required_text
from verdicts.web.admin.record_pages import find_form_links
from verdicts.web.clock import now
from verdicts.web.paging import ID, MAX_ID, Page, load_page

bp = Blueprint("worklists", __name__)

Row = TypeVar("Row")

HELD_GROUPS_PAGE_SIZE = 25
SUCCESS_MESSAGES = {
    "votes": "Decision saved.",
    "settled": "Message resolved.",
}
GROUP_GONE_MESSAGE = (
    "These votes are no longer held: someone else has decided, or the record of their network was deleted."
)
CORRECTION_GONE_MESSAGE = "Someone else has resolved this message."
ADDRESS_IN_NOTE_MESSAGE = "Remove the email address: this note is stored longer than any address."
NO_TOOL_MESSAGE = "There is no such tool."


def refuse_address(_form: AdminForm, field: StringField) -> None:
    """Refuse what looks like an email address: the audit log stores this text for ever."""
    if has_address(field.data or ""):
        raise ValidationError(ADDRESS_IN_NOTE_MESSAGE)


class HeldVotesForm(AdminForm):
    tool_id = IntegerField(name="tool", validators=[NumberRange(1, MAX_ID)])
    network = StringField(validators=[Regexp("([0-9a-f]{64})?$")])
    decision = StringField(validators=[AnyOf([Standing.COUNTED, Standing.DISCARDED])])
    reason = required_text("Reason", 500, refuse_address, missing="Give a reason. It is stored in the vote record.")

    def is_about(self, group: HeldGroup) -> bool:
        """Return whether this form is about a group. Drafts do not store the network, so they match any."""
        is_from_it = self.network.data is None or (self.network.data or None) == group.network
        return self.tool_id.data == group.tool_id and is_from_it


class CorrectionForm(AdminForm):
    state = StringField(validators=[AnyOf([CorrectionState.DONE, CorrectionState.DECLINED])])
    outcome = required_text("Outcome", 500, refuse_address, missing="Describe the outcome in a few words.")


@dataclass(frozen=True)
class HeldVotes:
    """A group of held votes, and the tool that they are about."""

    tool: ToolLink
    group: HeldGroup


@bp.get("/admin/queues")
@requires_role(Role.EDITOR)
def index() -> ResponseReturnValue:
    return render_template("admin/worklists/index.html", tasks=dashboard.count_tasks())


@bp.get("/admin/queues/votes")
@requires_role(Role.EDITOR)
def votes() -> ResponseReturnValue:
    draft = find_small_form_draft()
    return _vote_page(HeldVotesForm(formdata=draft), cause=RedisplayCause.DRAFT if draft else None)


@bp.post("/admin/queues/votes")
@requires_role(Role.EDITOR)
@redisplayed_on("admin.worklists.votes", draft_fields=("tool", "reason"), label="Reason for a decision on held votes")
def decide_votes() -> ResponseReturnValue:
    """Count or reject a group of held votes; their verdicts stay as they are."""
    form = HeldVotesForm()
    return act_or_redisplay(lambda: _decide(form), lambda cause: _vote_page(form, cause=cause))


def _decide(form: HeldVotesForm) -> ResponseReturnValue:
    if not form.validate():
        if set(form.errors) != {"reason"}:
            abort(400, GROUP_GONE_MESSAGE)
        return _vote_page(form), 422
    tool = begin_and_get_tool(form.tool_id.data)
    network, standing = form.network.data or None, Standing(form.decision.data)
    decided = waiting.decide_group(tool.id, network, standing, reason=form.reason.data, now=now())
    if not decided:
        db.session.rollback()
        return _vote_page(form, GROUP_GONE_MESSAGE), 409
    action = "counted" if standing is Standing.COUNTED else "rejected"
    changes = {"votes": (f"{decided} held", f"{decided} {standing}"), "reason": (None, form.reason.data)}
    log_activity(action, "votes", tool.slug, **changes)
    db.session.commit()
    return redirect(url_for(".votes", done="votes", page=request.form.get("page") or None), 303)


@bp.get("/admin/queues/corrections")
@requires_role(Role.EDITOR)
def list_corrections() -> ResponseReturnValue:
    draft = find_small_form_draft()
    message_id = draft.get("message", 0, type=int) if draft else 0
    return _message_page(CorrectionForm(formdata=draft), message_id, cause=RedisplayCause.DRAFT if draft else None)


@bp.post(f"/admin/queues/corrections/{ID}")
@requires_role(Role.EDITOR)
@redisplayed_on("admin.worklists.list_corrections", draft_fields=("message", "outcome"), label="Outcome of a message")
def resolve_correction(id: int) -> ResponseReturnValue:
    """Mark a reader's message as done or declined, with a note; its sender is not logged."""
    form = CorrectionForm()
    return act_or_redisplay(lambda: _resolve(id, form), lambda cause: _message_page(form, id, cause=cause))


def _resolve(id: int, form: CorrectionForm) -> ResponseReturnValue:
    if not form.validate() and set(form.errors) != {"outcome"}:
        abort(400, "Mark the message as done, or decline it.")
    begin_write_after_read()
    try:
        message = corrections.get_open(id)
    except CorrectionNotOpen:
        db.session.rollback()
        return _message_page(form, id, CORRECTION_GONE_MESSAGE), 409
    if not form.errors and message.email and message.email.lower() in (form.outcome.data or "").lower():
        form.add_error("outcome", ADDRESS_IN_NOTE_MESSAGE)
    if form.errors:
        db.session.rollback()
        return _message_page(form, id), 422
    outcome, state = form.outcome.data, CorrectionState(form.state.data)
    corrections.resolve(id, state, outcome, by=current_account().name, now=now())
    changes = {"state": (str(message.state), str(state)), "outcome": (None, outcome)}
    log_activity("resolved", "correction", message.name, **changes)
    db.session.commit()
    return redirect(url_for(".list_corrections", done="settled", page=request.form.get("page") or None), 303)


@bp.get("/admin/queues/reviews")
@requires_role(Role.EDITOR)
def reviews() -> ResponseReturnValue:
    return render_template("admin/worklists/reviews.html", page=load_worklist(worklists.list_old_reviews))


@bp.get("/admin/queues/panels")
@requires_role(Role.EDITOR)
def panels() -> ResponseReturnValue:
    return render_template("admin/worklists/panels.html", page=load_worklist(worklists.list_incomplete_panels))


def load_worklist(load: Callable[[int, datetime], tuple[list[Row], int]]) -> Page[Row]:
    return load_page(lambda number: load(number, now()), request.values.get("page", ""), worklists.PAGE_SIZE)


def begin_and_get_tool(tool_id: int) -> ToolLink:
    begin_write_after_read()
    return catalog.links_of([tool_id]).get(tool_id) or abort(404, NO_TOOL_MESSAGE)


def _vote_page(form: HeldVotesForm, problem: str = "", cause: RedisplayCause | None = None) -> str:
    held = load_page(_load_held, request.values.get("page", ""), HELD_GROUPS_PAGE_SIZE)
    return render_template(
        "admin/worklists/votes.html",
        held=held,
        form=form,
        chosen=next((each for each in held.rows if form.is_about(each.group)), None),
        problem=problem,
        done=_done_message(),
        cause=cause,
    )


def _load_held(number: int) -> tuple[list[HeldVotes], int]:
    groups = voting.held_groups(HELD_GROUPS_PAGE_SIZE, HELD_GROUPS_PAGE_SIZE * (number - 1))
    tools = catalog.links_of({group.tool_id for group in groups})
    return [HeldVotes(tools[group.tool_id], group) for group in groups], voting.count_held_groups()


def _message_page(
    form: CorrectionForm, message_id: int = 0, problem: str = "", cause: RedisplayCause | None = None
) -> str:
    """Show the messages; an unsaved form is shown at its message, or alone if that is processed already."""
    messages = load_page(
        lambda number: corrections.list_page(number, now()), request.values.get("page", ""), corrections.PAGE_SIZE
    )
    return render_template(
        "admin/worklists/corrections.html",
        messages=messages,
        open_count=corrections.count_open(now()),
        form_links=find_form_links({each.page for each in messages.rows if each.page}),
        form=form,
        message_id=message_id if any(each.id == message_id and each.is_open for each in messages.rows) else 0,
        problem=problem,
        done=_done_message(),
        cause=cause,
    )


def _done_message() -> str:
    return SUCCESS_MESSAGES.get(request.args.get("done", ""), "")
