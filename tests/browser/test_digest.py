"""An edition in Chromium, from its draft to the last email, with JavaScript and without; axe finds nothing."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.reader import Reader
from tests.browser.site import Site, serving
from tests.browser.test_accessibility import violations
from tests.smtp_server import SmtpServer, smtp_server

PASSWORD = "plinth mango otter quartz"
READERS = ("ann@example.org", "ben@example.org")
NEWS = ".news-item"
MOVER = "[id^=down-]:not([id^=down-category])"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[SmtpServer]:
    with smtp_server(tmp_path / "smtp") as running:
        yield running


@pytest.fixture
def digest_site(small_database: Path, tmp_path: Path, server: SmtpServer) -> Iterator[Site]:
    """A site of this test's own, which mails through the test's server.

    Ask for it before a reader: a site that ends waits for the connections that browsers keep.
    """
    folder = tmp_path / "site"
    folder.mkdir()
    with serving(small_database, folder, **server.settings) as site:
        site.flask("staff", "add", "root", "root@example.org", "--role", "admin", "--password", PASSWORD)
        yield site


@dataclass
class Inspector:
    """Runs axe on each page, if there is JavaScript."""

    page: Page
    has_javascript: bool
    found: list[str] = field(default_factory=list)

    def check(self, where: str) -> None:
        if self.has_javascript:
            self.found += violations(self.page, where)


def log_in(reader: Reader) -> Page:
    page = reader.opens("/admin/subscribers")
    page.get_by_label("Name").fill("root")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Subscribers")
    return page


def add_readers(page: Page, axe: Inspector) -> None:
    for address in READERS:
        page.get_by_role("link", name="Add subscriber").click()
        page.get_by_label("Email address").fill(address)
        page.get_by_label("Where and how they agreed").fill("The list at our stand in Lyon")
        page.get_by_label("Date they agreed").fill("2026-03-01")
        page.get_by_role("button", name="Add subscriber").click()
        expect(page.get_by_role("cell", name=address)).to_be_visible()
    axe.check("subscribers")
    page.get_by_role("link", name="Suppress number 1").click()
    expect(page.get_by_label("Email address")).to_have_value(READERS[0])
    axe.check("suppress")


def draft(page: Page, axe: Inspector) -> None:
    page.get_by_role("navigation", name="Admin").get_by_role("link", name="Digest").click()
    axe.check("editions")
    page.get_by_role("button", name="Draft edition").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Edition 20")
    axe.check("draft")


def arrange(page: Page, has_javascript: bool) -> str:
    """Move the first item down, and remove the one that is first then; return that one's id."""
    first, second = (page.locator(NEWS).nth(place).get_attribute("id") for place in (0, 1))
    mover = page.locator(MOVER).first
    button = mover.get_attribute("id")
    mover.focus()
    page.keyboard.press("Enter")
    expect(page.locator(NEWS).first).to_have_id(second or "")
    expect(page.locator(NEWS).nth(1)).to_have_id(first or "")
    if has_javascript:
        expect(page.locator(f"#{button}")).to_be_focused()
    page.locator(NEWS).first.get_by_role("button", name="Remove").click()
    expect(page.locator(NEWS).first).to_contain_text("Removed: not in the email.")
    return second or ""


def write_an_intro(page: Page, has_javascript: bool) -> None:
    size = page.viewport_size
    page.set_viewport_size({"width": 360, "height": 500})
    page.get_by_label("Subject", exact=True).focus()
    expect(page.get_by_role("button", name="Save subject and intro")).to_be_in_viewport(ratio=1)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    if size:
        page.set_viewport_size(size)
    page.get_by_label("Intro", exact=True).fill("Good *morning*.")
    if not has_javascript:
        page.get_by_role("button", name="Preview intro").click()
    expect(page.locator("#intro-preview em")).to_have_text("morning")
    expect(page.get_by_label("Intro", exact=True)).to_have_value("Good *morning*.")
    page.get_by_role("button", name="Save subject and intro").click()
    expect(page.get_by_label("Intro", exact=True)).to_have_value("Good *morning*.")


