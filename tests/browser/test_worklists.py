"""The worklists in Chromium: prices confirmed with one key, all of it without JavaScript, and axe finds nothing."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import missing
from tests.browser.reader import Reader
from tests.browser.site import Site
from tests.browser.test_accessibility import violations
from tests.browser.test_layout import OVERHANG
from tests.browser.test_markup import PROGRAM, complaints

PASSWORD = "plinth mango otter quartz"
WIDTHS = (320, 360, 1280)
WORKLISTS = ("/admin/queues", "/admin/queues/prices", "/admin/queues/votes", "/admin/queues/corrections")


@pytest.fixture(scope="module")
def editor(site: Site) -> str:
    """The name of somebody who may log in, on a site where a crowd's votes are held."""
    site.flask("staff", "add", "quinn", "quinn@example.org", "--role", "editor", "--password", PASSWORD)
    hold_votes(site)
    return "quinn"


def hold_votes(site: Site) -> None:
    """Put twelve held votes of one network into the database."""
    at = (datetime.now(UTC) - timedelta(days=2)).strftime("%Y-%m-%d %H:%M:%S.%f")
    with closing(sqlite3.connect(site.database)) as connection, connection:
        (tool,) = connection.execute("SELECT tool_id FROM tool_slug WHERE slug = 'gemini'").fetchone()
        columns = "tool_id, voter, verdict, standing, network, first_at, changed_at"
        rows = [(tool, f"{number:064d}", "ship", "held", "d" * 64, at, at) for number in range(12)]
        connection.executemany(f"INSERT INTO vote ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?)", rows)  # noqa: S608
        connection.execute("UPDATE tally SET waiting = waiting + 12, held = held + 12 WHERE tool_id = ?", (tool,))


def log_in(reader: Reader, name: str, path: str) -> Page:
    page = reader.opens(path)
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("button", name="Log out")).to_be_visible()
    return page


def doubt(reader: Reader, slug: str) -> None:
    reader.opens(f"/tools/{slug}").get_by_role("button", name="Price wrong?").click()
    expect(reader.page.get_by_text("Thank you. It is on our editors’ list.")).to_be_visible()


def names(page: Page) -> list[str]:
    """Return the first names of the list: where one leaves a full page, the next page's first comes up."""
    return page.locator(".worklist-row h2").all_inner_texts()[:20]


def test_prices_are_confirmed_with_one_key(new_reader: Callable[..., Reader], editor: str) -> None:
    doubt(new_reader(), "cursor")
    page = log_in(new_reader(), editor, "/admin/queues/prices")
    rows = page.locator(".worklist-row")
    listed = names(page)
    assert listed[0] == "Cursor"
    assert len(listed) > 4
    expect(page.get_by_text("Keys: s price unchanged")).to_be_visible()
    expect(rows.nth(0)).to_be_focused()

    page.keyboard.press("j")
    page.keyboard.press("ArrowDown")
    expect(rows.nth(2)).to_be_focused()
    page.keyboard.press("k")
    expect(rows.nth(1)).to_be_focused()
    page.keyboard.press("s")
    expect(page.get_by_role("status")).to_contain_text(f"{listed[1]}: price confirmed.")
    assert names(page)[:19] == [listed[0], *listed[2:]]
    expect(rows.nth(1)).to_be_focused()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("s")
    expect(page.get_by_role("status")).to_contain_text("Cursor: price confirmed.")
    assert names(page)[:18] == listed[2:]
    expect(rows.nth(0)).to_be_focused()

    page.keyboard.press("Control+s")
    page.locator("main").evaluate("() => document.activeElement.blur()")
    page.keyboard.press("s")
    page.reload()
    assert names(page)[:18] == listed[2:]


def test_the_last_price_of_the_list_passes_the_focus_to_what_is_last_then(reader: Reader, editor: str) -> None:
    page = log_in(reader, editor, "/admin/queues/prices")
    rows = page.locator(".worklist-row")
    name = rows.last.locator("h2").inner_text()
    rows.last.get_by_role("button", name="Price unchanged").click()
    expect(page.get_by_role("status")).to_contain_text(f"{name}: price confirmed.")
    expect(page.get_by_role("heading", name=name, exact=True)).to_have_count(0)
    expect(rows.last).to_be_focused()


def test_who_is_logged_out_meanwhile_is_led_to_the_log_in_and_nothing_is_saved(
    new_reader: Callable[..., Reader], editor: str
) -> None:
    reader = new_reader()
    reader.expects("status of 401")
    doubt(reader, "github-copilot")  # its price has a source, and comes first now
    page = log_in(reader, editor, "/admin/queues/prices")
    listed = names(page)
    reader.context.clear_cookies(name="staff")
    page.keyboard.press("s")
    expect(page.get_by_role("heading", level=1)).to_have_text("Log in")
    again = log_in(new_reader(), editor, "/admin/queues/prices")
    assert names(again) == listed


