"""What is typed while the site is down: the browser keeps it, offers it again, and asks before it is left."""

from datetime import timedelta

from playwright.sync_api import Page, expect

from tests.browser.reader import Reader
from tests.browser.site import Site
from tests.browser.test_accessibility import violations
from tests.browser.test_editing import end_sessions, log_in, log_in_again

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
    # Chromium ends the emulated loss of the network while it closes a page, so the last attempt could arrive.
    page.evaluate("navigator.sendBeacon = () => false")
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
