"""The voter's cookie: a signed random token, set only by voting. The database holds only the token's hash."""

import secrets
from functools import lru_cache

from flask import Response, request
from itsdangerous import BadSignature

from verdicts.config import current_settings
from verdicts.voting.voters import VOTER_KEPT, hash_voter
from verdicts.web.signatures import TolerantSerializer

MARKER = "voted"
TOKEN_BYTES = 16
_VOTER = "verdicts.voter"
MAX_AGE_SECONDS = int(VOTER_KEPT.total_seconds())


def cookie_name() -> str:
    """Return the cookie's name: with the prefix `__Host-` only over https.

    On plain http browsers drop Secure cookies, and every tap would be a new voter.
    """
    return f"{current_settings().host_cookie_prefix}voter"


def current_voter() -> str | None:
    """Return the hash under which the database knows this browser, or None if it has no valid cookie."""
    environ = request.environ
    if _VOTER not in environ:
        token = _token()
        environ[_VOTER] = hash_voter(token, current_settings().hash_key) if token else None
    voter: str | None = environ[_VOTER]
    return voter


def set_cookie(response: Response) -> None:
    """Give a new voter the cookie, and the marker by which a page knows to fetch this voter's own votes.

    It is never renewed: a cookie that outlived the database's row would let its voter count twice.
    """
    value, secure = signer().dumps(secrets.token_hex(TOKEN_BYTES)), current_settings().is_https
    response.set_cookie(cookie_name(), value, max_age=MAX_AGE_SECONDS, httponly=True, samesite="Lax", secure=secure)
    response.set_cookie(MARKER, "1", max_age=MAX_AGE_SECONDS, samesite="Lax", secure=secure)


def _token() -> str | None:
    try:
        token = signer().loads(request.cookies.get(cookie_name(), ""), max_age=MAX_AGE_SECONDS)
    except BadSignature:
        return None
    return token if isinstance(token, str) and len(token) == 2 * TOKEN_BYTES else None


def signer() -> TolerantSerializer:
    """Return what signs the tokens in cookies, and reads them."""
    settings = current_settings()
    return _signer_with((*settings.secret_key_fallbacks, settings.secret_key))


@lru_cache(maxsize=1)
def _signer_with(keys: tuple[str, ...]) -> TolerantSerializer:
    return TolerantSerializer(list(keys), salt="voter")
