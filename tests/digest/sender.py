"""A sender in a process of its own, with time limits as short as a test can wait for."""

import os
import signal
import threading
import time
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from tests import forked
from tests.forked import Program
from tests.programs import SETTINGS
from verdicts import config, create_app
from verdicts.digest.sending import send_due
from verdicts.digest.worker import SendingOptions
from verdicts.mailing.smtp import Timeouts

SHORT = {"claim_lease": 2.0, "transmission_lease": 4.0, "max_start_delay": 1.0, "max_idle": 6.0}
TIMEOUTS = {"connect": 5.0, "reply": 5.0, "last_reply": 5.0}


@dataclass(frozen=True)
class SenderProgram:
    program: Program

    def kill(self) -> None:
        self.program.kill()
        self.program.wait(timeout=10)

    def stop(self) -> None:
        """Stop it, and wait until each of its threads stands still: one on another processor goes on for a moment."""
        os.kill(self.program.pid, signal.SIGSTOP)
        while not self._stands_still():
            time.sleep(0.001)

    def _stands_still(self) -> bool:
        threads = Path(f"/proc/{self.program.pid}/task").glob("*/stat")
        return all(thread.read_text().rpartition(")")[2].split()[0] == "T" for thread in threads)

    def go_on(self) -> None:
        os.kill(self.program.pid, signal.SIGCONT)

    def end(self, seconds: float = 60) -> str:
        """Wait until it has ended by itself, and return how: a verdicts.digest.sending.EndReason."""
        status = self.program.wait(seconds)
        printed = self.program.printed
        assert status == 0, printed
        return printed.split()[-1]


def sender(
    edition_id: int, *, database_url: str, folder: Path, settings: dict[str, str], **options: float
) -> SenderProgram:
    """Start a sender. `options` are fields of `SendingOptions` and of `Timeouts`, times in seconds."""
    environ = {
        **SETTINGS,
        "DATABASE_URL": database_url,
        "INSTANCE_PATH": str(folder),
        "MAIL_RATE_PER_MINUTE": "1000000",
        **settings,
    }
    return SenderProgram(forked.call(_send, edition_id, options, environ=environ))


def short_options(batch_size: int = 20, **seconds: float) -> SendingOptions:
    """Return options that a test can wait for; `seconds` are fields of SendingOptions and of Timeouts."""
    assert seconds.keys() <= SHORT.keys() | TIMEOUTS.keys()
    timeouts = Timeouts(**{name: seconds.get(name, usual) for name, usual in TIMEOUTS.items()})
    spans = {name: timedelta(seconds=seconds.get(name, usual)) for name, usual in SHORT.items()}
    return SendingOptions(batch_size=batch_size, timeouts=timeouts, **spans)


def _send(edition_id: int, options: dict[str, float]) -> None:
    """Send, as a process. SIGTERM stops it."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    app = create_app(config.load(os.environ))
    with app.app_context():
        report = send_due(edition_id, stop=stop, options=short_options(**options))
        print(report.end_reason)  # noqa: T201
