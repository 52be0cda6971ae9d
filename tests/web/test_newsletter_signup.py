"""Signing up on the site: the same answer for every address, with and without JavaScript."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.conftest import ON_ONE_DATABASE, StatementCount
from tests.makers import make_tool
from tests.newsletter.world import ANN, ask, letters, make_subscriber, statuses, suppress
from tests.web import rich
from tests.web.conftest import PRESENT
from tests.web.visitor import Page, Visitor
from verdicts.extensions import TooManyWriters, db
from verdicts.mailing.models import outbox_letter
from verdicts.newsletter.models import signup_turn
from verdicts.web import limits, newsletter

SUBSCRIBE = "/newsletter/subscribe"
SENT = "/newsletter/sent"
STANDINGS = ["new", "pending", "confirmed", "left", "bounced", "erased", "complained", "asked just now"]
AN_HOUR = timedelta(hours=1)
LINES = pytest.mark.parametrize("htmx", [False, True], ids=["page", "fragment"])


@pytest.fixture
def reader(app: Flask) -> Visitor:
    return Visitor(app, "203.0.113.7")


def sign_up(
    visitor: Visitor, address: str = ANN, status: int | None = None, *, htmx: bool = False, **more: str
) -> Page:
    return visitor.sends(SUBSCRIBE, {"email": address, **more}, status or (200 if htmx else 303), htmx=htmx)


def make_known(standing: str) -> None:
    if standing in {"pending", "confirmed"}:
        make_subscriber(ANN, standing)
    elif standing == "asked just now":
        ask(ANN, PRESENT)
    elif standing != "new":
        suppress(ANN, standing)


def test_signing_up_mails_a_letter_and_leads_to_a_page_that_says_so(reader: Visitor) -> None:
    page = sign_up(reader)
    assert page.headers["Location"] == "/newsletter/sent"
    assert "Check your inbox." in reader.reads("/newsletter/sent").words
    assert [letter.recipient for letter in letters()] == [ANN]
    assert statuses() == ["pending"]


@ON_ONE_DATABASE
def test_htmx_gets_what_takes_the_forms_place(reader: Visitor) -> None:
    page = sign_up(reader, htmx=True)
    (root,) = list(page.tree)
    assert root.get("id") == "signup"
    assert page.by_id("signup-send").get("tabindex") == "-1"  # takes the focus of the button that is gone
    assert page.all("form") == []
    assert len(letters()) == 1


@LINES
@pytest.mark.parametrize("standing", STANDINGS)
def test_every_address_gets_the_same_bytes(app: Flask, standing: str, htmx: bool) -> None:
    one, other = Visitor(app, "203.0.113.7"), Visitor(app, "198.51.100.7")
    usual = sign_up(one, "nobody.knows@example.org", htmx=htmx).response
    make_known(standing)
    answer = sign_up(other, ANN, htmx=htmx).response
    ignored = {"x-request-id"}
    assert answer.get_data() == usual.get_data()
    assert [line for line in answer.headers if line[0].lower() not in ignored] == [
        line for line in usual.headers if line[0].lower() not in ignored
    ]


@pytest.mark.parametrize("standing", STANDINGS)
def test_every_address_takes_the_same_statements(app: Flask, statements: StatementCount, standing: str) -> None:
    one, other = Visitor(app, "203.0.113.7"), Visitor(app, "198.51.100.7")
    before = len(statements)
    sign_up(one, "nobody.knows@example.org")
    usual = len(statements) - before
    make_known(standing)
    before = len(statements)
    sign_up(other, ANN)
    assert len(statements) - before == usual == 8


@LINES
@ON_ONE_DATABASE
@pytest.mark.parametrize(
    "typed", ["", "ann", "ann@", 'ann"><script>@example.org', "ann@example.org\r\nBcc: b@c.de", "\0"]
)
def test_what_is_no_address_is_refused_beside_the_field_and_kept(reader: Visitor, typed: str, htmx: bool) -> None:
    page = sign_up(reader, typed, 422, htmx=htmx)
    field = page.by_id("signup-email")
    assert field.get("value") == typed
    assert field.get("aria-invalid") == "true"
    assert "signup-problem" in field.get("aria-describedby", "")
    assert "".join(page.by_id("signup-problem").itertext()).strip()
    assert letters() == []


@ON_ONE_DATABASE
def test_a_form_without_an_address_is_refused_and_of_two_the_first_is_taken(reader: Visitor) -> None:
    reader.sends(SUBSCRIBE, {}, 422)
    reader.sends(SUBSCRIBE, {"email": ["a@example.org", "b@example.org"]}, 303)  # type: ignore[dict-item]
    assert [letter.recipient for letter in letters()] == ["a@example.org"]


@pytest.mark.parametrize("typed", ["ann@bücher.example.org", "ändi@example.org", "用户@例子.公司"])
def test_addresses_of_any_script_are_taken(reader: Visitor, typed: str) -> None:
    sign_up(reader, typed)
    assert [letter.recipient for letter in letters()] == [typed]


@LINES
@ON_ONE_DATABASE
def test_what_fills_in_the_field_that_people_do_not_see_is_answered_alike_and_mailed_nothing(
    reader: Visitor, htmx: bool
) -> None:
    usual = sign_up(reader, htmx=htmx)
    answer = sign_up(reader, "robot@example.org", htmx=htmx, leave_this_empty="https://spam.example")
    assert answer.html == usual.html
    assert [letter.recipient for letter in letters()] == [ANN]


@ON_ONE_DATABASE
def test_people_neither_see_nor_reach_that_field(reader: Visitor) -> None:
    page = reader.reads(SUBSCRIBE)
    (trap,) = [each for each in page.all("input") if each.get("name") == "leave_this_empty"]
    assert (trap.get("tabindex"), trap.get("autocomplete")) == ("-1", "off")
    assert "signup-empty" in [each.get("class") for each in page.all("p") if each.get("aria-hidden") == "true"]


# Limits


@LINES
@ON_ONE_DATABASE
def test_a_network_may_sign_up_five_times_an_hour(app: Flask, later: Callable[[timedelta], None], htmx: bool) -> None:
    visitors = [Visitor(app, f"203.0.113.{number}") for number in range(1, 8)]
    for number, visitor in enumerate(visitors[:5]):
        sign_up(visitor, f"reader{number}@example.org", htmx=htmx)
    page = sign_up(visitors[5], ANN, 429, htmx=htmx)
    assert page.headers["Retry-After"] == "3600"
    assert page.by_id("signup-email").get("value") == ANN
    assert "an hour" in "".join(page.by_id("signup-problem").itertext())
    assert len(letters()) == 5
    sign_up(Visitor(app, "198.51.100.1"), ANN, htmx=htmx)
    later(AN_HOUR)
    sign_up(visitors[6], "late@example.org", htmx=htmx)
    assert len(letters()) == 7


@ON_ONE_DATABASE
def test_a_typing_mistake_does_not_use_up_the_networks_share(reader: Visitor) -> None:
    for _ in range(20):
        sign_up(reader, "ann@example", 422)
    sign_up(reader)


@ON_ONE_DATABASE
def test_many_addresses_from_one_network_make_five_letters(app: Flask) -> None:
    crowd = [Visitor(app, f"203.0.113.{1 + number}") for number in range(50)]
    answers = [
        visitor.opens("POST", SUBSCRIBE, form={"email": f"reader{number}@example.org"}).status_code
        for number, visitor in enumerate(crowd)
    ]
    assert (answers.count(303), answers.count(429)) == (5, 45)
    assert len(letters()) == 5


@pytest.fixture
def twenty_an_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "SIGNUPS_PER_HOUR", 20)
    monkeypatch.setattr(limits, "SIGNUPS_TOTAL_LIMIT", "20 per hour")


@ON_ONE_DATABASE
@pytest.mark.usefixtures("twenty_an_hour")
def test_beyond_the_limit_of_all_letters_wait_their_turn_and_nobody_is_refused(app: Flask) -> None:
    crowd = [Visitor(app, f"100.{number}.7.1") for number in range(23)]
    answers = [
        visitor.opens("POST", SUBSCRIBE, form={"email": f"reader{number}@example.org"})
        for number, visitor in enumerate(crowd)
    ]
    assert {answer.status_code for answer in answers} == {303}
    assert [answer.headers["Location"] for answer in answers[19:21]] == [SENT, f"{SENT}?late=1"]
    times = list(db.session.scalars(sa.select(outbox_letter.c.next_try_at).order_by(outbox_letter.c.id)))
    assert [(each - PRESENT).total_seconds() for each in times[18:]] == [0, 0, 180, 360, 540]
    again = Visitor(app, "203.0.113.77")
    assert "emails wait their turn" in again.sends(SUBSCRIBE, {"email": "reader22@example.org"}, htmx=True).words
    assert "within a day" in again.reads(f"{SENT}?late=1").words
    assert len(letters()) == 23  # one for each address


@ON_ONE_DATABASE
@pytest.mark.usefixtures("twenty_an_hour")
def test_a_network_that_is_refused_does_not_use_up_what_all_have_together(app: Flask) -> None:
    for _ in range(30):
        Visitor(app, "203.0.113.1").opens("POST", SUBSCRIBE, form={"email": ANN})
    page = sign_up(Visitor(app, "198.51.100.1"), "ben@example.org")
    assert page.headers["Location"] == SENT


# When the database is busy


@LINES
@ON_ONE_DATABASE
def test_a_busy_database_is_503_and_the_form_keeps_the_address(
    reader: Visitor, monkeypatch: pytest.MonkeyPatch, htmx: bool
) -> None:
    def refuse() -> None:
        raise TooManyWriters

    monkeypatch.setattr(newsletter, "begin_write", refuse)
    page = sign_up(reader, ANN, 503, htmx=htmx)
    assert page.headers["Retry-After"] == "2"
    assert page.by_id("signup-email").get("value") == ANN
    assert "few seconds" in "".join(page.by_id("signup-problem").itertext())


@ON_ONE_DATABASE
@pytest.mark.parametrize("origin", ["https://evil.example", "null"])
def test_another_site_cannot_sign_anybody_up(reader: Visitor, origin: str) -> None:
    reader.sends(SUBSCRIBE, {"email": ANN}, 403, origin=origin)
    assert letters() == []


@ON_ONE_DATABASE
def test_signing_up_sets_no_cookie(reader: Visitor) -> None:
    for page in (sign_up(reader), sign_up(reader, htmx=True), reader.reads("/newsletter/sent")):
        assert "Set-Cookie" not in page.headers
    assert reader.cookies == {}


# Where the form stands


@pytest.mark.parametrize("path", ["/", "/compare/alpha-vs-beta", "/tools/alpha", SUBSCRIBE])
@ON_ONE_DATABASE
def test_the_form_stands_on_the_page_and_works_as_it_stands(reader: Visitor, path: str) -> None:
    rich.build()
    page = reader.reads(path)
    form = page.by_id("signup")
    assert (form.get("method"), form.get("action"), form.get("hx-post")) == ("post", SUBSCRIBE, SUBSCRIBE)
    fields = {each.get("name", ""): each.get("value", "") for each in page.all("input", within=form)}
    reader.sends(SUBSCRIBE, {**fields, "email": ANN}, 303)
    assert len(letters()) == 1


@ON_ONE_DATABASE
def test_the_band_names_the_day_that_the_digest_goes_out(app_with: Callable[..., Flask]) -> None:
    page = Visitor(app_with(DIGEST_AT="fri 07:00")).reads("/")
    assert page.texts("button", within=page.by_id("signup")) == ["Subscribe"]
    assert page.texts("h2", "band-head") == ["Know by Friday which tools are worth your week"]


def test_a_comparison_ends_as_the_page_did_that_started_it(reader: Visitor) -> None:
    rich.build()
    page = reader.reads("/compare/alpha-vs-beta")
    band = page.by_id("newsletter")
    words = re.sub(r"\s+", " ", " ".join(band.itertext()))
    assert "Newsletter Let the next verdict come to you Once a week: who changed their mind and why" in words
    order = list(page.tree.iter())
    assert order[order.index(band) + len(list(band.iter()))].tag == "footer"


# Following a tool


@ON_ONE_DATABASE
def test_a_tools_page_leads_to_a_form_that_follows_it(reader: Visitor) -> None:
    make_tool("alpha", name="Alpha")
    page = reader.reads("/tools/alpha")
    assert [each.get("href") for each in page.all("a") if each.text == "Follow this tool"] == ["#newsletter"]
    assert page.texts("h2", "band-head") == ["Hear when Alpha changes"]
    hidden = [
        each.get("value") for each in page.all("input", within=page.by_id("signup")) if each.get("name") == "tool"
    ]
    assert hidden == ["alpha"]
    sign_up(reader, tool="alpha")
    assert letters()[0].subject == "Confirm, and follow Alpha"


def test_a_page_of_its_own_follows_a_tool_too(reader: Visitor) -> None:
    make_tool("alpha", name="Alpha", aliases=("alfa",))
    assert reader.reads(f"{SUBSCRIBE}?tool=alfa").texts("h1") == ["Follow Alpha"]
    reader.reads(f"{SUBSCRIBE}?tool=unknown", 404)


@LINES
@ON_ONE_DATABASE
def test_the_tool_is_kept_where_the_address_is_refused(reader: Visitor, htmx: bool) -> None:
    make_tool("alpha")
    page = sign_up(reader, "ann", 422, htmx=htmx, tool="alpha")
    assert [each.get("value") for each in page.all("input") if each.get("name") == "tool"] == ["alpha"]


@pytest.mark.parametrize("slug", ["unknown", "\0", "a" * 1000, "../x", "ä'\""])
def test_a_tool_that_there_is_not_is_no_reason_to_refuse_an_address(reader: Visitor, slug: str) -> None:
    sign_up(reader, tool=slug)
    assert letters()[0].subject == "Confirm your address for Verdicts"


def test_the_sign_up_pages_are_public_and_ask_the_database_for_next_to_nothing(
    reader: Visitor, statements: StatementCount
) -> None:
    make_tool("alpha")
    taken = {}
    for path in (SUBSCRIBE, f"{SUBSCRIBE}?tool=alpha", "/newsletter/sent"):
        before = len(statements)
        assert reader.reads(path).headers["Cache-Control"].startswith("public")
        taken[path] = statements.of_pages(before)
    assert list(taken.values()) == [0, 1, 0]
    assert db.session.scalar(sa.select(sa.func.count()).select_from(signup_turn)) == 0
