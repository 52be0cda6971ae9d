"""What only shows when records are seen together: with each other, and with what is stored already."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from verdicts.curation import schema
from verdicts.curation.faults import fault, shown
from verdicts.curation.schema import Catalogue
from verdicts.curation.stock import Stock

FEWEST_COMPARED, MOST_COMPARED = 2, 4


def faults_across(catalogue: Catalogue, stock: Stock) -> list[str]:
    """Return every fault between the sound records of a file; what a broken one lacks is told when it is mended."""
    return [
        *(fault for claims in catalogue.claims.values() for fault in _repeated(claims.items())),
        *_faults_of_categories(catalogue.categories),
        *_Tools(catalogue, stock).faults(),
        *_Comparisons(catalogue, stock).faults(),
    ]


def _repeated(entries: Iterable[tuple[str, object]]) -> Iterator[str]:
    """Yield a fault for each value that was given before; entries are (place, value)."""
    first: dict[object, str] = {}
    for where, value in entries:
        if first.setdefault(value, where) != where:
            yield fault(where, f"{shown(value)} is given already at {first[value]}")


def _listed(where: str, key: str, records: Sequence[schema.Record], attribute: str) -> list[tuple[str, object]]:
    return [(f"{where}.{key}[{n}].{attribute}", getattr(record, attribute)) for n, record in enumerate(records)]


def _faults_of_categories(categories: Mapping[str, schema.Category]) -> Iterator[str]:
    for where, category in categories.items():
        yield from _repeated(_listed(where, "facts", category.facts, "key"))


class _Tools:
    def __init__(self, catalogue: Catalogue, stock: Stock) -> None:
        self._catalogue = catalogue
        self._stock = stock
        self._known_categories = {*stock.categories, *catalogue.claims["categories"].values()}
        self._known_reviewers = {*stock.reviewers, *catalogue.claims["reviewers"].values()}
        self._fact_keys = _fact_keys(catalogue, stock)

    def faults(self) -> Iterator[str]:
        yield from self._faults_of_identity()
        for where, tool in self._catalogue.tools.items():
            yield from self._faults_of_references(where, tool)
            yield from _faults_of_lists(where, tool)
            yield from _faults_of_histories(where, tool)

    def _faults_of_identity(self) -> Iterator[str]:
        """Yield where a record would be two tools, or two records one."""
        first: dict[int, str] = {}
        for where, tool in self._catalogue.tools.items():
            stored = self._stock.tools.get(tool.slug)
            if stored and first.setdefault(stored.id, where) != where:
                yield fault(f"{where}.slug", f"leads to the same tool as {first[stored.id]}, {shown(stored.slug)}")
            for number, alias in enumerate(tool.aliases):
                other = self._stock.tools.get(alias)
                if other and other is not stored:
                    yield fault(f"{where}.aliases[{number}]", f"{shown(alias)} leads to the tool {shown(other.slug)}")

    def _faults_of_references(self, where: str, tool: schema.Tool) -> Iterator[str]:
        if tool.category is not None and tool.category not in self._known_categories:
            yield fault(f"{where}.category", f"there is no category {shown(tool.category)}")
        for number, review in enumerate(tool.reviews):
            if review.reviewer not in self._known_reviewers:
                yield fault(f"{where}.reviews[{number}].reviewer", f"there is no reviewer {shown(review.reviewer)}")
        yield from self._faults_of_facts(where, tool)

    def _faults_of_facts(self, where: str, tool: schema.Tool) -> Iterator[str]:
        category = self._category_of(tool)
        if category is not None and category not in self._fact_keys:
            return
        for number, fact in enumerate(tool.facts):
            if fact.key not in self._fact_keys.get(category or "", ()):
                whose = f"the category {shown(category)}" if category else "a tool without a category"
                yield fault(f"{where}.facts[{number}].key", f"{whose} has no fact {shown(fact.key)}")

    def _category_of(self, tool: schema.Tool) -> str | None:
        stored = self._stock.tools.get(tool.slug)
        if tool.states("category") or stored is None:
            return tool.category
        return stored.category.slug if stored.category else None


def _fact_keys(catalogue: Catalogue, stock: Stock) -> dict[str, set[str]]:
    """Return the fact keys of each category as they will be after the import; a broken record's are not known."""
    broken = {*catalogue.claims["categories"].values()} - {category.slug for category in catalogue.categories.values()}
    keys = {slug: {fact.key for fact in category.facts} for slug, category in stock.categories.items()}
    for category in catalogue.categories.values():
        if category.states("facts") or category.slug not in keys:
            keys[category.slug] = {fact.key for fact in category.facts}
    return {slug: found for slug, found in keys.items() if slug not in broken}


def _faults_of_lists(where: str, tool: schema.Tool) -> Iterator[str]:
    yield from _repeated(_listed(where, "facts", tool.facts, "key"))
    yield from _repeated(_listed(where, "plans", tool.plans, "name"))
    yield from _repeated(_listed(where, "releases", tool.releases, "version"))
    yield from _repeated(_listed(where, "reviews", tool.reviews, "reviewer"))


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
    def __init__(self, catalogue: Catalogue, stock: Stock) -> None:
        self._comparisons = catalogue.comparisons
        self._find = tool_finder(catalogue, stock)

    def faults(self) -> Iterator[str]:
        first: dict[frozenset[str | None], str] = {}
        for where, comparison in self._comparisons.items():
            yield from self._faults_of(where, comparison)
            members = frozenset(map(self._find, comparison.tools))
            if None not in members and first.setdefault(members, where) != where:
                yield fault(f"{where}.tools", f"are compared already at {first[members]}")

    def _faults_of(self, where: str, comparison: schema.Comparison) -> Iterator[str]:
        named = [(f"{where}.tools[{number}]", name) for number, name in enumerate(comparison.tools)]
        chosen = _listed(where, "choose_if", comparison.choose_if, "tool")
        if not FEWEST_COMPARED <= len(named) <= MOST_COMPARED:
            yield fault(f"{where}.tools", f"must be {FEWEST_COMPARED} to {MOST_COMPARED} tools, not {len(named)}")
        for place, name in [*named, *chosen]:
            if self._find(str(name)) is None:
                yield fault(place, f"there is no tool {shown(name)}")
        found = [(place, self._find(name)) for place, name in named]
        yield from _repeated((place, slug) for place, slug in found if slug)
        members = {slug for _place, slug in found}
        for place, name in chosen:
            if self._find(str(name)) not in {None, *members}:
                yield fault(place, f"{shown(name)} is not one of the tools compared here")


def tool_finder(catalogue: Catalogue, stock: Stock) -> Callable[[str], str | None]:
    """Return a function from any slug or alias, in the file or stored, to the one slug that stands for its tool."""
    records = {alias: tool.slug for tool in catalogue.tools.values() for alias in (tool.slug, *tool.aliases)}
    claimed = set(catalogue.claims["tools"].values())

    def find(name: str) -> str | None:
        slug = records.get(name, name)
        stored: Any = stock.tools.get(slug)
        if stored:
            return str(stored.slug)
        return slug if slug in claimed else None

    return find
