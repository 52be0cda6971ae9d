"""Senders are killed, stopped and many at once: nobody gets two letters, and after resolving nobody gets none."""

import time
from collections import Counter
from pathlib import Path

import pytest

from tests.digest.mailing_list import address, state_of, states
from tests.faults import IS_LONG
from tests.faults.conftest import Figures
from tests.faults.senders import an_edition_to_send, chance
from verdicts.digest.models import DeliveryState, EditionState
from verdicts.digest.sending import EndReason

KILLS, READERS, CONNECTIONS = (100, 4000, 4) if IS_LONG else (6, 180, 4)
SENDERS = 6
LEASES_END = 4.5  # seconds; tests.digest.sender.SHORT


@pytest.mark.timeout(1800)
def test_a_sender_that_is_killed_again_and_again_sends_nobody_two_letters(
    database_url: str, tmp_path: Path, figures: Figures
) -> None:
    dice = chance()
    with an_edition_to_send(database_url, tmp_path, READERS, latency=0.002) as sending:
        for _ in range(KILLS):
            program, before = sending.sender(), sending.accepted()
            sending.wait_for(before + dice.randint(1, READERS // KILLS // 2))
            time.sleep(dice.uniform(0, 0.02))
            program.kill()
        time.sleep(LEASES_END)
        ended = sending.send_all()
        assert ended in {EndReason.DONE, EndReason.UNCERTAIN}
        uncertain = sending.counts()[DeliveryState.UNCERTAIN]
        lost_at_first = len(sending.missing())
        assert sending.duplicates() == 0
        assert uncertain <= CONNECTIONS * KILLS
        assert lost_at_first <= uncertain
        sending.resolve_by_the_servers_log()
        assert sending.send_all() == EndReason.DONE
        figures(
            f"{KILLS} kills, {READERS} readers, {CONNECTIONS} connections: {uncertain} uncertain, of which "
            f"{lost_at_first} had not arrived; after settling {len(sending.missing())} missing, "
            f"{sending.duplicates()} twice"
        )
        assert sending.missing() == set()
        assert sending.duplicates() == 0
        assert set(states(sending.edition).values()) == {DeliveryState.SENT}


def test_a_kill_between_the_final_dot_and_the_record_leaves_exactly_one_uncertain(
    database_url: str, tmp_path: Path
) -> None:
    with an_edition_to_send(database_url, tmp_path, 10, MAIL_CONNECTIONS="1") as sending:
        sending.server.behave(hang_after_dot=[address(4)])
        program = sending.sender(last_reply=60)
        sending.server.wait_for(5)
        program.kill()
        sending.server.behave()
        time.sleep(LEASES_END)
        assert sending.send_all() == EndReason.UNCERTAIN
        assert sending.counts() == {DeliveryState.SENT: 9, DeliveryState.UNCERTAIN: 1}
        assert sending.send_all() == EndReason.UNCERTAIN
        assert sending.duplicates() == 0
        assert sending.missing() == set()


def test_many_senders_at_once_share_the_work_and_send_everything_once(
    database_url: str, tmp_path: Path, figures: Figures
) -> None:
    with an_edition_to_send(database_url, tmp_path, 300, latency=0.005, MAIL_CONNECTIONS="2") as sending:
        # Nobody dies here: on a busy machine a lease that ends after two seconds would say so all the same.
        programs = [sending.sender(batch_size=5, claim_lease=30.0, transmission_lease=60.0) for _ in range(SENDERS)]
        ends = [program.end(120) for program in programs]
        assert set(ends) <= {EndReason.DONE, EndReason.MORE_LATER}
        assert EndReason.DONE in ends
        assert sending.duplicates() == 0
        assert sending.missing() == set()
        assert state_of(sending.edition) is EditionState.SENT
        connections = len({letter.connection for letter in sending.server.received()})
        figures(
            f"{SENDERS} senders of 2 connections: letters came over {connections} connections, ended {Counter(ends)}"
        )
        assert connections > 2


def test_a_sender_stopped_beyond_its_lease_transmits_nothing_a_second_time(database_url: str, tmp_path: Path) -> None:
    with an_edition_to_send(database_url, tmp_path, 200, latency=0.005) as sending:
        stopped = sending.sender()
        sending.wait_for(20)
        sending.stop_outside_a_transaction(stopped)
        time.sleep(LEASES_END)
        assert sending.send_all() in {EndReason.DONE, EndReason.UNCERTAIN}
        uncertain = sending.counts()[DeliveryState.UNCERTAIN]
        assert uncertain <= CONNECTIONS
        stopped.go_on()
        stopped.end()
        assert sending.duplicates() == 0
        sending.resolve_by_the_servers_log()
        sending.send_all()
        assert sending.duplicates() == 0
        assert sending.missing() == set()
        assert sending.counts() == {DeliveryState.SENT: 200}
