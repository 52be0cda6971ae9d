"""Reviewers: who is on the panel."""

from flask import render_template
from flask.typing import ResponseReturnValue

from verdicts.catalog.models import Reviewer
from verdicts.curation import listing
from verdicts.curation.editing import reviewers
from verdicts.curation.editing.saving import find_row
from verdicts.staff.models import Role
from verdicts.web.admin import previews
from verdicts.web.admin.catalog_forms import ReviewerForm
from verdicts.web.admin.editing import Desk
from verdicts.web.admin.gate import door, needs
from verdicts.web.admin.lists import page_of, query, wanted
from verdicts.web.admin.records import offer, offer_order, onward_to

bp = door("reviewers", "/admin/reviewers")

SORTS = {"shelf": "The panel’s order", "name": "Name"}
DESK = Desk(
    kind="reviewer",
    template="admin/reviewer.html",
    form=ReviewerForm,
    opened=reviewers.find_record,
    save=reviewers.save,
    preview=previews.of_reviewer,
    onward=onward_to("reviewers.change"),
)
offer(bp, DESK, lambda id: find_row(Reviewer, id))
offer_order(bp, DESK, Reviewer)


@bp.get("")
@needs(Role.EDITOR)
def index() -> ResponseReturnValue:
    asked = wanted(SORTS)
    page = page_of(listing.list_reviewers(asked), asked)
    return render_template("admin/reviewers.html", page=page, wanted=asked, sorts=SORTS, query=query)
