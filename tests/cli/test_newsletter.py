"""`flask newsletter …` as an operator calls it."""

import os
import stat
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from click.testing import Result
from flask import Flask

from tests.cli.imap_server import ImapServer
from tests.conftest import ON_ONE_DATABASE
from tests.makers import NOW
from tests.newsletter.bounce_messages import complaint, delivery_report, letter_to, our_letter
from tests.newsletter.world import ANN, ask, make_subscriber, statuses, suppress
from verdicts.extensions import db
from verdicts.newsletter import not_understood
from verdicts.newsletter.tokens import leave_token, reports_secret
from verdicts.staff import audit

HEAD = "email,consent_source,consent_at\n"


@pytest.fixture(autouse=True)
def the_present() -> Iterator[None]:
    with time_machine.travel(NOW):
        yield


def run(app: Flask, *arguments: str, given: bytes | str | None = None, **environ: str) -> Result:
    db.session.rollback()
    return app.test_cli_runner().invoke(args=["newsletter", *arguments], input=given, env=environ)


def counts(**some: int) -> list[str]:
    names = ("pending", "confirmed", "left", "bounced", "complained", "erased")
    return [f"{name}: {some.get(name, 0)}" for name in names]


def test_an_import_says_what_it_did_and_counts_by_status(app: Flask, tmp_path: Path) -> None:
    make_subscriber("known@example.org")
    ask("pending@example.org")
    suppress("left@example.org", "left")
    names = ("new", "known", "pending", "left")
    file = tmp_path / "readers.csv"
    file.write_text(HEAD + "".join(f"{name}@example.org,Fair in Lyon,2026-03-01\n" for name in names))
    result = run(app, "import", str(file))
    assert result.exit_code == 0
    assert result.output.splitlines() == [
        "1 new, 1 confirmed that were pending, 1 known already, "
        "1 kept out because they left, bounced, complained or were erased.",
        *counts(confirmed=3),
    ]


def test_an_import_with_any_fault_stores_nothing_and_names_its_line(app: Flask) -> None:
    result = run(app, "import", "-", given=f"{HEAD}ann@example.org,Fair,2026-03-01\nben@example.org,,2026-03-01\n")
    assert result.exit_code == 1
    assert "nothing stored" in result.output
    assert "line 3: consent_source must say where" in result.output
    assert statuses() == []


@ON_ONE_DATABASE
@pytest.mark.parametrize("given", [b"\xff\xfe", b"", HEAD.encode("utf-16")])
def test_what_is_no_text_is_refused_in_words(app: Flask, given: bytes) -> None:
    result = run(app, "import", "-", given=given)
    assert result.exit_code == 1
    assert "Traceback" not in result.output


@ON_ONE_DATABASE
@pytest.mark.parametrize("command", [["import"], ["bounces"]])
def test_a_file_that_is_not_there_is_said_in_words(app: Flask, command: list[str]) -> None:
    result = run(app, *command, "/no/such/file")
    assert result.exit_code == 1
    assert "No such file" in result.output


def test_an_export_can_be_imported_elsewhere(app: Flask, tmp_path: Path) -> None:
    make_subscriber("+zoe@example.org", consent_source="=1+1", consent_at=NOW - timedelta(days=9))
    make_subscriber("new@example.org", "pending")
    make_subscriber()
    file = tmp_path / "readers.csv"
    assert run(app, "export", str(file)).exit_code == 0
    assert file.read_text() == (
        f"{HEAD}'+zoe@example.org,'=1+1,2026-11-13T12:00:00+00:00\nann@example.org,A test,2026-11-22T12:00:00+00:00\n"
    )
    assert run(app, "export", "-").output == file.read_text()
    assert "2 known already" in run(app, "import", str(file)).output


@ON_ONE_DATABASE
def test_an_exported_file_may_be_read_by_its_owner_only(app: Flask, tmp_path: Path) -> None:
    file = tmp_path / "readers.csv"
    file.write_text("an old one")
    file.chmod(0o644)
    run(app, "export", str(file))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [name for name in os.listdir(tmp_path) if name.startswith(".readers")] == []


def test_status_counts_by_status(app: Flask) -> None:
    make_subscriber()
    ask("new@example.org")
    assert run(app, "status").output.splitlines() == counts(confirmed=1, pending=1)


# What the trail learns of it


def trail() -> list[tuple[str, str, object]]:
    """Return what the command line did to subscribers, the oldest first."""
    db.session.rollback()
    entries = list(reversed(audit.search()))
    assert {(each.actor, each.kind) for each in entries} <= {(audit.COMMAND_LINE, "subscriber")}
    assert "@" not in str(entries)
    return [(each.action, each.record, each.changes) for each in entries]


def test_an_import_is_in_the_trail_by_its_figures_unless_it_changes_nothing(app: Flask) -> None:
    ask("pending@example.org")
    given = f"{HEAD}pending@example.org,Fair,2026-03-01\nann@example.org,Fair,2026-03-01\n"
    for _ in range(2):
        assert run(app, "import", "-", given=given).exit_code == 0
    assert trail() == [("imported", "a spreadsheet", {"new": [None, 1], "confirmed": [None, 1]})]


