"""Full-text search over tools, alike on both databases.

Texts are split into words by catalog.words and not by the database, so both find the same tools, and in the same order
where no more than MAX_RANKED are found.

Spaces left out or put in do not matter in names, aliases, synonyms, makers and taglines: "git hub" finds GitHub, and
"vscode" finds VS Code. Neighbouring words are indexed run together too, and so are those of a query.
"""

import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from verdicts.catalog import spelling
from verdicts.catalog.content_version import bump_content_version
from verdicts.catalog.facts import OPEN_KEYS, says_yes
from verdicts.catalog.kinds import PriceModel
from verdicts.catalog.models import Category, CategoryFact, PriceRecord, Review, Tool, ToolFact, ToolSlug
from verdicts.catalog.panel_keys import signs_in
from verdicts.catalog.words import (
    MAX_WORD_LENGTH,
    as_one_word,
    distinct,
    joined,
    neighbours,
    plain_words,
    query_words,
    split,
    with_joined,
    words_of,
)
from verdicts.extensions import MAX_COUNTED, UtcDateTime, db, exists_one_by_one

MAX_QUERY_WORDS = 8
MAX_INDEXED_WORDS = 40_000
MAX_QUERY_LENGTH = 200
MAX_TEXT_LENGTH = 100_000
MAX_TOOLS_ONE_BY_ONE = 500

# What a word of the query weighs where it is found: in the name; in the tagline and such; in the rest.
NAME_WEIGHT, TAGLINE_WEIGHT, REST_WEIGHT = 9, 3, 1
# What the whole query weighs that is a name, an alias or a synonym, or the beginning of one.
WHOLE_WEIGHT, BEGINNING_WEIGHT = 40, 5
# What each word weighs that is held where not all need be: more than where it stands, for all words together.
HELD_WEIGHT = 1000
# Words of English that say nothing of what is looked for, apart by spaces.
_FILLERS = """
    a ai an and any app are at be best by can do for from good how i in is it make me my not of on or our software
    that the to tool tools top use using we what which who with without your
"""
_FREE = "free"  # what visitors call a tool that costs nothing, or nothing to start with
# Stands before a whole name in the index. It is of no script, and part of no word that a visitor types.
_WHOLE = "\ue000"
# Stand before each word of a name and of a tagline, once more: FTS5 reads all places of a word to say in which column.
_MARKS = {"name": "\ue001", "tagline": "\ue002"}
_PROPERTY = "\ue003"  # begins a word that says what a tool is, as filters ask for it

MAX_RANKED = 120  # five pages

# Lists of words by property_word(), of each of which a tool must have one.
Properties = Sequence[Sequence[str]]

tool = Tool.__table__
category = Category.__table__
tool_slug = ToolSlug.__table__
fact, label = ToolFact.__table__, CategoryFact.__table__
price, review = PriceRecord.__table__, Review.__table__
_SPACE = sa.literal_column("' '", sa.Text)
fts5 = sa.table("tool_search", *map(sa.column, ("rowid", "tool_search", "name", "tagline", "rest")))
documents = sa.table("tool_search", sa.column("tool_id"), sa.column("document"))
# How PostgreSQL's documents label a word: by where it stands.
_LABELS = {"name": "A", "tagline": "B", "rest": "C"}
_EVERYWHERE = "1A,2B,3C"
# In which part of a document to look first. The expressions are those of its indexes: an index knows no labels.
_PLACES = {"name": "ts_filter(document, '{a}')", "tagline": "ts_filter(document, '{b}')", "document": "document"}


def property_word(name: str, value: str) -> str:
    """Return the word by which a tool is found that is this.

    A name is "category" (a slug), "price" (a model), "license", "panel" (a panel_keys.signs_in()), "open" ("yes") or
    "oldest review" (its month, one of months()).
    """
    return _PROPERTY + hashlib.blake2b(f"{name} {value}".encode(), digest_size=8).hexdigest()


def months(first: date, last: date) -> list[str]:
    """Return the months from that of the first day to that of the last."""
    begins = range(first.year * 12 + first.month - 1, last.year * 12 + last.month)
    return [f"{number // 12}-{number % 12 + 1}" for number in begins]


