"""The filters and globals of the templates."""

from datetime import date

from flask import Flask
from markupsafe import Markup, escape

from verdicts.catalog import markdown
from verdicts.config import Settings
from verdicts.web import drawing
from verdicts.web.clock import today

NARROW_SPACE = " "
NO_BREAK_SPACE = " "


def init_app(app: Flask) -> None:
    settings: Settings = app.config["SETTINGS"]
    app.jinja_env.globals.update(
        site_name=settings.site_name,
        base_url=settings.base_url,
        contact_email=settings.contact_email,
        is_demo=settings.demo,
        is_preview=False,  # True where an editor previews a page
        today=today,
        timeline=drawing.timeline,
    )
    app.jinja_env.filters.update(
        markdown=markdown.render, plain=markdown.plain_text, day=day, percent=percent, plural=plural
    )


def day(on: date) -> Markup:
    """Return a date as a <time>: "17 Nov 2026"."""
    words = f"{on.day}{NO_BREAK_SPACE}{on:%b}{NO_BREAK_SPACE}{on.year}"
    return Markup('<time datetime="{}">{}</time>').format(on.isoformat(), words)


def percent(number: int) -> str:
    return f"{number}{NARROW_SPACE}%"


def plural(count: int, one: str, many: str = "") -> Markup:
    """Return "1 vote" or "2 votes"; the plural is the singular and an s unless it is given."""
    return Markup("{} {}").format(count, escape(one if count == 1 else many or f"{one}s"))
