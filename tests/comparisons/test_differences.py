"""Which facts tell tools apart."""

from verdicts.catalog.queries import Fact, ToolFacts
from verdicts.comparisons.differences import compare_facts

LABELS = {"license": "Licence", "offline": "Works offline"}


def sheet(**values: str) -> ToolFacts:
    return ToolFacts(LABELS, {key: Fact(LABELS[key], value, None, None) for key, value in values.items()})


def rows(*sheets: ToolFacts) -> tuple[list[str], list[str]]:
    """Return the labels of the differing and of the shared facts."""
    table = compare_facts(sheets)
    return [row.label for row in table.differing], [row.label for row in table.shared]


def test_equal_values_are_shared_and_unequal_ones_differ() -> None:
    first, second = sheet(license="MIT", offline="Yes"), sheet(license="MIT", offline="No")
    assert rows(first, second) == (["Works offline"], ["Licence"])


def test_a_fact_known_of_one_tool_only_is_no_difference() -> None:
    assert rows(sheet(license="MIT", offline="Yes"), sheet(license="MIT")) == ([], ["Licence", "Works offline"])


def test_a_fact_that_nobody_has_checked_is_shared() -> None:
    assert rows(sheet(), sheet()) == ([], ["Licence", "Works offline"])


def test_sources_and_dates_make_no_difference() -> None:
    other = ToolFacts(LABELS, {"license": Fact("Licence", "MIT", "https://example.org/", None)})
    assert rows(sheet(license="MIT"), other)[0] == []


def test_a_third_tool_that_differs_is_enough() -> None:
    assert rows(sheet(license="MIT"), sheet(license="MIT"), sheet(license="GPL"))[0] == ["Licence"]


def test_facts_of_several_kinds_stand_below_each_other_once() -> None:
    other = ToolFacts({"context": "Context", "license": "License"}, {})
    assert rows(sheet(license="MIT"), other) == ([], ["Licence", "Works offline", "Context"])


def test_a_fact_that_one_kind_does_not_ask_for_is_unknown_there() -> None:
    table = compare_facts([sheet(license="MIT"), ToolFacts({}, {})])
    assert [fact and fact.value for fact in table.shared[0].facts] == ["MIT", None]
