"""Export, then import into an empty database, then export: the same bytes."""

import json
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
import yaml
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import StatementCount, example_count
from tests.curation.files import BARE, SAMPLE, Json, a_file, a_review, a_tool, explained, import_file, imported
from tests.makers import (
    NOW,
    TODAY,
    make_category,
    make_comparison,
    make_pick,
    make_price,
    make_review,
    make_reviewer,
    make_tool,
)
from verdicts.catalog.models import Tool
from verdicts.curation.transfer import exporting
from verdicts.curation.transfer.exporting import export
from verdicts.curation.transfer.importing import import_catalog
from verdicts.extensions import db
from verdicts.texts import is_blank

LATER = NOW + timedelta(days=9)

EVERYTHING: Json = {
    "format": "verdicts-catalogue/1",
    "categories": [
        {
            "slug": "developer-tools",
            "name": "Developer Tools",
            "description": "For **makers**.\n\nAnd others.",
            "facts": [{"key": "license", "label": "License"}, {"key": "size", "label": "Größe 🐘"}],
            "picks": [
                {
                    "need": "work without a network",
                    "tool": "mistral-code",
                    "runner_up": "other",
                    "skip_if": "you need “everything”",
                    "picked_on": "2026-11-20",
                },
                {"need": "the rest", "tool": "other"},
            ],
        }
    ],
    "reviewers": [
        {
            "slug": "builder",
            "name": "The Builder",
            "kind": "ai",
            "motto": "Would I?",
            "bio": "A sample.",
            "likes": ["Tests", "“Quotes”"],
            "dislikes": ["Noise"],
        }
    ],
    "tools": [
        {
            "slug": "mistral-code",
            "aliases": ["le-code", "code"],
            "status": {"state": "retired", "on": "2027-03-01", "successor": "other"},
            "synonyms": ["pair programmer", "コード補完"],
            "name": "Mistral Code",
            "tagline": "Writes code",
            "category": "developer-tools",
            "description": "Tabs\tand\r\nlines",
            "website": "https://mistral.example/code?a=1#b",
            "maker": "Mistral AI",
            "license": "MIT",
            "launched_on": "2025-06-04",
            "price": {
                "model": "paid",
                "amount": "20.00",
                "currency": "EUR",
                "period": "month",
                "checked_on": "2026-11-01",
                "source": "https://mistral.example/pricing",
            },
            "price_history": [
                {"model": "free", "amount": "0", "until": "2025-12-01"},
                {"model": "paid", "amount": "14.9", "currency": "EUR", "until": "2026-05-01", "reason": "Announced."},
            ],
            "plans": [
                {
                    "name": "Pro",
                    "amount": "20.00",
                    "currency": "EUR",
                    "period": "month",
                    "per": "seat",
                    "limit": "500 requests a day",
                    "source": "https://mistral.example/pricing",
                    "checked_on": "2026-11-01",
                },
                {"name": "Free"},
            ],
            "facts": [
                {"key": "size", "value": "32B", "source": "https://mistral.example", "checked_on": "2026-11-01"},
                {"key": "license", "value": "unstated"},
            ],
            "releases": [{"version": "1.10", "on": "2026-10-01"}, {"version": "1.9"}],
            "reviews": [
                {
                    "reviewer": "builder",
                    "verdict": "skip",
                    "quote": '  It *works* — 日本語 \\ "quoted"\n',
                    "reviewed_on": "2026-11-02",
                    "tool_version": "1.10",
                    "basis": "hands-on",
                    "conflict": "Knows the makers.",
                    "history": [
                        {
                            "verdict": "ship",
                            "quote": "It wroks.",
                            "until": "2026-10-01",
                            "reason": "A typo.",
                            "wording_only": True,
                        },
                        {"verdict": "ship", "quote": "It works.", "reviewed_on": "2026-09-01", "until": "2026-11-02"},
                    ],
                }
            ],
        },
        {"slug": "other", "name": "Other"},
    ],
    "comparisons": [
        {
            "tools": ["other", "mistral-code"],
            "headline": "Code or other",
            "bottom_line": "It **depends**.",
            "choose_if": [
                {"tool": "mistral-code", "when": "you write code"},
                {"tool": "mistral-code", "when": "you read it"},
                {"tool": "other", "when": "you do not"},
            ],
            "featured": True,
        }
    ],
}


