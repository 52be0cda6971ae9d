"""Mail addresses are recognised anywhere in a text."""

import pytest

from verdicts.mailing.addresses import has_address


@pytest.mark.parametrize(
    "text",
    [
        "ann@example.org",
        "Told <Ann.Lee+news@Mail.Example.ORG>, twice.",
        "mailto:ann@example.org?subject=x",
        '"ann lee"@example.org',
        "josé@exämple.org",
        "ann@xn--exmple-cua.org",
        "ann@例え.テスト",
        "ann＠example．org",
        "ann@example。org",
        "a@b.c",
        "Both:x@y.example;z",
    ],
)
def test_an_address_is_known(text: str) -> None:
    assert has_address(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Corrected.",
        "@ann said so",
        "3 @ 5",
        "pinned to pkg@1.2.3",
        "https://blog.example/@ann.lee",
        "a@b",
        "x @ y.z",
    ],
)
def test_what_only_has_an_at_sign_is_none(text: str) -> None:
    assert not has_address(text)


def test_a_long_text_is_searched_at_once() -> None:
    assert not has_address("1@1." * 20_000 + "1." * 20_000)
