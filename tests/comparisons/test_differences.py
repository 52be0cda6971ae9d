"""Which facts tell tools apart."""

from verdicts.catalog.queries import Fact, ToolFacts
from verdicts.comparisons.differences import compare_facts

LABELS = {"license": "Licence", "offline": "Works offline"}


def sheet(**values: str) -> ToolFacts:
    return ToolFacts(LABELS, {key: Fact(LABELS[key], value, None, None) for key, value in values.items()})


def rows(*sheets: ToolFacts) -> dict[str, list[str]]:
    """Return the labels of the facts that differ, are shared, are known of some tools and of none."""
    return {name: [row.label for row in each] for name, each in vars(compare_facts(sheets)).items() if each}


def test_equal_values_are_shared_and_unequal_ones_differ() -> None:
    first, second = sheet(license="MIT", offline="Yes"), sheet(license="MIT", offline="No")
    assert rows(first, second) == {"differing": ["Works offline"], "shared": ["Licence"]}


def test_a_fact_known_of_one_tool_only_is_no_difference_and_not_shared() -> None:
    assert rows(sheet(license="MIT", offline="Yes"), sheet(license="MIT")) == {
        "shared": ["Licence"],
        "partial": ["Works offline"],
    }


def test_facts_that_nobody_has_checked_stand_apart() -> None:
    assert rows(sheet(), sheet(license="MIT")) == {"partial": ["Licence"], "unknown": ["Works offline"]}


def test_sources_and_dates_make_no_difference() -> None:
    other = ToolFacts(LABELS, {"license": Fact("Licence", "MIT", "https://example.org/", None)})
    assert rows(sheet(license="MIT"), other) == {"shared": ["Licence"], "unknown": ["Works offline"]}


def test_a_third_tool_that_differs_is_enough() -> None:
    assert rows(sheet(license="MIT"), sheet(license="MIT"), sheet(license="GPL"))["differing"] == ["Licence"]


def test_facts_of_several_kinds_stand_below_each_other_once() -> None:
    other = ToolFacts({"context": "Context", "license": "License"}, {})
    assert rows(sheet(license="MIT"), other) == {"partial": ["Licence"], "unknown": ["Works offline", "Context"]}


def test_a_fact_that_one_kind_does_not_ask_for_is_unknown_there() -> None:
    table = compare_facts([sheet(license="MIT"), ToolFacts({}, {})])
    assert [fact and fact.value for fact in table.partial[0].facts] == ["MIT", None]


def test_neighbours_of_one_value_share_a_cell() -> None:
    (row,) = compare_facts([sheet(offline=value) for value in ("No", "No", "Yes", "No")]).differing
    assert [([place for place, _ in cell.facts], cell.value) for cell in row.cells] == [
        ([0, 1], "No"),
        ([2], "Yes"),
        ([3], "No"),
    ]


def test_a_shared_cell_says_whose_fact_was_checked_and_whose_was_not() -> None:
    checked = ToolFacts(LABELS, {"license": Fact("Licence", "MIT", "https://example.org/", None)})
    row = compare_facts([checked, sheet(license="MIT"), sheet()]).partial[0]
    assert [place for place, _ in row.whole.checked] == [0]
    assert (row.whole.unverified, row.whole.unknown) == ([1], [2])
