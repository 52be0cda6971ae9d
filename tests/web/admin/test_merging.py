"""Merging two tools: choosing them, previewing the merge, confirming it."""

import re
from collections.abc import Iterator
from html import unescape

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.conftest import ON_ONE_DATABASE, first_on_both
from tests.makers import (
    TODAY,
    make_comparison,
    make_price,
    make_review,
    make_reviewer,
    make_subscriber,
    make_tool,
    make_votes,
)
from tests.web.admin.admin_client import AdminClient
from tests.web.visitor import Visitor
from verdicts.catalog.models import Logo, Tool
from verdicts.extensions import db
from verdicts.staff import audit

PLAN = "/admin/merge?keep=mistral-code&drop=mistral-vibe"


@pytest.fixture
def pair(app: Flask) -> Iterator[tuple[int, int]]:
    keep, drop = make_tool("mistral-code"), make_tool("mistral-vibe", aliases=("le-code",))
    yield keep.id, drop.id
    db.session.rollback()


def fields(page: str) -> dict[str, str]:
    """Return what the form at the end of a dry run sends."""
    return dict(re.findall(r'name="(keep|drop|agreed)" value="([^"]*)"', page))


def plan_of(page: str) -> list[str]:
    listed = re.search(r'<ul class="ruled-list">(.*?)</ul>', page, re.S)
    assert listed
    return [unescape(line.strip()) for line in re.findall(r"<li>(.*?)</li>", listed[1], re.S)]


def merged_into(id: int) -> int | None:
    db.session.rollback()
    return db.session.scalar(sa.select(Tool.merged_into_id).where(Tool.id == id))


def test_a_preview_says_all_that_will_change_and_changes_nothing(root: AdminClient, app: Flask) -> None:
    keep, drop, other = make_tool("keep"), make_tool("drop", tagline="Fast."), make_tool("other")
    builder, skeptic = make_reviewer("builder"), make_reviewer("skeptic")
    make_review(keep, builder, "ship")
    make_review(drop, builder, "skip")
    make_review(drop, skeptic, "skip")
    make_votes(keep, ship=range(3))
    make_votes(drop, skip=range(2, 5), waiting=range(5, 6))
    make_price(drop, "free")
    make_comparison(drop, other)
    make_comparison(keep, drop)
    make_subscriber(follows=[drop])
    page = root.gets("/admin/merge?keep=keep&drop=drop")
    assert plan_of(page.text) == [
        "/tools/drop redirects to Keep, and so do addresses of comparisons that name it.",
        "The Builder reviewed both: SHIP on Keep stays, and SKIP on Drop moves to its history.",
        "The review by the Skeptic (SKIP) moves, with its history.",
        "3 votes move to Keep. None counts more or less than before.",
        "1 reader voted on both and keeps one vote: the one changed last.",
        "Keep will have 3 SHIP and 2 SKIP, with 1 waiting.",
        "Keep gets the price, Free, with its history.",
        "Keep gets what it does not have: the tagline.",
        "In the comparison of Drop and Other, Keep replaces Drop.",
        "The comparison of Drop and Keep is archived: it would compare Keep with itself.",
        "1 subscriber who followed Drop follows Keep.",
        "Everything else of Drop is hidden, and its record can no longer be edited.",
    ]
    assert merged_into(drop.id) is None


def test_what_was_agreed_to_is_done_and_old_addresses_lead_on(
    root: AdminClient, app: Flask, pair: tuple[int, int]
) -> None:
    make_tool("aider")
    page = root.gets(PLAN)
    done = root.posts("/admin/merge", **fields(page.text))
    assert (done.status_code, done.headers["Location"]) == (303, "/admin/merge?done=mistral-code")
    answer = root.gets(done.headers["Location"]).text
    assert ("Mistral Code</a> is now one record" in answer, answer.count('role="status"')) == (True, 1)
    assert merged_into(pair[1]) == pair[0]
    visitor = Visitor(app)
    for slug in ("mistral-vibe", "le-code"):
        assert visitor.reads(f"/tools/{slug}", 301).headers["Location"] == "/tools/mistral-code"
    moved = visitor.reads("/compare/aider-vs-le-code", status=301)
    assert moved.headers["Location"] == "/compare/aider-vs-mistral-code"


def test_the_history_shows_what_the_other_record_said_and_claims_no_change_of_mind(
    root: AdminClient, app: Flask
) -> None:
    keep, drop, builder = make_tool("keep"), make_tool("drop"), make_reviewer("builder")
    make_review(keep, builder, "ship", reviewed_on=TODAY)
    make_review(drop, builder, "skip", quote="It was slow.", reviewed_on=TODAY)
    root.posts("/admin/merge", **fields(root.gets("/admin/merge?keep=keep&drop=drop").text))
    page = Visitor(app).reads("/tools/keep")
    (change,) = page.texts("li", "change")
    assert change.startswith("22 Nov 2026 The Builder SKIP in another record Two records of one tool were merged;")
    assert "It was slow." in change
    drawn = page.all("div", "timeline")[0]
    assert drawn.attrib["aria-label"] == "The Builder: SHIP from 22 Nov 2026"


