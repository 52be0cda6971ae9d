"""The admin pages in Chromium: logging in with two-factor authentication, adding a user, and axe finds nothing."""

import re

import pyotp
from playwright.sync_api import expect

from tests.browser.reader import Reader
from tests.browser.site import Site
from tests.browser.test_accessibility import violations

PASSWORD = "plinth mango otter quartz"


def test_an_admin_logs_in_adds_a_user_and_sets_up_two_factor_authentication(reader: Reader, site: Site) -> None:
    site.flask("staff", "add", "root", "root@example.org", "--role", "admin", "--password", PASSWORD)
    reader.expects("status of 422")
    page = reader.opens("/admin/people")
    found = violations(page, "log-in")
    page.get_by_label("Name").fill("root")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("alert")).to_be_focused()
    expect(page.get_by_label("Name")).to_have_value("root")
    found += violations(page, "refused log-in")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Users")
    found += violations(page, "users")

    page.get_by_role("link", name="Add user").click()
    page.get_by_label("Name to log in with").fill("Bob")
    page.get_by_label("Email address").fill("bob@example.org")
    page.get_by_role("button", name="Add user").click()
    expect(page.get_by_label("Email address")).to_have_value("bob@example.org")
    found += violations(page, "refused user")
    page.get_by_label("Name to log in with").fill("bob")
    page.get_by_role("button", name="Add user").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Account for bob")

    page.get_by_role("link", name="Activity log").click()
    expect(page.get_by_role("row").filter(has_text="added bob")).to_have_count(1)
    found += violations(page, "activity log")
    page.get_by_role("link", name="your account").click()
    found += violations(page, "account")
    page.get_by_role("link", name="Set up two-factor authentication").click()
    found += violations(page, "two-factor authentication")
    secret = re.sub(r"\s", "", page.locator(".secret").inner_text())
    page.get_by_label("Code from the app").fill(pyotp.TOTP(secret).now())
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Turn on two-factor authentication").click()
    expect(page.locator(".codes li")).to_have_count(10)
    found += violations(page, "recovery codes")
    code = page.locator(".codes li").first.inner_text()

    page.get_by_role("button", name="Log out").click()
    page.get_by_label("Name").fill("root")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("Code (if you use two-factor authentication)").fill(code)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Dashboard")
    assert found + violations(page, "dashboard") == []
