"""The marks by which the page cache knows that something has changed, on both databases."""

from datetime import timedelta
from itertools import pairwise

from flask import Flask

from tests.makers import NOW, make_comparison, make_tool
from tests.voting.world import SHIP, SKIP, say
from verdicts.catalog.content_version import bump_content_version
from verdicts.extensions import db
from verdicts.web.site_state import Source, is_unchanged, read_state

HOUR = timedelta(hours=1)
CONTENT, BOTH = frozenset([Source.CONTENT]), frozenset(Source)


def test_a_site_without_tools_has_a_state(app: Flask) -> None:
    assert read_state(NOW) == read_state(NOW)
    assert read_state(NOW).vote_changes == 0


def test_each_change_of_a_vote_moves_what_shows_votes_alone(app: Flask) -> None:
    ids = [make_tool("alpha").id, make_tool("beta").id]
    states = [read_state(NOW)]
    for tool, verdict in ((ids[0], SHIP), (ids[0], SKIP), (ids[1], SHIP), (ids[0], None)):
        db.session.rollback()
        say(tool, "ada", verdict)
        states.append(read_state(NOW))
    assert [state.vote_changes for state in states] == [0, 1, 2, 3, 4]
    assert is_unchanged(CONTENT, states[0], states[-1])
    assert not is_unchanged(BOTH, states[0], states[-1])


def test_the_same_vote_again_changes_nothing(app: Flask) -> None:
    id = make_tool("alpha").id
    db.session.rollback()
    say(id, "ada", SHIP)
    before = read_state(NOW)
    say(id, "ada", SHIP)
    assert read_state(NOW) == before


def test_what_editors_publish_moves_it(app: Flask) -> None:
    before = read_state(NOW)
    bump_content_version()
    db.session.commit()
    assert not is_unchanged(CONTENT, before, read_state(NOW))


def test_what_is_scheduled_moves_it_at_its_moment(app: Flask) -> None:
    tools = [make_tool("alpha"), make_tool("beta", published_at=NOW + HOUR)]
    make_comparison(*tools, published_at=NOW + 2 * HOUR)
    states = [read_state(NOW + moment).content for moment in (HOUR / 2, HOUR, 1.5 * HOUR, 2 * HOUR, 3 * HOUR)]
    assert [one == following for one, following in pairwise(states)] == [False, True, False, True]


def test_each_day_moves_it(app: Flask) -> None:
    midnight = NOW.replace(hour=0) + timedelta(days=1)
    before, after = read_state(midnight - timedelta(seconds=1)), read_state(midnight)
    assert not is_unchanged(CONTENT, before, after)
