"""Health checks for operators: is the process alive, and can it answer requests?"""

from datetime import timedelta
from functools import cache

import sqlalchemy as sa
from alembic.script import ScriptDirectory
from flask import Blueprint, current_app, jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import SQLAlchemyError

from verdicts.config import current_settings
from verdicts.engines import sqlite_warning
from verdicts.extensions import db
from verdicts.voting import queries as voting
from verdicts.web.clock import now

bp = Blueprint("health", __name__)

_alembic_version = sa.table("alembic_version", sa.column("version_num", sa.String))
_APPLIED_MIGRATION = sa.select(_alembic_version.c.version_num)

PROXY_WARNING = "Votes of the last day came from loopback or private addresses: PROXY_HOPS is probably wrong."


@bp.get("/livez")
def livez() -> ResponseReturnValue:
    return jsonify(status="ok")


@bp.get("/readyz")
def readyz() -> ResponseReturnValue:
    """Answer 200 when the database is reachable and has every migration, otherwise 503 with the reason.

    Strangers may call it as often as they like, so it costs two small statements.
    """
    try:
        is_migrated = _applied_migration() == newest_migration()
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


def _applied_migration() -> str | None:
    """Return the migration that the database is at; None where it has none."""
    connection = db.session.connection()
    try:
        return connection.scalar(_APPLIED_MIGRATION)
    except SQLAlchemyError:
        db.session.rollback()
        if sa.inspect(db.session.connection()).has_table(_alembic_version.name):
            raise
        return None


def _not_ready(reason: str) -> ResponseReturnValue:
    return jsonify(status="not ready", reason=reason), 503, {"Retry-After": "5"}


def _warnings() -> list[str]:
    settings = current_settings()
    warnings = [sqlite_warning()] if settings.is_sqlite else []
    if not settings.demo and voting.has_ballots_without_a_network(since=now() - timedelta(days=1)):
        warnings.append(PROXY_WARNING)
    return [warning for warning in warnings if warning]
