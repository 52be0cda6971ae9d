"""Health checks for operators: is the process alive, and can it answer requests?"""

import os
from datetime import timedelta
from functools import cache
from pathlib import Path

import sqlalchemy as sa
from alembic.script import ScriptDirectory
from flask import Blueprint, current_app, jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import SQLAlchemyError

from verdicts import outages
from verdicts.config import current_settings
from verdicts.engines import sqlite_warning
from verdicts.extensions import db
from verdicts.outages import Outage
from verdicts.voting import queries as voting
from verdicts.voting.networks import unreadable_hashes
from verdicts.web.clock import now

bp = Blueprint("health", __name__)

_alembic_version = sa.table("alembic_version", sa.column("version_num", sa.String))
_APPLIED_MIGRATION = sa.select(_alembic_version.c.version_num, sa.literal("off"))
_WHETHER_READ_ONLY = sa.select(_alembic_version.c.version_num, sa.func.current_setting("transaction_read_only"))

UNREADABLE_WARNING = (
    "Votes of the last day came from addresses that cannot be read, so most of them wait: PROXY_HOPS is wrong, or the"
    " proxy sends no address in X-Forwarded-For."
)
PROXY_WARNING = "Votes of the last day came from loopback or private addresses: PROXY_HOPS is probably wrong."


@bp.get("/livez")
def livez() -> ResponseReturnValue:
    return jsonify(status="ok")


@bp.get("/readyz")
def readyz() -> ResponseReturnValue:
    """Answer 200 when the database takes changes and has every migration, otherwise 503 with the reason.

    Strangers may call it as often as they like, so it costs a few small statements.
    """
    try:
        applied, is_read_only = _applied_migration()
        is_migrated = applied == newest_migration()
        if is_migrated and (obstacle := _find_obstacle(is_read_only=is_read_only)):
            return _not_ready(f"{obstacle.words}: pages are served, but no vote or edit is taken.", retry_after=30)
        warnings = _warnings() if is_migrated else []
    except SQLAlchemyError as error:
        current_app.logger.warning("not ready: %s", type(error).__name__)
        return _not_ready("The database does not answer.")
    if not is_migrated:
        return _not_ready("The database lacks a migration: run `flask db upgrade`, or start with `make serve`.")
    return jsonify(status="ready", warnings=warnings)


@cache
def newest_migration() -> str | None:
    """Return the newest migration of this code. Reading Alembic's scripts takes 25 ms: it is done once a process."""
    return ScriptDirectory.from_config(current_app.extensions["migrate"].migrate.get_config()).get_current_head()


def _applied_migration() -> tuple[str | None, bool]:
    """Return the migration that the database is at, None where it has none; and whether PostgreSQL takes no changes."""
    connection = db.session.connection()
    try:
        row = connection.execute(
            _APPLIED_MIGRATION if connection.dialect.name == "sqlite" else _WHETHER_READ_ONLY
        ).first()
        return (row[0], row[1] == "on") if row else (None, False)
    except SQLAlchemyError:
        db.session.rollback()
        if sa.inspect(db.session.connection()).has_table(_alembic_version.name):
            raise
        return None, False


def _find_obstacle(*, is_read_only: bool) -> Outage | None:
    """Return what keeps the database from taking changes, as far as that can be seen without making one."""
    if is_read_only:
        db.session.connection().invalidate()  # the next one may find the primary
        db.session.rollback()
        return outages.READ_ONLY
    if not current_settings().is_sqlite:
        return None
    path = Path(db.engine.url.database or "")
    if not (os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)):
        return outages.READ_ONLY
    return outages.FULL if outages.is_disk_full(path) else None


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
