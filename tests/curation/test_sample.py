"""The sample: what the demo starts with."""

import re
from datetime import UTC, date, datetime, timedelta
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa
import yaml
from flask import Flask

from tests.conftest import ON_ONE_DATABASE
from tests.makers import NOW, make_tool
from verdicts.catalog.models import PriceRecord, Review, ReviewRevision, Tool, ToolFact, ToolSlug
from verdicts.comparisons import queries as comparisons
from verdicts.comparisons.models import Comparison
from verdicts.comparisons.panel_lead import PanelOutcome, panel_lead
from verdicts.curation import sample
from verdicts.extensions import begin_write, db
from verdicts.voting import queries
from verdicts.voting.models import Standing, Vote, VoteEvent
from verdicts.voting.readers_of_both import Lead
from verdicts.voting.recount import recount

WANTED = yaml.safe_load(sample.VOTES.read_text())["tools"]


FEATURED = ("huggingface-smolvlm2-2b", "mistral-code")
MONTHS_LATER = datetime(2027, 6, 15, 12, 0, tzinfo=UTC)


def load(now: datetime = NOW) -> bool:
    db.session.rollback()  # what another test has read
    begin_write()
    loaded = sample.load(now)
    db.session.commit()
    return loaded


def dates_of(column: sa.orm.InstrumentedAttribute[date | None]) -> set[date]:
    return {on for on in db.session.scalars(sa.select(column)) if on}


def newest(column: sa.orm.InstrumentedAttribute[date | None]) -> date | None:
    return db.session.scalar(sa.select(sa.func.max(column)))


def id_of(slug: str) -> int:
    return db.session.scalars(sa.select(ToolSlug.tool_id).where(ToolSlug.slug == slug)).one()


@pytest.fixture(scope="module")
def loaded(shared_app: Flask) -> None:
    """The sample as it is loaded on the day of NOW, for tests that change nothing."""
    assert load()


@pytest.mark.usefixtures("loaded")
def test_the_samples_votes_are_the_ones_its_file_asks_for() -> None:
    for slug, votes in WANTED.items():
        community = queries.tally_of(id_of(slug))
        assert (community.ship, community.skip, community.waiting) == (votes["ship"], votes["skip"], 0)


@pytest.mark.usefixtures("loaded")
def test_a_recount_of_the_sample_finds_no_difference() -> None:
    assert db.session.scalar(sa.select(sa.func.count()).select_from(VoteEvent)) == sum(
        votes["ship"] + votes["skip"] for votes in WANTED.values()
    )
    assert recount() == []


@pytest.mark.usefixtures("loaded")
def test_the_samples_votes_fall_within_the_last_sixty_days_in_the_ledgers_order() -> None:
    times = db.session.scalars(sa.select(VoteEvent.at).order_by(VoteEvent.id)).all()
    assert times == sorted(times)
    assert NOW - timedelta(days=60) <= times[0] < NOW - timedelta(days=59)
    assert NOW - timedelta(days=1) < times[-1] <= NOW


@pytest.mark.usefixtures("loaded")
def test_the_samples_votes_are_counted_and_belong_to_no_network() -> None:
    kinds = db.session.execute(sa.select(Vote.standing, Vote.network).distinct()).all()
    assert [tuple(kind) for kind in kinds] == [(Standing.COUNTED, None)]


@pytest.mark.usefixtures("loaded")
@pytest.mark.parametrize(
    ("first", "second", "lead"),
    [
        ("midjourney", "stable-diffusion", Lead.A),
        ("mistral-code", "huggingface-smolvlm2-2b", Lead.TOO_CLOSE),
        ("qdrant", "pinecone", Lead.NOBODY),
    ],
)
def test_the_samples_readers_of_two_tools_name_a_lead_or_none(first: str, second: str, lead: Lead) -> None:
    assert queries.readers_of_both(id_of(first), id_of(second)).lead is lead


@pytest.mark.usefixtures("loaded")
def test_a_second_load_changes_nothing() -> None:
    assert not load()
    assert recount() == []


def test_the_sample_stays_out_of_a_database_that_has_a_tool(app: Flask) -> None:
    make_tool("mistral-code")
    assert not load()
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Tool)) == 1


def test_the_sample_draws_the_same_votes_every_time() -> None:
    assert sample.make_votes(WANTED, NOW) == sample.make_votes(WANTED, NOW)


@ON_ONE_DATABASE
def test_a_sample_loaded_months_later_still_has_a_panel_lead_on_its_featured_pair(app: Flask) -> None:
    assert load(MONTHS_LATER)
    pair = comparisons.load(comparisons.find(FEATURED, MONTHS_LATER), MONTHS_LATER)
    first, second = (each.panel for each in pair.tools)
    assert panel_lead(first, second, MONTHS_LATER.date()).outcome is PanelOutcome.SECOND_AHEAD


@ON_ONE_DATABASE
def test_a_sample_loaded_later_moves_its_reviews_and_no_price_or_fact(app: Flask) -> None:
    assert load(MONTHS_LATER)
    later = MONTHS_LATER.date() - sample.WRITTEN_FOR
    assert date(2026, 11, 19) + later in dates_of(Review.reviewed_on)
    assert date(2026, 11, 3) + later in dates_of(ReviewRevision.until)
    assert date(2026, 11, 19) not in dates_of(Review.reviewed_on)
    assert newest(PriceRecord.checked_on) == newest(ToolFact.checked_on) == date(2026, 11, 28)


@pytest.mark.usefixtures("loaded")
def test_a_sample_loaded_before_the_day_it_was_written_for_keeps_its_dates() -> None:
    assert NOW.date() < sample.WRITTEN_FOR
    assert max(dates_of(Review.reviewed_on) - {NOW.date()}) == date(2026, 11, 19)


@ON_ONE_DATABASE
def test_a_sample_loaded_by_a_clock_that_is_slow_dates_nothing_in_the_future(app: Flask) -> None:
    assert load(datetime(2026, 6, 1, tzinfo=UTC))
    dates = [Review.reviewed_on, ReviewRevision.until, PriceRecord.checked_on, ToolFact.checked_on]
    assert {newest(column) for column in dates} == {date(2026, 6, 1)}


def test_each_fact_and_price_of_the_sample_names_a_page_that_shows_it_and_a_day() -> None:
    tools = yaml.safe_load(sample.CATALOGUE.read_text())["tools"]
    stated = [(tool["slug"], each) for tool in tools for each in [*tool["facts"], *tool.get("plans", [])]]
    stated += [(tool["slug"], tool["price"]) for tool in tools if tool["price"]["model"] != "unknown"]
    assert [slug for slug, each in stated if not (each.get("source") and each.get("checked_on"))] == []
    assert [slug for slug, each in stated if urlsplit(each["source"]).path in ("", "/")] == []


def test_each_category_of_the_sample_has_facts_and_picks() -> None:
    categories = yaml.safe_load(sample.CATALOGUE.read_text())["categories"]
    assert [each["slug"] for each in categories if not (each.get("facts") and each.get("picks"))] == []


@pytest.mark.usefixtures("loaded")
def test_no_headline_of_the_sample_states_what_the_site_counts() -> None:
    headlines = db.session.scalars(sa.select(Comparison.headline).where(Comparison.headline.is_not(None))).all()
    counted = re.compile(
        r"\b(voices?|each|tie|level|split|\d+ of \d+|(one|two|three|four|five) (of|to|against))\b", re.I
    )
    assert headlines
    assert [line for line in headlines if line and counted.search(line)] == []