@ON_ONE_DATABASE
def test_the_activity_log_says_which_tool_was_merged_into_which(root: AdminClient, app: Flask) -> None:
    keep, drop = make_tool("keep"), make_tool("drop")
    make_votes(keep, ship=range(3))
    make_votes(drop, ship=range(2, 5), skip=[7])
    make_review(drop, make_reviewer())
    root.posts("/admin/merge", **fields(root.gets("/admin/merge?keep=keep&drop=drop").text))
    db.session.rollback()
    entry = audit.search()[0]
    assert (entry.actor, entry.action, entry.kind, entry.record) == ("root", "merged", "tool", "Drop into Keep")
    assert entry.changes == {
        "address": ["drop", "keep"],
        "ship": [3, 5],
        "skip": [0, 1],
        "reviews_of_the_other": [1, 0],
    }


def test_what_a_merge_overwrote_is_in_both_histories_and_can_be_restored(root: AdminClient, app: Flask) -> None:
    keep, drop = make_tool("keep", maker="M").id, make_tool("drop", name="Other", tagline="Fast.").id
    root.posts("/admin/merge", **fields(root.gets("/admin/merge?keep=keep&drop=drop").text))
    db.session.rollback()
    _whole, changed = audit.history("tool", keep)
    assert (changed.actor, changed.action, changed.record) == ("root", "changed", "keep")
    assert changed.changes == {"aliases": [None, ["drop"]], "tagline": [None, "Fast."]}
    before = f"/admin/tools/{keep}?restore={changed.id}"
    assert before in root.gets(f"/admin/history/tool/{keep}").text
    assert (root.form(before)["tagline"], root.form(before)["maker"]) == ("", "M")

    (gone,) = audit.history("tool", drop)
    assert gone.changes == {"slug": ["drop", None], "name": ["Other", None], "tagline": ["Fast.", None]}
    history = root.gets(f"/admin/history/tool/{drop}").text
    assert f"/admin/tools/{drop}" not in history
    restore_url = f"/admin/tools/new?restore={gone.id}"
    assert restore_url in history
    assert root.form(restore_url)["tagline"] == "Fast."
    assert "leads to Keep already" in root.fills(restore_url).text


@ON_ONE_DATABASE
def test_a_logo_that_is_taken_over_is_logged(root: AdminClient, app: Flask) -> None:
    digest = "0123456789abcdef" * 4
    db.session.add(Logo(digest=digest, image=b"png", width=64, height=64))
    db.session.commit()
    keep = make_tool("keep").id
    make_tool("drop", logo_digest=digest)
    root.posts("/admin/merge", **fields(root.gets("/admin/merge?keep=keep&drop=drop").text))
    db.session.rollback()
    entry = next(each for each in audit.history("tool", keep) if each.action == "changed the logo of")
    assert (entry.record, entry.changes) == ("Keep", {"logo": [None, digest[:12]]})


@ON_ONE_DATABASE
def test_a_vote_from_a_page_that_was_open_goes_to_the_tool_that_is_kept(
    root: AdminClient, app: Flask, pair: tuple[int, int]
) -> None:
    root.posts("/admin/merge", **fields(root.gets(PLAN).text))
    visitor = Visitor(app)
    visitor.votes("mistral-vibe", "ship")
    db.session.rollback()
    tool_ids = db.session.scalars(sa.text("SELECT tool_id FROM vote")).all()
    assert list(tool_ids) == [pair[0]]


@ON_ONE_DATABASE
def test_a_plan_that_changed_is_shown_again_and_nothing_is_done(root: AdminClient, pair: tuple[int, int]) -> None:
    shown = fields(root.gets(PLAN).text)
    drop = db.session.get_one(Tool, pair[1])
    make_review(drop, make_reviewer())
    again = root.posts("/admin/merge", **shown)
    assert (again.status_code, "Someone edited one of the two records" in again.text) == (422, True)
    assert merged_into(pair[1]) is None
    assert root.posts("/admin/merge", **fields(again.text)).status_code == 303


@ON_ONE_DATABASE
def test_a_vote_that_came_meanwhile_changes_nothing_about_the_plan(root: AdminClient, pair: tuple[int, int]) -> None:
    shown = fields(root.gets(PLAN).text)
    make_votes(db.session.get_one(Tool, pair[1]), ship=range(5))
    assert root.posts("/admin/merge", **shown).status_code == 303


