"""The reads of the rankings page: a fixed number of statements, each bounded by an index or a limit.

A tool that was renamed or retired is in no ranking.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from verdicts.catalog.content_version import catalog_state
from verdicts.catalog.kept import load_each
from verdicts.catalog.models import Review, Reviewer, ReviewRevision, Tool
from verdicts.catalog.queries import all_reviewers, is_active, is_published, links_of, panel_verdicts_of
from verdicts.catalog.reviews import Panel, ReviewerSummary
from verdicts.catalog.summaries import ToolLink
from verdicts.extensions import UtcDateTime, db
from verdicts.rankings import panel, readers
from verdicts.rankings.bands import Bands, order_of
from verdicts.rankings.changed import WINDOW, Change, StoredRevision, list_changes
from verdicts.rankings.panel import Group
from verdicts.rankings.readers import MIN_TOOLS, Place, VotedTool
from verdicts.voting.community import MOST_VOTED, PERCENTAGE_FROM, Community, whole_percent
from verdicts.voting.models import tally
from verdicts.voting.queries import tallies_of

LENGTH = 20
SHORT_LENGTH = 10
NEWEST_REVISIONS = 1_000  # the earlier states of reviews in which changes are counted


@dataclass(frozen=True)
class RankedTool:
    """A tool in a ranking, with the bands it is in."""

    tool: ToolLink
    panel: Panel
    community: Community
    bands: Bands


@dataclass(frozen=True)
class PanelRanking:
    """The first tools by panel, of `total`. Of those that stand as the last row does, `left_out` are not shown."""

    rows: tuple[RankedTool, ...]
    total: int
    left_out: int


@dataclass(frozen=True)
class ReadersRanking:
    """The first of the tools that qualify; no rows where fewer than readers.MIN_TOOLS do."""

    rows: tuple[RankedTool, ...]
    qualified: int


@dataclass(frozen=True)
class Disagreement(RankedTool):
    """`gap` is how far the panel's share lies from the nearer end of the readers' interval, in 0..1."""

    gap: float
    differs: bool

    @property
    def readers_are_keener(self) -> bool:
        return self.community.is_keener_than(self.panel.ship, self.panel.total)

    @property
    def points(self) -> int:
        """The gap in points of per cent, as whole as shares are printed."""
        return whole_percent(self.gap)


@dataclass(frozen=True)
class Disagreements:
    """The tools on which panel and readers are furthest apart, those first on which they differ: `differing` of all."""

    rows: tuple[Disagreement, ...]
    differing: int
    total: int


@dataclass(frozen=True)
class ChangedTool:
    """`changes` are newest first, each with its reviewer."""

    tool: ToolLink
    panel: Panel
    changes: tuple[tuple[ReviewerSummary, Change], ...]


@dataclass(frozen=True)
class Rankings:
    """`reviewers` is the whole panel, in its order."""

    reviewers: tuple[ReviewerSummary, ...]
    by_panel: PanelRanking
    by_readers: ReadersRanking
    disagreements: Disagreements
    contested_by_panel: PanelRanking
    contested_by_readers: ReadersRanking
    changed: tuple[ChangedTool, ...]


_tool, _review, _revision, _reviewer = (model.__table__ for model in (Tool, Review, ReviewRevision, Reviewer))
_now = sa.bindparam("now", type_=UtcDateTime)
_keys = sa.bindparam("keys", type_=sa.Text, expanding=True)
_is_listed = is_published(_now) & is_active


def _in_all_and_in_category(statement: sa.Select[Any]) -> dict[bool, sa.Select[Any]]:
    """Return the statement, and the same for one category, by whether it is for one."""
    return {False: statement, True: statement.where(_tool.c.category_id == sa.bindparam("category"))}


_SITTING = sa.select(_reviewer.c.id).where(_reviewer.c.archived_at.is_(None))
_PANEL_KEYS = _in_all_and_in_category(
    sa.select(_tool.c.panel_key, sa.func.count()).where(_is_listed, _tool.c.panel_key != "").group_by(_tool.c.panel_key)
)
_WITH_KEYS = _in_all_and_in_category(
    sa.select(_tool.c.id, _tool.c.panel_key)
    .where(_is_listed, _tool.c.panel_key.in_(_keys))
    .order_by(_tool.c.position, _tool.c.id)
    .limit(sa.bindparam("most", type_=sa.Integer))
)
_MOST_VOTED = _in_all_and_in_category(
    sa.select(_tool.c.id, _tool.c.name, _tool.c.panel_key, tally.c.ship, tally.c.skip, tally.c.waiting)
    .join(tally, tally.c.tool_id == _tool.c.id)
    .where(tally.c.counted >= PERCENTAGE_FROM, _is_listed)
    .order_by(tally.c.counted.desc(), tally.c.tool_id.desc())
    .limit(MOST_VOTED)
)
_REVISIONS = _in_all_and_in_category(
    sa.select(
        *(_tool.c.id, _review.c.id, _review.c.reviewer_id),
        *(_revision.c.until, _revision.c.verdict, _revision.c.wording_only, _review.c.verdict),
    )
    .select_from(
        _revision.join(_review, _review.c.id == _revision.c.review_id).join(_tool, _tool.c.id == _review.c.tool_id)
    )
    .where(_revision.c.until >= sa.bindparam("since", type_=sa.Date), _is_listed)
    .order_by(_revision.c.until.desc(), _revision.c.id.desc())
    .limit(NEWEST_REVISIONS)
)


def load(category_id: int | None, weights: Mapping[str, int], now: datetime) -> Rankings:
    """Return all rankings, of a category or of all tools. Thirteen statements, seven where the panels are kept.

    `weights` are by reviewers' slugs. Only the ranking by panel is weighted: it takes two statements more.
    """
    values = {"category": category_id, "now": now} if category_id else {"now": now}
    state = catalog_state(now)
    kept = load_each("rankings.panels", [category_id], lambda _ids: {category_id: _load_panels(values)}, state)
    panels, reviewers = kept[category_id], all_reviewers()
    by_id = {each.id: weights[each.slug] for each in reviewers if each.slug in weights}
    best = _load_best(panels.counts, panels.sitting, by_id, values) if by_id else panels.best
    voted = [VotedTool(row.id, row.name, Community(*row[3:]), row.panel_key) for row in _read(_MOST_VOTED, values)]
    apart, best_read, evenly_read = readers.by_gap(voted), readers.by_lower_bound(voted), readers.by_evenness(voted)
    changed = dict(list(_load_changes(values).items())[:SHORT_LENGTH])
    by = {reviewer.id: reviewer for reviewer in reviewers}
    read = (*apart[:LENGTH], *best_read[:LENGTH], *evenly_read[:SHORT_LENGTH])
    ids = {*best.groups, *panels.even.groups, *(each.tool.id for each in read), *changed}
    tools = _load_tools(ids)
    return Rankings(
        reviewers=tuple(reviewers),
        by_panel=tools.by_panel(best),
        by_readers=tools.by_readers(best_read, LENGTH, len(voted)),
        disagreements=tools.disagreements(apart),
        contested_by_panel=tools.by_panel(panels.even),
        contested_by_readers=tools.by_readers(evenly_read, SHORT_LENGTH, len(voted)),
        changed=tuple(
            ChangedTool(tools.links[id], tools.panels[id], tuple((by[each.reviewer_id], each) for each in changes))
            for id, changes in changed.items()
        ),
    )


@dataclass(frozen=True)
class _FoundGroups:
    """The groups of the tools that a list by panel shows, by the tools' ids."""

    groups: Mapping[int, Group]
    total: int
    left_out: int


