"""`flask digest draft`, `preview`, `test`, `schedule`, `cancel`, as an editor calls them."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path

import pytest
import time_machine
from flask import Flask

from tests.apps import pooled_app
from tests.conftest import ON_ONE_DATABASE
from tests.digest.weekly import LAST_WEEK, THIS_WEEK, a_turn, a_week, an_old_tool, drafted, writing
from tests.makers import NOW, make_subscriber
from verdicts.digest import editions
from verdicts.digest.editions import Edition
from verdicts.digest.models import EditionState
from verdicts.extensions import db
from verdicts.staff import audit

NEXT_DAY = NOW + timedelta(days=1)


@pytest.fixture(autouse=True)
def the_next_monday() -> Iterator[None]:
    with time_machine.travel(NEXT_DAY, tick=False):
        yield


def digest(app: Flask, *arguments: str, fails: bool = False) -> str:
    db.session.rollback()  # the command shares this test's session, and begins with none of its statements
    result = app.test_cli_runner().invoke(args=["digest", *arguments])
    assert result.exit_code == (1 if fails else 0), result.output
    return result.output


def this_week() -> Edition:
    return editions.get_by_week(THIS_WEEK)


def letters(app: Flask) -> list[Path]:
    return sorted(Path(app.instance_path, "mailbox").glob("*.eml"))


def test_draft_drafts_the_week_just_ended_and_says_what_is_in_it(app: Flask) -> None:
    a_week()
    assert digest(app, "draft").splitlines() == [
        "Edition 2026-w47 is drafted:",
        "  Changed their mind: 1",
        "  Prices: 1",
        "  New here: 1",
        "Look at it with: flask digest preview 2026-w47",
    ]
    assert this_week().state is EditionState.DRAFT


def test_in_the_demo_draft_drafts_the_current_week(database_url: str, tmp_path: Path) -> None:
    with pooled_app(database_url, DEMO="1") as app, time_machine.travel(NOW):
        a_week()
        assert "2026-w47 is drafted" in digest(app, "draft")


def test_a_draft_is_refreshed_and_a_week_without_one_is_drafted(app: Flask) -> None:
    a_week()
    assert "2026-w47 is drafted" in digest(app, "draft", "--refresh")
    a_turn(an_old_tool("omega"))
    expected = "Edition 2026-w47 is refreshed: 1 new, 0 updated, 0 no longer news.\n"
    assert digest(app, "draft", "--refresh") == expected
    assert "already exists" in digest(app, "draft", fails=True)


def test_draft_says_that_a_week_was_empty(app: Flask) -> None:
    a_week()
    assert digest(app, "draft", LAST_WEEK.name) == "Nothing happened in week 2026-w46, so it has no edition.\n"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["draft"], "already exists"),
        (["draft", "2026-w99"], "There is no week 99"),
        (["draft", "next"], "Enter a week such as 2026-w47"),
        (["draft", "2026-w49"], "has not started"),
        (["preview", "2026-w46"], "There is no edition 2026-w46"),
        (["cancel", "2026-w46"], "There is no edition 2026-w46"),
        (["test", "not an address"], "no mail address"),
        (["test", "a@b.example\r\nBcc: c@d.example"], "no mail address"),
    ],
)
def test_what_cannot_be_done_is_said_in_words(app: Flask, arguments: list[str], says: str) -> None:
    a_week()
    drafted()
    output = digest(app, *arguments, fails=True)
    assert says in output
    assert "Traceback" not in output
    assert letters(app) == []


@ON_ONE_DATABASE
def test_preview_prints_the_text_and_writes_both_parts(app: Flask) -> None:
    a_week()
    drafted()
    output = digest(app, "preview")
    assert output.startswith("Subject: Alpha: the Skeptic says SHIP now, and more\n")
    assert "It reads receipts now." in output
    html = Path(app.instance_path, "preview", "2026-w47.html").read_text()
    assert html.startswith("<!DOCTYPE html>")
    assert "It reads receipts now." in html
    assert this_week().state is EditionState.DRAFT


@pytest.mark.parametrize("command", [["preview"], ["schedule", "2026-11-24T10:00Z"]])
def test_who_approves_a_draft_hears_of_names_from_before(app: Flask, command: list[str]) -> None:
    _, _, alpha, _ = a_week()
    drafted()
    warning = "2 items use a name from before. Refresh: flask digest draft --refresh 2026-w47"
    with writing():
        db.session.merge(alpha).name = "Omega"
    assert warning in digest(app, *command)


def test_a_test_letter_goes_to_one_address_and_changes_nothing(app: Flask) -> None:
    a_week()
    make_subscriber("ann@example.org")
    found = drafted()
    for _ in range(2):
        assert digest(app, "test", "editor@example.org") == "The test email went to editor@example.org.\n"
    sent = [message_from_bytes(each.read_bytes(), policy=policy.SMTP) for each in letters(app)]
    assert [message["To"] for message in sent] == ["editor@example.org"] * 2
    assert sent[0]["Subject"] == "[Test] Alpha: the Skeptic says SHIP now, and more"
    assert editions.get_by_id(found.id) == found


def test_schedule_freezes_a_draft_and_may_move_its_moment(app: Flask) -> None:
    a_week()
    drafted()
    assert "goes out at 2026-11-24 08:00 UTC" in digest(app, "schedule", "2026-w47", "2026-11-24T09:00+01:00")
    assert this_week().state is EditionState.FROZEN
    digest(app, "schedule", "2026-11-24T10:00Z")
    assert this_week().scheduled_at == datetime.fromisoformat("2026-11-24T10:00+00:00")


def test_a_moment_that_has_passed_means_at_once(app: Flask) -> None:
    a_week()
    drafted()
    assert "the next `flask digest run` sends it" in digest(app, "schedule", "2026-11-01")


@pytest.mark.parametrize(
    "arguments",
    [["tomorrow"], ["2026-W47"], ["2026W47"], ["2026-w47", "25:00"], ["2026-w47", "2026-11-24", "08:00"], []],
)
@ON_ONE_DATABASE
def test_a_moment_that_is_none_is_refused_with_an_example(app: Flask, arguments: list[str]) -> None:
    a_week()
    drafted()
    result = app.test_cli_runner().invoke(args=["digest", "schedule", *arguments])
    assert result.exit_code == 2
    assert this_week().state is EditionState.DRAFT


def test_cancel_ends_an_edition_and_says_what_became_of_it(app: Flask) -> None:
    a_week()
    drafted()
    assert digest(app, "cancel") == "Edition 2026-w47 is cancelled. Nothing of it was sent.\n"
    assert "was cancelled" in digest(app, "cancel", fails=True)
    assert "is drafted" in digest(app, "draft")


def test_what_is_done_to_an_edition_is_in_the_audit_log_and_what_is_refused_is_not(app: Flask) -> None:
    a_week()
    make_subscriber("ann@example.org")
    digest(app, "draft", LAST_WEEK.name)
    digest(app, "draft")
    digest(app, "preview")
    digest(app, "test", "editor@example.org")
    digest(app, "schedule", "2026-11-24T08:00")
    digest(app, "schedule", "2026-11-25T08:00")
    digest(app, "cancel")
    digest(app, "cancel", fails=True)
    db.session.rollback()
    entries = audit.search()
    assert {(each.actor, each.kind, each.record) for each in entries} == {(audit.COMMAND_LINE, "edition", "2026-w47")}
    assert [(each.action, each.changes) for each in reversed(entries)] == [
        ("drafted", {}),
        ("sent a test email of", {}),
        ("scheduled", {"scheduled for": [None, "2026-11-24 08:00 UTC"]}),
        ("scheduled", {"scheduled for": ["2026-11-24 08:00 UTC", "2026-11-25 08:00 UTC"]}),
        ("cancelled", {"state": ["frozen", "cancelled"]}),
    ]
