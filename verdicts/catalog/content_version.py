"""The content version: a number that grows with whatever editors publish. It is part of every cached page's key.

What is scheduled becomes public without it. So what readers see of the catalogue is the same while both are: the
content version, and the moment at which something was published last.
"""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from verdicts.catalog.models import ContentVersion, Tool
from verdicts.extensions import UtcDateTime, db
from verdicts.prepared import Prepared

_versions = ContentVersion.__table__
VERSION = sa.select(_versions.c.version).scalar_subquery().label("content_version")


def last_published(table: sa.FromClause) -> sa.ScalarSelect[Any]:
    """Return when a row of this table was published last, as a column of a statement that takes `now`."""
    published_at = table.alias().c.published_at
    now = sa.bindparam("now", type_=UtcDateTime)
    return sa.select(sa.func.max(published_at)).where(published_at <= now).scalar_subquery()


CATALOG_STATE = (VERSION, last_published(Tool.__table__).label("tool_published_at"))
_READ_STATE = Prepared(sa.select(*CATALOG_STATE))


def content_version() -> int:
    version: int = db.session.execute(sa.select(_versions.c.version)).scalar_one()
    return version


def catalog_state(now: datetime) -> tuple[Any, ...]:
    """Return what differs where readers may see other tools, or other words of them. One statement."""
    return tuple(_READ_STATE.execute(db.session.connection(), {"now": now})[0])


def bump_content_version(known: int = 0) -> None:
    """Make every cached page out of date. Call it in the transaction that changes what pages show.

    `known` is a version that caches may have and the database has not any more, since it was restored.
    """
    newest = sa.case((ContentVersion.version < known, known), else_=ContentVersion.version)
    db.session.execute(
        sa.update(ContentVersion).values(version=newest + 1),
        execution_options={"synchronize_session": False},
    )
