"""Serialised messages: what Flask-Mail gets wrong, and ours do not."""

import re
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import formataddr
from pathlib import Path

import flask_mail
import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from tests.apps import new_app
from tests.mailing.letters import LETTER
from tests.makers import NOW
from tests.smtp_server import body_of
from verdicts.mailing.addresses import InvalidAddress, InvalidHeader
from verdicts.mailing.messages import Message, compose, message_id
from verdicts.mailing.rendering import Letter

ADA = "ada@readers.example"
UNSUBSCRIBE = f"<https://verdicts.test/newsletter/leave/{'t' * 60}>, <mailto:leave@verdicts.test?subject={'t' * 60}>"
FORBIDDEN = [
    "\r",
    "\n",
    "\r\nBcc: eve@elsewhere.example",
    "\x00",
    "\x1b",
    "\x7f",
    "\x85",
    "\u202e",
    "\u2066",
    "\u2028",
    "\ud800",
]


@pytest.fixture(scope="module", autouse=True)
def app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    folder = tmp_path_factory.mktemp("messages")
    with new_app(f"sqlite:///{folder / 'unused.sqlite3'}", folder, MAIL_DEFAULT_SENDER="news@verdicts.test") as app:
        yield app


def written(letter: Letter = LETTER, to: str = ADA, **rest: object) -> bytes:
    return compose(letter, to=to, message_id=message_id("test"), date=NOW, **rest).as_bytes()  # type: ignore[arg-type]


def read(raw: bytes) -> EmailMessage:
    return message_from_bytes(raw, EmailMessage, policy=policy.SMTP)


def theirs(**fields: object) -> bytes:
    """Return what Flask-Mail writes."""
    return flask_mail.Message(**{"subject": "x", "recipients": [ADA], "body": "x"} | fields).as_bytes()  # type: ignore[arg-type]


def line_of(raw: bytes, name: str) -> bytes:
    (line,) = [line for line in raw.split(b"\r\n") if line.lower().startswith(name.lower().encode() + b":")]
    return line


# What every message has


def test_a_message_holds_both_parts_as_they_were_written() -> None:
    message = read(written(Letter("Größe: zwei Werkzeuge", "Grüße\n\n.\nfrom a dot\n", "<p>Grüße</p>\n")))
    assert message.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    assert body_of(message, "plain") == "Grüße\n\n.\nfrom a dot\n"
    assert body_of(message, "html") == "<p>Grüße</p>\n"
    assert message["Subject"] == "Größe: zwei Werkzeuge"
    assert message["To"] == ADA
    assert message["From"] == "Verdicts <news@verdicts.test>"
    assert message["Date"].datetime == NOW
    assert message["Message-ID"] == message_id("test")
    assert message.defects == []


def test_the_same_letter_is_the_same_bytes() -> None:
    assert written() == written()


def test_lines_end_as_smtp_wants_and_nothing_else_looks_like_an_end() -> None:
    raw = written(Letter("x", "one\rtwo\ntwo\r\nthree\x0bfour\u2028five", "<p>\r\n.\r\n</p>"))
    assert re.search(rb"\r(?!\n)|(?<!\r)\n", raw) is None
    assert body_of(read(raw), "plain").split() == ["one", "two", "two", "three", "four", "five"]


def test_a_message_id_is_always_the_same_one_and_reveals_nothing() -> None:
    assert message_id("digest", 1, 2) == message_id("digest", 1, 2)
    assert len({message_id("digest", 1, 2), message_id("digest", 12), message_id("outbox", 1, 2)}) == 3
    assert re.fullmatch(r"<[0-9a-f]{40}@verdicts\.test>", message_id("digest", 1))


# Flask-Mail's faults, one by one


def test_flask_mail_folds_a_long_unsubscribe_address_into_nonsense() -> None:
    assert b"List-Unsubscribe: =?utf-8?q?" in theirs(extra_headers={"List-Unsubscribe": UNSUBSCRIBE})


