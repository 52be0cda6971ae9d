"""Templates put values out as Jinja itself would."""

import pytest
from flask import Flask, render_template_string
from markupsafe import Markup, escape

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
