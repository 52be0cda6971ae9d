"""Letters: templates/mail/<name>/ rendered to a subject, a text, and HTML with inline styles."""

import re
from dataclasses import dataclass

from css_inline import CSSInliner
from flask import current_app

from verdicts.config import current_settings

_INLINER = CSSInliner(keep_at_rules=True, load_remote_stylesheets=False)


@dataclass(frozen=True)
class Letter:
    """A rendered letter without a recipient. The text has a template of its own; it is not made from the HTML."""

    subject: str
    text: str
    html: str


def render(name: str, /, **context: object) -> Letter:
    """Return the letter of templates/mail/<name>/{subject.txt,body.txt,body.html}.

    Besides `context` the templates have `absolute_url`, `site_name` and `postal_address`. Line breaks in the subject
    become spaces. Raises jinja2.UndefinedError where a template needs what `context` lacks.
    """
    return Letter(
        subject=" ".join(render_part(f"{name}/subject.txt", **context).split()),
        text=tidy_text(render_part(f"{name}/body.txt", **context)),
        html=inline_styles(render_part(f"{name}/body.html", **context)),
    )


def render_part(path: str, /, **context: object) -> str:
    """Return one file of templates/mail/, rendered without a request: a letter does not depend on who asked for it."""
    template = current_app.jinja_env.get_template(f"mail/{path}")
    postal_address = current_settings().mail.postal_address
    return template.render(absolute_url=absolute_url, postal_address=postal_address, **context)


def absolute_url(path: str) -> str:
    """Return a path of this site as a URL under BASE_URL, whatever host a request used."""
    if not path.startswith("/") or path.startswith("//"):
        raise ValueError(f"{path!r} is no path of ours")
    return f"{current_settings().base_url}{path}"


def inline_styles(html: str) -> str:
    """Return an HTML document with its styles moved into its elements; at-rules (dark mode) stay in <style>."""
    return _INLINER.inline(html)


def tidy_text(text: str) -> str:
    """Return a text without spaces at the ends of lines, and with at most one empty line in a row."""
    return re.sub(r"\n{3,}", "\n\n", re.sub(r"[ \t]+\n", "\n", text)).strip() + "\n"
