"""A tool: its names, what it is, its facts, plans and releases. Reviews and its price have forms of their own."""

from datetime import datetime

import sqlalchemy as sa

from verdicts.catalog import search_index
from verdicts.catalog.content_version import bump_content_version
from verdicts.catalog.models import Category, PriceRecord, Tool, ToolSlug
from verdicts.curation.catalog_file import schema
from verdicts.curation.catalog_file.checks import (
    check_known,
    check_slugs_free,
    check_successor,
    check_unique,
    successor_of,
)
from verdicts.curation.catalog_file.copying import copy_fields, copy_lists
from verdicts.curation.catalog_file.dumping import Json, dump
from verdicts.curation.catalog_file.history import replace_price
from verdicts.curation.catalog_file.raw_records import RawRecord
from verdicts.curation.editing import removal, statuses
from verdicts.curation.editing.saving import (
    InvalidRecord,
    SavedRecord,
    StoredRecord,
    faults_of_price,
    find_or_new,
    find_row,
    validated,
)
from verdicts.curation.editing.tool_names import find_tools
from verdicts.extensions import db
from verdicts.voting.models import Tally


def find_tool(id: int, *, lock: bool = False) -> Tool | None:
    """Return a tool that may be edited: one that was merged into another may not."""
    row = find_row(Tool, id, lock=lock)
    return row if row and row.merged_into_id is None else None


def find_record(id: int, *, lock: bool = False) -> StoredRecord | None:
    row = find_tool(id, lock=lock)
    return StoredRecord(row.id, row.slug, row.name, to_data(row)) if row else None


def to_data(row: Tool, price: PriceRecord | None = None) -> Json:
    """Return a tool's record without its reviews, and with no price but this one."""
    category = row.category.slug if row.category else None
    status = statuses.to_data(row, row.successor.slug if row.successor else None)
    return dump(schema.Tool, row, category=category, status=status, price=price, price_history=[], reviews=[])


def to_full_data(row: Tool) -> Json:
    """Return a tool's record with its price, as the activity log has it for one that comes or goes."""
    return to_data(row, row.current_price)


def save(id: int | None, data: Json, now: datetime) -> SavedRecord:
    """Save a tool. A new one is a draft, and may have its first price. Raises InvalidRecord.

    It names its successor by slug, an alias, or the whole name.
    """
    raw = RawRecord((), data)
    aliases = raw.texts("aliases")
    faults = [*check_unique(aliases), *faults_of_price(data.get("price", {}), "price")]
    record = validated(schema.Tool, data, now, faults)
    row = find_or_new(Tool, id)
    before = to_data(row) if row.id else {}
    category = db.session.scalar(sa.select(Category).where(Category.slug == record.category))
    names = [(("slug",), record.slug), *aliases]
    owners = db.session.scalars(sa.select(ToolSlug).where(ToolSlug.slug.in_([name for _path, name in names])))
    faults = list(check_slugs_free(names, {entry.slug: entry.tool for entry in owners}, row))
    successors = find_tools([name for _path, name in successor_of(raw)])
    faults += check_successor(raw, {name: tool.slug for name, tool in successors.items()}.get, row.slug)
    if record.category and category is None:
        faults += check_known([(("category",), record.category)], "category", lambda _slug: False)
    if faults:
        raise InvalidRecord(faults)
    copy_fields(record, row)
    copy_lists(record, row)
    row.category = category
    statuses.copy(record.status, row, next(iter(successors.values()), None))
    if record.price and not before:
        replace_price(row, record.price, [], now.date())
    db.session.add(row)
    db.session.flush()
    db.session.expire(row, ["successor"])
    _assign_slugs(row, record)
    bump_content_version()
    search_index.reindex([row.id])
    return SavedRecord(row.id, row.slug, before, to_data(row) if before else to_full_data(row))


def delete(row: Tool) -> Json:
    """Delete a tool, its vote count and its search entry. Returns its full data. See removal.delete()."""
    data = to_full_data(row)
    db.session.execute(sa.delete(Tally).where(Tally.tool_id == row.id))
    removal.delete(row)
    search_index.reindex([row.id])
    return data


def _assign_slugs(row: Tool, record: schema.Tool) -> None:
    """Give a tool its names; the slug it had before becomes an alias, so that links to it still lead there."""
    before = row.slug or record.slug
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
