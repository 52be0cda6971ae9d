"""A file goes into the database: all or nothing, and the same file twice changes nothing."""

import copy
import json
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.conftest import ON_ONE_DATABASE, StatementCount
from tests.curation.files import (
    BARE,
    REASON,
    SAMPLE,
    STARTED_IT,
    a_file,
    a_review,
    a_tool,
    explained,
    faults_of,
    import_file,
    imported,
)
from tests.makers import NOW, TODAY, make_category, make_pick, make_reviewer, make_tool
from verdicts.catalog import search
from verdicts.catalog.content_version import content_version
from verdicts.catalog.models import Category, CategoryAlias, Reviewer, ReviewerAlias, Tool, ToolSlug
from verdicts.comparisons.models import Comparison
from verdicts.curation.catalog_file import parsing
from verdicts.curation.catalog_file.faults import CatalogRefused
from verdicts.curation.transfer.exporting import export
from verdicts.curation.transfer.importing import import_catalog
from verdicts.curation.transfer.report import Count
from verdicts.extensions import db

OLD: dict[str, Any] = {"verdict": "ship", "quote": "Before.", "until": "2026-01-31"}
PROSE = {"tagline", "description", "quote"}


def tool(slug: str = "mistral-code") -> Tool:
    return db.session.scalars(sa.select(Tool).join(ToolSlug).where(ToolSlug.slug == slug)).one()


def slugs(model: Any) -> list[str]:
    return [row.slug for row in db.session.scalars(sa.select(model).order_by(model.position))]


def search_ids(text: str) -> list[int]:
    return list(db.session.scalars(sa.select(search.matching(text).c.tool_id)))


def test_a_bare_file_is_imported_as_it_is(app: Flask) -> None:
    report = import_file(BARE, NOW)
    assert (report.counts["categories"], report.counts["reviewers"], report.counts["tools"]) == (
        Count(1, 0, 0),
        Count(4, 0, 0),
        Count(2, 0, 0),
    )
    assert (report.counts["reviews"], report.counts["comparisons"]) == (Count(8, 0, 0), Count(1, 0, 0))
    smol = tool("huggingface-smolvlm2-2b")
    assert (smol.name, smol.maker, smol.license) == ("SmolVLM2-2B", "Hugging Face", "Apache-2.0")
    assert smol.published_at == NOW
    assert [(str(price.amount), price.currency, price.until) for price in smol.prices] == [("0", "USD", None)]
    assert [review.verdict for review in smol.reviews] == ["ship", "ship", "ship", "skip"]


def test_a_bare_file_twice_changes_nothing(app: Flask) -> None:
    import_file(BARE, NOW)
    db.session.commit()
    before, version = export(NOW), content_version()
    report = import_file(BARE, NOW + timedelta(days=1))
    assert not report.changed_anything
    assert report.counts["reviews"] == Count(0, 0, 8)
    assert not db.session.dirty
    assert (export(NOW), content_version()) == (before, version)


@pytest.mark.skipif(not STARTED_IT.exists(), reason=f"{STARTED_IT.name} does not lie beside the checkout")
def test_the_file_that_started_it_is_imported_too_and_the_bare_one_has_its_shape_in_words_of_our_own(
    app: Flask,
) -> None:
    report = import_file(STARTED_IT, NOW)
    assert (report.counts["tools"], report.counts["reviews"], report.counts["comparisons"]) == (
        Count(2, 0, 0),
        Count(8, 0, 0),
        Count(1, 0, 0),
    )
    db.session.commit()
    assert not import_file(STARTED_IT, NOW).changed_anything
    started_it, bare = json.loads(STARTED_IT.read_text()), json.loads(BARE.read_text())
    assert list(prose_of(bare)) == list(prose_of(started_it))
    assert not set(prose_of(bare).values()) & set(prose_of(started_it).values())
    assert without_prose(bare) == without_prose(started_it)


def prose_of(data: Any, path: str = "") -> dict[str, str]:
    """Return the sentences in a file under their places."""
    texts: dict[str, str] = {}
    for key, value in data.items() if isinstance(data, dict) else enumerate(data):
        if key in PROSE:
            texts[f"{path}.{key}"] = value
        elif isinstance(value, dict | list):
            texts |= prose_of(value, f"{path}.{key}")
    return texts


