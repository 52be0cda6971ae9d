"""Accounts: what they may be called, the admin who always remains, and new passwords by mail."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from tests.conftest import ON_ONE_DATABASE, StatementCount
from tests.makers import NOW
from tests.staff.world import PASSWORD_HASH, is_open, make_account, make_session, request_reset, reset_tokens
from verdicts.extensions import begin_write, commit_or_retry, db
from verdicts.mailing.models import outbox_letter
from verdicts.staff import accounts, sessions
from verdicts.staff.accounts import RESET_TOKEN_LIFETIME, InvalidAccount
from verdicts.staff.models import Role, password_reset
from verdicts.staff.throttle import MIN_RESET_INTERVAL

pytestmark = pytest.mark.usefixtures("app")

SECOND = timedelta(seconds=1)


def create(name: str = "ann", email: str = "ann@example.org", role: Role = Role.EDITOR) -> int:
    return commit_or_retry(lambda: accounts.create(name, email, role, PASSWORD_HASH, NOW))


def refused_field(name: str, email: str) -> str:
    with pytest.raises(InvalidAccount) as refused:
        create(name, email)
    return refused.value.field


def account_of(token: str, now: datetime = NOW) -> str | None:
    account = accounts.find_by_reset_token(token, now)
    db.session.rollback()
    return account.name if account else None


def role_of(id: int) -> Role:
    role = accounts.get(id).role
    db.session.rollback()
    return role


# Creating and finding


def test_a_new_account_has_its_address_in_lower_case_and_must_change_its_password() -> None:
    id = create(email=" Ann@Example.ORG ")
    account = accounts.get(id)
    assert (account.name, account.email, account.role) == ("ann", "ann@example.org", Role.EDITOR)
    assert (account.must_change, account.totp_secret, account.disabled_at) == (True, None, None)


@pytest.mark.parametrize("name", ["a", "ann", "ann.lee", "ann-lee_2", "x" * 40])
@ON_ONE_DATABASE
def test_a_name_has_lower_case_letters_digits_and_a_few_signs(name: str) -> None:
    assert accounts.get(create(name)).name == name


@pytest.mark.parametrize("name", ["", "Ann", "ann lee", ".ann", "ann-", "änn", "ann\n", "x" * 41])
@ON_ONE_DATABASE
def test_a_name_that_is_none_is_refused(name: str) -> None:
    assert refused_field(name, "ann@example.org") == "name"


@pytest.mark.parametrize("email", ["", "ann", "ann@", "ann@example.org\nBcc: eve@example.org", "a b@example.org"])
@ON_ONE_DATABASE
def test_an_address_that_is_none_is_refused(email: str) -> None:
    assert refused_field("ann", email) == "email"


def test_a_name_and_an_address_belong_to_one_account() -> None:
    create()
    assert refused_field("ann", "other@example.org") == "name"
    assert refused_field("other", "ANN@example.org") == "email"


def test_after_a_name_that_is_taken_the_transaction_goes_on() -> None:
    create()
    begin_write()
    with pytest.raises(InvalidAccount):
        accounts.create("ann", "bob@example.org", Role.EDITOR, PASSWORD_HASH, NOW)
    accounts.create("bob", "bob@example.org", Role.EDITOR, PASSWORD_HASH, NOW)
    db.session.commit()
    assert [account.name for account in accounts.list_all()] == ["ann", "bob"]


def test_all_accounts_are_listed_by_name_the_disabled_last_in_one_statement(statements: StatementCount) -> None:
    for name in ("cleo", "ann", "bob"):
        make_account(name, Role.ADMIN)
    ann = accounts.find("ann")
    assert ann
    db.session.rollback()
    commit_or_retry(lambda: accounts.disable(ann.id, NOW))
    before = len(statements)
    assert [account.name for account in accounts.list_all()] == ["bob", "cleo", "ann"]
    assert len(statements) - before == 1


def test_a_disabled_account_is_still_found_by_its_name_and_others_are_not() -> None:
    make_account("root", Role.ADMIN)
    id = make_account("ann")
    commit_or_retry(lambda: accounts.disable(id, NOW))
    ann = accounts.find("ann")
    assert ann
    assert ann.disabled_at == NOW
    assert accounts.find("nobody") is None


# Passwords


def test_a_new_password_ends_every_session_and_every_letter_for_a_new_one() -> None:
    id = make_account()
    tokens = [make_session(id), make_session(id)]
    request_reset()
    commit_or_retry(lambda: accounts.set_password(id, "another hash"))
    account = accounts.get(id)
    db.session.rollback()
    assert (account.password_hash, account.must_change) == ("another hash", False)
    assert [is_open(token) for token in tokens] == [False, False]
    assert [account_of(token) for token in reset_tokens()] == [None]


def test_a_new_password_may_leave_the_session_that_it_was_set_in() -> None:
    id = make_account()
    mine, other = make_session(id), make_session(id)
    keep = sessions.hash_token(mine)
    commit_or_retry(lambda: accounts.set_password(id, "another hash", keep_session=keep))
    assert (is_open(mine), is_open(other)) == (True, False)


def test_a_new_password_leaves_the_sessions_of_others() -> None:
    ann, bob = make_account("ann"), make_account("bob")
    token = make_session(bob)
    commit_or_retry(lambda: accounts.set_password(ann, "another hash", must_change=True))
    assert is_open(token)
    assert accounts.get(ann).must_change


# Roles, and being disabled


@pytest.mark.parametrize(
    "act",
    [lambda id: accounts.set_role(id, Role.EDITOR), lambda id: accounts.disable(id, NOW)],
    ids=["role", "disable"],
)
def test_the_last_admin_stays_an_admin(act: Callable[[int], None]) -> None:
    root, _ann = make_account("root", Role.ADMIN), make_account("ann")
    with pytest.raises(InvalidAccount, match="This is the only admin") as refused:
        commit_or_retry(lambda: act(root))
    assert refused.value.field == "role"
    assert (role_of(root), accounts.get(root).disabled_at) == (Role.ADMIN, None)


def test_a_disabled_admin_is_nobody_to_remain() -> None:
    root, ann = make_account("root", Role.ADMIN), make_account("ann", Role.ADMIN)
    commit_or_retry(lambda: accounts.disable(ann, NOW))
    with pytest.raises(InvalidAccount):
        commit_or_retry(lambda: accounts.disable(root, NOW))


def test_an_admin_may_become_an_editor_while_another_one_remains() -> None:
    root, ann = make_account("root", Role.ADMIN), make_account("ann")
    commit_or_retry(lambda: accounts.set_role(ann, Role.ADMIN))
    commit_or_retry(lambda: accounts.set_role(root, Role.EDITOR))
    assert (role_of(root), role_of(ann)) == (Role.EDITOR, Role.ADMIN)


def test_the_only_account_may_be_made_an_admin() -> None:
    ann = make_account("ann")
    commit_or_retry(lambda: accounts.set_role(ann, Role.ADMIN))
    assert role_of(ann) is Role.ADMIN


def test_disabling_ends_every_session_and_enabling_brings_none_back() -> None:
    make_account("root", Role.ADMIN)
    ann = make_account("ann")
    token = make_session(ann)
    commit_or_retry(lambda: accounts.disable(ann, NOW))
    assert not is_open(token)
    commit_or_retry(lambda: accounts.enable(ann))
    assert not is_open(token)
    assert accounts.get(ann).disabled_at is None
    db.session.rollback()
    assert is_open(make_session(ann))


# A new password by mail


@pytest.mark.parametrize("email", ["ann@example.org", " ANN@Example.org "])
def test_a_letter_goes_to_the_account_of_an_address_and_its_token_names_the_account(email: str) -> None:
    make_account("bob")
    make_account("ann")
    request_reset(email)
    recipients = list(db.session.scalars(sa.select(outbox_letter.c.recipient)))
    db.session.rollback()
    assert recipients == ["ann@example.org"]
    assert [account_of(token) for token in reset_tokens()] == ["ann"]


@pytest.mark.parametrize("email", ["bob@example.org", "no address", "", "ann@example.org\nBcc: eve@example.org"])
def test_who_has_no_account_gets_no_letter(email: str) -> None:
    make_account("ann")
    request_reset(email)
    assert reset_tokens() == []
    assert db.session.execute(sa.select(password_reset)).all() == []


def test_without_any_account_nobody_gets_a_letter() -> None:
    request_reset()
    assert reset_tokens() == []


SPELLINGS = [
    "ann@example.org",
    " ann@example.org ",
    "ANN@EXAMPLE.ORG",
    "Ann@Example.Org",
    "aNN@example.org",
    '"ann"@example.org',
    "\tann@example.org\n",
    "ann@ｅｘａｍｐｌｅ.org",
    "ann@example\u3002org",
    "Ann@exAmple.orG",
]


def test_ten_spellings_of_one_address_get_one_letter() -> None:
    make_account("ann")
    for spelling in SPELLINGS:
        request_reset(spelling)
    assert len(reset_tokens()) == 1
    request_reset(now=NOW + MIN_RESET_INTERVAL)
    assert len(reset_tokens()) == 2


def test_who_is_disabled_gets_no_letter_and_an_earlier_one_does_not_help() -> None:
    make_account("root", Role.ADMIN)
    ann = make_account("ann")
    request_reset()
    commit_or_retry(lambda: accounts.disable(ann, NOW))
    request_reset(now=NOW + MIN_RESET_INTERVAL)
    assert [account_of(token) for token in reset_tokens()] == [None]


def test_known_and_unknown_addresses_take_the_same_statements(statements: StatementCount) -> None:
    make_account("root", Role.ADMIN)
    make_account("ann")
    known, unknown = [], []
    for email, verbs in (("ann@example.org", known), ("bob@example.org", unknown)):
        before = len(statements)
        request_reset(email)
        verbs += [statement.partition(" ")[0] for statement in statements.statements[before:]]
    assert (known.pop(), unknown.pop()) == ("RELEASE", "ROLLBACK")  # of the savepoint
    assert known == unknown


def test_the_database_does_not_hold_the_token_itself() -> None:
    make_account()
    request_reset()
    (token,) = reset_tokens()
    assert token not in db.session.scalars(sa.select(password_reset.c.token_hash)).all()


def test_a_token_holds_until_its_lifetime_is_over() -> None:
    make_account()
    request_reset()
    (token,) = reset_tokens()
    assert account_of(token, NOW + RESET_TOKEN_LIFETIME - SECOND) == "ann"
    assert account_of(token, NOW + RESET_TOKEN_LIFETIME) is None
    assert account_of("forged", NOW) is None


def test_expired_tokens_are_deleted_and_others_stay() -> None:
    make_account()
    request_reset()
    request_reset(now=NOW + MIN_RESET_INTERVAL)
    assert commit_or_retry(lambda: accounts.delete_expired_resets(NOW + RESET_TOKEN_LIFETIME)) == 1
    assert [account_of(token) for token in reset_tokens()] == [None, "ann"]
