"""Addresses are built as by Werkzeug's own rules, whenever what builds them is compiled."""

import pytest
from werkzeug.routing import Map, Rule

from verdicts.web.url_rules import LazyRule


def built_by(kind: type[Rule], values: dict[str, str], times: int) -> list[str]:
    adapter = Map([kind("/tools/<slug>", endpoint="tool")]).bind("verdicts.test")
    return [adapter.build("tool", values) for _ in range(times)]


@pytest.mark.parametrize("values", [{"slug": "gpt 4"}, {"slug": "gpt 4", "as_of": "2026-11-10"}], ids=["path", "query"])
def test_the_first_address_and_later_ones_are_those_of_werkzeug(values: dict[str, str]) -> None:
    assert built_by(LazyRule, values, times=3) == built_by(Rule, values, times=3)
