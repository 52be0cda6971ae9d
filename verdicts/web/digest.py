"""The archive of the digest: all editions, and each one as it was frozen."""

from datetime import date

from flask import Blueprint, abort, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from verdicts.digest import queries, weeks
from verdicts.digest.rendering import format_week, subject_of
from verdicts.digest.sections import page_sections
from verdicts.web.caching import public
from verdicts.web.site_state import Source, depends_on

bp = Blueprint("digest", __name__)

bp.add_app_template_filter(date.fromisoformat, "date")

NO_EDITION_MESSAGE = "There is no edition of the digest for this week."


@bp.get("/digest")
@public
@depends_on(Source.CONTENT)
def archive() -> ResponseReturnValue:
    return render_template("digest/archive.html", editions=queries.list_archive(), week_dates=format_week)


@bp.get("/digest/<name>")
@public
@depends_on(Source.CONTENT)
def edition(name: str) -> ResponseReturnValue:
    try:
        week = weeks.parse(name)
    except weeks.NotAWeek as fault:
        abort(404, str(fault))
    if week.name != name:
        return redirect(url_for("digest.edition", name=week.name), 301)
    edition = queries.find_in_archive(week) or abort(404, NO_EDITION_MESSAGE)
    items = [item for item in queries.list_items(edition.id) if not item.is_removed]
    earlier, later = queries.find_adjacent_weeks(week)
    return render_template(
        "digest/edition.html",
        edition=edition,
        subject=subject_of(edition, items),
        week_dates=format_week(week),
        sections=page_sections(items),
        earlier=earlier,
        later=later,
    )
