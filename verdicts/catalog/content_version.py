"""The content version: a number that grows with whatever editors publish. It is part of every cached page's key."""

import sqlalchemy as sa

from verdicts.catalog.models import ContentVersion
from verdicts.extensions import db

_versions = ContentVersion.__table__
VERSION = sa.select(_versions.c.version).scalar_subquery().label("content_version")


def content_version() -> int:
    version: int = db.session.execute(sa.select(_versions.c.version)).scalar_one()
    return version


def bump_content_version(known: int = 0) -> None:
    """Make every cached page out of date. Call it in the transaction that changes what pages show.

    `known` is a version that caches may have and the database has not any more, since it was restored.
    """
    newest = sa.case((ContentVersion.version < known, known), else_=ContentVersion.version)
    db.session.execute(
        sa.update(ContentVersion).values(version=newest + 1),
        execution_options={"synchronize_session": False},
    )
