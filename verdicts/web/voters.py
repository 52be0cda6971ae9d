"""Who votes: a random number in a signed cookie, set only by voting and known to the database only as a hash."""

import secrets

from flask import Response, request
from itsdangerous import BadSignature, URLSafeTimedSerializer

from verdicts.config import current_settings
from verdicts.voting.voters import VOTER_KEPT, hash_voter

MARKER = "voted"
TOKEN_BYTES = 16


def cookie_name() -> str:
    """Return the cookie's name. `__Host-` and `Secure` only over https: on plain http browsers drop Secure cookies,
    and every tap would be a new voter."""
    return "__Host-voter" if current_settings().is_https else "voter"


def current_voter() -> str | None:
    """Return the hash under which the database knows this browser, or None if it has no valid cookie."""
    token = _token()
    return hash_voter(token, current_settings().hash_key) if token else None


def introduce(response: Response) -> None:
    """Give a first-time voter the cookie, and the marker that lets a page ask for this reader's ballots.

    It is never renewed: outliving what the database keeps of a voter, it would let them count twice.
    """
    kept, secure = int(VOTER_KEPT.total_seconds()), current_settings().is_https
    value = _signer().dumps(secrets.token_hex(TOKEN_BYTES))
    response.set_cookie(cookie_name(), value, max_age=kept, httponly=True, samesite="Lax", secure=secure)
    response.set_cookie(MARKER, "1", max_age=kept, samesite="Lax", secure=secure)


def _token() -> str | None:
    try:
        token = _signer().loads(request.cookies.get(cookie_name(), ""), max_age=int(VOTER_KEPT.total_seconds()))
    except BadSignature:
        return None
    return token if isinstance(token, str) and len(token) == 2 * TOKEN_BYTES else None


def _signer() -> URLSafeTimedSerializer:
    settings = current_settings()
    return URLSafeTimedSerializer([*settings.secret_key_fallbacks, settings.secret_key], salt="voter")
