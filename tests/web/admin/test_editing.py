"""Editing the catalogue by forms, as an editor does: every kind of record goes the same way."""

import html
import re
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import unquote

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask

from tests.conftest import ON_ONE_DATABASE
from tests.makers import (
    NOW,
    make_category,
    make_comparison,
    make_price,
    make_review,
    make_reviewer,
    make_tool,
    make_votes,
)
from tests.web.admin.editor import Editor, fields_of, make_account
from tests.web.visitor import Visitor
from verdicts.catalog.models import Category, PriceRecord, Review, Reviewer, ReviewRevision, Tool
from verdicts.comparisons.models import Comparison
from verdicts.curation.transfer import importing
from verdicts.extensions import TooManyWriters, begin_write, db
from verdicts.staff import accounts, audit, drafts
from verdicts.staff.models import Role, form_draft
from verdicts.web.admin.forms import record_editor

LATER = NOW + timedelta(hours=1)


@pytest.fixture(autouse=True)
def the_present() -> object:
    with time_machine.travel(LATER, tick=False) as traveller:
        yield traveller


def someone(app: Flask, name: str, role: Role = Role.EDITOR) -> Editor:
    make_account(name, role)
    editor = Editor(app)
    editor.logs_in(name)
    return editor


@pytest.fixture
def ann(app: Flask) -> Editor:
    return someone(app, "ann")


def stored(model: type, **where: object) -> list:
    db.session.expire_all()
    db.session.rollback()
    return list(db.session.scalars(sa.select(model).filter_by(**where).order_by(model.id)))


def last_entry() -> audit.Entry:
    db.session.rollback()
    return audit.search(limit=1)[0]


# A new tool, from nothing to the public page


def test_a_new_tool_is_a_draft_until_its_panel_is_recorded_and_published(ann: Editor) -> None:
    make_category("editors", facts={"offline": "Runs offline"})
    make_reviewer("builder")
    make_reviewer("skeptic")
    answer = ann.fills("/admin/tools/new", "refit", name="Wren Code", category="editors")
    first = fields_of(answer.text) | {"facts-0-value": "Yes", "price-model": "paid", "price-amount": "20"}
    answer = ann.sends("/admin/tools/new", first | {"price-currency": "usd", "price-period": "month"}, "save panel")
    tool = stored(Tool)[0]
    assert answer.headers["Location"] == f"/admin/tools/{tool.id}/panel"
    assert (tool.slug, tool.published_at, tool.facts[0].value) == ("wren-code", None, "Yes")
    assert ann.gets("/tools/wren-code").status_code == 404
    panel = {"reviews_0_verdict": "ship", "reviews_0_quote": "Quick.", "reviews_1_verdict": "skip"}
    ann.fills(f"/admin/tools/{tool.id}/panel", "save publish", **panel, reviews_1_quote="It forgets.")
    page = ann.gets("/tools/wren-code").text
    assert all(words in page for words in ("$20 / month", "1 of 2", "Quick.", "It forgets.", "Runs offline"))


@ON_ONE_DATABASE
def test_a_refused_form_keeps_what_was_typed_and_says_why_beside_each_field_and_on_top(ann: Editor) -> None:
    typed = {"website": "ftp://x.example", "tagline": "Kept.", "price__model": "paid", "price__amount": "twenty"}
    answer = ann.fills("/admin/tools/new", name="", plans_0_name="Pro", plans_0_amount="5", **typed)
    assert answer.status_code == 422
    kept = fields_of(answer.text)
    assert (kept["website"], kept["tagline"], kept["price-amount"]) == ("ftp://x.example", "Kept.", "twenty")
    assert (kept["plans-0-name"], kept["plans-0-amount"]) == ("Pro", "5")
    text = html.unescape(answer.text)
    assert "4 things to fix" in text
    for id in ("name", "website", "price-amount", "plans-0-amount"):
        assert f'<a href="#{id}">' in text
        assert f'id="{id}-fault"' in text
    assert "Must be an amount such as “20.00”, not “twenty”." in text
    assert stored(Tool) == []


def test_a_slug_that_is_taken_is_refused_by_name(ann: Editor) -> None:
    make_tool("wren", name="Wren", aliases=("old-wren",))
    answer = ann.fills("/admin/tools/new", name="Another", slug="old-wren")
    assert answer.status_code == 422
    assert "“old-wren” leads to Wren already" in answer.text


def test_another_slug_leaves_an_alias_that_redirects(ann: Editor) -> None:
    tool = make_tool("wren")
    ann.fills(f"/admin/tools/{tool.id}", slug="wren-code")
    assert ann.gets("/tools/wren").headers["Location"] == "/tools/wren-code"
    assert ann.form(f"/admin/tools/{tool.id}")["aliases"] == "wren"
    ann.fills(f"/admin/tools/{tool.id}", slug="wren", aliases="")
    assert ann.gets("/tools/wren-code").headers["Location"] == "/tools/wren"


def test_a_category_and_a_reviewer_leave_their_old_slugs_behind_too(ann: Editor) -> None:
    category = make_category("editors", name="Editors")
    make_tool("wren", category_id=category.id)
    reviewer = make_reviewer("builder")
    ann.fills(f"/admin/categories/{category.id}", slug="code-editors")
    ann.fills(f"/admin/reviewers/{reviewer.id}", slug="maker")
    moved = ann.gets("/tools?category=editors&sort=name")
    assert (moved.status_code, moved.headers["Location"]) == (301, "/tools?category=code-editors&sort=name")
    assert [each.slug for each in stored(Reviewer)[0].former_slugs] == ["builder"]
    assert ann.fills("/admin/categories/new", name="Editors", slug="editors").status_code == 422


def test_a_file_that_knows_a_category_by_its_old_slug_finds_it(ann: Editor) -> None:
    category, reviewer = make_category("editors", name="Editors"), make_reviewer("builder", name="The Builder")
    ann.fills(f"/admin/categories/{category.id}", slug="code-editors")
    ann.fills(f"/admin/reviewers/{reviewer.id}", slug="maker")
    told = {
        "categories": [{"slug": "editors", "name": "Anew"}],
        "reviewers": [{"slug": "builder", "name": "The Maker"}],
    }
    db.session.rollback()
    begin_write()
    importing.import_catalogue({"format": "verdicts-catalogue/1", **told}, LATER)
    db.session.commit()
    assert [(each.slug, each.name) for each in stored(Category)] == [("code-editors", "Anew")]
    assert [(each.slug, each.name) for each in stored(Reviewer)] == [("maker", "The Maker")]


