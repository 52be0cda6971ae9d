"""The front page, the pages of text, and the few files every browser asks for."""

from flask import Blueprint, current_app, jsonify, render_template, send_from_directory
from flask.typing import ResponseReturnValue
from limits import parse

from verdicts.catalog import categories, choices, directory, picks, recent_changes
from verdicts.comparisons import featured, tool_table
from verdicts.config import current_settings
from verdicts.rankings import highlights
from verdicts.reviewers import queries as reviewers
from verdicts.voting import queries as voting
from verdicts.voting.community import Community
from verdicts.voting.lead_strength import readers_to_level
from verdicts.voting.readers_of_both import ReadersOfBoth
from verdicts.web import limits
from verdicts.web.assets import CACHE_ONE_DAY, asset
from verdicts.web.caching import public
from verdicts.web.clock import now
from verdicts.web.site_state import Source, depends_on

bp = Blueprint("pages", __name__)

FEATURED_ON_FRONT = 4
CHANGES_ON_FRONT = 4
CHANGES_LISTED = 100
PICKS_ON_FRONT = 6
NEWEST_ON_FRONT = 6
HIGHLIGHTS_ON_FRONT = 3  # of each kind
CHOICES_ON_FRONT = 60
EXAMPLE_LEAD = ReadersOfBoth(only_a=35, only_b=5)


@bp.get("/")
@public
@depends_on(Source.CONTENT, Source.VOTES)
def front() -> ResponseReturnValue:
    return render_template(
        "pages/front.html",
        featured=featured.load(now(), FEATURED_ON_FRONT),
        changes=recent_changes.list_latest(now(), CHANGES_ON_FRONT),
        newest=tool_table.load(directory.list_newest(now(), NEWEST_ON_FRONT)),
        highlights=highlights.load(now(), HIGHLIGHTS_ON_FRONT),
        choices=choices.list_first(now(), CHOICES_ON_FRONT),
        categories=categories.list_links(now()),
        picks=picks.list_first(now(), PICKS_ON_FRONT),
    )


@bp.get("/changes")
@public
@depends_on(Source.CONTENT)
def changes() -> ResponseReturnValue:
    latest = recent_changes.list_latest(now(), CHANGES_LISTED)
    return render_template("pages/changes.html", changes=latest, is_full=len(latest) == CHANGES_LISTED)


@bp.get("/method")
@public
@depends_on(Source.CONTENT, Source.VOTES)
def method() -> ResponseReturnValue:
    return render_template(
        "pages/method.html",
        panel=[each for each in reviewers.list_reviewers(now()) if not each.reviewer.archived_at],
        totals=voting.totals(),
        allowance=current_settings().votes_per_network_day,
        per_voter=parse(limits.PER_VOTER_LIMIT).amount,
        per_network=parse(limits.PER_NETWORK_LIMIT).amount,
        example=Community(131, 53),
        hold=EXAMPLE_LEAD,
        hold_until=readers_to_level(EXAMPLE_LEAD),
    )


@bp.get("/privacy")
@public
@depends_on(Source.CONTENT)
def privacy() -> ResponseReturnValue:
    return render_template("pages/privacy.html")


@bp.get("/favicon.ico")
def favicon() -> ResponseReturnValue:
    response = send_from_directory(current_app.static_folder or "", "img/favicon.ico")
    response.headers["Cache-Control"] = CACHE_ONE_DAY
    return response


@bp.get("/manifest.webmanifest")
@public
@depends_on(Source.CONTENT)
def manifest() -> ResponseReturnValue:
    sizes = (192, 512)
    response = jsonify(
        name=current_settings().site_name,
        short_name=current_settings().site_name,
        start_url="/",
        display="browser",
        background_color="#f4f6f2",
        theme_color="#14181b",
        icons=[
            {"src": asset(f"img/icon-{size}.png"), "sizes": f"{size}x{size}", "type": "image/png"} for size in sizes
        ],
    )
    response.mimetype = "application/manifest+json"
    return response
