"""The editors' words about a comparison, and which other comparisons its readers may want next."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from verdicts.catalog import queries as catalog
from verdicts.catalog.summaries import ToolSummary
from verdicts.comparisons import address
from verdicts.comparisons.models import ChooseIf, Comparison, ComparisonTool
from verdicts.extensions import UtcDateTime, db, limit_to
from verdicts.prepared import Prepared
from verdicts.traffic.models import pair_views

MAX_CURATED = 7
MAX_NEIGHBOURS = 30
MAX_LINKS = 6

comparison = Comparison.__table__
member = ComparisonTool.__table__
choose_if = ChooseIf.__table__


@dataclass(frozen=True)
class ChooseIfReason:
    """Completes "Choose this tool if …"."""

    slug: str
    when: str


@dataclass(frozen=True)
class CuratedText:
    headline: str | None
    bottom_line: str


@dataclass(frozen=True)
class ComparisonLink:
    """A link to another comparison; `headline` where an editor wrote one."""

    address: str
    names: tuple[str, ...]
    headline: str | None = None


@dataclass(frozen=True)
class Related:
    """What editors wrote of these tools and `links` to other comparisons.

    `curated` is None where no editor compared just these. `choose_if` is then from a comparison that holds all of them.
    """

    curated: CuratedText | None
    choose_if: tuple[ChooseIfReason, ...]
    links: tuple[ComparisonLink, ...]


_ids = sa.bindparam("ids", type_=sa.Integer, expanding=True)
_categories = sa.bindparam("categories", type_=sa.Integer, expanding=True)
_now = sa.bindparam("now", type_=UtcDateTime)
_SUBJECT = (catalog.tool.c.tagline + " " + sa.cast(catalog.tool.c.synonyms, sa.Text)).label("subject")
# Of English words, those with fewer letters say little of what a tool is for.
_WORD = re.compile(r"[^\W\d_]{4,}")
_SAY_NOTHING = {"from", "into", "more", "most", "over", "than", "that", "what", "with", "without", "your"}


def is_published(now: datetime | sa.BindParameter[datetime]) -> sa.ColumnElement[bool]:
    """Say whether readers see a comparison: it is published, and so are all its tools."""
    return (comparison.c.published_at <= now) & ~_has_member(~catalog.is_published(now))


def all_go_on() -> sa.ColumnElement[bool]:
    """Say whether none of a comparison's tools was renamed or retired."""
    return ~_has_member(~catalog.is_active)


def _has_member(condition: sa.ColumnElement[bool]) -> sa.Exists:
    """Look at the members of each comparison that is asked about, not at all there are.

    PostgreSQL joins all there are instead, where no offset keeps it from that.
    """
    members = member.join(catalog.tool, catalog.tool.c.id == member.c.tool_id)
    of_it = member.c.comparison_id == comparison.c.id
    found = sa.select(member.c.tool_id).select_from(members).where(of_it, condition).correlate(comparison)
    return found.offset(sa.literal_column("0")).exists()


def _select_curated() -> sa.Select[Any]:
    """The curated comparisons that hold most of these tools: a row for each member and each of its reasons."""
    own_key = sa.bindparam("own_key", type_=sa.String)
    holding = (
        sa.select(member.c.comparison_id, sa.func.count().label("held"))
        .where(member.c.tool_id.in_(_ids))
        .group_by(member.c.comparison_id)
        .subquery()
    )
    nearest = (comparison.c.members_key != own_key, holding.c.held.desc())
    first = (
        sa.select(comparison.c.id)
        .join(holding, holding.c.comparison_id == comparison.c.id)
        .where(is_published(_now))
        .order_by(*nearest, comparison.c.featured.desc(), comparison.c.position)
        .limit(limit_to(MAX_CURATED))
        .subquery()
    )
    text = [comparison.c[name] for name in ("members_key", "headline", "bottom_line", "featured", "position")]
    tool = (member.c.tool_id, catalog.current_slug.c.slug, catalog.tool.c.name, catalog.tool.c.category_id, _SUBJECT)
    is_reason = (choose_if.c.comparison_id == comparison.c.id) & (choose_if.c.tool_id == member.c.tool_id)
    reason = (choose_if.c.when, choose_if.c.position.label("reason_position"))
    return (
        sa.select(comparison.c.id.label("comparison_id"), *text, *tool, *reason)
        .join(first, first.c.id == comparison.c.id)
        .join(member, member.c.comparison_id == comparison.c.id)
        .join(catalog.tool, catalog.tool.c.id == member.c.tool_id)
        .join(catalog.current_slug, catalog.is_current_slug)
        .outerjoin(choose_if, is_reason)
    )


