"""What happened in a week, told by rule."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime

from verdicts.catalog.panel import Change, Panel, PanelReview, changes_of, reviewers_of
from verdicts.catalog.prices import Price
from verdicts.comparisons import address
from verdicts.comparisons.featured import ComparisonSummary, ReviewedTool
from verdicts.comparisons.wording import disagreement, readers_sentence
from verdicts.digest.happenings import Happenings, category_places, look
from verdicts.digest.models import ItemKind
from verdicts.digest.news import News, category_facts, community_facts, news_of, panel_facts
from verdicts.digest.weeks import Week
from verdicts.voting.community import Community
from verdicts.voting.queries import readers_of_both

MOST_DISAGREEMENTS = 3
MOST_VOTED_ON = 5


def gather(week: Week, now: datetime) -> list[News]:
    """Return the week's news up to `now`, by category as the catalogue orders them, in each by kind."""
    seen = look(week, now)
    days = (week.monday, min(week.sunday, now.date()))
    found = [
        *_new_tools(seen),
        *_new_comparisons(seen, now.date()),
        *_verdict_changes(seen, *days),
        *_price_moves(seen, *days),
        *_disagreements(seen),
        *_votes(seen),
    ]
    places = category_places()
    kinds = list(ItemKind)
    return sorted(found, key=lambda news: (places.get(news.category_id, len(places)), kinds.index(news.kind)))


def _new_tools(seen: Happenings) -> Iterable[News]:
    for id in seen.new_tools:
        card, panel = seen.cards[id], seen.panels[id]
        facts = panel_facts(panel, reviewers_of([panel]))
        cost = {"price": card.price.words, "detail": card.price.detail}
        yield news_of(ItemKind.NEW_TOOL, card, tagline=card.tagline, panel=facts, **cost)


def _new_comparisons(seen: Happenings, today: date) -> Iterable[News]:
    for words, members in seen.new_comparisons:
        tools = sorted((ReviewedTool(seen.cards[id], seen.panels[id]) for id in members), key=_slug)
        told = ComparisonSummary(tuple(tools), words)
        facts = {
            "address": told.address,
            "names": told.names,
            "headline": told.headline(today),
            "sentence": told.sentence(today),
            "readers": _readers(told, seen),
            "sides": [
                {"slug": each.tool.slug, "name": each.tool.name, "panel": panel_facts(each.panel, told.reviewers)}
                for each in tools
            ],
        }
        first = seen.cards[members[0]]
        yield News(ItemKind.NEW_COMPARISON, first.category_id, members, {**category_facts(first), **facts})


def _slug(each: ReviewedTool) -> str:
    return each.tool.slug


def _readers(told: ComparisonSummary, seen: Happenings) -> str:
    if len(told.tools) > address.MIN_TOOLS:
        return ""
    first, second = (each.tool.id for each in told.tools)
    return readers_sentence(told.names, readers_of_both(first, second))


def _verdict_changes(seen: Happenings, first: date, last: date) -> Iterable[News]:
    for id in seen.turned:
        panel = seen.panels[id]
        for each in panel.reviews:
            if (turn := _turn(each, first, last)) is None:
                continue
            before, change = turn
            facts = {"reviewer": each.reviewer.name, "on": change.on.isoformat(), "reason": change.before.reason}
            verdicts = {"before": before, "after": change.after, "ship": panel.ship, "total": panel.total}
            yield news_of(ItemKind.VERDICT_CHANGE, seen.cards[id], **facts, **verdicts)


def _turn(said: PanelReview, first: date, last: date) -> tuple[str, Change] | None:
    """Return the verdict before the week and the change that led to the one after it; None where they are the same.

    Corrections of wording aside. Who turned round twice within the week has not changed their mind.
    """
    turns = [
        change
        for change in changes_of(said)
        if first <= change.on <= last and change.verdict_changed and not change.before.wording_only
    ]
    if not turns or turns[0].before.verdict is turns[-1].after:
        return None
    return turns[0].before.verdict, turns[-1]


def _price_moves(seen: Happenings, first: date, last: date) -> Iterable[News]:
    for id, history in seen.prices.items():
        if (move := _move(history, first, last)) is None:
            continue
        before, after = move
        facts = {"before": _cost(before), "after": _cost(after), "reason": before.reason or ""}
        checked = {"checked_on": after.checked_on.isoformat() if after.checked_on else None, "source": after.source}
        on = before.until.isoformat() if before.until else None
        yield news_of(ItemKind.PRICE_MOVE, seen.cards[id], on=on, **facts, **checked)


def _move(history: Sequence[Price], first: date, last: date) -> tuple[Price, Price] | None:
    """Return the price that ended last in the week, with why, but as it was before the week; and the one after it.

    None where they are the same in words: a price that was only checked again has not moved.
    """
    ended = [place for place, cost in enumerate(history[:-1]) if cost.until and first <= cost.until <= last]
    if not ended:
        return None
    before, moved, after = history[ended[0]], history[ended[-1]], history[ended[-1] + 1]
    if _cost(before) == _cost(after):
        return None
    return replace(before, until=moved.until, reason=moved.reason), after


def _cost(cost: Price) -> str:
    return " ".join(filter(None, (cost.words, cost.detail)))


def _disagreements(seen: Happenings) -> Iterable[News]:
    """Of the tools that readers voted on, those where they are furthest from the panel."""
    parted = [
        (_distance(seen.panels[id], seen.communities[id]), id)
        for id in seen.votes
        if seen.panels[id].total and seen.communities[id].contradicts(seen.panels[id].ship, seen.panels[id].total)
    ]
    for _, id in sorted(parted, key=lambda each: (-each[0], each[1]))[:MOST_DISAGREEMENTS]:
        card, panel, community = seen.cards[id], seen.panels[id], seen.communities[id]
        facts = {"sentence": disagreement(card.name, panel, community), "community": community_facts(community)}
        yield news_of(ItemKind.DISAGREEMENT, card, panel=panel_facts(panel, reviewers_of([panel])), **facts)


def _distance(panel: Panel, community: Community) -> float:
    """Return how far the panel's share lies outside the readers' interval."""
    share, interval = panel.ship / panel.total, community.interval
    return max(interval.low - share, share - interval.high) if interval else 0.0


def _votes(seen: Happenings) -> Iterable[News]:
    for id, cast in sorted(seen.votes.items(), key=lambda each: (-each[1].total, each[0]))[:MOST_VOTED_ON]:
        facts = {"ship": cast.ship, "skip": cast.skip, "total": cast.total}
        community = community_facts(seen.communities[id])
        yield news_of(ItemKind.VOTES, seen.cards[id], **facts, community=community)
