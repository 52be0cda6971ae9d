"""Users, one's own account, and the activity log."""

import logging
import re

import pyotp
import pytest
import sqlalchemy as sa
from flask import Flask

from tests.conftest import ON_ONE_DATABASE
from tests.web.admin.admin_client import PASSWORD, AdminClient, make_account
from tests.web.conftest import PRESENT
from tests.web.visitor import read_html, words_of
from verdicts.extensions import begin_write, commit_or_retry, db
from verdicts.staff import accounts, audit, second_factor, sessions
from verdicts.staff.models import Role, account
from verdicts.web.logs import JsonLines

COPIED = ("email", "role", "password_hash", "must_change", "totp_step", "created_at")
NEW = "walnut trombone glacier inbox"


def role_of(name: str) -> Role:
    db.session.rollback()
    found = accounts.find(name)
    assert found
    return found.role


def test_a_user_is_added_with_a_password_that_is_shown_once_and_works_once(app: Flask, root: AdminClient) -> None:
    page = root.posts("/admin/people/new", name="bob", email="Bob@Example.org", role="editor")
    shown = re.search(r'class="secret">([0-9a-f-]+)<', page.text)
    assert shown
    bob = AdminClient(app)
    assert bob.logs_in("bob", shown[1]).status_code == 303
    assert bob.gets("/admin").headers["Location"] == "/admin/me/password"


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"name": "root", "email": "x@example.org"}, "name"),
        ({"name": "Bob Lee", "email": "x@example.org"}, "name"),
        ({"name": "bob", "email": "root@example.org"}, "email"),
        ({"name": "bob", "email": "no address"}, "email"),
        ({"name": "bob", "email": "b@example.org", "role": "owner"}, "role"),
    ],
)
@ON_ONE_DATABASE
def test_who_cannot_be_added_is_refused_beside_the_field_and_nothing_typed_is_lost(
    root: AdminClient, form: dict[str, str], field: str
) -> None:
    refused = root.posts("/admin/people/new", **{"role": "editor", **form})
    assert refused.status_code == 422
    assert f'href="#{field}"' in refused.text
    assert f'value="{form["name"]}"' in refused.text
    assert f'value="{form["email"]}"' in refused.text


def test_roles_change_but_one_admin_always_stays(root: AdminClient) -> None:
    id = make_account("ann")
    confirmed = {"current_password": PASSWORD}
    assert root.posts("/admin/people/1/role", role="editor", **confirmed).status_code == 422
    assert root.posts("/admin/people/1/disable").status_code == 422
    assert role_of("root") is Role.ADMIN
    assert root.posts(f"/admin/people/{id}/role", role="admin", **confirmed).status_code == 303
    assert role_of("ann") is Role.ADMIN
    assert root.posts("/admin/people/1/role", role="editor", **confirmed).status_code == 303
    assert root.gets("/admin/people").status_code == 403


def test_a_disabled_user_is_logged_out_at_once_and_may_be_enabled_again(app: Flask, root: AdminClient) -> None:
    id = make_account("ann")
    ann = AdminClient(app)
    ann.logs_in()
    root.posts(f"/admin/people/{id}/disable")
    assert not ann.is_logged_in()
    root.posts(f"/admin/people/{id}/enable")
    assert ann.logs_in().status_code == 303


@pytest.mark.parametrize("act", ["role", "disable", "enable", "second-factor/off"])
@ON_ONE_DATABASE
def test_nobody_is_there_to_be_changed(root: AdminClient, act: str) -> None:
    assert root.posts(f"/admin/people/99/{act}", role="editor").status_code == 404


@pytest.mark.parametrize("password", ["", "wrong"])
@ON_ONE_DATABASE
def test_an_admin_is_added_with_ones_own_password_alone(root: AdminClient, password: str) -> None:
    form = {"name": "bob", "email": "bob@example.org", "role": "admin"}
    refused = root.posts("/admin/people/new", **form, current_password=password)
    assert (refused.status_code, 'id="current_password-fault"' in refused.text) == (422, True)
    assert 'value="bob"' in refused.text
    assert re.search(r'value="admin" checked', refused.text)
    assert accounts.find("bob") is None
    assert root.posts("/admin/people/new", **form, current_password=PASSWORD).status_code == 200
    assert role_of("bob") is Role.ADMIN