def without_prose(data: Any) -> Any:
    if isinstance(data, dict):
        return [(key, None if key in PROSE else without_prose(value)) for key, value in data.items()]
    return [without_prose(value) for value in data] if isinstance(data, list) else data


def test_the_samples_catalogue_is_imported_and_twice_changes_nothing(app: Flask) -> None:
    after_its_last_check = NOW + timedelta(days=9)
    assert import_file(SAMPLE, after_its_last_check).counts["tools"].created > 30
    db.session.commit()
    assert not import_file(SAMPLE, after_its_last_check).changed_anything


def test_an_import_that_changes_something_is_published_and_found(app: Flask) -> None:
    imported(a_file(a_tool(tagline="Writes code")))
    version = content_version()
    imported(a_file(a_tool(tagline="Explains errors")))
    assert content_version() == version + 1
    assert search_ids("explains") == [tool().id]
    assert search_ids("writes") == []


def test_a_category_with_a_new_name_is_found_under_it(app: Flask) -> None:
    imported(a_file(a_tool(category="developer-tools")))
    imported({"format": "verdicts-catalogue/1", "categories": [{"slug": "developer-tools", "name": "Coding"}]})
    assert search_ids("coding") == [tool().id]


def test_what_is_not_committed_is_not_stored(app: Flask) -> None:
    import_file(BARE, NOW)
    db.session.rollback()
    assert slugs(Category) == slugs(Reviewer) == []
    assert db.session.scalars(sa.select(Tool)).all() == []


@ON_ONE_DATABASE
def test_the_report_says_what_changed_in_words(app: Flask) -> None:
    imported(a_file(a_tool(reviews=[a_review()])))
    data = a_file(a_tool(name="New name", website="https://x.example", reviews=[a_review(verdict="skip")]), a_tool("b"))
    data["comparisons"] = [{"tools": ["b", "mistral-code"]}]
    report = imported(explained(data))
    assert report.changes == (
        'tool Mistral-Code ("mistral-code"): name, website',
        'new tool B ("b")',
        'review of New name ("mistral-code") by The Builder ("builder"): verdict, history',
        'new comparison of B ("b"), New name ("mistral-code")',
    )
    assert [list(each.lines)[1:] for each in report.records] == [
        ['  name: "Mistral-Code" → "New name"', '  website: nothing → "https://x.example"'],
        [],
        ['  verdict: "ship" → "skip"', f'  history: nothing → "ship, until {TODAY}. {REASON}"'],
        [],
    ]


def test_an_absent_key_leaves_what_is_stored(app: Flask) -> None:
    everything: dict[str, Any] = {
        "aliases": ["le-code"],
        "tagline": "T",
        "category": "developer-tools",
        "description": "D",
        "website": "https://x.example",
        "maker": "M",
        "license": "L",
        "launched_on": "2026-01-01",
        "price": {"model": "paid", "amount": "20.00", "currency": "EUR", "period": "month"},
        "plans": [{"name": "Pro"}],
        "facts": [{"key": "license", "value": "MIT"}],
        "releases": [{"version": "1.10"}],
        "reviews": [a_review(basis="hands-on", conflict="Owns shares.", reviewed_on="2026-01-01", tool_version="1.0")],
    }
    data = a_file(a_tool(**everything), a_tool("b"))
    data["comparisons"] = [{"tools": ["mistral-code", "b"], "headline": "H", "bottom_line": "B", "featured": True}]
    imported(data)
    before = export(NOW)
    sparse = a_file(a_tool(reviews=[a_review()]), comparisons=[{"tools": ["b", "mistral-code"]}])
    for section in ("categories", "reviewers"):
        sparse[section] = [{"slug": record["slug"], "name": record["name"]} for record in sparse[section]]
    report = imported(sparse)
    assert report.changes == ('comparison of B ("b"), Mistral-Code ("mistral-code"): tools',)
    assert export(NOW).replace('"b",\n        "mistral-code"', '"mistral-code",\n        "b"') == before


def test_a_key_that_states_nothing_empties_what_is_stored(app: Flask) -> None:
    imported(a_file(a_tool(website="https://x.example", category="developer-tools", plans=[{"name": "Pro"}])))
    imported(a_file(a_tool(website=None, category=None, plans=[])))
    assert (tool().website, tool().category, tool().plans) == (None, None, [])


