"""The second factor: an app's codes (TOTP, RFC 6238) and recovery codes for a lost phone. Each code works once.

The app's secret is stored encrypted under SECRET_KEY, and recovery codes as hashes. Callers of what writes have called
begin_write(), and commit.
"""

import secrets
from datetime import datetime
from hashlib import sha256

import pyotp
import sqlalchemy as sa

from verdicts import secret_values
from verdicts.extensions import db
from verdicts.staff.models import account, recovery_code

STEP_SECONDS = 30
RECOVERY_CODES = 10
_RECOVERY_CODE_GROUPS, _GROUP_LENGTH = 4, 5  # 99 bits: too many to try, even for who has the hashes
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
    submitted = "".join(code.split())
    for step in (current, current - 1, current + 1):
        if secret_values.is_same(submitted, totp.at(step * STEP_SECONDS)):
            return step
    return None


def enable(account_id: int, secret: str, now: datetime) -> list[str]:
    """Require codes of this secret from now on; return new recovery codes, which are shown only once."""
    _set_secret(account_id, secret, step=int(now.timestamp()) // STEP_SECONDS)
    codes = [_new_recovery_code() for _ in range(RECOVERY_CODES)]
    rows = [{"account_id": account_id, "code_hash": _hash(code.replace("-", ""))} for code in codes]
    db.session.connection().execute(sa.insert(recovery_code), rows)
    return codes


def disable(account_id: int) -> None:
    _set_secret(account_id, None, step=0)


def consume_code(account_id: int, stored_secret: str, code: str, now: datetime) -> bool:
    """Use up a code of the app or a recovery code; return whether it was valid.

    `stored_secret` is Account.totp_secret. Where no key fits it any more, recovery codes still work. Where two
    requests send the same code at once, it is valid for one of them.
    """
    secret = _decrypted(account_id, stored_secret)
    step = find_step(secret, code, now) if secret else None
    if step is not None:
        unused = sa.update(account).where(account.c.id == account_id, account.c.totp_step < step)
        return bool(db.session.connection().execute(unused.values(totp_step=step)).rowcount)
    is_theirs = recovery_code.c.account_id == account_id
    matching = sa.and_(is_theirs, recovery_code.c.code_hash.in_(_possible_hashes(code)))
    return bool(db.session.connection().execute(sa.delete(recovery_code).where(matching)).rowcount)


def encrypt_again() -> int:
    """Encrypt under SECRET_KEY each secret that is stored under a former value of it; return how many."""
    rows = sa.select(account.c.id, account.c.totp_secret).where(account.c.totp_secret.is_not(None)).with_for_update()
    count = 0
    for row in db.session.connection().execute(rows).all():
        secret = _decrypted(row.id, row.totp_secret)
        if secret and not secret_values.has_current_key(row.totp_secret, _purpose(row.id)):
            encrypted = secret_values.encrypt(secret, _purpose(row.id))
            changed = sa.update(account).where(account.c.id == row.id).values(totp_secret=encrypted)
            db.session.connection().execute(changed)
            count += 1
    return count


def _decrypted(account_id: int, stored_secret: str) -> str | None:
    if not secret_values.is_encrypted(stored_secret):  # it was stored before secrets were encrypted
        return stored_secret
    return secret_values.decrypt(stored_secret, _purpose(account_id))


def _purpose(account_id: int) -> str:
    return f"totp:{account_id}"


def _set_secret(account_id: int, secret: str | None, step: int) -> None:
    encrypted = secret_values.encrypt(secret, _purpose(account_id)) if secret else None
    row = sa.update(account).where(account.c.id == account_id)
    db.session.connection().execute(row.values(totp_secret=encrypted, totp_step=step))
    db.session.connection().execute(sa.delete(recovery_code).where(recovery_code.c.account_id == account_id))


def _new_recovery_code() -> str:
    letters = [secrets.choice(_ALPHABET) for _ in range(_RECOVERY_CODE_GROUPS * _GROUP_LENGTH)]
    starts = range(0, len(letters), _GROUP_LENGTH)
    return "-".join("".join(letters[start : start + _GROUP_LENGTH]) for start in starts)


def _possible_hashes(code: str) -> set[str]:
    """Return the hashes of a recovery code as it was typed, and without hyphens; older ones were hashed with theirs."""
    return {_hash(code), _hash(code.replace("-", ""))}


def _hash(code: str) -> str:
    return sha256("".join(code.lower().split()).encode(errors="replace")).hexdigest()
