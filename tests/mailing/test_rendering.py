"""Rendered letters: real text, self-contained HTML, and links to this site."""

import re

import jinja2
import pytest
from flask import Flask

from tests.apps import new_app
from tests.web.visitor import read_html
from verdicts.config import CHECKOUT
from verdicts.mailing import rendering
from verdicts.mailing.rendering import Letter

GREETING = {
    "mail/greeting/subject.txt": "A word\n  for {{ name }}",
    "mail/greeting/body.txt": "{% extends 'mail/_layout.txt' %}{% block content %}Dear {{ name }},\n\n\n\nhello.   \n"
    "{% endblock %}{% block why %}You asked.{% endblock %}"
    "{% block leave %}Leave: {{ absolute_url('/leave') }}{% endblock %}",
    "mail/greeting/body.html": "{% extends 'mail/_layout.html' %}{% block content %}<h1>Dear {{ name }}</h1>"
    "<p><a class='button' href='{{ absolute_url('/here?a=1&b=2') }}'>Here</a></p>{% endblock %}"
    "{% block why %}You asked.{% endblock %}"
    "{% block leave %}<a href='{{ absolute_url('/leave') }}'>Leave</a>{% endblock %}",
}


@pytest.fixture(scope="module", autouse=True)
def app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    folder = tmp_path_factory.mktemp("letters")
    settings = {"POSTAL_ADDRESS": "1 Mill Lane & Co, 12345 Town", "SITE_NAME": "Ship & Skip"}
    with new_app(f"sqlite:///{folder / 'unused.sqlite3'}", folder, **settings) as app:
        assert app.jinja_env.loader
        app.jinja_env.loader = jinja2.ChoiceLoader([jinja2.DictLoader(GREETING), app.jinja_env.loader])
        yield app


@pytest.fixture
def letter() -> Letter:
    return rendering.render("greeting", name="<Ada> & Ben")


def test_the_subject_is_one_line_of_plain_words(letter: Letter) -> None:
    assert letter.subject == "A word for <Ada> & Ben"


def test_the_text_is_written_as_text_and_tidied(letter: Letter) -> None:
    assert letter.text == (
        "Ship & Skip\n\nDear <Ada> & Ben,\n\nhello.\n\n--\nYou asked.\n\nLeave: http://verdicts.test/leave\n\n"
        "Ship & Skip, 1 Mill Lane & Co, 12345 Town. No pixels, no rewritten links.\n"
    )


def test_the_html_escapes_what_it_is_given(letter: Letter) -> None:
    assert "<h1" in letter.html
    assert "Dear &lt;Ada&gt; &amp; Ben" in letter.html


def test_every_style_stands_in_its_element_and_only_conditions_remain_apart(letter: Letter) -> None:
    (style,) = re.findall(r"<style>(.*?)</style>", letter.html, re.DOTALL)
    assert re.sub(r"@media[^{]*\{(?:[^{}]*\{[^{}]*\})*\s*\}", "", style).strip() == ""
    assert "prefers-color-scheme: dark" in style
    tree, _ = read_html(letter.html)
    (button,) = [each for each in tree.iter("a") if each.get("class") == "button"]
    assert "background: #14181b" in button.get("style", "")


def test_the_html_loads_nothing_and_follows_nobody(letter: Letter) -> None:
    tree, _ = read_html(letter.html)
    assert {each.tag for each in tree.iter()}.isdisjoint({"img", "link", "script", "iframe", "object", "form"})
    assert not re.search(r"url\(|@import|@font-face|src=|background=", letter.html)


def test_links_are_built_from_the_base_url_whatever_host_was_asked_for(app: Flask) -> None:
    with app.test_request_context("/", headers={"Host": "evil.example"}):
        tree, _ = read_html(rendering.render("greeting", name="Ada").html)
    assert [each.get("href") for each in tree.iter("a")] == [
        "http://verdicts.test/",
        "http://verdicts.test/here?a=1&b=2",
        "http://verdicts.test/leave",
    ]


@pytest.mark.parametrize("path", ["leave", "https://evil.example/", "", "//evil.example/"])
def test_a_link_is_made_of_a_path_of_ours_only(path: str) -> None:
    with pytest.raises(ValueError, match="is no path of ours"):
        rendering.absolute_url(path)


def test_what_a_template_needs_and_is_not_given_is_an_error() -> None:
    with pytest.raises(jinja2.UndefinedError):
        rendering.render("greeting")


def test_the_colours_of_words_stand_out_in_light_and_in_dark() -> None:
    style = (CHECKOUT / "templates" / "mail" / "_style.css").read_text()
    light, _, dark = style.partition("@media (prefers-color-scheme: dark)")
    for ground, rules in (("#f4f6f2", light), ("#111517", dark)):
        words = set(re.findall(r"[ {]color: (#\w+)", rules))
        assert len(words) >= 3
        for word in words - {ground}:  # text in the colour of the paper is on a button
            assert contrast(ground, word) >= 4.5, word


def contrast(ground: str, word: str) -> float:
    """Return the contrast of two colours as WCAG 2 counts it."""
    lighter, darker = sorted((luminance(ground), luminance(word)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
