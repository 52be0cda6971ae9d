"""The search index: what of a tool stands in it. catalog.search looks for tools in it.

Texts are split into words by catalog.words and not by the database, so both index the same. Neighbouring words of
names, aliases, synonyms, makers and taglines are indexed run together too. What filters ask for are words as well, so
that the index finds what has all of them at once.
"""

import hashlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date, timedelta
from enum import StrEnum
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from verdicts.catalog import spelling
from verdicts.catalog.facts import OPEN_KEYS, says_yes
from verdicts.catalog.kinds import PriceModel
from verdicts.catalog.models import Category, CategoryFact, PriceRecord, Review, Tool, ToolFact, ToolSlug
from verdicts.catalog.panel_keys import signs_in
from verdicts.catalog.words import as_one_word, joined, neighbours, plain_words, with_joined, words_of
from verdicts.extensions import db

MAX_INDEXED_WORDS = 40_000
MAX_TEXT_LENGTH = 100_000
MAX_TOOLS_ONE_BY_ONE = 500

# Stands before a whole name. It is of no script, and part of no word that a visitor types.
WHOLE = "\ue000"
# Stand before each word of a name and of a tagline, once more: FTS5 reads all places of a word to say in which column.
MARKS = {"name": "\ue001", "tagline": "\ue002"}
_PROPERTY = "\ue003"  # begins a word that says what a tool is, as filters ask for it
# How PostgreSQL's documents label a word: by where it stands.
LABELS = {"name": "A", "tagline": "B", "rest": "C"}
_EVERYWHERE = "1A,2B,3C"
_BLOCKS = (64, 16, 4, 1)  # of days: a range of dates is few of them
_FREE = "free"  # what visitors call a tool that costs nothing, or nothing to start with

tool = Tool.__table__
category = Category.__table__
tool_slug = ToolSlug.__table__
fact, label = ToolFact.__table__, CategoryFact.__table__
price, review = PriceRecord.__table__, Review.__table__
fts5 = sa.table("tool_search", *map(sa.column, ("rowid", "tool_search", "name", "tagline", "rest")))
documents = sa.table("tool_search", sa.column("tool_id"), sa.column("document"))


class Property(StrEnum):
    """What a tool is found by besides its text."""

    CATEGORY = "category"  # its slug
    STATE = "state"
    PRICE = "price"  # its model
    LICENSE = "license"
    PANEL = "panel"  # what panel_keys.signs_in() returns
    OPEN = "open"  # "yes"
    # Dates, of which the blocks of days are values.
    OLDEST_REVIEW = "oldest review"
    PRICE_CHECK_HOLDS_UNTIL = "price check holds until"


def property_word(name: Property, value: str) -> str:
    """Return the word that stands in the entry of each tool with this value of a property."""
    return _PROPERTY + hashlib.blake2b(f"{name} {value}".encode(), digest_size=8).hexdigest()


def blocks_of(day: date) -> list[str]:
    """Return the blocks of days that hold this one, from the largest to the day itself."""
    return [_block(size, day.toordinal()) for size in _BLOCKS]


def blocks_between(first: date, last: date) -> list[str]:
    """Return blocks that hold every day from the first to the last, perhaps some days after it, and none before.

    A day is in one of them if blocks_of() returns that block for it. For eight months there are ten or so.
    """
    blocks, day = [], first.toordinal()
    while day <= last.toordinal():
        size = next(size for size in _BLOCKS if day % size == 0)
        blocks.append(_block(size, day))
        day += size
    return blocks


def _block(size: int, day: int) -> str:
    return f"{size} {day // size}"


def reindex_all(connection: sa.Connection | None = None) -> None:
    """Rebuild the index of every tool, with the session's connection or this one. At most five statements."""
    connection = connection or db.session.connection()
    spelling.clear(connection)
    connection.execute(sa.delete(table_here(connection)))
    _index(connection.execute(_texts()).all(), connection)


def reindex(tool_ids: Collection[int]) -> None:
    """Rebuild the index of these tools; deleted and merged ones leave it. At most four statements.

    Call it in the transaction that changes a tool's name, tagline, maker, category, description, facts, aliases or
    synonyms, its state, its price's model or last check, its license, its panel key or the day of a review; a
    category's name, slug and what it asks for stand in the index of all its tools.

    Call it after bump_content_version(), behind which there is one transaction at a time: so it reads all that others
    changed, and no two wait for each other's entries.
    """
    if len(tool_ids) > MAX_TOOLS_ONE_BY_ONE:
        return reindex_all()
    connection = db.session.connection()
    table = table_here(connection)
    connection.execute(sa.delete(table).where((fts5.c.rowid if table is fts5 else documents.c.tool_id).in_(tool_ids)))
    return _index(connection.execute(_texts_of_tools(), {"tool_ids": list(tool_ids)}).all(), connection)


def table_here(connection: sa.Connection) -> sa.TableClause:
    """Return the table of this database's index."""
    return fts5 if connection.dialect.name == "sqlite" else documents


