"""Logging in and out, and a new password by mail."""

import re
import threading
from collections.abc import Callable
from datetime import timedelta

import pyotp
import pytest
import sqlalchemy as sa
from flask import Flask

from tests.conftest import ON_ONE_DATABASE, first_on_both
from tests.web.admin.admin_client import PASSWORD, AdminClient, make_account
from tests.web.conftest import PRESENT
from verdicts.extensions import begin_write, db
from verdicts.mailing.models import outbox_letter
from verdicts.staff import accounts, passwords, second_factor
from verdicts.staff.models import Role, staff_session

Later = Callable[[timedelta], None]
NEW = "walnut trombone glacier inbox"


@pytest.fixture
def ann(app: Flask) -> AdminClient:
    make_account("ann")
    return AdminClient(app)


def with_a_second_factor(name: str = "ann") -> tuple[str, list[str]]:
    """Set one up a while ago; return its secret and its recovery codes."""
    secret = second_factor.new_secret()
    found = accounts.find(name)
    assert found
    db.session.rollback()
    begin_write()
    codes = second_factor.enable(found.id, secret, PRESENT - timedelta(hours=1))
    db.session.commit()
    return secret, codes


def rows() -> int:
    db.session.rollback()
    return db.session.scalar(sa.select(sa.func.count()).select_from(staff_session)) or 0


def letters() -> list[str]:
    db.session.rollback()
    return list(db.session.scalars(sa.select(outbox_letter.c.text)))


@ON_ONE_DATABASE
def test_the_right_password_logs_in_and_leads_to_the_requested_page(ann: AdminClient) -> None:
    wanted = ann.gets("/admin/me")
    assert (wanted.status_code, wanted.headers["Location"]) == (303, "/admin/login?next=/admin/me")
    answer = ann.logs_in(next="/admin/me")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/admin/me")
    assert ann.is_logged_in()


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/admin", "//evil.example", "/admin//evil.example", "/tools", "/admin\\@evil"]
)
@ON_ONE_DATABASE
def test_logging_in_leads_nowhere_else(ann: AdminClient, elsewhere: str) -> None:
    assert ann.logs_in(next=elsewhere).headers["Location"] == "/admin"


@first_on_both("name, password", [("ann", "wrong"), ("nobody", PASSWORD), ("ANN ", "wrong")])
def test_a_wrong_name_or_password_is_refused_in_the_same_words(ann: AdminClient, name: str, password: str) -> None:
    answer = ann.logs_in(name, password)
    assert answer.status_code == 422
    assert "The name, password or code is not correct." in answer.text
    assert password not in answer.text
    assert not ann.is_logged_in()


@ON_ONE_DATABASE
def test_known_and_unknown_names_get_the_same_bytes(ann: AdminClient) -> None:
    def answer(name: str) -> str:
        return re.sub(r'(csrf_token" value=")[^"]+', r"\1", ann.logs_in(name, "wrong", code="").text).replace(name, "…")

    assert answer("ann") == answer("bob")


def test_a_disabled_user_cannot_log_in_and_their_sessions_end(app: Flask, ann: AdminClient) -> None:
    make_account("root", Role.ADMIN)
    assert ann.logs_in().status_code == 303
    found = accounts.find("ann")
    assert found
    db.session.rollback()
    begin_write()
    accounts.disable(found.id, PRESENT)
    db.session.commit()
    assert not ann.is_logged_in()
    assert ann.logs_in().status_code == 422


@ON_ONE_DATABASE
def test_over_https_browsers_take_the_cookies_from_this_host_alone(app_with: Callable[..., Flask]) -> None:
    app = app_with(BASE_URL="https://verdicts.test")
    make_account("ann")
    ann = AdminClient(app)
    cookies = [*ann.gets("/admin/login").headers.getlist("Set-Cookie"), *ann.logs_in().headers.getlist("Set-Cookie")]
    names = {each.partition("=")[0] for each in cookies}
    assert names == {"__Host-form", "__Host-staff", "__Host-device-1", "editor"}
    for cookie in cookies:
        # Scripts read that one, which says nothing of anybody.
        wanted = {"editor=1"} if cookie.startswith("editor=") else {"HttpOnly"}
        assert {"Path=/", "Secure", "SameSite=Lax", *wanted} <= set(cookie.split("; ")), cookie
        assert "Domain" not in cookie
    assert ann.is_logged_in()


