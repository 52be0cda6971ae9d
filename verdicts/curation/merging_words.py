"""What a merge will do, in plain sentences: everything that the plan holds, and nothing else."""

from collections.abc import Iterator, Sequence

from verdicts.catalog.kinds import PriceModel
from verdicts.catalog.merging import TEXTS
from verdicts.catalog.merging_reviews import ReviewMove
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
    yield f"{listed(paths)} {lead} to {plan.keep.name} for good, and so do addresses of comparisons that name it."
    if plan.drop.is_published and not plan.keep.is_published:
        yield f"{plan.keep.name} is not public: readers will find neither until somebody publishes it."


def _review(move: ReviewMove, plan: Plan) -> str:
    if move.stands is None:
        return f"The review by {move.reviewer} ({move.verdict.upper()}) moves, with its history."
    both = f"{move.reviewer} reviewed both: {move.stands.upper()} on {plan.keep.name} stands, and"
    return f"{both} {move.verdict.upper()} on {plan.drop.name} becomes part of its history."


def _votes(plan: Plan) -> Iterator[str]:
    ballots = plan.ballots
    if not (ballots.moving or ballots.of_both):
        yield f"Nobody has voted on {plan.drop.name}."
        return
    moves = "moves" if ballots.moving == 1 else "move"
    yield f"{counted(ballots.moving, 'ballot')} {moves} to {plan.keep.name}, and none counts more or less than it did."
    if ballots.of_both:
        judged = f"{counted(ballots.of_both, 'reader')} judged both and"
        yield f"{judged} {'keeps' if ballots.of_both == 1 else 'keep'} one ballot: the one changed last."
    after = ballots.after
    waiting = f", with {after.waiting:,} waiting" if after.waiting else ""
    yield f"{plan.keep.name} will have {after.ship:,} SHIP and {after.skip:,} SKIP{waiting}."


def _price(plan: Plan) -> Iterator[str]:
    if plan.record.price:
        yield f"{plan.keep.name} takes the price, {_cost(plan.record.price)}, with its history."
    elif plan.keep.price.model is not PriceModel.UNKNOWN:
        yield f"The price of {plan.keep.name} stands: {_cost(plan.keep.price)}."


def _cost(price: Price) -> str:
    return " ".join(filter(None, (price.words, price.detail)))


def _record(plan: Plan) -> Iterator[str]:
    record, keep = plan.record, plan.keep.name
    if record.texts:
        yield f"{keep} takes what it does not have: the {listed([TEXTS[name] for name in record.texts])}."
    lists = (("fact", record.facts), ("plan", record.plans), ("release", record.releases))
    for kind, names in lists:
        if names:
            yield f"{keep} takes {counted(len(names), kind)}: {listed(names)}."


def _comparison(move: ComparisonMove, plan: Plan) -> str:
    keep, drop, which = plan.keep.name, plan.drop.name, f"the comparison of {listed(move.names)}"
    if move.fate is Fate.TAKEN_OVER:
        return f"In {which}, {keep} takes the place of {drop}."
    if move.fate is Fate.LEFT:
        return f"{drop} leaves {which}, where {keep} stands too."
    because = (
        f"it would set {keep} beside itself" if move.members_key == _both(plan) else "the others are there already"
    )
    return f"T{which[1:]} is archived: {because}."


def _both(plan: Plan) -> str:
    return ",".join(map(str, sorted((plan.keep.id, plan.drop.id))))


def _readers(plan: Plan) -> Iterator[str]:
    if plan.followers:
        follow = "follows" if plan.followers == 1 else "follow"
        yield f"{counted(plan.followers, 'subscriber')} who followed {plan.drop.name} {follow} {plan.keep.name}."
    if plan.drafted:
        name = "names" if plan.drafted == 1 else "name"
        pieces = counted(plan.drafted, "piece of news", "pieces of news")
        yield f"{pieces} in digest drafts {name} {plan.keep.name} instead."