def test_an_export_is_in_the_trail_before_it_is_given_out(app: Flask) -> None:
    make_subscriber()
    assert run(app, "export", "/no/such/folder/file.csv").exit_code == 1
    assert trail() == [("exported", "confirmed subscribers", {"addresses": [None, 1]})]


def test_whose_subscription_ended_by_what_came_back_is_in_the_trail_without_their_address(app: Flask) -> None:
    make_subscriber()
    for edition in (3, 3, 4, 4):
        run(app, "bounces", "-", given=delivery_report(original=our_letter(edition, subscriber_id=1)))
    assert trail() == [("ended the subscription of", "subscriber 1", {"reason": [None, "bounce"]})]


# What came back


def maildir(folder: Path, *messages: bytes) -> Path:
    for name in ("new", "cur", "tmp"):
        (folder / name).mkdir(parents=True)
    for number, message in enumerate(messages):
        (folder / "new" / f"{number}.host").write_bytes(message)
    return folder


def test_a_maildir_is_read_once(app: Flask, tmp_path: Path) -> None:
    for name in ("ann", "ben", "eve"):
        make_subscriber(f"{name}@example.org")
    box = maildir(
        tmp_path / "box",
        delivery_report(original=our_letter(3, subscriber_id=1)),
        complaint(original=our_letter(subscriber_id=2)),
        letter_to("verdicts@verdicts.test", f"leave {leave_token(3, 1)}"),
        letter_to("verdicts@verdicts.test", "Hello", "Great issue!"),
        delivery_report(original=our_letter(4, subscriber_id=1)),
    )
    result = run(app, "bounces", str(box))
    assert result.output.splitlines() == [
        "5 read, 3 subscriptions ended, 1 marked by a first bounce, 1 without effect.",
        f"Of these 1 not understood: look at them in {not_understood_folder(app)}.",
    ]
    assert statuses() == ["bounced", "complained", "left"]
    assert sorted(os.listdir(box / "cur")) == [f"{number}.host:2,S" for number in range(5)]
    assert run(app, "bounces", str(box)).output == "0 read, 0 subscriptions ended, 0 without effect.\n"


@ON_ONE_DATABASE
def test_what_others_flagged_in_a_maildir_stays_flagged(app: Flask, tmp_path: Path) -> None:
    box = maildir(tmp_path / "box")
    (box / "cur" / "1.host:2,F").write_bytes(b"Subject: x\n\n")
    (box / "cur" / "2.host:2,RS").write_bytes(b"Subject: x\n\n")
    assert run(app, "bounces", str(box)).output.startswith("1 read")
    assert sorted(os.listdir(box / "cur")) == ["1.host:2,FS", "2.host:2,RS"]


@ON_ONE_DATABASE
def test_a_folder_that_is_no_maildir_is_said_in_words(app: Flask, tmp_path: Path) -> None:
    result = run(app, "bounces", str(tmp_path))
    assert result.exit_code == 1
    assert "no maildir" in result.output


def test_one_message_comes_on_standard_input(app: Flask) -> None:
    make_subscriber()
    result = run(app, "bounces", "-", given=delivery_report(original=our_letter(subscriber_id=1)))
    assert result.output == "1 read, 0 subscriptions ended, 1 marked by a first bounce, 0 without effect.\n"
    assert statuses() == ["confirmed"]


def test_an_imap_folder_is_read_once(app: Flask) -> None:
    make_subscriber()
    bounces = [delivery_report(original=our_letter(edition, subscriber_id=1)) for edition in (3, 4)]
    messages = [*bounces, letter_to("x@y.test", "Hello")]
    with ImapServer(messages, user="bounces", password="secret") as server:
        source = f"imap://bounces@127.0.0.1:{server.port}/Returned%20mail"
        result = run(app, "bounces", source, IMAP_PASSWORD="secret")
        assert result.output.startswith("3 read, 1 subscriptions ended, 1 marked"), result.output
        assert "Of these 1 not understood" in result.output
        assert run(app, "bounces", source, IMAP_PASSWORD="secret").output.startswith("0 read")
        assert server.folders == ["Returned mail", "Returned mail"]
    assert statuses() == ["bounced"]


@ON_ONE_DATABASE
@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("imap://bounces@127.0.0.1:{port}/x", "set IMAP_PASSWORD"),
        ("imap://bounces:wrong@127.0.0.1:{port}/x", "the server refused"),
        ("imap://127.0.0.1:{port}/x", "is written imaps://user@host/folder"),
        ("pop3://bounces@127.0.0.1:{port}/x", "is written imaps://user@host/folder"),
        ("imap://bounces:secret@127.0.0.1:1/x", "refused"),
        ("imaps://bounces:secret@127.0.0.1:{port}/x", ""),
    ],
)
def test_an_imap_folder_that_cannot_be_read_is_said_in_words(app: Flask, source: str, words: str) -> None:
    with ImapServer([], user="bounces", password="secret") as server:
        result = run(app, "bounces", source.format(port=server.port))
    assert result.exit_code == 1
    assert words in result.output
    assert "Traceback" not in result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)