@cache  # to build it takes longer than to execute it for a tool
def _texts() -> sa.Select[Any]:
    slugs = sa.select(sa.func.aggregate_strings(tool_slug.c.slug, " ")).where(tool_slug.c.tool_id == tool.c.id)
    # Of what a tool is said not to be, a search for it would find it.
    asked = (label.c.category_id == tool.c.category_id) & (label.c.key == fact.c.key) & says_yes(fact.c.value)
    facts = sa.select(sa.func.aggregate_strings(label.c.label + " " + fact.c.value, " "))
    facts = facts.select_from(fact.join(label, label.c.key == fact.c.key)).where(fact.c.tool_id == tool.c.id, asked)
    columns = (tool.c.id, tool.c.name, tool.c.tagline, tool.c.maker, tool.c.description, tool.c.synonyms)
    properties = (tool.c.state, tool.c.license, tool.c.panel_key, category.c.name.label("category"), category.c.slug)
    prices = (price.c.model, price.c.checked_on, price.c.interval_days)
    is_open = facts.where(fact.c.key.in_(OPEN_KEYS)).with_only_columns(sa.literal(1)).exists()
    oldest = sa.func.min(sa.func.coalesce(review.c.reviewed_on, sa.literal(date.min, sa.Date)), type_=sa.Date)
    others = (
        slugs.scalar_subquery().label("slugs"),
        facts.scalar_subquery().label("facts"),
        is_open.label("is_open"),
        sa.select(oldest).where(review.c.tool_id == tool.c.id).scalar_subquery().label("oldest_review"),
    )
    return (
        sa.select(*columns, *properties, *prices, *others)
        .outerjoin(category, category.c.id == tool.c.category_id)
        .outerjoin(price, (price.c.tool_id == tool.c.id) & price.c.until.is_(None))
        .where(tool.c.merged_into_id.is_(None))
        .order_by(tool.c.id)
    )


@cache
def _texts_of_tools() -> sa.Select[Any]:
    return _texts().where(tool.c.id.in_(sa.bindparam("tool_ids", expanding=True)))


def _index(rows: Sequence[sa.Row[Any]], connection: sa.Connection) -> None:
    if not rows:
        return
    spelling.store(_first_of_each(item for row in rows for item in _terms(row).items()), connection)
    entries = [_entry(row) for row in rows]
    if table_here(connection) is fts5:
        connection.execute(sa.insert(fts5), [_marked(entry) for entry in entries])
        return
    insert = postgresql.insert(documents).values(document=sa.cast(sa.bindparam("document"), postgresql.TSVECTOR))
    # Another transaction may have indexed the same tool since the delete above.
    upsert = insert.on_conflict_do_update(index_elements=["tool_id"], set_={"document": insert.excluded.document})
    connection.execute(upsert, [_document(entry) for entry in entries])


def _names(row: sa.Row[Any]) -> list[str]:
    """Return what a tool is called: its name, then its slug, aliases and synonyms."""
    return [row.name, *(row.slugs or "").split(), *row.synonyms]


def _terms(row: sa.Row[Any]) -> dict[str, str]:
    """Return the words of a tool's names and maker, run together in every way that is indexed, each as it is written.

    A run without spaces is left out: one character more or less makes another word of it.
    """
    words = [plain_words(text) for text in (*_names(row), row.maker)]
    runs = (run for each in words for run in [*([word] for word in each), *neighbours(each), each])
    return _first_of_each((joined(run), " ".join(run)) for run in runs if run)


def _first_of_each(items: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return a dictionary in which the first value of a key stands: a name is written as its own tool writes it."""
    return dict(reversed(list(items)))


def _entry(row: sa.Row[Any]) -> dict[str, Any]:
    other_names = _names(row)[1:]
    is_free = row.model in {PriceModel.FREE, PriceModel.FREEMIUM}
    rest = " ".join(filter(None, (row.maker, _FREE if is_free else "", row.facts, row.description)))
    columns = {
        "name": [
            *(WHOLE + as_one_word(name) for name in _names(row) if as_one_word(name)),
            *with_joined(row.name),
        ],
        "tagline": [
            *with_joined(row.tagline),
            *words_of(row.category or ""),
            *(word for name in other_names for word in with_joined(name)),
        ],
        "rest": [*_property_words(row), *with_joined(row.maker), *words_of(rest[:MAX_TEXT_LENGTH])],
    }
    return {"rowid": row.id} | {
        column: " ".join(list(dict.fromkeys(words))[:MAX_INDEXED_WORDS]) for column, words in columns.items()
    }


def _property_words(row: sa.Row[Any]) -> Iterator[str]:
    yield property_word(Property.CATEGORY, row.slug or "")
    yield property_word(Property.PRICE, row.model or PriceModel.UNKNOWN)
    yield property_word(Property.LICENSE, row.license)
    yield property_word(Property.PANEL, signs_in(row.panel_key))
    if row.is_open:
        yield property_word(Property.OPEN, "yes")
    yield property_word(Property.STATE, row.state)
    if row.oldest_review:
        yield from _date_words(Property.OLDEST_REVIEW, row.oldest_review)
    if row.model not in {None, PriceModel.UNKNOWN} and row.checked_on:
        holds_until = row.checked_on + timedelta(days=row.interval_days)
        yield from _date_words(Property.PRICE_CHECK_HOLDS_UNTIL, holds_until)


def _date_words(name: Property, day: date) -> Iterator[str]:
    return (property_word(name, block) for block in blocks_of(day))


def _marked(entry: dict[str, Any]) -> dict[str, Any]:
    marked = {column: [mark + word for word in entry[column].split()] for column, mark in MARKS.items()}
    # A space ends the last word too, as search expects.
    return entry | {column: " ".join([entry[column], *words, ""]) for column, words in marked.items()}


def _document(entry: dict[str, Any]) -> dict[str, Any]:
    labels = enumerate(LABELS.items(), 1)
    lexemes = (_lexemes(entry[column], f"{number}{label}") for number, (column, label) in labels)
    return {"tool_id": entry["rowid"], "document": " ".join(lexemes)}


def _lexemes(words: str, label: str) -> str:
    """The index of names knows the words alone that stand in a name: a property stands everywhere."""
    return " ".join(f"'{word}':{_EVERYWHERE if word.startswith(_PROPERTY) else label}" for word in words.split())
