"""The news of a week, selected automatically."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice

from verdicts.catalog.kinds import PriceModel
from verdicts.catalog.prices import Price
from verdicts.catalog.reviews import Panel, PanelReview, ReviewChange, changes_of, reviewers_of
from verdicts.comparisons import address
from verdicts.comparisons.featured import ComparisonSummary, ReviewedTool
from verdicts.comparisons.wording import readers_sentence
from verdicts.digest.disagreements import Disagreement, VoteShift, find_disagreement
from verdicts.digest.models import ItemKind
from verdicts.digest.news import CHANGE_KINDS, News, category_details, community_details, news_about, panel_details
from verdicts.digest.week_activity import WeekActivity, load_category_positions, load_week_activity
from verdicts.digest.weeks import Week
from verdicts.voting.community import Community
from verdicts.voting.queries import readers_of_both

MAX_DISAGREEMENTS = 3
MAX_VOTED_TOOLS = 5


@dataclass(frozen=True)
class PriceMove:
    """The prices before and after the week, with the day and reason of the last change in it."""

    before: Price
    after: Price
    on: date | None
    reason: str | None


def gather_news(week: Week, now: datetime, *, is_limited: bool = True) -> list[News]:
    """Return the week's news up to `now`: changes of verdicts and prices first, then by category and kind.

    Where there is nothing but votes on tools whose readers and panel disagreed before, there is no news. Unlimited, it
    is all that could be told, not only the widest disagreements and the most votes.
    """
    activity = load_week_activity(week, now)
    disagreements = _find_disagreements(activity, week)
    first_day, last_day = week.monday, min(week.sunday, now.date())
    gathered = [
        *_new_tools(activity),
        *_new_comparisons(activity, now.date()),
        *_verdict_changes(activity, first_day, last_day),
        *_price_moves(activity, first_day, last_day),
        *islice(_disagreements(activity, disagreements), MAX_DISAGREEMENTS if is_limited else None),
        *islice(_votes(activity), MAX_VOTED_TOOLS if is_limited else None),
    ]
    positions, kinds = load_category_positions(), list(ItemKind)
    if is_limited and all(_is_old(news, disagreements) for news in gathered):
        return []

    def rank(news: News) -> tuple[bool, int, int]:
        is_change = news.kind in CHANGE_KINDS
        position = positions.get(news.category_id, len(positions))
        return not is_change, position, kinds.index(news.kind)

    return sorted(gathered, key=rank)


def _is_old(news: News, disagreements: Mapping[int, Disagreement]) -> bool:
    return news.kind is ItemKind.VOTES and disagreements.get(news.tool_ids[0]) is Disagreement.CONTINUES


def _new_tools(activity: WeekActivity) -> Iterable[News]:
    for id in activity.new_tools:
        tool, panel = activity.tools[id], activity.panels[id]
        price = {"price": tool.price.words, "detail": tool.price.detail}
        details = panel_details(panel, reviewers_of([panel]))
        yield news_about(ItemKind.NEW_TOOL, tool, tagline=tool.tagline, panel=details, **price)


def _new_comparisons(activity: WeekActivity, today: date) -> Iterable[News]:
    for new in activity.new_comparisons:
        tools = sorted((activity.tools[id] for id in new.tool_ids), key=lambda tool: tool.slug)
        reviewed = tuple(ReviewedTool(tool, activity.panels[tool.id]) for tool in tools)
        comparison = ComparisonSummary(reviewed, new.headline)
        reviewers = comparison.reviewers
        readers = readers_of_both(*(tool.id for tool in tools)) if len(tools) == address.MIN_TOOLS else None
        details = {
            "address": comparison.address,
            "names": comparison.names,
            "headline": comparison.headline(today),
            "sentence": comparison.sentence(today),
            "readers": "" if readers is None else readers_sentence(comparison.names, readers),
            "sides": [
                {"slug": each.tool.slug, "name": each.tool.name, "panel": panel_details(each.panel, reviewers)}
                for each in reviewed
            ],
        }
        first = activity.tools[new.tool_ids[0]]
        yield News(ItemKind.NEW_COMPARISON, first.category_id, new.tool_ids, {**category_details(first), **details})


def _verdict_changes(activity: WeekActivity, first_day: date, last_day: date) -> Iterable[News]:
    for id in activity.revised_tools:
        panel = activity.panels[id]
        for review in panel.reviews:
            if (verdict_change := _find_verdict_change(review, first_day, last_day)) is None:
                continue
            before, change = verdict_change
            by = {"reviewer": review.reviewer.name, "reviewer_id": review.reviewer.id}
            details = {**by, "on": change.on.isoformat(), "reason": change.ended.reason}
            verdicts = {"before": before, "after": change.new_verdict, "ship": panel.ship, "total": panel.total}
            yield news_about(ItemKind.VERDICT_CHANGE, activity.tools[id], **details, **verdicts)


def _find_verdict_change(review: PanelReview, first_day: date, last_day: date) -> tuple[str, ReviewChange] | None:
    """Return the verdict before the week and the last change in it, or None if the verdict is the same afterwards.

    Corrections of wording do not count.
    """
    changes = [
        change
        for change in changes_of(review)
        if first_day <= change.on <= last_day and change.verdict_changed and not change.ended.wording_only
    ]
    if not changes or changes[0].ended.verdict is changes[-1].new_verdict:
        return None
    return changes[0].ended.verdict, changes[-1]


def _price_moves(activity: WeekActivity, first_day: date, last_day: date) -> Iterable[News]:
    for id, history in activity.price_histories.items():
        if (move := _find_price_move(history, first_day, last_day)) is None:
            continue
        after = move.after
        details = {"before": _price_words(move.before), "after": _price_words(after), "reason": move.reason or ""}
        checked = {"checked_on": after.checked_on.isoformat() if after.checked_on else None, "source": after.source}
        on = move.on.isoformat() if move.on else None
        yield news_about(ItemKind.PRICE_MOVE, activity.tools[id], on=on, **details, **checked)


def _find_price_move(history: Sequence[Price], first_day: date, last_day: date) -> PriceMove | None:
    """Return the move of a tool's price in the week. None if both prices read the same, as after a mere check."""
    ended = [index for index, price in enumerate(history[:-1]) if price.until and first_day <= price.until <= last_day]
    if not ended:
        return None
    before, last, after = history[ended[0]], history[ended[-1]], history[ended[-1] + 1]
    if _price_words(before) == _price_words(after):
        return None
    return PriceMove(before, after, last.until, last.reason)


