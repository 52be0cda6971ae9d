"""The share button: the browser's own dialog, else a copy of the address; without JavaScript there is none."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.reader import Reader

PAGES = ["/compare/huggingface-smolvlm2-2b-vs-mistral-code", "/tools/mistral-code"]


@pytest.mark.parametrize("path", PAGES)
def test_the_address_is_copied_where_the_browser_cannot_share(new_reader: Callable[..., Reader], path: str) -> None:
    reader = new_reader(permissions=["clipboard-read", "clipboard-write"])
    reader.context.add_init_script("delete Navigator.prototype.share")
    page = reader.opens(f"{path}?from=elsewhere")
    page.get_by_role("button", name="Share").click()
    expect(page.locator(".share-page [role=status]")).to_have_text("Address copied.")
    assert page.evaluate("navigator.clipboard.readText()") == reader.site.url + path


def test_the_browsers_own_dialog_is_used_where_there_is_one(reader: Reader) -> None:
    reader.context.add_init_script("navigator.share = async (data) => { window.shared = data; }")
    page = reader.opens(PAGES[1])
    page.get_by_role("button", name="Share").click()
    assert page.evaluate("window.shared") == {"title": page.title(), "url": reader.site.url + PAGES[1]}
    expect(page.locator(".share-page [role=status]")).to_be_empty()


def test_without_javascript_there_is_no_button_to_share(new_reader: Callable[..., Reader]) -> None:
    page = new_reader(java_script_enabled=False).opens(PAGES[1])
    expect(page.locator(".share-page button")).to_be_hidden()