def test_facts_plans_and_releases_become_those_of_the_file(app: Flask) -> None:
    facts = [{"key": "license", "label": "License"}, {"key": "size", "label": "Size"}]
    categories = [{"slug": "developer-tools", "name": "Developer Tools", "facts": facts}]

    def file(fact: str, plans: list[str], releases: list[str]) -> dict[str, Any]:
        return a_file(
            a_tool(
                category="developer-tools",
                facts=[{"key": fact, "value": "yes"}],
                plans=[{"name": name} for name in plans],
                releases=[{"version": version} for version in releases],
            ),
            categories=categories,
        )

    imported(file("license", ["Free", "Pro"], ["1.0"]))
    report = imported(file("size", ["Team", "Free"], ["1.1", "1.0"]))
    assert report.changes == ('tool Mistral-Code ("mistral-code"): plans, facts, releases',)
    assert [fact.key for fact in tool().facts] == ["size"]
    assert [plan.name for plan in tool().plans] == ["Team", "Free"]
    assert [release.version for release in tool().releases] == ["1.1", "1.0"]


def test_aliases_are_only_added(app: Flask) -> None:
    imported(a_file(a_tool(aliases=["le-code"])))
    imported(a_file(a_tool(aliases=["code-mistral"])))
    imported(a_file(a_tool(aliases=[])))
    assert tool().aliases == ["le-code", "code-mistral"]


def test_a_record_under_an_alias_means_the_tool_it_leads_to(app: Flask) -> None:
    imported(a_file(a_tool(aliases=["le-code"])))
    report = imported(a_file(a_tool("le-code", aliases=["mistral-code"], tagline="New")))
    assert (report.counts["tools"], tool().slug, tool().tagline) == (Count(0, 1, 0), "mistral-code", "New")


def test_references_may_use_aliases(app: Flask) -> None:
    imported(a_file(a_tool(aliases=["le-code"]), a_tool("b", aliases=["old-b"])))
    lines = [{"tool": "old-b", "when": "you like old names"}]
    imported(a_file(a_tool("b"), comparisons=[{"tools": ["le-code", "old-b"], "choose_if": lines}]))
    [comparison] = db.session.scalars(sa.select(Comparison))
    assert [member.tool.slug for member in comparison.members] == ["mistral-code", "b"]
    assert [line.tool.slug for line in comparison.choose_if] == ["b"]


def test_what_the_file_leaves_out_is_left_alone(app: Flask) -> None:
    imported(a_file(a_tool("a", reviews=[a_review("builder"), a_review("skeptic")]), a_tool("b")))
    report = imported(a_file(a_tool("a", reviews=[a_review("skeptic")]), categories=[], reviewers=[]))
    assert not report.changed_anything
    assert [review.reviewer.slug for review in tool("a").reviews] == ["builder", "skeptic"]


def test_file_order_becomes_display_order(app: Flask) -> None:
    imported(a_file(a_tool("c", reviews=[a_review("skeptic"), a_review("builder")]), a_tool("a"), a_tool("b")))
    tools = sa.select(Tool).order_by(Tool.position)
    assert [tool.slug for tool in db.session.scalars(tools)] == ["c", "a", "b"]
    assert [review.reviewer.slug for review in tool("c").reviews] == ["skeptic", "builder"]
    report = imported(a_file(a_tool("a"), a_tool("b"), a_tool("c")))
    assert report.changes == ('tool A ("a"): order', 'tool B ("b"): order', 'tool C ("c"): order')
    assert [tool.slug for tool in db.session.scalars(tools)] == ["a", "b", "c"]


def test_a_file_of_some_tools_orders_them_among_their_own_places(app: Flask) -> None:
    imported(a_file(*map(a_tool, "abcd")))
    part = a_file(a_tool("new"), a_tool("d"), a_tool("b"))
    imported(part)
    assert [tool.slug for tool in db.session.scalars(sa.select(Tool).order_by(Tool.position))] == [
        "a",
        "new",
        "c",
        "d",
        "b",
    ]
    assert not imported(part).changed_anything


