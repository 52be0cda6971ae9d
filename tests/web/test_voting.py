"""Voting: a vote is set, changed, taken back; nothing counts twice and nothing before a cookie came back."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.conftest import ON_ONE_DATABASE, StatementCount
from tests.makers import make_review, make_reviewer, make_tool
from tests.web.visitor import Page, Visitor, words_of
from verdicts.catalog.kinds import Verdict
from verdicts.catalog.models import Tool
from verdicts.extensions import db
from verdicts.voting import queries
from verdicts.voting.community import Community
from verdicts.voting.models import tally, vote, vote_event
from verdicts.voting.recount import recount

ON_POSTGRESQL = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
BOTH_WAYS = pytest.mark.parametrize("htmx", [False, True], ids=["plain", "htmx"])


@pytest.fixture
def tool(app: Flask) -> Tool:
    return make_tool("alpha", aliases=("alpha-old",), name="Alpha")


def tally_of(tool: Tool) -> Community:
    db.session.rollback()
    return queries.tally_of(tool.id)


def rows_of(table: sa.Table) -> int:
    db.session.rollback()
    return db.session.scalar(sa.select(sa.func.count()).select_from(table)) or 0


# Setting, changing, taking back


@BOTH_WAYS
def test_a_first_ballot_counts(visitor: Visitor, tool: Tool, htmx: bool) -> None:
    page = visitor.votes("alpha", "ship", htmx=htmx)
    assert tally_of(tool) == Community(ship=1)
    assert "Your vote: SHIP" in page.words


@BOTH_WAYS
def test_a_second_ballot_replaces_the_first(visitor: Visitor, tool: Tool, htmx: bool) -> None:
    visitor.votes("alpha", "ship", htmx=htmx)
    page = visitor.votes("alpha", "skip", htmx=htmx)
    assert tally_of(tool) == Community(skip=1)
    assert "Your vote: SKIP" in page.words


@BOTH_WAYS
def test_a_ballot_can_be_taken_back_and_cast_anew(visitor: Visitor, tool: Tool, htmx: bool) -> None:
    visitor.votes("alpha", "ship", htmx=htmx)
    page = visitor.votes("alpha", "none", htmx=htmx)
    assert tally_of(tool) == Community()
    assert "Your vote:" not in page.words
    visitor.votes("alpha", "ship", htmx=htmx)
    assert tally_of(tool) == Community(ship=1)


@BOTH_WAYS
def test_taking_back_what_was_never_said_records_nothing(visitor: Visitor, tool: Tool, htmx: bool) -> None:
    visitor.votes("alpha", "none", htmx=htmx)
    assert (rows_of(vote), rows_of(vote_event), tally_of(tool)) == (0, 0, Community())


@BOTH_WAYS
@pytest.mark.parametrize("verdict", ["ship", "skip", "none"])
def test_every_ballot_sent_three_times_changes_the_tally_once(
    visitor: Visitor, tool: Tool, htmx: bool, verdict: str
) -> None:
    visitor.votes("alpha", "skip", htmx=htmx)
    visitor.votes("alpha", verdict, htmx=htmx)
    once, lines = tally_of(tool), rows_of(vote_event)
    for _ in range(2):
        visitor.votes("alpha", verdict, htmx=htmx)
    assert (tally_of(tool), rows_of(vote_event)) == (once, lines)


def test_a_first_ballot_whose_answer_was_lost_counts_once_when_sent_again(visitor: Visitor, tool: Tool) -> None:
    hello = visitor.opens("POST", "/tools/alpha/vote", form={"verdict": "ship"})
    for _ in range(3):
        visitor.sends(hello.headers["Location"], {"verdict": "ship"}, 303)
    assert tally_of(tool) == Community(ship=1)


def test_the_first_request_sent_three_times_makes_one_voter_of_the_cookie_that_was_kept(
    visitor: Visitor, tool: Tool
) -> None:
    hellos = [visitor.opens("POST", "/tools/alpha/vote", form={"verdict": "ship"}) for _ in range(3)]
    assert [hello.status_code for hello in hellos] == [307, 303, 303]
    visitor.cookies.clear()
    for _ in range(3):
        visitor.opens("POST", "/tools/alpha/vote", form={"verdict": "ship"}, headers={"cookie": None})
    assert tally_of(tool).ship <= 2


def test_several_browsers_are_several_voters(app: Flask, tool: Tool) -> None:
    for verdict in ("ship", "ship", "skip"):
        Visitor(app).votes("alpha", verdict)
    assert tally_of(tool) == Community(ship=2, skip=1)


def test_ledger_and_tally_agree_after_all_that(app: Flask, tool: Tool) -> None:
    for verdicts in (["ship", "skip"], ["ship", "none", "skip"], ["skip"]):
        reader = Visitor(app)
        for verdict in verdicts:
            reader.votes("alpha", verdict)
    assert tally_of(tool) == Community(ship=0, skip=3)
    assert recount() == []


# How it is answered


def test_a_plain_form_is_answered_with_303_to_my_ballot(visitor: Visitor, tool: Tool) -> None:
    visitor.votes("alpha", "ship")
    assert [hop.status_code for hop in visitor.hops] == [307, 303, 200]
    assert visitor.hops[1].headers["Location"] == "/tools/alpha/vote"


@ON_ONE_DATABASE
def test_htmx_is_answered_with_the_ballot_and_what_it_moves(visitor: Visitor, tool: Tool) -> None:
    page = visitor.votes("alpha", "ship", htmx=True)
    assert [hop.status_code for hop in visitor.hops] == [307, 200]
    assert page.tree[0].get("id") == "ballot-alpha"
    assert all("hx-swap-oob" in each.attrib for each in list(page.tree)[1:])


# The figures beside it


def moved_by(page: Page) -> dict[str, str]:
    """Return the words that are swapped in beside the form, by the id of their target."""
    content = [each for each in page.tree.iter() if "hx-swap-oob" in each.attrib]
    return {each.attrib["hx-swap-oob"].removeprefix("innerHTML:#"): words_of(each) for each in content}


def shown_on(page: Page, *ids: str) -> dict[str, str]:
    return {id: words_of(page.by_id(id)) for id in ids}


@pytest.fixture
def estimated(tool: Tool) -> None:
    """Alpha has 30 votes, and a panel of one that says skip."""
    make_review(tool, make_reviewer(), Verdict.SKIP)
    db.session.execute(sa.insert(tally).values(tool_id=tool.id, ship=29, skip=1, waiting=0, held=0, discarded=0))
    db.session.commit()


@pytest.mark.usefixtures("estimated")
def test_after_a_vote_nothing_on_the_tools_page_contradicts_the_form(visitor: Visitor) -> None:
    page = visitor.reads("/tools/alpha")
    before = shown_on(page, "community-alpha", "majority-alpha")
    moved = moved_by(visitor.votes("alpha", "ship", htmx=True))
    assert "30 votes" in before["community-alpha"]
    assert "31 votes" in moved["community-alpha"]
    after = shown_on(visitor.reads("/tools/alpha"), "community-alpha", "majority-alpha")
    assert {id: moved[id] for id in after} == after
    assert after["majority-alpha"] not in {"", before["majority-alpha"]}


@ON_ONE_DATABASE
def test_the_first_vote_is_not_beside_be_the_first(visitor: Visitor, tool: Tool) -> None:
    assert "Be the first" in visitor.reads("/tools/alpha").words
    page = visitor.votes("alpha", "ship", htmx=True)
    assert "Be the first" not in page.words
    assert moved_by(page)["community-alpha"].startswith("Readers 1 ship, 0 skip")
    assert "Be the first" not in visitor.reads("/tools/alpha/vote").words
    assert "Be the first" in moved_by(visitor.votes("alpha", "none", htmx=True))["community-alpha"]


PAIR = ["pair-sentence", "pair-readers", "disagreement-alpha", "disagreement-beta", "community-alpha", "community-beta"]


@pytest.mark.parametrize("header", ["hx_current_url", "referer"])
@pytest.mark.usefixtures("estimated")
def test_after_votes_nothing_on_a_comparison_contradicts_the_forms(visitor: Visitor, header: str) -> None:
    make_tool("beta", aliases=("b",), name="Beta")
    sent = {header: "http://verdicts.test/compare/alpha-vs-beta?x#readers"}
    visitor.votes("beta", "skip", htmx=True, **sent)
    moved = moved_by(visitor.votes("alpha", "ship", htmx=True, **sent))
    assert "Of the one reader who judged both, 1 would ship only Alpha" in moved["pair-sentence"]
    after = shown_on(visitor.reads("/compare/alpha-vs-beta"), *PAIR)
    assert {id: moved[id] for id in moved if id in after} == {
        id: words for id, words in after.items() if not id.endswith("-beta")
    }
    mine = moved_by(visitor.reads("/votes/mine?tool=alpha&tool=beta", **sent))
    assert {id: mine[id] for id in after} == after


@ON_ONE_DATABASE
def test_after_a_vote_a_comparison_of_three_shows_it_in_its_table(visitor: Visitor, tool: Tool) -> None:
    for slug in ("beta", "gamma"):
        make_tool(slug)
    pair = "/compare/alpha-vs-beta-vs-gamma"
    moved = moved_by(visitor.votes("alpha", "ship", htmx=True, hx_current_url=f"http://verdicts.test{pair}"))
    assert moved["readers-alpha"] == words_of(visitor.reads(pair).by_id("readers-alpha")) == "1 ship, 0 skip"
    assert "pair-readers" not in moved


@pytest.mark.parametrize(
    "page", ["", "x", "/compare/", "/compare/alpha", "/compare/alpha-vs-alpha", "http://[/compare/x"]
)
@ON_ONE_DATABASE
def test_a_page_that_is_none_moves_nothing_but_the_tools_figures(visitor: Visitor, tool: Tool, page: str) -> None:
    moved = moved_by(visitor.votes("alpha", "ship", htmx=True, hx_current_url=page))
    assert set(moved) == {"community-alpha", "readers-alpha", "disagreement-alpha", "majority-alpha"}
    assert visitor.votes("alpha", "skip", htmx=True, hx_current_url="/compare/alpha-vs-nobody").status == 200


@ON_ONE_DATABASE
def test_the_fragment_offers_change_and_taking_back(visitor: Visitor, tool: Tool) -> None:
    page = visitor.votes("alpha", "ship", htmx=True)
    pressed = {each.get("value"): each.get("aria-pressed") for each in page.all("button")}
    assert pressed == {"none": None, "ship": "true", "skip": "false"}


@ON_ONE_DATABASE
def test_the_fragment_shows_the_figures_as_published(visitor: Visitor, tool: Tool) -> None:
    page = visitor.votes("alpha", "ship", htmx=True)
    assert page.texts("button", "oval") == ["SHIP 1", "SKIP 0"]
    assert page.texts("div", "ballot-count") == [""]


def test_an_alias_leads_to_the_same_ballot(visitor: Visitor, tool: Tool) -> None:
    visitor.votes("alpha-old", "ship")
    visitor.votes("alpha", "ship")
    assert tally_of(tool) == Community(ship=1)
    assert visitor.hops[-1].status_code == 200


@ON_ONE_DATABASE
def test_my_ballot_under_an_alias_redirects_for_good(visitor: Visitor, tool: Tool) -> None:
    assert visitor.reads("/tools/alpha-old/vote", 301).headers["Location"] == "/tools/alpha/vote"


@BOTH_WAYS
@ON_ONE_DATABASE
def test_a_ballot_for_an_unknown_tool_is_404_and_recorded_nowhere(visitor: Visitor, tool: Tool, htmx: bool) -> None:
    visitor.votes("no-such-tool", "ship", 404, htmx=htmx)
    assert rows_of(vote) == 0


@ON_ONE_DATABASE
def test_a_ballot_for_an_unpublished_tool_is_404(visitor: Visitor) -> None:
    make_tool("hidden", published_at=None)
    visitor.votes("hidden", "ship", 404)
    visitor.reads("/tools/hidden/vote", 404)


@BOTH_WAYS
@pytest.mark.parametrize("verdict", ["", "SHIP", "ship ", "maybe", "ship\0", "<script>", "1", "x" * 1_000])
@ON_ONE_DATABASE
def test_a_wrong_verdict_is_422_in_words_and_recorded_nowhere(
    visitor: Visitor, tool: Tool, htmx: bool, verdict: str
) -> None:
    visitor.votes("alpha", "skip")
    page = visitor.sends("/tools/alpha/vote", {"verdict": verdict}, 422, htmx=htmx)
    assert "Choose ship, skip or none." in page.words
    assert tally_of(tool) == Community(skip=1)


@ON_ONE_DATABASE
def test_a_form_without_a_verdict_is_422(visitor: Visitor, tool: Tool) -> None:
    visitor.sends("/tools/alpha/vote", {"something": "ship"}, 422)


@ON_ONE_DATABASE
def test_a_verdict_in_the_address_is_no_ballot(visitor: Visitor, tool: Tool) -> None:
    visitor.sends("/tools/alpha/vote?verdict=ship", {}, 422)
    visitor.reads("/tools/alpha/vote?verdict=ship")
    assert rows_of(vote) == 0


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
@ON_ONE_DATABASE
def test_other_methods_are_405_and_the_answer_names_those_that_work(visitor: Visitor, tool: Tool, method: str) -> None:
    response = visitor.opens(method, "/tools/alpha/vote")
    assert response.status_code == 405
    assert {"GET", "POST"} <= {each.strip() for each in response.headers["Allow"].split(",")}


@BOTH_WAYS
@ON_ONE_DATABASE
def test_a_body_beyond_the_limit_is_413_and_recorded_nowhere(visitor: Visitor, tool: Tool, htmx: bool) -> None:
    form = {"verdict": "ship", "padding": "x" * 300_000}
    visitor.sends("/tools/alpha/vote", form, 413, htmx=htmx)
    assert rows_of(vote) == 0


@ON_ONE_DATABASE
def test_a_body_of_too_many_parts_is_refused(visitor: Visitor, tool: Tool) -> None:
    parts = {f"field-{number}": "x" for number in range(200)} | {"verdict": "ship"}
    response = visitor.opens("POST", "/tools/alpha/vote", form=parts, content_type="multipart/form-data")
    assert response.status_code == 413
    assert rows_of(vote) == 0


# The cookie


@BOTH_WAYS
def test_nothing_is_recorded_before_the_cookie_comes_back(visitor: Visitor, tool: Tool, htmx: bool) -> None:
    page = visitor.sends("/tools/alpha/vote", {"verdict": "ship"}, 307, htmx=htmx)
    assert page.headers["Location"] == "/tools/alpha/vote?voter=new"
    assert rows_of(vote) == rows_of(vote_event) == 0


@BOTH_WAYS
@ON_ONE_DATABASE
def test_a_browser_that_keeps_no_cookie_is_told_and_nothing_is_recorded(app: Flask, tool: Tool, htmx: bool) -> None:
    reader = Visitor(app, keeps_cookies=False)
    page = reader.votes("alpha", "ship", 400, htmx=htmx)
    assert "Your browser kept no cookie" in page.words
    assert "Set-Cookie" not in page.headers
    assert rows_of(vote) == 0


@ON_ONE_DATABASE
def test_a_second_ballot_sets_no_cookie_again(visitor: Visitor, tool: Tool) -> None:
    visitor.votes("alpha", "ship")
    assert "Set-Cookie" not in visitor.sends("/tools/alpha/vote", {"verdict": "skip"}, 303).headers


def test_the_database_knows_a_voter_by_a_hash_only(visitor: Visitor, tool: Tool) -> None:
    visitor.votes("alpha", "ship")
    known = db.session.scalar(sa.select(vote.c.voter))
    assert known is not None
    assert len(known) == 64
    assert known not in visitor.cookies["voter"].value
    assert visitor.cookies["voter"].value.strip('"').split(".")[0] not in known


@ON_ONE_DATABASE
def test_the_marker_lets_scripts_know_that_this_reader_voted(visitor: Visitor, tool: Tool) -> None:
    visitor.votes("alpha", "ship")
    assert visitor.cookies["voted"].value == "1"
    assert "httponly" not in visitor.cookies["voted"].attributes
    assert "httponly" in visitor.cookies["voter"].attributes


# My ballots


def test_my_ballots_shows_only_mine(app: Flask, visitor: Visitor, tool: Tool) -> None:
    make_tool("beta")
    Visitor(app).votes("alpha", "skip")
    visitor.votes("beta", "ship")
    page = visitor.reads("/votes/mine?tool=alpha&tool=beta")
    said = {each.get("id"): "Your vote:" in page.texts("p", "ballot-say", each)[0] for each in page.all("form")}
    assert said == {"ballot-alpha": False, "ballot-beta": True}


@pytest.mark.parametrize("query", ["", "?tool=", "?tool=no-such-tool", "?tool=hidden", "?other=1"])
@ON_ONE_DATABASE
def test_my_ballots_of_no_tool_are_none(visitor: Visitor, query: str) -> None:
    make_tool("hidden", published_at=None)
    assert visitor.reads(f"/votes/mine{query}").all("form") == []


def test_my_ballots_under_slug_and_alias_come_once(visitor: Visitor, tool: Tool) -> None:
    assert len(visitor.reads("/votes/mine?tool=alpha&tool=alpha-old&tool=alpha").all("form")) == 1


def test_my_ballots_are_at_most_fifty(visitor: Visitor) -> None:
    for number in range(52):
        make_tool(f"tool-{number}")
    query = "&".join(f"tool=tool-{number}" for number in range(52))
    assert len(visitor.reads(f"/votes/mine?{query}").all("form")) == 50


@pytest.mark.parametrize("path", ["/tools/alpha/vote", "/votes/mine?tool=alpha"])
@ON_ONE_DATABASE
def test_what_is_mine_is_never_kept_nor_compressed(visitor: Visitor, tool: Tool, path: str) -> None:
    visitor.votes("alpha", "ship")
    page = visitor.reads(path, accept_encoding="br, gzip")
    assert page.headers["Cache-Control"] == "no-store"
    assert "Content-Encoding" not in page.headers
    assert "ETag" not in page.headers
    assert "Your vote: SHIP" in page.words


def test_the_public_page_is_the_same_for_a_voter(app: Flask, visitor: Visitor, tool: Tool) -> None:
    visitor.votes("alpha", "ship")
    assert visitor.reads("/tools/alpha").html == Visitor(app).reads("/tools/alpha").html


def test_reading_ones_ballots_records_nothing(visitor: Visitor, tool: Tool) -> None:
    for path in ("/tools/alpha/vote", "/votes/mine?tool=alpha", "/tools/alpha", "/tools/alpha/vote?verdict=ship"):
        visitor.reads(path)
    assert rows_of(vote) == rows_of(vote_event) == 0


def test_a_ballot_shows_on_the_public_page_once_its_copy_is_stale(visitor: Visitor, tool: Tool) -> None:
    assert visitor.reads("/tools/alpha").texts("button", "oval") == ["SHIP 0", "SKIP 0"]
    visitor.votes("alpha", "ship")
    visitor.clock.now += timedelta(days=2).total_seconds()
    assert visitor.reads("/tools/alpha").texts("button", "oval") == ["SHIP 1", "SKIP 0"]


@ON_ONE_DATABASE
def test_the_page_for_a_browser_without_cookies_leads_back_to_a_vote_that_can_count(
    visitor: Visitor,
) -> None:
    make_tool("zeta")
    refused = visitor.opens("POST", "/tools/zeta/vote?voter=new", form={"verdict": "ship"})
    assert refused.status_code == 400
    assert 'action="/tools/zeta/vote"' in refused.text


def test_a_vote_for_an_unknown_tool_sets_no_cookie_and_offers_no_retry(visitor: Visitor) -> None:
    refused = visitor.opens("POST", "/tools/nope/vote", form={"verdict": "ship"}, htmx=True)
    assert refused.status_code == 404
    assert "Set-Cookie" not in refused.headers
    assert "try" not in refused.text


# What is locked, and when


@ON_POSTGRESQL
def test_the_days_key_is_made_before_a_tally_is_locked(
    app: Flask, tool: Tool, visitor: Visitor, statements: StatementCount
) -> None:
    """Otherwise two first votes of a day may each hold what the other one waits for."""
    visitor.votes("alpha", "ship")  # it makes the tally, and comes from this machine, which needs no key
    before = len(statements)
    Visitor(app, "203.0.113.1").votes("alpha", "ship")
    sent = statements.statements[before:]
    (key,) = (at for at, each in enumerate(sent) if each.startswith("INSERT INTO network_key"))
    assert key < min(at for at, each in enumerate(sent) if "FOR UPDATE" in each)


@ON_POSTGRESQL
def test_who_has_nothing_to_take_back_locks_nothing(
    app: Flask, tool: Tool, visitor: Visitor, statements: StatementCount
) -> None:
    visitor.votes("alpha", "ship")
    before = len(statements)
    Visitor(app, "203.0.113.1").votes("alpha", "none")
    assert not [each for each in statements.statements[before:] if "FOR UPDATE" in each]
