"""The work of one connection: claim a batch, then start, transmit and record each of its deliveries.

No transaction is open during a dialogue with the mail server. The outcome of one transmission is committed together
with the start of the next one, or at once if there is none to start.
"""

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from verdicts.config.mail import MailSettings
from verdicts.digest import brake
from verdicts.digest import delivery as delivery_steps
from verdicts.digest.claiming import ClaimedBatch, claim_batch
from verdicts.digest.delivery import INVALID_ADDRESS_REASON, NO_NEWS_REASON, Lease, StartResult
from verdicts.digest.group_commit import GroupCommit
from verdicts.digest.messages import MessageBuilder, Pieces, Recipient
from verdicts.digest.recording import NextStart, record_outcome
from verdicts.extensions import commit_or_retry
from verdicts.mailing import allowance
from verdicts.mailing.addresses import InvalidAddress
from verdicts.mailing.outcomes import Action, Outcome, OutcomeKind, action_for
from verdicts.mailing.smtp import Timeouts
from verdicts.mailing.transport import Connection

T = TypeVar("T")
MAX_LOST_CONNECTIONS_IN_A_ROW = 6
MIN_WAIT_SECONDS, MAX_WAIT_SECONDS = 0.02, 0.25


@dataclass(frozen=True)
class SendingOptions:
    """How many deliveries are claimed at once, and the time limits."""

    batch_size: int = 100
    claim_lease: timedelta = timedelta(seconds=60)
    transmission_lease: timedelta = timedelta(minutes=20)  # longer than all timeouts of mailing.smtp together
    max_start_delay: timedelta = timedelta(seconds=30)  # a process suspended for longer does not transmit
    max_idle: timedelta = timedelta(seconds=90)  # wait for deliveries that can be claimed within this time, then end
    timeouts: Timeouts = field(default_factory=Timeouts)


@dataclass(frozen=True)
class SendingJob:
    """What the workers of one edition share. `clock` returns an aware time; setting `stop` ends them.

    `starts` commits the starts of transmissions, and returns when one was started, or None. Workers that have nothing
    to send wait for `nothing_left`, which another one notifies when it ends.
    """

    edition_id: int
    builder: MessageBuilder
    settings: MailSettings
    options: SendingOptions
    clock: Callable[[], datetime]
    stop: threading.Event
    starts: GroupCommit[NextStart, datetime | None]
    nothing_left: threading.Condition = field(default_factory=threading.Condition)


@dataclass(frozen=True)
class _PreparedMessage:
    lease: Lease
    envelope_from: str
    address: str
    pieces: Pieces


@dataclass(frozen=True)
class _TransmissionResult:
    lease: Lease
    outcome: Outcome


