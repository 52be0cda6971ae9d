"""Voting: a voter's vote for one tool, set, changed, taken back and shown."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

import sqlalchemy as sa
from flask import Blueprint, Response, abort, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from verdicts.catalog import queries as catalog
from verdicts.catalog.kinds import Verdict
from verdicts.catalog.summaries import ToolLink, ToolSummary
from verdicts.config import current_settings
from verdicts.shared_commits import commit_together
from verdicts.voting import ballot, queries
from verdicts.voting.ballot import Ballot
from verdicts.voting.community import Community
from verdicts.voting.networks import network_hashes
from verdicts.voting.tallying import ToolGone, lock_published
from verdicts.web import metric_counts, vote_figures, vote_limits, voters
from verdicts.web.addresses import path_to
from verdicts.web.catalog import NO_TOOL, link_or_404
from verdicts.web.client_address import client_network
from verdicts.web.clock import now
from verdicts.web.errors import render_error
from verdicts.web.htmx import wants_fragment

bp = Blueprint("voting", __name__)

TAKE_BACK = "none"
CHOICES = (Verdict.SHIP, Verdict.SKIP, TAKE_BACK)
MAX_TOOLS_PER_REQUEST = 50
NO_COOKIE = "Your browser kept no cookie. A vote needs one, or the next tap would count as another reader’s."


@dataclass(frozen=True)
class MyBallot:
    """A tool, its figures as published, and the current voter's ballot for it."""

    tool: ToolLink
    community: Community
    ballot: Ballot | None


@bp.post("/tools/<slug>/vote")
def vote(slug: str) -> ResponseReturnValue:
    voter = voters.current_voter()
    vote_limits.count_vote(voter)
    choice = request.form.get("verdict")
    if choice not in CHOICES:
        return render_error(422, "Choose ship, skip or none.")
    if voter is None:
        return redirect_with_cookie(slug)
    verdict = None if choice == TAKE_BACK else Verdict(choice)
    cast_ballot = partial(_cast, slug=slug, voter=voter, network=client_network(), verdict=verdict)
    tool, cast = commit_together(cast_ballot) or abort(404, NO_TOOL)
    metric_counts.count_vote(choice)
    if not wants_fragment():
        return redirect(path_to("voting.mine", slug=tool.slug), 303)
    outcome = "taken-back" if choice == TAKE_BACK else "set"
    moved = vote_figures.load([(tool, cast.community)])
    context = {"tool": tool, "community": cast.community, "ballot": cast, "outcome": outcome, "moved": moved}
    return render_template("voting/_cast.html", **context)


@bp.get("/tools/<slug>/vote")
def mine(slug: str) -> ResponseReturnValue:
    tool: ToolSummary = catalog.find_published(slug, now()) or abort(404, NO_TOOL)
    if tool.slug != slug:
        return redirect(url_for("voting.mine", slug=tool.slug), 301)
    return render_template("voting/page.html", my=_load_ballots([tool])[0])


@bp.get("/votes/mine")
def list_mine() -> ResponseReturnValue:
    slugs = request.args.getlist("tool")[:MAX_TOOLS_PER_REQUEST]
    tools = catalog.list_published_links(slugs, now())
    ballots = _load_ballots(tools)
    moved = vote_figures.load((my.tool, my.community) for my in ballots)
    return render_template("voting/_mine.html", ballots=ballots, moved=moved)


def redirect_with_cookie(slug: str) -> Response:
    """Give a new voter a cookie, and let the browser send the vote again with it.

    Nothing is recorded until the cookie has come back. Otherwise a vote whose answer was lost, or that was tapped
    twice, would be sent again by what looks like another voter: see docs/adr/0003.
    """
    if "voter" in request.args:
        return render_error(400, NO_COOKIE)
    link_or_404(slug)
    response = make_response(redirect(url_for("voting.vote", slug=slug, voter="new"), 307))
    voters.set_cookie(response)
    return response


def _cast(
    connection: sa.Connection, *, slug: str, voter: str, network: str | None, verdict: Verdict | None
) -> tuple[ToolLink, Ballot] | None:
    """Cast a ballot for the published tool under a slug or alias. Return both, or None where there is no such tool."""
    moment = now()
    # Before anything is locked: it may insert the day's key, for which other votes wait.
    networks, allowance = network_hashes(connection, network, moment), current_settings().votes_per_network_day
    if verdict is None:  # perhaps there is nothing to take back, and nobody need wait to say so
        tool, figures = catalog.find_published_link(slug, moment, connection), None
    else:
        tool, figures = lock_published(connection, slug, moment)
    if tool is None:
        return None
    with suppress(ToolGone):
        return tool, ballot.cast(
            connection,
            tool.id,
            voter=voter,
            networks=networks,
            verdict=verdict,
            allowance=allowance,
            now=moment,
            figures=figures,
        )
    return None


def _load_ballots(tools: Sequence[ToolLink]) -> list[MyBallot]:
    voter = voters.current_voter()
    ids = [tool.id for tool in tools]
    ballots = queries.ballots_of(voter, ids) if voter else {}
    communities = queries.tallies_of(ids)
    return [MyBallot(tool, communities[tool.id], ballots.get(tool.id)) for tool in tools]
