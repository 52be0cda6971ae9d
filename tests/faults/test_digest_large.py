"""A large edition: the sender's memory does not grow with the number of readers, nor does a letter cost more."""

import time
from pathlib import Path

import pytest

from benchmarks.memory import memory_kb
from tests.digest.mailing_list import state_of
from tests.faults import IS_LONG
from tests.faults.conftest import Figures
from tests.faults.senders import Sending, an_edition_to_send
from verdicts.digest.models import EditionState
from verdicts.digest.sending import EndReason

READERS = 100_000 if IS_LONG else 1_000
WARM_UP = 300
MOST_GROWTH_KB = 50_000


def seconds_until(sending: Sending, count: int) -> float:
    began = time.monotonic()
    sending.wait_for(count, seconds=1500)
    return time.monotonic() - began


@pytest.mark.timeout(3000)
def test_memory_and_pace_are_the_same_for_many_readers(database_url: str, tmp_path: Path, figures: Figures) -> None:
    with an_edition_to_send(database_url, tmp_path, READERS, MAIL_MAX_PER_DAY="10000000") as sending:
        sending.server.behave(keeps_bodies=False)
        program = sending.sender()
        part = (READERS - WARM_UP) // 4
        sending.wait_for(WARM_UP)
        at_first = memory_kb(program.program.pid, "VmRSS")
        first = seconds_until(sending, WARM_UP + part)
        sending.wait_for(READERS - part, seconds=1500)
        last = seconds_until(sending, READERS - part // 10) / 0.9
        growth = memory_kb(program.program.pid, "VmHWM") - at_first
        assert program.end(300) == EndReason.DONE
        assert state_of(sending.edition) is EditionState.SENT
        figures(
            f"{READERS:,} readers: memory grew by {growth / 1000:.1f} MB; the last quarter took {last / first:.2f} "
            f"times as long as the first, at {part / last:,.0f} letters a second"
        )
        assert sending.accepted() == READERS
        assert growth < MOST_GROWTH_KB