@ON_ONE_DATABASE
def test_rows_are_added_moved_and_removed_without_saving(ann: Editor) -> None:
    category = make_category("editors", facts={"offline": "Runs offline", "open": "Open source"})
    path = f"/admin/categories/{category.id}"
    more = fields_of(ann.fills(path, "more facts").text)
    assert (more["facts-1-label"], more["facts-2-label"]) == ("Open source", "")
    up = fields_of(ann.sends(path, more | {"facts-2-label": "Price"}, "up facts 2").text)
    assert [up[f"facts-{n}-label"] for n in range(3)] == ["Runs offline", "Price", "Open source"]
    gone = fields_of(ann.sends(path, up, "remove facts 0").text)
    assert [gone[f"facts-{n}-label"] for n in range(2)] == ["Price", "Open source"]
    assert [fact.key for fact in stored(Category)[0].facts] == ["offline", "open"]
    ann.sends(path, gone)
    assert [fact.key for fact in stored(Category)[0].facts] == ["price", "open"]


# What is never rewritten in silence


def test_a_changed_verdict_needs_its_reason_and_the_old_one_stays(ann: Editor) -> None:
    tool, reviewer = make_tool("wren"), make_reviewer("builder")
    make_review(tool, reviewer, "ship", quote="Quick.", reviewed_on=NOW.date())
    path = f"/admin/tools/{tool.id}/panel"
    refused = ann.fills(path, reviews_0_verdict="skip", reviews_0_quote="It grew slow.")
    assert refused.status_code == 422
    assert 'id="reviews-0-reason-fault"' in refused.text
    assert stored(ReviewRevision) == []
    assert ann.sends(path, fields_of(refused.text) | {"reviews-0-reason": "Version 2 is slow."}).status_code == 303
    (old,) = stored(ReviewRevision)
    assert (old.verdict, old.quote, old.reason, old.wording_only) == ("ship", "Quick.", "Version 2 is slow.", False)
    page = ann.gets("/tools/wren").text
    assert "Version 2 is slow." in page
    assert last_entry().changes["builder"][0]["verdict"] == "ship"


def test_wording_only_is_kept_as_such_and_cannot_be_another_verdict(ann: Editor) -> None:
    tool, reviewer = make_tool("wren"), make_reviewer("builder")
    make_review(tool, reviewer, "ship", quote="Quik.")
    path = f"/admin/tools/{tool.id}/panel"
    typed = {"reviews_0_reason": "A slip.", "reviews_0_wording_only": "y"}
    assert ann.fills(path, reviews_0_verdict="skip", **typed).status_code == 422
    assert ann.fills(path, reviews_0_verdict="ship", reviews_0_quote="Quick.", **typed).status_code == 303
    assert [(old.quote, old.wording_only) for old in stored(ReviewRevision)] == [("Quik.", True)]


def test_a_quote_without_a_verdict_is_asked_for_one(ann: Editor) -> None:
    tool = make_tool("wren")
    make_reviewer("builder")
    answer = ann.fills(f"/admin/tools/{tool.id}/panel", reviews_0_quote="Quick.")
    assert answer.status_code == 422
    assert 'href="#reviews-0-verdict"' in answer.text
    assert stored(Review) == []


def test_who_has_left_the_panel_is_asked_no_more_but_what_they_said_stays(ann: Editor) -> None:
    tool, other = make_tool("wren"), make_tool("finch")
    reviewer = make_reviewer("builder")
    make_review(tool, reviewer, "ship")
    ann.posts(f"/admin/reviewers/{reviewer.id}/publication", do="leave")
    assert "The Builder" in ann.gets(f"/admin/tools/{tool.id}/panel").text
    assert "The Builder" not in ann.gets(f"/admin/tools/{other.id}/panel").text
    assert "The Builder" in ann.gets("/tools/wren").text


def test_another_price_needs_its_reason_and_the_old_one_stays(ann: Editor) -> None:
    tool = make_tool("wren")
    make_price(tool, "paid", amount=20, currency="USD", period="month")
    path = f"/admin/tools/{tool.id}/price"
    refused = ann.fills(path, amount="25")
    assert (refused.status_code, fields_of(refused.text)["amount"]) == (422, "25")
    ann.sends(path, fields_of(refused.text) | {"reason": "The maker raised it."})
    old, new = stored(PriceRecord)
    assert (old.until, old.reason, str(new.amount)) == (LATER.date(), "The maker raised it.", "25")


def test_a_first_price_needs_no_reason(ann: Editor) -> None:
    tool = make_tool("wren")
    make_price(tool, "unknown")
    assert ann.fills(f"/admin/tools/{tool.id}/price", model="free").status_code == 303
    assert [price.model for price in stored(PriceRecord)] == ["free"]


def test_a_review_that_no_reader_has_seen_is_taken_away_and_comes_back_from_the_trail(ann: Editor) -> None:
    tool, reviewer = make_tool("wren", published_at=None), make_reviewer("builder")
    make_review(tool, reviewer, "ship", quote="Meant for another tool.")
    path = f"/admin/tools/{tool.id}/panel"
    assert "No reader has seen it." in ann.gets(f"{path}/builder/removal").text
    assert ann.posts(f"{path}/builder/removal").headers["Location"] == path
    assert stored(Review) == []
    ann.sends(path, ann.form(f"{path}?restore={last_entry().id}"))
    assert [review.quote for review in stored(Review)] == ["Meant for another tool."]


def test_a_review_that_readers_have_seen_stays(ann: Editor) -> None:
    tool, reviewer = make_tool("wren", first_published_at=NOW), make_reviewer("builder")
    make_review(tool, reviewer, "ship")
    refused = ann.posts(f"/admin/tools/{tool.id}/panel/builder/removal")
    assert (refused.status_code, "It stays." in refused.text, len(stored(Review))) == (422, True, 1)


# Nothing typed is lost


def test_of_two_editors_the_second_sees_both_versions_and_nothing_is_overwritten(app: Flask, ann: Editor) -> None:
    bob, tool = someone(app, "bob"), make_tool("wren", tagline="Old.", maker="Old maker")
    path = f"/admin/tools/{tool.id}"
    bobs = bob.form(path)
    ann.fills(path, tagline="Ann’s.")
    refused = bob.sends(path, bobs | {"tagline": "Bob’s.", "maker": "New maker"})
    assert refused.status_code == 409
    assert all(words in refused.text for words in ("Somebody was quicker", "ann saved", "Ann’s.", "Bob’s."))
    assert (stored(Tool)[0].tagline, stored(Tool)[0].maker) == ("Ann’s.", "Old maker")
    assert bob.sends(path, fields_of(refused.text)).status_code == 303
    assert (stored(Tool)[0].tagline, stored(Tool)[0].maker) == ("Bob’s.", "New maker")