@dataclass(frozen=True)
class _Panels:
    """What rankings say of panels where all voices weigh the same; `counts` says how many tools have each key."""

    counts: Mapping[str, int]
    sitting: Collection[int]
    best: _FoundGroups
    even: _FoundGroups


@dataclass(frozen=True)
class _Tools:
    """What rows show of tools, by id."""

    links: Mapping[int, ToolLink]
    panels: Mapping[int, Panel]
    communities: Mapping[int, Community]

    def row(self, id: int, bands: Bands) -> RankedTool:
        return RankedTool(self.links[id], self.panels[id], self.communities[id], bands)

    def by_panel(self, found: _FoundGroups) -> PanelRanking:
        """Within a group, tools are in the order of their names."""
        ids = sorted(
            found.groups, key=lambda id: (*order_of(found.groups[id].span), self.links[id].name.casefold(), id)
        )
        rows = [self.row(id, found.groups[id].bands) for id in ids]
        return PanelRanking(tuple(rows), found.total, found.left_out)

    def by_readers(self, places: Sequence[Place], most: int, qualified: int) -> ReadersRanking:
        shown = places[:most] if qualified >= MIN_TOOLS else []
        return ReadersRanking(tuple(self.row(each.tool.id, each.bands) for each in shown), qualified)

    def disagreements(self, places: Sequence[Place]) -> Disagreements:
        rows = (
            Disagreement(
                **vars(self.row(each.tool.id, each.bands)), gap=float(each.tool.gap.low), differs=each.tool.differs
            )
            for each in places[:LENGTH]
        )
        return Disagreements(tuple(rows), sum(each.tool.differs for each in places), len(places))


def _load_panels(values: Mapping[str, object]) -> _Panels:
    """Six statements."""
    counts, sitting = dict(_read(_PANEL_KEYS, values)), frozenset(db.session.connection().scalars(_SITTING))
    even = panel.groups_of(counts, panel.evenness_of(counts, sitting))
    return _Panels(counts, sitting, _load_best(counts, sitting, {}, values), _load_groups(even, SHORT_LENGTH, values))


def _load_best(
    counts: Mapping[str, int], sitting: Collection[int], weights: Mapping[int, int], values: Mapping[str, object]
) -> _FoundGroups:
    """Two statements."""
    return _load_groups(panel.groups_of(counts, panel.spans_of(counts, sitting, weights)), LENGTH, values)


def _load_groups(groups: Sequence[Group], most: int, values: Mapping[str, object]) -> _FoundGroups:
    """Return the first tools of these groups; of the last one the first in the editors' order. Two statements."""
    cut = panel.cut_after(groups, most)
    rows = _read(_WITH_KEYS, {**values, "keys": [key for group in cut.whole for key in group.keys], "most": most})
    rows += _read(_WITH_KEYS, {**values, "keys": cut.partial.keys if cut.partial else [], "most": cut.rest})
    group_of = {key: group for group in groups for key in group.keys}
    return _FoundGroups(
        groups={row.id: group_of[row.panel_key] for row in rows},
        total=sum(group.count for group in groups),
        left_out=cut.partial.count - cut.rest if cut.partial else 0,
    )


def _load_changes(values: Mapping[str, object]) -> dict[int, list[Change]]:
    """Return the changes of verdicts within WINDOW by tool, those with most first. One statement."""
    now: Any = values["now"]
    return list_changes(StoredRevision(*row) for row in _read(_REVISIONS, {**values, "since": now.date() - WINDOW}))


def _load_tools(ids: Collection[int]) -> _Tools:
    """Three statements."""
    return _Tools(links_of(ids), panel_verdicts_of(list(ids)), tallies_of(ids))


def _read(statements: Mapping[bool, sa.Select[Any]], values: Mapping[str, object]) -> list[Any]:
    return list(db.session.connection().execute(statements["category" in values], values))
