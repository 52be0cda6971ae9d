"""Each record of a file: what it must hold, and which words refuse it, at which place."""

import re
from typing import Any

import pytest

from tests.curation.files import a_file, a_review, a_tool
from tests.makers import TODAY
from verdicts.catalog import models as catalog
from verdicts.comparisons import models as comparisons
from verdicts.curation.catalog_file import parsing, schema
from verdicts.curation.catalog_file.faults import CatalogRefused

SENTENCES = re.compile(r'[\w.\[\]]+: ["A-Z0-9].*\.', re.DOTALL)
OLD = {"verdict": "ship", "quote": "Before.", "until": "2026-01-31"}


def faults_of(data: object) -> list[str]:
    return list(map(str, parsing.parse(data, TODAY)[1]))


TOOLS: dict[str, tuple[dict[str, Any], str]] = {
    "no slug": ({"slug": None}, "tools[0].slug: Enter text, not null."),
    "a number as a name": ({"name": 5}, "tools[0].name: Enter text, not 5."),
    "a blank name": ({"name": " "}, "tools[0].name: Fill this in."),
    "a long name": ({"name": "x" * 121}, "tools[0].name: This is longer than 120 characters (it has 121). Shorten it."),
    "10 MB of text": (
        {"description": "x" * 10_000_000},
        "tools[0].description: This is longer than 20,000 characters (it h",
    ),
    "a NUL": ({"description": "a\x00b"}, "tools[0].description: This contains the control character U+0000"),
    "half a character": (
        {"description": "\ud83d"},
        "tools[0].description: This contains the control character U+D83D",
    ),
    "two lines in one": ({"tagline": "a\nb"}, "tools[0].tagline: This contains the control character U+000A"),
    "an escape sequence": (
        {"slug": "\x1b[2J"},
        'tools[0].slug: "\\u001b[2J" is no slug. Enter lower-case',
    ),
    "a slug with vs": ({"slug": "a-vs-b"}, 'tools[0].slug: "a-vs-b" is no slug. The word “vs” separates'),
    "a long slug": ({"slug": "a" * 129}, 'tools[0].slug: "'),
    "an alias in capitals": (
        {"aliases": ["ok", "No"]},
        'tools[0].aliases[1]: "No" is no slug. Enter lower-case letters',
    ),
    "a key of another format": ({"price_usd": 5}, "tools[0].price_usd: This is not a key of this format. Remove it."),
    "text for a list": ({"aliases": "old"}, 'tools[0].aliases: Enter a list, not "old"'),
    "a list for a record": ({"price": []}, "tools[0].price: Enter an object with keys, not a list"),
    "a date in words": (
        {"launched_on": "May 2026"},
        'tools[0].launched_on: Enter a date such as "2026-11-22", not "M',
    ),
    "a day that never was": (
        {"launched_on": "2026-02-30"},
        'tools[0].launched_on: Enter a date such as "2026-11-22"',
    ),
    "a week's date": (
        {"launched_on": "2026-W47-7"},
        'tools[0].launched_on: Enter a date such as "2026-11-22", not "',
    ),
    "a script as a website": (
        {"website": "javascript:alert(1)"},
        "tools[0].website: Enter an address that begins wi",
    ),
    "a website without a host": ({"website": "https:///path"}, "tools[0].website: Enter an address that begins wi"),
    "a website with a space": (
        {"website": "https://a b.example"},
        "tools[0].website: Enter an address that begins w",
    ),
    "a broken website": ({"website": "https://[::1"}, "tools[0].website: Enter an address that begins with http"),
    "a long website": ({"website": "https://x/" + "y" * 500}, "tools[0].website: This is longer than 500 characters"),
    "a number as an amount": (
        {"price": {"model": "paid", "amount": 20}},
        'tools[0].price.amount: Enter an amount written as text, such as "20.00", not 20',
    ),
    "a negative amount": (
        {"price": {"amount": "-1", "currency": "USD"}},
        'tools[0].price.amount: Enter an amount such as "1000" or "20.00", not "-1"',
    ),
    "an amount without end": ({"price": {"amount": "1e9"}}, "tools[0].price.amount: Enter an amount such as"),
    "an amount in no currency": (
        {"price": {"amount": "20.00"}},
        "tools[0].price: The amount 20.00 has no currency. Enter one.",
    ),
    "a currency in words": (
        {"plans": [{"name": "Pro", "amount": "1", "currency": "dollars"}]},
        'tools[0].plans[0].currency: Enter a currency of three capital letters, such as "USD", not "dollars"',
    ),
    "a price model nobody knows": (
        {"price": {"model": "cheap"}},
        'tools[0].price.model: Enter "free", "freemium", "paid", "contact" or "unknown", not "cheap".',
    ),
    "a past price without an end": ({"price_history": [{}]}, "tools[0].price_history[0].until: Fill this in."),
    "a price that ends before it was checked": (
        {"price_history": [{"until": "2026-01-01", "checked_on": "2026-01-02"}]},
        "tools[0].price_history[0]: This ends on 2026-01-01, before it was checked on 2026-01-02",
    ),
    "a fact without a value": ({"facts": [{"key": "license"}]}, "tools[0].facts[0].value: Fill this in."),
    "an answer that is not text": (
        {"facts": [{"key": "a", "value": True}]},
        "tools[0].facts[0].value: Enter text, no",
    ),
    "a release without a version": (
        {"releases": [{"on": "2026-01-01"}]},
        "tools[0].releases[0].version: Fill this in.",
    ),
    "a verdict in between": (
        {"reviews": [a_review(), a_review("skeptic", "maybe")]},
        'tools[0].reviews[1].verdict: Enter "ship" or "skip", not "maybe".',
    ),
    "a verdict that is a list": ({"reviews": [a_review(verdict=[])]}, 'tools[0].reviews[0].verdict: Enter "ship" or'),
    "a review without words": (
        {"reviews": [{"reviewer": "builder", "verdict": "ship"}]},
        "tools[0].reviews[0].quote: Fill this in.",
    ),
    "a basis nobody knows": (
        {"reviews": [a_review(basis="guess")]},
        'tools[0].reviews[0].basis: Enter "hands-on", "do',
    ),
    "a history without an end": (
        {"reviews": [a_review(history=[{"verdict": "ship", "quote": "x"}])]},
        "tools[0].reviews[0].history[0].until: Fill this in.",
    ),
    "a history that ends before it began": (
        {"reviews": [a_review(history=[{**OLD, "reviewed_on": "2026-02-01"}])]},
        "tools[0].reviews[0].history[0]: This ends on 2026-01-31, before it was reviewed on 2026-02-01",
    ),
    "yes for true": (
        {"reviews": [a_review(history=[{**OLD, "wording_only": "yes"}])]},
        'tools[0].reviews[0].history[0].wording_only: Enter true or false, not "yes"',
    ),
    "too many aliases": (
        {"aliases": [f"a{n}" for n in range(501)]},
        "tools[0].aliases: This has more than 500 entries. Remove some.",
    ),
}


