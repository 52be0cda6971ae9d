"""Categories, and the facts that their tools are compared on."""

from flask import render_template, url_for
from flask.typing import ResponseReturnValue

from verdicts.catalog.models import Category
from verdicts.curation import shelves
from verdicts.curation.editing import categories
from verdicts.curation.editing.saving import Saved, get_row
from verdicts.staff.models import Role
from verdicts.web.admin import previews, publishing
from verdicts.web.admin.catalog_forms import CategoryForm
from verdicts.web.admin.editing import Desk, edit
from verdicts.web.admin.gate import door, keeps_what_is_typed, needs, takes
from verdicts.web.admin.lists import query, wanted
from verdicts.web.admin.publishing import Subject
from verdicts.web.admin.records import FORM_MEGABYTES, ID, move_up

bp = door("categories", "/admin/categories")

SORTS = {"shelf": "Editors’ order", "name": "Name"}


def _onward(saved: Saved, _do: str) -> str:
    return url_for("categories.change", id=saved.id, said="saved")


DESK = Desk(
    kind="category",
    template="admin/category.html",
    form=CategoryForm,
    opened=categories.opened,
    save=categories.save,
    preview=previews.of_category,
    onward=_onward,
)
SUBJECT = Subject(
    kind="category",
    find=categories.opened,
    get=lambda id: get_row(Category, id),
    edit_at=lambda id: url_for("categories.change", id=id),
    list_at=lambda: url_for("categories.index"),
)


@bp.get("")
@needs(Role.EDITOR)
def index() -> ResponseReturnValue:
    shelf = shelves.categories(wanted(SORTS))
    return render_template("admin/categories.html", shelf=shelf, sorts=SORTS, query=query)


@bp.route("/new", methods=["GET", "POST"])
@needs(Role.EDITOR)
@takes(FORM_MEGABYTES)
@keeps_what_is_typed
def add() -> ResponseReturnValue:
    return edit(DESK)


@bp.route(f"/{ID}", methods=["GET", "POST"])
@needs(Role.EDITOR)
@takes(FORM_MEGABYTES)
@keeps_what_is_typed
def change(id: int) -> ResponseReturnValue:
    return edit(DESK, id)


@bp.route(f"/{ID}/publication", methods=["GET", "POST"])
@needs(Role.EDITOR)
def publication(id: int) -> ResponseReturnValue:
    return publishing.answer(SUBJECT, id)


@bp.post(f"/{ID}/up")
@needs(Role.EDITOR)
def up(id: int) -> ResponseReturnValue:
    return move_up(Category, id, url_for("categories.index"))
