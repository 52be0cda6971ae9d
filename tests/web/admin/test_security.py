"""Attacks that once worked, each prevented."""

import pyotp
import pytest
import sqlalchemy as sa
from flask import Flask

from tests.conftest import ON_ONE_DATABASE
from tests.makers import NOW, make_tool
from tests.web.admin.admin_client import PASSWORD, AdminClient, make_account
from verdicts.extensions import begin_write, db
from verdicts.staff import accounts, audit, passwords
from verdicts.staff.models import account, audit_entry

NEW = "walnut trombone glacier inbox"
OLD_KEY = "old" * 20


def secret_of(name: str) -> str | None:
    db.session.rollback()
    return db.session.scalar(sa.select(account.c.totp_secret).where(account.c.name == name))


def test_two_factor_authentication_is_not_replaced_without_turning_it_off(ann: AdminClient) -> None:
    first, second = pyotp.random_base32(), pyotp.random_base32()
    ann.posts("/admin/me/second-factor", secret=first, code=pyotp.TOTP(first).now(), current_password=PASSWORD)
    stored = secret_of("ann")
    assert stored
    ann.posts("/admin/me/second-factor", secret=second, code=pyotp.TOTP(second).now(), current_password=PASSWORD)
    assert secret_of("ann") == stored


@pytest.mark.parametrize(("fallbacks", "status"), [((OLD_KEY,), 303), ((), 400)])
@ON_ONE_DATABASE
def test_a_form_stays_good_while_the_secret_key_is_replaced(
    app: Flask, ann: AdminClient, monkeypatch: pytest.MonkeyPatch, fallbacks: tuple[str, ...], status: int
) -> None:
    use_keys(app, monkeypatch, OLD_KEY)
    form = ann.form("/admin/reviewers/new")
    use_keys(app, monkeypatch, "new" * 20, *fallbacks)
    assert ann.sends("/admin/reviewers/new", form | {"name": "The Builder"}).status_code == status


def use_keys(app: Flask, monkeypatch: pytest.MonkeyPatch, key: str, *fallbacks: str) -> None:
    update = {"secret_key": key, "secret_key_fallbacks": fallbacks}
    monkeypatch.setitem(app.config, "SETTINGS", app.config["SETTINGS"].model_copy(update=update))
    monkeypatch.setitem(app.config, "SECRET_KEY", key)
    monkeypatch.setitem(app.config, "SECRET_KEY_FALLBACKS", list(fallbacks))


def test_a_password_that_is_changed_while_it_is_checked_logs_nobody_in(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    id = make_account("ann")
    is_right, other = passwords.is_correct, passwords.hash_password(NEW)

    def change_meanwhile(typed: str, stored: str | None) -> bool:
        found = is_right(typed, stored)
        begin_write()
        accounts.set_password(id, other)
        db.session.commit()
        return found

    monkeypatch.setattr(passwords, "is_correct", change_meanwhile)
    ann = AdminClient(app)
    assert ann.logs_in().status_code == 422
    assert not ann.is_logged_in()


def test_nobody_uses_up_the_attempts_of_a_logged_in_persons_own_password(app: Flask, ann: AdminClient) -> None:
    stranger = AdminClient(app, address="198.51.100.9")
    for _ in range(6):
        stranger.logs_in("present ann", "wrong")
        stranger.logs_in("forgot ann@example.org", "wrong")
    assert ann.posts("/admin/me/password", current_password=PASSWORD, password=NEW).status_code == 303
    assert ann.posts("/admin/forgot", email="ann@example.org").status_code == 303


@pytest.mark.parametrize(
    "fields",
    [
        {"name": "an\0"},
        {"name": "x", "category": "x\0"},
        {"plans-²-name": "x"},
        {"plans-99999999-name": "x"},
        {"do": "remove plans " + "9" * 5000},
    ],
)
@ON_ONE_DATABASE
def test_what_no_form_of_ours_sends_is_refused_in_words(app: Flask, ann: AdminClient, fields: dict[str, str]) -> None:
    for path in ("/admin/tools/new", "/admin/drafts"):
        status = ann.posts(path, **{"draft_key": "/admin/tools/new", **fields}).status_code
        assert status == 400 or (path == "/admin/drafts" and "do" in fields)
    assert ann.opens("/admin/tools/new").status_code == 200
    if "name" in fields:
        assert AdminClient(app).posts("/admin/login", password="x", **fields).status_code in {400, 422}


@pytest.mark.parametrize("at", ["2027-01-01T08:00+14:00", "20270101", "2027-W01-1", "2027-01-01"])
@ON_ONE_DATABASE
def test_a_time_that_is_not_plainly_in_utc_is_refused(ann: AdminClient, at: str) -> None:
    path = f"/admin/tools/{make_tool('wren', published_at=None).id}/publication"
    assert ann.posts(path, do="schedule", at=at).status_code == 422


def test_what_changes_nothing_is_not_logged(ann: AdminClient) -> None:
    path = f"/admin/tools/{make_tool('wren', published_at=None).id}/publication"
    ann.posts(path, do="back")
    db.session.rollback()
    assert audit.search(limit=1)[0].action == "logged in"


def test_no_entry_of_the_activity_log_can_be_replaced(app: Flask) -> None:
    audit.record("did", "thing", "one", now=NOW)
    db.session.commit()
    forged = {"id": 1, "at": NOW, "actor": "x", "action": "x", "kind": "x", "record": "forged", "changes": {}}
    statement = sa.insert(audit_entry).values(**forged)
    if db.engine.dialect.name == "sqlite":
        statement = statement.prefix_with("OR REPLACE")
    with pytest.raises(sa.exc.DatabaseError):
        db.session.execute(statement)
    db.session.rollback()
    assert audit.search()[0].record == "one"


def test_an_error_of_the_database_shows_no_parameters(app: Flask) -> None:
    with pytest.raises(sa.exc.DBAPIError) as raised:
        db.session.execute(sa.text("SELECT :address FROM nowhere"), {"address": "private@example.org"})
    db.session.rollback()
    assert "private@example.org" not in str(raised.value)