def test_ours_stays_a_plain_address_on_one_line() -> None:
    raw = written(headers={"List-Unsubscribe": UNSUBSCRIBE})
    assert line_of(raw, "List-Unsubscribe") == f"List-Unsubscribe: {UNSUBSCRIBE}".encode()


@pytest.mark.parametrize("length", [1, 40, 78, 79, 200, 500, 900, 965])
def test_an_unsubscribe_address_is_plain_however_long(length: int) -> None:
    address = f"<https://{'x' * length}>"
    raw = written(headers={"List-Unsubscribe": f"{address}, <mailto:leave@verdicts.test?subject={'y' * 100}>"})
    assert address.encode() in raw
    assert read(raw)["List-Unsubscribe"].startswith(f"{address}, <mailto:")
    assert all(len(line) <= 998 for line in raw.split(b"\r\n"))


def test_an_address_that_fits_no_line_is_refused_instead_of_broken() -> None:
    with pytest.raises(InvalidHeader, match="List-Unsubscribe holds a word that fits no line"):
        written(headers={"List-Unsubscribe": f"<https://{'x' * 990}>"})


def test_flask_mail_lets_a_line_break_inject_a_header() -> None:
    assert line_of(theirs(extra_headers={"X-Name": "x\r\nBcc: eve@elsewhere.example"}), "Bcc")


@pytest.mark.parametrize("forbidden", FORBIDDEN)
@pytest.mark.parametrize("place", ["value", "name", "subject", "message id", "sender", "sender's name", "to"])
def test_ours_refuses_what_would_end_a_header_or_turn_it_around(place: str, forbidden: str) -> None:
    fields: dict[str, object] = {"letter": LETTER, "to": ADA, "message_id": "<x@verdicts.test>", "date": NOW}
    fields |= {
        "value": {"headers": {"X-Name": f"a{forbidden}b"}},
        "name": {"headers": {f"X-Na{forbidden}me": "x"}},
        "subject": {"letter": Letter(f"a{forbidden}b", "x", "x")},
        "message id": {"message_id": f"<a{forbidden}b@verdicts.test>"},
        "sender": {"sender": f"ne{forbidden}ws@verdicts.test"},
        "sender's name": {"sender": f"Ver{forbidden}dicts <news@verdicts.test>"},
        "to": {"to": f"a{forbidden}da@readers.example"},
    }[place]
    letter = fields.pop("letter")
    with pytest.raises(InvalidHeader):
        compose(letter, **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "name", ["Bcc", "To", "from", "Subject", "Content-Type", "MIME-Version", "", "X Name", "X:", "Ä"]
)
def test_no_header_is_set_that_is_not_the_callers_to_set(name: str) -> None:
    with pytest.raises(InvalidHeader):
        written(headers={name: "x"})


def test_flask_mail_sends_lines_of_any_length() -> None:
    raw = theirs(html=f"<p>{'x' * 2000}</p>")
    assert max(len(line) for line in raw.split(b"\r\n")) > 998


def test_ours_wraps_them_and_they_come_back_whole() -> None:
    html = f"<p>{'x' * 2000}{'ö' * 2000}</p>\n"
    raw = written(Letter("x" * 300, "y" * 2000, html))
    assert max(len(line) for line in raw.split(b"\r\n")) <= 998
    assert max(len(line) for line in raw.partition(b"\r\n\r\n")[2].split(b"\r\n")) <= 78
    assert body_of(read(raw), "html") == html


@pytest.mark.parametrize("subject", ["ö" * 250, "größer " * 40, "a" * 200 + "ö", "👩‍💻" * 60])
def test_a_subject_that_must_be_encoded_is_so_in_words_of_75_characters(subject: str) -> None:
    raw = written(Letter(subject, "x", "x"))
    assert all(len(word) <= 75 for word in re.findall(rb"=\?[^ \r]*", raw))
    assert read(raw)["Subject"] == subject


