"""Secrets in other scripts and in broken bytes: every address answers, and no answer tells whether one was right."""

from datetime import timedelta

import pytest
from flask import Flask
from werkzeug.exceptions import HTTPException

from tests.conftest import ON_ONE_DATABASE
from tests.web.admin.admin_client import PASSWORD, AdminClient, make_account
from tests.web.conftest import PRESENT
from verdicts.extensions import commit_or_retry
from verdicts.staff import second_factor
from verdicts.staff.models import Role

pytestmark = ON_ONE_DATABASE

# What WSGI passes on for bytes that are no UTF-8, and for octal escapes of such bytes in a cookie.
BROKEN_COOKIES = ["voter={0}; staff={0}; form={0}; known={0}", '__Host-voter="\\303"; staff="\\303\\050"; form="\\377"']


def addresses(app: Flask, secret: str) -> list[tuple[str, str]]:
    """Return every address that takes a secret, or any other text, as a part of its path, and all others, by method."""
    found = []
    urls = app.url_map.bind("verdicts.test")
    for rule in app.url_map.iter_rules():
        values = {name: 1 if name in {"id", "entry_id"} else secret for name in rule.arguments}
        for method in sorted({"GET", "POST"} & (rule.methods or set())):
            try:
                found.append((method, urls.build(rule.endpoint, values, method=method)))
            except (HTTPException, ValueError, LookupError):
                continue
    return found


@pytest.mark.parametrize("secret", ["é１２３٣日", "\x9b\u2028😀"])
def test_every_address_answers_secrets_in_other_scripts(app: Flask, secret: str) -> None:
    make_account("root", Role.ADMIN)
    root, stranger = AdminClient(app), AdminClient(app)
    root.logs_in("root")
    token = root.token("/admin/me")
    names = ["email", "name", "password", "current_password", "code", "secret", "token", "tool", "session", "next"]
    form = {**dict.fromkeys(names, secret), "verdict": "ship"}
    headers = {"Authorization": f"Bearer {secret}".encode().decode("latin-1"), "Origin": root.origin}
    asked = addresses(app, secret)
    assert len(asked) > 80
    for somebody, their_token in ((stranger, secret), (root, token)):
        for method, path in asked:
            data = {**form, "csrf_token": their_token} if method == "POST" else None
            answer = somebody._request(method, path, data=data, headers=headers)
            assert answer.status_code < 500, (method, path, answer.status_code)
            if path == "/admin/logout":
                root.logs_in("root")
                token = root.token("/admin/me")


@pytest.mark.parametrize("cookies", BROKEN_COOKIES)
@pytest.mark.parametrize("path", ["/", "/admin", "/admin/login", "/admin/me", "/votes/mine?tool=x"])
def test_cookies_of_broken_bytes_are_no_cookies(app: Flask, cookies: str, path: str) -> None:
    header = cookies.format("\xff\xe9.\x80")
    options = {"base_url": "http://verdicts.test", "headers": {"Cookie": header}}
    assert app.test_client(use_cookies=False).get(path, **options).status_code < 500


def test_a_code_in_another_script_gets_one_answer_with_the_right_and_the_wrong_password(app: Flask) -> None:
    id = make_account("ann")
    commit_or_retry(lambda: second_factor.enable(id, second_factor.new_secret(), PRESENT - timedelta(hours=1)))
    for number, code in enumerate(["é٣\u2028\x9b😀", "１２３４５６"]):
        stranger = AdminClient(app, address=f"198.51.{number}.1")
        token = stranger.token()
        right, wrong = (
            stranger.posts("/admin/login", token=token, name="ann", password=password, code=code)
            for password in (PASSWORD, "wrong")
        )
        assert (right.status_code, right.data, right.headers.getlist("Set-Cookie")) == (
            wrong.status_code,
            wrong.data,
            wrong.headers.getlist("Set-Cookie"),
        ), code
        assert right.status_code == 422
