"""The contact page, which caches may keep, and its form, which loses no message."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask

from tests.conftest import ON_ONE_DATABASE
from tests.feedback.world import messages
from tests.web.conftest import PRESENT
from tests.web.corpus import EVERYTHING, HOSTILE_TEXTS
from tests.web.visitor import Page, Visitor
from verdicts.extensions import TooManyWriters
from verdicts.feedback import corrections
from verdicts.web import contact

CONTACT = "/contact"
TEXT = "Alpha costs €12 a month, not €9."
FULL = {
    "text": TEXT,
    "page": "/tools/alpha",
    "source": "https://alpha.example/pricing",
    "email": "ann@example.org",
}
AN_HOUR = timedelta(hours=1)


@pytest.fixture
def reader(app: Flask) -> Visitor:
    return Visitor(app, "203.0.113.7")


def send(visitor: Visitor, status: int = 303, **form: str) -> Page:
    return visitor.sends(CONTACT, {"text": TEXT, **form}, status)


def fault_of(page: Page, field: str) -> str:
    """Return what is said beside a field, and check that the field points to it."""
    box = page.by_id(field)
    assert box.get("aria-invalid") == "true"
    assert f"{field}-fault" in box.get("aria-describedby", "").split()
    return "".join(page.by_id(f"{field}-fault").itertext())


def typed(page: Page) -> dict[str, str]:
    """Return what stands in the form's fields."""
    boxes = {each.get("name", ""): each.get("value", "") for each in page.all("input", "field-box", page.main)}
    return boxes | {"text": page.one("textarea").text or ""}


def test_a_message_is_stored_and_leads_to_a_page_that_says_thank_you(reader: Visitor) -> None:
    assert send(reader, **FULL).headers["Location"] == "/contact/sent"
    assert reader.reads("/contact/sent").texts("h1") == ["Thank you."]
    (kept,) = messages()
    assert {name: getattr(kept, name) for name in FULL} == FULL
    assert (kept.sent_at, kept.is_open) == (PRESENT, True)
    assert reader.cookies == {}


def test_only_what_is_wrong_is_needed(reader: Visitor) -> None:
    send(reader)
    (kept,) = messages()
    assert (kept.text, kept.page, kept.source, kept.email) == (TEXT, "", None, None)


def test_a_text_keeps_its_lines_and_loses_only_blank_ends(reader: Visitor) -> None:
    send(reader, text="  One line.\r\nAnother.\r\n\r\n")
    assert messages()[0].text == "One line.\nAnother."


@ON_ONE_DATABASE
@pytest.mark.parametrize(
    ("field", "wrong", "says"),
    [
        ("text", "", "in a few words"),
        ("text", "too short", "in a few words"),
        ("text", " " * 50, "in a few words"),
        ("text", "x" * 4001, "longer than 4,000 characters (it has 4,001)"),
        ("text", f"{TEXT}\0", "cannot be stored"),
        ("page", "https://evil.example/tools/alpha", "no page of ours"),
        ("page", "//evil.example/", "no page of ours"),
        ("page", "/\\evil.example/", "no page of ours"),
        ("page", "/tools/ alpha", "no page of ours"),
        ("page", "/" + "x" * 600, "no page of ours"),
        ("source", "javascript:alert(1)", "https://"),
        ("source", "alpha.example", "https://"),
        ("source", "https://", "https://"),
        ("source", "https://[", "https://"),
        ("source", f"https://alpha.example/{'x' * 500}", "https://"),
        ("source", "https://alpha.example/ or the paper", "https://"),
        ("email", "ann", "an @"),
        ("email", "ann@example.org\r\nBcc: b@c.de", ""),
    ],
)
def test_a_mistake_is_said_beside_its_field_and_nothing_is_lost(
    reader: Visitor, field: str, wrong: str, says: str
) -> None:
    form = FULL | {field: wrong}
    page = send(reader, 422, **form)
    assert says in fault_of(page, field)
    assert page.one("div", "fault-summary").get("tabindex") == "-1"
    assert [each.get("href") for each in page.all("a", within=page.by_id("faults"))] == [f"#{field}"]
    assert typed(page) == {name: value.strip() for name, value in form.items()}
    assert page.texts("title")[0].startswith("Not yet: ")
    assert messages() == []


@ON_ONE_DATABASE
def test_a_text_keeps_the_marks_of_arabic_and_hebrew_keyboards_and_loses_what_reorders_it(reader: Visitor) -> None:
    send(reader, text="\u202a \u202eThe price\u200f \u2068שלום\u200e\u2069 is\u202c wrong\u061c.\u2067")
    assert messages()[0].text == "The price\u200f שלום\u200e is wrong\u061c."


