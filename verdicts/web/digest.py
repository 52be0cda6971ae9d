"""The digest's door: the archive of editions, and each one as it was frozen."""

from datetime import date

from flask import Blueprint, abort, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from verdicts.digest import queries, weeks
from verdicts.digest.rendering import category_sections, subject_of, week_in_words
from verdicts.web.caching import public

bp = Blueprint("digest", __name__)

bp.add_app_template_filter(date.fromisoformat, "date")

NO_EDITION = "There is no edition of the digest for this week."


@bp.get("/digest")
@public
def archive() -> ResponseReturnValue:
    return render_template("digest/archive.html", editions=queries.archive(), days=week_in_words)


@bp.get("/digest/<name>")
@public
def edition(name: str) -> ResponseReturnValue:
    try:
        week = weeks.parse(name)
    except weeks.NotAWeek as fault:
        abort(404, str(fault))
    if week.name != name:
        return redirect(url_for("digest.edition", name=week.name), 301)
    found = queries.find_in_archive(week)
    if found is None:
        abort(404, NO_EDITION)
    items = [item for item in queries.items_of(found.id) if not item.dropped]
    earlier, later = queries.neighbours(week)
    return render_template(
        "digest/edition.html",
        edition=found,
        subject=subject_of(found, items),
        days=week_in_words(week),
        sections=category_sections(items),
        earlier=earlier,
        later=later,
    )
