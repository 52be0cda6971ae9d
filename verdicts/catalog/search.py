"""Full-text search over tools, alike on both databases: the same tools, and in the same order where no more than
MAX_RANKED are found.

Spaces left out or put in do not matter in names, aliases, synonyms, makers and taglines: "git hub" finds GitHub, and
"vscode" finds VS Code. Neighbouring words are indexed run together too, and so are those of a query.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from verdicts.catalog import spelling
from verdicts.catalog.content_version import bump_content_version
from verdicts.catalog.kinds import ToolState
from verdicts.catalog.search_dialects import ANYWHERE, DIALECTS, NAME, TAGLINE, SearchDialect
from verdicts.catalog.search_index import Property, property_word, reindex, tool
from verdicts.catalog.search_terms import MAX_QUERY_LENGTH, MAX_QUERY_WORDS, Properties, Terms, read_terms
from verdicts.catalog.words import MAX_WORD_LENGTH, plain_words
from verdicts.engines import PLANNED_EACH_TIME
from verdicts.extensions import MAX_COUNTED, UtcDateTime, db, exists_one_by_one, is_one_of

# What a word of the query weighs where it is found: in the name; in the tagline and such; in the rest.
NAME_WEIGHT, TAGLINE_WEIGHT, REST_WEIGHT = 9, 3, 1
# What the whole query weighs that is a name, an alias or a synonym, or the beginning of one.
WHOLE_WEIGHT, BEGINNING_WEIGHT = 40, 5
# What each word weighs that is held where not all need be: more than where it stands, for all words together.
HELD_WEIGHT = 1000

MAX_RANKED = 120  # five pages


def matching(
    text: str,
    *,
    public_at: datetime | None = None,
    any_word: bool = False,
    properties: Properties = (),
    total: int | None = None,
) -> sa.Subquery:
    """Return the best tools that hold every word of `text`, the last of which may be unfinished, ranked.

    They are (tool_id, rank, place, total). A smaller rank is better, and of equal ranks a smaller place, which is the
    tool's position; `total` is the same for all: how many match, at most MAX_COUNTED + 1, or what is given:

        hits = search.matching("mistr")
        sa.select(hits.c.tool_id).order_by(*search.best_first(hits)).execution_options(**PLANNED_EACH_TIME)

    Two neighbouring words, or all of them, may be one word of the tool. A text that is a whole name, alias or synonym
    weighs most. A word in the name weighs more than one in the tagline, an alias, a synonym or the category's name, and
    that more than one in the maker, facts or description, or "free". Any text is safe; a text without a letter or digit
    matches nothing.

    With `any_word`, for a text that no tool holds, a tool matches that holds one of its words in its name, tagline, an
    alias, a synonym or its category's name; those with more words rank first. Words such as "for" are left out then:
    anywhere else, a word alone says little.

    `properties` are lists of search_index.property_word(): a tool must have one of each. `public_at` is a moment at
    which it must be public; without it, unpublished tools may be found too.

    Of many that match, the first MAX_RANKED of first_matching() are ranked. Nobody looks at more, and to rank all of
    50,000 took half a second.
    """
    terms = read_terms(text, properties, any_word=any_word)
    found = _first(terms, public_at, MAX_COUNTED + 1 if total is None else MAX_RANKED, is_ordered=True).cte("found")
    best = sa.select(found).limit(sa.literal_column(str(MAX_RANKED))).subquery("best")
    counted = sa.select(sa.func.count()).select_from(found).scalar_subquery()
    return _ranked(terms, best, counted if total is None else sa.literal(total))


def first_matching(
    text: str,
    *,
    public_at: datetime | None = None,
    any_word: bool = False,
    properties: Properties = (),
    is_ordered: bool = True,
) -> sa.Select[Any]:
    """Return the statement that reads the ids of what matching() finds, MAX_COUNTED + 1 at most, not ranked.

    Those come first whose name is the text, then those that hold it in their name, in their tagline, anywhere; of
    these, those that hold the last word as it is typed. If not `is_ordered`, they come in any order, which
    takes less time. An empty text finds all that have the properties.
    """
    terms = read_terms(text, properties, any_word=any_word)
    first = _first(terms, public_at, MAX_COUNTED + 1, is_ordered=is_ordered)
    return first.execution_options(**PLANNED_EACH_TIME)


def rank(text: str, ids: Sequence[int], *, any_word: bool = False) -> sa.Select[Any]:
    """Return the statement that reads these ids, which first_matching() has found for a text, best match first."""
    found = sa.select(tool.c.id.label("tool_id")).where(is_one_of(tool.c.id, ids)).subquery("found")
    hits = _ranked(read_terms(text, any_word=any_word), found, sa.literal(len(ids)))
    return sa.select(hits.c.tool_id).order_by(*best_first(hits))


def best_first(hits: sa.Subquery) -> tuple[sa.ColumnElement[int], ...]:
    """Return the order of what matching() returned."""
    return (hits.c.rank, hits.c.place, hits.c.tool_id)


def is_in(tool_id: sa.ColumnElement[int], text: str, properties: Properties = ()) -> sa.ColumnElement[bool]:
    """Say whether a row's tool is one that first_matching() finds: see asked_of_each()."""
    terms, dialect = read_terms(text, properties), _dialect()
    if terms is None:
        return sa.false()
    entry = sa.select(dialect.tool_id).where(dialect.tool_id == tool_id, dialect.is_holding(terms))
    return exists_one_by_one(entry.correlate(tool))


