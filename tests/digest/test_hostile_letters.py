"""Whatever an editor writes, nothing in a letter is made of it but text, and no header is."""

from binascii import b2a_qp
from html.parser import HTMLParser

import pytest
from flask import Flask

from tests.conftest import ON_ONE_DATABASE
from tests.digest.weekly import THURSDAY, a_price_move, a_turn, an_old_tool, drafted, writing
from tests.makers import NOW, make_category, make_comparison, make_tool
from tests.web.corpus import HOSTILE_TEXTS
from verdicts.digest import editing, previews
from verdicts.digest.blocks import MAX_HTML_BYTES
from verdicts.digest.editions import get_by_id
from verdicts.digest.previews import EmailPreview

MARKDOWN = {"p", "em", "strong", "a", "ul", "ol", "li", "code", "pre", "blockquote", "br"}


class _Elements(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: set[tuple[str, tuple[str, ...]]] = set()
        self.links: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.add((tag, tuple(sorted(name for name, _ in attrs))))
        self.links += [value or "" for name, value in attrs if name in {"href", "src"}]


def letter_of(text: str) -> EmailPreview:
    """Put a text into every field that an edition shows, its own intro and subject too, and return the letter."""
    code = make_category("code", name=text[:80])
    alpha = an_old_tool("alpha", code, name=text[:80], tagline=text[:200])
    beta = make_tool("beta", name=text[:80], tagline=text[:200], description=text, category_id=code.id)
    a_turn(alpha, reason=text[:500], quote=text)
    a_price_move(alpha, THURSDAY)
    make_comparison(alpha, beta, headline=text[:60], bottom_line=text, published_at=NOW)
    edition = drafted()
    with writing():
        editing.update_text(edition.id, intro=text, subject=" ".join(text.split())[:200])
    return previews.load_preview(get_by_id(edition.id), NOW)


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize("text", HOSTILE_TEXTS)
@ON_ONE_DATABASE
def test_a_letter_is_made_of_the_same_elements_whatever_the_texts_say(app: Flask, text: str) -> None:
    letter = letter_of(text)
    elements = _Elements(letter.html)
    known = {
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "table",
        "tbody",
        "tr",
        "td",
        "div",
        "h1",
        "h2",
        "h3",
        "span",
        "b",
        "small",
        "img",
        "th",
        "thead",
        "hr",
    }
    assert {tag for tag, _ in elements.found} <= known | MARKDOWN
    assert ("meta", ("content", "http-equiv")) not in elements.found
    assert not [name for _, names in elements.found for name in names if name.startswith(("on", "hx-", "srcdoc"))]
    base = app.config["SETTINGS"].base_url
    allowed = (base, "https://", "http://", "mailto:", "#", "{", "[")
    assert [link for link in elements.links if link and not link.startswith(allowed)] == []
    assert "\n" not in letter.subject
    assert "\r" not in letter.subject


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize("intro", [(">>>a\n\n" * 833), (">" * 19 + "a\n\n") * 227, "😀" * 5000])
@ON_ONE_DATABASE
def test_no_intro_makes_a_letter_larger_than_providers_show(intro: str) -> None:
    a_turn(an_old_tool("alpha", make_category("code")))
    edition = drafted()
    with writing():
        editing.update_text(edition.id, intro=intro)
    letter = previews.load_preview(get_by_id(edition.id), NOW)
    assert len(b2a_qp(letter.html.encode(), istext=True)) <= MAX_HTML_BYTES
    assert "/newsletter/leave/" in letter.html