def test_flask_mail_cannot_write_to_a_local_part_that_is_not_ascii() -> None:
    with pytest.raises(UnicodeEncodeError):
        theirs(recipients=["jörg@readers.example"])


def test_ours_writes_it_as_smtputf8_has_it() -> None:
    raw = written(to="jörg@readers.example", headers={"List-Unsubscribe": UNSUBSCRIBE})
    assert line_of(raw, "To") == "To: jörg@readers.example".encode()
    assert line_of(raw, "List-Unsubscribe") == f"List-Unsubscribe: {UNSUBSCRIBE}".encode()


def test_an_international_domain_is_written_in_ascii() -> None:
    assert line_of(written(to="ada@bücher.example"), "To") == b"To: ada@xn--bcher-kva.example"


@given(value=st.text(max_size=300), place=st.sampled_from(["subject", "header", "sender"]))
def test_whatever_the_words_they_are_refused_or_arrive_and_bring_no_header_with_them(value: str, place: str) -> None:
    letter = Letter(value if place == "subject" else "x", "x", "x")
    more: dict[str, object] = {"headers": {"X-Words": value if place == "header" else "x"}}
    if place == "sender":
        more["sender"] = formataddr((value, "news@verdicts.test"), charset="utf-8")
    try:
        raw = written(letter, **more)
    except InvalidHeader:
        return
    message = read(raw)
    assert message.keys() == ["From", "To", "Subject", "Date", "Message-ID", "X-Words", "MIME-Version", "Content-Type"]
    assert raw.partition(b"\r\n\r\n")[0].isascii()
    assert all(len(line) <= 998 for line in raw.split(b"\r\n"))
    if place == "subject":
        assert message["Subject"].split() == value.split()


# Names, senders, addresses


@pytest.mark.parametrize(
    ("sender", "name", "address"),
    [
        ("news@verdicts.test", "Verdicts", "news@verdicts.test"),
        ("The Digest <news@verdicts.test>", "The Digest", "news@verdicts.test"),
        ('"Tools, compared" <news@verdicts.test>', "Tools, compared", "news@verdicts.test"),
        ("Größe <news@verdicts.test>", "Größe", "news@verdicts.test"),
        ("ש לום <news@verdicts.test>", "ש לום", "news@verdicts.test"),
        ("👩‍💻 <news@bücher.example>", "👩‍💻", "news@xn--bcher-kva.example"),
        ("news@127.0.0.1", "Verdicts", "news@127.0.0.1"),
        ("news@localhost", "Verdicts", "news@localhost"),
    ],
)
def test_a_sender_is_written_so_that_it_reads_as_it_was_meant(sender: str, name: str, address: str) -> None:
    raw = written(sender=sender)
    assert line_of(raw, "From").isascii()
    (found,) = read(raw)["From"].addresses
    assert (found.display_name, found.addr_spec) == (name, address)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "ada",
        "ada@",
        "@readers.example",
        "a b@readers.example",
        "ada@readers example",
        "ada@@readers.example",
        "ada@readers.example, eve@elsewhere.example",
        "Ada <ada@readers.example>",
        "ada@readers.example>",
        ".ada@readers.example",
    ],
)
def test_what_is_no_single_address_is_refused(address: str) -> None:
    with pytest.raises(InvalidAddress):
        compose(LETTER, to=address, message_id="<x@verdicts.test>", date=NOW)


def test_a_quoted_local_part_stays_what_it_was() -> None:
    assert read(written(to='"a b"@readers.example'))["To"].addresses[0].addr_spec == '"a b"@readers.example'


def test_flask_mail_takes_ours_for_one_of_its_own(tmp_path: Path) -> None:
    message = compose(LETTER, to=ADA, message_id="<x@verdicts.test>", date=NOW)
    assert isinstance(message, Message)
    assert isinstance(message, flask_mail.Message)
    assert str(message) == message.as_string() == bytes(message).decode()
    assert not message.has_bad_headers()
    assert message.send_to == {ADA}