CROSS: dict[str, tuple[dict[str, Any], list[str]]] = {
    "two tools of one slug": (
        a_file(a_tool("a"), a_tool("a")),
        ['tools[1].slug: "a" is given already. Remove one. See tools[0].slug.'],
    ),
    "an alias that is a tool": (
        a_file(a_tool("a"), a_tool("b", aliases=["c", "a"])),
        ['tools[1].aliases[1]: "a" is given already. Remove one. See tools[0].slug.'],
    ),
    "two categories of one slug": (
        a_file(categories=[{"slug": "a", "name": "A"}, {"slug": "a", "name": "B"}]),
        ['categories[1].slug: "a" is given already. Remove one. See categories[0].slug.'],
    ),
    "two reviewers of one slug": (
        a_file(reviewers=[{"slug": "a", "name": "A"}, {"slug": "a", "name": "B"}]),
        ['reviewers[1].slug: "a" is given already. Remove one. See reviewers[0].slug.'],
    ),
    "a fact asked for twice": (
        a_file(categories=[{"slug": "a", "name": "A", "facts": [{"key": "k", "label": "K"}] * 2}]),
        ['categories[0].facts[1].key: "k" is given already. Remove one. See categories[0].facts[0].key.'],
    ),
    "an unknown category": (
        a_file(a_tool(category="toys")),
        ['tools[0].category: There is no category "toys". Choose one that exists.'],
    ),
    "an unknown reviewer": (
        a_file(a_tool(reviews=[a_review("nobody")])),
        ['tools[0].reviews[0].reviewer: There is no reviewer "nobody". Choose one that exists.'],
    ),
    "a fact nobody asked for": (
        a_file(a_tool(category="developer-tools", facts=[{"key": "color", "value": "red"}])),
        ['tools[0].facts[0].key: The category "developer-tools" has no fact "color". Remove it.'],
    ),
    "a fact without a category": (
        a_file(a_tool(facts=[{"key": "license", "value": "MIT"}])),
        ['tools[0].facts[0].key: A tool without a category has no fact "license". Remove it.'],
    ),
    "one reviewer twice": (
        a_file(a_tool(reviews=[a_review(), a_review()])),
        ['tools[0].reviews[1].reviewer: "builder" is given already. Remove one. See tools[0].reviews[0].reviewer.'],
    ),
    "a fact, a plan and a release twice": (
        a_file(
            a_tool(
                category="developer-tools",
                facts=[{"key": "license", "value": "MIT"}] * 2,
                plans=[{"name": "Pro"}] * 2,
                releases=[{"version": "1"}] * 2,
            )
        ),
        [
            'tools[0].plans[1].name: "Pro" is given already. Remove one. See tools[0].plans[0].name.',
            'tools[0].facts[1].key: "license" is given already. Remove one. See tools[0].facts[0].key.',
            'tools[0].releases[1].version: "1" is given already. Remove one. See tools[0].releases[0].version.',
        ],
    ),
    "histories out of order": (
        a_file(
            a_tool(
                price_history=[{"until": "2026-02-01"}, {"until": "2026-01-01"}],
                reviews=[a_review(history=[{"verdict": "ship", "quote": "Q", "until": "2026-01-01"}] * 2)],
            )
        ),
        [
            "tools[0].price_history[1].until: 2026-01-01 is before 2026-02-01 of the entry above."
            " Put the oldest entry first.",
            "tools[0].reviews[0].history[1]: This says the same as the entry before it. Remove it.",
        ],
    ),
    "comparisons of one tool and of five": (
        a_file(*map(a_tool, "abcde"), comparisons=[{"tools": ["a"]}, {"tools": list("abcde")}]),
        ["comparisons[0].tools: Enter 2 to 4 tools, not 1.", "comparisons[1].tools: Enter 2 to 4 tools, not 5."],
    ),
    "a tool beside itself": (
        a_file(a_tool("a", aliases=["old-a"]), comparisons=[{"tools": ["a", "old-a"]}]),
        ['comparisons[0].tools[1]: "a" is given already. Remove one. See comparisons[0].tools[0].'],
    ),
    "the same tools compared twice": (
        a_file(a_tool("a"), a_tool("b"), comparisons=[{"tools": ["a", "b"]}, {"tools": ["b", "a"]}]),
        ["comparisons[1].tools: These tools are compared already. Choose others. See comparisons[0]."],
    ),
    "unknown tools": (
        a_file(
            a_tool("a"), comparisons=[{"tools": ["a", "x"], "choose_if": [{"tool": "y", "when": "you like letters"}]}]
        ),
        [
            'comparisons[0].tools[1]: There is no tool "x". Choose one that exists.',
            'comparisons[0].choose_if[0].tool: There is no tool "y". Choose one that exists.',
        ],
    ),
    "a choice that is not offered": (
        a_file(
            *map(a_tool, "abc"),
            comparisons=[{"tools": ["a", "b"], "choose_if": [{"tool": "c", "when": "you like letters"}]}],
        ),
        ["comparisons[0].choose_if[0].tool: This is not one of the tools compared here. Choose one of them."],
    ),
    "a broken record that others refer to": (
        a_file(
            a_tool("a", name=5),
            a_tool("b", category="x"),
            comparisons=[{"tools": ["a", "b"]}],
            categories=[{"slug": "x"}],
        ),
        ["categories[0].name: Fill this in.", "tools[0].name: Enter text, not 5."],
    ),
}


