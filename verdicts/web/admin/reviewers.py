"""Reviewers: who is on the panel."""

from flask import render_template, url_for
from flask.typing import ResponseReturnValue

from verdicts.catalog.models import Reviewer
from verdicts.curation import shelves
from verdicts.curation.editing import reviewers
from verdicts.curation.editing.saving import Saved, get_row
from verdicts.staff.models import Role
from verdicts.web.admin import previews, publishing
from verdicts.web.admin.catalog_forms import ReviewerForm
from verdicts.web.admin.editing import Desk, edit
from verdicts.web.admin.gate import door, keeps_what_is_typed, needs, takes
from verdicts.web.admin.lists import query, wanted
from verdicts.web.admin.publishing import Subject
from verdicts.web.admin.records import FORM_MEGABYTES, ID, move_up

bp = door("reviewers", "/admin/reviewers")

SORTS = {"shelf": "The panel’s order", "name": "Name"}


def _onward(saved: Saved, _do: str) -> str:
    return url_for("reviewers.change", id=saved.id, said="saved")


DESK = Desk(
    kind="reviewer",
    template="admin/reviewer.html",
    form=ReviewerForm,
    opened=reviewers.opened,
    save=reviewers.save,
    preview=previews.of_reviewer,
    onward=_onward,
)
SUBJECT = Subject(
    kind="reviewer",
    find=reviewers.opened,
    get=lambda id: get_row(Reviewer, id),
    edit_at=lambda id: url_for("reviewers.change", id=id),
    list_at=lambda: url_for("reviewers.index"),
)


@bp.get("")
@needs(Role.EDITOR)
def index() -> ResponseReturnValue:
    shelf = shelves.reviewers(wanted(SORTS))
    return render_template("admin/reviewers.html", shelf=shelf, sorts=SORTS, query=query)


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
    return move_up(Reviewer, id, url_for("reviewers.index"))
