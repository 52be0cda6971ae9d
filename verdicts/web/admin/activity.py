"""The activity log, and the history of one record, from which earlier versions can be restored."""

from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue

from verdicts.staff import audit
from verdicts.staff.models import Role
from verdicts.web.admin.auth import requires_role
from verdicts.web.admin.forms.record_editor import record_editors
from verdicts.web.admin.price_checks import UNDOABLE_ACTIONS
from verdicts.web.paging import ID, read_id

bp = Blueprint("activity", __name__)

MAX_SEARCH_LENGTH = 200
SUCCESS_MESSAGES = {
    "undone": "The check is undone. The price is as it was before.",
    "deleted": "Deleted. You can restore it below as a new record.",
}


@bp.get("/admin/trail")
@requires_role(Role.ADMIN)
def index() -> ResponseReturnValue:
    text = request.args.get("q", "")[:MAX_SEARCH_LENGTH].replace("\0", " ")
    entries = audit.search(text, read_id(request.args.get("before", "")))
    return render_template("admin/activity/index.html", entries=entries, q=text, older=_older(entries))


@bp.get(f"/admin/history/<kind>/{ID}")
@requires_role(Role.EDITOR)
def history(kind: str, id: int) -> ResponseReturnValue:
    editor = record_editors().get(kind) or abort(404, "The activity log has no records of this kind.")
    entries = audit.history(kind, id, read_id(request.args.get("before", "")))
    return render_template(
        "admin/activity/history.html",
        editor=editor,
        id=id,
        record=editor().load(id),
        entries=entries,
        older=_older(entries),
        done=SUCCESS_MESSAGES.get(request.args.get("done", ""), ""),
        UNDOABLE_ACTIONS=UNDOABLE_ACTIONS,
    )


def _older(entries: list[audit.LogEntry]) -> int | None:
    """Return the id before which the next page begins, None on the last page."""
    return entries[-1].id if len(entries) == audit.PAGE_SIZE else None