BROKEN: dict[str, tuple[dict[str, Any], list[str]]] = {
    "a reviewer beside a verdict": (
        a_file(a_tool(reviews=[a_review("nobody", "maybe"), a_review("skeptic"), a_review("skeptic")])),
        [
            'tools[0].reviews[0].verdict: Enter "ship" or "skip", not "maybe".',
            'tools[0].reviews[0].reviewer: There is no reviewer "nobody". Choose one that exists.',
            'tools[0].reviews[2].reviewer: "skeptic" is given already. Remove one. See tools[0].reviews[1].reviewer.',
        ],
    ),
    "a category beside a name": (
        a_file(a_tool(name=5, category="toys", facts=[{"key": "color", "value": "red"}])),
        [
            "tools[0].name: Enter text, not 5.",
            'tools[0].category: There is no category "toys". Choose one that exists.',
        ],
    ),
    "a fact beside a name": (
        a_file(a_tool(name=5, category="developer-tools", facts=[{"key": "color", "value": "red"}])),
        [
            "tools[0].name: Enter text, not 5.",
            'tools[0].facts[0].key: The category "developer-tools" has no fact "color". Remove it.',
        ],
    ),
    "a fact beside its own value": (
        a_file(a_tool(facts=[{"key": "color", "value": 5}])),
        [
            "tools[0].facts[0].value: Enter text, not 5.",
            'tools[0].facts[0].key: A tool without a category has no fact "color". Remove it.',
        ],
    ),
    "a fact of a category that can be read though it is broken": (
        a_file(
            a_tool(category="x", facts=[{"key": "color", "value": "red"}, {"key": "size", "value": "5"}]),
            categories=[{"slug": "x", "facts": [{"key": "size"}]}],
        ),
        [
            "categories[0].name: Fill this in.",
            "categories[0].facts[0].label: Fill this in.",
            'tools[0].facts[0].key: The category "x" has no fact "color". Remove it.',
        ],
    ),
    "tools beside a headline": (
        a_file(
            a_tool("a"),
            comparisons=[{"tools": ["a", "x"], "headline": 5, "choose_if": [{"tool": "y", "when": ""}]}],
        ),
        [
            "comparisons[0].headline: Enter text, not 5.",
            "comparisons[0].choose_if[0].when: Fill this in.",
            'comparisons[0].tools[1]: There is no tool "x". Choose one that exists.',
            'comparisons[0].choose_if[0].tool: There is no tool "y". Choose one that exists.',
        ],
    ),
    "an alias of a broken tool beside the tool": (
        a_file(a_tool("a", name=5, aliases=["old-a"]), comparisons=[{"tools": ["a", "old-a"]}]),
        [
            "tools[0].name: Enter text, not 5.",
            'comparisons[0].tools[1]: "a" is given already. Remove one. See comparisons[0].tools[0].',
        ],
    ),
}

