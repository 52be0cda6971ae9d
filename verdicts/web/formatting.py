"""The filters and globals of the templates."""

from datetime import date
from functools import lru_cache

from flask import Flask
from markupsafe import Markup, escape

from verdicts.catalog import markdown
from verdicts.catalog.prices import FIRST_INTERVAL_DAYS, MAX_INTERVAL_DAYS
from verdicts.catalog.reviews import OLD_AFTER
from verdicts.catalog.search_terms import MAX_QUERY_LENGTH
from verdicts.comparisons.address import MAX_TOOLS, MIN_TOOLS
from verdicts.comparisons.wording import number
from verdicts.config import Settings
from verdicts.curation.popularity import PERIOD as POPULARITY_PERIOD
from verdicts.extensions import MAX_COUNTED
from verdicts.newsletter.not_understood import RETENTION as NOT_UNDERSTOOD_RETENTION
from verdicts.newsletter.retention import BOUNCED_ADDRESS_RETENTION, HARD_BOUNCE_RETENTION, UNCONFIRMED_RETENTION
from verdicts.newsletter.signup import CONFIRM_TOKEN_LIFETIME
from verdicts.rankings.changed import SHOWN as CHANGES_SHOWN
from verdicts.rankings.changed import WINDOW as CHANGES_WINDOW
from verdicts.rankings.queries import NEWEST_REVISIONS
from verdicts.rankings.readers import MIN_MINORITY_PERCENT
from verdicts.rankings.readers import MIN_TOOLS as RANKED_FROM
from verdicts.reviewers.record import MIN_PANEL
from verdicts.staff.sessions import MAX_AGE as SESSION_MAX_AGE
from verdicts.staff.sessions import RETENTION as SESSION_RETENTION
from verdicts.traffic.storing import SEARCHES_KEPT, VIEWS_KEPT_MONTHS
from verdicts.voting.community import CONFIDENCE_PERCENT, MOST_VOTED, PERCENTAGE_FROM
from verdicts.voting.network_groups import MAX_RELEASED, ONE_SIDED_FROM, ONE_SIDED_PERCENT
from verdicts.voting.readers_of_both import SIGNIFICANCE
from verdicts.voting.retention import NETWORKS_KEPT
from verdicts.voting.voters import VOTER_KEPT_MONTHS
from verdicts.voting.waiting import WAITING_HOURS
from verdicts.web import history
from verdicts.web.admin.devices import RETENTION as DEVICE_RETENTION
from verdicts.web.clock import now, today
from verdicts.web.templating import remembered
from verdicts.web.timeline import draw_timeline

NARROW_SPACE = "\u202f"
NO_BREAK_SPACE = "\u00a0"

# The rules that pages state, under the names that they have where they stand.
RULES = {
    "CHANGES_SHOWN": CHANGES_SHOWN,
    "CHANGES_WINDOW": CHANGES_WINDOW,
    "CONFIDENCE_PERCENT": CONFIDENCE_PERCENT,
    "CONFIRM_TOKEN_LIFETIME": CONFIRM_TOKEN_LIFETIME,
    "DEVICE_RETENTION": DEVICE_RETENTION,
    "LANE": history.LANE,
    "NEWEST_SHOWN": history.NEWEST_SHOWN,
    "VOTES_BOTTOM": history.VOTES_BOTTOM,
    "FIRST_INTERVAL_DAYS": FIRST_INTERVAL_DAYS,
    "MAX_INTERVAL_DAYS": MAX_INTERVAL_DAYS,
    "MAX_QUERY_LENGTH": MAX_QUERY_LENGTH,
    "MAX_TOOLS": MAX_TOOLS,
    "MIN_MINORITY_PERCENT": MIN_MINORITY_PERCENT,
    "MIN_PANEL": MIN_PANEL,
    "MIN_TOOLS": MIN_TOOLS,
    "MOST_VOTED": MOST_VOTED,
    "NETWORKS_KEPT": NETWORKS_KEPT,
    "NEWEST_REVISIONS": NEWEST_REVISIONS,
    "OLD_AFTER": OLD_AFTER,
    "MAX_RELEASED": MAX_RELEASED,
    "ONE_SIDED_FROM": ONE_SIDED_FROM,
    "ONE_SIDED_PERCENT": ONE_SIDED_PERCENT,
    "PERCENTAGE_FROM": PERCENTAGE_FROM,
    "POPULARITY_PERIOD": POPULARITY_PERIOD,
    "RANKED_FROM": RANKED_FROM,
    "SEARCHES_KEPT": SEARCHES_KEPT,
    "SESSION_MAX_AGE": SESSION_MAX_AGE,
    "SESSION_RETENTION": SESSION_RETENTION,
    "SIGNIFICANCE": SIGNIFICANCE,
    "NOT_UNDERSTOOD_RETENTION": NOT_UNDERSTOOD_RETENTION,
    "BOUNCED_ADDRESS_RETENTION": BOUNCED_ADDRESS_RETENTION,
    "HARD_BOUNCE_RETENTION": HARD_BOUNCE_RETENTION,
    "UNCONFIRMED_RETENTION": UNCONFIRMED_RETENTION,
    "VIEWS_KEPT_MONTHS": VIEWS_KEPT_MONTHS,
    "VOTER_KEPT_MONTHS": VOTER_KEPT_MONTHS,
    "WAITING_HOURS": WAITING_HOURS,
}


def init_app(app: Flask) -> None:
    settings: Settings = app.config["SETTINGS"]
    app.jinja_env.globals.update(
        RULES,
        site_name=settings.site_name,
        base_url=settings.base_url,
        contact_email=settings.contact_email,
        is_demo=settings.demo,
        is_preview=False,  # True where an editor previews a page
        now=now,
        today=today,
        draw_timeline=draw_timeline,
        remembered=remembered,
        moves_in_words=history.moves_in_words,
        votes_in_words=history.votes_in_words,
    )
    app.jinja_env.filters.update(
        markdown=markdown.render,
        plain=markdown.plain_text,
        coordinate=coordinate,
        day=day,
        number=number,
        percent=percent,
        counted=counted,
        plural=plural,
    )


def coordinate(value: float) -> str:
    """Return where something stands in a drawing, to two decimals: "58.8" of 58.8012."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


@lru_cache(maxsize=1024)
def day(on: date) -> Markup:
    """Return a date as a <time>: "17 Nov 2026"."""
    return Markup('<time datetime="{}">{}</time>').format(on.isoformat(), day_in_words(on))


def day_in_words(on: date) -> str:
    return f"{on.day}{NO_BREAK_SPACE}{on:%b}{NO_BREAK_SPACE}{on.year}"


def percent(number: int) -> str:
    return f"{number}{NARROW_SPACE}%"


def counted(count: int, one: str) -> Markup:
    """Return how many rows a list has, in words that begin a line: "2 tools", or "More than 1,000 tools"."""
    return plural(count, one) if count <= MAX_COUNTED else Markup("More than {:,} {}s").format(MAX_COUNTED, one)


def plural(count: int, one: str, many: str = "") -> Markup:
    """Return "1 vote" or "2 votes"; the plural is the singular and an s unless it is given."""
    return Markup("{} {}").format(count, escape(one if count == 1 else many or f"{one}s"))