def test_two_editors_of_one_panel_meet_the_same_way(app: Flask, ann: Editor) -> None:
    bob, tool = someone(app, "bob"), make_tool("wren")
    make_reviewer("builder")
    path = f"/admin/tools/{tool.id}/panel"
    bobs = bob.form(path)
    ann.fills(path, reviews_0_verdict="ship", reviews_0_quote="Ann heard this.")
    refused = bob.sends(path, bobs | {"reviews-0-verdict": "skip", "reviews-0-quote": "Bob heard that."})
    assert refused.status_code == 409
    assert [review.quote for review in stored(Review)] == ["Ann heard this."]


def test_a_draft_is_kept_shown_again_and_gone_once_it_is_saved(ann: Editor) -> None:
    tool = make_tool("wren", tagline="Old.")
    path = f"/admin/tools/{tool.id}"
    fields = ann.form(path) | {"tagline": "Half a thought"}
    kept = ann.posts(
        "/admin/drafts",
        token=fields["csrf_token"],
        draft_key=path,
        **{k: v for k, v in fields.items() if k != "csrf_token"},
    )
    assert "Draft kept at" in kept.text
    assert ann.form(path)["tagline"] == "Half a thought"
    assert "Your draft" in ann.gets(path).text
    assert stored(Tool)[0].tagline == "Old."
    ann.fills(path)
    assert stored(Tool)[0].tagline == "Half a thought"
    assert "Your draft" not in ann.gets(path).text


def test_a_draft_is_kept_and_discarded_without_javascript(app: Flask, ann: Editor) -> None:
    path = ann.gets("/admin/reviewers/new").headers["Location"]
    assert ann.fills(path, "draft", name="The Half").headers["Location"].startswith(path.partition("?")[0])
    assert ann.form(path)["name"] == "The Half"
    assert someone(app, "bob").form(path)["name"] == ""
    ann.posts(path, do="discard")
    assert ann.form(path)["name"] == ""
    assert stored(Reviewer) == []


def test_a_draft_of_an_older_version_meets_what_was_saved_since(app: Flask, ann: Editor) -> None:
    bob, tool = someone(app, "bob"), make_tool("wren")
    path = f"/admin/tools/{tool.id}"
    bob.fills(path, "draft", maker="Bob’s maker")
    ann.fills(path, tagline="Ann’s.")
    assert bob.fills(path).status_code == 409


# Seen before it is saved, and published when it is time


def test_a_preview_shows_the_public_page_of_a_draft_and_saves_nothing(ann: Editor) -> None:
    tool = make_tool("wren", name="Wren", published_at=None, tagline="Old.")
    before = ann.gets("/tools/wren").status_code
    page = ann.fills(f"/admin/tools/{tool.id}", "preview", tagline="As it will be.")
    assert (before, page.status_code) == (404, 200)
    assert all(words in page.text for words in ("Preview.", "As it will be.", "Side by side"))
    assert (stored(Tool)[0].tagline, stored(Tool)[0].published_at) == ("Old.", None)


@pytest.mark.parametrize("kind", ["panel", "price", "category", "reviewer", "comparison"])
def test_every_kind_of_record_has_a_preview(ann: Editor, kind: str) -> None:
    tool, other = make_tool("wren", published_at=None), make_tool("finch")
    category, reviewer = make_category("editors"), make_reviewer("builder")
    comparison = make_comparison(tool, other, published_at=None)
    path = {
        "panel": f"/admin/tools/{tool.id}/panel",
        "price": f"/admin/tools/{tool.id}/price",
        "category": f"/admin/categories/{category.id}",
        "reviewer": f"/admin/reviewers/{reviewer.id}",
        "comparison": f"/admin/comparisons/{comparison.id}",
    }[kind]
    page = ann.fills(path, "preview")
    assert (page.status_code, "Preview." in page.text) == (200, True)


def test_a_tool_is_scheduled_and_appears_when_its_time_comes(ann: Editor, the_present: time_machine.Traveller) -> None:
    tool = make_tool("wren", published_at=None)
    path = f"/admin/tools/{tool.id}/publication"
    assert "This moment has passed" in ann.posts(path, do="schedule", at="2026-11-22T08:00").text
    assert ann.posts(path, do="schedule", at="next week").status_code == 422
    assert ann.posts(path, do="schedule", at="2026-11-22T14:00").status_code == 303
    assert ann.gets("/tools/wren").status_code == 404
    the_present.shift(timedelta(hours=2))
    assert ann.gets("/tools/wren").status_code == 200


def test_what_is_taken_back_and_published_again_is_no_news(ann: Editor) -> None:
    tool = make_tool("wren")
    db.session.execute(sa.update(Tool).values(first_published_at=NOW))
    db.session.commit()
    path = f"/admin/tools/{tool.id}/publication"
    ann.posts(path, do="back")
    assert ann.gets("/tools/wren").status_code == 404
    ann.posts(path, do="archive")
    assert "wren" not in ann.gets("/admin/tools").text
    assert f'href="/admin/tools/{tool.id}"' in ann.gets("/admin/tools?state=archived").text
    ann.posts(path, do="publish")
    assert ann.gets("/tools/wren").status_code == 200
    assert stored(Tool)[0].published_at == NOW


def test_a_comparison_that_is_a_draft_is_seen_nowhere(app: Flask, ann: Editor) -> None:
    make_tool("wren", name="Wren"), make_tool("finch", name="Finch")
    words = {"tools-0": "wren", "tools-1": "Finch"}
    form = ann.form("/admin/comparisons/new") | words | {"bottom_line": "Take *Wren*.", "headline": "Two birds"}
    lines = {"choose_if-0-tool": "Wren", "choose_if-0-when": "you like it small"}
    assert ann.sends("/admin/comparisons/new", form | lines).status_code == 303
    (row,) = stored(Comparison)
    reader = Visitor(app)
    assert "Take <em>Wren</em>" not in reader.reads("/compare/finch-vs-wren").html
    ann.fills(f"/admin/comparisons/{row.id}", "save publish")
    page = reader.reads("/compare/finch-vs-wren").html
    assert "Take <em>Wren</em>" in page
    assert "you like it small" in page


def test_a_comparison_names_tools_that_exist_twice_at_most_once_and_no_other_record_has(ann: Editor) -> None:
    wren, finch = make_tool("wren"), make_tool("finch")
    make_comparison(wren, finch)
    path = "/admin/comparisons/new"
    form = ann.form(path)
    for first, second, words in [
        ("wren", "", "must be 2 to 4 tools"),
        ("wren", "wren", "“wren” is given already"),
        ("wren", "<b>", "There is no tool “<b>”"),
        ("wren", "finch", "compared already"),
    ]:
        answer = ann.sends(path, form | {"tools-0": first, "tools-1": second})
        assert answer.status_code == 422
        assert words.lower() in html.unescape(answer.text).lower()


