"""The second factor: an app's codes (TOTP, RFC 6238) and recovery codes for a lost phone. Each code works once.

Callers of what writes have called begin_write(), and commit.
"""

import hmac
import secrets
from datetime import datetime
from hashlib import sha256

import pyotp
import sqlalchemy as sa

from verdicts.extensions import db
from verdicts.staff.models import account, recovery_code

STEP_SECONDS = 30
RECOVERY_CODES = 10
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # without letters and digits that look alike


def new_secret() -> str:
    return pyotp.random_base32()


def provisioning_uri(secret: str, name: str, site_name: str) -> str:
    """Return the otpauth URI that an app reads."""
    return pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=site_name)


def find_step(secret: str, code: str, now: datetime) -> int | None:
    """Return the time step of a code; None where it is wrong.

    The steps before and after the current one count too, for clocks that differ.
    """
    current = int(now.timestamp()) // STEP_SECONDS
    totp = pyotp.TOTP(secret)
    submitted = "".join(code.split()).encode()
    for step in (current, current - 1, current + 1):
        if hmac.compare_digest(totp.at(step * STEP_SECONDS).encode(), submitted):
            return step
    return None


def enable(account_id: int, secret: str, now: datetime) -> list[str]:
    """Require codes of this secret from now on; return new recovery codes, which are shown only once."""
    _set_secret(account_id, secret, step=int(now.timestamp()) // STEP_SECONDS)
    codes = [f"{_random_letters(5)}-{_random_letters(5)}" for _ in range(RECOVERY_CODES)]
    rows = [{"account_id": account_id, "code_hash": _hash(code)} for code in codes]
    db.session.connection().execute(sa.insert(recovery_code), rows)
    return codes


def disable(account_id: int) -> None:
    _set_secret(account_id, None, step=0)


def consume_code(account_id: int, secret: str, code: str, now: datetime) -> bool:
    """Use up a code of the app or a recovery code; return whether it was valid.

    Where two requests send the same code at once, it is valid for one of them.
    """
    step = find_step(secret, code, now)
    if step is not None:
        unused = sa.update(account).where(account.c.id == account_id, account.c.totp_step < step)
        return bool(db.session.connection().execute(unused.values(totp_step=step)).rowcount)
    matching = sa.and_(recovery_code.c.account_id == account_id, recovery_code.c.code_hash == _hash(code))
    return bool(db.session.connection().execute(sa.delete(recovery_code).where(matching)).rowcount)


def _set_secret(account_id: int, secret: str | None, step: int) -> None:
    row = sa.update(account).where(account.c.id == account_id)
    db.session.connection().execute(row.values(totp_secret=secret, totp_step=step))
    db.session.connection().execute(sa.delete(recovery_code).where(recovery_code.c.account_id == account_id))


def _random_letters(count: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(count))


def _hash(code: str) -> str:
    return sha256("".join(code.lower().split()).encode()).hexdigest()