def preview_the_email(page: Page, axe: Inspector) -> None:
    page.get_by_role("link", name="Preview email").click()
    expect(page.locator(".mail-text")).to_contain_text("Good *morning*.")
    expect(page.frame_locator("iframe").locator("em", has_text="morning")).to_be_visible()
    axe.check("email")
    page.get_by_role("link", name="Back to the edition").click()


def send_a_test_email(page: Page, server: SmtpServer) -> None:
    page.get_by_label("Address for the test email").fill("me@example.org")
    page.get_by_role("button", name="Send test email").click()
    expect(page.locator(".notice[role=status]:visible")).to_contain_text("The test email was sent.")
    (letter,) = server.wait_for(1)
    assert str(letter.message["Subject"]).startswith("[Test] ")


def send(page: Page, axe: Inspector) -> None:
    page.get_by_text("Send now").click()
    expect(page.get_by_text("goes to 2 subscribers")).to_be_visible()
    axe.check("before sending")
    page.get_by_role("button", name="Send edition to 2 subscribers").click()
    expect(page.get_by_role("heading", name="Sending")).to_be_visible()
    expect(page.locator(".progress-figure")).to_have_text("0 of 2 processed")
    axe.check("sending")


@pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without"])
def test_from_the_draft_to_the_last_email(
    digest_site: Site, new_reader: Callable[..., Reader], server: SmtpServer, javascript: bool
) -> None:
    page = log_in(new_reader(at=digest_site, java_script_enabled=javascript))
    axe = Inspector(page, javascript)
    add_readers(page, axe)
    draft(page, axe)
    removed = arrange(page, javascript)
    write_an_intro(page, javascript)
    expect(page.locator(f"#{removed}")).to_contain_text("Removed: not in the email.")
    preview_the_email(page, axe)
    send_a_test_email(page, server)
    send(page, axe)

    digest_site.flask("digest", "run")
    assert {letter.recipient for letter in server.wait_for(3)[1:]} == set(READERS)
    if not javascript:
        page.get_by_role("link", name="reload this page").click()
    expect(page.get_by_role("heading", name="Sent")).to_be_visible()
    expect(page.locator(".progress-figure")).to_have_text("2 of 2 processed")
    axe.check("sent")
    assert axe.found == []


def test_what_became_of_the_edition_meanwhile_is_said_on_the_page_and_nothing_typed_is_lost(
    digest_site: Site, new_reader: Callable[..., Reader]
) -> None:
    reader = new_reader(at=digest_site)
    reader.expects("status of 409")
    page = log_in(reader)
    draft(page, Inspector(page, False))
    name = page.url.rpartition("/")[2]
    page.get_by_label("Intro", exact=True).fill("An hour of work.")
    digest_site.flask("digest", "cancel", name)
    page.get_by_role("button", name="Remove").first.click()
    expect(page.get_by_role("alert")).to_contain_text(f"Edition {name} was cancelled.")
    expect(page.get_by_label("Intro", exact=True)).to_have_value("An hour of work.")
    found = violations(page, "refused by htmx")
    page.get_by_role("button", name="Save subject and intro").click()
    expect(page.get_by_label("Your unsaved text")).to_have_value("An hour of work.")
    assert found + violations(page, "refused as a page") == []


def test_a_page_that_watches_the_sending_leads_to_the_log_in_once_the_session_is_over(
    digest_site: Site, new_reader: Callable[..., Reader]
) -> None:
    reader = new_reader(at=digest_site)
    reader.expects("status of 401")
    page = log_in(reader)
    draft(page, Inspector(page, False))
    page.get_by_text("Send now").click()
    page.get_by_role("button", name="Send edition to 0 subscribers").click()
    expect(page.get_by_text("There were no subscribers when the edition was locked")).to_be_visible()
    reader.context.clear_cookies()
    expect(page.get_by_role("heading", level=1)).to_have_text("Log in")