def _price_words(price: Price) -> str:
    """Return a price in words, or "" where none is known any more, as of a tool that has ended."""
    if price.model is PriceModel.UNKNOWN:
        return ""
    return " ".join(filter(None, (price.words, price.detail)))


def _disagreements(activity: WeekActivity, found: Mapping[int, Disagreement]) -> Iterable[News]:
    """Yield the tools on which readers and panel began to disagree, the widest first, then those where that ended."""

    def rank(id: int) -> tuple[bool, float, int]:
        return found[id] is Disagreement.ENDED, -_distance(activity.panels[id], activity.communities[id]), id

    news = [id for id, each in found.items() if each in {Disagreement.BEGAN, Disagreement.ENDED}]
    for id in sorted(news, key=rank):
        panel, community = activity.panels[id], activity.communities[id]
        yield news_about(
            ItemKind.DISAGREEMENT,
            activity.tools[id],
            has_ended=found[id] is Disagreement.ENDED,
            panel=panel_details(panel, reviewers_of([panel])),
            community=community_details(community),
        )


def _find_disagreements(activity: WeekActivity, week: Week) -> dict[int, Disagreement]:
    panels, tallies, shifts = activity.panels, activity.communities, activity.vote_shifts
    return {
        id: find_disagreement(panels[id], tallies[id], shifts.get(id, VoteShift()), week)
        for id in activity.judged_tools
        if tallies[id].interval
    }


def _distance(panel: Panel, community: Community) -> float:
    """Return how far the panel's share lies outside the readers' interval."""
    interval = community.interval
    if interval is None or not panel.total:
        return 0.0
    share = panel.ship / panel.total
    return max(interval.low - share, share - interval.high)


def _votes(activity: WeekActivity) -> Iterable[News]:
    for id, votes in sorted(activity.votes.items(), key=lambda each: (-each[1].total, each[0])):
        details = {"ship": votes.ship, "skip": votes.skip, "total": votes.total}
        community = community_details(activity.communities[id])
        yield news_about(ItemKind.VOTES, activity.tools[id], **details, community=community)
