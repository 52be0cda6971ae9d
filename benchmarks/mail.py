"""How fast an edition is sent, compared with a bare loop that sends the same bytes over as many connections."""

import smtplib
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from queue import Empty, SimpleQueue
from statistics import median

import sqlalchemy as sa
from flask import current_app

from benchmarks.sink import PIPELINING, sink
from verdicts import config, create_app
from verdicts.digest import drafting, editions, weeks
from verdicts.digest.freezing import freeze
from verdicts.digest.messages import Recipient, load_message_builder
from verdicts.digest.models import DeliveryState, EditionState, delivery, edition
from verdicts.digest.sending import EndReason, send_due
from verdicts.extensions import begin_write, db
from verdicts.newsletter.addresses import parse_email
from verdicts.newsletter.models import Rhythm, Status, subscriber

LATENCIES = (0.005, 0.001, 0.0)
READERS = 1000
ROUNDS = 3
CONNECTIONS = 4
SOURCE = "A benchmark"

Letter = tuple[str, str, bytes]  # envelope sender, recipient, message


def measure(environ: dict[str, str], rounds: int, readers: int, latencies: Sequence[float] = LATENCIES) -> None:
    """Send an edition of the sample's week to so many readers, and the same letters by the bare loop, in turn.

    The mail server delays its replies, and offers PIPELINING (RFC 2920) or not; the bare loop does not use it.
    """
    print(f"\nAn edition for {readers:,} readers over {CONNECTIONS} connections, {rounds} rounds in turn; medians")
    print(f"{'':36} {'bare':>7} {'plain server':>15} {'PIPELINING':>15}")
    print(f"{'each reply of the mail server after':36} {'a second':>8}{' a second  ratio' * 2}")
    for latency in latencies:
        with sink(latency) as plain, sink(latency, PIPELINING) as quick, frozen_edition(environ, plain, readers) as id:
            letters = build_letters(id)
            times = [
                (time_bare_loop(plain, letters), time_sending(id, plain), time_sending(id, quick))
                for _ in range(rounds)
            ]
        bare, *ours = (median(readers / seconds for seconds in each) for each in zip(*times, strict=True))
        compared = "".join(f"{rate:9,.0f} {rate / bare:6.2f}" for rate in ours)
        print(f"{f'{1000 * latency:g} ms':36} {bare:8,.0f}{compared}")


@contextmanager
def frozen_edition(environ: dict[str, str], port: int, readers: int) -> Iterator[int]:
    """Freeze this week's edition for so many readers, in an application that mails through this port."""
    mail = {"MAIL_SERVER": "127.0.0.1", "MAIL_PORT": str(port), "MAIL_CONNECTIONS": str(CONNECTIONS)}
    unlimited = {"MAIL_RATE_PER_MINUTE": "1000000", "MAIL_MAX_PER_DAY": "100000000"}
    app = create_app(config.load(environ | mail | unlimited))
    with app.app_context():
        now = datetime.now(UTC)
        begin_write()
        subscribe(readers, now)
        db.session.execute(sa.delete(edition))  # the one that was sent at another latency
        id = drafting.draft_edition(weeks.week_of(now), now)
        if id is None:
            raise LookupError("nothing happened in the sample's week")
        freeze(id, now)
        editions.start(id)
        db.session.commit()
        yield id
        db.session.remove()
        db.engine.dispose()


def subscribe(readers: int, now: datetime) -> None:
    existing = set(db.session.scalars(sa.select(subscriber.c.address)))
    addresses = [f"reader{number}@readers.example" for number in range(readers)]
    common = {"status": Status.CONFIRMED, "rhythm": Rhythm.EVERY_WEEK, "generation": 1, "consent_source": SOURCE}
    common |= {"consent_at": now, "confirmed_at": now}
    rows = [
        common | {"address": each, "address_key": parse_email(each).key} for each in addresses if each not in existing
    ]
    if rows:
        db.session.execute(sa.insert(subscriber), rows)


def build_letters(id: int) -> list[Letter]:
    builder, now = load_message_builder(id), datetime.now(UTC)
    rows = db.session.execute(sa.select(subscriber.c.id, subscriber.c.address, subscriber.c.generation)).all()
    db.session.rollback()
    recipients = [Recipient(row.id, row.address, row.generation) for row in rows]
    letters = ((builder.envelope_from(each), each.address, builder.build(each, now)) for each in recipients)
    return [(sender, to, raw) for sender, to, raw in letters if raw is not None]


def time_bare_loop(port: int, letters: Sequence[Letter]) -> float:
    """Send letters by smtplib and nothing else; return the seconds it took."""
    waiting: SimpleQueue[Letter] = SimpleQueue()
    for letter in letters:
        waiting.put(letter)

    def send_waiting() -> None:
        with smtplib.SMTP("127.0.0.1", port) as connection:
            try:
                while True:
                    sender, to, raw = waiting.get_nowait()
                    connection.sendmail(sender, [to], raw)
            except Empty:
                return

    threads = [threading.Thread(target=send_waiting) for _ in range(CONNECTIONS)]
    started_at = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.perf_counter() - started_at


def time_sending(id: int, port: int) -> float:
    """Let the edition be sent as `flask digest send` does, to all its readers; return the seconds it took."""
    current_app.extensions["mail"].port = port
    begin_write()
    db.session.execute(sa.update(edition).where(edition.c.id == id).values(state=EditionState.SENDING))
    fresh = {"state": DeliveryState.PENDING, "tries": 0, "first_tried_at": None, "owner": None, "lease_until": None}
    db.session.execute(sa.update(delivery).where(delivery.c.edition_id == id).values(**fresh))
    db.session.commit()
    started_at = time.perf_counter()
    report = send_due(id)
    seconds = time.perf_counter() - started_at
    if report.end_reason is not EndReason.DONE:
        raise RuntimeError(report)
    return seconds