FOLLOWING: dict[str, tuple[dict[str, Any], list[str]]] = {
    "a slug that cannot be": (
        a_file(a_tool("A"), a_tool("b"), comparisons=[{"tools": ["A", "b"]}]),
        ['tools[0].slug: "A" is no slug. Enter lower-case letters a to z, digits, and single hyphens between them.'],
    ),
    "references of no kind": (
        a_file(a_tool("a", category=5, facts=[{"key": "k", "value": "v"}], reviews=[a_review(reviewer=5)])),
        ["tools[0].category: Enter text, not 5.", "tools[0].reviews[0].reviewer: Enter text, not 5."],
    ),
    "a key that cannot be": (
        a_file(a_tool(category="developer-tools", facts=[{"key": " ", "value": "v"}])),
        ["tools[0].facts[0].key: Fill this in."],
    ),
    "a comparison of what is no text": (
        a_file(*map(a_tool, "abc"), comparisons=[{"tools": ["a", 5], "choose_if": [{"tool": "c", "when": "red"}]}]),
        ["comparisons[0].tools[1]: Enter text, not 5."],
    ),
    "a comparison without tools": (
        a_file(a_tool("a"), comparisons=[{"choose_if": [{"tool": "a", "when": "red"}]}]),
        ["comparisons[0].tools: Fill this in."],
    ),
    "a section that cannot be read": (
        a_file(a_tool("a", category="x"), categories={"x": {}}),
        ["categories: Enter a list, not an object."],
    ),
    "a record that cannot be told by its slug": (
        a_file(a_tool("a", reviews=[a_review("builder")]), reviewers=[{"name": "The Builder"}]),
        ["reviewers[0].slug: Fill this in."],
    ),
    "a tool that may be a stored one": (
        a_file({"name": "A", "facts": [{"key": "license", "value": "MIT"}]}),
        ["tools[0].slug: Fill this in."],
    ),
}


@pytest.mark.parametrize(("data", "faults"), BROKEN.values(), ids=BROKEN)
@ON_ONE_DATABASE
def test_one_fault_in_a_record_does_not_hide_another(app: Flask, data: dict[str, Any], faults: list[str]) -> None:
    assert list(faults_of(data)) == faults


@pytest.mark.parametrize(("data", "faults"), FOLLOWING.values(), ids=FOLLOWING)
@ON_ONE_DATABASE
def test_what_only_follows_from_a_fault_is_not_reported(app: Flask, data: dict[str, Any], faults: list[str]) -> None:
    assert list(faults_of(data)) == faults


@pytest.mark.parametrize(("data", "faults"), CROSS.values(), ids=CROSS)
@ON_ONE_DATABASE
def test_faults_between_records_are_reported_with_their_places_and_nothing_is_stored(
    app: Flask, data: dict[str, Any], faults: list[str]
) -> None:
    assert list(faults_of(data)) == faults


TOMORROW, DAY_AFTER = "2026-11-23", "2026-11-24"

PAST_DATES: dict[str, tuple[dict[str, Any], str]] = {
    "a price": ({"price": {"checked_on": ...}}, "price.checked_on"),
    "a past price's check": (
        {"price_history": [{"checked_on": ..., "until": "2099-01-01"}]},
        "price_history[0].checked_on",
    ),
    "a past price's end": ({"price_history": [{"until": ...}]}, "price_history[0].until"),
    "a plan": ({"plans": [{"name": "Pro", "checked_on": ...}]}, "plans[0].checked_on"),
    "a fact": ({"facts": [{"key": "license", "value": "MIT", "checked_on": ...}]}, "facts[0].checked_on"),
    "a review": ({"reviews": [a_review(reviewed_on=...)]}, "reviews[0].reviewed_on"),
    "a past review": (
        {"reviews": [a_review(history=[OLD | {"reviewed_on": ..., "until": "2099-01-01"}])]},
        "reviews[0].history[0].reviewed_on",
    ),
    "a past review's end": ({"reviews": [a_review(history=[OLD | {"until": ...}])]}, "reviews[0].history[0].until"),
}


def dated(value: Any, day: str) -> Any:
    """Return a record with this day at every place that is left open."""
    if isinstance(value, dict):
        return {key: dated(item, day) for key, item in value.items()}
    if isinstance(value, list):
        return [dated(item, day) for item in value]
    return day if value is ... else value


