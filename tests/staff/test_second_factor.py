"""The second factor: each code once, clocks that differ a little, and recovery codes."""

import math
import re
from datetime import datetime, timedelta

import pyotp
import pytest
import sqlalchemy as sa
from flask import Flask

from tests.conftest import ON_ONE_DATABASE
from tests.makers import NOW
from tests.staff.world import make_account
from verdicts.extensions import commit_or_retry, db
from verdicts.staff import accounts, second_factor
from verdicts.staff.models import account, recovery_code
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


def stored(account_id: int) -> str:
    """Return the secret as the database has it."""
    secret = accounts.get(account_id).totp_secret
    db.session.rollback()
    assert secret
    return secret


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
    assert all(re.fullmatch("([a-hjkmnp-z2-9]{5}-){3}[a-hjkmnp-z2-9]{5}", code) for code in codes)


@ON_ONE_DATABASE
def test_a_recovery_code_is_too_long_to_be_guessed(ann: int) -> None:
    letters = enable(ann)[0].replace("-", "")
    assert len(letters) * math.log2(len(second_factor._ALPHABET)) >= 80


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
    assert consume(ann, codes[2].replace("-", ""))
    assert consume(ann, codes[3].replace("-", " "))


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
    assert not consume(ann, old[0], secret=stored(ann))
    assert not consume(ann, code_at(NOW), secret=stored(ann))
    assert consume(ann, code_at(NOW, other), secret=stored(ann))
    assert consume(ann, new[0], secret=stored(ann))


def test_without_it_no_secret_and_no_recovery_code_is_left(ann: int) -> None:
    enable(ann)
    commit_or_retry(lambda: second_factor.disable(ann))
    assert accounts.get(ann).totp_secret is None
    assert db.session.execute(sa.select(recovery_code)).all() == []


# Encryption


def with_keys(app: Flask, monkeypatch: pytest.MonkeyPatch, key: str, *fallbacks: str) -> None:
    """Give the installation another SECRET_KEY, as a restart does."""
    update = {"secret_key": key, "secret_key_fallbacks": fallbacks}
    monkeypatch.setitem(app.config, "SETTINGS", app.config["SETTINGS"].model_copy(update=update))


def test_the_database_holds_the_secret_encrypted_for_one_account_alone(ann: int) -> None:
    bob = make_account("bob")
    enable(ann)
    assert SECRET not in stored(ann)
    assert consume(ann, code_at(NOW), secret=stored(ann))
    assert not consume(bob, code_at(NOW), secret=stored(ann))


def test_a_secret_survives_another_secret_key_and_is_encrypted_under_it(
    app: Flask, ann: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = app.config["SETTINGS"].secret_key
    enable(ann)
    before = stored(ann)
    with_keys(app, monkeypatch, "another key that signs and encrypts", first)
    assert consume(ann, code_at(NOW), secret=before)
    assert commit_or_retry(second_factor.encrypt_again) == 1
    assert commit_or_retry(second_factor.encrypt_again) == 0
    with_keys(app, monkeypatch, "another key that signs and encrypts")
    assert consume(ann, code_at(NOW + STEP), NOW + STEP, secret=stored(ann))
    assert not consume(ann, code_at(NOW + 2 * STEP), NOW + 2 * STEP, secret=before)


def test_where_the_key_is_lost_recovery_codes_still_work(app: Flask, ann: int, monkeypatch: pytest.MonkeyPatch) -> None:
    codes = enable(ann)
    with_keys(app, monkeypatch, "another key that signs and encrypts")
    assert commit_or_retry(second_factor.encrypt_again) == 0
    assert not consume(ann, code_at(NOW), secret=stored(ann))
    assert consume(ann, codes[0], secret=stored(ann))


def test_a_secret_from_before_encryption_works_and_is_encrypted(ann: int) -> None:
    enable(ann)
    db.session.execute(sa.update(account).values(totp_secret=SECRET))
    db.session.commit()
    assert consume(ann, code_at(NOW), secret=SECRET)
    assert commit_or_retry(second_factor.encrypt_again) == 1
    assert SECRET not in stored(ann)
    assert consume(ann, code_at(NOW + STEP), NOW + STEP, secret=stored(ann))