def in_an_empty_database(text: str) -> str:
    """Return the export after importing a file into this database, and leave the database as it was."""
    import_catalog(json.loads(text), LATER)
    again = export(LATER)
    db.session.rollback()
    db.session.expunge_all()
    return again


@pytest.mark.parametrize("batch", [1, exporting.BATCH])
def test_an_export_has_every_key_in_the_formats_order(app: Flask, monkeypatch: pytest.MonkeyPatch, batch: int) -> None:
    monkeypatch.setattr(exporting, "BATCH", batch)
    imported(EVERYTHING)
    assert export(NOW) == json.dumps(EVERYTHING, indent=2, ensure_ascii=False) + "\n"
    assert export(NOW, as_yaml=True) == yaml.dump(EVERYTHING, sort_keys=False, allow_unicode=True, width=120)


def test_keys_that_would_hold_their_default_are_left_out(app: Flask) -> None:
    nothing = {"website": None, "tagline": "", "aliases": [], "price": {"model": "unknown", "amount": None}}
    review = a_review(basis="unstated", reviewed_on=None, history=[])
    imported(a_file(a_tool(**nothing, reviews=[review]), categories=[], comparisons=[]))
    assert json.loads(export(NOW))["tools"] == [a_tool(price={"model": "unknown"}, reviews=[a_review()])]


def test_an_empty_database_is_a_file_of_its_format_only(app: Flask) -> None:
    assert export(NOW) == '{\n  "format": "verdicts-catalogue/1"\n}\n'


@pytest.mark.parametrize("path", [BARE, SAMPLE], ids=["bare", "sample"])
def test_real_files_come_back_with_the_same_bytes(app: Flask, path: Any) -> None:
    import_file(path, LATER)
    first = export(LATER)
    db.session.rollback()
    assert in_an_empty_database(first) == first


def test_histories_that_grew_come_back_with_the_same_bytes(app: Flask) -> None:
    def file(verdict: str, amount: str, reviewed_on: str | None) -> Json:
        price = {"model": "paid", "amount": amount, "currency": "USD"}
        return a_file(a_tool(price=price, reviews=[a_review(verdict=verdict, reviewed_on=reviewed_on)]))

    states = [
        ("ship", "20.00", None),
        ("skip", "25", "2026-10-01"),
        ("ship", "20.00", "2026-09-01"),
        ("skip", "0", None),
    ]
    for days, state in enumerate(states):
        import_catalog(explained(file(*state), TODAY + timedelta(days=days)), NOW + timedelta(days=days))
    first = export(NOW)
    db.session.rollback()
    assert len(json.loads(first)["tools"][0]["reviews"][0]["history"]) == 3
    assert len(json.loads(first)["tools"][0]["price_history"]) == 3
    assert in_an_empty_database(first) == first


def test_display_order_comes_back(app: Flask) -> None:
    for slugs in ("ab", "bca", "dc"):
        imported(a_file(*map(a_tool, slugs)))
    assert [tool["slug"] for tool in json.loads(export(NOW))["tools"]] == ["b", "d", "a", "c"]


def test_what_is_not_published_is_not_exported(app: Flask) -> None:
    shown, hidden = make_tool("shown"), make_tool("hidden", published_at=None)
    later = make_tool("later", published_at=NOW + timedelta(days=1))
    make_comparison(shown, hidden)
    make_comparison(shown, later)
    data = json.loads(export(NOW))
    assert [tool["slug"] for tool in data["tools"]] == ["shown"]
    assert "comparisons" not in data
    assert len(json.loads(export(NOW + timedelta(days=1)))["comparisons"]) == 1


def test_a_pick_whose_tool_is_not_published_is_not_exported(app: Flask) -> None:
    kind, shown, hidden = make_category("editors"), make_tool("shown"), make_tool("hidden", published_at=None)
    make_pick(kind, "everything", hidden, shown)
    make_pick(kind, "speed", shown, hidden)
    assert json.loads(export(NOW))["categories"][0]["picks"] == [{"need": "speed", "tool": "shown"}]


def test_a_fact_that_its_category_no_longer_asks_for_stays_behind(app: Flask) -> None:
    category = make_category(facts={"license": "License"})
    make_tool("a", category_id=category.id, facts={"license": "MIT", "color": "red"})
    text = export(NOW)
    assert json.loads(text)["tools"][0]["facts"] == [{"key": "license", "value": "MIT"}]


