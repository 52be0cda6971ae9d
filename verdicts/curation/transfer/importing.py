"""A catalogue file goes into the database: all of it or nothing, and the same file twice changes nothing."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from verdicts.catalog import search
from verdicts.catalog.models import Category, CategoryFact, Reviewer, Tool
from verdicts.catalog.publishing import bump_content_version
from verdicts.comparisons.models import ChooseIf, Comparison, ComparisonTool
from verdicts.comparisons.related import members_key
from verdicts.curation.catalog_file import checks, schema
from verdicts.curation.catalog_file.faults import CatalogueRefused
from verdicts.curation.catalog_file.rows import Entry, Positioned, align, arrange, begun
from verdicts.curation.editing.changes import Change, changes_of, parts_of
from verdicts.curation.transfer import existing, reading
from verdicts.curation.transfer.existing import Stock
from verdicts.curation.transfer.importing_tools import take_reviews, take_tool
from verdicts.curation.transfer.report import ImportReport, named, report_on
from verdicts.extensions import db


def import_file(path: Path, now: datetime) -> ImportReport:
    """Import a catalogue file in JSON or YAML; see import_catalogue. Raises OSError when it cannot be read."""
    with path.open("rb") as stream:
        raw = stream.read(reading.LONGEST_FILE + 1)
    return import_catalogue(reading.read(raw, path.name), now)


def import_catalogue(data: object, now: datetime) -> ImportReport:
    """Make the database say what a catalogue file says, and return what that changed.

    Records are matched by slug, a tool's also by an alias that is stored. What the file leaves out stays as it is.
    New tools and comparisons are published as of `now`. Where anything changed, the content version grows and the
    search index follows. Raises CatalogueRefused, naming every fault, before anything is stored.

    The caller has called begin_write(), and commits.
    """
    catalogue, faults = schema.parse(data, now.date())
    stored = existing.load()
    faults += checks.faults_across(catalogue, stored, faults)
    if faults:
        raise CatalogueRefused(faults)
    entries = _take(catalogue, stored, now)
    report = report_on(entries, _differences(entries))
    if report.changed_anything:
        _index(entries["categories"], entries["tools"])
        bump_content_version()
    return report


def _take(catalogue: schema.Catalogue, stored: Stock, now: datetime) -> dict[str, list[Entry]]:
    """Take over the records of each kind before those that refer to it, so that the ids are there."""
    categories = [_take_category(record, stored) for record in catalogue.categories.values()]
    _store(categories, stored.categories.values())
    reviewers = [_take_reviewer(record, stored) for record in catalogue.reviewers.values()]
    _store(reviewers, stored.reviewers.values())
    tools = [take_tool(record, stored, now) for record in catalogue.tools.values()]
    reviews = [entry for record in catalogue.tools.values() for entry in take_reviews(record, stored, now.date())]
    _store(tools, stored.tools.values())
    comparisons = [_take_comparison(record, stored, now) for record in catalogue.comparisons.values()]
    _store(comparisons, stored.comparisons.values())
    return {
        "categories": categories,
        "reviewers": reviewers,
        "tools": tools,
        "reviews": reviews,
        "comparisons": comparisons,
    }


def _differences(entries: dict[str, list[Entry]]) -> Iterator[Change]:
    """Yield what became of each record, in no statement more: what an import looks at is in the session."""
    reviewed = {entry.row.tool_id for entry in entries["reviews"] if entry.did_something}
    for section in ("categories", "reviewers", "tools", "comparisons"):
        for entry in entries[section]:
            if entry.did_something or (section == "tools" and entry.row.id in reviewed):
                _look_up_anew(entry.row)
                yield from changes_of(entry.row, entry.before)


def _look_up_anew(row: Any) -> None:
    """Let a row find again what its ids refer to, as they were set without it."""
    if isinstance(row, Tool):
        db.session.expire(row, ["category"])
    if isinstance(row, Comparison):
        for each in (*row.members, *row.choose_if):
            db.session.expire(each, ["tool"])


def _store(entries: Sequence[Entry], shelf: Iterable[Positioned]) -> None:
    arrange(entries, shelf)
    db.session.add_all(entry.row for entry in entries)
    db.session.flush()


def _take_category(record: schema.Category, stored: Stock) -> Entry:
    found = stored.categories.get(record.slug)
    category = found or begun(Category, slug=record.slug)
    entry = Entry(
        f"category {named(category.slug, record.slug)}", category, found is None, parts_of(found) if found else {}
    )
    entry.take(record, ("name", "description"))
    if entry.stated(record, ["facts"]):
        entry.note("facts", align(category.facts, [fact.model_dump() for fact in record.facts], CategoryFact, "key"))
    stored.categories[record.slug] = category
    return entry


def _take_reviewer(record: schema.Reviewer, stored: Stock) -> Entry:
    found = stored.reviewers.get(record.slug)
    reviewer = found or Reviewer(slug=record.slug)
    entry = Entry(
        f"reviewer {named(reviewer.slug, record.slug)}", reviewer, found is None, parts_of(found) if found else {}
    )
    entry.take(record, ("name", "kind", "motto", "bio", "likes", "dislikes"))
    stored.reviewers[record.slug] = reviewer
    return entry


def _take_comparison(record: schema.Comparison, stored: Stock, now: datetime) -> Entry:
    tools = [stored.tools[name] for name in record.tools]
    ids = [tool.id for tool in tools]
    key = members_key(ids)
    found = stored.comparisons.get(key)
    comparison = found or begun(Comparison, members_key=key, published_at=now, first_published_at=now)
    names = ", ".join(named(tool.slug, told) for tool, told in zip(tools, record.tools, strict=True))
    entry = Entry(f"comparison of {names}", comparison, found is None, parts_of(found) if found else {})
    entry.take(record, ("headline", "bottom_line", "featured"))
    entry.note("tools", align(comparison.members, [{"tool_id": id} for id in ids], ComparisonTool, "tool_id"))
    if entry.stated(record, ["choose_if"]):
        lines = [
            {"position": position, "tool_id": stored.tools[line.tool].id, "when": line.when}
            for position, line in enumerate(record.choose_if)
        ]
        entry.note("choose_if", align(comparison.choose_if, lines, ChooseIf, "position"))
    stored.comparisons[key] = comparison
    return entry


def _index(categories: Iterable[Entry], tools: Iterable[Entry]) -> None:
    if any(entry.changes and not entry.is_new for entry in categories):
        search.reindex_all()
    else:
        search.reindex([entry.row.id for entry in tools if entry.is_new or entry.changes])
