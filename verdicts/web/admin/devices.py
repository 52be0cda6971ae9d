"""Known browsers: a signed cookie, set at a log-in, so that strangers who fail cannot keep an account's owner out.

It is bound to the account and to its password, and gives no access by itself.
"""

import secrets
from datetime import timedelta

from flask import Response, request
from itsdangerous import BadSignature

from verdicts.config import current_settings
from verdicts.staff.accounts import Account
from verdicts.web.admin.auth import cookie_name, set_cookie
from verdicts.web.signatures import TolerantSerializer

RETENTION = timedelta(days=180)


def find_device(account: Account | None) -> str | None:
    """Return the id of this browser if this account has logged in here with its present password, else None."""
    if account is None:
        return None
    try:
        cookie = request.cookies.get(_name_of_cookie(account.id), "")
        value = _signer().loads(cookie, max_age=int(RETENTION.total_seconds()))
    except BadSignature:
        return None
    is_theirs = isinstance(value, list) and len(value) == 3 and value[:2] == [account.id, account.password_version]
    return str(value[2]) if is_theirs else None


def remember_device(response: Response, account: Account) -> None:
    """Set the cookie of an account that has just proved its present password, or its mailbox."""
    value = _signer().dumps([account.id, account.password_version, secrets.token_hex(8)])
    set_cookie(response, _name_of_cookie(account.id), str(value), RETENTION)


def _name_of_cookie(account_id: int) -> str:
    return cookie_name(f"device-{account_id}")


def _signer() -> TolerantSerializer:
    settings = current_settings()
    return TolerantSerializer([*settings.secret_key_fallbacks, settings.secret_key], salt="staff-device")
