"""What an import and a merge say became of each record: what its form would have shown before and shows now."""

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.conftest import StatementCount
from tests.curation.files import Json, a_file, a_review, a_tool, explained, imported
from tests.makers import (
    NOW,
    make_category,
    make_comparison,
    make_fact,
    make_plan,
    make_price,
    make_review,
    make_reviewer,
    make_tool,
)
from verdicts.catalog.models import Category, Reviewer, Tool
from verdicts.comparisons.models import Comparison
from verdicts.curation import merging
from verdicts.curation.editing import categories, comparisons, panels, prices, reviewers, tools
from verdicts.curation.editing.changes import RecordChange
from verdicts.curation.editing.saving import StoredRecord
from verdicts.curation.transfer.importing import import_catalog
from verdicts.extensions import begin_write, db

FORMS: dict[str, tuple[type[Any], Callable[[int], StoredRecord | None]]] = {
    "category": (Category, categories.find_record),
    "reviewer": (Reviewer, reviewers.find_record),
    "tool": (Tool, tools.find_record),
    "panel": (Tool, panels.find_record),
    "price": (Tool, prices.find_record),
    "comparison": (Comparison, comparisons.find_record),
}
OTHER_CATEGORY = {"slug": "images", "name": "Images", "facts": []}
FIRST: Json = a_file(
    a_tool("aider", category="developer-tools", facts=[{"key": "license", "value": "MIT"}], reviews=[a_review()]),
    a_tool("cursor", price={"model": "paid", "amount": "20.00", "currency": "USD"}, plans=[{"name": "Pro"}]),
    a_tool("zed"),
    comparisons=[
        {"tools": ["aider", "cursor"], "headline": "H", "choose_if": [{"tool": "aider", "when": "you type."}]}
    ],
)


def what_forms_show() -> dict[tuple[str, int], Json]:
    db.session.rollback()
    db.session.expunge_all()
    shown = {}
    for kind, (model, find_record) in FORMS.items():
        for id in db.session.scalars(sa.select(model.id)):
            if (record := find_record(id)) and record.data:
                shown[kind, id] = record.data
    db.session.expunge_all()
    return shown


def differing(before: dict[tuple[str, int], Json], after: dict[tuple[str, int], Json]) -> set[tuple[str, int]]:
    return {key for key in before | after if before.get(key) != after.get(key)}


def by_record(changes: tuple[RecordChange, ...], action: str = "changed") -> dict[tuple[str, int], RecordChange]:
    return {(change.kind, change.id): change for change in changes if change.action == action}


def test_each_record_that_an_import_adds_is_reported_whole_and_a_tool_with_its_price(app: Flask) -> None:
    changes = by_record(imported(FIRST).differences, "added")
    shown = what_forms_show()
    assert len(changes) == 1 + 2 + 3 + 1 + 1
    for (kind, id), change in changes.items():
        price = {"price": shown["price", id]} if kind == "tool" and ("price", id) in shown else {}
        assert (change.before, change.after) == ({}, shown[kind, id] | price)
    assert {change.slug for change in changes.values()} == {
        *("developer-tools", "builder", "skeptic", "aider", "cursor", "zed", "aider-vs-cursor"),
    }


@pytest.mark.parametrize(
    "second",
    [
        a_file(categories=[OTHER_CATEGORY | {"slug": "developer-tools"}]),
        a_file(reviewers=[{"slug": "builder", "name": "B", "motto": "Build."}]),
        a_file(a_tool("aider", category="images", facts=[]), categories=[OTHER_CATEGORY]),
        a_file(a_tool("aider", category=None, facts=[], aliases=["aider-chat"])),
        a_file(a_tool("aider", reviews=[a_review("skeptic", "skip"), a_review(quote="It broke.", basis="hands-on")])),
        a_file(a_tool("cursor", tagline="T", plans=[], releases=[{"version": "2"}], launched_on="2026-01-01")),
        a_file(a_tool("cursor", price={"model": "paid", "amount": "25", "currency": "USD", "period": "month"})),
        a_file(a_tool("zed", price={"model": "free"})),
        a_file(
            comparisons=[
                {"tools": ["cursor", "aider"], "bottom_line": "B", "choose_if": [{"tool": "cursor", "when": "x."}]}
            ]
        ),
    ],
)
def test_what_an_import_changes_is_reported_as_its_form_showed_and_shows_it(app: Flask, second: Json) -> None:
    imported(FIRST)
    before = what_forms_show()
    differences = imported(explained(second)).differences
    after = what_forms_show()
    changes = {(change.kind, change.id): change for change in differences}
    assert changes.keys() == differing(before, after)
    for key, change in changes.items():
        assert (change.before, change.after) == (before.get(key, {}), after[key])
        assert change.action == ("changed" if key in before else "added")


