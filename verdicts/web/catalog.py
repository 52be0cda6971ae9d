"""The catalogue's door: the directory with its search, and a page for each tool."""

from urllib.parse import urlencode

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from verdicts.catalog import directory
from verdicts.catalog import queries as catalog
from verdicts.catalog.directory import Sort, Wanted
from verdicts.catalog.records import ToolCard
from verdicts.comparisons import listing, tools
from verdicts.web.caching import public
from verdicts.web.clock import now
from verdicts.web.paging import page_number

bp = Blueprint("catalog", __name__)

LONGEST_SEARCH = 200


@bp.get("/tools")
@public
def tools_index() -> ResponseReturnValue:
    wanted = _wanted()
    shelves = directory.shelves(now())
    if wanted.category and wanted.category not in {shelf.slug for shelf in shelves}:
        renamed = directory.find_category_now_called(wanted.category)
        if renamed is None:
            abort(404, "We know no category under this name.")
        query = urlencode({**request.args.to_dict(), "category": renamed})
        return redirect(f"{url_for('catalog.tools_index')}?{query}", 301)
    page = directory.page(wanted, now())
    if not page.tools and wanted.page > 1:
        abort(404, "This page of the directory is empty.")
    return render_template(
        "catalog/directory.html",
        page=page,
        listing=listing.load(page.tools),
        shelves=shelves,
        sorts=_sorts(wanted),
    )


@bp.get("/tools/<slug>")
@public
def tool(slug: str) -> ResponseReturnValue:
    card: ToolCard = catalog.find_published(slug, now()) or abort(404, "We know no tool under this name.")
    if card.slug != slug:
        return redirect(url_for("catalog.tool", slug=card.slug), 301)
    return render_template("catalog/tool.html", page=tools.load(card, now()))


def _wanted() -> Wanted:
    text = " ".join(request.args.get("q", "").split())[:LONGEST_SEARCH]
    sort = request.args.get("sort", "")
    known = {each.value for each in Sort}
    if sort and sort not in known:
        abort(400, f"The directory cannot be sorted by “{sort[:40]}”. It can by {', '.join(sorted(known))}.")
    return Wanted(
        text=text,
        category=request.args.get("category", "")[:LONGEST_SEARCH],
        sort=Sort(sort) if sort else Sort.RELEVANCE if text else Sort.SHELF,
        page=page_number(request.args.get("page", "")),
    )


def _sorts(wanted: Wanted) -> dict[Sort, str]:
    labels = {
        Sort.RELEVANCE: "Best match",
        Sort.SHELF: "Editors’ order",
        Sort.NAME: "Name",
        Sort.NEWEST: "Newest",
    }
    return {sort: label for sort, label in labels.items() if sort is not Sort.RELEVANCE or wanted.text}
