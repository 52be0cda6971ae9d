"""An editor in Chromium: from logging in to a tool that is published and compared, and what gets in between."""

import itertools
import re
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyotp
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.reader import Reader
from tests.browser.site import Site
from tests.browser.test_accessibility import WIDTHS, violations
from tests.catalog.pictures import encoded, halves
from tests.web.corpus import EVERYTHING

PASSWORD = "plinth mango otter quartz"
QUOTES = {"Builder": "It is quick.", "Skeptic": "It forgets.", "Futurist": "It will last.", "Founder": "It pays."}
_numbers = itertools.count(1)

LISTS = {
    "dashboard": "/admin",
    "to do": "/admin/queues",
    "due prices": "/admin/queues/prices",
    "old reviews": "/admin/queues/reviews",
    "incomplete panels": "/admin/queues/panels",
    "held votes": "/admin/queues/votes",
    "messages": "/admin/queues/corrections",
    "tools": "/admin/tools",
    "drafts among the tools": "/admin/tools?state=draft&q=nothing",
    "reviews": "/admin/tools/reviews",
    "comparisons": "/admin/comparisons",
    "categories": "/admin/categories",
    "reviewers": "/admin/reviewers",
    "import and export": "/admin/catalogue",
    "merge": "/admin/merge",
    "digest": "/admin/digest",
    "subscribers": "/admin/subscribers",
    "traffic": "/admin/traffic",
    "activity log": "/admin/trail",
}
FORMS = {
    "new tool": "/admin/tools/new",
    "tool": "/admin/tools/1",
    "panel": "/admin/tools/1/panel",
    "price": "/admin/tools/1/price",
    "logo": "/admin/tools/1/logo",
    "publishing": "/admin/tools/1/publication",
    "history": "/admin/history/tool/1",
    "category": "/admin/categories/1",
    "reviewer": "/admin/reviewers/1",
    "new comparison": "/admin/comparisons/new",
    "comparison": "/admin/comparisons/1",
}


@dataclass
class CountingUser:
    """Somebody at the keyboard and the mouse, whose fields and clicks are counted."""

    page: Page
    fields: int = 0
    clicks: int = 0

    def fill(self, label: str, text: str, within: Locator | None = None) -> None:
        self.fields += 1
        (within or self.page).get_by_label(label, exact=True).fill(text)

    def choose(self, label: str, value: str, within: Locator | None = None) -> None:
        self.fields += 1
        (within or self.page).get_by_label(label, exact=True).select_option(value)

    def tick(self, box: Locator) -> None:
        self.fields += 1
        box.check()

    def click(self, name: str, role: str = "button") -> None:
        self.clicks += 1
        self.page.get_by_role(role, name=name, exact=True).last.click()  # type: ignore[arg-type]


def log_in(reader: Reader, role: str = "editor", at: str = "/admin") -> Page:
    name = f"{role}{next(_numbers)}"
    reader.site.flask("staff", "add", name, f"{name}@example.org", "--role", role, "--password", PASSWORD)
    page = reader.opens(at)
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("button", name="Log out")).to_be_visible()
    page.wait_for_load_state()  # what is typed before the page's scripts run is no change to them
    return page


def end_sessions(site: Site, ago: timedelta) -> None:
    """Make all sessions look as if nobody had used them since then."""
    seen_at = f"{datetime.now(UTC) - ago:%Y-%m-%d %H:%M:%S}"
    with closing(sqlite3.connect(site.database)) as connection, connection:
        connection.execute("UPDATE staff_session SET seen_at = ?", (seen_at,))


def log_in_again(page: Page, name: str) -> None:
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()


