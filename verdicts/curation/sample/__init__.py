"""The sample that the demo starts with: a catalogue, and made-up votes that agree with their record and tallies."""

import hashlib
import random
from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import yaml

from verdicts.catalog.kinds import Verdict
from verdicts.catalog.models import Tool, ToolSlug
from verdicts.curation.sample import this_week
from verdicts.curation.transfer import importing, reading
from verdicts.extensions import db
from verdicts.voting.models import Occasion, Standing, tally, vote, vote_event

CATALOGUE = Path(__file__).with_name("catalogue.yaml")
VOTES = Path(__file__).with_name("votes.yaml")
WRITTEN_FOR = date(2026, 11, 23)
SEED = 10  # with it, of the sample's comparisons one names a lead and one is too close to call
SPREAD = timedelta(days=60)
NOTHING_SET_ASIDE = {"waiting": 0, "held": 0, "discarded": 0}
_PAST_DATES = {"reviewed_on", "until", "checked_on", "picked_on"}
POOL_TO_LARGEST_TOOL = 1.2  # so few voters for so many votes that most of them judged several tools


@dataclass(frozen=True)
class SampleVote:
    """One made-up vote."""

    slug: str
    voter: str
    verdict: Verdict
    at: datetime


def load(now: datetime) -> bool:
    """Load the sample into a database without tools, and return whether it was loaded.

    The caller has called begin_write() and commits.
    """
    if db.session.scalar(sa.select(sa.exists(sa.select(Tool.id)))):
        return False
    importing.import_catalog(catalog_on(now.date()), now)
    this_week.move_into_week(now)
    store_votes(make_votes(yaml.safe_load(VOTES.read_text())["tools"], now))
    return True


def catalog_on(today: date) -> object:
    """Return the sample's catalogue with its reviews as old on this day as they are on the day it was written for.

    Old reviews decide nothing, and a demo in which nothing is decided shows little. Prices and facts keep their dates:
    moved ones would claim a check that nobody made. Where the clock is slow, nothing is dated later than today.
    """
    return _dated(reading.read(CATALOGUE.read_bytes(), CATALOGUE.name), today)


def _dated(value: Any, today: date, *, in_review: bool = False) -> Any:
    if isinstance(value, list):
        return [_dated(item, today, in_review=in_review) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: _moved(item, today, in_review=in_review)
        if key in _PAST_DATES and item
        else _dated(item, today, in_review=in_review or key == "reviews")
        for key, item in value.items()
    }


def _moved(text: str, today: date, *, in_review: bool) -> str:
    late = max(today - WRITTEN_FOR, timedelta()) if in_review else timedelta()
    return min(date.fromisoformat(text) + late, today).isoformat()


def make_votes(counts: dict[str, dict[str, int]], now: datetime) -> list[SampleVote]:
    """Return as many votes on each tool as `counts` says, oldest first. Only their moments differ from call to call."""
    chance = random.Random(SEED)  # noqa: S311  # nosec B311  # a sample, not a secret
    largest = max(sum(votes.values()) for votes in counts.values())
    numbers = range(int(largest * POOL_TO_LARGEST_TOOL))
    pool = [hashlib.sha256(f"sample voter {number}".encode()).hexdigest() for number in numbers]
    sample_votes = [
        SampleVote(slug, voter, verdict, now - SPREAD * chance.random())
        for slug, votes in counts.items()
        for voter, verdict in zip(chance.sample(pool, sum(votes.values())), _verdicts(votes), strict=True)
    ]
    return sorted(sample_votes, key=lambda each: each.at)


def _verdicts(votes: dict[str, int]) -> list[Verdict]:
    return [verdict for verdict in Verdict for _ in range(votes[verdict])]


def store_votes(votes: list[SampleVote]) -> None:
    """Store votes, their record and their tallies, as if each voter had a network of their own."""
    slugs = sa.select(ToolSlug.slug, ToolSlug.tool_id).where(ToolSlug.is_current)
    tool_ids = {row.slug: row.tool_id for row in db.session.execute(slugs)}
    connection = db.session.connection()
    connection.execute(sa.insert(vote), [_vote_row(tool_ids[each.slug], each) for each in votes])
    connection.execute(sa.insert(vote_event), [_event_row(tool_ids[each.slug], each) for each in votes])
    connection.execute(sa.insert(tally), _tally_rows(tool_ids, votes))


def _vote_row(tool_id: int, each: SampleVote) -> dict[str, object]:
    who = {"tool_id": tool_id, "voter": each.voter, "network": None, "standing": Standing.COUNTED}
    return {**who, "verdict": each.verdict, "first_at": each.at, "changed_at": each.at}


def _event_row(tool_id: int, each: SampleVote) -> dict[str, object]:
    who = {"tool_id": tool_id, "voter": each.voter, "network": None, "occasion": Occasion.CAST, "at": each.at}
    before = {"from_verdict": None, "from_standing": Standing.COUNTED}
    return {**who, **before, "to_verdict": each.verdict, "to_standing": Standing.COUNTED, "reason": None}


def _tally_rows(tool_ids: dict[str, int], votes: list[SampleVote]) -> list[dict[str, int]]:
    counts = Counter((each.slug, each.verdict) for each in votes)
    counted = {slug: {verdict.value: counts[slug, verdict] for verdict in Verdict} for slug, _ in counts}
    return [{"tool_id": tool_ids[slug], **figures, **NOTHING_SET_ASIDE} for slug, figures in counted.items()]
