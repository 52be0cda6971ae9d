"""What a check found, in words, and what it may look at."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cached_property

from dns.resolver import Resolver

from verdicts.config import Settings
from verdicts.operations import jobs, queues
from verdicts.operations.checks.outside import Probe, Unreachable, ask
from verdicts.operations.jobs import JobState
from verdicts.operations.queues import Queues


class Status(StrEnum):
    OK = "ok"
    WARNING = "warning"
    FAULT = "fault"
    NOT_CHECKED = "not checked"


@dataclass(frozen=True)
class Result:
    """What one check found. `remedy` is what to do about it."""

    status: Status
    words: str
    remedy: str = ""


@dataclass
class Installation:
    """What the checks look at. What several of them need is looked up once."""

    settings: Settings
    now: datetime
    resolver: Resolver | None = None  # None: that of this machine
    letter_to: str | None = None
    dkim_selector: str | None = None

    @cached_property
    def probe(self) -> Probe | Unreachable:
        return ask(self.settings.base_url)

    @cached_property
    def jobs(self) -> dict[str, JobState]:
        return jobs.load_states()

    @cached_property
    def queues(self) -> Queues:
        return queues.load(self.now)


def ok(words: str) -> Result:
    return Result(Status.OK, words)


def warning(words: str, remedy: str) -> Result:
    return Result(Status.WARNING, words, remedy)


def fault(words: str, remedy: str) -> Result:
    return Result(Status.FAULT, words, remedy)


def not_checked(words: str) -> Result:
    return Result(Status.NOT_CHECKED, words)
