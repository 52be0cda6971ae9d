"""Sessions: how long they last, and how they end."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from tests.conftest import ON_ONE_DATABASE, StatementCount
from tests.makers import NOW
from tests.staff.world import is_open, make_account, make_session, touch
from verdicts.extensions import commit_or_retry, db
from verdicts.staff import accounts, second_factor, sessions
from verdicts.staff.models import MAX_AGENT_LENGTH, Role, staff_session
from verdicts.staff.sessions import IDLE_TIMEOUT, MAX_AGE, RETENTION

pytestmark = pytest.mark.usefixtures("app")

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


def rows() -> int:
    db.session.rollback()
    return db.session.scalar(sa.select(sa.func.count()).select_from(staff_session)) or 0


def expired_account(token: str, now: datetime = NOW) -> int | None:
    id = sessions.find_expired_account_id(token, now)
    db.session.rollback()
    return id


def test_a_token_leads_to_its_account_in_one_statement(statements: StatementCount) -> None:
    id = make_account("ann", Role.ADMIN)
    token = make_session(id)
    before = len(statements)
    current = sessions.find_account(token, NOW)
    assert current
    assert len(statements) - before == 1
    assert (current.id, current.name, current.email, current.role) == (id, "ann", "ann@example.org", Role.ADMIN)
    assert (current.must_change, current.has_totp, current.seen_at) == (True, False, NOW)


def test_a_session_tells_whether_its_account_has_a_second_factor() -> None:
    id = make_account()
    token = make_session(id)
    commit_or_retry(lambda: second_factor.enable(id, second_factor.new_secret(), NOW))
    current = sessions.find_account(token, NOW)
    assert current
    assert current.has_totp is True


def test_the_database_holds_only_a_hash_of_the_token() -> None:
    token = make_session(make_account())
    assert db.session.scalars(sa.select(staff_session.c.token_hash)).all() == [sessions.hash_token(token)]
    assert sessions.hash_token(token) != token


def test_an_unknown_token_leads_to_nobody() -> None:
    make_session(make_account())
    assert not is_open("")
    assert not is_open("forged")
    assert expired_account("forged", NOW + MAX_AGE) is None


def test_a_session_ends_after_half_an_hour_without_a_request() -> None:
    token = make_session(make_account())
    assert is_open(token, NOW + IDLE_TIMEOUT - SECOND)
    assert not is_open(token, NOW + IDLE_TIMEOUT)
    assert timedelta(minutes=30) == IDLE_TIMEOUT


def test_each_request_begins_the_half_hour_anew() -> None:
    token = make_session(make_account())
    touch(token, NOW + IDLE_TIMEOUT - SECOND)
    assert is_open(token, NOW + 2 * IDLE_TIMEOUT - 2 * SECOND)
    assert not is_open(token, NOW + 2 * IDLE_TIMEOUT - SECOND)


def test_a_session_ends_after_twelve_hours_however_busy() -> None:
    token = make_session(make_account())
    for number in range(1, 29):
        touch(token, NOW + number * 25 * MINUTE)
    assert is_open(token, NOW + MAX_AGE - SECOND)
    assert not is_open(token, NOW + MAX_AGE)
    assert timedelta(hours=12) == MAX_AGE


def test_a_disabled_account_has_no_session_even_if_one_was_left() -> None:
    make_account("root", Role.ADMIN)
    id = make_account("ann")
    commit_or_retry(lambda: accounts.disable(id, NOW))
    token = make_session(id)
    assert not is_open(token)
    assert expired_account(token, NOW + MAX_AGE) is None


def test_an_expired_session_still_leads_to_the_id_of_its_account() -> None:
    id = make_account()
    token = make_session(id)
    assert expired_account(token, NOW + IDLE_TIMEOUT - SECOND) is None
    assert expired_account(token, NOW + IDLE_TIMEOUT) == id


def test_a_session_that_was_deleted_leads_to_nobody() -> None:
    token = make_session(make_account())
    commit_or_retry(lambda: sessions.delete(sessions.hash_token(token)))
    assert not is_open(token)
    assert expired_account(token, NOW + IDLE_TIMEOUT) is None


def test_open_sessions_are_listed_the_last_used_first() -> None:
    ann, bob = make_account("ann"), make_account("bob")
    make_session(ann, NOW - IDLE_TIMEOUT, agent="expired")
    make_session(ann, NOW - 2 * MINUTE, agent="older")
    make_session(bob, NOW, agent="of another account")
    make_session(ann, NOW - MINUTE, agent="newer")
    listed = sessions.list_open(ann, NOW)
    assert [each.agent for each in listed] == ["newer", "older"]
    assert [(each.created_at, each.seen_at) for each in listed] == [
        (NOW - MINUTE, NOW - MINUTE),
        (NOW - 2 * MINUTE, NOW - 2 * MINUTE),
    ]


@ON_ONE_DATABASE
def test_a_very_long_agent_is_cut() -> None:
    ann = make_account()
    make_session(ann, agent="x" * 1000)
    assert [each.agent for each in sessions.list_open(ann, NOW)] == ["x" * MAX_AGENT_LENGTH]


def test_all_sessions_of_one_account_end_but_perhaps_one() -> None:
    ann, bob = make_account("ann"), make_account("bob")
    mine, other, third, of_bob = make_session(ann), make_session(ann), make_session(ann), make_session(bob)
    assert commit_or_retry(lambda: sessions.delete_all(ann, keep_session=sessions.hash_token(mine))) == 2
    assert [is_open(token) for token in (mine, other, third, of_bob)] == [True, False, False, True]
    assert commit_or_retry(lambda: sessions.delete_all(ann)) == 1
    assert [is_open(token) for token in (mine, of_bob)] == [False, True]


def test_old_sessions_are_found_by_nobody_and_go_in_time() -> None:
    token = make_session(make_account())
    assert commit_or_retry(lambda: sessions.delete_old(NOW + RETENTION)) == 0
    assert not is_open(token, NOW + RETENTION)
    assert commit_or_retry(lambda: sessions.delete_old(NOW + RETENTION + SECOND)) == 1
    assert rows() == 0


@pytest.mark.parametrize(
    ("role", "needed", "has"),
    [
        (Role.EDITOR, Role.EDITOR, True),
        (Role.EDITOR, Role.ADMIN, False),
        (Role.ADMIN, Role.EDITOR, True),
        (Role.ADMIN, Role.ADMIN, True),
    ],
)
@ON_ONE_DATABASE
def test_admins_may_do_what_editors_may_and_not_the_other_way_round(role: Role, needed: Role, has: bool) -> None:
    current = sessions.find_account(make_session(make_account("ann", role)), NOW)
    assert current
    assert current.has_role(needed) is has
