"""Which editions a subscriber was sent, for themselves."""

import sqlalchemy as sa

from verdicts.digest.models import delivery, edition
from verdicts.extensions import db


def by(subscriber_id: int) -> list[dict[str, str]]:
    """Return each edition meant for a subscriber and what became of their copy, oldest first. One statement."""
    columns = (edition.c.year, edition.c.week, delivery.c.state, delivery.c.changed_at)
    mine = (
        sa.select(*columns)
        .join(delivery, delivery.c.edition_id == edition.c.id)
        .where(delivery.c.subscriber_id == subscriber_id)
        .order_by(edition.c.year, edition.c.week, edition.c.id)
    )
    return [
        {
            "edition": f"{row.year}-w{row.week:02d}",
            "copy": row.state,
            "at": row.changed_at.isoformat(timespec="seconds"),
        }
        for row in db.session.connection().execute(mine)
    ]