def _select_neighbours(like: sa.Select[Any], position: sa.ColumnElement[int]) -> sa.Select[Any]:
    """Other tools of the same categories that go on, in the same columns; NULL in those of a comparison."""
    tool = catalog.tool.c
    of_tool = {"tool_id": tool.id, "slug": catalog.current_slug.c.slug, "position": position}
    of_tool |= {name: tool[name] for name in ("name", "category_id")} | {"subject": _SUBJECT}
    columns = [
        of_tool.get(name, sa.cast(sa.null(), column.type)).label(name) for name, column in like.selected_columns.items()
    ]
    return (
        sa.select(*columns)
        .select_from(catalog.tool.join(catalog.current_slug, catalog.is_current_slug))
        .where(tool.category_id.in_(_categories), tool.id.not_in(_ids), catalog.is_published(_now), catalog.is_active)
        .limit(limit_to(MAX_NEIGHBOURS))
    )


def _select_rivals(like: sa.Select[Any]) -> sa.Select[Any]:
    """Those neighbours that readers compared one of the tools with most. Their positions are before all others'."""
    neighbours = _select_neighbours(like, -pair_views.c.views)
    both = (pair_views.c.rival_id == catalog.tool.c.id) & pair_views.c.tool_id.in_(_ids)
    return neighbours.join(pair_views, both).order_by(pair_views.c.views.desc(), pair_views.c.rival_id)


_CURATED = _select_curated()
_RIVALS = _select_rivals(_CURATED)
_NEIGHBOURS = _select_neighbours(_CURATED, catalog.tool.c.position).order_by(catalog.tool.c.position, catalog.tool.c.id)
_RELATED = Prepared(sa.union_all(*(sa.select(each.subquery()) for each in (_CURATED, _RIVALS, _NEIGHBOURS))))


def members_key(tool_ids: Sequence[int]) -> str:
    """Return what `Comparison.members_key` holds for these tools."""
    return ",".join(str(id) for id in sorted(tool_ids))


def load(tools: Sequence[ToolSummary], now: datetime) -> Related:
    """Return the editors' words about these tools, if there are any, and related comparisons. One statement."""
    ids = [tool.id for tool in tools]
    own_key = members_key(ids)
    values = {"ids": ids, "categories": [tool.category_id for tool in tools], "own_key": own_key, "now": now}
    groups: dict[tuple[object, ...], list[sa.Row[Any]]] = {}
    subject = _words(" ".join(f"{tool.name} {tool.tagline}" for tool in tools))
    rows = _RELATED.execute(db.session.connection(), values)
    for row in sorted(rows, key=lambda row: _sort_key(row, subject)):
        groups.setdefault((row.comparison_id, None if row.comparison_id else row.tool_id), []).append(row)
    own = next((rows for rows in groups.values() if rows[0].members_key == own_key), None)
    links = [_to_link(rows, tools) for rows in groups.values() if rows is not own]
    curated = CuratedText(own[0].headline, own[0].bottom_line) if own else None
    return Related(curated, _reasons(groups.values(), ids), tuple(_distinct(links)[:MAX_LINKS]))


def _sort_key(row: sa.Row[Any], subject: frozenset[str]) -> tuple[object, ...]:
    """Curated before rivals, these before other neighbours, which stand by common words; then in the editors' order."""
    is_neighbour, is_rival = row.comparison_id is None, row.position < 0
    common = len(subject & _words(f"{row.name} {row.subject}")) if is_neighbour and not is_rival else 0
    return (is_neighbour, not row.featured, not is_rival, -common, row.position, row.slug, row.reason_position or 0)


@lru_cache(maxsize=512)  # a tool is a neighbour of many
def _words(text: str) -> frozenset[str]:
    """Return the words that say what a tool is for, in the singular."""
    words = (word.lower().removesuffix("s") for word in _WORD.findall(text))
    return frozenset(words) - _SAY_NOTHING


def _distinct(links: Sequence[ComparisonLink]) -> list[ComparisonLink]:
    """Return each link once, in the place where it stands first."""
    found: dict[str, ComparisonLink] = {}
    for link in links:
        found.setdefault(link.address, link)
    return list(found.values())


def _to_link(rows: Sequence[sa.Row[Any]], tools: Sequence[ToolSummary]) -> ComparisonLink:
    names = {row.slug: row.name for row in rows}
    if rows[0].comparison_id is None:
        partner = next(tool for tool in tools if tool.category_id == rows[0].category_id)
        names[partner.slug] = partner.name
    return ComparisonLink(address.canonical(names), tuple(names[slug] for slug in sorted(names)), rows[0].headline)


def _reasons(groups: Iterable[Sequence[sa.Row[Any]]], ids: Sequence[int]) -> tuple[ChooseIfReason, ...]:
    """Return the reasons to choose each of these tools, where it is compared with the fewest others than these."""
    holding = [rows for rows in groups if set(ids) <= {row.tool_id for row in rows} and any(row.when for row in rows)]
    fewest = min(holding, key=lambda rows: len({row.tool_id for row in rows}), default=())
    return tuple(ChooseIfReason(row.slug, row.when) for row in fewest if row.when and row.tool_id in ids)
