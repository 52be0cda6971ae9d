"""Which searches may be counted."""

import pytest

from verdicts.traffic.searches import normalise


@pytest.mark.parametrize(
    ("text", "normalised"),
    [
        ("  Video   EDITOR! ", "video editor"),
        ("Café-bot", "cafe bot"),
        ("画像生成", "画像生成"),
        ("gpt 4.1", "gpt 4 1"),
        ("claude-3-5", "claude 3 5"),
        ("stable-diffusion3", "stable diffusion3"),
    ],
)
def test_a_search_is_counted_as_its_folded_words(text: str, normalised: str) -> None:
    assert normalise(text) == normalised


@pytest.mark.parametrize(
    "text",
    [
        "ann@example.org",
        "who is ann＠example。org",
        "@annsmith",
        "+49 151 2345-6789",
        "4111 1111 1111 1111",
        "DE89 3704 0044 0532 0130 00",
        "192.168.1.17",
        "2001:db8:85a3:8d3:1319:8a2e:370:7348",
        "sk live 4eC39HqLyjWDarjtT1zdp7dc",
        "please write me a long letter about my landlord",
        "x" * 25,
        "x",
        "!?",
        "",
    ],
)
def test_what_may_be_personal_or_is_no_search_is_not_counted(text: str) -> None:
    assert normalise(text) is None
