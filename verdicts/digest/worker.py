"""One connection's work: claim a share, and for each of it pass the gate, transmit and record.

Nothing is held open in the database while the mail server is talked to. How one transmission ended is committed
together with the next one's beginning, and at once where there is none to begin.
"""

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

from verdicts.config.mail import MailSettings
from verdicts.digest import delivery
from verdicts.digest.claiming import Share, claim_share
from verdicts.digest.copies import Press, Recipient
from verdicts.digest.delivery import NOTHING_CHOSEN, Gate, Lease
from verdicts.digest.recording import pause_for, record
from verdicts.extensions import commit_or_retry
from verdicts.mailing import allowance
from verdicts.mailing.addresses import InvalidAddress
from verdicts.mailing.outcomes import Action, Outcome, OutcomeKind, action_for
from verdicts.mailing.smtp import Timeouts
from verdicts.mailing.transport import Connection

T = TypeVar("T")
SETBACKS_AT_MOST = 6
SHORTEST_REST_SECONDS, LONGEST_REST_SECONDS = 0.02, 0.25


@dataclass(frozen=True)
class Terms:
    """How much at once, and how long. A transmission's lease is longer than all timeouts of mailing.smtp together."""

    batch: int = 20
    lease: timedelta = timedelta(seconds=60)
    transmission: timedelta = timedelta(minutes=20)
    start_within: timedelta = timedelta(seconds=30)  # of the gate; who was stopped for longer begins anew
    linger: timedelta = timedelta(seconds=90)  # stay for what can be claimed so soon
    timeouts: Timeouts = field(default_factory=Timeouts)


@dataclass(frozen=True)
class Job:
    """What the workers of one edition share. `clock` returns the aware time; `stop` is set to end between messages."""

    edition_id: int
    press: Press
    settings: MailSettings
    terms: Terms
    clock: Callable[[], datetime]
    stop: threading.Event


@dataclass(frozen=True)
class _Copy:
    lease: Lease
    recipient: Recipient
    raw: bytes


@dataclass(frozen=True)
class _Ended:
    lease: Lease
    outcome: Outcome


class Worker:
    """Sends over one connection until nothing is left for it. `owner` must be its alone, in all processes."""

    def __init__(self, job: Job, owner: str, connection: Connection) -> None:
        self._job = job
        self._owner = owner
        self._connection = connection
        self._hand: deque[_Copy] = deque()
        self._last: _Ended | None = None
        self._setbacks = 0
        self._claimed_at = job.clock()
        self._is_done = False
        self.trouble: Outcome | None = None  # why it gave up on the server

    def work(self) -> None:
        with self._connection:
            try:
                while not self._is_done and not self._job.stop.is_set():
                    self._go_on()
            finally:
                self._let_go()

    def _go_on(self) -> None:
        if not self._hand:
            self._refill()
        elif trouble := self._connection.connect():
            self._let_go()
            self._take_setback(trouble)
        else:
            self._send(self._hand.popleft())

    def _refill(self) -> None:
        """Claim and print a share, or wait until there may be one."""
        self._claimed_at = self._job.clock()
        share = self._with_last(self._claim)
        blank = [lease for lease, recipient in share.recipients if not self._print(lease, recipient)]
        if blank:
            commit_or_retry(lambda: self._skip(blank))
        if not share.recipients:
            self._wait_for(share)

    def _claim(self) -> Share:
        job = self._job
        return claim_share(
            job.edition_id, self._owner, job.terms.batch, job.terms.lease, job.settings, self._claimed_at
        )

    def _print(self, lease: Lease, recipient: Recipient) -> bool:
        try:
            raw = self._job.press.print(recipient, self._job.clock())
        except InvalidAddress:
            return False
        if raw is not None:
            self._hand.append(_Copy(lease, recipient, raw))
        return raw is not None

    def _wait_for(self, share: Share) -> None:
        now = self._job.clock()
        if not share.is_open or share.again_at is None or share.again_at > now + self._job.terms.linger:
            self._is_done = True
            return
        # Others may free something earlier, or finish, so look again soon.
        seconds = (share.again_at - now).total_seconds()
        self._job.stop.wait(min(LONGEST_REST_SECONDS, max(SHORTEST_REST_SECONDS, seconds)))

    def _send(self, copy: _Copy) -> None:
        asked_at = self._job.clock()
        gate = self._with_last(lambda: delivery.begin(copy.lease, self._job.terms.transmission, asked_at))
        if gate is Gate.OPEN:
            self._transmit(copy, asked_at)
            return
        self._is_done = gate is Gate.CLOSED
        commit_or_retry(lambda: self._leave([copy.lease]))

    def _transmit(self, copy: _Copy, asked_at: datetime) -> None:
        # This process may have been stopped since, for so long that the delivery was taken from it.
        if self._job.clock() - asked_at > self._job.terms.start_within:
            commit_or_retry(lambda: self._withdraw(copy.lease))
            return
        sender = self._job.press.envelope_from(copy.recipient)
        outcome = self._connection.transmit(sender, copy.recipient.address, copy.raw)
        self._last = _Ended(copy.lease, outcome)
        if outcome.kind is OutcomeKind.ACCEPTED:
            self._setbacks = 0
        else:
            self._with_last(lambda: None)
            self._mind(outcome)

    def _mind(self, outcome: Outcome) -> None:
        if action_for(outcome) is Action.RECONNECT_AND_RETRY:
            self._take_setback(outcome)
        else:
            self._setbacks = 0

    def _take_setback(self, outcome: Outcome) -> None:
        """Wait before the server is asked again, longer each time; in the end leave it to the next run."""
        self._setbacks += 1
        action = action_for(outcome)
        if action is Action.PAUSE:
            commit_or_retry(lambda: pause_for(self._job.edition_id, outcome, self._job.clock()))
        if action is Action.PAUSE or self._setbacks > SETBACKS_AT_MOST:
            self._is_done, self.trouble = True, outcome
        elif self._setbacks > 1:
            self._let_go()
            self._job.stop.wait(2.0 ** (self._setbacks - 2))

    def _with_last(self, step: Callable[[], T]) -> T:
        """Record how the last transmission ended, and do a step, in one transaction."""
        last = self._last

        def both() -> T:
            if last:
                record(last.lease, last.outcome, self._job.clock())
            return step()

        done = commit_or_retry(both)
        self._last = None
        return done

    def _let_go(self) -> None:
        """Write down how the last transmission ended, and give back what was not begun."""
        leases = [copy.lease for copy in self._hand]
        self._hand.clear()
        if leases or self._last:
            self._with_last(lambda: self._leave(leases))

    # What the allowance was charged for when it was claimed, and what is not transmitted now, is given back.

    def _leave(self, leases: list[Lease]) -> None:
        delivery.release(leases)
        allowance.release(len(leases), self._claimed_at)

    def _skip(self, leases: list[Lease]) -> None:
        delivery.skip(leases, NOTHING_CHOSEN, self._job.clock())
        allowance.release(len(leases), self._claimed_at)

    def _withdraw(self, lease: Lease) -> None:
        delivery.withdraw(lease, self._job.clock())
        allowance.release(1, self._claimed_at)
