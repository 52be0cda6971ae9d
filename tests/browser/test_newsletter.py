"""A subscriber's way in Chromium, from the form to leaving, with JavaScript and without."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.reader import Reader
from tests.browser.site import Site
from tests.browser.test_accessibility import violations


def open_letter(reader: Reader, site: Site, address: str) -> Page:
    """Open the letter to an address in the demo's mailbox."""
    site.deliver_mail()
    reader.context.set_extra_http_headers({})  # behind a proxy the mailbox asks for the demo's password
    page = reader.opens("/dev/mailbox")
    page.get_by_role("listitem").filter(has_text=f"To {address},").get_by_role("link").click()
    expect(page.get_by_role("heading", name="As text")).to_be_visible()
    return page


def follow_confirmation(page: Page) -> None:
    page.get_by_role("link", name="/newsletter/confirm/").click()


def sign_up(page: Page, address: str) -> None:
    page.get_by_label("Email address").fill(address)
    page.locator("#signup-send").click()


@pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without"])
def test_from_the_form_to_leaving(new_reader: Callable[..., Reader], site: Site, javascript: bool) -> None:
    reader, address = new_reader(java_script_enabled=javascript), f"reader.{int(javascript)}@example.org"
    reader.expects("status of 422")
    page = reader.opens("/tools/mistral-code")
    page.get_by_role("link", name="Follow this tool").click()
    sign_up(page, address)
    expect(page.get_by_text("Check your inbox.")).to_be_visible()
    assert page.url.endswith("/tools/mistral-code#newsletter" if javascript else "/newsletter/sent")

    follow_confirmation(open_letter(reader, site, address))
    page.get_by_role("button", name="Confirm and follow Mistral Code").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You follow Mistral Code.")
    page.get_by_role("link", name="Choose what you read").click()
    expect(page.get_by_label("Mistral Code")).to_be_checked()

    page.get_by_label("Only on change").check()
    page.get_by_label("Only those ticked here").check()
    page.get_by_role("button", name="Save preferences").click()
    expect(page.get_by_text("Tick at least one category")).to_be_visible()
    expect(page.get_by_label("Only on change")).to_be_checked()
    page.get_by_label("Developer Tools").check()
    page.get_by_label("Follow another one").select_option("cursor")
    page.get_by_role("button", name="Save preferences").click()
    expect(page.get_by_role("status")).to_contain_text("Saved.")
    expect(page.get_by_label("Cursor")).to_be_checked()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download my data").click()
    assert '"follows":["cursor","mistral-code"]' in download.value.path().read_text().replace(" ", "").replace("\n", "")

    page.get_by_role("button", name="Unsubscribe").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You are unsubscribed.")
    assert reader.cookies() == {}


def test_a_mistake_is_said_beside_the_field_and_the_focus_stays_with_it(reader: Reader) -> None:
    reader.expects("status of 422")
    page = reader.opens("/")
    sign_up(page, "ann@example")
    field = page.get_by_label("Email address")
    expect(page.locator("#signup-problem")).to_be_visible()
    expect(field).to_have_value("ann@example")
    expect(field).to_be_focused()
    assert violations(page, "a refused sign-up") == []
    sign_up(page, "ann@bücher.example.org")
    expect(page.locator("#signup-send")).to_have_text("Check your inbox.")
    expect(page.locator("#signup-send")).to_be_focused()
    assert violations(page, "signed up") == []


def test_a_site_that_is_not_reached_loses_nothing_that_was_typed(reader: Reader) -> None:
    reader.expects("ERR_INTERNET_DISCONNECTED", "Failed to fetch", "htmx")
    page = reader.opens("/")
    reader.context.set_offline(True)
    sign_up(page, "ann@example.org")
    expect(page.locator("#signup-trouble")).to_contain_text("Your address is still here")
    expect(page.get_by_label("Email address")).to_have_value("ann@example.org")
    reader.context.set_offline(False)
    sign_up(page, "ann@example.org")
    expect(page.get_by_text("Check your inbox.")).to_be_visible()


def test_axe_finds_nothing_behind_the_links_in_mail(reader: Reader, site: Site) -> None:
    page = reader.opens("/newsletter/subscribe")
    sign_up(page, "axe@example.org")
    expect(page.get_by_text("Check your inbox.")).to_be_visible()
    open_letter(reader, site, "axe@example.org")
    found = violations(page, "a letter in the demo's mailbox")
    follow_confirmation(page)
    found += violations(page, "confirm")
    page.get_by_role("button", name="Confirm this address").click()
    found += violations(page, "confirmed")
    page.get_by_role("link", name="Choose what you read").click()
    page.get_by_text("Erase everything").first.click()
    found += violations(page, "preferences")
    page.get_by_role("button", name="Erase everything now").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Erased.")
    assert found + violations(page, "erased") == []
