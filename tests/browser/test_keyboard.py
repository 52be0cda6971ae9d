"""Everything that can be pressed can be reached and pressed from the keyboard, and the focus is seen."""

from playwright.sync_api import Locator, Page, expect

from tests.browser.reader import Reader

FARTHEST = 150
SEARCH = "Search for a tool to compare"
THREE = "/compare/claude-code-vs-cursor-vs-mistral-code"  # in columns so narrow that long quotes fold


def tab_to(page: Page, wanted: Locator) -> None:
    for _ in range(FARTHEST):
        if wanted.evaluate("(element) => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{wanted} is not within {FARTHEST} tabs")


def outline_of(element: Locator) -> str:
    return str(element.evaluate("(element) => getComputedStyle(element).outline"))


def test_the_first_tab_leads_past_the_masthead(reader: Reader) -> None:
    page = reader.opens("/tools/vllm")
    skip_link = page.get_by_role("link", name="Skip to the content")
    assert skip_link.bounding_box()["y"] < 0
    page.keyboard.press("Tab")
    expect(skip_link).to_be_focused()
    assert skip_link.bounding_box()["y"] >= 0
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('main') !== null")


def test_a_vote_is_set_changed_and_taken_back_without_a_pointer(reader: Reader) -> None:
    page = reader.opens("/tools/vllm")
    ballot = reader.ballot("vllm")
    tab_to(page, ballot.ship)
    page.keyboard.press("Space")
    ballot.says("Your vote: SHIP")
    expect(ballot.ship).to_be_focused()

    page.keyboard.press("Tab")
    expect(ballot.skip).to_be_focused()
    page.keyboard.press("Enter")
    ballot.says("Your vote: SKIP")
    expect(ballot.skip).to_be_focused()

    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Shift+Tab")
    expect(ballot.take_back).to_be_focused()
    page.keyboard.press("Enter")
    ballot.says("Taken back")
    page.keyboard.press("Tab")
    expect(ballot.ship).to_be_focused()


def assert_focus_is_seen(page: Page, element: Locator) -> None:
    tab_to(page, element)
    assert "3px" in outline_of(element), element
    assert "solid" in outline_of(element), element


def test_the_focus_is_seen_on_ovals_links_folds_and_fields(reader: Reader) -> None:
    page = reader.opens("/tools/vllm")
    ballot = reader.ballot("vllm")
    for element in (ballot.ship, ballot.skip, page.locator(".logo").first):
        assert_focus_is_seen(page, element)
    reader.opens(THREE)
    assert_focus_is_seen(page, page.locator(".quote + .fold > summary:visible").first)
    reader.opens("/compare")
    tab_to(page, page.get_by_label(SEARCH))
    assert "3px" in outline_of(page.get_by_label(SEARCH))


def test_a_folded_quote_opens_from_the_keyboard_and_a_focus_inside_it_is_in_sight(reader: Reader) -> None:
    page = reader.opens("/compare/cursor-vs-github-copilot")
    quote = page.locator(".quote:has(a)").first
    tab_to(page, quote.locator("a").first)
    assert quote.evaluate("(quote) => quote.scrollHeight - quote.clientHeight") <= 1
    reader.opens(THREE)
    folded = page.locator(".quote:has(+ .fold > summary:visible)").last
    assert folded.evaluate("(quote) => quote.scrollHeight - quote.clientHeight") > 1
    tab_to(page, page.locator(".quote + .fold > summary:visible").last)
    page.keyboard.press("Enter")
    assert folded.evaluate("(quote) => quote.scrollHeight - quote.clientHeight") <= 1


def test_only_quotes_that_are_too_long_fold(reader: Reader) -> None:
    page = reader.opens(THREE)
    for width in (1024, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        hidden = "(quotes) => quotes.map((quote) => quote.scrollHeight - quote.clientHeight)"
        assert min(page.locator(".quote:has(+ .fold > summary:visible)").evaluate_all(hidden)) > 10


def test_two_tools_are_picked_and_compared_without_a_pointer(reader: Reader) -> None:
    page = reader.opens("/compare")
    for typed, name in (("Olla", "Ollama"), ("LM", "LM Studio")):
        tab_to(page, page.get_by_label(SEARCH))
        page.keyboard.type(typed)
        choice = page.get_by_role("link", name=f"Choose {name}", exact=True)
        expect(choice).to_be_visible()
        tab_to(page, choice)
        page.keyboard.press("Enter")
    tab_to(page, page.get_by_role("link", name="Compare two tools"))
    page.keyboard.press("Enter")
    page.wait_for_url("**/compare/lm-studio-vs-ollama")