def correct(text: str) -> str:
    """Return a text that finds nothing with the names in it spelled right, or "" where none is near. One statement."""
    words = plain_words(text[:MAX_QUERY_LENGTH])[:MAX_QUERY_WORDS]
    return spelling.correct([word[:MAX_WORD_LENGTH] for word in words]) if words else ""


def reindex_left_out() -> int:
    """Index the tools without an entry that says their state, and return how many. At most six statements.

    Each entry says so, apart from those that an older version writes which still serves after an upgrade's migration.
    """
    states = [property_word(Property.STATE, state) for state in ToolState]
    indexed = sa.select(_dialect().having([states]).subquery().c.tool_id)
    left_out = sa.select(tool.c.id).where(tool.c.merged_into_id.is_(None), tool.c.id.not_in(indexed))
    ids = db.session.connection().scalars(left_out).all()
    if ids:
        bump_content_version()
        reindex(ids)
    return len(ids)


def _dialect() -> SearchDialect:
    return DIALECTS[db.session.get_bind().dialect.name]


def _first(terms: Terms | None, public_at: datetime | None, most: int, *, is_ordered: bool) -> sa.Select[Any]:
    if terms is None:
        return sa.select(tool.c.id.label("tool_id")).where(sa.false())
    ordered = [NAME, TAGLINE] if terms.any_word else [NAME, TAGLINE, ANYWHERE]
    parts = ordered if is_ordered or terms.any_word else [ANYWHERE]  # the last holds what the others do
    holding = _dialect().holding(terms, parts) if terms.words else _dialect().having(terms.properties)
    found = holding.subquery("found")
    first = sa.select(found.c.tool_id).limit(sa.literal_column(str(most)))
    return first if public_at is None else first.where(*_is_public(found, public_at))


def _is_public(found: sa.Subquery, now: datetime) -> Iterator[sa.ColumnElement[bool]]:
    """Look for each tool among the unpublished: they are few, and their index is small. Its own row is one of many."""
    id: sa.ColumnElement[int] = sa.literal_column("tool.id", sa.Integer)
    unpublished = sa.select(id).select_from(sa.text(_dialect().unpublished)).where(id == found.c.tool_id)
    yield ~exists_one_by_one(unpublished.where(sa.text("tool.published_at IS NULL")).correlate(found))
    yield found.c.tool_id.not_in(sa.select(tool.c.id).where(tool.c.published_at > sa.literal(now, UtcDateTime)))


def _ranked(terms: Terms | None, found: sa.Subquery, total: sa.ColumnElement[int]) -> sa.Subquery:
    """Return the columns of matching() for the tools that were found."""
    dialect = _dialect()
    place = sa.select(tool.c.position).where(tool.c.id == found.c.tool_id).scalar_subquery().label("place")
    weight = _weight_of(terms, dialect) if terms and terms.words else sa.literal(0)
    ranked = sa.select(found.c.tool_id, (-weight).label("rank"), place, total.label("total"))
    return ranked.join(dialect.table, dialect.tool_id == found.c.tool_id).subquery("hits")


def _weight_of(terms: Terms, dialect: SearchDialect) -> sa.ColumnElement[int]:
    """The last word counts as a whole and as a beginning, so that "code" finds "Code" before "Codex"."""

    def weight(word: str, *, begins: bool = False) -> sa.Case[int]:
        in_name, in_tagline = (dialect.is_in(column, word, begins=begins) for column in ("name", "tagline"))
        return sa.case((in_name, NAME_WEIGHT), (in_tagline, TAGLINE_WEIGHT), else_=REST_WEIGHT)

    def weight_of_held(word: str) -> sa.Case[int]:
        parts = (dialect.is_in(column, word, begins=True) for column in ("name", "tagline", "rest"))
        return sa.case((sa.or_(*parts), HELD_WEIGHT), else_=0)

    is_name, begins_name = (dialect.is_in("name", terms.whole, begins=begins) for begins in (False, True))
    weights = [weight(word) for word in terms.words] + [weight(terms.words[-1], begins=True)]
    weights += [sa.case((is_name, WHOLE_WEIGHT), (begins_name, BEGINNING_WEIGHT), else_=0)]
    weights += [weight_of_held(word) for word in terms.words] if terms.any_word else []
    return sum(weights[1:], start=weights[0])