@ON_ONE_DATABASE
@pytest.mark.parametrize("control", "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
def test_a_text_of_nothing_but_what_reorders_text_is_no_text(reader: Visitor, control: str) -> None:
    assert "in a few words" in fault_of(send(reader, 422, text=control * 12), "text")


@ON_ONE_DATABASE
@pytest.mark.parametrize("control", "\u202e\u2067")
def test_a_page_source_or_address_with_characters_that_reorder_text_is_refused(reader: Visitor, control: str) -> None:
    spoilt = {name: value + control + "a" for name, value in FULL.items() if name != "text"}
    page = send(reader, 422, **spoilt)
    assert all(fault_of(page, field) for field in spoilt)
    assert messages() == []


@ON_ONE_DATABASE
def test_all_mistakes_are_said_at_once(reader: Visitor) -> None:
    page = send(reader, 422, text="", source="nowhere", email="nobody")
    assert page.texts("h2", within=page.by_id("faults")) == ["Not sent yet: 3 things to fix"]


@pytest.mark.parametrize(("text", "length"), [("x" * 10, 10), ("€" * 4000, 4000), ("x\r\n" * 1999 + "xx", 4000)])
@ON_ONE_DATABASE
def test_a_text_may_be_as_short_and_as_long_as_is_said(reader: Visitor, text: str, length: int) -> None:
    send(reader, text=text)
    assert len(messages()[0].text) == length


@pytest.mark.parametrize(
    ("named", "kept"),
    [
        ("http://verdicts.test/tools/alpha", "/tools/alpha"),
        ("http://verdicts.test", "/"),
        ("/tools?q=a%20b#x", "/tools?q=a%20b#x"),
    ],
)
@ON_ONE_DATABASE
def test_the_whole_address_of_a_page_of_ours_will_do(reader: Visitor, named: str, kept: str) -> None:
    send(reader, page=named)
    assert messages()[0].page == kept


@ON_ONE_DATABASE
@pytest.mark.parametrize(
    ("about", "filled"),
    [
        ("/tools/alpha", "/tools/alpha"),
        ("/compare/a-vs-b", "/compare/a-vs-b"),
        ("https://evil.example/", ""),
        ("//evil.example", ""),
        ("javascript:alert(1)", ""),
        ("", ""),
    ],
)
def test_the_page_it_is_about_is_filled_in_if_it_is_one_of_ours(reader: Visitor, about: str, filled: str) -> None:
    page = reader.reads(f"/contact?about={about}")
    assert page.by_id("page").get("value") == filled
    assert page.headers["Cache-Control"].startswith("public")


@ON_ONE_DATABASE
@pytest.mark.parametrize("text", HOSTILE_TEXTS)
def test_nothing_that_is_typed_runs(reader: Visitor, text: str) -> None:
    send(reader, 422, text=text, page=text, source=text, email=text)


def test_what_is_written_is_stored_as_text(reader: Visitor) -> None:
    send(reader, text=EVERYTHING.replace("\n", " "))
    assert messages()[0].text == EVERYTHING.replace("\n", " ").replace("\u2028", "\n").replace("\u2029", "\n")


@ON_ONE_DATABASE
def test_what_fills_in_the_field_that_people_do_not_see_is_answered_alike_and_not_kept(reader: Visitor) -> None:
    usual = send(reader)
    answer = send(reader, leave_this_empty="https://spam.example")
    assert (answer.status, answer.headers["Location"]) == (usual.status, usual.headers["Location"])
    assert len(messages()) == 1


@ON_ONE_DATABASE
def test_people_neither_see_nor_reach_that_field(reader: Visitor) -> None:
    page = reader.reads(CONTACT)
    (trap,) = [each for each in page.all("input") if each.get("name") == "leave_this_empty"]
    assert (trap.get("tabindex"), trap.get("autocomplete")) == ("-1", "off")
    assert [each.get("aria-hidden") for each in page.all("p", "only-heard", page.main)] == ["true"]


@ON_ONE_DATABASE
def test_a_network_may_write_five_times_an_hour_and_loses_nothing(
    app: Flask, later: Callable[[timedelta], None]
) -> None:
    for number in range(5):
        send(Visitor(app, f"203.0.113.{number}"))
    late = Visitor(app, "203.0.113.9")
    page = send(late, 429, **FULL)
    assert page.headers["Retry-After"] == "3600"
    assert typed(page) == FULL
    assert "Send it again in an hour" in page.texts("p", "notice")[0]
    assert len(messages()) == 5
    send(Visitor(app, "198.51.100.1"))
    later(AN_HOUR)
    send(late)
    assert len(messages()) == 7


@ON_ONE_DATABASE
def test_mistakes_do_not_use_up_a_networks_share(reader: Visitor) -> None:
    for _ in range(20):
        send(reader, 422, text="")
    send(reader)


@ON_ONE_DATABASE
def test_beyond_a_hundred_an_hour_messages_wait_their_turn_and_nobody_is_refused(app: Flask) -> None:
    answers = [
        Visitor(app, f"198.18.{number}.7").opens("POST", CONTACT, form={"text": TEXT}).status_code
        for number in range(103)
    ]
    assert answers == [303] * 103
    delays = sorted(
        (each.sent_at - PRESENT).total_seconds() for each in corrections.list_page(5, PRESENT + timedelta(days=1))[0]
    )
    assert delays == [36, 72, 108]
    assert corrections.count_open(PRESENT) == 100
    assert corrections.count_open(PRESENT + timedelta(seconds=72)) == 102
    assert corrections.list_page(1, PRESENT)[1] == 100


@ON_ONE_DATABASE
def test_a_database_that_is_busy_loses_nothing(reader: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise TooManyWriters

    monkeypatch.setattr(contact, "begin_write", refuse)
    page = send(reader, 503, **FULL)
    assert page.headers["Retry-After"] == "2"
    assert typed(page) == FULL


@ON_ONE_DATABASE
def test_other_ways_to_reach_us_are_said_where_there_are_any(app_with: Callable[..., Flask]) -> None:
    told = Visitor(app_with(CONTACT_EMAIL="desk@verdicts.test", POSTAL_ADDRESS="1 Main Street, Springfield"))
    page = told.reads(CONTACT)
    assert "By mail: desk@verdicts.test" in page.words
    assert "1 Main Street, Springfield" in page.words
    assert "Other ways" not in Visitor(app_with()).reads(CONTACT).words


@ON_ONE_DATABASE
def test_every_page_leads_here(reader: Visitor) -> None:
    assert "/contact" in reader.reads("/").links()


@ON_ONE_DATABASE
def test_another_sites_message_is_refused(reader: Visitor) -> None:
    response = reader.opens("POST", CONTACT, form=FULL, headers={"origin": "https://evil.example"})
    assert response.status_code == 403
    assert messages() == []