@pytest.mark.parametrize(("keys", "place"), PAST_DATES.values(), ids=PAST_DATES)
@ON_ONE_DATABASE
def test_what_was_checked_or_said_is_not_dated_in_the_future_but_for_a_days_grace(
    app: Flask, keys: dict[str, Any], place: str
) -> None:
    tool = a_tool(category="developer-tools", **keys)
    assert f"tools[0].{place}: {DAY_AFTER} is in the future. Enter an earlier date." in faults_of(
        a_file(dated(tool, DAY_AFTER))
    )
    assert f"tools[0].{place}: 2099-01-01 is in the future. Enter an earlier date." in faults_of(
        a_file(dated(tool, "2099-01-01"))
    )
    assert not [fault for fault in parsing.parse(a_file(dated(tool, TOMORROW)), TODAY)[1] if place in str(fault)]


def test_a_launch_and_a_release_may_lie_in_the_future(app: Flask) -> None:
    imported(a_file(a_tool(launched_on="2027-03-01", releases=[{"version": "2.0", "on": "2027-03-01"}])))
    assert (tool().launched_on, tool().releases[0].on) == (date(2027, 3, 1), date(2027, 3, 1))


STORED: dict[str, tuple[dict[str, Any], list[str]]] = {
    "two records for one stored tool": (
        a_file(a_tool("a"), a_tool("old-a")),
        ['tools[1].slug: This leads to the same tool as tools[0], "a". Remove one.'],
    ),
    "an alias of another stored tool": (
        a_file(a_tool("new", aliases=["old-a", "b"])),
        [
            'tools[0].aliases[0]: "old-a" leads to A already. Choose another.',
            'tools[0].aliases[1]: "b" leads to B already. Choose another.',
        ],
    ),
    "a fact that the stored category does not ask for": (
        {"format": "verdicts-catalogue/1", "tools": [a_tool("a", facts=[{"key": "color", "value": "red"}])]},
        ['tools[0].facts[0].key: The category "developer-tools" has no fact "color". Remove it.'],
    ),
    "a stored tool beside itself": (
        a_file(comparisons=[{"tools": ["a", "old-a"]}]),
        ['comparisons[0].tools[1]: "a" is given already. Remove one. See comparisons[0].tools[0].'],
    ),
}


@pytest.mark.parametrize(("data", "faults"), STORED.values(), ids=STORED)
@ON_ONE_DATABASE
def test_faults_against_what_is_stored_are_reported_too(app: Flask, data: dict[str, Any], faults: list[str]) -> None:
    imported(a_file(a_tool("a", aliases=["old-a"], category="developer-tools"), a_tool("b")))
    assert list(faults_of(data)) == faults


def test_a_file_may_refer_to_what_is_stored_only(app: Flask) -> None:
    imported(a_file(a_tool("a")))
    data = {
        "format": "verdicts-catalogue/1",
        "tools": [
            a_tool("b", category="developer-tools", facts=[{"key": "license", "value": "MIT"}], reviews=[a_review()])
        ],
        "comparisons": [{"tools": ["b", "a"]}],
    }
    assert imported(data).counts["tools"] == Count(1, 0, 0)


def test_one_fault_among_many_sound_records_stores_none_of_them(app: Flask) -> None:
    data = json.loads(BARE.read_text())
    data["tools"][1]["reviews"][3]["verdict"] = "maybe"
    assert faults_of(data) == ('tools[1].reviews[3].verdict: Enter "ship" or "skip", not "maybe".',)


def test_what_a_file_knows_by_another_name_is_named_by_both(app: Flask) -> None:
    make_category("coding", former_slugs=[CategoryAlias(slug="developer-tools")])
    make_reviewer("maker", former_slugs=[ReviewerAlias(slug="builder")])
    make_tool("ex-keep", aliases=("ex-drop",))
    data = a_file(a_tool("ex-drop", tagline="Small.", reviews=[a_review()]), a_tool("wren"))
    report = imported(data | {"comparisons": [{"tools": ["ex-drop", "wren"]}]})
    assert report.changes == (
        'category Coding ("coding", named "developer-tools" in the file): name, facts',
        'reviewer The Maker ("maker", named "builder" in the file): name',
        'new reviewer The Skeptic ("skeptic")',
        'tool Ex Keep ("ex-keep", named "ex-drop" in the file): name, tagline',
        'new tool Wren ("wren")',
        'new review of Ex-Drop ("ex-keep", named "ex-drop" in the file) '
        'by The Builder ("maker", named "builder" in the file)',
        'new comparison of Ex-Drop ("ex-keep", named "ex-drop" in the file), Wren ("wren")',
    )