@ON_ONE_DATABASE
def test_over_http_the_cookies_are_for_this_part_of_the_site_alone(ann: AdminClient) -> None:
    cookies = [*ann.gets("/admin/login").headers.getlist("Set-Cookie"), *ann.logs_in().headers.getlist("Set-Cookie")]
    assert {each.partition("=")[0] for each in cookies} == {"form", "staff", "device-1", "editor"}
    *private, marker = sorted(cookies, key=lambda cookie: cookie.startswith("editor="))
    assert all({"Path=/admin", "HttpOnly", "SameSite=Lax"} <= set(each.split("; ")) for each in private)
    assert {"editor=1", "Path=/", "SameSite=Lax"} <= set(marker.split("; "))


def test_each_log_in_has_a_session_of_its_own_and_ends_the_one_before(ann: AdminClient) -> None:
    ann.logs_in()
    before = ann.client.get_cookie("staff", domain="verdicts.test", path="/admin")
    ann.logs_in()
    after = ann.client.get_cookie("staff", domain="verdicts.test", path="/admin")
    assert before
    assert after
    assert before.value != after.value
    assert rows() == 1


def test_logging_out_ends_the_session_for_whoever_kept_the_cookie(app: Flask, ann: AdminClient) -> None:
    ann.logs_in()
    stolen = ann.client.get_cookie("staff", domain="verdicts.test", path="/admin")
    assert stolen
    assert ann.posts("/admin/logout").status_code == 303
    thief = AdminClient(app)
    thief.client.set_cookie("staff", stolen.value, path="/admin", domain="verdicts.test")
    assert not thief.is_logged_in()
    assert rows() == 0


@ON_ONE_DATABASE
def test_a_session_ends_after_half_an_hour_of_silence(ann: AdminClient, later: Later) -> None:
    ann.logs_in()
    for _ in range(3):
        later(timedelta(minutes=29))
        assert ann.is_logged_in()
    later(timedelta(minutes=31))
    assert not ann.is_logged_in()


# Throttling


def test_repeated_failures_mean_waiting_longer_and_never_for_ever(ann: AdminClient, later: Later) -> None:
    assert [ann.logs_in(password="wrong").status_code for _ in range(6)] == [422] * 5 + [429]
    waits = []
    for _ in range(12):
        refused = ann.logs_in()
        assert refused.status_code == 429
        waits.append(int(refused.headers["Retry-After"]))
        later(timedelta(seconds=waits[-1]))
        assert ann.logs_in(password="wrong").status_code == 422
    assert waits[:4] == [2, 4, 8, 16]
    assert max(waits) == 900
    later(timedelta(minutes=15))
    assert ann.logs_in().status_code == 303


@ON_ONE_DATABASE
def test_a_name_that_nobody_has_is_throttled_alike(ann: AdminClient) -> None:
    assert [ann.logs_in("nobody").status_code for _ in range(6)] == [422] * 5 + [429]


@ON_ONE_DATABASE
def test_others_need_not_wait(app: Flask, ann: AdminClient) -> None:
    make_account("bob")
    for _ in range(6):
        ann.logs_in(password="wrong")
    assert AdminClient(app).logs_in("bob").status_code == 303


def test_a_network_that_tries_many_names_must_wait(app: Flask, ann: AdminClient) -> None:
    answers = [ann.logs_in(f"name{number}").status_code for number in range(31)]
    assert answers == [422] * 30 + [429]
    assert AdminClient(app, "198.51.100.1").logs_in().status_code == 303


@ON_ONE_DATABASE
def test_an_office_may_log_in_as_often_as_it_likes(app: Flask, ann: AdminClient) -> None:
    assert {ann.logs_in().status_code for _ in range(35)} == {303}
    stranger = AdminClient(app)
    answers = [stranger.logs_in(f"name{number}").status_code for number in range(31)]
    assert answers == [422] * 30 + [429]


@ON_ONE_DATABASE
def test_success_resets_the_count_of_failures(ann: AdminClient) -> None:
    for _ in range(3):
        assert [ann.logs_in(password="wrong").status_code for _ in range(4)] == [422] * 4
        assert ann.logs_in().status_code == 303


# Known browsers


def attack(app: Flask, later: Later, times: int = 40) -> None:
    """Fail to log in as ann from everywhere, now and then."""
    for number in range(times):
        AdminClient(app, f"198.51.{number}.1").logs_in(password="wrong")
        later(timedelta(minutes=15))


