"""What is typed while the site is down: the browser keeps it, offers it again, and asks before it is left."""

import sqlite3
from contextlib import closing
from datetime import timedelta

from playwright.sync_api import Page, expect

from tests.browser.reader import Reader
from tests.browser.site import Site
from tests.browser.test_accessibility import violations
from tests.browser.test_editing import PASSWORD, end_sessions, log_in, log_in_again

FORM = "/admin/reviewers/3"
KEPT = "Changes from"
NETWORK_IS_CUT = ("net::ERR_INTERNET_DISCONNECTED",)


def copies(page: Page) -> int:
    return page.evaluate("Object.keys(localStorage).filter((name) => name.startsWith('unsaved ')).length")


def test_what_is_typed_while_the_site_is_away_is_offered_when_the_form_is_opened_again(reader: Reader) -> None:
    reader.expects(*NETWORK_IS_CUT)
    reader.page.clock.install()
    page = log_in(reader, at=FORM)
    motto = page.get_by_label("Motto").input_value()
    reader.context.set_offline(True)
    page.get_by_label("Motto").fill("Typed in a tunnel.")
    page.clock.fast_forward(10_000)
    expect(page.locator("#draft-status")).to_contain_text("this browser keeps them")
    assert copies(page) == 1
    # Chromium ends the emulated loss of the network while it closes a page, so the last attempts could arrive: one as
    # the page is left, and one as the network is back.
    page.evaluate("() => { navigator.sendBeacon = () => false; window.fetch = () => Promise.reject(new TypeError()) }")
    page.close(run_before_unload=False)

    reader.context.set_offline(False)
    reader.page = page = reader.context.new_page()
    reader.opens("/admin/reviewers/4")
    expect(page.get_by_text(KEPT)).to_be_hidden()
    reader.opens(FORM)
    expect(page.get_by_label("Motto")).to_have_value(motto)
    expect(page.get_by_text(KEPT)).to_be_visible()
    assert violations(page, "offer") == []
    page.get_by_role("button", name="Put them into the form").click()
    expect(page.get_by_label("Motto")).to_have_value("Typed in a tunnel.")
    expect(page.get_by_text("Unsaved changes from")).to_be_visible()
    assert copies(page) == 0
    page.get_by_role("button", name="Discard changes").click()
    expect(page.get_by_label("Motto")).to_have_value(motto)


def test_a_save_that_did_not_arrive_is_offered_and_one_that_did_is_not(reader: Reader) -> None:
    reader.expects(*NETWORK_IS_CUT)
    page = log_in(reader, at="/admin/tools/new")
    page.get_by_label("Name", exact=True).fill("Sent in a tunnel")
    reader.context.set_offline(True)
    page.get_by_role("button", name="Save tool and add reviews").click()
    page.wait_for_url("chrome-error://**")
    reader.context.set_offline(False)
    reader.opens("/admin/tools/new")
    page.get_by_role("button", name="Put them into the form").click()
    expect(page.get_by_label("Name", exact=True)).to_have_value("Sent in a tunnel")
    page.get_by_label("Tagline").fill("And out of it.")
    page.get_by_role("button", name="Save tool and add reviews").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(": panel")
    assert copies(page) == 0


def test_leaving_asks_only_while_something_is_unsaved_and_not_stored(reader: Reader) -> None:
    reader.expects(*NETWORK_IS_CUT)
    asked: list[str] = []
    page = log_in(reader, at=FORM)
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.get_by_label("Motto").press_sequentially("x")
    page.get_by_role("navigation").get_by_role("link", name="Tools").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Tools")
    assert asked == ["beforeunload"]

    reader.opens(FORM)
    page.get_by_label("Motto").press_sequentially("y")
    page.get_by_role("button", name="Save unsaved changes").click()
    expect(page.get_by_text("Unsaved changes from")).to_be_visible()
    page.get_by_label("Motto").press_sequentially("z")
    page.evaluate("dispatchEvent(new Event('online'))")  # stores it at once
    expect(page.locator("#draft-status")).to_contain_text("Unsaved changes stored at")
    page.get_by_role("navigation").get_by_role("link", name="Tools").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Tools")
    reader.opens(FORM)
    page.get_by_label("Motto").press_sequentially("!")
    page.get_by_role("button", name="Discard changes").click()
    expect(page.get_by_text("Your unsaved changes are discarded.")).to_be_visible()
    assert (asked, copies(page)) == (["beforeunload"], 0)


def test_what_an_ended_session_did_not_store_is_offered_after_logging_in(reader: Reader, site: Site) -> None:
    reader.expects("status of 401")
    page = log_in(reader, at=FORM)
    name = page.locator(".log-out a").inner_text().partition(":")[0]
    end_sessions(site, timedelta(days=1))
    page.get_by_label("Motto").fill("Typed all night.")
    page.get_by_role("button", name="Save reviewer", exact=True).last.click()
    expect(page.get_by_text("Typed all night.")).to_be_visible()
    page.get_by_role("link", name="Log in").last.click()
    log_in_again(page, name)
    page.get_by_role("button", name="Put them into the form").click()
    expect(page.get_by_label("Motto")).to_have_value("Typed all night.")
    page.get_by_role("button", name="Discard changes").click()


