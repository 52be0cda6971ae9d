"""Pages without the whitespace that only lays out their templates: a thirtieth of a long page would be that."""

import re
from collections.abc import Iterator

from jinja2.ext import Extension
from jinja2.lexer import Token, TokenStream

_LINE_BREAK = re.compile(r"\s*\n\s*", re.ASCII)
_SPACES = re.compile(r"[ \t]{2,}")
# No stylesheet makes these inline, so that nothing is rendered of the whitespace around them.
_TAGS = (
    "article|blockquote|body|caption|circle|dd|details|dl|dt|fieldset|figure|footer|g|h1|head|header|line|link|main|meta|nav"
    "|option|path|rect|script|section|table|tbody|td|text|th|thead|title|tr"
)
# Of the others, a <div> is inline only where no whitespace stands before it, and what ends a block is never rendered.
_BEFORE_TAG = re.compile(rf"\s+(?=</?(?:{_TAGS}|div)\b|</(?:form|li|p|select|ul)>)", re.ASCII)
_AFTER_TAG = re.compile(rf"(</?(?:{_TAGS})(?:\s[^<>]*)?>)\s+", re.ASCII)


class CompactMarkup(Extension):
    """Shortens whitespace in the markup of templates once, as they are compiled. What they put in stays as it is."""

    def filter_stream(self, stream: TokenStream) -> TokenStream | Iterator[Token]:
        return map(_compacted, stream) if is_page(stream.name) else stream


def is_page(template: str | None) -> bool:
    """Return whether a template is of a page: feeds, plain text and emails keep their lines."""
    return template is not None and template.endswith(".html") and not template.startswith("mail/")


def _compacted(token: Token) -> Token:
    if token.type != "data":
        return token
    text = _AFTER_TAG.sub(r"\1", _BEFORE_TAG.sub("", token.value))
    return Token(token.lineno, token.type, _SPACES.sub(" ", _LINE_BREAK.sub("\n", text)))
