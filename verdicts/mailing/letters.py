"""Letters: templates/mail/<name>/ rendered to a subject, a text and HTML that carries its own styles."""

import re
from dataclasses import dataclass
from functools import lru_cache

from css_inline import CSSInliner
from flask import current_app

from verdicts.config import Settings


@dataclass(frozen=True)
class Letter:
    """A rendered letter to anyone: the text is written as text, not made from the HTML."""

    subject: str
    text: str
    html: str


def render(name: str, /, **context: object) -> Letter:
    """Return the letter of templates/mail/<name>/{subject.txt,body.txt,body.html}.

    Besides `context` the templates have `link` (see below), `site_name` and `postal_address`. Line breaks in the
    subject become spaces. Raises jinja2.UndefinedError where a template needs what `context` lacks.
    """
    return Letter(
        subject=" ".join(render_part(f"{name}/subject.txt", **context).split()),
        text=tidy(render_part(f"{name}/body.txt", **context)),
        html=inlined(render_part(f"{name}/body.html", **context)),
    )


def render_part(path: str, /, **context: object) -> str:
    """Return one file of templates/mail/, rendered without a request: a letter is the same whoever asks for it."""
    template = current_app.jinja_env.get_template(f"mail/{path}")
    return template.render(link=link, postal_address=_settings().mail.postal_address, **context)


def link(path: str) -> str:
    """Return the full address of a path of ours, under BASE_URL whatever host a request asked for."""
    if not path.startswith("/") or path.startswith("//"):
        raise ValueError(f"{path!r} is no path of ours")
    return f"{_settings().base_url}{path}"


def inlined(html: str) -> str:
    """Return a whole HTML document with its styles written into its elements; at-rules (dark mode) stay in <style>."""
    return _inliner().inline(html)


def tidy(text: str) -> str:
    """Return a text without spaces at the ends of lines, and with at most one empty line in a row."""
    return re.sub(r"\n{3,}", "\n\n", re.sub(r"[ \t]+\n", "\n", text)).strip() + "\n"


@lru_cache(maxsize=1)
def _inliner() -> CSSInliner:
    return CSSInliner(keep_at_rules=True, load_remote_stylesheets=False)


def _settings() -> Settings:
    settings: Settings = current_app.config["SETTINGS"]
    return settings
