"""Readers leave, operators pause and cancel, in the middle of sending: at most one message a connection escapes."""

import time
from itertools import cycle
from pathlib import Path

from tests.digest.mailing_list import addresses, state_of, states
from tests.faults.conftest import Figures
from tests.faults.senders import an_edition_to_send, chance
from verdicts.digest import editions
from verdicts.digest.models import DeliveryState, EditionState
from verdicts.digest.sending import EndReason, utc_now
from verdicts.extensions import commit_or_retry
from verdicts.newsletter import leaving
from verdicts.newsletter.models import Status

CONNECTIONS, READERS = 4, 150
LEAVERS = range(31, 131)  # by subscriber, of whom those with low numbers are written to first
LEAVERS_ADDRESSES = addresses(reader - 1 for reader in LEAVERS)


def test_who_ends_a_subscription_while_it_is_sent_gets_at_most_what_was_under_way(
    database_url: str, tmp_path: Path, figures: Figures
) -> None:
    reasons = dict(zip(LEAVERS, cycle([Status.LEFT, Status.ERASED, Status.COMPLAINED]), strict=False))
    with an_edition_to_send(database_url, tmp_path, READERS, latency=0.02) as sending:
        program = sending.sender()
        sending.wait_for(25)
        commit_or_retry(lambda: [leaving.end(reader, reason, utc_now()) for reader, reason in reasons.items()])
        left_at = time.time()
        assert program.end() == EndReason.DONE
        to_leavers = [letter for letter in sending.server.received() if letter.recipient in LEAVERS_ADDRESSES]
        escaped = sum(letter.at > left_at for letter in to_leavers)
        figures(f"{len(to_leavers)} of {len(LEAVERS)} leavers were written to, {escaped} after they had left")
        assert escaped <= CONNECTIONS
        assert len(to_leavers) < len(LEAVERS)
        assert sending.duplicates() == 0
        assert sending.counts() == {
            DeliveryState.SENT: sending.accepted(),
            DeliveryState.SKIPPED: len(LEAVERS) - len(to_leavers),
        }


def test_an_edition_paused_and_resumed_at_any_moment_is_sent_once(database_url: str, tmp_path: Path) -> None:
    dice = chance()
    with an_edition_to_send(database_url, tmp_path, READERS, latency=0.005) as sending:
        while sending.accepted() < READERS // 2:
            program, before = sending.sender(), sending.accepted()
            sending.wait_for(before + dice.randint(5, 25))
            commit_or_retry(lambda: editions.pause(sending.edition, "a look at it"))
            paused_at = time.time()
            assert program.end() == EndReason.PAUSED
            assert sum(letter.at > paused_at for letter in sending.server.received()) <= CONNECTIONS
            assert set(states(sending.edition).values()) <= {DeliveryState.SENT, DeliveryState.PENDING}
            commit_or_retry(lambda: editions.resume(sending.edition))
        assert sending.send_all() == EndReason.DONE
        assert sending.duplicates() == 0
        assert sending.missing() == set()


def test_after_it_is_cancelled_nothing_more_is_sent(database_url: str, tmp_path: Path) -> None:
    with an_edition_to_send(database_url, tmp_path, READERS, latency=0.005) as sending:
        program = sending.sender()
        sending.wait_for(20)
        commit_or_retry(lambda: editions.cancel(sending.edition, utc_now()))
        cancelled_at = time.time()
        assert program.end() == EndReason.CANCELLED
        assert sum(letter.at > cancelled_at for letter in sending.server.received()) <= CONNECTIONS
        assert state_of(sending.edition) is EditionState.CANCELLED
        assert set(states(sending.edition).values()) == {DeliveryState.SENT, DeliveryState.SKIPPED}
        assert sending.counts()[DeliveryState.SENT] == sending.accepted()


def test_two_senders_share_one_quota(database_url: str, tmp_path: Path) -> None:
    with an_edition_to_send(database_url, tmp_path, 100, latency=0.005, MAIL_MAX_PER_DAY="50") as sending:
        programs = [sending.sender(batch_size=7) for _ in range(2)]
        assert {program.end() for program in programs} == {EndReason.MORE_LATER}
        assert sending.accepted() == 50
        assert sending.counts() == {DeliveryState.SENT: 50, DeliveryState.PENDING: 50}
