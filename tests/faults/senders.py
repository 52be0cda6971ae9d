"""An edition sent by senders that are killed, stopped and started, and what the mail server received."""

import random
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from tests.apps import new_app
from tests.digest.mailing_list import addresses, make_edition, make_subscribers, states
from tests.digest.sender import SenderProgram, sender
from tests.faults.serving import wait_until
from tests.smtp_server import SmtpServer, smtp_server
from verdicts.digest import resolving
from verdicts.digest.models import DeliveryState
from verdicts.digest.resolving import Resolution
from verdicts.digest.sending import EndReason, utc_now
from verdicts.engines import sqlite_driver
from verdicts.extensions import commit_or_retry, db


@dataclass(frozen=True)
class Sending:
    """A mail server, an edition for so many readers, and the means to send it; used within its app's context."""

    server: SmtpServer
    database_url: str
    folder: Path
    edition: int
    readers: int
    settings: dict[str, str]

    def sender(self, **options: float) -> SenderProgram:
        return sender(
            self.edition, database_url=self.database_url, folder=self.folder, settings=self.settings, **options
        )

    def send_all(self, **options: float) -> str:
        """Run senders, one after the other, until nothing is left that is sent without an operator."""
        for _ in range(20):
            if (ended := self.sender(**options).end(120)) not in {EndReason.MORE_LATER, EndReason.UNREACHABLE}:
                return ended
        raise AssertionError(f"it never came to an end: {self.counts()}")

    def stop_outside_a_transaction(self, program: SenderProgram) -> None:
        """Stop a sender where it holds no lock: one that does keeps the others waiting, whoever they are."""
        while True:
            program.stop()
            if self._nobody_is_writing():
                return
            program.go_on()
            time.sleep(0.01)

    def _nobody_is_writing(self) -> bool:
        if db.engine.dialect.name == "sqlite":
            with closing(sqlite_driver().connect(db.engine.url.database, timeout=0.2, isolation_level=None)) as probe:
                try:
                    probe.execute("BEGIN IMMEDIATE")
                except Exception:
                    return False
                return True
        time.sleep(0.2)
        open_ones = (
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in %'"
        )
        found = db.session.execute(sa.text(open_ones)).scalar_one()
        db.session.rollback()
        return int(found) == 0

    def accepted(self) -> int:
        return self.server.accepted()

    def wait_for(self, count: int, seconds: float = 60) -> None:
        wait_until(lambda: self.accepted() >= count, seconds)

    def counts(self) -> Counter[DeliveryState]:
        return Counter(states(self.edition).values())

    def copies(self) -> Counter[str]:
        """How many letters each reader got."""
        return Counter(self.server.recipients())

    def duplicates(self) -> int:
        return sum(copies - 1 for copies in self.copies().values())

    def missing(self) -> set[str]:
        return addresses(range(self.readers)) - set(self.server.recipients())

    def resolve_by_the_servers_log(self) -> int:
        """Resolve what is uncertain as an operator does who reads the mail server's log; return how many that were."""
        uncertain = resolving.list_uncertain(self.edition)
        db.session.rollback()
        log = set(self.server.recipients())
        for resolution in Resolution:
            ids = [each.subscriber_id for each in uncertain if (each.address in log) == (resolution is Resolution.SENT)]
            commit_or_retry(
                lambda ids=ids, resolution=resolution: resolving.resolve(self.edition, ids, resolution, utc_now())
            )
        return len(uncertain)


@contextmanager
def an_edition_to_send(
    database_url: str, folder: Path, readers: int, *, latency: float = 0.0, **settings: str
) -> Iterator[Sending]:
    """Set up a server, an edition and an application, until the block ends."""
    with smtp_server(folder / "smtp", latency=latency) as server:
        environ = {"MAIL_CONNECTIONS": "4", **server.settings, **settings}
        with new_app(database_url, folder, **environ):
            edition = make_edition(make_subscribers(readers))
            yield Sending(server, database_url, folder, edition, readers, environ)


def chance(number: int = 0) -> random.Random:
    return random.Random(f"20261123 {number}")  # noqa: S311  # a test repeats what it did
