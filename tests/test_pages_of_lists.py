"""Pages of a list that is too long to be counted: each leads to a few more, up to the last."""

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.makers import make_tool
from verdicts import extensions
from verdicts.catalog.models import Tool
from verdicts.extensions import execute_page


@pytest.mark.parametrize(
    ("number", "names", "total"),
    [(1, ["tool-12"], 6), (3, ["tool-10"], 8), (12, ["tool-1"], 12), (13, [], 0)],
)
def test_a_list_is_counted_as_far_as_a_few_pages_ahead(
    app: Flask, monkeypatch: pytest.MonkeyPatch, number: int, names: list[str], total: int
) -> None:
    monkeypatch.setattr(extensions, "MAX_COUNTED", 3)
    for each in range(1, 13):
        make_tool(f"tool-{each}", name=f"tool-{each}")
    rows, counted = execute_page(sa.select(Tool.name).order_by(Tool.id.desc()), Tool.id, number, 1)
    assert ([row.name for row in rows], counted) == (names, total)
