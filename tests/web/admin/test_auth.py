"""Every admin page: who may open it, and what a form must send."""

from collections.abc import Callable
from io import BytesIO

import pytest
from flask import Flask
from werkzeug.routing import Rule

from tests.conftest import ON_ONE_DATABASE
from tests.digest.weekly import drafted
from tests.makers import make_category, make_comparison, make_reviewer, make_tool
from tests.web.admin.admin_client import AdminClient, make_account
from verdicts.staff.models import Role
from verdicts.web.admin import auth

OPEN = {
    "admin.login.log_in",
    "admin.login.submit_log_in",
    "admin.login.forgot",
    "admin.login.send_reset",
    "admin.login.reset",
    "admin.login.reset_password",
}


def rules(app: Flask) -> list[Rule]:
    return [rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/admin")]


def paths(app: Flask, method: str) -> list[tuple[str, str]]:
    """Return each address that takes a method, with its endpoint."""
    found = [rule for rule in rules(app) if method in (rule.methods or ())]
    values = {"id": 1, "token": "x", "kind": "tool", "reviewer": "builder", "name": "2026-w47"}
    urls = app.url_map.bind("verdicts.test")
    return [
        (urls.build(rule.endpoint, {name: values[name] for name in rule.arguments}, method=method), rule.endpoint)
        for rule in found
    ]


@ON_ONE_DATABASE
def test_every_view_requires_a_role_except_the_log_in(app: Flask) -> None:
    stated = {rule.endpoint: auth.required_role(app.view_functions[rule.endpoint]) for rule in rules(app)}
    assert len(stated) > 15
    assert {endpoint for endpoint, role in stated.items() if role is None} == OPEN


@pytest.mark.parametrize("method", ["GET", "POST"])
@ON_ONE_DATABASE
def test_who_is_not_logged_in_is_sent_to_the_log_in(app: Flask, method: str) -> None:
    stranger = AdminClient(app)
    token = stranger.token()
    for path, endpoint in paths(app, method):
        if endpoint not in OPEN:
            answer = stranger.gets(path) if method == "GET" else stranger.posts(path, token=token)
            assert (answer.status_code, path) == (303, path)
            assert answer.headers["Location"].startswith("/admin/login?next=")


@pytest.mark.parametrize("method", ["GET", "POST"])
@ON_ONE_DATABASE
def test_an_editor_is_refused_what_is_for_admins(app: Flask, method: str) -> None:
    make_account("ann")
    ann = AdminClient(app)
    ann.logs_in()
    token = ann.token("/admin/me")
    for path, endpoint in paths(app, method):
        if auth.required_role(app.view_functions[endpoint]) is Role.ADMIN:
            answer = ann.gets(path) if method == "GET" else ann.posts(path, token=token)
            assert (answer.status_code, path) == (403, path)


def test_no_form_is_taken_without_its_token_or_from_another_site(app: Flask) -> None:
    make_account("root", Role.ADMIN)
    wren = make_tool("wren", category_id=make_category("editors").id)
    make_reviewer("builder"), make_comparison(wren, make_tool("finch"))
    drafted()
    root = AdminClient(app)
    root.logs_in("root")
    token = root.token("/admin/me")
    for path, _ in paths(app, "POST"):
        for bad in ("", "forged"):
            assert (root.posts(path, token=bad).status_code, path) == (400, path)
        assert (root.posts(path, token=token, origin="https://evil.example").status_code, path) == (403, path)
    assert root.is_logged_in()


@ON_ONE_DATABASE
def test_a_number_that_no_record_can_have_leads_nowhere(app: Flask) -> None:
    make_account("root", Role.ADMIN)
    root = AdminClient(app)
    root.logs_in("root")
    token = root.token("/admin/me")
    with_ids = [rule for rule in rules(app) if "id" in rule.arguments]
    assert with_ids
    for rule in with_ids:
        values = {"id": 10**30, "kind": "tool", "reviewer": "builder", "name": "2026-w47"}
        path = str(rule.build({name: values[name] for name in rule.arguments}, append_unknown=False)[1])
        answer = root.gets(path) if "GET" in (rule.methods or ()) else root.posts(path, token=token)
        assert answer.status_code in {404, 405}, path


def test_a_stranger_and_who_must_do_something_first_make_us_read_nothing(app: Flask) -> None:
    make_account("ann", must_change=True)
    ann, stranger = AdminClient(app), AdminClient(app)
    ann.logs_in()
    for somebody in (ann, stranger):
        sent = BytesIO(b"x" * 100_000)
        options = {"input_stream": sent, "content_length": 100_000, "headers": {"Origin": somebody.origin}}
        form = "application/x-www-form-urlencoded"
        answer = somebody._request("POST", "/admin/me/sign-out-elsewhere", content_type=form, **options)
        assert (answer.status_code, sent.tell()) == (303, 0)


@ON_ONE_DATABASE
def test_what_is_too_large_for_a_page_is_refused_with_how_much_it_takes(app: Flask) -> None:
    make_account("ann")
    ann = AdminClient(app)
    ann.logs_in()
    refused = ann.posts("/admin/me/password", current_password="x" * 300_000)
    assert refused.status_code == 413
    assert "This page accepts 0.25 MB at most, and more was sent, so nothing was saved." in refused.text


@ON_ONE_DATABASE
def test_no_admin_page_is_cached_or_indexed(app: Flask) -> None:
    make_account("root", Role.ADMIN)
    root = AdminClient(app)
    root.logs_in("root")
    for path, _ in paths(app, "GET"):
        answer = root.gets(path)
        assert (answer.headers["Cache-Control"], answer.headers["X-Robots-Tag"], path) == ("no-store", "noindex", path)


def test_whose_password_somebody_else_set_must_choose_their_own_first(app: Flask) -> None:
    make_account("ann", must_change=True)
    ann = AdminClient(app)
    ann.logs_in()
    assert ann.gets("/admin").headers["Location"] == "/admin/me/password"
    assert ann.gets("/admin/me/second-factor").headers["Location"] == "/admin/me/password"
    token = ann.token("/admin/me/password")
    new = "walnut trombone glacier inbox"
    done = ann.posts("/admin/me/password", token=token, current_password="plinth mango otter quartz", password=new)
    assert done.headers["Location"] == "/admin/me?done=changed"
    assert ann.is_logged_in()


@ON_ONE_DATABASE
def test_admins_must_set_up_two_factor_authentication_where_the_settings_say_so(app_with: Callable[..., Flask]) -> None:
    app = app_with(REQUIRE_TOTP="1")
    make_account("root", Role.ADMIN)
    make_account("ann")
    root, ann = AdminClient(app), AdminClient(app)
    root.logs_in("root")
    ann.logs_in()
    assert root.gets("/admin").headers["Location"] == "/admin/me/second-factor"
    assert root.gets("/admin/me/second-factor").status_code == 200
    assert ann.gets("/admin").status_code == 200
