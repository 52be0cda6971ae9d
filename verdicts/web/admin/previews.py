"""Previews: the public pages of what was just saved, rendered before the save is rolled back."""

from flask import render_template
from flask.typing import ResponseReturnValue

from verdicts.catalog import categories
from verdicts.catalog import queries as catalog
from verdicts.catalog.models import Tool
from verdicts.comparisons import queries as comparison_queries
from verdicts.comparisons.models import Comparison
from verdicts.curation.editing.saving import SavedRecord
from verdicts.extensions import db
from verdicts.web.catalog import load_tool_page
from verdicts.web.categories import load_page as load_category_page
from verdicts.web.clock import now
from verdicts.web.comparisons import render_page


def render_tool(saved: SavedRecord) -> ResponseReturnValue:
    """Show a tool's page, even if it is a draft; for its panel and its price too."""
    _publish_temporarily(db.session.get_one(Tool, saved.id))
    tool = catalog.find_published(saved.slug, now())
    if tool is None:
        raise LookupError(saved.slug)
    return render_template("catalog/tool.html", page=load_tool_page(tool, now()), is_preview=True)


def render_comparison(saved: SavedRecord) -> ResponseReturnValue:
    row = db.session.get_one(Comparison, saved.id)
    _publish_temporarily(row)
    for member in row.members:
        _publish_temporarily(member.tool)
    tools = comparison_queries.find([member.tool.slug for member in row.members], now())
    return render_page(tools, is_preview=True)


def render_category(saved: SavedRecord) -> ResponseReturnValue:
    category = categories.find(saved.slug)
    if category is None:
        raise LookupError(saved.slug)
    return render_template("categories/page.html", page=load_category_page(category), is_preview=True)


def _publish_temporarily(row: Tool | Comparison) -> None:
    if row.published_at is None or row.published_at > now():
        row.published_at = now()
    db.session.flush()
