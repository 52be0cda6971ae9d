"""A whole file is checked: its records with each other, and with what is stored."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise

from verdicts.catalog.kinds import slug_fault
from verdicts.curation.catalog_file import schema
from verdicts.curation.catalog_file.checks import (
    Finder,
    already_compared,
    check_comparison,
    check_entries,
    check_known,
    check_picks,
    check_slugs_free,
    check_successor,
    check_unique,
)
from verdicts.curation.catalog_file.faults import Fault, Path, format_path, shown
from verdicts.curation.catalog_file.parsing import ParsedFile
from verdicts.curation.catalog_file.raw_records import RawFile, RawRecord
from verdicts.curation.transfer.existing import ExistingCatalog


def check_file(file: ParsedFile, existing: ExistingCatalog, reported: Iterable[Fault]) -> list[Fault]:
    """Return every fault between the records of a file, but for values of which a fault is reported already.

    Records that are broken otherwise are checked too, but for the order of their histories.
    """
    faults = [
        *(fault for section in ("categories", "reviewers", "tools") for fault in check_unique(file.raw.slugs(section))),
        *(fault for each in file.raw.sections["categories"] for fault in check_entries(each, schema.Category)),
        *_faults_of_picks(file.raw, existing),
        *_faults_of_tools(file.raw, existing),
        *(fault for path, tool in file.tools.items() for fault in _faults_of_histories(path, tool)),
        *_faults_of_comparisons(file.raw, existing),
    ]
    paths = {fault.path for fault in reported}
    return [fault for fault in faults if fault.path not in paths]


def _faults_of_picks(raw: RawFile, existing: ExistingCatalog) -> Iterator[Fault]:
    find = _tool_finder(raw.sections["tools"], existing)
    for category in raw.sections["categories"]:
        yield from check_picks(category, find, may_be_unread="tools" in raw.opaque)


def _faults_of_tools(raw: RawFile, existing: ExistingCatalog) -> Iterator[Fault]:
    is_category, is_reviewer = (_known(name, raw, getattr(existing, name)) for name in ("categories", "reviewers"))
    fact_keys = _fact_keys(raw.sections["categories"], existing)
    find = _tool_finder(raw.sections["tools"], existing)
    yield from _faults_of_identity(raw, existing)
    for tool in raw.sections["tools"]:
        yield from check_successor(tool, find, find(tool.text("slug") or ""), may_be_unread="tools" in raw.opaque)
        category = tool.text("category")
        named = [((*tool.path, "category"), category)] if category is not None else []
        yield from check_known(named, "category", is_category)
        yield from check_known(tool.texts_under("reviews", "reviewer"), "reviewer", is_reviewer)
        yield from _faults_of_facts(tool, _category_of(tool, existing), fact_keys)
        yield from check_entries(tool, schema.Tool)


def _faults_of_identity(raw: RawFile, existing: ExistingCatalog) -> Iterator[Fault]:
    """Yield where a record would be two tools, or two records one."""
    first: dict[int, Path] = {}
    for tool in raw.sections["tools"]:
        stored = existing.tools.get(tool.text("slug") or "")
        if stored and first.setdefault(stored.id, tool.path) != tool.path:
            words = f"This leads to the same tool as {format_path(first[stored.id])}, {shown(stored.slug)}. Remove one."
            yield Fault((*tool.path, "slug"), words)
        yield from check_slugs_free(tool.texts("aliases"), existing.tools, stored)


def _faults_of_facts(
    tool: RawRecord, category: str | None, fact_keys: Mapping[str, set[str] | None]
) -> Iterator[Fault]:
    allowed = fact_keys.get(category) if category else set()
    if category is None or allowed is None:
        return
    owner = f"The category {shown(category)}" if category else "A tool without a category"
    for path, key in tool.texts_under("facts", "key"):
        if key not in allowed:
            yield Fault(path, f"{owner} has no fact {shown(key)}. Remove it.")


def _category_of(tool: RawRecord, existing: ExistingCatalog) -> str | None:
    """Return the slug of a tool's category, "" where it has none, or None where it cannot be read."""
    if tool.keys.get("category") is not None:
        return tool.text("category") or None
    slug = tool.text("slug")
    if "category" in tool.keys:
        return ""
    if slug is None or slug_fault(slug):
        return None
    stored = existing.tools.get(slug)
    return stored.category.slug if stored and stored.category else ""


def _known(section: str, raw: RawFile, stored: Collection[str]) -> Callable[[str], bool]:
    """Return a function that says whether a slug leads to something, or may, for all that can be read."""
    known = {*stored, *(slug for _path, slug in raw.slugs(section))}
    return lambda slug: slug in known or section in raw.opaque


def _fact_keys(categories: Iterable[RawRecord], existing: ExistingCatalog) -> dict[str, set[str] | None]:
    """Return the fact keys of each category as they will be after the import, or None where they cannot be read."""
    keys: dict[str, set[str] | None] = {
        slug: {fact.key for fact in category.facts} for slug, category in existing.categories.items()
    }
    for category in categories:
        slug = category.text("slug")
        if slug is not None and ("facts" in category.keys or slug not in keys):
            facts, texts = category.keys.get("facts", []), category.texts_under("facts", "key")
            is_readable = isinstance(facts, list) and len(texts) == len(facts)
            keys[slug] = {key for _path, key in texts} if is_readable else None
    return keys


def _faults_of_histories(path: Path, tool: schema.Tool) -> Iterator[Fault]:
    yield from _faults_of_order((*path, "price_history"), tool.price_history)
    for number, review in enumerate(tool.reviews):
        yield from _faults_of_order((*path, "reviews", number, "history"), review.history)


def _faults_of_order(path: Path, history: Sequence[schema.PastPrice | schema.Revision]) -> Iterator[Fault]:
    for number, (before, after) in enumerate(pairwise(history), start=1):
        if after == before:
            yield Fault((*path, number), "This says the same as the entry before it. Remove it.")
        elif after.until < before.until:
            words = f"{after.until} is before {before.until} of the entry above. Put the oldest entry first."
            yield Fault((*path, number, "until"), words)


def _faults_of_comparisons(raw: RawFile, existing: ExistingCatalog) -> Iterator[Fault]:
    find = _tool_finder(raw.sections["tools"], existing)
    first: dict[frozenset[str], Path] = {}
    for comparison in raw.sections["comparisons"]:
        slugs, faults = check_comparison(comparison, find, may_be_unread="tools" in raw.opaque)
        yield from faults
        if slugs and first.setdefault(slugs, comparison.path) != comparison.path:
            yield already_compared(comparison.path, first[slugs])


def _tool_finder(tools: Iterable[RawRecord], existing: ExistingCatalog) -> Finder:
    """Return a function from any slug or alias, in the file or stored, to the one slug that stands for its tool."""
    leads_to = {alias: tool.text("slug") or alias for tool in tools for _path, alias in tool.slugs()}

    def find(name: str) -> str | None:
        slug = leads_to.get(name, name)
        stored = existing.tools.get(slug)
        return stored.slug if stored else slug if name in leads_to else None

    return find
