"""Markdown from editors: what it may say, and that nothing in it can run."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.web.corpus import HOSTILE_TEXTS, executable_parts
from verdicts.catalog import markdown


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("Plain & simple.", "<p>Plain &amp; simple.</p>\n"),
        ("*often* **always** `code`", "<p><em>often</em> <strong>always</strong> <code>code</code></p>\n"),
        ("- one\n- two", "<ul>\n<li>one</li>\n<li>two</li>\n</ul>\n"),
        ("> said", "<blockquote>\n<p>said</p>\n</blockquote>\n"),
        ("[a](https://example.org/)", '<p><a href="https://example.org/" rel="nofollow noopener">a</a></p>\n'),
    ],
)
def test_what_markdown_becomes(text: str, html: str) -> None:
    assert markdown.render(text) == html


@pytest.mark.parametrize("text", HOSTILE_TEXTS)
def test_nothing_in_a_hostile_text_can_run(text: str) -> None:
    assert executable_parts(markdown.render(text)) == []


@given(st.text(alphabet="<>\"'&[]()!`*_-:/ \n\tjavscriptonel=x", max_size=80))
def test_nothing_in_any_text_can_run(text: str) -> None:
    assert executable_parts(markdown.render(text)) == []


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "data:text/html,x", "vbscript:x", "file:///etc/passwd", "//x"]
)
def test_links_lead_to_http_only(address: str) -> None:
    assert 'href="javascript' not in markdown.render(f"[a]({address})")
    assert executable_parts(markdown.render(f"[a]({address})")) == []


def test_pictures_are_not_loaded_from_anywhere() -> None:
    assert "<img" not in markdown.render("![a](https://example.org/a.png)")


def test_headings_keep_their_words_but_not_their_rank() -> None:
    assert markdown.render("# Loud") == "Loud\n"


@pytest.mark.parametrize("written", ["\u202e", "&#x202e;", "&#8238;", "\u2067", "&#x2067;"])
def test_nothing_reorders_the_text_around_it(written: str) -> None:
    assert markdown.render(f"a{written}b") == "<p>ab</p>\n"
    assert markdown.plain_text(f"a{written}b") == "ab"


def test_the_plain_text_has_no_marks() -> None:
    assert markdown.plain_text("*So* [it](https://example.org/)\n\n- goes") == "So it goes"