def matching(
    text: str,
    among: sa.Select[Any] | None = None,
    *,
    public_at: datetime | None = None,
    any_word: bool = False,
    properties: Properties = (),
) -> sa.Subquery:
    """Return the best tools that hold every word of `text`, the last of which may be unfinished, ranked.

    They are (tool_id, rank, place, total). A smaller rank is better, and of equal ranks a smaller place, which is the
    tool's position; `total` is the same for all: how many match, at most MAX_COUNTED + 1:

        hits = search.matching("mistr")
        sa.select(hits.c.tool_id).order_by(*search.best_first(hits))

    Two neighbouring words, or all of them, may be one word of the tool. A text that is a whole name, alias or synonym
    weighs most. A word in the name weighs more than one in the tagline, an alias, a synonym or the category's name, and
    that more than one in the maker, facts or description, or "free". Any text is safe; a text without a letter or digit
    matches nothing.

    With `any_word`, for a text that no tool holds, a tool matches that holds one of its words in its name, tagline, an
    alias, a synonym or its category's name; those with more words rank first. Words such as "for" are left out then:
    anywhere else, a word alone says little.

    `properties` are lists of property_word(): a tool must have one of each. `public_at` is a moment at which it must be
    public, and `among` selects the ids of those that may be found; each of them is asked about, which takes longer.
    Without both, unpublished tools may be found too.

    Of many that match, the first MAX_RANKED of first_matching() are ranked. Nobody looks at more, and to rank all of
    50,000 took half a second.
    """
    words, _ways, whole = _read(text, any_word=any_word)
    first = first_matching(text, among, public_at=public_at, any_word=any_word, properties=properties)
    index, first_hits = _index_here(), first.cte("first_hits")
    held = [_weight_of_held(index.holds, word) for word in words] if any_word else []
    best = sa.select(first_hits).limit(sa.literal_column(str(MAX_RANKED))).subquery("best")
    place = sa.select(tool.c.position).where(tool.c.id == best.c.tool_id).scalar_subquery().label("place")
    rank = _rank(words, whole, index.holds, held).label("rank")
    total = sa.select(sa.func.count()).select_from(first_hits).scalar_subquery().label("total")
    ranked = sa.select(best.c.tool_id, rank, place, total)
    return ranked.join(index.table, index.tool_id == best.c.tool_id).subquery("hits")


def first_matching(
    text: str,
    among: sa.Select[Any] | None = None,
    *,
    public_at: datetime | None = None,
    any_word: bool = False,
    properties: Properties = (),
) -> sa.Select[Any]:
    """Return the statement that reads the ids of what matching() finds, MAX_COUNTED + 1 at most, not ranked.

    Those come first whose name is the text, then those that hold it in their name, in their tagline, anywhere; of
    these, those that hold the last word as it is typed. An empty text finds all that have the properties.
    """
    words, ways, whole = _read(text, any_word=any_word)
    index = _index_here()
    if words:
        found = index.best(ways, whole, properties, rest=not any_word).subquery("found")
    elif properties and not text:
        found = index.holding([], properties).subquery("found")
    else:
        return sa.select(tool.c.id.label("tool_id")).where(sa.false())
    first = sa.select(found.c.tool_id).limit(sa.literal_column(str(MAX_COUNTED + 1)))
    if public_at is not None:
        first = first.where(*_is_public(found, public_at))
    if among is not None:
        # Joined, PostgreSQL may read the tools in any order, and the best come late.
        first = first.where(exists_one_by_one(among.where(tool.c.id == found.c.tool_id).correlate(found)))
    return first


def best_first(hits: sa.Subquery) -> tuple[sa.ColumnElement[int], ...]:
    """Return the order of what matching() returned."""
    return (hits.c.rank, hits.c.place, hits.c.tool_id)


def is_in(tool_id: sa.ColumnElement[int], text: str, properties: Properties = ()) -> sa.ColumnElement[bool]:
    """Say whether a row's tool is one that first_matching() finds: see asked_of_each()."""
    words, ways, whole = _read(text)
    index = _index_here()
    holds_all = index.holds_all(ways if words else [], whole, properties)
    entry = sa.select(index.tool_id).where(index.tool_id == tool_id, holds_all)
    return exists_one_by_one(entry.correlate(tool))


