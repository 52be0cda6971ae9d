"""`flask staff add`, `passwd`, `reset-two-factor` and `list`."""

import pytest
from click.testing import Result
from flask import Flask

from tests.makers import NOW
from verdicts.extensions import commit_or_retry, db
from verdicts.staff import accounts, audit, passwords, second_factor, sessions

pytestmark = pytest.mark.usefixtures("cheap_hashes")

PASSWORD, OTHER = "plinth mango otter quartz", "walnut trombone glacier inbox"


def staff(app: Flask, *arguments: str, typed: str = "") -> Result:
    db.session.rollback()
    return app.test_cli_runner().invoke(args=["staff", *arguments], input=typed)


def twice(password: str) -> str:
    return f"{password}\n{password}\n"


def test_someone_is_added_with_a_password_that_is_asked_for_and_not_shown(app: Flask) -> None:
    done = staff(app, "add", "ann", "ann@example.org", "--role", "admin", typed=twice(PASSWORD))
    assert done.exit_code == 0, done.output
    assert "ann may log in as admin.\n" in done.output
    assert PASSWORD not in done.output
    account = accounts.find("ann")
    assert account
    assert passwords.is_correct(PASSWORD, account.password_hash)
    assert not account.must_change
    assert staff(app, "list").output == "ann  admin  ann@example.org  no second factor\n"
    assert [(entry.actor, entry.action) for entry in audit.search()] == [("the command line", "added")]


def test_what_cannot_be_is_refused_in_words(app: Flask) -> None:
    staff(app, "add", "ann", "ann@example.org", typed=twice(PASSWORD))
    for arguments, typed, says in (
        (["add", "ann", "b@example.org"], PASSWORD, "There is already an account with this name."),
        (["add", "bob", "ann@example.org"], PASSWORD, "There is already an account with this address."),
        (["add", "bob", "bob@example.org"], "password1234", "easy to guess"),
        (["add", "Bob!", "bob@example.org"], PASSWORD, "Use lower-case letters"),
        (["passwd", "bob"], PASSWORD, "There is nobody called bob."),
        (["reset-two-factor", "bob"], PASSWORD, "There is nobody called bob."),
    ):
        refused = staff(app, *arguments, typed=twice(typed))
        assert (refused.exit_code, says in refused.output) == (1, True), refused.output
    assert [each.name for each in accounts.list_all()] == ["ann"]


def test_a_new_password_may_be_good_for_one_log_in_only(app: Flask) -> None:
    staff(app, "add", "ann", "ann@example.org", typed=twice(PASSWORD))
    assert staff(app, "passwd", "ann", "--must-change", typed=twice(OTHER)).exit_code == 0
    account = accounts.find("ann")
    assert account
    assert account.must_change
    assert passwords.is_correct(OTHER, account.password_hash)


def test_a_lost_second_factor_is_reset(app: Flask) -> None:
    staff(app, "add", "ann", "ann@example.org", typed=twice(PASSWORD))
    commit_or_retry(lambda: second_factor.enable(1, second_factor.new_secret(), NOW))
    commit_or_retry(lambda: sessions.create(1, "Firefox", NOW))
    assert "  second factor\n" in staff(app, "list").output
    assert staff(app, "reset-two-factor", "ann").exit_code == 0
    assert "no second factor" in staff(app, "list").output
    assert sessions.list_open(1, NOW) == []
    assert audit.search()[0].action == "reset two-factor authentication of"


def test_nobody_is_told_how_to_begin(app: Flask) -> None:
    assert "flask staff add" in staff(app, "list").output
