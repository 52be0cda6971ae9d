"""Public pages as they would be, for editors: what was just saved is looked at before it is taken back."""

from flask import render_template
from flask.typing import ResponseReturnValue

from verdicts.catalog import directory
from verdicts.catalog import queries as catalog
from verdicts.catalog.directory import Sort, Wanted
from verdicts.catalog.models import Tool
from verdicts.comparisons import listing
from verdicts.comparisons import queries as comparison_queries
from verdicts.comparisons import tools as tool_pages
from verdicts.comparisons.models import Comparison
from verdicts.comparisons.reading import read
from verdicts.curation.editing.saving import SavedRecord
from verdicts.extensions import db
from verdicts.web.clock import now, today


def of_tool(saved: SavedRecord) -> ResponseReturnValue:
    """Show a tool's page, also where it is a draft; for its panel and its price too."""
    _publish_for_now(db.session.get_one(Tool, saved.id))
    card = catalog.find_published(saved.slug, now())
    if card is None:
        raise LookupError(saved.slug)
    return render_template("catalog/tool.html", page=tool_pages.load(card, now()), is_preview=True)


def of_comparison(saved: SavedRecord) -> ResponseReturnValue:
    row = db.session.get_one(Comparison, saved.id)
    _publish_for_now(row)
    for member in row.members:
        _publish_for_now(member.tool)
    found = comparison_queries.find([member.tool.slug for member in row.members], now())
    comparison = comparison_queries.load(found, now())
    return render_template(
        "comparisons/page.html",
        comparison=comparison,
        facts=comparison.facts,
        reading=read(comparison, today()),
        is_preview=True,
    )


def of_category(saved: SavedRecord) -> ResponseReturnValue:
    """Show the directory as it is for this category."""
    page = directory.page(Wanted(category=saved.slug, sort=Sort.SHELF), now())
    return render_template(
        "catalog/directory.html",
        page=page,
        listing=listing.load(page.tools),
        shelves=directory.shelves(now()),
        sorts={Sort.SHELF: "Editors’ order"},
        is_preview=True,
    )


def of_reviewer(saved: SavedRecord) -> ResponseReturnValue:
    return render_template("admin/reviewer_preview.html", reviewer=saved.after)


def _publish_for_now(row: Tool | Comparison) -> None:
    if row.published_at is None or row.published_at > now():
        row.published_at = now()
    db.session.flush()
