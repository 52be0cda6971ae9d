"""The queues of reviews: those that have grown old, and the gaps in panels."""

from flask import render_template, request
from flask.typing import ResponseReturnValue

from verdicts.curation import worklists
from verdicts.staff.models import Role
from verdicts.web.admin.gate import door, needs
from verdicts.web.clock import now
from verdicts.web.paging import load_page

bp = door("panel_queues", "/admin/queues")


@bp.get("/reviews")
@needs(Role.EDITOR)
def reviews() -> ResponseReturnValue:
    moment = now()
    old = load_page(lambda n: worklists.list_old_reviews(n, moment), request.args.get("page", ""), worklists.PAGE_SIZE)
    return render_template("admin/review_queue.html", old=old)


@bp.get("/panels")
@needs(Role.EDITOR)
def panels() -> ResponseReturnValue:
    moment = now()
    gaps = load_page(
        lambda n: worklists.list_incomplete_panels(n, moment), request.args.get("page", ""), worklists.PAGE_SIZE
    )
    return render_template("admin/panel_queue.html", gaps=gaps)
