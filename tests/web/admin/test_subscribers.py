"""The subscribers' page: who is found, added, suppressed and exported, and that no address is left elsewhere."""

import json
import re

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.conftest import ON_ONE_DATABASE, StatementCount
from tests.makers import make_subscriber
from tests.web.admin.admin_client import AdminClient, latest_entry, logged_in
from tests.web.admin.digest_pages import count_statements
from verdicts.extensions import db
from verdicts.newsletter import queries
from verdicts.newsletter.models import Status, subscriber
from verdicts.staff.models import Role, audit_entry

PAGE = "/admin/subscribers"
AGREED = {"source": "The list at our stand in Lyon", "agreed_on": "2026-11-20"}


def whole_activity_log() -> str:
    db.session.rollback()
    rows = db.session.execute(sa.select(audit_entry)).all()
    db.session.rollback()
    return json.dumps([tuple(row) for row in rows], default=str)


def statuses() -> list[str]:
    db.session.rollback()
    found = [str(status) for status in db.session.scalars(sa.select(subscriber.c.status).order_by(subscriber.c.id))]
    db.session.rollback()
    return found


def in_words(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


# Finding


def test_the_page_counts_subscribers_by_status_and_lists_the_newest_first(root: AdminClient) -> None:
    make_subscriber("ann@example.org")
    make_subscriber("ben@example.org", status=Status.PENDING)
    make_subscriber("cat@example.org", status=Status.LEFT)
    words = in_words(root.gets(PAGE).text)
    assert "pending 1 confirmed 1 left 1 bounced 0 complained 0 erased 0" in words
    assert words.index("3 — Status left") < words.index("2 ben@example.org Status pending") < words.index("1 ann@")


def test_an_address_is_searched_for_without_standing_in_the_pages_own(root: AdminClient) -> None:
    make_subscriber("ann@example.org")
    make_subscriber("ben@example.org")
    page = root.posts(PAGE, q="Ann@Example.org")
    assert (page.status_code, ">ann@example.org</td>" in page.text, "ben@" in page.text) == (200, True, False)
    assert ">ben@example.org</td>" in root.posts(PAGE, q="ben").text
    assert "No subscriber’s address matches “zoe”." in root.posts(PAGE, q="zoe").text
    assert root.posts(PAGE, q="\0").status_code == 400
    assert 'method="post" action="/admin/subscribers"' in root.gets(PAGE).text


def test_a_suppressed_address_that_is_searched_for_is_said_to_be_so(root: AdminClient) -> None:
    root.posts(f"{PAGE}/suppress", email="ann@example.org", reason="complained")
    assert "This address is suppressed (complained) since 22 Nov 2026" in in_words(
        root.posts(PAGE, q="ANN@example.org").text.replace("\N{NO-BREAK SPACE}", " ")
    )


def test_a_long_list_goes_on_page_by_page_and_so_does_a_search(root: AdminClient) -> None:
    for number in range(queries.PAGE_SIZE + 1):
        make_subscriber(f"reader{number:02}@example.org")
    assert "reader00@" not in root.gets(PAGE).text
    assert "reader00@" in root.gets(f"{PAGE}?before=2").text
    first = root.posts(PAGE, q="reader")
    assert ('name="before" value="2"' in first.text, "reader00@" in first.text) == (True, False)
    assert "reader00@" in root.posts(PAGE, q="reader", before="2").text
    assert root.gets(f"{PAGE}?before=x").status_code == 400


def test_the_page_takes_a_fixed_number_of_statements(root: AdminClient, statements: StatementCount) -> None:
    for number in range(20):
        make_subscriber(f"reader{number}@example.org")
    assert count_statements(root, PAGE, statements) == 3


# Adding


def test_a_subscriber_is_added_with_their_consent_and_the_log_does_not_say_who(root: AdminClient) -> None:
    done = root.posts(f"{PAGE}/new", email="ann@example.org", **AGREED)
    assert (done.status_code, done.headers["Location"]) == (303, f"{PAGE}?done=added")
    words = in_words(root.gets(f"{PAGE}?done=added").text.replace("\N{NO-BREAK SPACE}", " "))
    assert "1 ann@example.org Status confirmed Consent The list at our stand in Lyon, 20 Nov 2026" in words
    assert "Subscriber added." in words
    entry = latest_entry()
    assert (entry.action, entry.record, entry.changes) == ("added", "subscriber 1", {"status": [None, "confirmed"]})
    assert ("ann@" in whole_activity_log(), "Lyon" in whole_activity_log()) == (False, False)


@pytest.mark.parametrize(
    ("typed", "field", "words"),
    [
        ({"email": "ann"}, "email", "An email address has an @"),
        ({"source": ""}, "source", "Fill this in."),
        ({"source": "a\x07b"}, "source", "Enter one line"),
        ({"source": "a\u202eb"}, "source", "U+202E, which changes the direction of text"),
        ({"agreed_on": "2026-11-23"}, "agreed_on", "This date is in the future."),
        ({"agreed_on": "yesterday"}, "agreed_on", "Enter a date such as"),
        ({"email": "known@example.org"}, "email", "This address is subscribed already."),
    ],
)
@ON_ONE_DATABASE
def test_who_cannot_be_added_is_refused_beside_the_field_and_nothing_typed_is_lost(
    root: AdminClient, typed: dict[str, str], field: str, words: str
) -> None:
    make_subscriber("known@example.org")
    form = {"email": "ann@example.org", **AGREED, **typed}
    refused = root.posts(f"{PAGE}/new", **form)
    assert (refused.status_code, words in refused.text, f'href="#{field}"' in refused.text) == (422, True, True)
    assert [f'value="{value}"' in refused.text for value in form.values()] == [True] * 3
    assert statuses() == ["confirmed"]


def test_who_was_suppressed_cannot_be_added(root: AdminClient) -> None:
    root.posts(f"{PAGE}/suppress", email="ann@example.org", reason="left")
    refused = root.posts(f"{PAGE}/new", email="Ann@example.org", **AGREED)
    assert (refused.status_code, "Its owner unsubscribed on 22 Nov 2026" in refused.text) == (422, True)
    assert statuses() == []


# Suppressing


def test_a_subscriber_is_suppressed_from_the_list_after_a_page_says_what_that_means(root: AdminClient) -> None:
    make_subscriber("ann@example.org")
    assert f'href="{PAGE}/suppress?id=1"' in root.gets(PAGE).text
    asked = root.gets(f"{PAGE}/suppress?id=1").text
    assert 'value="ann@example.org"' in asked
    assert "You cannot undo this here." in asked
    assert statuses() == ["confirmed"]
    assert root.posts(f"{PAGE}/suppress", email="ann@example.org", reason="left").status_code == 303
    assert statuses() == ["left"]
    entry = latest_entry()
    assert (entry.action, entry.record, entry.changes) == ("suppressed", "subscriber 1", {"reason": [None, "left"]})
    assert "ann@" not in whole_activity_log()


def test_an_address_that_is_not_subscribed_is_suppressed_and_not_named_in_the_log(root: AdminClient) -> None:
    root.posts(f"{PAGE}/suppress", email="ann@example.org", reason="complained")
    assert latest_entry().record == "an address not subscribed"
    assert "ann@" not in whole_activity_log()


@pytest.mark.parametrize(
    ("form", "field"), [({"email": "ann", "reason": "left"}, "email"), ({"email": "a@example.org"}, "reason")]
)
@ON_ONE_DATABASE
def test_what_cannot_be_suppressed_is_refused_and_shown_again(
    root: AdminClient, form: dict[str, str], field: str
) -> None:
    refused = root.posts(f"{PAGE}/suppress", **form)
    assert (refused.status_code, f'href="#{field}"' in refused.text) == (422, True)
    assert f'value="{form["email"]}"' in refused.text
    assert latest_entry().action == "logged in"


@ON_ONE_DATABASE
def test_nobody_is_filled_in_for_a_number_that_is_nobodys(root: AdminClient) -> None:
    assert root.gets(f"{PAGE}/suppress?id=99").status_code == 200
    assert root.gets(f"{PAGE}/suppress?id=x").status_code == 400


# The file


def test_the_export_is_the_commands_and_the_log_says_how_many_it_names(app: Flask, root: AdminClient) -> None:
    make_subscriber("ann@example.org")
    make_subscriber("ben@example.org", status=Status.PENDING)
    make_subscriber("zoe@example.org", consent_source="=1+1")
    done = root.posts(f"{PAGE}/export")
    assert done.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert done.headers["Content-Disposition"] == 'attachment; filename="subscribers-2026-11-22.csv"'
    assert done.headers["Cache-Control"] == "no-store"
    assert done.text == app.test_cli_runner().invoke(args=["newsletter", "export", "-"]).stdout
    assert ("ann@example.org" in done.text, "ben@" in done.text) == (True, False)
    assert (latest_entry().action, latest_entry().changes) == ("exported", {"addresses": [None, 2]})
    assert "example.org" not in whole_activity_log().replace("root@example.org", "")


@ON_ONE_DATABASE
def test_an_editor_sees_no_link_to_the_subscribers(app: Flask) -> None:
    ann = logged_in(app, "ann", Role.EDITOR)
    assert PAGE not in ann.gets("/admin").text
    assert ann.gets(PAGE).status_code == 403
