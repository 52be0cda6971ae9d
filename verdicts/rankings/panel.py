"""Rankings by the panel: groups of tools that stand alike, from the panel keys and how many tools have each."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from verdicts.catalog.kinds import Verdict
from verdicts.catalog.panel_keys import verdicts_in
from verdicts.rankings.bands import Bands, Span, bands_of, order_of

ONCE = 1  # how often a voice counts that was given no weight


@dataclass(frozen=True)
class Group:
    """The tools with any of these panel keys, which all have one span; `count` says how many there are."""

    keys: tuple[str, ...]
    span: Span
    count: int
    bands: Bands


@dataclass(frozen=True)
class Cut:
    """The groups of which a list shows all tools, and the one of which it shows the first `rest` only."""

    whole: tuple[Group, ...]
    partial: Group | None
    rest: int


def span_of(key: str, sitting: Collection[int], weights: Mapping[int, int]) -> Span | None:
    """Return what a panel's share of SHIP may be once those have spoken who sit on the panel and have not.

    None where nobody who counts has spoken.
    """

    def weight_of(reviewers: Iterable[int]) -> int:
        return sum(weights.get(each, ONCE) for each in reviewers)

    verdicts = verdicts_in(key)
    spoken, missing = weight_of(verdicts), weight_of(set(sitting) - verdicts.keys())
    if not spoken:
        return None
    ship = weight_of(each for each, verdict in verdicts.items() if verdict is Verdict.SHIP)
    return Span(Fraction(ship, spoken + missing), Fraction(ship + missing, spoken + missing))


def spans_of(keys: Iterable[str], sitting: Collection[int], weights: Mapping[int, int]) -> dict[str, Span]:
    """Return the spans of those keys that have one."""
    spans = {key: span_of(key, sitting, weights) for key in keys}
    return {key: span for key, span in spans.items() if span is not None}


def evenness_of(keys: Iterable[str], sitting: Collection[int]) -> dict[str, Span]:
    """Return how nearly the panel falls into two halves, where some ship and some skip."""
    even = {key: span.evenness for key, span in spans_of(keys, sitting, {}).items()}
    return {key: span for key, span in even.items() if span.low > 0}


def groups_of(counts: Mapping[str, int], spans: Mapping[str, Span]) -> list[Group]:
    """Return the groups of a ranking, best first, with their bands. Keys without a span are left out."""
    keys: dict[Span, list[str]] = {}
    for key, span in spans.items():
        keys.setdefault(span, []).append(key)
    spans_in_order = sorted(keys, key=order_of)
    return [
        Group(tuple(keys[span]), span, sum(counts[key] for key in keys[span]), bands)
        for span, bands in zip(spans_in_order, bands_of(spans_in_order), strict=True)
    ]


def cut_after(groups: Sequence[Group], most: int) -> Cut:
    """Return which groups the first `most` tools are of."""
    whole: list[Group] = []
    for group in groups:
        if group.count > most:
            return Cut(tuple(whole), group if most else None, most)
        whole.append(group)
        most -= group.count
    return Cut(tuple(whole), None, 0)