@pytest.mark.parametrize(("keys", "words"), TOOLS.values(), ids=TOOLS)
def test_a_fault_in_a_tool_is_reported_with_its_place(keys: dict[str, Any], words: str) -> None:
    [fault] = faults_of(a_file(a_tool() | keys))
    assert fault.startswith(words)
    assert SENTENCES.fullmatch(fault)


FILES: dict[str, tuple[dict[str, Any], str]] = {
    "another format": ({"format": "verdicts/2"}, 'format: Enter "verdicts-catalogue/1", not "verdicts/2"'),
    "a section nobody knows": ({"vendors": []}, "vendors: This is not a key of this format. Remove it."),
    "a section that is no list": ({"comparisons": {}}, "comparisons: Enter a list, not an object."),
    "a record that is no object": (
        {"comparisons": ["a-vs-b"]},
        'comparisons[0]: Enter an object with keys, not "a-vs',
    ),
    "a category without a name": ({"categories": [{"slug": "a"}]}, "categories[0].name: Fill this in."),
    "a reviewer of no kind": (
        {"reviewers": [{"slug": "a", "name": "A", "kind": "robot"}]},
        'reviewers[0].kind: Enter "human", "ai" or "unstated", not "robot".',
    ),
    "a taste without words": (
        {"reviewers": [{"slug": "a", "name": "A", "likes": [""]}]},
        "reviewers[0].likes[0]: Fill this in.",
    ),
    "a comparison of nothing": ({"comparisons": [{}]}, "comparisons[0].tools: Fill this in."),
    "a choice without a reason": (
        {"comparisons": [{"tools": ["a", "b"], "choose_if": [{"tool": "a"}]}]},
        "comparisons[0].choose_if[0].when: Fill this in.",
    ),
    "a long headline": (
        {"comparisons": [{"tools": [], "headline": "x" * 61}]},
        "comparisons[0].headline: This is longer tha",
    ),
}


@pytest.mark.parametrize(("sections", "words"), FILES.values(), ids=FILES)
def test_a_fault_in_a_section_is_reported_with_its_place(sections: dict[str, Any], words: str) -> None:
    [fault] = faults_of(a_file(**sections))
    assert fault.startswith(words)


@pytest.mark.parametrize("data", [[], "text", 5, None])
def test_a_file_that_is_no_object_is_refused(data: object) -> None:
    with pytest.raises(CatalogRefused, match="The file must be an object with keys, not"):
        parsing.parse(data, TODAY)


def test_a_file_without_its_format_is_refused() -> None:
    assert faults_of({}) == ["format: Fill this in."]


def test_all_faults_are_reported_at_once() -> None:
    data = a_file(a_tool(name=""), a_tool("b", reviews=[{"verdict": "no"}], price={"amount": 1}), format="x")
    assert [fault.partition(": ")[0] for fault in faults_of(data)] == [
        "format",
        "tools[0].name",
        "tools[1].price.amount",
        "tools[1].reviews[0].reviewer",
        "tools[1].reviews[0].verdict",
        "tools[1].reviews[0].quote",
    ]


