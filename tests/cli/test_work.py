"""`flask work`: letters, the digest and housekeeping in one process; no fault of one ends the others."""

import logging
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import click
import pytest
import time_machine
from flask import Flask

from tests import programs
from tests.apps import pooled_app
from tests.conftest import ON_ONE_DATABASE
from tests.digest.mailing_list import make_edition, make_subscribers, state_of
from tests.faults.serving import wait_until
from tests.forked import Program
from tests.mailing.letters import LETTER
from tests.smtp_server import SmtpServer
from verdicts.cli.recorded_jobs import RecordedJob
from verdicts.cli.timers import Round
from verdicts.cli.work import back_up
from verdicts.digest.models import EditionState
from verdicts.extensions import begin_write, db
from verdicts.mailing import outbox
from verdicts.operations import jobs

Starts = Callable[..., Program]
NEVER = threading.Event()


@pytest.fixture
def app(database_url: str, smtp: SmtpServer) -> Iterator[Flask]:
    with pooled_app(database_url, **smtp.settings) as application:
        yield application


@pytest.fixture
def starts(app: Flask, database_url: str, tmp_path: Path, smtp: SmtpServer) -> Iterator[Starts]:
    started = []

    def start(*options: str) -> Program:
        settings = {**programs.SETTINGS, "DATABASE_URL": database_url, **smtp.settings}
        started.append(programs.start("-m", "flask", "--app", "wsgi", "work", *options, instance=tmp_path, **settings))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait(timeout=30)


def put(*recipients: str) -> None:
    begin_write()
    for recipient in recipients:
        outbox.put(LETTER, to=recipient, now=datetime.now(UTC))
    db.session.commit()


def states() -> dict[str, jobs.JobState]:
    found = jobs.load_states()
    db.session.rollback()
    return found


def test_letters_the_digest_and_housekeeping_are_done_by_one_process(starts: Starts, smtp: SmtpServer) -> None:
    edition = make_edition(make_subscribers(3))
    process = starts()
    put("ada@readers.example")
    smtp.wait_for(4)
    wait_until(lambda: state_of(edition) is EditionState.SENT, 60)
    wait_until(lambda: states().keys() == {"mail", "digest", "housekeeping"}, 60)
    wait_until(lambda: all(state.done_at for state in states().values()), 60)
    assert not any(state.problem for state in states().values())
    status, printed = process.stop()
    assert (status, printed.splitlines()[-1]) == (0, "Stopped.")
    assert "Letters sent: 1. To be tried again: 0. Given up: 0." in printed.splitlines()
    assert smtp.recipients().count("ada@readers.example") == 1


@ON_ONE_DATABASE
def test_what_timers_call_leaves_the_same_states(app: Flask, smtp: SmtpServer) -> None:
    runner = app.test_cli_runner()
    for command in (["digest", "run"], ["housekeeping"], ["mail", "run"]):
        assert runner.invoke(args=command).exit_code == 0
    assert all(state.done_at and not state.problem for state in states().values())
    smtp.stop()
    put("ada@readers.example")
    assert runner.invoke(args=["mail", "run"]).exit_code == 1
    smtp.start()
    problems = {name: state.problem for name, state in states().items() if state.problem}
    assert problems.keys() == {"mail"}
    assert problems["mail"].startswith("Mail waits: ")
    assert states().keys() == {"mail", "digest", "housekeeping"}


@ON_ONE_DATABASE
def test_the_worker_ends_with_its_parent(starts: Starts) -> None:
    orphan = starts("--parent", "1")  # which is not its parent
    parent = Path(f"/proc/{orphan.pid}/stat").read_text().rpartition(")")[2].split()[1]
    assert orphan.wait(timeout=60) == 0
    child = starts("--parent", parent)
    wait_until(lambda: "mail" in states(), 60)
    assert child.poll() is None


@ON_ONE_DATABASE
def test_a_fault_of_a_job_is_logged_and_stored_and_ends_nothing(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    faults = [ValueError("a mistake of ours"), SystemExit(1), click.ClickException("The database was busy.")]

    def fail_at_first(_stop: threading.Event) -> Round:
        if faults:
            raise faults.pop(0)
        return Round(["Done."])

    job = RecordedJob("mail", fail_at_first)
    with caplog.at_level(logging.ERROR):
        assert job(NEVER).problem == "mail: ValueError, see the log"
    assert "a mistake of ours" in caplog.text
    assert states()["mail"].problem == "mail: ValueError, see the log"
    assert job(NEVER).problem == states()["mail"].problem == "mail: SystemExit, see the log"
    assert job(NEVER).problem == states()["mail"].problem == "mail: The database was busy."
    assert job(NEVER).lines == ["Done."]
    assert states()["mail"].problem == ""


@ON_ONE_DATABASE
def test_each_night_a_backup_is_written_and_verified_once(database_url: str, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    with pooled_app(database_url, BACKUP_DIR=str(folder)):
        job = RecordedJob("backup", partial(back_up, folder))
        (line,) = job(NEVER).lines
        (path,) = folder.iterdir()
        assert line.startswith(f"{path}: it restores.")
        assert states()["backup"].done_at
        assert job(NEVER).is_idle


@ON_ONE_DATABASE
def test_a_backup_that_fails_is_a_problem_and_tried_again_after_an_hour(database_url: str, tmp_path: Path) -> None:
    (tmp_path / "backups").write_text("a file where the folder should be")
    with pooled_app(database_url, BACKUP_DIR=str(tmp_path / "backups")):
        job = RecordedJob("backup", partial(back_up, tmp_path / "backups"))
        assert job(NEVER).problem.startswith("backup: ")
        assert job(NEVER).is_idle
        with time_machine.travel(datetime.now(UTC) + jobs.RETRY_AFTER * 1.1):
            assert not job(NEVER).is_idle


@ON_ONE_DATABASE
def test_the_worker_fails_where_a_job_ends_by_itself(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules["verdicts.cli.work"], "repeat", lambda _job, _stop: None)
    done = app.test_cli_runner().invoke(args=["work"])
    assert done.exit_code == 1
    assert "ended by itself, see the log: mail, digest, housekeeping" in done.output


@ON_ONE_DATABASE
def test_a_job_that_was_not_due_leaves_its_problem_standing(app: Flask) -> None:
    rounds = [Round(problem="Failed."), Round(is_idle=True)]
    job = RecordedJob("housekeeping", lambda _stop: rounds.pop(0))
    job(NEVER)
    job(NEVER)
    assert states()["housekeeping"].problem == "Failed."
