"""Templates may be laid out as they like: what only indents them is not sent."""

import pytest
from jinja2 import DictLoader, Environment

from verdicts.web.whitespace import CompactMarkup


def rendered(source: str, name: str = "pages/page.html", **values: str) -> str:
    environment = Environment(
        loader=DictLoader({name: source}),
        extensions=[CompactMarkup],
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=True,
    )
    return environment.get_template(name).render(values)


@pytest.mark.parametrize(
    ("source", "sent"),
    [
        ("<p>a\n    b</p>\n\n    <p>c</p>", "<p>a\nb</p>\n<p>c</p>"),
        ("<b>a</b> <b>b</b>", "<b>a</b> <b>b</b>"),
        ("<b>a</b>\n  <b>b</b>", "<b>a</b>\n<b>b</b>"),
        ("<tr>\n  <td>a</td>\n  <td>b</td>\n</tr>", "<tr><td>a</td><td>b</td></tr>"),
        ("<tr class='x'>\n  <td>a</td>\n</tr>", "<tr class='x'><td>a</td></tr>"),
        ("{% if true %}\n    <p>a</p>\n{% endif %}", "<p>a</p>\n"),
        ("<p>a&nbsp;\u00a0\n\u00a0b</p>", "<p>a&nbsp;\u00a0\n\u00a0b</p>"),
    ],
)
def test_whitespace_shrinks_to_what_a_browser_shows_of_it(source: str, sent: str) -> None:
    assert rendered(source).lstrip() == sent


def test_what_is_put_into_a_template_keeps_its_whitespace() -> None:
    assert rendered("<pre>{{ text }}</pre>", text="a\n    b\n\n  c") == "<pre>a\n    b\n\n  c</pre>"


@pytest.mark.parametrize("name", ["mail/_layout.html", "feeds/atom.xml", "sitemaps/robots.txt"])
def test_emails_feeds_and_plain_text_keep_their_lines(name: str) -> None:
    assert rendered("a\n\n    <b>b</b>", name) == "a\n\n    <b>b</b>"


def test_an_error_in_a_template_is_reported_at_its_own_line() -> None:
    with pytest.raises(ZeroDivisionError) as caught:
        rendered("<table>\n\n\n  <tr>\n  </tr>\n</table>\n{{ 1 / 0 }}")
    assert caught.traceback[-1].lineno == 6  # counted from 0
