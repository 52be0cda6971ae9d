"""Turns Markdown into HTML that is safe to place in a page: no raw HTML in, an allow-list out."""

from functools import lru_cache
from html import unescape

import nh3
from markdown_it import MarkdownIt
from markupsafe import Markup

from verdicts.texts import without_bidi_controls

_TAGS = {"p", "em", "strong", "a", "ul", "ol", "li", "code", "pre", "blockquote", "br"}
_markdown = MarkdownIt("commonmark", {"html": False, "linkify": False}).disable("image")


def render_uncached(text: str) -> Markup:
    """Return the HTML of a Markdown text; links are http(s) only, and marked "nofollow"."""
    return Markup(  # noqa: S704  # nh3 has just cleaned it
        nh3.clean(
            _to_html(text),
            tags=_TAGS,
            attributes={"a": {"href"}},
            url_schemes={"http", "https"},
            attribute_filter=_filter_links,
            link_rel="nofollow noopener",
        )
    )


# For stored texts, which pages show again and again.
render = lru_cache(maxsize=4096)(render_uncached)


def _to_html(text: str) -> str:
    return without_bidi_controls(_markdown.render(text))  # the text may write them as entities, such as "&#x202e;"


def _filter_links(_tag: str, attribute: str, value: str) -> str | None:
    # `url_schemes` lets "//elsewhere" pass: it takes that for a relative address, which has no scheme.
    return None if attribute == "href" and not value.lower().startswith(("http://", "https://")) else value


def plain_text(text: str) -> str:
    """Return a Markdown text without its marks: text, no HTML, so that a template escapes it once."""
    return " ".join(unescape(nh3.clean(_to_html(text), tags=set())).split())
