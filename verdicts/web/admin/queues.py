"""The queues: prices to look up, ballots that are held, messages from readers. For editors."""

from dataclasses import dataclass

from flask import abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import IntegerField, StringField, ValidationError
from wtforms.validators import AnyOf, NumberRange, Regexp

from verdicts.catalog import price_checks
from verdicts.catalog import queries as catalog
from verdicts.catalog.price_checks import Check, PriceNotCurrent
from verdicts.catalog.publishing import bump_content_version
from verdicts.catalog.records import ToolLink
from verdicts.curation import worklists
from verdicts.extensions import begin_write, db
from verdicts.feedback import corrections, doubts
from verdicts.feedback.corrections import CorrectionNotOpen
from verdicts.feedback.models import CorrectionState
from verdicts.mailing.addresses import has_address
from verdicts.staff import audit
from verdicts.staff.models import Role
from verdicts.voting import queries as voting
from verdicts.voting import waiting
from verdicts.voting.models import Standing
from verdicts.voting.queries import HeldGroup
from verdicts.web.admin.again import KEPT, act_or_show, typed_before
from verdicts.web.admin.forms import AdminForm, text
from verdicts.web.admin.gate import actor, door, needs, person
from verdicts.web.admin.places import shows_again
from verdicts.web.clock import now, today
from verdicts.web.errors import render_error
from verdicts.web.htmx import wants_fragment
from verdicts.web.paging import load_page

bp = door("queues", "/admin/queues")

GROUPS_A_PAGE = 25
LAST_ID = 2**31 - 1
DONE = {
    "same": "Noted: the price is the same.",
    "votes": "The ballots are decided.",
    "settled": "The message is settled.",
}
PRICE_MOVED = "This price has been changed meanwhile, so nothing was noted. Look at it again."
GROUP_GONE = "These ballots wait no more: somebody has decided, or their network has been forgotten meanwhile."
MESSAGE_GONE = "Somebody else has settled this message meanwhile, so nothing was changed."
ADDRESS_IN_NOTE = "Leave the address out: this is kept longer than any address is."
NO_TOOL = "There is no such tool."


def refuse_an_address(field: StringField) -> None:
    """Refuse whatever looks like a mail address: the trail, which only grows, keeps what is written here."""
    if has_address(field.data or ""):
        raise ValidationError(ADDRESS_IN_NOTE)


class SameForm(AdminForm):
    price = IntegerField(validators=[NumberRange(1, LAST_ID)])


class GroupForm(AdminForm):
    tool = IntegerField(validators=[NumberRange(1, LAST_ID)])
    network = StringField(validators=[Regexp("([0-9a-f]{64})?$")])
    decision = StringField(validators=[AnyOf([Standing.COUNTED, Standing.DISCARDED])])
    reason = text("Why", 500, missing="Say why: the ledger keeps it.")

    def validate_reason(self, field: StringField) -> None:
        refuse_an_address(field)

    def is_about(self, group: HeldGroup) -> bool:
        """Say whether this was typed for a group; a network that is not known here may be any."""
        is_from_it = self.network.data is None or (self.network.data or None) == group.network
        return self.tool.data == group.tool_id and is_from_it


class SettleForm(AdminForm):
    state = StringField(validators=[AnyOf([CorrectionState.DONE, CorrectionState.DECLINED])])
    outcome = text("What came of it", 500, missing="Say in a few words what came of it.")

    def validate_outcome(self, field: StringField) -> None:
        refuse_an_address(field)


@dataclass(frozen=True)
class HeldBallots:
    """A held group and the tool it is about."""

    tool: ToolLink
    group: HeldGroup


@bp.get("")
@needs(Role.EDITOR)
def index() -> ResponseReturnValue:
    return render_template("admin/queues.html", counts=worklists.load_counts(now()))


@bp.get("/prices")
@needs(Role.EDITOR)
def prices() -> ResponseReturnValue:
    return _price_page()


@bp.post("/prices/<int(max=2147483647):id>/same")
@needs(Role.EDITOR)
def same(id: int) -> ResponseReturnValue:
    """Note that a tool's price was looked up and is the same; whoever doubted it is answered by that."""
    form = SameForm()
    if not form.validate():
        abort(400, PRICE_MOVED)
    tool = _begin(id)
    try:
        before, after = price_checks.confirm(id, today(), record_id=form.price.data)
    except PriceNotCurrent:
        db.session.rollback()
        return render_error(409, PRICE_MOVED) if wants_fragment() else (_price_page(PRICE_MOVED), 409)
    taps = doubts.settle(id)
    bump_content_version()
    audit.record("confirmed", "price", tool.slug, tool.id, now=now(), actor=actor(), **_difference(before, after, taps))
    db.session.commit()
    if wants_fragment():
        return _price_page(said=f"{tool.name}: the same. This check holds {after.interval_days} days.")
    return redirect(url_for(".prices", done="same", page=request.form.get("page") or None), 303)


@bp.get("/votes")
@needs(Role.EDITOR)
def votes() -> ResponseReturnValue:
    typed = typed_before()
    return _vote_page(GroupForm(formdata=typed), unsaved=KEPT if typed else "")


