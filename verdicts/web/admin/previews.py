"""Public pages as they would be, for editors: what was just saved is looked at before it is taken back."""

from flask import render_template
from flask.typing import ResponseReturnValue

from verdicts.catalog import directory
from verdicts.catalog import queries as catalog
from verdicts.catalog.directory import DirectoryQuery
from verdicts.catalog.models import Tool
from verdicts.comparisons import queries as comparison_queries
from verdicts.comparisons.models import Comparison
from verdicts.curation.editing.saving import SavedRecord
from verdicts.extensions import db
from verdicts.web.catalog import load_tool_page, render_index
from verdicts.web.clock import now
from verdicts.web.comparisons import render_page


def of_tool(saved: SavedRecord) -> ResponseReturnValue:
    """Show a tool's page, also where it is a draft; for its panel and its price too."""
    _publish_for_now(db.session.get_one(Tool, saved.id))
    tool = catalog.find_published(saved.slug, now())
    if tool is None:
        raise LookupError(saved.slug)
    return render_template("catalog/tool.html", page=load_tool_page(tool, now()), is_preview=True)


def of_comparison(saved: SavedRecord) -> ResponseReturnValue:
    row = db.session.get_one(Comparison, saved.id)
    _publish_for_now(row)
    for member in row.members:
        _publish_for_now(member.tool)
    tools = comparison_queries.find([member.tool.slug for member in row.members], now())
    return render_page(tools, is_preview=True)


def of_category(saved: SavedRecord) -> ResponseReturnValue:
    """Show the directory as it is for this category."""
    query = DirectoryQuery(category=saved.slug)
    return render_index(query, *directory.list_tools(query, now()), directory.count_by_category(now()), is_preview=True)


def of_reviewer(saved: SavedRecord) -> ResponseReturnValue:
    return render_template("admin/reviewer_preview.html", reviewer=saved.after)


def _publish_for_now(row: Tool | Comparison) -> None:
    if row.published_at is None or row.published_at > now():
        row.published_at = now()
    db.session.flush()
