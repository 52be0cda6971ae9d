"""A catalogue file goes into the database: all of it or nothing, and the same file twice changes nothing."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from verdicts.catalog import search
from verdicts.catalog.content_version import bump_content_version
from verdicts.catalog.models import Category, Reviewer, Tool
from verdicts.comparisons.models import ChooseIf, Comparison, ComparisonTool
from verdicts.comparisons.related import members_key
from verdicts.curation.catalog_file import parsing, schema
from verdicts.curation.catalog_file.faults import CatalogueRefused
from verdicts.curation.catalog_file.records import Json
from verdicts.curation.catalog_file.rows import align, new_row
from verdicts.curation.editing import categories, comparisons, reviewers
from verdicts.curation.editing.changes import Change, changes_between
from verdicts.curation.transfer import existing as stored
from verdicts.curation.transfer.checking import faults_between
from verdicts.curation.transfer.entries import Entry, arrange, named
from verdicts.curation.transfer.existing import ExistingCatalog
from verdicts.curation.transfer.importing_tools import import_reviews, import_tool
from verdicts.curation.transfer.report import ImportReport, report_on
from verdicts.extensions import db


def import_catalogue(data: object, now: datetime) -> ImportReport:
    """Make the database say what a catalogue file says, and return what that changed.

    Records are matched by slug, a tool's also by an alias that is stored. What the file leaves out stays as it is.
    New tools and comparisons are published as of `now`. Where anything changed, the content version grows and the
    search index follows. Raises CatalogueRefused, naming every fault, before anything is stored.

    The caller has called begin_write(), and commits.
    """
    file, faults = parsing.parse(data, now.date())
    existing = stored.load()
    faults += faults_between(file, existing, faults)
    if faults:
        raise CatalogueRefused(faults)
    entries = _import(file, existing, now)
    report = report_on(entries, _differences(entries))
    if report.changed_anything:
        _index(entries["categories"], entries["tools"])
        bump_content_version()
    return report


def _import(file: parsing.ParsedFile, existing: ExistingCatalog, now: datetime) -> dict[str, list[Entry]]:
    """Import the records of each kind before those that refer to it, so that the ids are there."""
    category_entries = [_import_category(record, existing) for record in file.categories.values()]
    _store(category_entries, existing.categories.values())
    reviewer_entries = [_import_reviewer(record, existing) for record in file.reviewers.values()]
    _store(reviewer_entries, existing.reviewers.values())
    tools = [import_tool(record, existing, now) for record in file.tools.values()]
    reviews = [entry for record in file.tools.values() for entry in import_reviews(record, existing, now.date())]
    _store(tools, existing.tools.values())
    comparison_entries = [_import_comparison(record, existing, now) for record in file.comparisons.values()]
    _store(comparison_entries, existing.comparisons.values())
    return {
        "categories": category_entries,
        "reviewers": reviewer_entries,
        "tools": tools,
        "reviews": reviews,
        "comparisons": comparison_entries,
    }


def _differences(entries: dict[str, list[Entry]]) -> Iterator[Change]:
    """Yield what became of each record. It takes no more statements: what an import reads is in the session."""
    reviewed = {entry.row.tool_id for entry in entries["reviews"] if entry.has_changed}
    for section in ("categories", "reviewers", "tools", "comparisons"):
        for entry in entries[section]:
            if entry.has_changed or (section == "tools" and entry.row.id in reviewed):
                _expire_references(entry.row)
                yield from changes_between(entry.row, entry.before, entry.parts_of(entry.row))


def _expire_references(row: Any) -> None:
    """Let a row find again what its ids refer to: they were set without the objects."""
    if isinstance(row, Tool):
        db.session.expire(row, ["category"])
    if isinstance(row, Comparison):
        for each in (*row.members, *row.choose_if):
            db.session.expire(each, ["tool"])


def _store(entries: Sequence[Entry], rows: Iterable[Any]) -> None:
    arrange(entries, rows)
    db.session.add_all(entry.row for entry in entries)
    db.session.flush()


def _import_category(record: schema.Category, existing: ExistingCatalog) -> Entry:
    return _import_named("category", record, Category, existing.categories, categories.to_data)


def _import_reviewer(record: schema.Reviewer, existing: ExistingCatalog) -> Entry:
    return _import_named("reviewer", record, Reviewer, existing.reviewers, reviewers.to_data)


def _import_named(
    kind: str,
    record: schema.Category | schema.Reviewer,
    model: type[Category | Reviewer],
    rows: dict[str, Any],
    to_data: Callable[[Any], Json],
) -> Entry:
    is_new = record.slug not in rows
    row = new_row(model, slug=record.slug) if is_new else rows[record.slug]
    name = f"{kind} {named(row.slug, record.slug)}"
    entry = Entry(name, row, is_new, lambda row: {kind: to_data(row)})
    entry.copy_fields(record)
    entry.copy_lists(record)
    rows[record.slug] = row
    return entry


def _import_comparison(record: schema.Comparison, existing: ExistingCatalog, now: datetime) -> Entry:
    tools = [existing.tools[name] for name in record.tools]
    key = members_key([tool.id for tool in tools])
    is_new = key not in existing.comparisons
    row = (
        new_row(Comparison, members_key=key, published_at=now, first_published_at=now)
        if is_new
        else existing.comparisons[key]
    )
    names = ", ".join(named(tool.slug, name) for tool, name in zip(tools, record.tools, strict=True))
    entry = Entry(f"comparison of {names}", row, is_new, lambda row: {"comparison": comparisons.to_data(row)})
    entry.copy_fields(record)
    entry.note("tools", align(row.members, ({"tool_id": tool.id} for tool in tools), ComparisonTool, "tool_id"))
    if entry.is_stated(record, "choose_if"):
        lines = [
            {"position": position, "tool_id": existing.tools[line.tool].id, "when": line.when}
            for position, line in enumerate(record.choose_if)
        ]
        entry.note("choose_if", align(row.choose_if, lines, ChooseIf, "position"))
    existing.comparisons[key] = row
    return entry


def _index(categories: Iterable[Entry], tools: Iterable[Entry]) -> None:
    if any(entry.changes and not entry.is_new for entry in categories):
        search.reindex_all()
    else:
        search.reindex([entry.row.id for entry in tools if entry.has_changed])