def test_a_file_of_nothing_but_faults_is_not_read_to_its_end() -> None:
    assert len(faults_of(a_file(tools=[0] * 100_000))) == parsing.MAX_FAULTS_COLLECTED


def test_fifty_faults_are_printed_and_the_others_counted() -> None:
    lines = str(CatalogRefused([f"tools[{number}]: x" for number in range(60)])).splitlines()
    assert len(lines) == 51
    assert lines[-1] == "… and 10 more"


def test_a_message_shows_nothing_that_a_terminal_would_obey() -> None:
    [fault] = faults_of(a_file(a_tool(category=None, license="\x1b[2J", **{"\x1b]0;x\x07" + "y" * 500: 1})))[1:]
    assert fault.isprintable()
    assert len(fault) < 200


def longest(record: type[schema.Record], key: str) -> int:
    """Return how long a text this key may hold, found by trying."""
    sound: dict[str, Any] = {"slug": "a", "name": "a", "key": "a", "label": "a", "value": "a", "version": "a"}
    sound |= {"verdict": "ship", "quote": "a", "until": "2026-01-01", "reviewer": "a", "tool": "a", "when": "a"}
    sound |= {"tools": []}
    start = "https://a/" if key in {"source", "website"} else ""
    lengths = [40, 60, 80, 120, 128, 160, 200, 300, 500]
    given = {name: value for name, value in sound.items() if name in record.model_fields}
    fitting = [n for n in lengths if fits(record, {**given, key: start + "x" * (n - len(start))})]
    assert not fits(record, {**given, key: start + "x" * (fitting[-1] + 1 - len(start))})
    return fitting[-1]


def fits(record: type[schema.Record], data: dict[str, Any]) -> bool:
    try:
        record.model_validate(data)
    except ValueError:
        return False
    return True


@pytest.mark.parametrize(
    ("record", "model"),
    [
        (schema.Category, catalog.Category),
        (schema.CategoryFact, catalog.CategoryFact),
        (schema.Reviewer, catalog.Reviewer),
        (schema.Tool, catalog.Tool),
        (schema.Fact, catalog.ToolFact),
        (schema.Plan, catalog.Plan),
        (schema.PastPrice, catalog.PriceRecord),
        (schema.Release, catalog.Release),
        (schema.Review, catalog.Review),
        (schema.Revision, catalog.ReviewRevision),
        (schema.Comparison, comparisons.Comparison),
        (schema.ChooseIf, comparisons.ChooseIf),
    ],
)
def test_a_text_may_be_as_long_as_its_column_and_no_longer(record: type[schema.Record], model: Any) -> None:
    columns = {column.name: column.type for column in model.__table__.columns}
    bounded = {name: type_.length for name, type_ in columns.items() if getattr(type_, "length", None)}
    checked = set(record.model_fields) & set(bounded) - {"currency", "model", "period", "kind", "verdict", "basis"}
    assert {key: longest(record, key) for key in checked} == {key: bounded[key] for key in checked}


INVISIBLE = [
    "\u200b",
    "\u2060\ufeff",
    "\u00ad",
    "\u3164",
    "\u115f\u1160",
    "\u2800",
    "\u2065",
    "\ufff0",
    "\U000e0fff",
    "\u034f\ufe0f",
    "\u200e \u200f",
    "\U000e0041",
]


@pytest.mark.parametrize("text", INVISIBLE)
@pytest.mark.parametrize("record", [schema.Category, schema.Reviewer, schema.Tool, schema.Plan])
def test_a_name_that_shows_nothing_is_blank(record: type[schema.Record], text: str) -> None:
    given = {"slug": "a", "name": text} if "slug" in record.model_fields else {"name": text}
    with pytest.raises(ValueError, match="Fill this in"):
        record.model_validate(given)


@pytest.mark.parametrize("text", INVISIBLE)
def test_an_optional_text_that_shows_nothing_is_empty(text: str) -> None:
    assert schema.Tool.model_validate({"slug": "a", "name": "A", "tagline": text}).tagline == ""


@pytest.mark.parametrize("text", ["क्\u200dष", "👩\u200d💻", "می\u200cخواهم", "שלום\u200f", "e\u0301"])
def test_marks_within_words_are_kept(text: str) -> None:
    assert schema.Tool.model_validate({"slug": "a", "name": text}).name == text


@pytest.mark.parametrize("control", "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
@pytest.mark.parametrize("key", ["name", "tagline", "maker", "license", "description", "website"])
def test_what_turns_text_around_is_refused(key: str, control: str) -> None:
    with pytest.raises(ValueError, match=f"This contains U\\+{ord(control):04X}"):
        schema.Tool.model_validate({"slug": "a", "name": "A", key: f"https://a.example/{control}b"})
