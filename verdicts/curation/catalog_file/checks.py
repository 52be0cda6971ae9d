"""What only shows when records are seen together: with each other, and with what is stored already."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any

from verdicts.catalog.kinds import slug_fault
from verdicts.comparisons.address import MAX_TOOLS, MIN_TOOLS
from verdicts.curation.catalog_file import schema
from verdicts.curation.catalog_file.faults import fault, place_of, shown
from verdicts.curation.catalog_file.raw_records import Outline, Told, Written
from verdicts.curation.catalog_file.schema import Catalogue
from verdicts.curation.transfer.existing import Stock

Slugs = frozenset[str]
Finder = Callable[[str], str | None]


def faults_across(catalogue: Catalogue, stock: Stock, told: Collection[str] = ()) -> list[str]:
    """Return every fault between the records of a file that is not told of the same place already.

    Records that are broken otherwise are looked at too, but for the order of their histories.
    """
    written = catalogue.written
    sections = written.sections
    found = [
        *(fault for section in ("categories", "reviewers", "tools") for fault in _repeated(_slugs(sections[section]))),
        *_faults_of_categories(sections["categories"]),
        *_Tools(written, stock).faults(),
        *(fault for where, tool in catalogue.tools.items() for fault in _faults_of_histories(where, tool)),
        *_Comparisons(written, stock).faults(),
    ]
    places = {place_of(line) for line in told}
    return [line for line in found if place_of(line) not in places]


def _slugs(records: Iterable[Written]) -> Iterator[Told]:
    for record in records:
        yield from record.slugs()


def _repeated(entries: Iterable[Told]) -> Iterator[str]:
    """Yield a fault for each text that was given before."""
    first: dict[str, str] = {}
    for where, value in entries:
        if first.setdefault(value, where) != where:
            yield fault(where, f"{shown(value)} is given already at {first[value]}")


def _faults_of_categories(categories: Iterable[Written]) -> Iterator[str]:
    for category in categories:
        yield from _repeated(category.texts_under("facts", "key"))


class _Tools:
    def __init__(self, written: Outline, stock: Stock) -> None:
        self._tools = written.sections["tools"]
        self._stock = stock
        self._has_category = _knower("categories", written, stock.categories)
        self._has_reviewer = _knower("reviewers", written, stock.reviewers)
        self._fact_keys = _fact_keys(written.sections["categories"], stock)

    def faults(self) -> Iterator[str]:
        yield from self._faults_of_identity()
        for tool in self._tools:
            yield from self._faults_of_references(tool)
            yield from _faults_of_lists(tool)

    def _faults_of_identity(self) -> Iterator[str]:
        """Yield where a record would be two tools, or two records one."""
        first: dict[int, str] = {}
        for tool in self._tools:
            stored = self._stock.tools.get(tool.text("slug") or "")
            if stored and first.setdefault(stored.id, tool.place()) != tool.place():
                words = f"leads to the same tool as {first[stored.id]}, {shown(stored.slug)}"
                yield fault(tool.place("slug"), words)
            for where, alias in tool.texts("aliases"):
                other = self._stock.tools.get(alias)
                if other and other is not stored:
                    yield fault(where, f"{shown(alias)} leads to the tool {shown(other.slug)}")

    def _faults_of_references(self, tool: Written) -> Iterator[str]:
        category = tool.text("category")
        if category is not None and not self._has_category(category):
            yield fault(tool.place("category"), f"there is no category {shown(category)}")
        for where, reviewer in tool.texts_under("reviews", "reviewer"):
            if not self._has_reviewer(reviewer):
                yield fault(where, f"there is no reviewer {shown(reviewer)}")
        yield from self._faults_of_facts(tool)

    def _faults_of_facts(self, tool: Written) -> Iterator[str]:
        category = self._category_of(tool)
        allowed = self._fact_keys.get(category) if category else set()
        if category is None or allowed is None:
            return
        whose = f"the category {shown(category)}" if category else "a tool without a category"
        for where, key in tool.texts_under("facts", "key"):
            if key not in allowed:
                yield fault(where, f"{whose} has no fact {shown(key)}")

    def _category_of(self, tool: Written) -> str | None:
        """Return the slug of a tool's category, "" where it has none, or None where that cannot be told."""
        if tool.keys.get("category") is not None:
            return tool.text("category") or None
        slug = tool.text("slug")
        if "category" in tool.keys:
            return ""
        if slug is None or slug_fault(slug):
            return None
        stored = self._stock.tools.get(slug)
        return stored.category.slug if stored and stored.category else ""