@pytest.mark.parametrize(("count", "expected"), [(2, 14), (12, 30)])
def test_an_export_reads_tools_a_batch_at_a_time(
    app: Flask, statements: StatementCount, monkeypatch: pytest.MonkeyPatch, count: int, expected: int
) -> None:
    monkeypatch.setattr(exporting, "BATCH", 5)
    reviewer = make_reviewer()
    for number in range(count):
        tool = make_tool(f"tool-{number}")
        make_review(tool, reviewer)
        make_price(tool, "paid", until=date(2026, 1, 1))
    before = len(statements)
    export(NOW)
    assert len(statements) - before == expected


texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1, max_size=12)
filled = texts.filter(lambda text: not is_blank(text))
dates = st.dates(date(2020, 1, 1), TODAY).map(str)
amounts = st.from_regex(r"(0|[1-9][0-9]{0,3})(\.[0-9]{1,4})?", fullmatch=True)


def optional(**keys: st.SearchStrategy[Any]) -> st.SearchStrategy[Json]:
    return st.fixed_dictionaries({}, optional=keys)


def record(required: dict[str, st.SearchStrategy[Any]], **keys: st.SearchStrategy[Any]) -> st.SearchStrategy[Json]:
    return st.fixed_dictionaries(required, optional=keys)


costs = {"amount": amounts, "currency": st.just("USD"), "period": st.sampled_from(["month", "once", None])}
prices = record({"model": st.sampled_from(["free", "paid", "contact"]), **costs}, checked_on=st.just("2020-01-01"))


def oldest_first(entries: list[Json]) -> list[Json]:
    """Return a history as a file may hold it: in order, and without an entry that repeats the one before it."""
    ordered = sorted(entries, key=lambda entry: entry["until"])
    return [entry for number, entry in enumerate(ordered) if number == 0 or entry != ordered[number - 1]]


revisions = record({"verdict": st.sampled_from(["ship", "skip"]), "quote": filled, "until": dates}, reason=texts)
reviews = st.lists(
    record(
        {
            "reviewer": st.sampled_from(["builder", "skeptic"]),
            "verdict": st.sampled_from(["ship", "skip"]),
            "quote": filled,
        },
        reviewed_on=dates,
        basis=st.sampled_from(["hands-on", "unstated"]),
        history=st.lists(revisions, max_size=3).map(oldest_first),
    ),
    unique_by=lambda review: str(review["reviewer"]),
)
tools = st.lists(
    record(
        {"slug": st.sampled_from(["a", "b", "c"]), "name": filled},
        tagline=texts,
        description=texts,
        price=prices,
        price_history=st.lists(st.builds(lambda p, u: {**p, "until": u}, prices, dates), max_size=3).map(oldest_first),
        plans=st.lists(record({"name": filled, **costs}), max_size=3, unique_by=lambda plan: str(plan["name"])),
        reviews=reviews,
    ),
    unique_by=lambda tool: str(tool["slug"]),
)


def test_any_sequence_of_imports_comes_back_with_the_same_bytes(app: Flask) -> None:
    @given(st.lists(tools, min_size=1, max_size=3))
    @settings(max_examples=example_count(15), deadline=None)
    def check(files: list[list[Json]]) -> None:
        import_and_export(files)

    check()


def import_and_export(files: list[list[Json]]) -> None:
    db.session.rollback()  # what an example before may have left
    db.session.expunge_all()
    for days, tools in enumerate(files, start=1):
        file = explained(a_file(*tools), TODAY + timedelta(days=days))
        import_catalog(file, NOW + timedelta(days=days))
        assert not import_catalog(file, NOW + timedelta(days=days)).changed_anything
    assert all_tools_stand_where_their_prices_put_them()
    first = export(LATER)
    db.session.rollback()
    db.session.expunge_all()
    assert in_an_empty_database(first) == first


def all_tools_stand_where_their_prices_put_them() -> bool:
    tools = db.session.scalars(sa.select(Tool)).all()
    places = [tool.price_place for tool in tools]
    for tool in tools:
        tool.set_price_place()
    return places == [tool.price_place for tool in tools]