def add_a_tool(user: CountingUser, name: str) -> None:
    """Go from the list of tools to a published tool with four verdicts."""
    user.page.get_by_role("navigation").get_by_role("link", name="Tools").click()
    user.clicks += 1
    user.click("Add tool", "link")
    user.fill("Name", name)
    user.fill("Tagline", "It writes code.")
    user.choose("Category", "developer-tools")
    user.choose("Model", "paid")
    price = user.page.locator("#price")
    user.fill("Amount", "20", price)
    user.fill("Currency", "USD", price)
    user.choose("Period", "month", price)
    user.click("Save tool and add reviews")
    expect(user.page.get_by_role("heading", level=1)).to_have_text(f"{name}: panel")
    for who, quote in QUOTES.items():
        row = user.page.locator(".panel-row").filter(has_text=f"The {who}")
        user.tick(row.get_by_label("SKIP" if who == "Skeptic" else "SHIP"))
        user.fill("Quote", quote, row)
    user.click("Save panel and publish tool")


@pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without"])
def test_a_tool_with_four_verdicts_is_published_and_compared(
    new_reader: Callable[..., Reader], tmp_path: Path, javascript: bool
) -> None:
    reader = new_reader(java_script_enabled=javascript)
    page = log_in(reader)
    user, name = CountingUser(page), f"Wren {next(_numbers)}"
    slug = name.lower().replace(" ", "-")
    add_a_tool(user, name)
    expect(page.get_by_role("status").filter(has_text="Saved and published.")).to_be_visible()
    assert (user.fields, user.clicks) == (15, 4)

    page.get_by_role("link", name="Logo").click()
    (tmp_path / "logo.png").write_bytes(encoded(halves(), "PNG"))
    page.get_by_label("Image file").set_input_files(tmp_path / "logo.png")
    page.get_by_role("button", name="Save logo").click()

    reader.opens(f"/compare/cursor-vs-{slug}")
    expect(page.locator(".tape").get_by_role("row").filter(has_text=name)).to_contain_text("3 of 4")
    expect(page.get_by_text("It forgets.")).to_be_visible()
    expect(page.get_by_text("$20 / month").first).to_be_visible()
    expect(page.locator(f"h2#tool-{slug} img")).to_have_count(1)


def test_the_same_is_done_with_the_keyboard_alone(reader: Reader) -> None:
    page = log_in(reader, at="/admin/tools/new")
    name = f"Finch {next(_numbers)}"
    expect(page.get_by_label("Name", exact=True)).to_be_focused()
    page.keyboard.type(name)
    press_until(page, page.get_by_label("Category", exact=True))
    page.keyboard.type("Developer")
    expect(page.locator("#tool-facts legend")).to_have_text("Facts")  # which htmx fetches
    expect(page.get_by_label("Category", exact=True)).to_be_focused()
    press_until(page, page.get_by_label("Model", exact=True))
    page.keyboard.type("Free")
    page.keyboard.press("Tab")
    page.keyboard.type("0")
    page.keyboard.press("Enter")  # saves, wherever the focus is in a line
    expect(page.get_by_role("status").filter(has_text="Saved.")).to_be_visible()
    press_until(page, page.get_by_role("link", name="Panel", exact=True))
    page.keyboard.press("Enter")
    row = page.locator(".panel-row").first
    press_until(page, row.get_by_label("No review yet"))
    page.keyboard.press("ArrowRight")
    expect(row.get_by_label("SHIP")).to_be_checked()
    press_until(page, row.get_by_label("Quote"))
    page.keyboard.type("It is quick.")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("status").filter(has_text="Saved.")).to_be_visible()
    expect(row.get_by_label("Quote")).to_have_value("It is quick.")
    press_until(page, page.get_by_role("button", name="Save panel and publish tool"), most=100)
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").filter(has_text="Saved and published.")).to_be_visible()
    expect(reader.opens(f"/tools/{name.lower().replace(' ', '-')}").get_by_text("It is quick.")).to_be_visible()


def press_until(page: Page, wanted: Locator, most: int = 60) -> None:
    """Press Tab until something has the focus; whatever has it on the way must be visible."""
    for _ in range(most):
        if wanted.evaluate("(it) => it === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{wanted} cannot be reached with {most} presses of Tab")


