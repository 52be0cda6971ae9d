"""Prices to check: confirming one, saying that none was found, and undoing either from the history of the price."""

from datetime import date
from typing import Any

from flask import Blueprint, abort, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import IntegerField
from wtforms.validators import NumberRange, Optional

from verdicts.catalog import price_checks, search_index
from verdicts.catalog.content_version import bump_content_version
from verdicts.catalog.price_checks import NoSource, PriceCheck, PriceNotCurrent
from verdicts.catalog.summaries import ToolLink
from verdicts.curation import worklists
from verdicts.curation.catalog_file.values import is_web_address
from verdicts.extensions import db
from verdicts.feedback import price_doubts
from verdicts.staff import audit
from verdicts.staff.models import Role
from verdicts.web.admin.auth import log_activity, requires_role
from verdicts.web.admin.forms.base import AdminForm
from verdicts.web.admin.forms.fields import TextField
from verdicts.web.admin.open_pages import tell_saved_form
from verdicts.web.admin.worklists import begin_and_get_tool, load_worklist
from verdicts.web.clock import now, today
from verdicts.web.errors import render_error
from verdicts.web.htmx import wants_fragment
from verdicts.web.paging import ID, MAX_ID, read_id

bp = Blueprint("price_checks", __name__)

CONFIRMED, NONE_FOUND, REVERTED = "confirmed", "found no source for", "undid a check of"
UNDOABLE_ACTIONS = (CONFIRMED, NONE_FOUND)
PRICE_CHANGED_MESSAGE = "Someone has changed this price since you opened the page. Check it again."
NO_SOURCE_MESSAGE = (
    "No page that shows this price is known. Enter the address of one beside “Price unchanged”, or choose “Looked, "
    "found none”."
)
INVALID_SOURCE_MESSAGE = "The source is not a web address. Enter one that begins with https://."
CANNOT_UNDO_MESSAGE = "This check cannot be undone: the price was checked or changed again since."
SUCCESS_MESSAGES = {
    "same": "Price confirmed.",
    "none": "Stored: somebody looked, and found no source.",
}


class PriceCheckForm(AdminForm):
    price_id = IntegerField(name="price", validators=[Optional(), NumberRange(1, MAX_ID)])
    source = TextField("Source")


@bp.get("/admin/queues/prices")
@requires_role(Role.EDITOR)
def prices() -> ResponseReturnValue:
    return _price_page()


@bp.post(f"/admin/queues/prices/{ID}/same")
@requires_role(Role.EDITOR)
def confirm_price(id: int) -> ResponseReturnValue:
    """Log that a tool's price was checked and is the same; this resolves readers' doubts."""
    form = PriceCheckForm()
    if not form.validate() or form.price_id.data is None:
        abort(400, PRICE_CHANGED_MESSAGE)
    source = form.source.record_value() or None
    if source and not is_web_address(source):
        return _refuse(422, INVALID_SOURCE_MESSAGE)
    tool = begin_and_get_tool(id)
    try:
        before, after = price_checks.confirm(id, today(), price_id=form.price_id.data, source=source)
    except (PriceNotCurrent, NoSource) as error:
        return _refuse_check(error)
    _finish_check(CONFIRMED, tool, before, after)
    words = f"{tool.name}: price confirmed. The next check is due in {after.interval_days} days."
    return _answer("same", words, tool.id)


@bp.post(f"/admin/queues/prices/{ID}/none")
@requires_role(Role.EDITOR)
def record_none_found(id: int) -> ResponseReturnValue:
    """Log that somebody looked for a tool's price and found none. This verifies nothing."""
    form = PriceCheckForm()
    if not form.validate():
        abort(400, PRICE_CHANGED_MESSAGE)
    tool = begin_and_get_tool(id)
    try:
        before, after = price_checks.record_none_found(id, today(), price_id=form.price_id.data)
    except PriceNotCurrent as error:
        return _refuse_check(error)
    _finish_check(NONE_FOUND, tool, before, after)
    words = f"{tool.name}: looked, found none. It is due again in {after.interval_days} days."
    return _answer("none", words, tool.id)


