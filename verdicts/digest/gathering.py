"""The news of a week, selected by rule."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime

from verdicts.catalog.panel import Change, Panel, PanelReview, changes_of, reviewers_of
from verdicts.catalog.prices import Price
from verdicts.comparisons import address
from verdicts.comparisons.featured import ComparisonSummary, ReviewedTool
from verdicts.comparisons.wording import disagreement, readers_sentence
from verdicts.digest.activity import WeekActivity, load_category_positions, load_week_activity
from verdicts.digest.models import ItemKind
from verdicts.digest.news import News, category_facts, community_facts, news_about, panel_facts
from verdicts.digest.weeks import Week
from verdicts.voting.community import Community
from verdicts.voting.queries import readers_of_both

MAX_DISAGREEMENTS = 3
MAX_VOTED_TOOLS = 5


def gather_news(week: Week, now: datetime) -> list[News]:
    """Return the week's news up to `now`, in the catalogue's order of categories, within each by kind."""
    activity = load_week_activity(week, now)
    days = (week.monday, min(week.sunday, now.date()))
    gathered = [
        *_new_tools(activity),
        *_new_comparisons(activity, now.date()),
        *_verdict_changes(activity, *days),
        *_price_moves(activity, *days),
        *_disagreements(activity),
        *_votes(activity),
    ]
    positions, kinds = load_category_positions(), list(ItemKind)
    return sorted(gathered, key=lambda news: (positions.get(news.category_id, len(positions)), kinds.index(news.kind)))


def _new_tools(activity: WeekActivity) -> Iterable[News]:
    for id in activity.new_tools:
        tool, panel = activity.tools[id], activity.panels[id]
        price = {"price": tool.price.words, "detail": tool.price.detail}
        facts = panel_facts(panel, reviewers_of([panel]))
        yield news_about(ItemKind.NEW_TOOL, tool, tagline=tool.tagline, panel=facts, **price)


def _new_comparisons(activity: WeekActivity, today: date) -> Iterable[News]:
    for new in activity.new_comparisons:
        tools = sorted((activity.tools[id] for id in new.tool_ids), key=lambda tool: tool.slug)
        reviewed = tuple(ReviewedTool(tool, activity.panels[tool.id]) for tool in tools)
        comparison = ComparisonSummary(reviewed, new.headline)
        readers = readers_of_both(*(tool.id for tool in tools)) if len(tools) == address.MIN_TOOLS else None
        facts = {
            "address": comparison.address,
            "names": comparison.names,
            "headline": comparison.headline(today),
            "sentence": comparison.sentence(today),
            "readers": "" if readers is None else readers_sentence(comparison.names, readers),
            "sides": [
                {"slug": each.tool.slug, "name": each.tool.name, "panel": panel_facts(each.panel, comparison.reviewers)}
                for each in reviewed
            ],
        }
        first = activity.tools[new.tool_ids[0]]
        yield News(ItemKind.NEW_COMPARISON, first.category_id, new.tool_ids, {**category_facts(first), **facts})


def _verdict_changes(activity: WeekActivity, first: date, last: date) -> Iterable[News]:
    for id in activity.revised_tools:
        panel = activity.panels[id]
        for review in panel.reviews:
            if (verdict_change := _find_verdict_change(review, first, last)) is None:
                continue
            before, change = verdict_change
            facts = {"reviewer": review.reviewer.name, "on": change.on.isoformat(), "reason": change.before.reason}
            verdicts = {"before": before, "after": change.after, "ship": panel.ship, "total": panel.total}
            yield news_about(ItemKind.VERDICT_CHANGE, activity.tools[id], **facts, **verdicts)


def _find_verdict_change(review: PanelReview, first: date, last: date) -> tuple[str, Change] | None:
    """Return the verdict before the week, and the change that led to the verdict after it; None if both are the same.

    Corrections of wording do not count. A reviewer who changed twice within the week ends with the same verdict.
    """
    changes = [
        change
        for change in changes_of(review)
        if first <= change.on <= last and change.verdict_changed and not change.before.wording_only
    ]
    if not changes or changes[0].before.verdict is changes[-1].after:
        return None
    return changes[0].before.verdict, changes[-1]


def _price_moves(activity: WeekActivity, first: date, last: date) -> Iterable[News]:
    for id, history in activity.price_histories.items():
        if (move := _find_price_move(history, first, last)) is None:
            continue
        before, after = move
        facts = {"before": _price_words(before), "after": _price_words(after), "reason": before.reason or ""}
        checked = {"checked_on": after.checked_on.isoformat() if after.checked_on else None, "source": after.source}
        on = before.until.isoformat() if before.until else None
        yield news_about(ItemKind.PRICE_MOVE, activity.tools[id], on=on, **facts, **checked)


def _find_price_move(history: Sequence[Price], first: date, last: date) -> tuple[Price, Price] | None:
    """Return the price before the week, with the date and reason of the week's last move, and the price after it.

    None where both read the same: a price that was only checked again has not moved.
    """
    ended = [index for index, price in enumerate(history[:-1]) if price.until and first <= price.until <= last]
    if not ended:
        return None
    before, moved, after = history[ended[0]], history[ended[-1]], history[ended[-1] + 1]
    if _price_words(before) == _price_words(after):
        return None
    return replace(before, until=moved.until, reason=moved.reason), after


def _price_words(price: Price) -> str:
    return " ".join(filter(None, (price.words, price.detail)))


def _disagreements(activity: WeekActivity) -> Iterable[News]:
    """Of the tools that readers voted on, yield those whose readers are furthest from the panel."""
    panels, communities = activity.panels, activity.communities
    contradicted = [
        (_distance(panels[id], communities[id]), id)
        for id in activity.votes
        if panels[id].total and communities[id].contradicts(panels[id].ship, panels[id].total)
    ]
    for _, id in sorted(contradicted, key=lambda each: (-each[0], each[1]))[:MAX_DISAGREEMENTS]:
        tool, panel, community = activity.tools[id], panels[id], communities[id]
        facts = {"sentence": disagreement(tool.name, panel, community), "community": community_facts(community)}
        yield news_about(ItemKind.DISAGREEMENT, tool, panel=panel_facts(panel, reviewers_of([panel])), **facts)


def _distance(panel: Panel, community: Community) -> float:
    """Return how far the panel's share lies outside the readers' interval."""
    share, interval = panel.ship / panel.total, community.interval
    return max(interval.low - share, share - interval.high) if interval else 0.0


def _votes(activity: WeekActivity) -> Iterable[News]:
    for id, votes in sorted(activity.votes.items(), key=lambda each: (-each[1].total, each[0]))[:MAX_VOTED_TOOLS]:
        facts = {"ship": votes.ship, "skip": votes.skip, "total": votes.total}
        community = community_facts(activity.communities[id])
        yield news_about(ItemKind.VOTES, activity.tools[id], **facts, community=community)
