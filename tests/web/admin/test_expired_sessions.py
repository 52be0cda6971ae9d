"""A session that ends while somebody types: what they send is a draft, once they have logged in again."""

from collections.abc import Callable
from datetime import timedelta
from urllib.parse import unquote

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.conftest import ON_ONE_DATABASE
from tests.makers import make_category, make_tool
from tests.web.admin.admin_client import AdminClient, fields_of, logged_in, make_account, stored
from verdicts.catalog.models import Tool
from verdicts.extensions import begin_write, db
from verdicts.staff import accounts, drafts
from verdicts.staff.models import Role, form_draft

pytestmark = ON_ONE_DATABASE

Later = Callable[[timedelta], None]


def test_what_is_sent_after_the_session_has_ended_is_in_the_form_again_after_logging_in(
    ann: AdminClient, later: Later
) -> None:
    tool = make_tool("wren", tagline="Old.")
    path = f"/admin/tools/{tool.id}"
    form = ann.form(path)
    later(timedelta(minutes=35))
    sent = ann.sends(path, form | {"tagline": "Written for an hour"})
    assert unquote(sent.headers["Location"]) == f"/admin/login?next={path}&kept=1"
    assert "Log in to find them in the form again." in ann.gets(sent.headers["Location"]).text
    assert stored(Tool)[0].tagline == "Old."
    assert ann.logs_in(next=path).headers["Location"] == path
    again = ann.form(path)
    assert again["tagline"] == "Written for an hour"
    ann.sends(path, again)
    assert stored(Tool)[0].tagline == "Written for an hour"


def test_who_has_logged_in_again_in_another_tab_finds_the_form_as_it_was_sent(ann: AdminClient) -> None:
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


def test_who_must_set_up_two_factor_authentication_first_finds_what_they_sent(app_with: Callable[..., Flask]) -> None:
    app = app_with(REQUIRE_TOTP="1")
    ann, tool = logged_in(app, "ann"), make_tool("wren")
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


def test_who_types_after_the_session_has_ended_is_told_and_the_page_stays(ann: AdminClient, later: Later) -> None:
    token = ann.token("/admin/me")
    later(timedelta(hours=1))
    for path in ("/admin/markdown", "/admin/drafts"):
        answer = ann.posts(path, token=token, htmx=True, of="quote", quote="*x*", draft_key="/admin/tools/new")
        assert (answer.status_code, "HX-Refresh" in answer.headers) == (401, False)
        assert "You are logged out, so nothing was done." in answer.text


def test_discarding_after_the_session_has_ended_leaves_the_draft_as_it_was(ann: AdminClient, later: Later) -> None:
    path = f"/admin/tools/{make_tool('wren').id}"
    ann.fills(path, "draft", tagline="Half a thought")
    token = ann.token("/admin/me")
    later(timedelta(hours=1))
    ann.posts(path, token=token, do="discard")
    ann.logs_in()
    assert ann.form(path)["tagline"] == "Half a thought"
    assert ann.posts(path, token="forged", do="discard").status_code == 400
    assert ann.form(path)["tagline"] == "Half a thought"


LATE = timedelta(minutes=30) + timedelta(minutes=11)


def test_what_is_sent_long_after_the_session_has_ended_is_shown_and_not_stored(ann: AdminClient, later: Later) -> None:
    path = f"/admin/tools/{make_tool('wren').id}"
    form = ann.form(path)
    later(LATE)
    shown = ann.sends(path, form | {"tagline": "Hours later"})
    assert (shown.status_code, "Hours later" in shown.text) == (401, True)
    assert drafts_stored() == 0


@pytest.mark.parametrize("minutes", [0, 35])
def test_a_token_of_the_log_in_page_stores_nothing(app: Flask, ann: AdminClient, later: Later, minutes: int) -> None:
    path = f"/admin/tools/{make_tool('wren').id}"
    form = ann.form(path)
    later(timedelta(minutes=minutes))
    stranger = AdminClient(app)
    cookie = ann.client.get_cookie("staff", domain="verdicts.test", path="/admin")
    assert cookie
    stranger.client.set_cookie("staff", cookie.value, domain="verdicts.test", path="/admin")
    for somebody in (ann, stranger):
        fields = form | {"tagline": "By a stranger?", "csrf_token": somebody.token("/admin/login")}
        assert somebody.sends(path, fields).status_code in {400, 401}
    assert stored(Tool)[0].tagline == ""
    assert drafts_stored() == 0


def test_a_token_of_ones_own_session_stores_nothing_in_anothers(app: Flask, ann: AdminClient, later: Later) -> None:
    make_account("bob")
    bob, path = AdminClient(app), f"/admin/tools/{make_tool('wren').id}"
    bob.logs_in("bob")
    form = bob.form(path)
    later(timedelta(minutes=35))
    cookie = ann.client.get_cookie("staff", domain="verdicts.test", path="/admin")
    assert cookie
    bob.client.set_cookie("staff", cookie.value, domain="verdicts.test", path="/admin")
    assert bob.sends(path, form | {"tagline": "By bob"}).status_code == 401
    assert drafts_stored() == 0


def drafts_stored() -> int:
    db.session.rollback()
    return db.session.scalar(sa.select(sa.func.count()).select_from(form_draft)) or 0


# Where logging in leads


def test_logging_in_after_a_button_was_pressed_leads_to_the_dashboard(ann: AdminClient, later: Later) -> None:
    category = make_category("editors")
    token = ann.token("/admin/me")
    later(timedelta(hours=1))
    sent = ann.posts(f"/admin/categories/{category.id}/up", token=token)
    assert sent.headers["Location"] in {"/admin/login?next=/admin", "/admin/login?next=%2Fadmin"}


@pytest.mark.parametrize("path", ["/adminevil", "/admin/../dev/mailbox", "//x.example", "/admin//x", "/admin\\x"])
def test_logging_in_leads_to_no_page_that_is_not_behind_the_log_in(ann: AdminClient, path: str) -> None:
    ann.posts("/admin/logout")
    assert ann.logs_in(next=path).headers["Location"] == "/admin"


# Nothing of strangers is stored


def test_whose_session_somebody_ended_leaves_nothing_behind(app: Flask, ann: AdminClient) -> None:
    tool, other = make_tool("wren"), AdminClient(app)
    path = f"/admin/tools/{tool.id}"
    form = ann.form(path)
    other.logs_in()
    other.posts("/admin/me/sign-out-elsewhere")
    shown = ann.sends(path, form | {"tagline": "By a stranger?"})
    assert (shown.status_code, "By a stranger?" in shown.text) == (401, True)
    assert other.form(path)["tagline"] == ""


def test_a_stranger_with_a_made_up_cookie_leaves_nothing_behind(app: Flask) -> None:
    stranger = AdminClient(app)
    token = stranger.token()
    stranger.client.set_cookie("staff", "made-up", domain="verdicts.test", path="/admin")
    assert stranger.posts("/admin/tools/new", token=token, name="Mine").status_code == 401
    assert drafts_stored() == 0
