"""What the doors of all kinds of record share: addresses with an id the database can hold, and moving up a list."""

from typing import Any

import sqlalchemy as sa
from flask import abort, redirect
from flask.typing import ResponseReturnValue

from verdicts.catalog.publishing import bump_content_version
from verdicts.extensions import begin_write, db

ID = "<int(max=2147483647):id>"
FORM_MEGABYTES = 2  # a whole panel in a script of many bytes a letter, each of them escaped


def move_up(model: Any, id: int, back_to: str) -> ResponseReturnValue:
    """Let a record change places with the one before it, in the order that readers see."""
    db.session.rollback()
    begin_write()
    row = db.session.get(model, id) or abort(404, "There is no such record. It may have been deleted.")
    before = db.session.scalar(
        sa.select(model)
        .where(sa.tuple_(model.position, model.id) < sa.tuple_(sa.literal(row.position), sa.literal(row.id)))
        .order_by(model.position.desc(), model.id.desc())
        .limit(1)
    )
    if before:
        row.position, before.position = before.position, row.position
        bump_content_version()
    db.session.commit()
    return redirect(back_to, 303)
