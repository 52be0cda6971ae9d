"""What the commands, the archive and the press read of editions."""

import sqlalchemy as sa

from verdicts.digest.blocks import Block
from verdicts.digest.editions import IN_THE_ARCHIVE, Edition, to_edition
from verdicts.digest.models import DeliveryState, EditionState, delivery, edition, edition_block, edition_item
from verdicts.digest.news import Item
from verdicts.digest.weeks import Week
from verdicts.extensions import db

_is_cancelled = edition.c.state == EditionState.CANCELLED


def _is_in_the_archive() -> sa.ColumnElement[bool]:
    """Say of an edition whether letters lead to it: also where it was cancelled after the first of them."""
    of_it = sa.and_(delivery.c.edition_id == edition.c.id, delivery.c.state == DeliveryState.SENT)
    return edition.c.state.in_(IN_THE_ARCHIVE) | (_is_cancelled & sa.exists().where(of_it))


def items_of(edition_id: int) -> list[Item]:
    """Return an edition's items in their order, dropped ones too. One statement."""
    rows = sa.select(edition_item).where(edition_item.c.edition_id == edition_id)
    return [
        Item(row.id, row.kind, row.category_id, tuple(row.tool_ids), row.facts, row.dropped, row.position)
        for row in db.session.connection().execute(rows.order_by(edition_item.c.position, edition_item.c.id))
    ]


def blocks_of(edition_id: int) -> list[Block]:
    """Return a frozen edition's blocks, head first and foot last. One statement."""
    rows = sa.select(edition_block).where(edition_block.c.edition_id == edition_id)
    return [
        Block(row.kind, row.category_id, tuple(row.tool_ids), row.has_change, row.text, row.html)
        for row in db.session.connection().execute(rows.order_by(edition_block.c.position))
    ]


def archive() -> list[Edition]:
    """Return the edition of each week that readers may look at, the newest week first. One statement."""
    rows = sa.select(edition).where(_is_in_the_archive())
    newest = rows.order_by(edition.c.year.desc(), edition.c.week.desc(), _is_cancelled, edition.c.id.desc())
    found: dict[Week, Edition] = {}
    for row in db.session.connection().execute(newest):
        found.setdefault(Week(row.year, row.week), to_edition(row))
    return list(found.values())


def find_in_archive(week: Week) -> Edition | None:
    """Return the week's edition that readers may look at. One statement."""
    rows = sa.select(edition).where(edition.c.year == week.year, edition.c.week == week.number, _is_in_the_archive())
    row = db.session.connection().execute(rows.order_by(_is_cancelled, edition.c.id.desc()).limit(1)).first()
    return to_edition(row) if row else None


def neighbours(week: Week) -> tuple[Week | None, Week | None]:
    """Return the weeks before and after this one that have an edition in the archive. One statement."""
    place = edition.c.year * 100 + edition.c.week
    mine = week.year * 100 + week.number
    before = sa.func.max(sa.case((place < mine, place)))
    after = sa.func.min(sa.case((place > mine, place)))
    row = db.session.connection().execute(sa.select(before, after).where(_is_in_the_archive())).one()
    first, second = (Week(*divmod(each, 100)) if each else None for each in row)
    return first, second
