"""A sender in a process of its own, with terms as short as a test can wait for.

As a program: `python -m tests.digest.sender EDITION TERMS` sends and prints how it ended; SIGTERM stops it.
"""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from tests.programs import SETTINGS, start
from verdicts import config, create_app
from verdicts.digest.sending import send
from verdicts.digest.worker import Terms
from verdicts.mailing.transport import Timeouts

SHORT = {"lease": 2.0, "transmission": 4.0, "start_within": 1.0, "linger": 6.0}
TIMEOUTS = {"connect": 5.0, "reply": 5.0, "last_reply": 5.0}


@dataclass(frozen=True)
class SenderProgram:
    process: "subprocess.Popen[str]"

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate(timeout=10)

    def stop(self) -> None:
        """Stop it, and wait until each of its threads stands still: one on another processor goes on for a moment."""
        self.process.send_signal(signal.SIGSTOP)
        while not self._stands_still():
            time.sleep(0.001)

    def _stands_still(self) -> bool:
        threads = Path(f"/proc/{self.process.pid}/task").glob("*/stat")
        return all(thread.read_text().rpartition(")")[2].split()[0] == "T" for thread in threads)

    def go_on(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    def end(self, seconds: float = 60) -> str:
        """Wait until it has ended by itself, and return how: a verdicts.digest.sending.Ended."""
        printed, _ = self.process.communicate(timeout=seconds)
        assert self.process.returncode == 0, printed
        return printed.split()[-1]


def sender(
    edition_id: int, *, database_url: str, folder: Path, settings: dict[str, str], **terms: float
) -> SenderProgram:
    """Start a sender. `terms` are in seconds, those of `Terms` and of `Timeouts`, and the `batch`."""
    environ = {**SETTINGS, "DATABASE_URL": database_url, "MAIL_RATE_PER_MINUTE": "1000000", **settings}
    arguments = ("-m", "tests.digest.sender", str(edition_id), json.dumps(terms))
    return SenderProgram(start(*arguments, instance=folder, **environ))


def short_terms(batch: int = 20, **seconds: float) -> Terms:
    """Return terms that a test can wait for; `seconds` are fields of Terms and of Timeouts."""
    timeouts = Timeouts(**{name: seconds.get(name, usual) for name, usual in TIMEOUTS.items()})
    spans = {name: timedelta(seconds=seconds.get(name, usual)) for name, usual in SHORT.items()}
    return Terms(batch=batch, timeouts=timeouts, **spans)


def main() -> None:
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    app = create_app(config.load(os.environ))
    with app.app_context():
        report = send(int(sys.argv[1]), stop=stop, terms=short_terms(**json.loads(sys.argv[2])))
        sys.stdout.write(f"{report.ended}\n")


if __name__ == "__main__":
    main()
