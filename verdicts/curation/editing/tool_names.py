"""Tools by what editors call them: a slug, an alias, or a whole name."""

import sqlalchemy as sa

from verdicts.catalog.models import Tool, ToolSlug
from verdicts.extensions import db


def find_slugs(names: list[str]) -> dict[str, str]:
    """Return the slugs of the tools that these slugs, aliases or names stand for."""
    return {name: tool.slug for name, tool in find_tools(names).items()}


def find_names(slugs: list[str]) -> dict[str, str]:
    """Return the names of tools by their slugs: those that stand for the tool alone."""
    tools = find_tools(slugs)
    named = find_tools([tool.name for tool in tools.values()])
    return {slug: tool.name for slug, tool in tools.items() if named.get(tool.name) is tool}


def find_tools(names: list[str]) -> dict[str, Tool]:
    """Return the tools that these slugs, aliases or names stand for, in capitals or not.

    A name that two tools share stands for none.
    """
    folded = [name.lower() for name in names]
    entries = db.session.scalars(sa.select(ToolSlug).where(ToolSlug.slug.in_(folded)))
    by_slug = {entry.slug: entry.tool for entry in entries}
    has_slug = sa.exists().where(ToolSlug.tool_id == Tool.id, ToolSlug.is_current)
    is_named = sa.or_(Tool.name.in_(names), Tool.sort_name.in_(folded))
    tools = db.session.scalars(sa.select(Tool).where(is_named, has_slug)).all()

    def find(name: str) -> Tool | None:
        exact = [tool for tool in tools if tool.name == name]
        named = exact or [tool for tool in tools if tool.name.lower() == name.lower()]
        return by_slug.get(name.lower()) or (named[0] if len(named) == 1 else None)

    return {name: tool for name in names if (tool := find(name))}
