"""What a merge will do, in plain sentences: everything that the plan holds, and nothing else."""

from collections.abc import Iterator, Sequence

from verdicts.catalog.kinds import PriceModel
from verdicts.catalog.merging import TEXTS
from verdicts.catalog.merging_reviews import ReviewMove
from verdicts.catalog.panel import ReviewerCard
from verdicts.catalog.prices import Price
from verdicts.comparisons.merging import ComparisonMove, Fate
from verdicts.curation.merging import Plan


def sentences(plan: Plan) -> list[str]:
    """Return what will happen, a sentence or two for each kind of thing."""
    return [
        *_addresses(plan),
        *(_review(move, plan) for move in plan.reviews),
        *_votes(plan),
        *_price(plan),
        *_record(plan),
        *(_comparison(move, plan) for move in plan.comparisons),
        *_readers(plan),
    ]


def listed(names: Sequence[str]) -> str:
    """Return "A", "A and B" or "A, B and C"."""
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))


def counted(number: int, one: str, many: str = "") -> str:
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"


def _addresses(plan: Plan) -> Iterator[str]:
    paths = [f"/tools/{slug}" for slug in plan.drop.slugs]
    lead = "leads" if len(paths) == 1 else "lead"
    yield f"{listed(paths)} {lead} to {plan.names[0]} for good, and so do addresses of comparisons that name it."
    if plan.drop.is_published and not plan.keep.is_published:
        yield f"{plan.names[0]} is not public: readers will find neither until somebody publishes it."


def _review(move: ReviewMove, plan: Plan) -> str:
    keep, drop = plan.names
    if move.stands is None:
        by = ReviewerCard("", move.reviewer).mention
        return f"The review by {by} ({move.verdict.upper()}) moves, with its history."
    both = f"{move.reviewer} reviewed both: {move.stands.upper()} on {keep} stands, and"
    return f"{both} {move.verdict.upper()} on {drop} becomes part of its history."


def _votes(plan: Plan) -> Iterator[str]:
    ballots = plan.ballots
    if not (ballots.moving or ballots.of_both):
        yield f"Nobody has voted on {plan.names[1]}."
        return
    moves = "moves" if ballots.moving == 1 else "move"
    yield f"{counted(ballots.moving, 'ballot')} {moves} to {plan.names[0]}, and none counts more or less than it did."
    if ballots.of_both:
        judged = f"{counted(ballots.of_both, 'reader')} judged both and"
        yield f"{judged} {'keeps' if ballots.of_both == 1 else 'keep'} one ballot: the one changed last."
    after = ballots.after
    waiting = f", with {after.waiting:,} waiting" if after.waiting else ""
    yield f"{plan.names[0]} will have {after.ship:,} SHIP and {after.skip:,} SKIP{waiting}."


def _price(plan: Plan) -> Iterator[str]:
    if plan.record.price:
        yield f"{plan.names[0]} takes the price, {_cost(plan.record.price)}, with its history."
    elif plan.keep.price.model is not PriceModel.UNKNOWN:
        yield f"The price of {plan.names[0]} stands: {_cost(plan.keep.price)}."


def _cost(price: Price) -> str:
    return " ".join(filter(None, (price.words, price.detail)))


def _record(plan: Plan) -> Iterator[str]:
    record, keep = plan.record, plan.names[0]
    if record.texts:
        yield f"{keep} takes what it does not have: the {listed([TEXTS[name] for name in record.texts])}."
    lists = (("fact", record.facts), ("plan", record.plans), ("release", record.releases))
    for kind, names in lists:
        if names:
            yield f"{keep} takes {counted(len(names), kind)}: {listed(names)}."


def _comparison(move: ComparisonMove, plan: Plan) -> str:
    keep, drop = plan.names
    which = f"comparison of {listed([drop, *([keep] if move.holds_both else []), *move.others])}"
    if move.fate is Fate.TAKEN_OVER:
        return f"In the {which}, {keep} takes the place of {drop}."
    if move.fate is Fate.LEFT:
        return f"{drop} leaves the {which}."
    compared = f"{listed([keep, *move.others])} are compared already"
    return f"The {which} is archived: {compared if move.others else f'it would set {keep} beside itself'}."


def _readers(plan: Plan) -> Iterator[str]:
    if plan.followers:
        follow = "follows" if plan.followers == 1 else "follow"
        yield f"{counted(plan.followers, 'subscriber')} who followed {plan.names[1]} {follow} {plan.names[0]}."
    if plan.drafted:
        name = "names" if plan.drafted == 1 else "name"
        pieces = counted(plan.drafted, "piece of news", "pieces of news")
        yield f"{pieces} in digest drafts {name} {plan.names[0]} instead."
