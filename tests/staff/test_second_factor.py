"""The second factor: each code once, clocks that differ a little, and recovery codes."""

import re
from datetime import datetime, timedelta

import pyotp
import pytest
import sqlalchemy as sa

from tests.conftest import ON_ONE_DATABASE
from tests.makers import NOW
from tests.staff.world import make_account
from verdicts.extensions import commit_or_retry, db
from verdicts.staff import accounts, second_factor
from verdicts.staff.models import recovery_code
from verdicts.staff.second_factor import RECOVERY_CODES, STEP_SECONDS

pytestmark = pytest.mark.usefixtures("app")

STEP = timedelta(seconds=STEP_SECONDS)
EARLIER = NOW - timedelta(hours=1)
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def code_at(moment: datetime, secret: str = SECRET) -> str:
    return pyotp.TOTP(secret).at(moment)


def enable(account_id: int, secret: str = SECRET, now: datetime = EARLIER) -> list[str]:
    return commit_or_retry(lambda: second_factor.enable(account_id, secret, now))


def consume(account_id: int, code: str, now: datetime = NOW, secret: str = SECRET) -> bool:
    return commit_or_retry(lambda: second_factor.consume_code(account_id, secret, code, now))


@pytest.fixture
def ann() -> int:
    return make_account("ann")


@ON_ONE_DATABASE
def test_a_secret_is_new_each_time() -> None:
    secrets = {second_factor.new_secret() for _ in range(10)}
    assert len(secrets) == 10
    assert all(re.fullmatch("[A-Z2-7]{32}", secret) for secret in secrets)


def test_an_app_reads_whose_codes_they_are() -> None:
    uri = second_factor.provisioning_uri(SECRET, "ann", "Ship & Skip")
    assert uri.startswith("otpauth://totp/Ship%20%26%20Skip:ann?")
    assert f"secret={SECRET}" in uri


# Codes of the app


@pytest.mark.parametrize(("seconds", "is_right"), [(-30, True), (0, True), (30, True), (-90, False), (90, False)])
@ON_ONE_DATABASE
def test_clocks_may_differ_by_half_a_minute(ann: int, seconds: int, is_right: bool) -> None:
    enable(ann)
    assert consume(ann, code_at(NOW + timedelta(seconds=seconds))) is is_right


def test_a_code_may_be_typed_with_spaces(ann: int) -> None:
    enable(ann)
    code = code_at(NOW)
    assert consume(ann, f" {code[:3]} {code[3:]} ")


@pytest.mark.parametrize("code", ["", "0", "000000", "12345", "1234567", "not a code", "１２３４５６"])
@ON_ONE_DATABASE
def test_what_is_no_code_is_refused(ann: int, code: str) -> None:
    enable(ann)
    assert second_factor.find_step(SECRET, code, NOW) is None
    assert not consume(ann, code)


def test_a_code_works_once(ann: int) -> None:
    enable(ann)
    assert consume(ann, code_at(NOW))
    assert not consume(ann, code_at(NOW))
    assert consume(ann, code_at(NOW + STEP), NOW + STEP)


def test_after_a_code_the_ones_before_it_work_no_more(ann: int) -> None:
    enable(ann)
    assert consume(ann, code_at(NOW))
    assert not consume(ann, code_at(NOW - STEP))


def test_the_code_that_it_was_set_up_with_does_not_work_again(ann: int) -> None:
    enable(ann, now=NOW)
    assert not consume(ann, code_at(NOW))
    assert consume(ann, code_at(NOW + STEP), NOW + STEP)


def test_a_code_of_one_account_uses_up_none_of_another(ann: int) -> None:
    bob = make_account("bob")
    enable(ann)
    enable(bob)
    assert consume(ann, code_at(NOW))
    assert consume(bob, code_at(NOW))


# Recovery codes


@ON_ONE_DATABASE
def test_there_are_ten_different_recovery_codes_that_are_easy_to_copy(ann: int) -> None:
    codes = enable(ann)
    assert len(set(codes)) == RECOVERY_CODES == 10
    assert all(re.fullmatch("[a-hjkmnp-z2-9]{5}-[a-hjkmnp-z2-9]{5}", code) for code in codes)


def test_the_database_holds_only_hashes_of_recovery_codes(ann: int) -> None:
    codes = enable(ann)
    stored = db.session.scalars(sa.select(recovery_code.c.code_hash)).all()
    assert len(stored) == RECOVERY_CODES
    assert not set(stored) & set(codes)


def test_a_recovery_code_works_once_however_it_is_typed(ann: int) -> None:
    codes = enable(ann)
    assert consume(ann, f" {codes[0].upper()} ")
    assert not consume(ann, codes[0])
    assert consume(ann, codes[1])


def test_a_recovery_code_of_another_account_does_not_work(ann: int) -> None:
    bob = make_account("bob")
    codes = enable(bob)
    enable(ann)
    assert not consume(ann, codes[0])
    assert consume(bob, codes[0])


def test_setting_it_up_again_replaces_secret_and_recovery_codes(ann: int) -> None:
    old = enable(ann)
    other = second_factor.new_secret()
    new = enable(ann, other)
    assert accounts.get(ann).totp_secret == other
    db.session.rollback()
    assert not consume(ann, old[0], secret=other)
    assert consume(ann, new[0], secret=other)


def test_without_it_no_secret_and_no_recovery_code_is_left(ann: int) -> None:
    enable(ann)
    commit_or_retry(lambda: second_factor.disable(ann))
    assert accounts.get(ann).totp_secret is None
    assert db.session.execute(sa.select(recovery_code)).all() == []
