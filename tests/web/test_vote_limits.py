"""Votes are counted in counters that all workers share, and still counted where those are away."""

import pytest
from limits import parse
from limits.storage import MemoryStorage

from verdicts.web import vote_limits
from verdicts.web.vote_limits import RETRY_SECONDS, Counters

ONCE = parse("1 per hour")


class SharedCounters(MemoryStorage):
    """Counters that may be away. `asked` is how often they were."""

    is_away = False
    asked = 0

    @property
    def base_exceptions(self) -> type[Exception]:
        return ConnectionError

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        self.asked += 1
        if self.is_away:
            raise ConnectionError
        return super().incr(key, expiry, amount)


@pytest.fixture
def shared() -> SharedCounters:
    return SharedCounters()


def test_what_is_over_its_limit_is_not_allowed(shared: SharedCounters) -> None:
    counters = Counters(shared)
    assert [counters.hit(ONCE, "a"), counters.hit(ONCE, "a"), counters.hit(ONCE, "b")] == [True, False, True]


def test_a_process_counts_alone_while_the_shared_counters_are_away(shared: SharedCounters) -> None:
    counters, shared.is_away = Counters(shared), True
    assert [counters.hit(ONCE, "a"), counters.hit(ONCE, "a")] == [True, False]


def test_counters_that_are_away_are_asked_again_only_after_a_while(
    shared: SharedCounters, monkeypatch: pytest.MonkeyPatch
) -> None:
    counters, shared.is_away = Counters(shared), True
    counters.hit(ONCE, "a")
    counters.hit(ONCE, "a")
    assert shared.asked == 1
    shared.is_away = False
    later = vote_limits.time.monotonic() + RETRY_SECONDS
    monkeypatch.setattr(vote_limits.time, "monotonic", lambda: later)
    assert counters.hit(ONCE, "a")
    assert shared.asked == 2
