"""The demo's mail, read in a browser; nowhere else."""

import base64
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask

from tests.conftest import ON_ONE_DATABASE
from tests.makers import NOW
from tests.web.visitor import HEADERS, Visitor, read_html, words_of
from verdicts.mailing import mailbox
from verdicts.mailing.messages import compose, message_id
from verdicts.mailing.rendering import Letter
from verdicts.web.mailbox import add_links

HOSTILE = "<script>alert(1)</script>"
LETTER = Letter(
    f"Confirm {HOSTILE}",
    f"Hello {HOSTILE}\n\nhttp://verdicts.test/newsletter/confirm/abc\n",
    f"<p style='color: red'>Hello</p>{HOSTILE}<img src='http://elsewhere.example/pixel.gif'>",
)


@pytest.fixture
def demo(app_with: Callable[..., Flask]) -> Visitor:
    return Visitor(app_with(DEMO="1"))


def keep(visitor: Visitor, minutes: int = 0, to: str = "ada@readers.example", letter: Letter = LETTER) -> str:
    raw = compose(letter, to=to, message_id=message_id("test"), date=NOW).as_bytes()
    folder = Path(visitor.app.instance_path) / "mailbox"
    return mailbox.save(folder, "", to, raw, NOW + timedelta(minutes=minutes))


@ON_ONE_DATABASE
def test_an_empty_mailbox_says_how_it_is_filled(demo: Visitor) -> None:
    assert "None yet. Sign up" in demo.reads("/dev/mailbox").words


@ON_ONE_DATABASE
def test_the_newest_letter_stands_first(demo: Visitor) -> None:
    for minutes in (1, 3, 2):
        keep(demo, minutes, f"reader{minutes}@readers.example")
    page = demo.reads("/dev/mailbox")
    rows = page.texts("li", within=page.one("ol", "mail-list"))
    assert [row.partition("To ")[2].split("@")[0] for row in rows] == ["reader3", "reader2", "reader1"]
    assert HOSTILE in rows[0]
    assert page.headers["Cache-Control"] == "no-store"


@ON_ONE_DATABASE
def test_a_letters_text_can_be_read_and_its_links_followed(demo: Visitor) -> None:
    name = keep(demo)
    response = demo.opens("GET", f"/dev/mailbox/{name}")
    tree, _ = read_html(response.get_data(as_text=True))
    (text,) = list(tree.iter("pre"))
    assert words_of(text) == f"Hello {HOSTILE} http://verdicts.test/newsletter/confirm/abc"
    assert [each.get("href") for each in text.iter("a")] == ["http://verdicts.test/newsletter/confirm/abc"]
    assert not list(text.iter("script"))
    expected = HEADERS["Content-Security-Policy"] + "; frame-src 'self'"
    assert response.headers.getlist("Content-Security-Policy") == [expected]


@ON_ONE_DATABASE
def test_the_html_stands_in_a_frame_that_may_do_nothing(demo: Visitor) -> None:
    name = keep(demo)
    tree, _ = read_html(demo.opens("GET", f"/dev/mailbox/{name}").get_data(as_text=True))
    (frame,) = list(tree.iter("iframe"))
    assert frame.get("sandbox") == ""
    assert frame.get("title")
    response = demo.opens("GET", frame.get("src", ""))
    assert response.get_data(as_text=True).strip() == LETTER.html
    assert response.headers.getlist("Content-Security-Policy") == [
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; sandbox"
    ]
    for name, value in HEADERS.items():
        assert name == "Content-Security-Policy" or response.headers.getlist(name) == [value]


@ON_ONE_DATABASE
@pytest.mark.parametrize(
    "path", ["/dev/mailbox/notes", "/dev/mailbox/20261122T120500000000Z-0123abcd", "/dev/mailbox/..%2Fdemo/html"]
)
def test_a_letter_that_is_not_there_is_not_found(demo: Visitor, path: str) -> None:
    demo.reads(path, 404)


@ON_ONE_DATABASE
def test_other_installations_have_no_such_addresses(visitor: Visitor) -> None:
    name = keep(visitor)
    for path in ("/dev/mailbox", f"/dev/mailbox/{name}", f"/dev/mailbox/{name}/html"):
        visitor.reads(path, 404)
        visitor.sends(path, {}, 404)


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("no link", "no link"),
        ("a <b> & c", "a &lt;b&gt; &amp; c"),
        (
            "see http://a.example/b?c=1&d=2.",
            'see <a href="http://a.example/b?c=1&amp;d=2" rel="nofollow noopener">http://a.example/b?c=1&amp;d=2</a>.',
        ),
        ("(https://a.example)", '(<a href="https://a.example" rel="nofollow noopener">https://a.example</a>)'),
        ("javascript:alert(1) ftp://a.example", "javascript:alert(1) ftp://a.example"),
        (
            'https://a.example/"onmouseover="x',
            '<a href="https://a.example/" rel="nofollow noopener">https://a.example/</a>&#34;onmouseover=&#34;x',
        ),
    ],
)
def test_web_addresses_in_a_text_become_links_and_nothing_else_does(text: str, html: str) -> None:
    assert str(add_links(text)) == html


LAN = "192.168.1.7"
FORWARDED = ["Forwarded", "X-Forwarded-For", "X-Real-IP", "Via"]


def with_password(demo: Visitor, password: str) -> dict[str, str]:
    Path(demo.app.instance_path, "demo.env").write_text("DEMO_ADMIN_PASSWORD=0123456789abcdef\n")
    return {"authorization": "Basic " + base64.b64encode(f"admin:{password}".encode()).decode()}


@ON_ONE_DATABASE
def test_other_machines_need_the_demos_password(demo: Visitor) -> None:
    name = keep(demo)
    right, wrong = with_password(demo, "0123456789abcdef"), with_password(demo, "ü")
    other = Visitor(demo.app, LAN)
    for path in ("/dev/mailbox", f"/dev/mailbox/{name}", f"/dev/mailbox/{name}/html", "/dev/mailbox/none"):
        for headers in ({}, wrong, {"authorization": "Bearer 0123456789abcdef"}):
            answer = other.opens("GET", path, headers=headers)
            assert answer.status_code == 401
            assert answer.headers["WWW-Authenticate"].startswith("Basic ")
            assert "readers.example" not in answer.text
        assert other.opens("GET", path, headers=right).status_code == (404 if path.endswith("none") else 200)


@ON_ONE_DATABASE
@pytest.mark.parametrize("header", FORWARDED)
def test_who_comes_through_a_proxy_on_this_machine_is_another_machine(demo: Visitor, header: str) -> None:
    with_password(demo, "")
    assert demo.opens("GET", "/dev/mailbox", headers={header.replace("-", "_"): "203.0.113.1"}).status_code == 401
    assert Visitor(demo.app, "::1").opens("GET", "/dev/mailbox").status_code == 200


@ON_ONE_DATABASE
def test_without_a_password_other_machines_find_no_mailbox(demo: Visitor) -> None:
    assert Visitor(demo.app, LAN).opens("GET", "/dev/mailbox").status_code == 404
