"""Failed and refused acts in the activity log: all kinds, and never more than a few a day for each account."""

from datetime import timedelta

from flask import Flask

from tests.conftest import ON_ONE_DATABASE
from tests.makers import NOW
from tests.web.admin.admin_client import PASSWORD, AdminClient, make_account
from tests.web.conftest import PRESENT
from verdicts.extensions import commit_or_retry, db
from verdicts.staff import audit, refusals, second_factor
from verdicts.staff.models import Role

pytestmark = ON_ONE_DATABASE


def entries(action: str) -> list[tuple[str, str]]:
    """Return who did this to what, the newest first."""
    db.session.rollback()
    found = [(each.actor, each.record) for each in audit.search(limit=1000) if each.action == action]
    db.session.rollback()
    return found


NOBODY = "somebody not logged in"


def test_failed_log_ins_are_logged(app: Flask) -> None:
    id = make_account("ann")
    stranger = AdminClient(app)
    stranger.logs_in(password="wrong")
    stranger.logs_in("nobody of this name", PASSWORD)
    assert entries("failed to log in as") == [(NOBODY, "an unknown name"), (NOBODY, "ann")]
    commit_or_retry(lambda: second_factor.enable(id, second_factor.new_secret(), PRESENT - timedelta(hours=1)))
    stranger.logs_in(code="000000")
    assert entries("sent a wrong code with the password of") == [(NOBODY, "ann")]
    for _ in range(4):
        stranger.logs_in(password="wrong")
    assert entries("had to wait to log in as") == [(NOBODY, "ann")]


def test_a_wrong_password_in_a_session_is_logged(ann: AdminClient) -> None:
    ann.posts("/admin/me/second-factor/off", current_password="wrong")
    assert entries("gave a wrong password in the session of") == [("ann", "ann")]


def test_what_a_role_may_not_do_is_logged(app: Flask, ann: AdminClient) -> None:
    make_account("root", Role.ADMIN)
    assert ann.gets("/admin/people").status_code == 403
    ann.posts("/admin/people/2/role", role="editor")
    assert entries("was not allowed") == [("ann", "/admin/people/2/role"), ("ann", "/admin/people")]
    root = AdminClient(app)
    root.logs_in("root")
    assert "/admin/people/2/role" in root.gets("/admin/trail?q=allowed").text


def test_strangers_cannot_fill_the_log(app: Flask) -> None:
    for number in range(300):
        commit_or_retry(lambda number=number: refusals.record("failed", "ann", NOW + timedelta(seconds=number)))
    assert len(entries("failed")) == 5 + 6
    last = next(each for each in audit.search(limit=1))
    assert last.changes == {"times": [None, 256]}
    db.session.rollback()
    commit_or_retry(lambda: refusals.record("failed", "ann", NOW + timedelta(days=3)))
    assert len(entries("failed")) == 5 + 6 + 1