def test_logging_out_leaves_nothing_in_the_browser_and_nobody_is_offered_what_another_typed(reader: Reader) -> None:
    reader.page.clock.install()
    page = log_in(reader, at=FORM)
    account = page.locator("form.log-out").get_attribute("data-account")
    of_another = f"unsaved {account}0 abcdefgh {FORM}"
    page.evaluate("(name) => localStorage.setItem(name, JSON.stringify({at: Date.now(), fields: 'x=y'}))", of_another)
    reader.opens(FORM)
    expect(page.get_by_text(KEPT)).to_be_hidden()
    page.get_by_label("Motto").fill("Mine alone.")
    expect(page.locator("#motto")).to_have_value("Mine alone.")
    page.clock.fast_forward(400)
    assert copies(page) == 2
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Log in")
    assert page.evaluate("Object.keys(localStorage)") == [of_another]


def test_a_small_form_offers_what_did_not_arrive_and_copies_no_password(reader: Reader) -> None:
    reader.expects(*NETWORK_IS_CUT, "status of 422")
    page = log_in(reader, "admin", at="/admin/people/new")
    account = page.locator("form.log-out").get_attribute("data-account")
    of_another = f"unsaved {account}0 abcdefgh /admin/people/new"
    page.evaluate(
        "(name) => localStorage.setItem(name, JSON.stringify({at: Date.now(), fields: 'name=x'}))", of_another
    )
    reader.opens("/admin/people/new")
    expect(page.get_by_text(KEPT)).to_be_hidden()
    page.get_by_label("Name to log in with").fill("mole")
    page.get_by_label("Email address").fill("mole@example.org")
    page.get_by_label("Admin: also users and sending").check()
    page.get_by_label("Your password").fill("a secret")
    reader.context.set_offline(True)
    page.get_by_role("button", name="Add user").click()
    page.wait_for_url("chrome-error://**")

    reader.context.set_offline(False)
    reader.opens("/admin/people/new")
    expect(page.get_by_text(KEPT)).to_be_visible()
    assert violations(page, "offer in a small form") == []
    kept = page.evaluate("Object.values(localStorage).join()")
    assert "mole%40example.org" in kept
    assert "secret" not in kept
    assert "csrf_token" not in kept
    page.get_by_role("button", name="Put them into the form").click()
    expect(page.get_by_label("Email address")).to_have_value("mole@example.org")
    expect(page.get_by_label("Admin: also users and sending")).to_be_checked()
    page.get_by_role("button", name="Add user").click()
    expect(page.get_by_role("alert")).to_be_focused()  # it needs the password
    expect(page.get_by_text(KEPT)).to_be_hidden()
    assert copies(page) == 2
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Add user").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Account for mole")
    assert page.evaluate("Object.keys(localStorage)") == [of_another]


def test_two_rows_of_a_worklist_keep_their_texts_apart_and_leaving_asks(reader: Reader) -> None:
    asked: list[str] = []
    for text in ("The first of two messages.", "The second of two messages."):
        reader.opens("/contact").get_by_label("What is wrong").fill(text)
        reader.page.get_by_role("button", name="Send message").click()
    page = log_in(reader, at="/admin/queues/corrections")
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    rows = [page.locator(".worklist-row").filter(has_text=f"The {which} of two") for which in ("first", "second")]
    for number, row in enumerate(rows):
        row.get_by_text("Resolve message").click()
        row.get_by_label("Outcome").press_sequentially(f"Outcome {number}.")
    rows[0].get_by_role("button", name="Mark as done").click()
    expect(page.get_by_role("status").filter(has_text="Message resolved.")).to_be_visible()
    assert (asked, copies(page)) == (["beforeunload"], 1)
    expect(rows[0].get_by_text(KEPT)).to_have_count(0)
    rows[1].get_by_role("button", name="Put them into the form").click()
    expect(rows[1].get_by_label("Outcome")).to_have_value("Outcome 1.")
    expect(rows[1].get_by_label("Outcome")).to_be_focused()
    rows[1].get_by_role("button", name="Decline message").click()
    expect(page.get_by_role("status").filter(has_text="Message resolved.")).to_be_visible()
    assert (asked, copies(page)) == (["beforeunload"], 0)


def test_a_source_that_was_typed_for_one_price_stays_while_another_is_confirmed(reader: Reader, site: Site) -> None:
    page = log_in(reader, at="/admin/queues/prices")
    with closing(sqlite3.connect(site.database)) as connection, connection:
        connection.executemany(
            "UPDATE price_record SET source = NULL WHERE tool_id = (SELECT id FROM tool WHERE name = ?)",
            [[name] for name in page.locator(".worklist-row h2").all_inner_texts()[-2:]],
        )
    page.reload()
    unsourced = page.locator(".worklist-row", has=page.get_by_label("Source of the price"))
    first, second = unsourced.nth(0), unsourced.nth(1)
    name = second.locator("h2").inner_text()
    second.get_by_label("Source of the price").fill("https://example.org/price")
    first.get_by_role("button", name="Looked, found none").click()
    expect(page.get_by_role("status").filter(has_text="looked, found none")).to_be_visible()
    row = page.locator(".worklist-row").filter(has=page.get_by_role("heading", name=name, exact=True))
    row.get_by_role("button", name="Put them into the form").click()
    row.get_by_role("button", name="Price unchanged").click()
    expect(page.get_by_role("status").filter(has_text=f"{name}: price confirmed.")).to_be_visible()
    assert copies(page) == 0
