"""A tool: its names, what it is, its facts, plans and releases. Reviews and its price have forms of their own."""

from collections.abc import Iterator
from datetime import datetime

import sqlalchemy as sa

from verdicts.catalog import search
from verdicts.catalog.models import Category, Plan, PriceRecord, Release, Tool, ToolFact, ToolSlug
from verdicts.catalog.publishing import bump_content_version
from verdicts.curation.catalog_file import records, schema
from verdicts.curation.catalog_file.history import keep_prices
from verdicts.curation.catalog_file.records import Json
from verdicts.curation.catalog_file.rows import align, update
from verdicts.curation.catalog_file.schema import Fault
from verdicts.curation.editing.saving import (
    InvalidRecord,
    SavedRecord,
    StoredRecord,
    attributes,
    checked,
    faults_of_price,
    faults_of_slugs,
    find_row,
    next_position,
    repeated,
    with_slug,
)
from verdicts.extensions import db

TEXTS = ("name", "tagline", "description", "website", "maker", "license", "launched_on")


def find_tool(id: int, *, lock: bool = False) -> Tool | None:
    """Return a tool that may be edited: one that was merged into another may not."""
    row = find_row(Tool, id, lock=lock)
    return row if row and row.merged_into_id is None else None


def find_record(id: int, *, lock: bool = False) -> StoredRecord | None:
    row = find_tool(id, lock=lock)
    return StoredRecord(row.id, row.slug, row.name, to_data(row)) if row else None


def to_data(row: Tool) -> Json:
    """Return a tool's record without its reviews and prices."""
    return records.record(
        ("slug", "name"),
        slug=row.slug,
        aliases=row.aliases,
        **{key: getattr(row, key) for key in TEXTS},
        category=row.category.slug if row.category else None,
        facts=[records.fact(fact) for fact in row.facts],
        plans=[records.plan(plan) for plan in row.plans],
        releases=[records.release(release) for release in row.releases],
    )


def to_full_data(row: Tool) -> Json:
    """Return a tool's record with its price: what the trail keeps of one that comes or goes."""
    price = current_price(row)
    return to_data(row) | ({"price": records.price(price)} if price else {})


def current_price(row: Tool) -> PriceRecord | None:
    return next((price for price in row.prices if price.until is None), None)


def save(id: int | None, told: Json, now: datetime) -> SavedRecord:
    """Make a tool say what is told; a new one is a draft, and may be told its first price. Raises InvalidRecord."""
    told = with_slug(told)
    faults = [*repeated(told, "plans", "name"), *repeated(told, "releases", "version"), *faults_of_slugs(told)]
    faults += faults_of_price(told.get("price", {}), "price")
    record = checked(schema.Tool, told, now, faults)
    row = (find_tool(id) if id else None) or Tool(position=next_position(Tool))
    before = to_data(row) if row.id else {}
    if found := [*_faults_of_category(record), *_faults_of_names(record, row)]:
        raise InvalidRecord(found)
    update(row, attributes(record, TEXTS))
    row.category = _category(record)
    _take_lists(row, record)
    if record.price and not before:
        keep_prices(row, record.price, [], now.date())
    db.session.add(row)
    db.session.flush()
    _take_slugs(row, record)
    search.reindex([row.id])
    bump_content_version()
    return SavedRecord(row.id, row.slug, before, to_data(row) if before else to_full_data(row))


def _faults_of_category(record: schema.Tool) -> list[Fault]:
    if record.category is None or _category(record):
        return []
    return [Fault(("category",), f"there is no category “{record.category}”")]


def _category(record: schema.Tool) -> Category | None:
    return db.session.scalar(sa.select(Category).where(Category.slug == record.category))


def _faults_of_names(record: schema.Tool, row: Tool) -> Iterator[Fault]:
    names = [record.slug, *record.aliases]
    elsewhere = sa.select(ToolSlug).where(ToolSlug.slug.in_(names), ToolSlug.tool_id != (row.id or 0))
    taken = {entry.slug: entry.tool for entry in db.session.scalars(elsewhere)}
    for path, name in [(("slug",), record.slug), *((("aliases",), alias) for alias in record.aliases)]:
        if name in taken:
            yield Fault(path, f"“{name}” leads to {taken[name].name} already")
    for alias in sorted({alias for alias in record.aliases if record.aliases.count(alias) > 1}):
        yield Fault(("aliases",), f"“{alias}” stands here twice")


def _take_lists(row: Tool, record: schema.Tool) -> None:
    align(row.facts, [fact.model_dump() for fact in record.facts], ToolFact, "key")
    align(row.plans, [plan.model_dump() for plan in record.plans], Plan, "name")
    align(row.releases, [release.model_dump() for release in record.releases], Release, "version")


def _take_slugs(row: Tool, record: schema.Tool) -> None:
    """Give a tool its names; the slug it had before becomes an alias, so that links to it still lead there."""
    before = next((entry.slug for entry in row.slugs if entry.is_current), record.slug)
    # A tool that goes back to a name it had needs no alias of that name any more.
    former = [alias for alias in record.aliases if alias != record.slug]
    aliases = [*former, *([before] if before not in {record.slug, *former} else [])]
    stored = {entry.slug: entry for entry in row.slugs}
    for entry in row.slugs:
        entry.is_current = False
    db.session.flush()  # the database takes one current slug a tool, at any moment
    row.slugs[:] = [stored.get(slug) or ToolSlug(slug=slug, is_current=False) for slug in (record.slug, *aliases)]
    for position, entry in enumerate(row.slugs):
        entry.position = position
    db.session.flush()
    row.slugs[0].is_current = True
    db.session.flush()
