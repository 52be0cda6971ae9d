"""Health checks for operators: is the process alive, and can it answer requests?"""

from datetime import timedelta

from flask import Blueprint, current_app, jsonify, request
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.http import parse_list_header

from verdicts.config import current_settings
from verdicts.engines import sqlite_warning
from verdicts.operations import probes
from verdicts.operations.readiness import applied_migration, find_obstacle, newest_migration
from verdicts.voting import queries as voting
from verdicts.voting.networks import unreadable_hashes
from verdicts.web.clock import now

bp = Blueprint("health", __name__)

UNREADABLE_WARNING = (
    "Votes of the last day came from addresses that cannot be read, so most of them wait: PROXY_HOPS is wrong, or the"
    " proxy sends no address in X-Forwarded-For."
)
PROXY_WARNING = "Votes of the last day came from loopback or private addresses: PROXY_HOPS is probably wrong."


@bp.get("/livez")
def livez() -> ResponseReturnValue:
    """Answer that the process runs; and to `flask doctor`, what arrives of its request."""
    question = request.headers.get(probes.HEADER)
    nonce = probes.open_question(question) if question else None
    if nonce is None:
        return jsonify(status="ok")
    forwarded = parse_list_header(request.headers.get("X-Forwarded-For", ""))
    hops, address = current_settings().proxy_hops, request.remote_addr or ""
    sighting = probes.Sighting(nonce, request.host, request.scheme, address, len(forwarded), hops)
    return jsonify(status="ok", probe=probes.seal(sighting))


@bp.get("/readyz")
def readyz() -> ResponseReturnValue:
    """Answer 200 when the database takes changes and has every migration, otherwise 503 with the reason.

    Strangers may call it as often as they like, so it costs a few small statements.
    """
    try:
        applied, is_read_only = applied_migration()
        is_migrated = applied == newest_migration()
        if is_migrated and (obstacle := find_obstacle(is_read_only=is_read_only)):
            return _not_ready(f"{obstacle.words}: pages are served, but no vote or edit is taken.", retry_after=30)
        warnings = _warnings() if is_migrated else []
    except SQLAlchemyError as error:
        current_app.logger.warning("not ready: %s", type(error).__name__)
        return _not_ready("The database does not answer.")
    if not is_migrated:
        return _not_ready("The database lacks a migration: run `flask db upgrade`, or start with `make serve`.")
    return jsonify(status="ready", warnings=warnings)


def _not_ready(reason: str, *, retry_after: int = 5) -> ResponseReturnValue:
    return jsonify(status="not ready", reason=reason), 503, {"Retry-After": str(retry_after)}


def _warnings() -> list[str]:
    settings = current_settings()
    warnings = [sqlite_warning()] if settings.is_sqlite else []
    since = now() - timedelta(days=1)
    if not settings.demo and voting.has_ballots_from([None], since):
        warnings.append(PROXY_WARNING)
    if not settings.demo and voting.has_ballots_from(unreadable_hashes(now()), since):
        warnings.append(UNREADABLE_WARNING)
    return [warning for warning in warnings if warning]