@ON_ONE_DATABASE
def test_an_attacker_with_a_request_each_quarter_of_an_hour_keeps_nobody_out(
    app: Flask, ann: AdminClient, later: Later
) -> None:
    attack(app, later)
    later(timedelta(seconds=10))
    assert ann.logs_in().status_code == 303


@ON_ONE_DATABASE
def test_a_known_browser_never_waits_for_what_others_did(app: Flask, ann: AdminClient) -> None:
    ann.logs_in()
    ann.posts("/admin/logout")
    answers = [AdminClient(app).logs_in(password="wrong").status_code for _ in range(7)]
    answers += [AdminClient(app, f"198.51.{n}.1").logs_in(password="wrong").status_code for n in range(20)]
    assert answers.count(429) > 2
    assert AdminClient(app).logs_in().status_code == 429
    assert ann.logs_in().status_code == 303


@ON_ONE_DATABASE
def test_ones_own_wrong_passwords_do_not_lock_a_known_browser(ann: AdminClient) -> None:
    ann.logs_in()
    ann.posts("/admin/logout")
    assert {ann.logs_in(password="wrong").status_code for _ in range(12)} == {422}
    assert ann.logs_in().status_code == 303


@ON_ONE_DATABASE
def test_the_cookie_of_a_known_browser_helps_no_other_account_and_not_for_ever(app: Flask, ann: AdminClient) -> None:
    make_account("bob")
    ann.logs_in()
    assert [ann.logs_in("bob", "wrong").status_code for _ in range(6)] == [422] * 5 + [429]
    answers = [ann.logs_in(password="wrong").status_code for _ in range(60)]
    assert answers[:50] == [422] * 50
    assert answers[-1] == 429


@pytest.mark.parametrize("value", ["", "x", "WzEsIngiLCJ5Il0.made.up", "é"])
@ON_ONE_DATABASE
def test_a_forged_cookie_makes_no_browser_known(ann: AdminClient, value: str) -> None:
    ann.client.set_cookie("device-1", value, path="/admin", domain="verdicts.test")
    assert [ann.logs_in(password="wrong").status_code for _ in range(6)] == [422] * 5 + [429]


def test_a_new_password_clears_the_throttle_and_forgets_known_browsers(app: Flask, ann: AdminClient) -> None:
    ann.logs_in()
    for _ in range(6):
        AdminClient(app).logs_in(password="wrong")
    assert AdminClient(app).logs_in().status_code == 429
    changed, id = passwords.hash_password(NEW), accounts.find("ann")
    assert id
    db.session.rollback()
    begin_write()
    accounts.set_password(id.id, changed)
    db.session.commit()
    assert [ann.logs_in(password="wrong").status_code for _ in range(6)] == [422] * 5 + [429]
    assert AdminClient(app, "198.51.100.1").logs_in(password=NEW).status_code == 303


@ON_ONE_DATABASE
def test_who_sets_a_new_password_by_mail_may_log_in_at_once(app: Flask, ann: AdminClient) -> None:
    for _ in range(6):
        ann.logs_in(password="wrong")
    ann.posts("/admin/forgot", email="ann@example.org")
    ann.posts(reset_path(), password=NEW)
    assert [ann.logs_in(password="wrong").status_code for _ in range(8)] == [422] * 8
    assert ann.logs_in(password=NEW).status_code == 303


# The second factor


@ON_ONE_DATABASE
def test_who_has_the_password_cannot_try_codes_and_is_not_told(app: Flask, ann: AdminClient, later: Later) -> None:
    secret, _ = with_a_second_factor()
    guesses = [AdminClient(app, f"198.51.{n}.1").logs_in(code="000000").status_code for n in range(6)]
    assert guesses == [422] * 6
    code = pyotp.TOTP(secret).at(PRESENT)
    stranger = AdminClient(app, "198.51.99.1")
    assert stranger.logs_in(code=code).status_code == 422
    later(timedelta(seconds=4))
    assert stranger.logs_in(code=code).status_code == 303


def test_with_two_factor_authentication_the_password_alone_is_not_enough(ann: AdminClient) -> None:
    secret, _ = with_a_second_factor()
    assert ann.logs_in().status_code == 422
    assert ann.logs_in(code="000000").status_code == 422
    assert ann.logs_in(code=pyotp.TOTP(secret).at(PRESENT)).status_code == 303