def test_an_editor_logs_in_with_two_factor_authentication(reader: Reader) -> None:
    page = log_in(reader, at="/admin/me/second-factor")
    name = page.locator(".log-out a").inner_text().partition(":")[0]
    secret = re.sub(r"\s", "", page.locator(".secret").inner_text())
    codes = pyotp.TOTP(secret)
    page.get_by_label("Code from the app").fill(codes.now())
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Turn on two-factor authentication").click()
    expect(page.locator(".codes li")).to_have_count(10)
    page.get_by_role("button", name="Log out").click()
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    # Each code works once, and the current one was used to set it up. The next one is accepted already.
    next_step = int(time.time()) + 30
    page.get_by_label("Code (if you use two-factor authentication)").fill(codes.at(next_step))
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Dashboard")


def test_of_two_editors_the_second_sees_both_versions_side_by_side(new_reader: Callable[..., Reader]) -> None:
    first, second = new_reader(), new_reader()
    second.expects("status of 409")
    one, two = log_in(first, at="/admin/reviewers/2"), log_in(second, at="/admin/reviewers/2")
    motto = one.get_by_label("Motto").input_value()
    one.get_by_label("Motto").fill("Theirs is first.")
    one.get_by_role("button", name="Save reviewer", exact=True).last.click()
    expect(one.get_by_text("Saved.", exact=True)).to_be_visible()
    two.get_by_label("Motto").fill("Mine is second.")
    two.get_by_role("button", name="Save reviewer", exact=True).last.click()
    expect(two.get_by_role("alert")).to_be_focused()
    versions = two.locator(".versions tbody tr")
    expect(versions).to_have_text(re.compile("motto.*Theirs is first\\..*Mine is second\\.", re.DOTALL | re.IGNORECASE))
    assert violations(two, "conflict") == []
    two.get_by_label("Motto").fill(motto)
    two.get_by_role("button", name="Save reviewer", exact=True).last.click()
    expect(two.get_by_text("Saved.", exact=True)).to_be_visible()


def test_what_was_typed_before_the_browser_was_closed_is_found_again(new_reader: Callable[..., Reader]) -> None:
    reader = new_reader()
    reader.page.clock.install()
    page = log_in(reader, at="/admin/comparisons/new")
    page.get_by_label("Bottom line").fill("Half a thought, with **stress**.")
    page.clock.fast_forward(400)
    expect(page.locator("#bottom_line-preview strong")).to_have_text("stress")
    page.clock.fast_forward(10_000)
    expect(page.locator("#draft-status")).to_contain_text("Unsaved changes stored at")
    cookies = reader.context.cookies()
    page.close(run_before_unload=False)

    later = new_reader()
    later.context.add_cookies(cookies)  # type: ignore[arg-type]
    again = later.opens("/admin/comparisons/new")
    expect(again.get_by_label("Bottom line")).to_have_value("")
    assert violations(again, "another draft") == []
    again.get_by_role("link", name="Unnamed").click()
    expect(again.get_by_label("Bottom line")).to_have_value("Half a thought, with **stress**.")
    expect(again.get_by_text("Unsaved changes from")).to_be_visible()
    assert violations(again, "draft") == []
    again.get_by_role("button", name="Discard changes").click()
    expect(again.get_by_label("Bottom line")).to_have_value("")


def test_a_session_that_ends_in_mid_form_leads_back_to_the_same_form(reader: Reader, site: Site) -> None:
    reader.expects("status of 401")  # of the preview of what is typed after the end
    page = log_in(reader, at="/admin/categories/new")
    name = page.locator(".log-out a").inner_text().partition(":")[0]
    page.get_by_label("Name", exact=True).fill("Written all afternoon")
    page.get_by_role("button", name="Add fact").click()
    end_sessions(site, timedelta(minutes=31))
    page.get_by_label("Description").fill("All of it.")
    page.get_by_role("button", name="Save category", exact=True).last.click()
    log_in_again(page, name)
    expect(page.get_by_label("Name", exact=True)).to_have_value("Written all afternoon")
    expect(page.get_by_label("Description")).to_have_value("All of it.")
    page.get_by_role("button", name="Discard changes").click()
    expect(page.get_by_text("Your unsaved changes are discarded.")).to_be_visible()


