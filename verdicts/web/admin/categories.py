"""Categories, and the facts that their tools are compared on."""

from flask import render_template
from flask.typing import ResponseReturnValue

from verdicts.catalog.models import Category
from verdicts.curation import listing
from verdicts.curation.editing import categories
from verdicts.curation.editing.saving import find_row
from verdicts.staff.models import Role
from verdicts.web.admin import previews
from verdicts.web.admin.catalog_forms import CategoryForm
from verdicts.web.admin.editing import Desk
from verdicts.web.admin.gate import door, needs
from verdicts.web.admin.lists import page_of, query, wanted
from verdicts.web.admin.records import offer, offer_order, onward_to

bp = door("categories", "/admin/categories")

SORTS = {"shelf": "Editors’ order", "name": "Name"}
DESK = Desk(
    kind="category",
    template="admin/category.html",
    form=CategoryForm,
    opened=categories.find_record,
    save=categories.save,
    preview=previews.of_category,
    onward=onward_to("categories.change"),
)
offer(bp, DESK, lambda id: find_row(Category, id))
offer_order(bp, DESK, Category)


@bp.get("")
@needs(Role.EDITOR)
def index() -> ResponseReturnValue:
    asked = wanted(SORTS)
    page = page_of(listing.list_categories(asked), asked)
    return render_template("admin/categories.html", page=page, wanted=asked, sorts=SORTS, query=query)
