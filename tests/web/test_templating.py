"""Templates put values out as Jinja itself would."""

from decimal import Decimal

import pytest
from flask import Flask, render_template_string
from markupsafe import Markup, escape

from tests.makers import make_price, make_tool
from tests.web.visitor import Visitor
from verdicts.catalog.kinds import Verdict
from verdicts.web.templating import escape_output


class Bold:
    def __html__(self) -> str:
        return "<b>"


@pytest.mark.parametrize("value", ["a < b & 'c' \"d\"", Markup("<i>"), Bold(), Verdict.SHIP, 3, None, ["<"]])
def test_a_value_is_put_out_as_escape_says(value: object) -> None:
    assert escape_output(value) == str(escape(value))


def test_what_a_macro_a_block_or_a_call_returns_is_escaped_once(app: Flask) -> None:
    source = """{% macro it(a) %}{{ a }}{{ caller() }}{% endmacro %}{% set b %}{{ x }}{% endset %}
        {%- call it("<" ~ x) %}{{ b }}{% endcall %}{{ x | join("<") }}"""
    assert render_template_string(source, x="&") == "&lt;&amp;&amp;&amp;"


def test_a_macro_that_is_remembered_runs_once_for_the_same_arguments(app: Flask) -> None:
    rendered: list[str] = []
    source = """{% macro it(a) %}{{ note(a) }}{{ a }}{% endmacro %}{% set it = remembered(it) %}
        {%- for each in values %}{{ it(each) }}{% endfor %}"""
    values = ["<", "&", "<"]
    assert render_template_string(source, values=values, note=lambda a: rendered.append(a) or "") == "&lt;&amp;&lt;"
    assert rendered == ["<", "&"]


def test_equal_prices_are_shown_each_as_it_is_written(app: Flask) -> None:
    for slug, amount in (("alpha", "9.5"), ("beta", "9.50")):
        make_price(make_tool(slug), "paid", amount=Decimal(amount), currency="USD")
    assert Visitor(app).reads("/tools").texts("p", "price-line") == ["$9.5", "$9.50"]
