"""What people look for: pages by their views, the sites that lead to them, and searches that found nothing."""

from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue

from verdicts.staff.models import Role
from verdicts.traffic import queries
from verdicts.traffic.models import MAX_REFERRER_LENGTH
from verdicts.web.admin.auth import requires_role
from verdicts.web.clock import today
from verdicts.web.paging import load_page

bp = Blueprint("traffic", __name__)

PERIODS = {"7": "7 days", "28": "28 days", "90": "90 days", "365": "A year"}
DEFAULT_PERIOD = "28"


@bp.get("/admin/traffic")
@requires_role(Role.EDITOR)
def index() -> ResponseReturnValue:
    period = request.args.get("days") or DEFAULT_PERIOD
    if period not in PERIODS:
        abort(400, f"Choose one of these numbers of days: {', '.join(PERIODS)}.")
    host = request.args.get("site", "")[:MAX_REFERRER_LENGTH].replace("\0", "")
    length = int(period)
    return render_template(
        "admin/traffic/index.html",
        traffic=queries.load(today(), length, host),
        page=load_page(
            lambda number: queries.list_pages(today(), length, host, number),
            request.args.get("page", ""),
            queries.PAGE_SIZE,
        ),
        periods=PERIODS,
        period=period,
        host=host,
    )