def test_a_site_that_is_not_reached_says_so_and_keeps_the_list(reader: Reader, editor: str) -> None:
    reader.expects("ERR_INTERNET_DISCONNECTED", "Failed to fetch", "htmx")
    doubt(reader, "github-copilot")
    page = log_in(reader, editor, "/admin/queues/prices")
    listed = names(page)
    reader.context.set_offline(True)
    page.keyboard.press("s")
    expect(page.get_by_role("alert")).to_contain_text("Nothing was saved.")
    assert names(page) == listed


def test_without_javascript_the_button_works_and_leads_back_to_the_list(
    new_reader: Callable[..., Reader], editor: str
) -> None:
    reader = new_reader(java_script_enabled=False)
    doubt(reader, "github-copilot")
    page = log_in(reader, editor, "/admin/queues/prices")
    listed = names(page)
    assert listed[0] == "GitHub Copilot"
    expect(page.get_by_text("Keys: s price unchanged")).to_be_hidden()
    page.locator(".worklist-row").first.get_by_role("button", name="Price unchanged").click()
    expect(page.get_by_role("status")).to_have_text("Price confirmed.")
    assert names(page)[:19] == listed[1:]


@pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without"])
def test_a_message_goes_from_a_tools_page_to_the_worklist_and_is_resolved(
    new_reader: Callable[..., Reader], editor: str, javascript: bool
) -> None:
    reader, text = new_reader(java_script_enabled=javascript), f"Its licence is MIT: {javascript}."
    reader.expects("status of 422")
    page = reader.opens("/tools/cursor")
    page.get_by_role("link", name="Correct a fact").click()
    expect(page.get_by_label("Which page it is about")).to_have_value("/tools/cursor")
    page.get_by_label("What is wrong").fill(text)
    page.get_by_label("Your email address").fill("reader@example")
    page.get_by_role("button", name="Send message").click()
    expect(page.get_by_role("alert")).to_be_focused()
    expect(page.get_by_label("What is wrong")).to_have_value(text)
    page.get_by_label("Your email address").fill("reader@example.org")
    page.get_by_role("button", name="Send message").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Thank you.")
    assert reader.cookies() == {}

    log_in(reader, editor, "/admin/queues/corrections")
    message = page.locator(".worklist-row").filter(has_text=text)
    message.get_by_text("Resolve message").click()
    message.get_by_role("button", name="Mark as done").click()
    expect(page.get_by_role("alert")).to_be_focused()
    message.get_by_label("Outcome").fill("Looked up, and changed.")
    message.get_by_role("button", name="Mark as done").click()
    expect(page.get_by_role("status")).to_have_text("Message resolved.")
    expect(page.locator(".worklist-row").filter(has_text=text)).to_contain_text("Done by quinn")


def test_held_votes_are_decided_with_a_reason(reader: Reader, editor: str, site: Site) -> None:
    reader.expects("status of 422")
    before = site.tally("gemini")
    page = log_in(reader, editor, "/admin/queues")
    page.get_by_role("link", name="Held votes").click()
    found = violations(page, "held votes")
    page.get_by_text("Count or reject votes").click()
    page.get_by_role("button", name="Count 12 votes").click()
    expect(page.get_by_role("alert")).to_be_focused()
    found += violations(page, "held votes, refused")
    page.get_by_label("Reason").fill("A lecture hall.")
    page.get_by_role("button", name="Count 12 votes").click()
    expect(page.get_by_role("status")).to_have_text("Decision saved.")
    after = site.tally("gemini")
    assert (after.ship - before.ship, after.waiting - before.waiting) == (12, -12)
    assert found == []


def test_axe_finds_nothing_on_the_worklists_and_nothing_sticks_out(reader: Reader, editor: str) -> None:
    reader.expects("status of 422")
    page = reader.opens("/contact")
    page.get_by_role("button", name="Send message").click()
    found = violations(page, "refused message")
    log_in(reader, editor, "/admin/queues")
    for path in WORKLISTS:
        reader.opens(path)
        for fold in page.locator("details").all():
            fold.evaluate("(fold) => { fold.open = true; }")
        found += violations(page, path)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})
            assert page.evaluate(OVERHANG) <= 0, f"{path} at {width} px"
    assert found == []


def test_html_validate_finds_nothing_on_the_worklists(reader: Reader, editor: str, site: Site, tmp_path: Path) -> None:
    if not PROGRAM.exists():
        missing("html-validate is not installed (npm ci)")
    reader.opens("/contact").get_by_label("What is wrong").fill("Some words on what is wrong.")
    reader.page.get_by_role("button", name="Send message").click()
    log_in(reader, editor, "/admin/queues")
    for path in WORKLISTS:
        answer = reader.context.request.get(site.url + path)
        (tmp_path / f"{path.rpartition('/')[2]}.html").write_text(answer.text())
    assert complaints(tmp_path) == ""
