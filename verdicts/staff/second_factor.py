"""The second factor: codes of an app (TOTP, RFC 6238), each good once, and recovery codes for a lost phone."""

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
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


def new_secret() -> str:
    return pyotp.random_base32()


def address(secret: str, name: str, site: str) -> str:
    """Return the otpauth address that an app reads."""
    return pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=site)


def step_of(secret: str, code: str, now: datetime) -> int | None:
    """Return the time step of a code: this one, or a neighbour for clocks that differ; None where it is wrong."""
    current = int(now.timestamp()) // STEP_SECONDS
    totp = pyotp.TOTP(secret)
    typed = "".join(code.split())
    found = [
        step for step in (current, current - 1, current + 1) if hmac.compare_digest(totp.at(step * STEP_SECONDS), typed)
    ]
    return found[0] if found else None


def set_up(account_id: int, secret: str, now: datetime) -> list[str]:
    """Ask for codes from now on; return recovery codes, shown once. The caller called begin_write(), and commits."""
    row = sa.update(account).where(account.c.id == account_id)
    db.session.connection().execute(row.values(totp_secret=secret, totp_step=int(now.timestamp()) // STEP_SECONDS))
    codes = ["-".join(_five() for _ in range(2)) for _ in range(RECOVERY_CODES)]
    db.session.connection().execute(sa.delete(recovery_code).where(recovery_code.c.account_id == account_id))
    rows = [{"account_id": account_id, "code_hash": _hash(code)} for code in codes]
    db.session.connection().execute(sa.insert(recovery_code), rows)
    return codes


def take_off(account_id: int) -> None:
    """Ask for codes no longer. The caller has called begin_write(), and commits."""
    row = sa.update(account).where(account.c.id == account_id)
    db.session.connection().execute(row.values(totp_secret=None, totp_step=0))
    db.session.connection().execute(sa.delete(recovery_code).where(recovery_code.c.account_id == account_id))


def spend(account_id: int, secret: str, code: str, now: datetime) -> bool:
    """Take a code of the app or a recovery code, once; say whether it was good.

    The caller has called begin_write(), and commits. Of two who send the same code at once, one is let in.
    """
    step = step_of(secret, code, now)
    if step is not None:
        fresh = sa.update(account).where(account.c.id == account_id, account.c.totp_step < step)
        return bool(db.session.connection().execute(fresh.values(totp_step=step)).rowcount)
    of_it = sa.and_(recovery_code.c.account_id == account_id, recovery_code.c.code_hash == _hash(code))
    return bool(db.session.connection().execute(sa.delete(recovery_code).where(of_it)).rowcount)


def _five() -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(5))


def _hash(code: str) -> str:
    return sha256("".join(code.lower().split()).encode()).hexdigest()
