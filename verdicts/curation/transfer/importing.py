"""A catalogue file goes into the database: all of it or nothing, and the same file twice changes nothing."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from verdicts.catalog import panel_keys, search_index
from verdicts.catalog.content_version import bump_content_version
from verdicts.catalog.models import Category, Review, Reviewer, Tool, ToolSlug
from verdicts.comparisons.models import Comparison
from verdicts.comparisons.related import members_key
from verdicts.curation.catalog_file import parsing, schema
from verdicts.curation.catalog_file.copying import new_row, update
from verdicts.curation.catalog_file.faults import CatalogRefused
from verdicts.curation.catalog_file.history import extend_history, replace_price
from verdicts.curation.editing import categories, comparisons, reviewers, statuses
from verdicts.curation.editing.changes import RecordChange, changes_between, full_tool_parts, tool_parts
from verdicts.curation.editing.saving import Parts
from verdicts.curation.transfer import existing as existing_catalog
from verdicts.curation.transfer.checking import check_file
from verdicts.curation.transfer.entries import ImportEntry, record_in_words, reorder
from verdicts.curation.transfer.existing import ExistingCatalog
from verdicts.curation.transfer.field_changes import field_changes, history_gain, price_history_gain
from verdicts.curation.transfer.reasons import check_reasons
from verdicts.curation.transfer.report import ImportReport, make_report
from verdicts.extensions import db


def import_catalog(data: object, now: datetime, *, as_drafts: bool = False) -> ImportReport:
    """Make the database say what a catalogue file says, and return what that changed.

    Records are matched by slug, a tool's also by an alias that is stored. What the file leaves out stays as it is.
    New tools and comparisons are published as of `now`, or become drafts. A changed verdict or price needs its reason
    in the file's history (transfer.reasons). Where anything changed, the content version grows and the
    search index follows. Raises CatalogRefused, naming every fault, before anything is stored.

    The caller has called begin_write(), and commits.
    """
    file, faults = parsing.parse(data, now.date())
    existing = existing_catalog.load()
    faults += check_file(file, existing, faults)
    faults += check_reasons(file, existing)
    if faults:
        raise CatalogRefused(faults)
    entries = _import(file, existing, now, published_at=None if as_drafts else now)
    report = make_report(entries, list(_differences(entries)), as_drafts=as_drafts)
    if report.changed_anything:
        reviewed = {entry.row.tool_id for entry in entries["reviews"] if entry.has_changed}
        panel_keys.refresh(sorted(reviewed))
        bump_content_version()
        _index(entries["categories"], entries["tools"], reviewed)
    return report


def _import(
    file: parsing.ParsedFile, existing: ExistingCatalog, now: datetime, published_at: datetime | None
) -> dict[str, list[ImportEntry]]:
    """Import the records of each kind before those that refer to it, so that the ids are there.

    Picks of categories and successors are copied after the tools that they name.
    """
    entries: dict[str, list[ImportEntry]] = {}
    entries["categories"] = [
        _import_named(record, Category, existing.categories, categories.parts_of) for record in file.categories.values()
    ]
    _store(entries["categories"], existing.categories)
    entries["reviewers"] = [
        _import_named(record, Reviewer, existing.reviewers, reviewers.parts_of) for record in file.reviewers.values()
    ]
    _store(entries["reviewers"], existing.reviewers)
    tools = file.tools.values()
    entries["tools"] = [_import_tool(record, existing, now.date(), published_at) for record in tools]
    entries["reviews"] = [entry for record in tools for entry in _import_reviews(record, existing, now.date())]
    _store(entries["tools"], existing.tools)
    _copy_statuses(entries["tools"], tools, existing)
    for entry, record in zip(entries["categories"], file.categories.values(), strict=True):
        if entry.is_stated(record, "picks"):
            entry.add_change("picks", categories.copy_picks(record, entry.row, existing.tools))
    entries["comparisons"] = [
        _import_comparison(record, existing, published_at) for record in file.comparisons.values()
    ]
    _store(entries["comparisons"], existing.comparisons)
    return entries


def _differences(entries: dict[str, list[ImportEntry]]) -> Iterator[RecordChange]:
    """Yield what became of each record. It takes no more statements: what an import reads is in the session.

    The fields that differ are added to the entries, before what their histories gained.
    """
    reviews = {(entry.row.tool_id, entry.reviewer): entry for entry in entries["reviews"] if entry.has_changed}
    reviewed = {tool_id for tool_id, _reviewer in reviews}
    for section in ("categories", "reviewers", "tools", "comparisons"):
        for entry in entries[section]:
            if entry.has_changed or (section == "tools" and entry.row.id in reviewed):
                _expire_references(entry.row)
                for change in changes_between(entry.row, entry.before, entry.parts_of(entry.row)):
                    _add_fields(entry, change, reviews)
                    yield change


def _add_fields(entry: ImportEntry, change: RecordChange, reviews: Mapping[tuple[int, str], ImportEntry]) -> None:
    if change.kind != "panel":
        label = "price" if change.kind == "price" else ""
        entry.fields[:0] = field_changes(label, change.before, change.after)
        return
    for reviewer, (before, after) in change.changes.items():
        if review := reviews.get((change.id, reviewer)):
            review.fields[:0] = field_changes("", before, after)


def _expire_references(row: Any) -> None:
    """Let a row find again what its ids refer to: they were set without the objects."""
    if isinstance(row, Tool):
        db.session.expire(row, ["category", "successor"])
    if isinstance(row, Category):
        for pick in row.picks:
            db.session.expire(pick, ["tool", "runner_up"])
    if isinstance(row, Comparison):
        for each in (*row.members, *row.choose_if):
            db.session.expire(each, ["tool"])


def _store(entries: Sequence[ImportEntry], rows: Mapping[str, Any]) -> None:
    reorder(entries, rows.values())
    db.session.add_all(entry.row for entry in entries)
    db.session.flush()


def _import_named(
    record: schema.Category | schema.Reviewer,
    model: type[Category | Reviewer],
    rows: dict[str, Any],
    parts_of: Callable[[Any], Parts],
) -> ImportEntry:
    is_new = record.slug not in rows
    row = new_row(model, slug=record.slug) if is_new else rows[record.slug]
    words = record_in_words(row.name or record.name, row.slug, record.slug)
    entry = ImportEntry(f"{model.__tablename__} {words}", row, is_new, parts_of)
    entry.copy_fields(record)
    entry.copy_lists(record)
    rows[record.slug] = row
    return entry


def _import_tool(
    record: schema.Tool, existing: ExistingCatalog, today: date, published_at: datetime | None
) -> ImportEntry:
    """Copy a record into its tool, reviews aside; a new tool joins `existing` under all its slugs."""
    stored = existing.tools.get(record.slug)
    tool = stored or new_row(Tool, published_at=published_at, first_published_at=published_at)
    name = f"tool {record_in_words(tool.name or record.name, tool.slug or record.slug, record.slug)}"
    entry = ImportEntry(name, tool, stored is None, tool_parts if stored else full_tool_parts)
    entry.add_change("aliases", _add_slugs(tool, record, existing))
    entry.copy_fields(record)
    if entry.is_stated(record, "category"):
        category_id = existing.categories[record.category].id if record.category else None
        entry.add_change("category", bool(update(tool, {"category_id": category_id})))
    past = [row for row in tool.prices if row.until]
    entry.changes += replace_price(tool, record.price, record.price_history, today)
    entry.fields += [price_history_gain(row) for row in tool.prices if row.until and row not in past]
    entry.copy_lists(record)
    return entry


def _copy_statuses(entries: Sequence[ImportEntry], records: Iterable[schema.Tool], existing: ExistingCatalog) -> None:
    for entry, record in zip(entries, records, strict=True):
        if entry.is_stated(record, "status"):
            name = record.status.successor if record.status else None
            entry.add_change("status", statuses.copy(record.status, entry.row, existing.tools[name] if name else None))


def _add_slugs(tool: Tool, record: schema.Tool, existing: ExistingCatalog) -> bool:
    added = [slug for slug in (record.slug, *record.aliases) if slug not in existing.tools]
    end = max((entry.position for entry in tool.slugs), default=-1) + 1
    for position, slug in enumerate(added, start=end):
        tool.slugs.append(ToolSlug(slug=slug, is_current=slug == record.slug, position=position))
        existing.tools[slug] = tool
    return bool(added)


def _import_reviews(record: schema.Tool, existing: ExistingCatalog, today: date) -> list[ImportEntry]:
    """Copy the reviews in a tool's record into its rows; those that it leaves out stay."""
    tool = existing.tools[record.slug]
    by_reviewer = {review.reviewer_id: review for review in tool.reviews}
    entries = []
    for each in record.reviews:
        reviewer = existing.reviewers[each.reviewer]
        stored = by_reviewer.get(reviewer.id)
        by = record_in_words(reviewer.name, reviewer.slug, each.reviewer)
        name = f"review of {record_in_words(tool.name, tool.slug, record.slug)} by {by}"
        row = stored or Review(reviewer_id=reviewer.id)
        entry = ImportEntry(name, row, stored is None, reviewer=reviewer.slug)
        added = extend_history(entry.row, each, today)
        entry.copy_fields(each)
        entry.add_change("history", bool(added))
        entry.fields += map(history_gain, added)
        entries.append(entry)
    reorder(entries, tool.reviews)
    tool.reviews.extend(entry.row for entry in entries if entry.is_new)
    return entries


def _import_comparison(
    record: schema.Comparison, existing: ExistingCatalog, published_at: datetime | None
) -> ImportEntry:
    tools = [existing.tools[name] for name in record.tools]
    key = members_key([tool.id for tool in tools])
    stored = existing.comparisons.get(key)
    row = stored or new_row(Comparison, members_key=key, published_at=published_at, first_published_at=published_at)
    words = (record_in_words(tool.name, tool.slug, name) for tool, name in zip(tools, record.tools, strict=True))
    names = ", ".join(words)
    entry = ImportEntry(f"comparison of {names}", row, stored is None, comparisons.parts_of)
    entry.copy_fields(record)
    entry.add_change("tools", comparisons.copy_tools(record, row, existing.tools))
    if entry.is_stated(record, "choose_if"):
        entry.add_change("choose_if", comparisons.copy_choose_if(record, row, existing.tools))
    existing.comparisons[key] = row
    return entry


def _index(categories: Iterable[ImportEntry], tools: Iterable[ImportEntry], reviewed: set[int]) -> None:
    if any(entry.changes and not entry.is_new for entry in categories):
        search_index.reindex_all()
    else:
        search_index.reindex(sorted(reviewed.union(entry.row.id for entry in tools if entry.has_changed)))
