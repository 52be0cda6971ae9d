"""The items of a draft edition: their order, and which are removed."""

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from verdicts.digest import editing
from verdicts.digest.editing import Direction, ItemNotFound
from verdicts.digest.editions import DigestError, Edition
from verdicts.digest.queries import list_items, list_items_with_visibility
from verdicts.digest.rendering import KIND_LABELS, category_sections, item_title
from verdicts.staff.models import Role
from verdicts.web.admin.auth import requires
from verdicts.web.admin.edition_page import Changes, Step, apply_step, render_refusal
from verdicts.web.clock import now
from verdicts.web.htmx import wants_fragment
from verdicts.web.paging import ID

bp = Blueprint("digest_items", __name__)

MOVES = {"item": editing.move_item, "category": editing.move_category}


@bp.post(f"/admin/digest/<name>/items/{ID}/move")
@requires(Role.EDITOR)
def move(name: str, id: int) -> ResponseReturnValue:
    """Move an item, or the category it stands in, by one place."""
    what, direction = request.form.get("what", ""), request.form.get("direction", "")
    if what not in MOVES or direction not in set(Direction):
        abort(400, "An item or a category moves up or down.")

    def step(edition: Edition) -> Changes | None:
        moved = MOVES[what](edition.id, id, Direction(direction))
        return {f"position of {moved.title}": (moved.before, moved.after)} if moved.before != moved.after else None

    return _change_items(name, id, "moved something in", step)


@bp.post(f"/admin/digest/<name>/items/{ID}/drop")
@requires(Role.EDITOR)
def remove(name: str, id: int) -> ResponseReturnValue:
    return _set_removed(name, id, "removed an item of", dropped=True)


@bp.post(f"/admin/digest/<name>/items/{ID}/take-back")
@requires(Role.EDITOR)
def restore(name: str, id: int) -> ResponseReturnValue:
    return _set_removed(name, id, "restored an item of", dropped=False)


def _set_removed(name: str, id: int, action: str, *, dropped: bool) -> ResponseReturnValue:
    def step(edition: Edition) -> Changes | None:
        item = next((item for item in list_items(edition.id) if item.id == id), None)
        editing.set_dropped(edition.id, id, dropped=dropped)
        if item is None or item.dropped == dropped:
            return None
        return {item_title(item): ("removed" if item.dropped else "included", "removed" if dropped else "included")}

    return _change_items(name, id, action, step)


def _change_items(name: str, id: int, action: str, step: Step) -> ResponseReturnValue:
    """Apply a step to the items; return them alone for htmx, else redirect to the item."""
    try:
        edition = apply_step(name, action, step)
    except ItemNotFound as refusal:
        abort(404, str(refusal))
    except DigestError as refusal:
        return render_refusal(name, refusal)
    if not wants_fragment():
        return redirect(url_for("admin.digest.show_edition", name=name, _anchor=f"item-{id}"), 303)
    sections = category_sections(list_items_with_visibility(edition, now()))
    return render_template("admin/digest/_items.html", edition=edition, sections=sections, labels=KIND_LABELS)