# Gone, and back


def test_only_what_nothing_depends_on_is_deleted_and_the_others_say_what_does(ann: Editor) -> None:
    category, reviewer = make_category("editors"), make_reviewer("builder")
    wren, finch = make_tool("wren", category_id=category.id), make_tool("finch")
    make_review(wren, reviewer)
    make_votes(wren, ship=[1, 2])
    make_comparison(wren, finch)
    for path, words in [
        (f"/admin/categories/{category.id}", "1 tool"),
        (f"/admin/reviewers/{reviewer.id}", "1 review"),
        (f"/admin/tools/{wren.id}", "1 comparison, 1 review, 2 votes, 2 lines in the vote record"),
    ]:
        answer = ann.posts(f"{path}/publication", do="delete")
        assert answer.status_code == 422
        assert words in answer.text
    assert len(stored(Tool)) == 2


def test_what_was_deleted_comes_back_from_the_trail_as_a_new_record(ann: Editor) -> None:
    tool = make_tool("wren", name="Wren", tagline="Small.", published_at=None)
    ann.posts(f"/admin/tools/{tool.id}/publication", do="delete")
    assert stored(Tool) == []
    history = ann.gets(f"/admin/history/tool/{last_entry().record_id}").text
    assert "Bring it back as a new record" in history
    assert ann.fills(f"/admin/tools/new?restore={last_entry().id}").status_code == 303
    assert [(each.slug, each.tagline) for each in stored(Tool)] == [("wren", "Small.")]


def test_a_tool_that_was_deleted_comes_back_with_its_price(ann: Editor) -> None:
    price = {"model": "paid", "amount": "20", "currency": "USD", "period": "month", "checked_on": "2026-11-20"}
    fields = {f"price__{name}": value for name, value in price.items()}
    ann.fills("/admin/tools/new", name="Wren", **fields)
    assert (last_entry().action, last_entry().changes["price"]) == ("added", [None, price])
    ann.posts(f"/admin/tools/{stored(Tool)[0].id}/publication", do="delete")
    assert (last_entry().action, last_entry().changes["price"]) == ("deleted", [price, None])
    ann.fills(f"/admin/tools/new?restore={last_entry().id}")
    (again,) = stored(PriceRecord)
    assert (again.model, again.amount, again.currency, again.checked_on.isoformat()) == (
        "paid",
        20,
        "USD",
        "2026-11-20",
    )


def test_the_form_of_a_tool_that_is_there_leaves_its_price_alone(ann: Editor) -> None:
    ann.fills("/admin/tools/new", name="Wren", price__model="paid", price__amount="20", price__currency="USD")
    added, (tool,) = last_entry(), stored(Tool)
    path = f"/admin/tools/{tool.id}"
    assert not [name for name in ann.form(f"{path}?restore={added.id}") if name.startswith("price")]
    ann.fills(path, tagline="Small.", price__model="free", price__amount="", price__currency="")
    assert last_entry().changes == {"tagline": [None, "Small."]}
    assert [each.model for each in stored(PriceRecord)] == ["paid"]


def test_an_earlier_version_comes_back_from_the_trail_field_by_field(ann: Editor) -> None:
    tool = make_tool("wren", name="Wren", tagline="One.", maker="M")
    path = f"/admin/tools/{tool.id}"
    ann.fills(path, tagline="Two.")
    second = last_entry()
    ann.fills(path, tagline="Three.", maker="N")
    form = ann.form(f"{path}?restore={second.id}")
    assert (form["tagline"], form["maker"]) == ("One.", "M")
    assert stored(Tool)[0].tagline == "Three."
    ann.sends(path, form)
    assert (stored(Tool)[0].tagline, stored(Tool)[0].maker) == ("One.", "M")
    assert last_entry().changes["tagline"] == ["Three.", "One."]


def test_an_earlier_panel_comes_back_with_its_reason_asked_for(ann: Editor) -> None:
    tool, reviewer = make_tool("wren"), make_reviewer("builder")
    make_review(tool, reviewer, "ship", quote="Quick.")
    path = f"/admin/tools/{tool.id}/panel"
    ann.fills(path, reviews_0_verdict="skip", reviews_0_reason="It grew slow.")
    form = ann.form(f"{path}?restore={last_entry().id}")
    assert form["reviews-0-verdict"] == "ship"
    assert ann.sends(path, form).status_code == 422


def test_the_trail_tells_who_changed_what_from_what_to_what(app: Flask, ann: Editor) -> None:
    tool = make_tool("wren", tagline="One.")
    ann.fills(f"/admin/tools/{tool.id}", tagline="<b>Two.</b>")
    entry = last_entry()
    assert (entry.actor, entry.action, entry.kind, entry.record, entry.record_id) == (
        "ann",
        "changed",
        "tool",
        "wren",
        tool.id,
    )
    assert entry.changes == {"tagline": ["One.", "<b>Two.</b>"]}
    page = someone(app, "root", Role.ADMIN).gets("/admin/trail?q=wren").text
    assert "&lt;b&gt;Two.&lt;/b&gt;" in page


def test_a_save_that_changes_nothing_is_no_entry(ann: Editor) -> None:
    tool = make_tool("wren")
    ann.fills(f"/admin/tools/{tool.id}")
    assert last_entry().action == "logged in"


# A session that ends while somebody writes


def test_what_is_sent_after_the_session_has_ended_is_in_the_form_again_after_logging_in(
    ann: Editor, the_present: time_machine.Traveller
) -> None:
    tool = make_tool("wren", tagline="Old.")
    path = f"/admin/tools/{tool.id}"
    form = ann.form(path)
    the_present.shift(timedelta(hours=13))
    sent = ann.sends(path, form | {"tagline": "Written for an hour"})
    assert unquote(sent.headers["Location"]) == f"/admin/login?next={path}&kept=1"
    assert "Not saved yet, but kept." in ann.gets(sent.headers["Location"]).text
    assert stored(Tool)[0].tagline == "Old."
    assert ann.logs_in(next=path).headers["Location"] == path
    again = ann.form(path)
    assert again["tagline"] == "Written for an hour"
    ann.sends(path, again)
    assert stored(Tool)[0].tagline == "Written for an hour"


def test_whose_session_somebody_ended_leaves_nothing_behind(app: Flask, ann: Editor) -> None:
    tool, other = make_tool("wren"), Editor(app)
    path = f"/admin/tools/{tool.id}"
    form = ann.form(path)
    other.logs_in()
    other.posts("/admin/me/sign-out-elsewhere")
    shown = ann.sends(path, form | {"tagline": "By a stranger?"})
    assert (shown.status_code, "By a stranger?" in shown.text) == (401, True)
    assert other.form(path)["tagline"] == ""