def test_a_preview_opens_beside_the_form(reader: Reader) -> None:
    page = log_in(reader, at="/admin/tools/2")
    page.get_by_label("Tagline").fill("Seen before it is saved.")
    with reader.context.expect_page() as opened:
        page.get_by_role("button", name="Preview").click()
    preview = opened.value
    expect(preview.get_by_text("Only you see this page")).to_be_visible()
    expect(preview.locator(".tool-tagline")).to_contain_text("Seen before it is saved.")
    assert violations(preview, "preview") == []
    expect(page.get_by_label("Tagline")).to_have_value("Seen before it is saved.")


def test_a_name_proposes_a_slug_a_box_proposes_tools_and_a_public_page_offers_its_form(reader: Reader) -> None:
    page = log_in(reader, at="/admin/tools/new")
    page.get_by_label("Name", exact=True).press_sequentially("Café vs Träume 2")
    expect(page.locator("#slug-proposal")).to_contain_text("/tools/cafe-traume-2")
    reader.opens("/admin/comparisons/new")
    page.get_by_label("Tool 1", exact=True).press_sequentially("whis")
    expect(page.locator("#tool-options option").first).to_have_attribute("value", "Whisper")
    for public_page, name in (("/tools/cursor", "Cursor"), ("/tools?category=developer-tools", "Developer Tools")):
        reader.opens(public_page).get_by_role("link", name=f"Edit {name}", exact=True).click()
        expect(page.get_by_role("heading", level=1)).to_have_text(name)


@pytest.mark.parametrize("pages", [LISTS, FORMS], ids=["lists", "forms"])
def test_axe_finds_nothing_behind_the_log_in(reader: Reader, pages: dict[str, str]) -> None:
    page = log_in(reader, "admin")
    found = []
    for where, path in pages.items():
        reader.opens(path)
        found += violations(page, where, height=4000)  # so that the bar with the buttons covers no field
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})
            assert page.evaluate("document.documentElement.scrollWidth") <= width, where
    assert found == []


def test_axe_finds_nothing_on_a_form_that_was_refused(reader: Reader) -> None:
    reader.expects("status of 422")
    page = log_in(reader, at="/admin/tools/1/panel")
    page.locator(".panel-row").first.get_by_label("Quote").fill("Something else.")
    page.get_by_role("button", name="Save panel", exact=True).last.click()
    expect(page.get_by_role("alert")).to_be_focused()
    expect(page.locator(".panel-row").first.get_by_label("Reason for the change")).to_be_visible()
    page.get_by_role("link", name=re.compile("^The .*, Reason for the change")).click()
    expect(page.locator(".panel-row").first.get_by_label("Reason for the change")).to_be_focused()
    assert violations(page, "refused panel") == []


def test_nothing_that_is_typed_is_run(reader: Reader) -> None:
    """The reader's browser complains of every script that the policy stops, and of every request elsewhere."""
    page = log_in(reader, "admin", at="/admin/tools/new")
    hostile = "".join(sign for sign in EVERYTHING if sign not in "\u2028\u2029")  # which no text may hold
    page.get_by_label("Name", exact=True).fill(hostile[:80])
    page.get_by_label("Tagline").fill(hostile[80:280])
    page.get_by_label("Description").fill(hostile)
    page.wait_for_timeout(600)
    expect(page.locator("#description-preview")).not_to_be_empty()
    with reader.context.expect_page() as opened:
        page.get_by_role("button", name="Preview").click()
    expect(opened.value.get_by_text("Only you see this page")).to_be_visible()
    page.get_by_role("button", name="Save tool and add reviews").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(": panel")
    for path in ("/admin", "/admin/tools", "/admin/trail", "/admin/merge"):
        reader.opens(path)
        assert page.evaluate("document.scripts.length") <= 4