@ON_ONE_DATABASE
def test_who_merges_what_somebody_else_has_merged_is_told_so(root: AdminClient, pair: tuple[int, int]) -> None:
    shown = fields(root.gets(PLAN).text)
    root.posts("/admin/merge", **shown)
    late = root.posts("/admin/merge", **shown)
    assert (late.status_code, "Mistral Vibe was merged into another tool in the meantime" in late.text) == (422, True)
    assert "Both are the same tool. Choose two different ones." in root.gets(PLAN).text


@pytest.mark.parametrize(
    "form", [{}, {"keep": "1", "drop": "x"}, {"keep": "0", "drop": "1"}, {"keep": "1", "drop": "99999999999"}]
)
@ON_ONE_DATABASE
def test_a_form_that_names_no_two_tools_is_refused(root: AdminClient, form: dict[str, str]) -> None:
    assert root.posts("/admin/merge", **form).status_code == 400


@ON_ONE_DATABASE
def test_the_two_can_be_swapped(root: AdminClient, pair: tuple[int, int]) -> None:
    assert 'href="/admin/merge?keep=mistral-vibe&amp;drop=mistral-code">Swap' in root.gets(PLAN).text


@ON_ONE_DATABASE
def test_two_records_of_one_name_are_distinguished_by_their_addresses(root: AdminClient, app: Flask) -> None:
    make_tool("mistral", name="Mistral")
    make_tool("mistral-2", name="Mistral")
    page = root.gets("/admin/merge?keep=mistral&drop=mistral-2").text
    assert "Merge Mistral (/tools/mistral-2) into Mistral (/tools/mistral)" in page


# Choosing the records


def test_words_that_could_mean_several_offer_them_and_keep_what_was_typed(
    root: AdminClient, pair: tuple[int, int]
) -> None:
    page = root.gets("/admin/merge?keep=Mistral&drop=le-code")
    assert page.status_code == 422
    assert 'href="#keep"' in page.text
    for slug in ("mistral-code", "mistral-vibe"):
        assert f'href="/admin/merge?keep={slug}&amp;drop=le-code"' in page.text
    assert 'value="Mistral"' in page.text


@first_on_both(
    "words", ["Mistral Code", "mistral-code", "/tools/mistral-code", "http://verdicts.test/tools/Mistral-Code/"]
)
def test_a_tool_is_found_by_its_address_its_slug_or_its_name(
    root: AdminClient, pair: tuple[int, int], words: str
) -> None:
    page = root.gets(f"/admin/merge?keep={words}&drop=le-code")
    assert "Merge Mistral Vibe into Mistral Code" in page.text


@ON_ONE_DATABASE
def test_a_draft_is_found_too_and_one_is_warned_of_merging_into_it(root: AdminClient, pair: tuple[int, int]) -> None:
    make_tool("draft", published_at=None)
    page = root.gets("/admin/merge?keep=draft&drop=le-code").text
    assert "Draft is not published: readers find neither until someone publishes it." in plan_of(page)


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("keep=&drop=", "Enter the record to keep."),
        ("keep=mistral-code&drop=nobody-knows", "No tools match."),
        ("keep=mistral-code&drop=mistral-code", "Both are the same tool. Choose two different ones."),
    ],
)
@ON_ONE_DATABASE
def test_what_cannot_be_found_is_said_beside_the_field(
    root: AdminClient, pair: tuple[int, int], typed: str, why: str
) -> None:
    page = root.gets(f"/admin/merge?{typed}")
    assert page.status_code == 422
    assert why in page.text


def test_among_ten_thousand_a_dozen_are_offered(root: AdminClient, app: Flask) -> None:
    for number in range(14):
        make_tool(f"copy-{number}")
    page = root.gets("/admin/merge?keep=copy&drop=copy-1").text
    assert page.count("/admin/merge?keep=copy-") == 12
    assert "There are more. Enter more of the name." in page


@pytest.mark.parametrize("gone", ["keep", "drop"])
@ON_ONE_DATABASE
def test_a_tool_that_is_gone_when_the_merge_is_confirmed_is_reported(
    root: AdminClient, pair: tuple[int, int], gone: str
) -> None:
    plan = fields(root.gets(PLAN).text)
    answer = root.posts("/admin/merge", **{**plan, gone: "2147483647"})
    assert (answer.status_code, "One of the two tools does not exist" in answer.text) == (422, True)


@pytest.mark.parametrize("id", ["", "0", "1_0", "\u0661", "2147483648"])
@ON_ONE_DATABASE
def test_what_is_no_id_is_not_merged(root: AdminClient, pair: tuple[int, int], id: str) -> None:
    assert root.posts("/admin/merge", keep=id, drop=str(pair[1])).status_code == 400