def test_a_stranger_with_a_made_up_cookie_leaves_nothing_behind(app: Flask) -> None:
    stranger = Editor(app)
    token = stranger.token()
    stranger.client.set_cookie("staff", "made-up", domain="verdicts.test", path="/admin")
    assert stranger.posts("/admin/tools/new", token=token, name="Mine").status_code == 401
    db.session.rollback()
    assert db.session.scalar(sa.select(sa.func.count()).select_from(form_draft)) == 0


def test_who_types_after_the_session_has_ended_is_told_and_the_page_stays(
    ann: Editor, the_present: time_machine.Traveller
) -> None:
    token = ann.token("/admin/me")
    the_present.shift(timedelta(hours=1))
    for path in ("/admin/markdown", "/admin/drafts"):
        answer = ann.posts(path, token=token, htmx=True, of="quote", quote="*x*", draft_key="/admin/tools/new")
        assert (answer.status_code, "HX-Refresh" in answer.headers) == (401, False)
        assert "You are logged out, so nothing was done." in answer.text


def test_who_has_logged_in_anew_in_another_tab_finds_the_form_as_it_was_sent(ann: Editor) -> None:
    tool = make_tool("wren", tagline="Old.")
    path = f"/admin/tools/{tool.id}"
    form = ann.form(path)
    ann.posts("/admin/logout")
    ann.logs_in()
    sent = ann.sends(path, form | {"tagline": "Typed before"})
    assert (sent.status_code, stored(Tool)[0].tagline) == (400, "Old.")
    again = fields_of(sent.text)
    assert again["tagline"] == "Typed before"
    assert ann.sends(path, again).status_code == 303
    assert stored(Tool)[0].tagline == "Typed before"


@ON_ONE_DATABASE
def test_a_way_back_that_only_takes_what_is_sent_leads_to_the_desk(
    ann: Editor, the_present: time_machine.Traveller
) -> None:
    category = make_category("editors")
    token = ann.token("/admin/me")
    the_present.shift(timedelta(hours=1))
    sent = ann.posts(f"/admin/categories/{category.id}/up", token=token)
    assert sent.headers["Location"] in {"/admin/login?next=/admin", "/admin/login?next=%2Fadmin"}


@ON_ONE_DATABASE
def test_a_fault_in_a_fact_or_a_plan_stands_beside_it_with_what_was_typed(ann: Editor) -> None:
    category = make_category("editors", facts={"offline": "Runs offline", "open": "Open source"})
    tool = make_tool("wren", category_id=category.id)
    typed = {"facts_1_value": "Yes", "facts_1_source": "no address", "plans_0_name": "Pro", "plans_0_amount": "5"}
    refused = ann.fills(f"/admin/tools/{tool.id}", **typed)
    assert refused.status_code == 422
    assert all(f'id="{id}-fault"' in refused.text for id in ("facts-1-source", "plans-0-amount"))
    kept = fields_of(refused.text)
    assert (kept["facts-1-source"], kept["plans-0-amount"]) == ("no address", "5")


def test_a_draft_that_says_what_is_saved_already_is_none(ann: Editor) -> None:
    tool = make_tool("wren", tagline="Old.")
    path = f"/admin/tools/{tool.id}"
    form = ann.form(path) | {"tagline": "New."}
    ann.sends(path, form)
    ann.sends(path, form, "draft")
    assert "Your draft" not in ann.gets(path).text


@ON_ONE_DATABASE
def test_a_form_of_more_rows_than_anybody_fills_in_is_refused_before_it_is_read(ann: Editor) -> None:
    rows = {f"plans-{number}-name": "x" for number in range(3001)}
    for path in ("/admin/tools/new", "/admin/drafts"):
        answer = ann.posts(path, do="more plans", draft_key="/admin/tools/new", **rows)
        assert (answer.status_code, "A form holds 3,000 fields at most" in answer.text) == (413, True)


# What an editor in a hurry once ran into


def test_a_fact_that_is_cleared_is_gone(ann: Editor) -> None:
    category = make_category("editors", facts={"offline": "Runs offline"})
    tool = make_tool("wren", category_id=category.id, facts={"offline": "No"})
    ann.fills(f"/admin/tools/{tool.id}", facts_0_value="", facts_0_source="")
    assert stored(Tool)[0].facts == []


@ON_ONE_DATABASE
def test_an_amount_without_a_currency_is_blamed_on_the_amount(ann: Editor) -> None:
    refused = ann.fills(f"/admin/tools/{make_tool('wren').id}/price", model="paid", amount="7")
    assert (refused.status_code, 'id="amount-fault"' in refused.text) == (422, True)


def test_a_comparison_without_tools_is_told_what_it_lacks(ann: Editor) -> None:
    refused = ann.fills("/admin/comparisons/new")
    assert (refused.status_code, 'id="tools-0-fault"' in refused.text) == (422, True)


def test_an_alias_that_is_given_twice_is_named(ann: Editor) -> None:
    refused = ann.fills(f"/admin/tools/{make_tool('wren').id}", aliases="lark\nlark")
    assert (refused.status_code, "“lark” is given already" in refused.text) == (422, True)


def test_a_check_does_not_go_back_in_time(ann: Editor) -> None:
    tool = make_tool("wren")
    make_price(tool, "free", checked_on=NOW.date())
    refused = ann.fills(f"/admin/tools/{tool.id}/price", checked_on="2026-01-01")
    assert (refused.status_code, 'id="checked_on-fault"' in refused.text) == (422, True)


@ON_ONE_DATABASE
def test_a_half_filled_fact_survives_another_category(ann: Editor) -> None:
    category = make_category("editors", facts={"offline": "Runs offline"})
    make_category("video")
    tool = make_tool("wren", category_id=category.id)
    shown = ann.fills(f"/admin/tools/{tool.id}", "refit", category="video", facts_0_source="https://keep.example/")
    assert "https://keep.example/" in fields_of(shown.text).values()


def test_discarding_after_the_session_has_ended_leaves_the_draft_as_it_was(
    ann: Editor, the_present: time_machine.Traveller
) -> None:
    path = f"/admin/tools/{make_tool('wren').id}"
    ann.fills(path, "draft", tagline="Half a thought")
    token = ann.token("/admin/me")
    the_present.shift(timedelta(hours=1))
    ann.posts(path, token=token, do="discard")
    ann.logs_in()
    assert ann.form(path)["tagline"] == "Half a thought"
    assert ann.posts(path, token="forged", do="discard").status_code == 400
    assert ann.form(path)["tagline"] == "Half a thought"