@bp.post("/votes")
@needs(Role.EDITOR)
@shows_again("queues.votes", keeps=("tool", "reason"))
def decide() -> ResponseReturnValue:
    """Count or discard a group of held ballots. What they say is nobody's to change."""
    form = GroupForm()
    return act_or_show(lambda: _decide(form), lambda why: _vote_page(form, unsaved=why))


def _decide(form: GroupForm) -> ResponseReturnValue:
    if not form.validate():
        if set(form.errors) != {"reason"}:
            abort(400, GROUP_GONE)
        return _vote_page(form), 422
    tool, network, to = _begin(form.tool.data), form.network.data or None, Standing(form.decision.data)
    decided = waiting.decide_group(tool.id, network, to, reason=form.reason.data, now=now())
    if not decided:
        db.session.rollback()
        return _vote_page(form, GROUP_GONE), 409
    action = "released" if to is Standing.COUNTED else "discarded"
    changes = {"ballots": (f"{decided} held", f"{decided} {to}"), "reason": (None, form.reason.data)}
    audit.record(action, "votes", tool.slug, now=now(), actor=actor(), **changes)
    db.session.commit()
    return redirect(url_for(".votes", done="votes", page=request.form.get("page") or None), 303)


@bp.get("/corrections")
@needs(Role.EDITOR)
def messages() -> ResponseReturnValue:
    typed = typed_before()
    about = typed.get("message", 0, type=int) if typed else 0
    return _message_page(SettleForm(formdata=typed), about, unsaved=KEPT if typed else "")


@bp.post("/corrections/<int(max=2147483647):id>")
@needs(Role.EDITOR)
@shows_again("queues.messages", keeps=("message", "outcome"))
def settle(id: int) -> ResponseReturnValue:
    """Settle a reader's message, with a note that is kept; whoever sent it is no part of the trail."""
    form = SettleForm()
    return act_or_show(lambda: _settle(id, form), lambda why: _message_page(form, id, unsaved=why))


def _settle(id: int, form: SettleForm) -> ResponseReturnValue:
    if not form.validate() and set(form.errors) != {"outcome"}:
        abort(400, "A message is done or declined.")
    db.session.rollback()
    begin_write()
    try:
        found = corrections.get_open(id)
    except CorrectionNotOpen:
        db.session.rollback()
        return _message_page(form, id, MESSAGE_GONE), 409
    if not form.errors and found.email and found.email.lower() in (form.outcome.data or "").lower():
        form.blame("outcome", ADDRESS_IN_NOTE)
    if form.errors:
        db.session.rollback()
        return _message_page(form, id), 422
    outcome, state = form.outcome.data, CorrectionState(form.state.data)
    corrections.settle(id, state, outcome, by=person().name, now=now())
    changes = {"state": (str(found.state), str(state)), "outcome": (None, outcome)}
    audit.record("settled", "correction", found.name, now=now(), actor=actor(), **changes)
    db.session.commit()
    return redirect(url_for(".messages", done="settled", page=request.form.get("page") or None), 303)


def _begin(tool_id: int) -> ToolLink:
    db.session.rollback()
    begin_write()
    return catalog.links_of([tool_id]).get(tool_id) or abort(404, NO_TOOL)


def _difference(before: Check, after: Check, taps: int) -> dict[str, tuple[object, object]]:
    """Return what a check changed, as the trail takes it."""
    days = (before.checked_on and before.checked_on.isoformat(), after.checked_on and after.checked_on.isoformat())
    changes: dict[str, tuple[object, object]] = {"checked_on": days}
    if before.interval_days != after.interval_days:
        changes["interval_days"] = (before.interval_days, after.interval_days)
    return changes | ({"doubts": (taps, 0)} if taps else {})


def _price_page(problem: str = "", said: str = "") -> str:
    moment = now()
    due = load_page(
        lambda number: worklists.list_due_prices(number, moment), request.values.get("page", ""), worklists.PAGE_SIZE
    )
    template = "admin/_price_queue.html" if wants_fragment() else "admin/price_queue.html"
    return render_template(template, due=due, problem=problem, said=said or _said())


def _vote_page(form: GroupForm, problem: str = "", unsaved: str = "") -> str:
    held = load_page(_held, request.values.get("page", ""), GROUPS_A_PAGE)
    return render_template(
        "admin/vote_queue.html",
        held=held,
        form=form,
        chosen=next((each for each in held.rows if form.is_about(each.group)), None),
        problem=problem,
        said=_said(),
        unsaved=unsaved,
    )


def _held(number: int) -> tuple[list[HeldBallots], int]:
    groups = voting.held_groups(GROUPS_A_PAGE, GROUPS_A_PAGE * (number - 1))
    tools = catalog.links_of({group.tool_id for group in groups})
    return [HeldBallots(tools[group.tool_id], group) for group in groups], voting.count_held_groups()


def _message_page(form: SettleForm, about: int = 0, problem: str = "", unsaved: str = "") -> str:
    """Show the messages; what was typed stands beside the one it is about, or alone where that waits no more."""
    found = load_page(corrections.page, request.values.get("page", ""), corrections.A_PAGE)
    return render_template(
        "admin/correction_queue.html",
        messages=found,
        open=corrections.count_open(),
        form=form,
        about=about if any(each.id == about and each.is_open for each in found.rows) else 0,
        problem=problem,
        said=_said(),
        unsaved=unsaved,
    )


def _said() -> str:
    return DONE.get(request.args.get("done", ""), "")