def correct(text: str) -> str:
    """Return a text that finds nothing with the names in it spelled right, or "" where none is near. One statement."""
    words = plain_words(text[:MAX_QUERY_LENGTH])[:MAX_QUERY_WORDS]
    return spelling.correct([word[:MAX_WORD_LENGTH] for word in words]) if words else ""


def reindex_all(connection: sa.Connection | None = None) -> None:
    """Rebuild the index of every tool, with the session's connection or this one. At most five statements."""
    connection = connection or db.session.connection()
    spelling.clear(connection)
    connection.execute(sa.delete(_index_here().table))
    _index(connection.execute(_texts()).all(), connection)


def reindex(tool_ids: Collection[int]) -> None:
    """Rebuild the index of these tools; deleted and merged ones leave it. At most four statements.

    Call it in the transaction that changes a tool's name, tagline, maker, category, description, facts, aliases or
    synonyms, its price's model, its license, its panel key or the day of a review; a category's name, slug and what it
    asks for stand in the index of all its tools.

    Call it after bump_content_version(), behind which there is one transaction at a time: so it reads all that others
    changed, and no two wait for each other's entries.
    """
    if len(tool_ids) > MAX_TOOLS_ONE_BY_ONE:
        return reindex_all()
    index, connection = _index_here(), db.session.connection()
    connection.execute(sa.delete(index.table).where(index.tool_id.in_(tool_ids)))
    return _index(connection.execute(_texts_of_tools(), {"tool_ids": list(tool_ids)}).all(), connection)


def reindex_left_out() -> int:
    """Index the tools without an entry that says what they cost, and return how many. At most six statements.

    Each entry says so, apart from those that an older version writes which still serves after an upgrade's migration.
    """
    prices = [property_word("price", model) for model in PriceModel]
    indexed = sa.select(_index_here().holding([], [prices]).subquery().c.tool_id)
    left_out = sa.select(tool.c.id).where(tool.c.merged_into_id.is_(None), tool.c.id.not_in(indexed))
    ids = db.session.connection().scalars(left_out).all()
    if ids:
        bump_content_version()
        reindex(ids)
    return len(ids)


def _index_here() -> "_Index":
    return _INDEXES[db.session.get_bind().dialect.name]


def _is_public(found: sa.Subquery, now: datetime) -> Iterator[sa.ColumnElement[bool]]:
    """Look for each tool among the unpublished: they are few, and their index is small. Its own row is one of many."""
    id: sa.ColumnElement[int] = sa.literal_column("tool.id", sa.Integer)
    unpublished = sa.select(id).select_from(sa.text(_index_here().unpublished)).where(id == found.c.tool_id)
    yield ~exists_one_by_one(unpublished.where(sa.text("tool.published_at IS NULL")).correlate(found))
    yield found.c.tool_id.not_in(sa.select(tool.c.id).where(tool.c.published_at > sa.literal(now, UtcDateTime)))