def test_an_import_that_moves_records_or_adds_history_alone_tells_no_difference(app: Flask) -> None:
    imported(FIRST)
    past = {"verdict": "skip", "quote": "Before.", "until": "2026-01-31"}
    report = imported(a_file(a_tool("zed"), a_tool("aider", reviews=[a_review(history=[past])])))
    assert (report.changed_anything, report.differences) == (True, ())


def test_an_import_reads_with_as_many_statements_whatever_it_changes(app: Flask, statements: StatementCount) -> None:
    def reads(count: int, words: str) -> int:
        tools = [a_tool(f"t{n}", tagline=words, reviews=[a_review(quote=words)]) for n in range(count)]
        lines = [{"tools": [f"t{n}", f"t{n + 1}"], "headline": words} for n in range(count - 1)]
        file = explained(a_file(*tools, comparisons=lines))
        db.session.rollback()
        db.session.expunge_all()
        before = len(statements)
        import_catalog(file, NOW)
        db.session.commit()
        return sum(each.startswith("SELECT") for each in statements.statements[before:])

    reads(3, "First.")
    assert reads(4, "Added.") == reads(30, "Added.")
    assert reads(4, "Changed.") == reads(30, "Changed.")


def test_each_record_that_a_merge_changes_is_reported_as_its_form_showed_and_shows_it(app: Flask) -> None:
    category = make_category(facts={"license": "Licence"})
    keep = make_tool("keep", category_id=category.id)
    drop = make_tool("drop", aliases=("drip",), tagline="Fast.", website="https://drop.example")
    other, third = make_tool("other"), make_tool("third")
    builder, skeptic = make_reviewer("builder"), make_reviewer("skeptic")
    make_review(keep, builder, "ship")
    make_review(drop, builder, "skip")
    make_review(drop, skeptic, "skip")
    make_price(drop, "free")
    make_plan(drop)
    make_fact(drop, "license", "MIT")
    taken_over = make_comparison(drop, other, choose_if={drop: "you hurry."}).id
    left = make_comparison(keep, drop, third).id
    archived = make_comparison(keep, drop).id
    keep_id, drop_id = keep.id, drop.id
    before = what_forms_show()
    db.session.rollback()
    begin_write()
    done = merging.merge(keep_id, drop_id, NOW)
    db.session.commit()
    after = what_forms_show()

    gone = by_record(done.changes, "merged away")
    assert {key: change.before for key, change in gone.items()} == {
        ("tool", drop_id): before["tool", drop_id] | {"price": before["price", drop_id]},
        ("panel", drop_id): before["panel", drop_id],
    }
    (archiving,) = by_record(done.changes, "archived").values()
    assert (archiving.id, archiving.slug) == (archived, "drop-vs-keep")
    assert archiving.changes == {"publication": ("published", "archived")}
    changes = by_record(done.changes) | by_record(done.changes, "added")
    expected = {("tool", keep_id), ("panel", keep_id), ("price", keep_id)}
    assert changes.keys() == expected | {("comparison", taken_over), ("comparison", left)}
    for key, change in changes.items():
        assert (change.before, change.after) == (before.get(key, {}), after[key])


def test_a_merge_takes_as_many_statements_whatever_it_touches(app: Flask, statements: StatementCount) -> None:
    def selects(count: int) -> int:
        keep, drop = make_tool(f"keep-{count}"), make_tool(f"drop-{count}")
        for number in range(count):
            make_comparison(drop, make_tool(f"other-{count}-{number}"), choose_if={drop: "you hurry."})
        keep_id, drop_id = keep.id, drop.id
        db.session.rollback()
        db.session.expunge_all()
        begin_write()
        before = len(statements)
        assert len(merging.merge(keep_id, drop_id, NOW).changes) == 2 + count
        db.session.commit()
        return sum(each.startswith("SELECT") for each in statements.statements[before:])

    assert selects(2) == selects(12)
