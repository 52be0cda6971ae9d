"""What else than a tool, and when to choose it."""

from flask import Blueprint, abort, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from verdicts.catalog import queries as catalog
from verdicts.catalog.summaries import ToolSummary
from verdicts.comparisons import alternatives
from verdicts.web.caching import public
from verdicts.web.catalog import NO_TOOL
from verdicts.web.clock import now
from verdicts.web.site_state import Source, depends_on

bp = Blueprint("alternatives", __name__)


@bp.get("/tools/<slug>/alternatives")
@public
@depends_on(Source.CONTENT, Source.VOTES)
def show(slug: str) -> ResponseReturnValue:
    tool: ToolSummary = catalog.find_published(slug, now()) or abort(404, NO_TOOL)
    if tool.slug != slug:
        return redirect(url_for("alternatives.show", slug=tool.slug), 301)
    return render_template(
        "catalog/alternatives.html",
        tool=tool,
        page=alternatives.load(tool, now()),
        max_readers=alternatives.MAX_READERS,
    )