@pytest.mark.parametrize("password", ["", "wrong"])
@ON_ONE_DATABASE
def test_roles_and_second_factors_of_others_are_changed_with_ones_own_password_alone(
    root: AdminClient, password: str
) -> None:
    id = make_account("ann")
    make_account("zoe", Role.ADMIN)
    commit_or_retry(lambda: second_factor.enable(id, second_factor.new_secret(), PRESENT))
    commit_or_retry(lambda: accounts.disable(3, PRESENT))
    acts = [(f"{id}/role", "role", id), (f"{id}/second-factor/off", "two-factor", id), ("3/enable", "enable", 3)]
    before = rows_of(account)
    for path, act, of in acts:
        refused = root.posts(f"/admin/people/{path}", role="admin", current_password=password)
        assert (refused.status_code, f'id="password-{act}-{of}-fault"' in refused.text) == (422, True), path
    assert rows_of(account) == before
    for path, _, _ in acts:
        assert root.posts(f"/admin/people/{path}", role="admin", current_password=PASSWORD).status_code == 303, path
    assert role_of("ann") is Role.ADMIN
    assert [each.totp_secret for each in accounts.list_all()] == [None] * 3
    assert [each.disabled_at for each in accounts.list_all()] == [None] * 3


def rows_of(table: sa.Table) -> list[tuple[object, ...]]:
    db.session.rollback()
    rows = [tuple(row) for row in db.session.execute(sa.select(table).order_by(table.c.id))]
    db.session.rollback()
    return rows


# One's own account


def test_a_password_is_changed_with_the_present_one_and_other_browsers_are_logged_out(
    app: Flask, root: AdminClient
) -> None:
    other = AdminClient(app)
    other.logs_in("root")
    wrong = root.posts("/admin/me/password", current_password="wrong", password=NEW)
    assert (wrong.status_code, "This is not your current password." in wrong.text) == (422, True)
    assert root.posts("/admin/me/password", current_password=PASSWORD, password=NEW).status_code == 303
    assert root.is_logged_in()
    assert not other.is_logged_in()
    assert other.logs_in("root", NEW).status_code == 303


@ON_ONE_DATABASE
def test_two_factor_authentication_is_turned_on_with_a_code_and_off_with_the_password(
    app: Flask, root: AdminClient
) -> None:
    page = root.gets("/admin/me/second-factor").text
    found = re.search(r'name="secret" value="([A-Z2-7]{32})"', page)
    assert found
    secret = found[1]
    current = {"secret": secret, "code": pyotp.TOTP(secret).at(PRESENT)}
    confirmed = {"current_password": PASSWORD}
    assert root.posts("/admin/me/second-factor", **{**current, **confirmed, "code": "000000"}).status_code == 422
    for unconfirmed in ({}, {"current_password": "wrong"}):
        refused = root.posts("/admin/me/second-factor", **current, **unconfirmed)
        assert (refused.status_code, 'id="current_password-fault"' in refused.text) == (422, True)
        assert f'value="{secret}"' in refused.text
    done = root.posts("/admin/me/second-factor", **current, **confirmed)
    codes = re.findall(r"<li>([a-z2-9-]{23})</li>", done.text)
    assert len(set(codes)) == 10
    assert AdminClient(app).logs_in("root").status_code == 422
    assert AdminClient(app).logs_in("root", code=codes[3]).status_code == 303
    assert root.posts("/admin/me/second-factor/off", current_password="wrong").status_code == 422
    assert root.posts("/admin/me/second-factor/off", current_password=PASSWORD).status_code == 303
    assert AdminClient(app).logs_in("root").status_code == 303


def test_one_may_log_out_everywhere_else(app: Flask, root: AdminClient) -> None:
    other = AdminClient(app)
    other.logs_in("root")
    root.posts("/admin/me/sign-out-elsewhere")
    assert (root.is_logged_in(), other.is_logged_in()) == (True, False)


def test_sessions_are_listed_and_ended_one_by_one(app: Flask, root: AdminClient) -> None:
    make_account("ann")
    others = [AdminClient(app), AdminClient(app), AdminClient(app)]
    for other in others:
        other.logs_in("root" if other is not others[2] else "ann")
    names = re.findall(r'name="session" value="([0-9a-f]{16})"', root.gets("/admin/me").text)
    assert len(names) == 2
    for name in (names[0], names[0], "", "0" * 16):
        assert root.posts("/admin/me/sessions/end", session=name).status_code == 303
    assert root.is_logged_in()
    assert [other.is_logged_in() for other in others[:2]].count(True) == 1
    assert others[2].is_logged_in()
    assert [each.action for each in audit.search()].count("logged out another browser of") == 1