def _knower(section: str, written: Outline, stored: Collection[str]) -> Callable[[str], bool]:
    """Return a function that says whether a slug leads to something, or may, for all that can be read."""
    known = {*stored, *(slug for _where, slug in _slugs(written.sections[section]))}
    return lambda slug: slug in known or section in written.opaque


def _fact_keys(categories: Iterable[Written], stock: Stock) -> dict[str, set[str] | None]:
    """Return the fact keys of each category as they will be after the import, or None where they cannot be read."""
    keys: dict[str, set[str] | None] = {
        slug: {fact.key for fact in category.facts} for slug, category in stock.categories.items()
    }
    for category in categories:
        slug = category.text("slug")
        if slug is not None and ("facts" in category.keys or slug not in keys):
            keys[slug] = _keys_asked_for(category)
    return keys


def _keys_asked_for(category: Written) -> set[str] | None:
    facts = category.keys.get("facts", [])
    keys = {key for _where, key in category.texts_under("facts", "key")}
    return keys if isinstance(facts, list) and len(category.texts_under("facts", "key")) == len(facts) else None


def _faults_of_lists(tool: Written) -> Iterator[str]:
    for key, name in (("facts", "key"), ("plans", "name"), ("releases", "version"), ("reviews", "reviewer")):
        yield from _repeated(tool.texts_under(key, name))


def _faults_of_histories(where: str, tool: schema.Tool) -> Iterator[str]:
    yield from _faults_of_order(f"{where}.price_history", tool.price_history)
    for number, review in enumerate(tool.reviews):
        yield from _faults_of_order(f"{where}.reviews[{number}].history", review.history)


def _faults_of_order(where: str, history: Sequence[schema.PastPrice | schema.Revision]) -> Iterator[str]:
    for number, (before, after) in enumerate(pairwise(history), start=1):
        if after == before:
            yield fault(f"{where}[{number}]", "says the same as the entry before it")
        elif after.until < before.until:
            words = f"{after.until} is before {before.until} of the entry above: the oldest entry comes first"
            yield fault(f"{where}[{number}].until", words)


class _Comparisons:
    def __init__(self, written: Outline, stock: Stock) -> None:
        self._comparisons = written.sections["comparisons"]
        self._find = tool_finder(written.sections["tools"], stock)
        self._may_be_unread = "tools" in written.opaque

    def faults(self) -> Iterator[str]:
        first: dict[frozenset[str], str] = {}
        for comparison in self._comparisons:
            members = self._members_of(comparison)
            yield from self._faults_of(comparison, members)
            where = comparison.place()
            if members and first.setdefault(members, where) != where:
                yield fault(f"{where}.tools", f"are compared already at {first[members]}")

    def _members_of(self, comparison: Written) -> Slugs | None:
        """Return the tools compared, or None where one of them cannot be told."""
        found = [self._find(name) for _where, name in comparison.texts("tools")]
        known = frozenset(slug for slug in found if slug is not None)
        complete = None not in found and len(found) == len(comparison.entries("tools"))
        return known if found and complete else None

    def _faults_of(self, comparison: Written, members: Slugs | None) -> Iterator[str]:
        count = len(comparison.entries("tools"))
        if not MIN_TOOLS <= count <= MAX_TOOLS:
            words = f"must be {MIN_TOOLS} to {MAX_TOOLS} tools, not {count}"
            yield fault(comparison.place("tools"), words)
        named, chosen = comparison.texts("tools"), comparison.texts_under("choose_if", "tool")
        for where, name in [*named, *chosen]:
            if self._find(name) is None and not self._may_be_unread:
                yield fault(where, f"there is no tool {shown(name)}")
        found = [(where, self._find(name)) for where, name in named]
        yield from _repeated((where, slug) for where, slug in found if slug)
        for where, name in chosen:
            if members and self._find(name) not in {None, *members}:
                yield fault(where, f"{shown(name)} is not one of the tools compared here")


def tool_finder(tools: Iterable[Written], stock: Stock) -> Finder:
    """Return a function from any slug or alias, in the file or stored, to the one slug that stands for its tool."""
    leads_to = {alias: tool.text("slug") or alias for tool in tools for _where, alias in tool.slugs()}

    def find(name: str) -> str | None:
        slug = leads_to.get(name, name)
        stored: Any = stock.tools.get(slug)
        if stored:
            return str(stored.slug)
        return slug if name in leads_to else None

    return find