@pytest.mark.parametrize("count", [3, 40])
def test_an_unchanged_import_takes_a_fixed_number_of_statements(
    app: Flask, statements: StatementCount, count: int
) -> None:
    data = a_file(*(a_tool(f"t{n}", reviews=[a_review()], price={"model": "free"}) for n in range(count)))
    data["comparisons"] = [{"tools": [f"t{n}", f"t{n + 1}"]} for n in range(count - 1)]
    imported(copy.deepcopy(data))
    db.session.expunge_all()
    before = len(statements)
    import_catalog(data, NOW)
    assert len(statements) - before == 17


# Picks of categories


def picks_of(slug: str) -> list[tuple[str, str, str | None]]:
    db.session.expire_all()
    row = db.session.scalars(sa.select(Category).where(Category.slug == slug)).one()
    return [(pick.need, pick.tool.slug, pick.runner_up.slug if pick.runner_up else None) for pick in row.picks]


def test_picks_name_tools_of_the_same_file_by_any_of_their_slugs(app: Flask) -> None:
    picks = [{"need": "speed", "tool": "b", "runner_up": "old-a"}, {"need": "peace", "tool": "a"}]
    data = a_file(a_tool("a", aliases=["old-a"]), a_tool("b"))
    data["categories"] = [*data.get("categories", []), {"slug": "editors", "name": "Editors", "picks": picks}]
    imported(copy.deepcopy(data))
    assert picks_of("editors") == [("speed", "b", "a"), ("peace", "a", None)]
    assert not imported(copy.deepcopy(data)).changed_anything
    picks[:] = [{"need": "peace", "tool": "b"}]
    assert imported(data).changes == ('category Editors ("editors"): picks',)
    assert picks_of("editors") == [("peace", "b", None)]


@ON_ONE_DATABASE
def test_a_file_without_picks_leaves_those_that_are_stored(app: Flask) -> None:
    make_pick(make_category("editors", name="Editors"), "speed", make_tool("a"))
    imported({"format": "verdicts-catalogue/1", "categories": [{"slug": "editors", "name": "Editors"}]})
    assert picks_of("editors") == [("speed", "a", None)]


@ON_ONE_DATABASE
def test_a_pick_names_two_tools_that_exist_and_each_need_once(app: Flask) -> None:
    picks = [
        {"need": "speed", "tool": "a", "runner_up": "a"},
        {"need": "speed", "tool": "nothing", "runner_up": "b"},
    ]
    data = a_file(a_tool("a"))
    data["categories"] = [*data.get("categories", []), {"slug": "editors", "name": "Editors", "picks": picks}]
    last = len(data["categories"]) - 1
    with pytest.raises(CatalogRefused) as refused:
        imported(data)
    assert [fault.partition(".")[2] for fault in refused.value.faults] == [
        f'picks[1].need: "speed" is given already. Remove one. See categories[{last}].picks[0].need.',
        'picks[1].tool: There is no tool "nothing". Choose one that exists.',
        'picks[1].runner_up: There is no tool "b". Choose one that exists.',
        "picks[0].runner_up: This is the pick itself. Choose another tool.",
    ]


def test_a_successor_may_come_later_in_the_file_and_a_change_of_status_is_reported(app: Flask) -> None:
    imported(a_file(a_tool("a"), a_tool("b")))
    ended = a_file(a_tool("a", status={"state": "renamed", "on": "2026-05-04", "successor": "b"}), a_tool("b"))
    report = imported(ended)
    assert [str(change) for record in report.records for change in record.fields] == [
        'status state: nothing → "renamed"',
        'status on: nothing → "2026-05-04"',
        'status successor: nothing → "b"',
    ]
    assert not imported(ended).changed_anything


def test_a_successor_is_another_tool_that_exists(app: Flask) -> None:
    faults = faults_of(
        a_file(a_tool("a", status={"state": "renamed", "successor": "a"}), a_tool("b", status={"successor": "c"}))
    )
    assert sorted(faults) == [
        "tools[0].status.successor: This is the tool itself. Choose another tool.",
        'tools[1].status.successor: There is no tool "c". Choose one that exists.',
        "tools[1].status: A tool that is active has no end and no successor. Choose another state, or remove them.",
    ]
