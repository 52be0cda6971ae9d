"""How the search index is asked on each database: FTS5 on SQLite, tsvector on PostgreSQL."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from verdicts.catalog.search_index import LABELS, MARKS, documents, fts5
from verdicts.catalog.search_terms import Properties, Terms

# Parts of an entry in which to look, the best first: the last is the whole of it.
NAME, TAGLINE, ANYWHERE = "name", "tagline", "document"

Condition = sa.ColumnElement[bool]
_SPACE = sa.literal_column("' '", sa.Text)


class SearchDialect(ABC):
    """What a search asks of one database."""

    table: sa.TableClause
    tool_id: sa.ColumnElement[int]
    unpublished = "tool"  # where to look for tools that are not published, in SQL

    @abstractmethod
    def having(self, properties: Properties) -> sa.Select[Any]:
        """Return the statement that reads the ids of the tools with these properties."""

    @abstractmethod
    def holding(self, terms: Terms, parts: Sequence[str]) -> sa.Select[Any]:
        """Return the statement that reads the ids of the tools that hold these terms in one of these parts.

        First come those whose name is the text, then those of each part in turn; of these, those that hold the last
        word as it is typed. To find all that begin with an unfinished word takes longest, so it is done last.
        """

    @abstractmethod
    def is_holding(self, terms: Terms) -> Condition:
        """Say whether an entry holds these terms."""

    @abstractmethod
    def is_in(self, column: str, word: str, *, begins: bool = False) -> Condition:
        """Say whether an entry has a word in one of its columns, or one that begins so."""


class SQLiteSearch(SearchDialect):
    table = fts5
    tool_id = fts5.c.rowid
    unpublished = "tool INDEXED BY ix_tool_unpublished"  # or else SQLite reads the tool's row

    def having(self, properties: Properties) -> sa.Select[Any]:
        return self._matching("", properties)

    def holding(self, terms: Terms, parts: Sequence[str]) -> sa.Select[Any]:
        """SQLite reads one after the other, each as far as its rows are asked for."""
        marks = [MARKS.get(part, "") for part in parts]
        expressions = [f'"{terms.whole}"', *(_any_way(terms, mark, end) for mark in marks for end in ("", "*"))]
        found = sa.union_all(*(self._matching(each, terms.properties) for each in expressions)).subquery("parts")
        return sa.select(found.c.tool_id).distinct()

    def _matching(self, expression: str, properties: Properties) -> sa.Select[Any]:
        anded = [" OR ".join(f'"{word}"' for word in words) for words in properties] + [expression] * bool(expression)
        is_match = fts5.c.tool_search.bool_op("MATCH")(" AND ".join(f"({each})" for each in anded))
        return sa.select(fts5.c.rowid.label("tool_id")).where(is_match)

    def is_holding(self, terms: Terms) -> Condition:
        def holds(word: str, *, begins: bool) -> Condition:
            return sa.or_(*(self.is_in(column, word, begins=begins) for column in LABELS))

        def every(way: Sequence[str]) -> Condition:
            return sa.and_(*(holds(word, begins=False) for word in way[:-1]), holds(way[-1], begins=True))

        # No other word holds one that says what a tool is, so it needs no spaces around it.
        conditions = [sa.or_(*(sa.func.instr(fts5.c.rest, word) > 0 for word in words)) for words in terms.properties]
        if terms.ways:
            conditions.append(sa.or_(self.is_in("name", terms.whole), *map(every, terms.ways)))
        return sa.and_(*conditions)

    def is_in(self, column: str, word: str, *, begins: bool = False) -> Condition:
        """Say so by the text: each MATCH with an unfinished word reads all words of the index that begin with it."""
        if mark := MARKS.get(column):
            return sa.func.instr(fts5.c[column], f"{mark}{word}" if begins else f"{mark}{word} ") > 0
        words = _SPACE + fts5.c[column] + _SPACE
        return sa.func.instr(words, f" {word}" if begins else f" {word} ") > 0


def _any_way(terms: Terms, mark: str, end: str) -> str:
    """Return an expression of FTS5 for one of the ways."""

    def every(way: Sequence[str]) -> str:
        return " AND ".join([*(f'"{mark}{word}"' for word in way[:-1]), f'"{mark}{way[-1]}"{end}'])

    return " OR ".join(f"({every(way)})" for way in terms.ways)


class PostgreSQLSearch(SearchDialect):
    table = documents
    tool_id = documents.c.tool_id

    def having(self, properties: Properties) -> sa.Select[Any]:
        return sa.select(documents.c.tool_id).where(_is_match(_and(properties)))

    def holding(self, terms: Terms, parts: Sequence[str]) -> sa.Select[Any]:
        """Each part leaves out those before it, so that none needs to be read to its end."""
        properties, ways = terms.properties, terms.ways
        values, before = {"named": _and(properties, _lexeme(terms.whole))}, [_lexeme(terms.whole, LABELS[NAME])]
        for part in parts:
            label = LABELS.get(part, "")
            values[f"in_{part}"] = _and(properties, _every(ways, begins=False))
            values[f"before_in_{part}"] = " | ".join(before)
            values[f"begins_in_{part}"] = _and(properties, _every(ways))
            values[f"before_begins_in_{part}"] = " | ".join([*before, _every(ways, label, begins=False)])
            before.append(_every(ways, label))
        found = _parts_on_postgresql(tuple(parts)).bindparams(**values).columns(documents.c.tool_id)
        return sa.select(found.subquery("parts"))

    def is_holding(self, terms: Terms) -> Condition:
        text = f"{_lexeme(terms.whole)} | {_every(terms.ways)}" if terms.ways else ""
        return _is_match(_and(terms.properties, text))

    def is_in(self, column: str, word: str, *, begins: bool = False) -> Condition:
        return _is_match(_lexeme(word, LABELS[column], begins=begins))


def _is_match(expression: str) -> Condition:
    return documents.c.document.bool_op("@@")(sa.cast(expression, postgresql.TSQUERY))


def _and(properties: Properties, expression: str = "") -> str:
    anded = [" | ".join(map(_lexeme, words)) for words in properties] + [expression] * bool(expression)
    return " & ".join(f"({each})" for each in anded)


def _every(ways: Sequence[Sequence[str]], label: str = "", *, begins: bool = True) -> str:
    def every(way: Sequence[str]) -> str:
        return " & ".join([*(_lexeme(word, label) for word in way[:-1]), _lexeme(way[-1], label, begins=begins)])

    return " | ".join(f"({every(way)})" for way in ways)


def _lexeme(word: str, label: str = "", *, begins: bool = False) -> str:
    return f"'{word}':{'*' if begins else ''}{label}"


# The expressions are those of the indexes: an index knows no labels.
_DOCUMENTS = {NAME: "ts_filter(document, '{a}')", TAGLINE: "ts_filter(document, '{b}')", ANYWHERE: "document"}


@cache  # of expressions it takes longer to build than to execute
def _parts_on_postgresql(parts: tuple[str, ...]) -> sa.TextClause:
    """A materialized part is planned as if it were read to its end: the planner cannot know in which part the first
    ones are, and for a few it would read the whole table. It is read as far as its rows are asked for.
    """
    read = {"named": _DOCUMENTS[NAME]}
    for part in parts:
        read |= {f"in_{part}": _DOCUMENTS[part], f"begins_in_{part}": _DOCUMENTS[part]}
    conditions = {name: f"{document} @@ CAST(:{name} AS tsquery)" for name, document in read.items()}
    for name in list(read)[1:]:
        conditions[name] += f" AND NOT document @@ CAST(:before_{name} AS tsquery)"
    found = "{} AS MATERIALIZED (SELECT tool_id FROM tool_search WHERE {})"
    tables = " UNION ALL ".join(f"TABLE {name}" for name in read)
    return sa.text(f"WITH {', '.join(map(found.format, read, conditions.values()))} {tables}")


DIALECTS: dict[str, SearchDialect] = {"sqlite": SQLiteSearch(), "postgresql": PostgreSQLSearch()}
