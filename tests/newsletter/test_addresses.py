"""What counts as an address, and which spellings are one mailbox."""

import hashlib

import pytest
from flask import Flask

from tests.conftest import ON_ONE_DATABASE
from verdicts.mailing.addresses import InvalidAddress
from verdicts.newsletter.addresses import parse_email

pytestmark = [ON_ONE_DATABASE, pytest.mark.usefixtures("app")]


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("ann@example.org", "ann@example.org"),
        ("  ann@example.org\t", "ann@example.org"),
        ("Ann.Lee+news@EXAMPLE.org", "Ann.Lee+news@example.org"),
        ("ann@bücher.example.org", "ann@bücher.example.org"),
        ("ann@xn--bcher-kva.example.org", "ann@bücher.example.org"),
        ("ändi@example.org", "ändi@example.org"),
        ("用户@例子.公司", "用户@例子.公司"),
        ("o'neil@example.org", "o'neil@example.org"),
    ],
)
def test_an_address_is_stored_as_it_was_typed_but_normalised(typed: str, kept: str) -> None:
    assert parse_email(typed).text == kept


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ann@Example.Org", "ann@example.org"),
        ("ann@bücher.example.org", "ann@xn--bcher-kva.example.org"),
        ("a\u0308ndi@example.org", "ändi@example.org"),
    ],
)
def test_spellings_of_one_mailbox_share_a_key(one: str, other: str) -> None:
    assert parse_email(one).key == parse_email(other).key


@pytest.mark.parametrize("other", ["ann+news@example.org", "a.nn@example.org", "ann@example.com", "anne@example.org"])
def test_different_mailboxes_have_different_keys(other: str) -> None:
    assert parse_email(other).key != parse_email("ann@example.org").key


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "   ",
        "ann",
        "ann@",
        "@example.org",
        "ann@example",
        "ann example.org",
        "ann@exa mple.org",
        "ann@example..org",
        "ann@example.org, ben@example.org",
        "Ann <ann@example.org>",
        "ann@example.org\r\nBcc: ben@example.org",
        "ann\0@example.org",
        "ann\u202e@example.org",
        "ann@[192.0.2.1]",
        "ann@localhost",
        f"{'a' * 65}@example.org",
        f"ann@{'a.' * 130}org",
        "a" * 100_000,
        "ann@" + "例" * 300,
    ],
)
def test_what_is_no_address_is_refused_in_words(typed: str) -> None:
    with pytest.raises(InvalidAddress) as refused:
        parse_email(typed)
    assert str(refused.value).endswith((".", ":")) or "@" in str(refused.value)


def test_a_key_cannot_be_computed_without_our_hash_key(app: Flask) -> None:
    assert len(parse_email("ann@example.org").key) == 64
    assert parse_email("ann@example.org").key != hashlib.sha256(b"ann@example.org").hexdigest()


@pytest.mark.parametrize("text", ["ann@example", "ann@localhost"])
def test_an_address_without_a_dot_is_told_what_it_needs(text: str) -> None:
    with pytest.raises(InvalidAddress, match=r"It needs a dot, as in example\.org\."):
        parse_email(text)


@pytest.mark.parametrize("text", ["ann@example.", ".ann@example.org", "ann@example..org"])
def test_no_message_calls_a_dot_a_period(text: str) -> None:
    with pytest.raises(InvalidAddress, match="dot"):
        parse_email(text)