class Worker:
    """Sends over one connection until nothing is left for it. Its name must be unique among all processes.

    `failure` is why it gave up on the mail server, if it did.
    """

    def __init__(self, job: SendingJob, name: str, connection: Connection) -> None:
        self._job = job
        self._name = name
        self._connection = connection
        self._prepared: deque[_PreparedMessage] = deque()
        self._unrecorded: _TransmissionResult | None = None
        self._lost_connections_in_a_row = 0
        self._claimed_at = job.clock()
        self._is_done = False
        self.failure: Outcome | None = None

    def run(self) -> None:
        with self._connection:
            try:
                while not self._is_done and not self._job.stop.is_set():
                    self._process_next()
            finally:
                self._record_and_release()

    def _process_next(self) -> None:
        if not self._prepared:
            self._claim_and_prepare()
        elif self._job.clock() >= self._claimed_at + self._job.options.claim_lease:
            self._record_and_release()  # each start would fail
        elif failure := self._connection.connect():
            self._record_and_release()
            self._back_off(failure)
        else:
            self._send(self._prepared.popleft())

    def _claim_and_prepare(self) -> None:
        """Claim a batch and prepare its messages; if there is none, wait until there may be one."""
        self._claimed_at = self._job.clock()
        batch = self._commit_with_outcome(self._claim)
        reasons = [(lease, self._prepare(lease, recipient)) for lease, recipient in batch.claims]
        for reason in {reason for _lease, reason in reasons if reason}:
            commit_or_retry(partial(self._skip, [lease for lease, each in reasons if each == reason], reason))
        if not batch.claims:
            self._wait_for_batch(batch)

    def _claim(self) -> ClaimedBatch:
        job, options = self._job, self._job.options
        return claim_batch(
            job.edition_id, self._name, options.batch_size, options.claim_lease, job.settings, self._claimed_at
        )

    def _prepare(self, lease: Lease, recipient: Recipient) -> str | None:
        """Prepare the message; return why there is none to send, or None.

        All of a batch are prepared before the first is sent: one after the other, while the processor's caches hold the
        code, they take little more than half the time. So their Date is that of the claim, a minute ago at most. The
        long pieces are joined later, of one message at a time.
        """
        try:
            pieces = self._job.builder.prepare(recipient, self._claimed_at)
        except InvalidAddress:
            return INVALID_ADDRESS_REASON
        if pieces is None:
            return NO_NEWS_REASON
        envelope_from = self._job.builder.envelope_from(recipient)
        self._prepared.append(_PreparedMessage(lease, envelope_from, recipient.address, pieces))
        return None

    def _wait_for_batch(self, batch: ClaimedBatch) -> None:
        now = self._job.clock()
        if not batch.is_being_sent or batch.retry_at is None or batch.retry_at > now + self._job.options.max_idle:
            self._is_done = True
            with self._job.nothing_left:
                self._job.nothing_left.notify_all()
            return
        # Another process may release deliveries earlier, or finish, so claim again soon.
        seconds = (batch.retry_at - now).total_seconds()
        with self._job.nothing_left:
            self._job.nothing_left.wait(min(MAX_WAIT_SECONDS, max(MIN_WAIT_SECONDS, seconds)))

    def _send(self, message: _PreparedMessage) -> None:
        raw = b"".join(message.pieces)
        if started_at := self._try_start(message.lease):
            self._transmit(message, raw, started_at)
            return
        # It may be startable after all; otherwise this says why it is not.
        now, time_limit = self._job.clock(), self._job.options.transmission_lease
        result = commit_or_retry(lambda: delivery_steps.start_transmission(message.lease, time_limit, now))
        if result is StartResult.STARTED:
            self._transmit(message, raw, started_at=now)
            return
        self._is_done = result is StartResult.NOT_SENDING
        commit_or_retry(lambda: self._release([message.lease]))

    def _try_start(self, lease: Lease) -> datetime | None:
        """Record the last acceptance if it is not recorded, and start a transmission, in one commit of all workers."""
        last = self._unrecorded
        start = NextStart(lease, last.lease, last.outcome.summary) if last else NextStart(lease)
        started_at = self._job.starts.run(start)
        self._unrecorded = None
        return started_at

    def _transmit(self, message: _PreparedMessage, raw: bytes, started_at: datetime) -> None:
        # The process may have been suspended since, for so long that its lease has expired.
        if self._job.clock() - started_at > self._job.options.max_start_delay:
            commit_or_retry(lambda: self._undo_start(message.lease))
            return
        outcome = self._connection.transmit(message.envelope_from, message.address, raw, is_dot_free=True)
        self._unrecorded = _TransmissionResult(message.lease, outcome)
        if outcome.kind is OutcomeKind.ACCEPTED:
            self._lost_connections_in_a_row = 0
        else:
            self._commit_with_outcome(lambda: None)
            self._handle_not_accepted(outcome)

    def _handle_not_accepted(self, outcome: Outcome) -> None:
        if action_for(outcome) is Action.RECONNECT_AND_RETRY:
            self._back_off(outcome)
        else:
            self._lost_connections_in_a_row = 0

    def _back_off(self, outcome: Outcome) -> None:
        """Wait before the next try, longer each time. After many failures leave the rest to the next run."""
        self._lost_connections_in_a_row += 1
        action = action_for(outcome)
        if action is Action.PAUSE:
            commit_or_retry(lambda: brake.pause(self._job.edition_id, f"The mail server refuses us: {outcome.summary}"))
        if action is Action.PAUSE or self._lost_connections_in_a_row > MAX_LOST_CONNECTIONS_IN_A_ROW:
            self._is_done, self.failure = True, outcome
        elif self._lost_connections_in_a_row > 1:
            self._record_and_release()
            self._job.stop.wait(2.0 ** (self._lost_connections_in_a_row - 2))

    def _commit_with_outcome(self, step: Callable[[], T]) -> T:
        """Run a step, and record the outcome of the last transmission if it is not recorded, in one transaction."""
        unrecorded = self._unrecorded

        def record_and_run() -> T:
            if unrecorded:
                record_outcome(unrecorded.lease, unrecorded.outcome, self._job.clock())
            return step()

        result = commit_or_retry(record_and_run)
        self._unrecorded = None
        return result

    def _record_and_release(self) -> None:
        """Record the outcome of the last transmission, and release the deliveries that were not started."""
        leases = [message.lease for message in self._prepared]
        self._prepared.clear()
        if leases or self._unrecorded:
            self._commit_with_outcome(lambda: self._release(leases))

    # Claiming took from the sending allowance. These steps give back the part that is not used now.

    def _release(self, leases: list[Lease]) -> None:
        delivery_steps.release(leases)
        allowance.release(len(leases), self._claimed_at)

    def _skip(self, leases: list[Lease], reason: str) -> None:
        delivery_steps.skip(leases, reason, self._job.clock())
        allowance.release(len(leases), self._claimed_at)

    def _undo_start(self, lease: Lease) -> None:
        delivery_steps.undo_start(lease, self._job.clock())
        allowance.release(1, self._claimed_at)