@cache  # to build it takes longer than to execute it for a tool
def _texts() -> sa.Select[Any]:
    slugs = sa.select(sa.func.aggregate_strings(tool_slug.c.slug, " ")).where(tool_slug.c.tool_id == tool.c.id)
    # Of what a tool is said not to be, a search for it would find it.
    asked = (label.c.category_id == tool.c.category_id) & (label.c.key == fact.c.key) & says_yes(fact.c.value)
    facts = sa.select(sa.func.aggregate_strings(label.c.label + " " + fact.c.value, " "))
    facts = facts.select_from(fact.join(label, label.c.key == fact.c.key)).where(fact.c.tool_id == tool.c.id, asked)
    columns = (tool.c.id, tool.c.name, tool.c.tagline, tool.c.maker, tool.c.description, tool.c.synonyms)
    properties = (tool.c.license, tool.c.panel_key, category.c.name.label("category"), category.c.slug)
    is_open = facts.where(fact.c.key.in_(OPEN_KEYS)).with_only_columns(sa.literal(1)).exists()
    model = sa.select(price.c.model).where(price.c.tool_id == tool.c.id, price.c.until.is_(None))
    oldest = sa.func.min(sa.func.coalesce(review.c.reviewed_on, sa.literal(date.min, sa.Date)), type_=sa.Date)
    others = (
        slugs.scalar_subquery().label("slugs"),
        facts.scalar_subquery().label("facts"),
        model.scalar_subquery().label("model"),
        is_open.label("is_open"),
        sa.select(oldest).where(review.c.tool_id == tool.c.id).scalar_subquery().label("oldest_review"),
    )
    return (
        sa.select(*columns, *properties, *others)
        .outerjoin(category, category.c.id == tool.c.category_id)
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
    if _index_here().table is fts5:
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
            *(_WHOLE + as_one_word(name) for name in _names(row) if as_one_word(name)),
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
    yield property_word("category", row.slug or "")
    yield property_word("price", row.model or PriceModel.UNKNOWN)
    yield property_word("license", row.license)
    yield property_word("panel", signs_in(row.panel_key))
    if row.is_open:
        yield property_word("open", "yes")
    if row.oldest_review:
        [month] = months(row.oldest_review, row.oldest_review)
        yield property_word("oldest review", month)


def _marked(entry: dict[str, Any]) -> dict[str, Any]:
    marked = {column: [mark + word for word in entry[column].split()] for column, mark in _MARKS.items()}
    # A space ends the last word too, as _holds_on_sqlite expects.
    return entry | {column: " ".join([entry[column], *words, ""]) for column, words in marked.items()}


def _document(entry: dict[str, Any]) -> dict[str, Any]:
    labels = enumerate(_LABELS.items(), 1)
    lexemes = (_lexemes(entry[column], f"{number}{label}") for number, (column, label) in labels)
    return {"tool_id": entry["rowid"], "document": " ".join(lexemes)}


def _lexemes(words: str, label: str) -> str:
    """The index of names knows the words alone that stand in a name: a property stands everywhere."""
    return " ".join(f"'{word}':{_EVERYWHERE if word.startswith(_PROPERTY) else label}" for word in words.split())


def _read(text: str, *, any_word: bool = False) -> tuple[list[str], list[list[str]], str]:
    """Return the words of a query, the lists of words of which a tool must hold one, and what a whole name would be.

    The lists are the words as typed, those with two neighbours run together, and all of them run together; with
    `any_word`, each word alone.
    """
    text = text[:MAX_QUERY_LENGTH]
    words, whole = query_words(text)[:MAX_QUERY_WORDS], _WHOLE + as_one_word(text)
    if any_word:
        fillers = _FILLERS.split()
        words = [word for word in words if word not in fillers]
        return words, [[word] for word in words], whole
    parts = list(split(text))[:MAX_QUERY_WORDS]
    if any(is_run for _word, is_run in parts):
        return words, [words], whole
    plain = [word for word, _is_run in parts]
    pairs = [[*plain[:at], joined(plain[at : at + 2]), *plain[at + 2 :]] for at in range(len(plain) - 1)]
    ways = [words, *map(distinct, pairs), [joined(plain)]]
    return words, [way for number, way in enumerate(ways) if way not in ways[:number]], whole


def _holding_on_sqlite(
    ways: Sequence[Sequence[str]], properties: Properties, mark: str = "", end: str = "*"
) -> sa.Select[Any]:
    def every(way: Sequence[str]) -> str:
        return " AND ".join([*(f'"{mark}{word}"' for word in way[:-1]), f'"{mark}{way[-1]}"{end}'])

    return _matching_on_sqlite(" OR ".join(f"({every(way)})" for way in ways), properties)


def _matching_on_sqlite(expression: str, properties: Properties) -> sa.Select[Any]:
    anded = [" OR ".join(f'"{word}"' for word in words) for words in properties] + [expression] * bool(expression)
    is_match = fts5.c.tool_search.bool_op("MATCH")(" AND ".join(f"({each})" for each in anded))
    return sa.select(fts5.c.rowid.label("tool_id")).where(is_match)


def _best_on_sqlite(ways: Sequence[Sequence[str]], whole: str, properties: Properties, *, rest: bool) -> sa.Select[Any]:
    """SQLite reads the parts one after the other, each as far as its rows are asked for.

    All rows of the words that begin with an unfinished one are put in order before the first: whole words come first.
    """
    marks = [*_MARKS.values(), ""] if rest else _MARKS.values()
    holding = (_holding_on_sqlite(ways, properties, mark, end) for mark in marks for end in ("", "*"))
    parts = sa.union_all(_matching_on_sqlite(f'"{whole}"', properties), *holding).subquery("parts")
    return sa.select(parts.c.tool_id).distinct()


def _holds_on_sqlite(column: str, word: str, *, begins: bool = False) -> sa.ColumnElement[bool]:
    """Say so by the text: each MATCH with an unfinished word reads all words of the index that begin with it."""
    if mark := _MARKS.get(column):
        return sa.func.instr(fts5.c[column], f"{mark}{word}" if begins else f"{mark}{word} ") > 0
    words = _SPACE + fts5.c[column] + _SPACE
    return sa.func.instr(words, f" {word}" if begins else f" {word} ") > 0


def _holds_all_on_sqlite(ways: Sequence[Sequence[str]], whole: str, properties: Properties) -> sa.ColumnElement[bool]:
    def holds(word: str, *, begins: bool) -> sa.ColumnElement[bool]:
        return sa.or_(*(_holds_on_sqlite(column, word, begins=begins) for column in _LABELS))

    def every(way: Sequence[str]) -> sa.ColumnElement[bool]:
        return sa.and_(*(holds(word, begins=False) for word in way[:-1]), holds(way[-1], begins=True))

    has_each = (sa.or_(*(_holds_on_sqlite("rest", word) for word in words)) for words in properties)
    return sa.and_(*has_each, *([sa.or_(_holds_on_sqlite("name", whole), *map(every, ways))] if ways else []))


def _holding_on_postgresql(ways: Sequence[Sequence[str]], properties: Properties) -> sa.Select[Any]:
    return sa.select(documents.c.tool_id).where(_is_in(documents.c.document, _and(properties, _every(ways))))


def _holds_all_on_postgresql(
    ways: Sequence[Sequence[str]], whole: str, properties: Properties
) -> sa.ColumnElement[bool]:
    holds_text = f"{_lexeme(whole)} | {_every(ways)}" if ways else ""
    return _is_in(documents.c.document, _and(properties, holds_text))


def _and(properties: Properties, expression: str) -> str:
    anded = [" | ".join(map(_lexeme, words)) for words in properties] + [expression] * bool(expression)
    return " & ".join(f"({each})" for each in anded)


def _every(ways: Sequence[Sequence[str]], label: str = "", *, begins: bool = True) -> str:
    def every(way: Sequence[str]) -> str:
        return " & ".join([*(_lexeme(word, label) for word in way[:-1]), _lexeme(way[-1], label, begins=begins)])

    return " | ".join(f"({every(way)})" for way in ways)


def _lexeme(word: str, label: str = "", *, begins: bool = False) -> str:
    return f"'{word}':{'*' if begins else ''}{label}"


def _is_in(document: sa.ColumnElement[Any], expression: str) -> sa.ColumnElement[bool]:
    return document.bool_op("@@")(sa.cast(expression, postgresql.TSQUERY))


def _best_on_postgresql(
    ways: Sequence[Sequence[str]], whole: str, properties: Properties, *, rest: bool
) -> sa.Select[Any]:
    """Each part leaves out those before it, so that none needs to be read to its end.

    All places of the words that begin with an unfinished one are gathered before the first: whole words come first.
    """
    places = list(_PLACES) if rest else list(_PLACES)[:-1]
    values, before = {"named": _and(properties, _lexeme(whole))}, [_lexeme(whole, _LABELS["name"])]
    for place in places:
        label = _LABELS.get(place, "")
        values[f"in_{place}"] = _and(properties, _every(ways, begins=False))
        values[f"before_in_{place}"] = " | ".join(before)
        values[f"begins_in_{place}"] = _and(properties, _every(ways))
        values[f"before_begins_in_{place}"] = " | ".join([*before, _every(ways, label, begins=False)])
        before.append(_every(ways, label))
    parts = _parts_on_postgresql(tuple(places)).bindparams(**values).columns(documents.c.tool_id)
    return sa.select(parts.subquery("parts"))


@cache  # of expressions it takes longer to build than to execute
def _parts_on_postgresql(places: tuple[str, ...]) -> sa.TextClause:
    """A materialized part is planned as if it were read to its end: the planner cannot know in which part the first
    ones are, and for a few it would read the whole table. It is read as far as its rows are asked for.
    """
    parts = {"named": _PLACES["name"]}
    for place in places:
        parts |= {f"in_{place}": _PLACES[place], f"begins_in_{place}": _PLACES[place]}
    conditions = {part: f"{document} @@ CAST(:{part} AS tsquery)" for part, document in parts.items()}
    for part in list(parts)[1:]:
        conditions[part] += f" AND NOT document @@ CAST(:before_{part} AS tsquery)"
    found = "{} AS MATERIALIZED (SELECT tool_id FROM tool_search WHERE {})"
    read = " UNION ALL ".join(f"TABLE {part}" for part in parts)
    return sa.text(f"WITH {', '.join(map(found.format, parts, conditions.values()))} {read}")


def _holds_on_postgresql(column: str, word: str, *, begins: bool = False) -> sa.ColumnElement[bool]:
    return _is_in(documents.c.document, _lexeme(word, _LABELS[column], begins=begins))


def _weight(in_name: sa.ColumnElement[bool], in_tagline: sa.ColumnElement[bool]) -> sa.Case[int]:
    return sa.case((in_name, NAME_WEIGHT), (in_tagline, TAGLINE_WEIGHT), else_=REST_WEIGHT)


def _weight_of_whole(is_name: sa.ColumnElement[bool], begins_name: sa.ColumnElement[bool]) -> sa.Case[int]:
    return sa.case((is_name, WHOLE_WEIGHT), (begins_name, BEGINNING_WEIGHT), else_=0)


def _weight_of_held(holds: Callable[..., sa.ColumnElement[bool]], word: str) -> sa.Case[int]:
    parts = [holds(column, word, begins=True) for column in ("name", "tagline", "rest")]
    return sa.case((sa.or_(*parts), HELD_WEIGHT), else_=0)


def _rank(
    words: Sequence[str],
    whole: str,
    holds: Callable[..., sa.ColumnElement[bool]],
    more: Sequence[sa.ColumnElement[int]] = (),
) -> sa.ColumnElement[int]:
    """The last word counts as a whole and as a beginning, so that "code" finds "Code" before "Codex"."""
    if not words:
        return sa.literal(0)
    last = words[-1]
    weights = [_weight(holds("name", word), holds("tagline", word)) for word in words]
    weights += [_weight(holds("name", last, begins=True), holds("tagline", last, begins=True))]
    weights += [_weight_of_whole(holds("name", whole), holds("name", whole, begins=True))]
    return -sum([*weights, *more], start=sa.literal(0))


@dataclass(frozen=True)
class _Index:
    """A database's index: its table, the tools that hold any of the ways, the best first, and where a word stands or
    whether all that is looked for does.

    `unpublished` is what to read from where a tool is looked for among those that are not published.
    """

    table: sa.TableClause
    tool_id: sa.ColumnElement[int]
    unpublished: str
    holding: Callable[[Sequence[Sequence[str]], Properties], sa.Select[Any]]
    best: Callable[..., sa.Select[Any]]
    holds: Callable[..., sa.ColumnElement[bool]]
    holds_all: Callable[[Sequence[Sequence[str]], str, Properties], sa.ColumnElement[bool]]


_INDEXES = {
    "sqlite": _Index(
        fts5,
        fts5.c.rowid,
        "tool INDEXED BY ix_tool_unpublished",  # or else SQLite reads the tool's row
        _holding_on_sqlite,
        _best_on_sqlite,
        _holds_on_sqlite,
        _holds_all_on_sqlite,
    ),
    "postgresql": _Index(
        documents,
        documents.c.tool_id,
        "tool",
        _holding_on_postgresql,
        _best_on_postgresql,
        _holds_on_postgresql,
        _holds_all_on_postgresql,
    ),
}
