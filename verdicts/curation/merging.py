"""Two records of one tool become one. The same code says beforehand what a merge will do, and then does it."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import sha256

from verdicts.catalog import merging as records
from verdicts.catalog import merging_picks as picks
from verdicts.catalog import merging_reviews as reviews
from verdicts.catalog import merging_successors as successors
from verdicts.catalog import panel_keys, search_index
from verdicts.catalog.content_version import bump_content_version
from verdicts.catalog.kinds import PriceModel
from verdicts.catalog.merging import RecordMove, Side
from verdicts.catalog.merging_reviews import ReviewMove
from verdicts.catalog.models import Tool
from verdicts.catalog.prices import Price
from verdicts.catalog.reviews import ReviewerSummary
from verdicts.comparisons import merging as comparisons
from verdicts.comparisons.merging import ComparisonMove, Fate
from verdicts.comparisons.models import Comparison
from verdicts.comparisons.wording import listed
from verdicts.curation.catalog_file import schema
from verdicts.curation.catalog_file.copying import shared_fields
from verdicts.curation.editing import categories as category_records
from verdicts.curation.editing import comparisons as comparison_records
from verdicts.curation.editing.changes import RecordChange, changes_between, full_tool_parts, tool_parts
from verdicts.curation.editing.publication import PublicationState, state_of
from verdicts.curation.editing.saving import Parts
from verdicts.curation.transfer import existing
from verdicts.digest import merging as digest
from verdicts.feedback import price_doubts
from verdicts.newsletter import merging as newsletter
from verdicts.voting import merging as ballots
from verdicts.voting.merging import BallotMove

# What is filled where the kept record has nothing, and what editors call it if that is not its own name.
FIELDS = (*shared_fields(schema.Tool, Tool), "logo_digest")
LABELS = {"license": "licence", "launched_on": "day of launch", "logo_digest": "logo"}


@dataclass(frozen=True)
class MergePlan:
    """Everything that a merge does. `picks` are the categories of those that name the dropped tool;
    `succeeded` the tools that name it as their successor; `followers` are new to the kept tool; `drafted` counts
    items in digest drafts."""

    keep: Side
    drop: Side
    record: RecordMove
    reviews: tuple[ReviewMove, ...]
    comparisons: tuple[ComparisonMove, ...]
    ballots: BallotMove
    picks: tuple[int, ...]
    succeeded: tuple[int, ...]
    followers: int
    drafted: int

    @property
    def names(self) -> tuple[str, str]:
        """What to call the kept record and the other; with their addresses where both have one name."""
        if self.keep.name != self.drop.name:
            return self.keep.name, self.drop.name
        return f"{self.keep.name} (/tools/{self.keep.slug})", f"{self.drop.name} (/tools/{self.drop.slug})"

    @property
    def fingerprint(self) -> str:
        """A hash of what an editor decides on: not of votes and followers, whose number changes while they think."""
        everything = asdict(self)
        decided = [
            everything[part] for part in ("keep", "drop", "record", "reviews", "comparisons", "picks", "succeeded")
        ]
        return sha256(json.dumps(decided, default=str, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class MergeResult:
    """A plan that was carried out, and what that changed in each record."""

    plan: MergePlan
    changes: tuple[RecordChange, ...]


class PlanChanged(Exception):
    """The merge would not do what was shown; `plan` is what it would do now."""

    def __init__(self, plan: MergePlan) -> None:
        self.plan = plan
        super().__init__(plan.fingerprint)


def plan(keep_id: int, drop_id: int, now: datetime) -> MergePlan:
    """Return what merging one tool into another would do. Raises CannotMerge. Seventeen statements."""
    keep, drop = records.sides(keep_id, drop_id, now)
    return MergePlan(
        keep=keep,
        drop=drop,
        record=records.foresee(keep_id, drop_id, FIELDS),
        reviews=reviews.foresee(keep_id, drop_id),
        comparisons=comparisons.foresee(keep_id, drop_id),
        ballots=ballots.foresee(keep_id, drop_id),
        picks=picks.foresee(drop_id),
        succeeded=successors.foresee(drop_id),
        followers=newsletter.count_new_followers(keep_id, drop_id),
        drafted=digest.count_draft_items(drop_id),
    )


def merge(keep_id: int, drop_id: int, now: datetime, *, plan_fingerprint: str | None = None) -> MergeResult:
    """Merge one tool into another for good, and return the plan that was carried out with what it changed.

    Both records are locked before the plan is made: of two who merge one tool at once, the second is refused. Raises
    CannotMerge, or PlanChanged if `plan_fingerprint` is not that of the plan. The caller has called begin_write(),
    and commits.
    """
    records.lock((keep_id, drop_id))
    ballots.lock(keep_id, drop_id)
    made = plan(keep_id, drop_id, now)
    if plan_fingerprint not in (None, made.fingerprint):
        raise PlanChanged(made)
    tools = existing.reload_tools([keep_id, drop_id, *made.succeeded])
    compared = existing.reload_comparisons([move.id for move in made.comparisons])
    changes = [*_merged_away(tools[drop_id]), *_archived(compared, made.comparisons, now)]
    before = {id: comparison_records.parts_of(row) for id, row in compared.items()}
    kinds = {row.id: (row, category_records.parts_of(row)) for row in existing.reload_categories(made.picks)}
    kept_logo = tools[keep_id].logo_digest
    parts = {id: tool_parts(tools[id]) for id in dict.fromkeys([keep_id, *made.succeeded])}
    _carry_out(made, now)
    changes += _changes_of_comparisons(before, made.comparisons)
    for row in existing.reload_categories(kinds):
        changes += changes_between(row, kinds[row.id][1], category_records.parts_of(row))
    changes += _changes_of_tools(parts, keep_id, kept_logo)
    panel_keys.refresh([keep_id, drop_id])
    bump_content_version()
    search_index.reindex([keep_id, drop_id])
    return MergeResult(made, tuple(changes))


def _carry_out(made: MergePlan, now: datetime) -> None:
    keep_id, drop_id = made.keep.id, made.drop.id
    ballots.merge(keep_id, drop_id, now)
    reviews.merge(keep_id, made.reviews, made.names[1], now.date())
    comparisons.merge(keep_id, drop_id, made.comparisons, now)
    picks.merge(keep_id, drop_id)
    successors.merge(keep_id, drop_id)
    newsletter.move_followers(keep_id, drop_id)
    digest.replace_in_drafts(keep_id, drop_id)
    if made.record.price:
        price_doubts.move(keep_id, drop_id)
    price_doubts.delete_for(drop_id)
    records.merge(made.keep, made.drop, made.record, now)


def _merged_away(tool: Tool) -> Iterator[RecordChange]:
    for kind, record in full_tool_parts(tool).items():
        if record:
            yield RecordChange(tool.id, tool.slug, record, {}, kind, "merged away")


def _archived(rows: Mapping[int, Comparison], moves: Iterable[ComparisonMove], now: datetime) -> Iterator[RecordChange]:
    for row in (rows[move.id] for move in moves if move.fate is Fate.ARCHIVED):
        state = state_of(row.published_at, row.archived_at, now)
        if state is not PublicationState.ARCHIVED:
            before, after = ({"publication": str(each)} for each in (state, PublicationState.ARCHIVED))
            yield RecordChange(row.id, row.slug, before, after, "comparison", "archived")


def _changes_of_comparisons(before: Mapping[int, Parts], moves: Iterable[ComparisonMove]) -> Iterator[RecordChange]:
    rows = existing.reload_comparisons([move.id for move in moves if move.fate is not Fate.ARCHIVED])
    for id, row in rows.items():
        yield from changes_between(row, before[id], comparison_records.parts_of(row))


def _changes_of_tools(before: Mapping[int, Parts], keep_id: int, logo_before: str | None) -> Iterator[RecordChange]:
    rows = existing.reload_tools(before)
    kept = rows[keep_id]
    if kept.logo_digest != logo_before:
        logo = {"logo": (kept.logo_digest or "")[:12]}
        yield RecordChange(kept.id, kept.name, {}, logo, "tool", "changed the logo of")
    for id, parts in before.items():
        yield from changes_between(rows[id], parts, tool_parts(rows[id]))


def sentences(plan: MergePlan) -> list[str]:
    """Return what a merge will do: all that the plan holds, a sentence or two for each kind of thing."""
    return [
        *_addresses(plan),
        *(_review(move, plan) for move in plan.reviews),
        *_votes(plan),
        *_price(plan),
        *_record(plan),
        *(_comparison(move, plan) for move in plan.comparisons),
        *_successors(plan),
        *_readers(plan),
    ]


def counted(number: int, one: str, many: str = "") -> str:
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"


def _addresses(plan: MergePlan) -> Iterator[str]:
    paths = [f"/tools/{slug}" for slug in plan.drop.slugs]
    redirect = "redirects" if len(paths) == 1 else "redirect"
    yield f"{listed(paths)} {redirect} to {plan.names[0]}, and so do addresses of comparisons that name it."
    if plan.drop.is_published and not plan.keep.is_published:
        yield f"{plan.names[0]} is not published: readers find neither until someone publishes it."


def _review(move: ReviewMove, plan: MergePlan) -> str:
    keep, drop = plan.names
    if move.stands is None:
        by = ReviewerSummary("", move.reviewer).mention
        return f"The review by {by} ({move.verdict.upper()}) moves, with its history."
    both = f"{move.reviewer} reviewed both: {move.stands.upper()} on {keep} stays, and"
    return f"{both} {move.verdict.upper()} on {drop} moves to its history."


def _votes(plan: MergePlan) -> Iterator[str]:
    ballots = plan.ballots
    if not (ballots.moving or ballots.of_both):
        yield f"Nobody has voted on {plan.names[1]}."
        return
    moves = "moves" if ballots.moving == 1 else "move"
    yield f"{counted(ballots.moving, 'vote')} {moves} to {plan.names[0]}. None counts more or less than before."
    if ballots.of_both:
        voters = f"{counted(ballots.of_both, 'reader')} voted on both and"
        yield f"{voters} {'keeps' if ballots.of_both == 1 else 'keep'} one vote: the one changed last."
    after = ballots.after
    waiting = f", with {after.waiting:,} waiting" if after.waiting else ""
    yield f"{plan.names[0]} will have {after.ship:,} SHIP and {after.skip:,} SKIP{waiting}."


def _price(plan: MergePlan) -> Iterator[str]:
    if plan.record.price:
        yield f"{plan.names[0]} gets the price, {_cost(plan.record.price)}, with its history."
    elif plan.keep.price.model is not PriceModel.UNKNOWN:
        yield f"The price of {plan.names[0]} stays: {_cost(plan.keep.price)}."


def _cost(price: Price) -> str:
    return " ".join(filter(None, (price.words, price.detail)))


def _record(plan: MergePlan) -> Iterator[str]:
    record, keep = plan.record, plan.names[0]
    if record.fields:
        labels = [LABELS.get(name, name.replace("_", " ")) for name in record.fields]
        yield f"{keep} gets what it does not have: the {listed(labels)}."
    lists = (("fact", record.facts), ("plan", record.plans), ("release", record.releases))
    for kind, names in lists:
        if names:
            yield f"{keep} gets {counted(len(names), kind)}: {listed(names)}."


def _comparison(move: ComparisonMove, plan: MergePlan) -> str:
    keep, drop = plan.names
    which = f"comparison of {listed([drop, *([keep] if move.holds_both else []), *move.others])}"
    if move.fate is Fate.TAKEN_OVER:
        return f"In the {which}, {keep} replaces {drop}."
    if move.fate is Fate.LEFT:
        return f"{drop} is removed from the {which}."
    compared = f"{listed([keep, *move.others])} are compared already"
    return f"The {which} is archived: {compared if move.others else f'it would compare {keep} with itself'}."


def _successors(plan: MergePlan) -> Iterator[str]:
    others = [id for id in plan.succeeded if id != plan.keep.id]
    if others:
        has = "has" if len(others) == 1 else "have"
        yield f"{counted(len(others), 'tool')} {has} {plan.names[0]} as successor instead."
    if plan.keep.id in plan.succeeded:
        yield f"{plan.names[0]} no longer has {plan.names[1]} as its successor."


def _readers(plan: MergePlan) -> Iterator[str]:
    if plan.picks:
        name = "names" if len(plan.picks) == 1 else "name"
        yield f"{counted(len(plan.picks), 'pick')} of categories {name} {plan.names[0]} instead."
    if plan.followers:
        follow = "follows" if plan.followers == 1 else "follow"
        yield f"{counted(plan.followers, 'subscriber')} who followed {plan.names[1]} {follow} {plan.names[0]}."
    if plan.drafted:
        name = "names" if plan.drafted == 1 else "name"
        yield f"{counted(plan.drafted, 'item')} in digest drafts {name} {plan.names[0]} instead."
