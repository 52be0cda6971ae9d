"""Searching as one types."""

import re

from playwright.sync_api import expect

from tests.browser.reader import Reader


def test_results_follow_what_is_typed_and_the_address_keeps_step(reader: Reader) -> None:
    page = reader.opens("/tools")
    box = page.get_by_role("searchbox", name="Search tools")
    box.press_sequentially("chatgtp")
    expect(page.locator("#results")).to_contain_text("Did you mean chatgpt?")
    expect(page.get_by_role("status")).to_contain_text("for “chatgpt”")
    expect(page).to_have_url(re.compile(r"[?]q=chatgtp$"))
    expect(page).to_have_title(re.compile("“chatgtp”"))
    expect(page.get_by_label("Sort by").locator("option:checked")).to_have_text("Best match")
    expect(box).to_be_focused()
    box.fill("")
    expect(page.locator("#results")).to_contain_text("Mistral Code")
    expect(page.get_by_label("Sort by").locator("option:checked")).to_have_text("Editors’ order")


def test_a_phone_finds_the_search_box_in_the_masthead(reader: Reader) -> None:
    page = reader.opens("/")
    page.set_viewport_size({"width": 320, "height": 640})
    page.get_by_role("searchbox", name="Search tools").fill("cursr")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/tools[?]q=cursr"))
    expect(page.locator("#results")).to_contain_text("Did you mean cursor?")
