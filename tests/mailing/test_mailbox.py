"""Mail without a mail server: files that any mail program opens."""

import stat
from collections.abc import Iterator
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from flask import Flask

from tests.apps import NO_DATABASE, pooled_app
from tests.makers import NOW
from tests.smtp_server import body_of
from verdicts.mailing import mailbox
from verdicts.mailing.messages import compose, message_id
from verdicts.mailing.outcomes import OutcomeKind
from verdicts.mailing.rendering import Letter
from verdicts.mailing.transport import open_connection, transmit_message

ADA = "ada@readers.example"
LETTER = Letter("Größe: one SKIP", "Grüße\n", "<p>Grüße</p>\n")


@pytest.fixture
def app() -> Iterator[Flask]:
    """An application without a mail server and a database."""
    with pooled_app(NO_DATABASE) as application:
        yield application


@pytest.fixture
def folder(app: Flask) -> Path:
    return Path(app.instance_path) / "mailbox"


def raw(to: str = ADA, letter: Letter = LETTER) -> bytes:
    return compose(letter, to=to, message_id=message_id("test"), date=NOW).as_bytes()


def test_without_a_mail_server_a_message_becomes_a_file(app: Flask, folder: Path) -> None:
    with open_connection() as connection:
        assert connection.connect() is None
        outcome = transmit_message(connection, compose(LETTER, to=ADA, message_id=message_id("test"), date=NOW))
    assert outcome.kind is OutcomeKind.ACCEPTED
    (path,) = folder.iterdir()
    assert path.suffix == ".eml"
    message = message_from_bytes(path.read_bytes(), EmailMessage, policy=policy.SMTP)
    assert (message["Return-Path"], message["Delivered-To"]) == ("<verdicts@verdicts.test>", ADA)
    assert message["Subject"] == LETTER.subject
    assert body_of(message, "plain") == LETTER.text
    assert path.read_bytes().endswith(raw())


def test_letters_may_be_read_by_their_owner_only(app: Flask, folder: Path) -> None:
    name = mailbox.save(folder, "", ADA, raw(), NOW)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / f"{name}.eml").stat().st_mode) == 0o600


def test_the_newest_stands_first_and_only_so_many_are_read(app: Flask, folder: Path) -> None:
    for minutes in (1, 3, 2):
        mailbox.save(folder, "", f"reader{minutes}@readers.example", raw(), NOW + timedelta(minutes=minutes))
    found = mailbox.list_newest(folder, 2)
    assert [letter.recipient for letter in found] == ["reader3@readers.example", "reader2@readers.example"]
    assert found[0].at == NOW + timedelta(minutes=3)


def test_two_letters_of_one_moment_are_both_kept(app: Flask, folder: Path) -> None:
    assert len({mailbox.save(folder, "", ADA, raw(), NOW) for _ in range(20)}) == 20
    assert len(mailbox.list_newest(folder, 100)) == 20


def test_a_letter_is_read_as_it_was_written(app: Flask, folder: Path) -> None:
    found = mailbox.find(folder, mailbox.save(folder, "news@verdicts.test", ADA, raw(), NOW))
    assert found
    assert (found.subject, found.text, found.html) == (LETTER.subject, LETTER.text, LETTER.html)
    assert (found.sender, found.recipient, found.at) == ("Verdicts <verdicts@verdicts.test>", ADA, NOW)


def test_a_letter_to_an_international_address_is_kept_too(app: Flask, folder: Path) -> None:
    with open_connection() as connection:
        assert connection.transmit("", "jörg@bücher.example", raw("jörg@bücher.example")).kind is OutcomeKind.ACCEPTED
    (found,) = mailbox.list_newest(folder, 1)
    assert found.recipient == "jörg@bücher.example"
    assert found.subject == LETTER.subject


def test_an_empty_or_missing_folder_holds_no_letters(folder: Path) -> None:
    assert mailbox.list_newest(folder, 10) == []
    folder.mkdir()
    (folder / "20261122T120500000000Z-0123abcd.part").write_bytes(b"half a let")
    (folder / "notes.eml").write_bytes(b"nobody")
    assert mailbox.list_newest(folder, 10) == []


@pytest.mark.parametrize(
    "name", ["", "..", "../demo", "notes", "20261122T120500000000Z-0123abcd/../x", "20261122T120500000000Z-0123abcd"]
)
def test_no_other_file_is_read(app: Flask, folder: Path, name: str) -> None:
    folder.mkdir()
    (folder / "notes.eml").write_bytes(raw())
    (folder.parent / "demo.eml").write_bytes(raw())
    assert mailbox.find(folder, name) is None