@bp.post(f"/admin/history/price/{ID}/undo")
@requires_role(Role.EDITOR)
def undo_check(id: int) -> ResponseReturnValue:
    """Undo a check by its entry in the activity log: what it set is as before, and readers' doubts count again."""
    entry_id = read_id(request.form.get("entry", ""))
    entry = audit.find(entry_id) if entry_id else None
    if entry is None or (entry.kind, entry.record_id) != ("price", id) or entry.action not in UNDOABLE_ACTIONS:
        abort(404, "The activity log has no such check of this price.")
    tool = begin_and_get_tool(id)
    before, after = ({field: _typed(field, pair[side]) for field, pair in entry.changes.items()} for side in (0, 1))
    doubts = before.pop("doubts", 0)
    after.pop("doubts", None)
    try:
        _require_newest(entry)
        price_checks.restore_check(id, expected=after, former=before)
    except PriceNotCurrent:
        db.session.rollback()
        return render_error(409, CANNOT_UNDO_MESSAGE)
    price_doubts.restore(id, int(doubts or 0), now())
    bump_content_version()
    search_index.reindex([id])
    log_activity(REVERTED, "price", tool.slug, id, **{name: (new, old) for name, (old, new) in entry.changes.items()})
    db.session.commit()
    return redirect(url_for("admin.activity.history", kind="price", id=id, done="undone"), 303)


def _require_newest(entry: audit.LogEntry) -> None:
    """Raise PriceNotCurrent where a price was changed after an entry: another price may have the same check."""
    if audit.history("price", entry.record_id or 0, limit=1) != [entry]:
        raise PriceNotCurrent(entry.record_id)


def _typed(field: str, value: Any) -> Any:
    """Return a value of the activity log as PriceCheck has it."""
    return date.fromisoformat(value) if value and field.endswith("_on") else value


def _finish_check(action: str, tool: ToolLink, before: PriceCheck, after: PriceCheck) -> None:
    doubt_count = price_doubts.delete_for(tool.id)
    bump_content_version()
    search_index.reindex([tool.id])
    log_activity(action, "price", tool.slug, tool.id, **_check_changes(before, after, doubt_count))
    db.session.commit()


def _check_changes(before: PriceCheck, after: PriceCheck, doubt_count: int) -> dict[str, tuple[object, object]]:
    """Return what a check changed, in the audit log's format."""
    pairs = {name: (_plain(old), _plain(getattr(after, name))) for name, old in vars(before).items()}
    changes = {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}
    return changes | ({"doubts": (doubt_count, 0)} if doubt_count else {})


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value


def _refuse_check(error: Exception) -> ResponseReturnValue:
    if isinstance(error, NoSource):
        return _refuse(422, NO_SOURCE_MESSAGE)
    return _refuse(409, PRICE_CHANGED_MESSAGE)


def _refuse(status: int, message: str) -> ResponseReturnValue:
    db.session.rollback()
    return render_error(status, message) if wants_fragment() else (_price_page(message), status)


def _answer(key: str, words: str, tool_id: int) -> ResponseReturnValue:
    if wants_fragment():
        answer: ResponseReturnValue = _price_page(done=words, checked_tool_id=tool_id)
    else:
        answer = redirect(url_for(".prices", done=key, page=request.form.get("page") or None), 303)
    return tell_saved_form(make_response(answer))


def _price_page(problem: str = "", done: str = "", checked_tool_id: int | None = None) -> str:
    due = load_worklist(worklists.list_due_prices)
    return render_template(
        "admin/worklists/_prices.html" if wants_fragment() else "admin/worklists/prices.html",
        due=due,
        problem=problem,
        done=done or SUCCESS_MESSAGES.get(request.args.get("done", ""), ""),
        checked_tool_id=checked_tool_id,
    )