def test_nobody_ends_the_session_of_somebody_else(app: Flask, root: AdminClient) -> None:
    make_account("ann")
    ann = AdminClient(app)
    ann.logs_in()
    names = [each.name for each in sessions.list_open(2, PRESENT)]
    root.posts("/admin/me/sessions/end", session=names[0])
    assert ann.is_logged_in()


@ON_ONE_DATABASE
def test_who_finds_a_logged_in_browser_cannot_try_passwords_in_it(root: AdminClient) -> None:
    for _ in range(5):
        root.posts("/admin/me/password", current_password="wrong", password=NEW)
    refused = root.posts("/admin/me/password", current_password=PASSWORD, password=NEW)
    assert (refused.status_code, "Too many attempts." in refused.text) == (422, True)


# The activity log


def test_the_activity_log_shows_actions_users_and_changes(root: AdminClient) -> None:
    id = make_account("ann")
    root.posts(f"/admin/people/{id}/role", role="admin", current_password=PASSWORD)
    newest = audit.search()[0]
    assert (newest.actor, newest.action, newest.record) == ("root", "changed the role of", "ann")
    assert newest.changes == {"role": ["editor", "admin"]}
    assert "role: editor to admin" in words_of(read_html(root.gets("/admin/trail").text)[0])


def test_the_activity_log_is_searched_by_words_page_by_page(root: AdminClient) -> None:
    db.session.rollback()
    begin_write()
    for number in range(120):
        audit.record("edited", "tool", f"tool-{number:03}", now=PRESENT, actor=(1, "root"))
    db.session.commit()
    assert [entry.record for entry in audit.search("edited TOOL-11")] == [f"tool-11{n}" for n in range(9, -1, -1)]
    assert audit.search("100%") == []
    page = root.gets("/admin/trail").text
    assert ("tool-119" in page, "tool-070" in page, "tool-069" in page) == (True, True, False)
    older = re.search(r'href="(/admin/trail\?before=\d+)"', page)
    assert older
    assert "tool-069" in root.gets(older[1]).text
    assert root.gets("/admin/trail?before=x").status_code == 400
    assert root.gets("/admin/trail?q=%00").status_code == 400


def test_an_editors_dashboard_shows_catalogue_activity_and_their_own_and_an_admins_shows_all(
    app: Flask, root: AdminClient
) -> None:
    make_account("ann")
    ann = AdminClient(app)
    ann.logs_in("ann")
    begin_write()
    editors_kinds = ["tool", "panel", "price", "category", "reviewer", "comparison", "catalogue", "edition"]
    for kind in (*editors_kinds, "account", "subscriber"):
        audit.record("touched", kind, f"the-{kind}", now=PRESENT)
    db.session.commit()
    dashboard = ann.gets("/admin").text
    assert [kind for kind in (*editors_kinds, "account", "subscriber") if f"the-{kind}" in dashboard] == editors_kinds
    assert ("logged in <b>ann</b>" in dashboard, "logged in <b>root</b>" in dashboard) == (True, False)
    everything = root.gets("/admin").text
    assert ("the-account" in everything, "the-subscriber" in everything) == (True, True)


@pytest.mark.parametrize("act", ["role", "enable", "second-factor/off"])
@ON_ONE_DATABASE
def test_what_is_so_already_is_not_logged(root: AdminClient, act: str) -> None:
    id = make_account("ann")
    newest = audit.search()[0]
    assert root.posts(f"/admin/people/{id}/{act}", role="editor").status_code == 303
    assert audit.search()[0] == newest


def test_who_is_disabled_twice_is_disabled_once(root: AdminClient) -> None:
    id = make_account("ann")
    root.posts(f"/admin/people/{id}/disable")
    newest = audit.search()[0]
    root.posts(f"/admin/people/{id}/disable")
    assert (newest.action, audit.search()[0]) == ("disabled", newest)


def test_the_log_does_not_repeat_what_the_database_tells_of_an_address_that_is_taken(app: Flask) -> None:
    make_account("ann")
    taken = sa.insert(account).from_select(
        ["name", *COPIED],
        sa.select(sa.literal("bob"), *(account.c[name] for name in COPIED)),
    )
    with pytest.raises(sa.exc.IntegrityError) as caught:
        db.session.execute(taken)
    record = logging.LogRecord("verdicts", logging.ERROR, "", 0, "", (), (caught.type, caught.value, caught.tb))
    line = JsonLines().format(record)
    assert "IntegrityError" in line
    assert "ann@example.org" not in line