@ON_ONE_DATABASE
def test_a_form_that_was_refused_says_that_nothing_of_it_is_kept(ann: Editor) -> None:
    path = "/admin/tools/new"
    assert "data-unsaved" not in ann.gets(path).text
    assert "data-unsaved" in ann.fills(path, website="no address").text
    assert "data-unsaved" in ann.fills(path, "more plans", name="Wren").text


# Two tabs, two clicks


def kept(ann: Editor, place: str, **fields: str) -> int:
    return ann.posts("/admin/drafts", draft_key=place, **fields).status_code


def test_two_tabs_of_a_new_record_keep_a_draft_each_and_each_offers_the_other(ann: Editor) -> None:
    one, two = (ann.gets("/admin/reviewers/new").headers["Location"] for _ in range(2))
    assert (kept(ann, one, name="The First"), kept(ann, two, name="The Second")) == (200, 200)
    assert (ann.form(one)["name"], ann.form(two)["name"]) == ("The First", "The Second")
    ann.fills(one)
    assert [each.name for each in stored(Reviewer)] == ["The First"]
    assert ann.form(two)["name"] == "The Second"
    fresh = ann.opens("/admin/reviewers/new").text
    assert f'<a href="{two}">The Second</a>' in fresh
    assert "The First" not in fresh
    desk = ann.gets("/admin").text
    assert f'<a href="{two}">New reviewer: The Second</a>' in desk
    assert one not in desk


def test_a_new_record_that_is_sent_twice_is_made_once_and_leads_on_both_times(ann: Editor) -> None:
    place = ann.gets("/admin/tools/new").headers["Location"]
    fields = ann.form(place) | {"name": "Wren Code", "price-model": "free"}
    first, second = (ann.sends(place, fields, "save panel") for _ in range(2))
    tool = stored(Tool)[0]
    assert first.headers["Location"] == second.headers["Location"] == f"/admin/tools/{tool.id}/panel"
    assert len(stored(Tool)) == 1
    assert audit.search()[0].action == "added"
    assert len(audit.history("tool", tool.id)) == 1
    kept(ann, place, **{name: value for name, value in fields.items() if name != "csrf_token"})
    assert place not in ann.gets("/admin").text
    changed = ann.sends(place, fields | {"tagline": "Typed after going back"})
    assert (changed.status_code, "“wren-code” leads to Wren Code already" in changed.text) == (422, True)


def test_a_changed_panel_that_is_sent_twice_is_no_conflict_with_oneself(ann: Editor) -> None:
    tool = make_tool("wren")
    make_review(tool, make_reviewer("builder"))
    path = f"/admin/tools/{tool.id}/panel"
    changes = {"reviews-0-verdict": "skip", "reviews-0-reason": "It forgets.", "reviews-0-quote": "It forgets."}
    fields = ann.form(path) | changes
    first, second = ann.sends(path, fields), ann.sends(path, fields)
    assert first.headers["Location"] == second.headers["Location"] == f"{path}?done=saved"
    assert len(stored(ReviewRevision)) == 1
    assert len(audit.history("panel", tool.id)) == 1


def test_what_was_put_away_meanwhile_is_saved_and_said_to_be_away(ann: Editor) -> None:
    tool = make_tool("wren", published_at=None)
    make_reviewer("builder")
    path = f"/admin/tools/{tool.id}/panel"
    fields = ann.form(path) | {"reviews-0-verdict": "ship", "reviews-0-quote": "Quick."}
    ann.posts(f"/admin/tools/{tool.id}/publication", do="archive")
    said = ann.sends(path, fields, "save publish").headers["Location"]
    assert "It was archived meanwhile" in ann.gets(said).text
    assert ann.gets("/tools/wren").status_code == 404


@pytest.mark.parametrize(
    "place",
    [
        "/admin",
        "/admin/people/new",
        "/admin/tools/new?draft=x",
        "/admin/tools/new?draft=" + "x" * 21,
        "/admin/tools/new?draft=abcdefgh&x",
        "/admin/tools/1?draft=abcdefgh",
        "/admin/tools/99999999999",
        "//elsewhere.example/admin/tools/new",
        "",
    ],
)
@ON_ONE_DATABASE
def test_a_draft_is_only_kept_where_there_is_a_form_of_one(ann: Editor, place: str) -> None:
    assert kept(ann, place, name="x") == 400


def test_of_a_hundred_drafts_and_one_the_oldest_makes_room(
    ann: Editor, the_present: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drafts, "MAX_DRAFTS", 3)
    for number in range(4):
        the_present.shift(timedelta(seconds=1))
        kept(ann, f"/admin/tools/new?draft=abcdefgh{number}", name=f"Number {number}")
    db.session.rollback()
    assert [each.name for each in drafts.list_open(1)] == ["Number 3", "Number 2", "Number 1"]


