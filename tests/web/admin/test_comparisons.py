"""Comparisons, as an editor writes about them."""

import html

from flask import Flask

from tests.makers import (
    make_comparison,
    make_tool,
)
from tests.web.admin.editor import Editor, stored
from tests.web.visitor import Visitor
from verdicts.comparisons.models import Comparison


def test_a_comparison_that_is_a_draft_is_seen_nowhere(app: Flask, ann: Editor) -> None:
    make_tool("wren", name="Wren"), make_tool("finch", name="Finch")
    words = {"tools-0": "wren", "tools-1": "Finch"}
    form = ann.form("/admin/comparisons/new") | words | {"bottom_line": "Take *Wren*.", "headline": "Two birds"}
    lines = {"choose_if-0-tool": "Wren", "choose_if-0-when": "you like it small"}
    assert ann.sends("/admin/comparisons/new", form | lines).status_code == 303
    (row,) = stored(Comparison)
    reader = Visitor(app)
    assert "Take <em>Wren</em>" not in reader.reads("/compare/finch-vs-wren").html
    ann.fills(f"/admin/comparisons/{row.id}", "save publish")
    page = reader.reads("/compare/finch-vs-wren").html
    assert "Take <em>Wren</em>" in page
    assert "you like it small" in page


def test_a_comparison_names_tools_that_exist_twice_at_most_once_and_no_other_record_has(ann: Editor) -> None:
    wren, finch = make_tool("wren"), make_tool("finch")
    make_comparison(wren, finch)
    path = "/admin/comparisons/new"
    form = ann.form(path)
    for first, second, words in [
        ("wren", "", "must be 2 to 4 tools"),
        ("wren", "wren", "“wren” is given already"),
        ("wren", "<b>", "There is no tool “<b>”"),
        ("wren", "finch", "compared already"),
    ]:
        answer = ann.sends(path, form | {"tools-0": first, "tools-1": second})
        assert answer.status_code == 422
        assert words.lower() in html.unescape(answer.text).lower()


def test_a_tool_is_named_in_capitals_or_not(ann: Editor) -> None:
    make_tool("wren", name="Wren Code")
    make_tool("finch", name="Finch")
    assert ann.fills("/admin/comparisons/new", tools__0="WREN code", tools__1="Finch").status_code == 303
    assert len(stored(Comparison)) == 1
