"""The page that restores what bounced: for admins, all of a span of time together, and in the activity log."""

from datetime import timedelta

import pytest
from flask import Flask

from tests.conftest import ON_ONE_DATABASE
from tests.makers import NOW
from tests.newsletter.world import end, make_subscriber, statuses
from tests.web.admin.admin_client import AdminClient, latest_entry, logged_in
from verdicts.newsletter.models import Status
from verdicts.staff.models import Role

PAGE = "/admin/subscribers/bounced"


def bounced(*minutes: int) -> None:
    for number, each in enumerate(minutes):
        end(Status.BOUNCED, make_subscriber(f"reader{number}@example.org"), NOW - timedelta(minutes=each))


def test_an_admin_restores_all_of_a_span_of_time(root: AdminClient) -> None:
    bounced(90, 60, 30, 0)
    page = root.gets(PAGE).text
    assert 'name="since" value="2026-11-' in page
    assert ">4</td>" in page
    assert "@" not in page.partition("<main")[2].partition("</main>")[0]
    done = root.posts(PAGE, since="2026-11-22T11:00", until="2026-11-22T11:30")
    assert (done.status_code, done.headers["Location"]) == (303, f"{PAGE}?done=")
    assert statuses() == ["bounced", "confirmed", "confirmed", "bounced"]
    entry = latest_entry()
    assert (entry.action, entry.changes) == ("restored", {"subscriptions": [None, 2]})
    assert entry.record == "what bounced from 2026-11-22 11:00 to 2026-11-22 11:30 UTC"
    assert "Subscriptions restored." in root.gets(f"{PAGE}?done=").text


@pytest.mark.parametrize(
    ("since", "until", "words"),
    [
        ("", "2026-11-22T11:30", "Fill this in."),
        ("yesterday", "2026-11-22T11:30", "Enter a date and time such as"),
        ("2026-11-22T11:00+01:00", "2026-11-22T11:30", "without a time zone"),
        ("2026-11-22T11:30", "2026-11-22T11:00", "This is before the start."),
        ("2026-11-22T11:30", "9999-12-31T23:59", "Enter a date and time such as"),
        ("2026-11-20T11:30", "2026-11-21T11:30", "No kept address bounced in this time."),
    ],
)
@ON_ONE_DATABASE
def test_a_span_that_cannot_be_restored_is_shown_again_with_the_reason(
    root: AdminClient, since: str, until: str, words: str
) -> None:
    bounced(30)
    page = root.posts(PAGE, since=since, until=until)
    assert (page.status_code, words in page.text) == (422, True)
    assert statuses() == ["bounced"]


@ON_ONE_DATABASE
def test_editors_may_not_restore(app: Flask) -> None:
    bounced(30)
    editor = logged_in(app, "ed", Role.EDITOR)
    assert editor.gets(PAGE).status_code == 403
    assert editor.posts(PAGE, since="2026-11-22T11:00", until="2026-11-22T12:00").status_code == 403
    assert statuses() == ["bounced"]


@ON_ONE_DATABASE
def test_with_nothing_to_restore_there_is_no_form(root: AdminClient) -> None:
    assert "there is nothing to restore" in root.gets(PAGE).text