def test_a_form_that_cannot_be_saved_just_now_is_shown_again_as_it_was_sent(
    ann: Editor, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool = make_tool("wren", tagline="Old.")
    path = f"/admin/tools/{tool.id}"
    fields = ann.form(path) | {"tagline": "Typed with care"}

    def refuse() -> None:
        raise TooManyWriters

    with monkeypatch.context() as patch:
        patch.setattr(record_editor, "begin_write", refuse)
        answer = ann.sends(path, fields)
    assert (answer.status_code, "Retry-After" in answer.headers) == (503, True)
    assert "save it again in a moment" in answer.text
    again = fields_of(answer.text)
    assert again["tagline"] == "Typed with care"
    assert ann.sends(path, again).status_code == 303


def test_a_tool_goes_back_to_a_slug_that_it_had_without_further_ado(ann: Editor) -> None:
    tool = make_tool("wren")
    ann.fills(f"/admin/tools/{tool.id}", slug="wren-code")
    assert ann.fills(f"/admin/tools/{tool.id}", slug="wren").status_code == 303
    assert ann.gets("/tools/wren-code").headers["Location"] == "/tools/wren"


def test_a_tool_is_named_in_capitals_or_not(ann: Editor) -> None:
    make_tool("wren", name="Wren Code")
    make_tool("finch", name="Finch")
    assert ann.fills("/admin/comparisons/new", tools__0="WREN code", tools__1="Finch").status_code == 303
    assert len(stored(Comparison)) == 1


def test_what_is_free_has_no_amount(ann: Editor) -> None:
    tool = make_tool("wren")
    make_price(tool, "unknown")
    answer = ann.fills(f"/admin/tools/{tool.id}/price", model="free", amount="5", currency="USD")
    assert (answer.status_code, "Must be empty for what is free." in answer.text) == (422, True)
    first = {"price__model": "free", "price__amount": "5", "price__currency": "USD"}
    answer = ann.fills("/admin/tools/new", name="Finch", **first)
    assert (answer.status_code, 'href="#price-amount"' in answer.text) == (422, True)


def test_faults_of_a_panel_are_told_by_reviewer_and_lead_to_the_box(ann: Editor) -> None:
    tool = make_tool("wren")
    make_reviewer("builder", name="The Builder")
    answer = ann.fills(f"/admin/tools/{tool.id}/panel", reviews_0_quote="No verdict yet.")
    assert '<a href="#reviews-0-verdict">The Builder, Verdict</a>' in answer.text
    assert 'id="reviews-0-verdict" type="radio"' in answer.text


@ON_ONE_DATABASE
def test_a_fault_in_what_is_folded_unfolds_it(ann: Editor) -> None:
    assert '<details class="rows-fold">' in ann.opens("/admin/tools/new").text
    answer = ann.fills("/admin/tools/new", name="Wren", slug="Not A Slug")
    assert (answer.status_code, '<details class="rows-fold" open>' in answer.text) == (422, True)


def test_what_moves_up_in_its_list_stands_in_the_trail(ann: Editor) -> None:
    make_category("one")
    two = make_category("two")
    ann.posts(f"/admin/categories/{two.id}/up")
    entry = last_entry()
    assert (entry.action, entry.kind, entry.record, list(entry.changes)) == (
        "moved up",
        "category",
        "two",
        ["position"],
    )
    ann.posts(f"/admin/categories/{two.id}/up")
    assert last_entry() == entry


# What becomes of what was typed, when something has happened meanwhile


def test_what_was_typed_for_a_record_that_is_gone_is_shown_and_can_become_a_new_one(ann: Editor) -> None:
    category = make_category("video")
    path = f"/admin/categories/{category.id}"
    fields = ann.form(path) | {"description": "Written with care."}
    ann.posts(f"{path}/publication", do="delete")
    shown = ann.sends(path, fields)
    assert (shown.status_code, "Written with care." in shown.text) == (404, True)
    assert f'<a href="{path}">Category: Video</a>' in ann.gets("/admin").text
    assert "Written with care." in ann.gets(path).text
    again = re.search(r'action="(/admin/categories/new[?]draft=[^"]+)"', shown.text)
    assert again
    typed = {name: value for name, value in fields.items() if name not in {"csrf_token", "version"}}
    offered = fields_of(ann.posts(again[1], do="refit", **typed).text)
    assert (offered["name"], offered["description"]) == ("Video", "Written with care.")
    assert ann.posts(path, do="discard").headers["Location"] == "/admin"
    assert ann.gets(path).status_code == 404
    assert "Written with care." not in ann.gets(path).text


def test_what_was_typed_for_a_panel_of_a_tool_that_is_gone_is_shown(ann: Editor) -> None:
    make_reviewer("builder")
    tool = make_tool("wren")
    path = f"/admin/tools/{tool.id}/panel"
    fields = ann.form(path) | {"reviews-0-quote": "Heard with care."}
    ann.posts(f"/admin/tools/{tool.id}/publication", do="delete")
    shown = ann.sends(path, fields)
    assert (shown.status_code, "Heard with care." in shown.text) == (404, True)
    assert "Make a new record" not in shown.text


def test_a_reviewer_who_is_named_anew_while_a_panel_is_recorded_keeps_what_was_typed(ann: Editor) -> None:
    reviewer, tool = make_reviewer("builder"), make_tool("wren")
    path = f"/admin/tools/{tool.id}/panel"
    fields = ann.form(path) | {"reviews-0-verdict": "ship", "reviews-0-quote": "Quick."}
    ann.fills(f"/admin/reviewers/{reviewer.id}", slug="maker")
    assert ann.sends(path, fields).status_code == 303
    assert [(each.reviewer.slug, each.quote) for each in stored(Review)] == [("maker", "Quick.")]


def test_a_reviewer_who_is_deleted_while_a_panel_is_recorded_is_named_and_nothing_is_lost(ann: Editor) -> None:
    reviewer, tool = make_reviewer("builder"), make_tool("wren")
    make_reviewer("skeptic")
    path = f"/admin/tools/{tool.id}/panel"
    fields = ann.form(path) | {"reviews-0-verdict": "ship", "reviews-0-quote": "Quick."}
    ann.posts(f"/admin/reviewers/{reviewer.id}/publication", do="delete")
    refused = ann.sends(path, fields)
    assert (refused.status_code, "this reviewer was deleted" in refused.text) == (422, True)
    again = fields_of(refused.text)
    assert again["reviews-1-quote"] == "Quick."
    assert ann.sends(path, again | {"reviews-1-quote": "", "reviews-1-verdict": ""}).status_code == 303


def test_a_panel_of_before_a_new_name_comes_back_under_the_new_name(ann: Editor) -> None:
    reviewer, tool = make_reviewer("builder"), make_tool("wren")
    make_review(tool, reviewer, "ship", quote="Then.")
    path = f"/admin/tools/{tool.id}/panel"
    ann.fills(path, reviews_0_quote="Now.", reviews_0_reason="Looked again.")
    entry = last_entry()
    ann.fills(f"/admin/reviewers/{reviewer.id}", slug="maker")
    form = ann.form(f"{path}?restore={entry.id}")
    assert (form["reviews-0-reviewer"], form["reviews-0-quote"]) == ("maker", "Then.")


def test_a_draft_of_an_earlier_version_and_one_of_the_record_do_not_meet(ann: Editor) -> None:
    tool = make_tool("wren", tagline="First.")
    path = f"/admin/tools/{tool.id}"
    ann.fills(path, tagline="Second.")
    entry = last_entry()
    earlier = f"{path}?restore={entry.id}"
    ann.fills(path, "draft", maker="Typed first")
    assert ann.form(earlier)["tagline"] == "First."
    ann.fills(earlier, "draft", maker="Typed second")
    assert (ann.form(earlier)["maker"], ann.form(path)["maker"]) == ("Typed second", "Typed first")
    ann.fills(earlier)
    assert ann.form(path)["maker"] == "Typed first"
    assert stored(Tool)[0].tagline == "First."


def test_only_what_was_deleted_is_brought_back_as_a_new_record(ann: Editor) -> None:
    ann.fills(f"/admin/tools/{make_tool('wren').id}", maker="Somebody")
    assert ann.opens(f"/admin/tools/new?restore={last_entry().id}").status_code == 404


def test_what_led_to_no_save_is_there_after_going_back_without_javascript(ann: Editor) -> None:
    place = ann.gets("/admin/tools/new").headers["Location"]
    for do, typed in (("more plans", "Another row"), ("refit", "Another category"), ("save", "")):
        ann.sends(place, ann.form(place) | {"name": typed, "tagline": f"With {do}"}, do)
        again = ann.form(place)
        assert (again["name"], again["tagline"]) == (typed, f"With {do}")


def test_going_back_to_the_form_of_a_new_record_leads_to_the_record(ann: Editor) -> None:
    place = ann.gets("/admin/reviewers/new").headers["Location"]
    fields = ann.form(place) | {"name": "The Builder"}
    ann.sends(place, fields)
    reviewer = stored(Reviewer)[0]
    assert ann.gets(place).headers["Location"] == f"/admin/reviewers/{reviewer.id}"
    refused = ann.sends(place, fields | {"motto": "Changed."})
    assert f'<a href="/admin/reviewers/{reviewer.id}">change that one</a>' in refused.text


def test_forms_that_were_saved_push_out_no_draft(ann: Editor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drafts, "MAX_DRAFTS", 2)
    kept(ann, "/admin/tools/new?draft=abcdefgh", name="Unsaved")
    for number in range(3):
        ann.fills("/admin/reviewers/new", name=f"Number {number}")
    assert "Unsaved" in ann.gets("/admin").text


def test_the_history_of_what_is_gone_leads_nowhere_and_says_so(ann: Editor) -> None:
    path = f"/admin/categories/{make_category('video', name='Video').id}"
    history = path.replace("categories", "history/category")
    ann.fills(path, name="Moving pictures")
    assert "Back to Moving pictures" in ann.gets(history).text
    ann.posts(f"{path}/publication", do="delete")
    page = ann.gets(history).text
    assert "This record is gone" in page
    assert f'"{path}' not in page


@pytest.mark.parametrize("path", ["/adminevil", "/admin/../dev/mailbox", "//x.example", "/admin//x", "/admin\\x"])
@ON_ONE_DATABASE
def test_a_way_back_stays_behind_the_log_in(ann: Editor, path: str) -> None:
    ann.posts("/admin/logout")
    assert ann.logs_in(next=path).headers["Location"] == "/admin"


def test_who_must_set_up_a_second_factor_first_finds_what_they_sent(app_with: Callable[..., Flask]) -> None:
    app = app_with(REQUIRE_TOTP="1")
    ann, tool = someone(app, "ann"), make_tool("wren")
    make_account("root", Role.ADMIN)
    path = f"/admin/tools/{tool.id}"
    fields = ann.form(path) | {"tagline": "Typed before"}
    db.session.rollback()
    begin_write()
    accounts.set_role(1, Role.ADMIN)
    db.session.commit()
    assert ann.sends(path, fields).headers["Location"] == "/admin/me/second-factor"
    db.session.rollback()
    assert [each.key for each in drafts.list_open(1)] == [path]


def test_a_category_that_is_named_anew_meanwhile_stays_the_category(ann: Editor) -> None:
    category = make_category("editors")
    tool = make_tool("wren", category_id=category.id)
    path = f"/admin/tools/{tool.id}"
    ann.fills(path, category="")
    entry = last_entry()
    ann.fills("/admin/tools/new", "draft", name="Finch", category="editors")
    place = re.search(r'href="(/admin/tools/new[?][^"]+)"', ann.gets("/admin").text)
    ann.fills(f"/admin/categories/{category.id}", slug="code-editors")
    assert place
    assert ann.form(place[1])["category"] == "code-editors"
    assert ann.form(f"{path}?restore={entry.id}")["category"] == "code-editors"


def test_a_category_that_is_deleted_meanwhile_stays_chosen_and_is_refused(ann: Editor) -> None:
    category = make_category("editors")
    place = ann.gets("/admin/tools/new").headers["Location"]
    fields = ann.form(place) | {"name": "Finch", "category": "editors"}
    ann.posts(f"/admin/categories/{category.id}/publication", do="delete")
    for _ in range(2):
        refused = ann.sends(place, fields)
        assert (refused.status_code, fields_of(refused.text)["category"]) == (422, "editors")
        fields = fields_of(refused.text)
    assert ann.sends(place, fields | {"category": ""}).status_code == 303


def test_an_earlier_version_takes_away_no_address_that_leads_here_now(ann: Editor) -> None:
    tool = make_tool("wren", tagline="A", aliases=("old-wren",))
    path = f"/admin/tools/{tool.id}"
    ann.fills(path, tagline="B")
    entry = last_entry()
    ann.fills(path, aliases="old-wren\nwren-two")
    ann.fills(f"{path}?restore={entry.id}")
    assert stored(Tool)[0].tagline == "A"
    assert ann.gets("/tools/wren-two").headers["Location"] == "/tools/wren"
    assert ann.gets("/tools/old-wren").headers["Location"] == "/tools/wren"


@pytest.mark.parametrize("query", ["endpoint=x", "_method=x", "_external=1", "_anchor=x", "x=1"])
@ON_ONE_DATABASE
def test_the_address_of_a_new_form_takes_nothing_over_that_it_does_not_know(ann: Editor, query: str) -> None:
    led = ann.gets(f"/admin/tools/new?{query}")
    assert (led.status_code, re.sub("=.*", "", led.headers["Location"])) == (303, "/admin/tools/new?draft")


def test_a_late_draft_of_a_form_that_became_a_record_is_none(ann: Editor) -> None:
    place = ann.gets("/admin/reviewers/new").headers["Location"]
    fields = ann.form(place) | {"name": "The Builder"}
    ann.sends(place, fields)
    kept(ann, place, name="The Buil")
    assert place not in ann.gets("/admin").text
    assert ann.sends(place, fields).headers["Location"].endswith("?done=saved")


def test_an_added_review_leaves_nothing_to_bring_back(ann: Editor) -> None:
    tool = make_tool("wren")
    make_reviewer("builder")
    make_review(tool, make_reviewer("skeptic"))
    path = f"/admin/tools/{tool.id}/panel"
    ann.fills(path, reviews_0_verdict="ship", reviews_0_quote="Quick.")
    history = f"/admin/history/panel/{tool.id}"
    assert "Bring back" not in ann.gets(history).text
    ann.fills(path, reviews_0_quote="Quicker.", reviews_0_reason="Looked again.")
    assert ann.gets(history).text.count("Bring back") == 1


# After an upgrade


@pytest.mark.parametrize("key", ["/admin/no-such-form/1", "/admin/tools", "/admin/worlds/new?draft=abcdefgh1"])
def test_a_draft_whose_form_is_not_there_any_more_is_left_out_of_the_dashboard(ann: Editor, key: str) -> None:
    begin_write()
    drafts.save(1, key, [("name", "Lost")], LATER)
    drafts.save(1, "/admin/tools/new?draft=abcdefgh1", [("name", "Found")], LATER)
    db.session.commit()
    dashboard = ann.gets("/admin")
    assert (dashboard.status_code, "Found" in dashboard.text, "Lost" in dashboard.text) == (200, True, False)