@ON_ONE_DATABASE
def test_the_providers_address_is_printed_on_demand(app: Flask) -> None:
    result = run(app, "bounces", "--address")
    assert result.output == f"http://verdicts.test/newsletter/bounces/{reports_secret()}\n"
    assert run(app, "bounces").exit_code == 2


def test_housekeeping_destroys_what_nobody_confirmed(app: Flask) -> None:
    ask(ANN, NOW - timedelta(days=14))
    ask("ben@example.org")
    db.session.rollback()
    result = app.test_cli_runner().invoke(args=["housekeeping"])
    assert "Unconfirmed sign-ups destroyed: 1" in result.output.splitlines()
    assert "Turns of sign-ups forgotten: 2" in result.output.splitlines()
    assert statuses() == ["pending"]


ENVELOPE = b"From MAILER-DAEMON Mon Nov 23 08:00:00 2026\n"


def test_an_mbox_is_read_message_by_message(app: Flask, tmp_path: Path) -> None:
    make_subscriber()
    make_subscriber("eve@example.org")
    reports = [delivery_report(original=our_letter(edition_id, subscriber_id=1)) for edition_id in (3, 4)]
    letter = letter_to("verdicts@verdicts.test", f"leave {leave_token(2, 1)}", "Bye.\n\nFrom the desk of Eve")
    (tmp_path / "mbox").write_bytes(b"\n".join(ENVELOPE + raw.replace(b"\r\n", b"\n") for raw in [*reports, letter]))
    assert run(app, "bounces", str(tmp_path / "mbox")).output.startswith("3 read, 2 subscriptions ended, 1 marked")
    assert statuses() == ["bounced", "left"]


def test_a_report_is_one_message_whatever_lines_are_in_it(app: Flask, tmp_path: Path) -> None:
    make_subscriber()
    lines = b"\n\n" + ENVELOPE + b"Subject: An envelope in the letter\n\nFrom us, Monday\n"
    for edition_id, file in ((3, "-"), (4, str(tmp_path / "mbox"))):
        raw = delivery_report(original=our_letter(edition_id, subscriber_id=1))
        given = ENVELOPE + raw.replace(b"\nNews.\n", lines)
        (tmp_path / "mbox").write_bytes(given)
        assert run(app, "bounces", file, given=given).output.startswith("1 read")
    assert statuses() == ["bounced"]


def not_understood_folder(app: Flask) -> Path:
    return Path(app.config["SETTINGS"].instance_path) / "not-understood"


def test_what_is_not_understood_is_kept_for_an_operator_alone_and_within_bounds(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(not_understood, "MAX_FILES", 2)
    make_subscriber()
    given = delivery_report("5.0.0", diagnostic="smtp; 554 Transaction failed", original=our_letter(subscriber_id=1))
    folder = not_understood_folder(app)
    for _ in range(3):
        result = run(app, "bounces", "-", given=given)
        assert f"1 not understood: look at them in {folder}." in result.output
    assert statuses() == ["confirmed"]
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    kept = sorted(folder.iterdir())
    assert [(stat.S_IMODE(path.stat().st_mode), path.read_bytes()) for path in kept] == [(0o600, given)] * 2
    assert not_understood.delete_old(folder, NOW + timedelta(days=29)) == 0
    assert not_understood.delete_old(folder, NOW + timedelta(days=31)) == 2


@pytest.mark.parametrize("port", ["1", "99999"])
def test_a_password_in_an_address_is_never_printed(app: Flask, port: str) -> None:
    source = f"imaps://ann:s3cret@127.0.0.1:{port}/INBOX"
    refused = app.test_cli_runner().invoke(args=["newsletter", "bounces", source])
    assert (refused.exit_code, "s3cret" in refused.output) == (1, False)
    assert "imaps://ann:…@127.0.0.1" in refused.output


# Bringing back what bounced


def test_all_that_bounced_in_a_span_of_time_is_restored_with_one_command(app: Flask) -> None:
    for number in range(3):
        make_subscriber(f"reader{number}@example.org")
        for edition in (3, 4):
            report = delivery_report(original=our_letter(edition, subscriber_id=number + 1))
            run(app, "bounces", "-", given=report)
    assert statuses() == ["bounced"] * 3
    assert "0 subscriptions restored." in run(app, "restore", "2026-01-01", "2026-01-02T10:00").output
    result = run(app, "restore", "2026-01-01")
    assert result.output.startswith("3 subscriptions restored.\n"), result.output
    assert statuses() == ["confirmed"] * 3
    assert trail()[-1][2] == {"subscriptions": [None, 3]}
    assert run(app, "restore", "yesterday").exit_code == 2