def test_a_code_works_once(app: Flask, ann: AdminClient) -> None:
    secret, _ = with_a_second_factor()
    code = pyotp.TOTP(secret).at(PRESENT)
    assert ann.logs_in(code=code).status_code == 303
    assert AdminClient(app).logs_in(code=code).status_code == 422


@ON_ONE_DATABASE
def test_a_recovery_code_logs_in_once_however_it_is_typed(app: Flask, ann: AdminClient) -> None:
    _, codes = with_a_second_factor()
    assert ann.logs_in(code=f" {codes[0].upper()} ").status_code == 303
    assert AdminClient(app).logs_in(code=codes[0]).status_code == 422
    assert AdminClient(app).logs_in(code=codes[1]).status_code == 303


# A new password by mail


def reset_path() -> str:
    (text,) = letters()
    found = re.search(r"/admin/reset/\S+", text)
    assert found
    return found[0]


def test_an_email_lets_its_reader_set_a_new_password_once(app: Flask, ann: AdminClient) -> None:
    ann.logs_in()
    assert (
        AdminClient(app).posts("/admin/forgot", email="ANN@example.org").headers["Location"] == "/admin/forgot?sent=1"
    )
    path = reset_path()
    for _ in range(3):
        assert AdminClient(app).gets(path).status_code == 200
    assert ann.is_logged_in()
    assert AdminClient(app).posts(path, password=NEW).headers["Location"] == "/admin/login?changed=1"
    assert not ann.is_logged_in()
    assert AdminClient(app).posts(path, password=NEW).status_code == 404
    assert ann.logs_in().status_code == 422
    assert ann.logs_in(password=NEW).status_code == 303


@ON_ONE_DATABASE
def test_the_link_works_for_an_hour(app: Flask, ann: AdminClient, later: Later) -> None:
    ann.posts("/admin/forgot", email="ann@example.org")
    path = reset_path()
    later(timedelta(minutes=61))
    assert ann.gets(path).status_code == 404
    assert ann.posts(path, password=NEW).status_code == 404
    assert ann.logs_in().status_code == 303


@ON_ONE_DATABASE
def test_who_has_no_account_gets_no_email_and_the_same_answer(app: Flask, ann: AdminClient) -> None:
    known, unknown = (
        AdminClient(app).posts("/admin/forgot", email=each) for each in ("ann@example.org", "bob@example.org")
    )
    assert (known.status_code, known.data, known.headers["Location"]) == (
        unknown.status_code,
        unknown.data,
        unknown.headers["Location"],
    )
    assert len(letters()) == 1


@pytest.mark.parametrize("password", ["short", "password1234", "aaaaaaaaaaaaaaaa", "qwertyuiop123", "ann@example.org"])
@ON_ONE_DATABASE
def test_a_password_that_is_easy_to_guess_is_refused_beside_the_field(
    app: Flask, ann: AdminClient, password: str
) -> None:
    ann.posts("/admin/forgot", email="ann@example.org")
    refused = ann.posts(reset_path(), password=password)
    assert refused.status_code == 422
    assert 'id="password-fault"' in refused.text
    assert f'value="{password}"' not in refused.text
    assert ann.logs_in().status_code == 303


@ON_ONE_DATABASE
def test_a_form_from_a_machine_whose_clock_is_ahead_is_taken(ann: AdminClient, later: Later) -> None:
    later(timedelta(minutes=5))
    token = ann.token()
    later(-timedelta(minutes=5))
    assert ann.posts("/admin/login", token=token, name="ann", password=PASSWORD).status_code == 303
    assert ann.is_logged_in()


@ON_ONE_DATABASE
def test_a_session_begun_by_a_clock_that_is_ahead_is_open(ann: AdminClient, later: Later) -> None:
    later(timedelta(minutes=5))
    ann.logs_in()
    later(-timedelta(minutes=5))
    assert ann.is_logged_in()
    assert ann.posts("/admin/logout").status_code == 303


@ON_ONE_DATABASE
def test_a_log_in_beyond_two_hashes_at_once_is_503_and_no_failure(
    ann: AdminClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    slots = threading.BoundedSemaphore(2)
    monkeypatch.setattr(passwords, "_hash_slots", slots)
    with slots, slots:
        answers = [ann.logs_in() for _ in range(8)]
    assert {answer.status_code for answer in answers} == {503}
    assert {answer.headers["Retry-After"] for answer in answers} == {"2"}
    assert ann.logs_in().status_code == 303
