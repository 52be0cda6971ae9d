"""Encoded words: whatever the script, a header is read as it was written, and every word is within its limit."""

import re
import unicodedata
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.headerregistry import Address
from email.utils import parseaddr

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verdicts.mailing.encoded_words import fold_mailbox, fold_text, needs_encoding

SCRIPTS = {
    "latin": "Zwei Urteile über Größe geändert",
    "cyrillic": "Изменение вердикта и новые цены для инструментов",
    "cjk": "二つの判定が変わり 新しい価格 比较",
    "arabic": "تغير حكم واحد وسعر جديد",
    "hebrew": "פסק דין אחד השתנה",
    "devanagari": "एक निर्णय बदला और नई कीमत",
    "emoji": "👩‍💻 SHIP 🛑 SKIP 🏳️‍🌈",
    "combining": unicodedata.normalize("NFD", "é à ü ấ ṩ résumé"),
}
ALPHABETS = [*SCRIPTS.values(), "plain words, only ASCII = ? _ '\"()<>@"]
texts = st.sampled_from(ALPHABETS).flatmap(lambda alphabet: st.text(st.sampled_from(alphabet + " "), max_size=250))


def check(raw: bytes, text: str) -> None:
    lines = raw.removesuffix(b"\r\n").split(b"\r\n")
    assert all(len(line) <= 76 for line in lines)
    assert all(len(word) <= 75 for word in re.findall(rb"=\?\S*", raw))
    assert all(line.startswith(b" ") for line in lines[1:])
    assert message_from_bytes(raw + b"\r\n", policy=policy.SMTP)["Subject"] == text
    value = raw.partition(b": ")[2].decode()
    assert str(make_header(decode_header(value))) == text  # a reader of another make
    for word in re.findall(rb"=\?\S*", raw):
        make_header(decode_header(word.decode()))  # no character is split


@given(texts.filter(str.strip))
def test_a_subject_of_any_script_is_read_as_it_was_written(text: str) -> None:
    check(fold_text("Subject", text), text)


@pytest.mark.parametrize("text", SCRIPTS.values(), ids=SCRIPTS)
def test_no_space_is_lost_wherever_a_line_ends(text: str) -> None:
    for length in range(60, 200, 7):
        subject = " ".join([text] * 8)[:length].strip()
        check(fold_text("Subject", subject), subject)


@given(texts.filter(str.strip))
def test_a_name_before_an_address_is_read_as_it_was_written(name: str) -> None:
    mailbox = Address(name, "news", "verdicts.test")
    raw = fold_mailbox("From", mailbox)
    assert all(len(word) <= 75 for word in re.findall(rb"=\?\S*", raw))
    # The modern parser of addresses keeps a space between two encoded words, against RFC 2047.
    words, address = parseaddr(raw.decode().removeprefix("From: ").replace("\r\n", ""))
    assert (str(make_header(decode_header(words))), address) == (name, "news@verdicts.test")


def test_what_looks_encoded_is_encoded_once_more() -> None:
    assert needs_encoding("=?utf-8?q?x?=")
    check(fold_text("Subject", "=?utf-8?q?x?= and more"), "=?utf-8?q?x?= and more")
