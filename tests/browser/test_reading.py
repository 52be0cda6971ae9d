"""The comparison page, read from top to bottom."""

from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.reader import Reader

PAIR = "/compare/huggingface-smolvlm2-2b-vs-mistral-code"


def test_the_comparison_says_which_one_and_then_why_in_this_order(reader: Reader) -> None:
    page = reader.opens(PAIR)
    expect(page.get_by_role("heading", level=1)).to_have_text(
        "SmolVLM2-2B vs Mistral Code — Which one suits your work?", use_inner_text=False
    )
    expect(page.locator(".answer")).to_have_text("Mistral Code leads by one reviewer.")
    expect(page.locator(".lede")).to_contain_text("All five would ship Mistral Code, four SmolVLM2-2B.")
    expect(page.get_by_role("heading", level=2)).to_have_text(
        [
            "Which should you choose?",
            "SmolVLM2-2B",
            "Mistral Code",
            "Where they differ",
            "Reviewer scorecard",
            "What readers who judged both said",
            "Changes of mind",
            "Related comparisons",
            "Let the next verdict come to you",
        ]
    )


def test_the_answer_and_both_figures_stand_on_the_first_screen(reader: Reader) -> None:
    page = reader.opens(PAIR)
    page.set_viewport_size({"width": 1280, "height": 800})
    price = ".card .figure-price dd >> nth=1"  # its figure is as high as the community's beside it
    for part in (".answer", ".tape", ".card .figure-community >> nth=0", price):
        expect(page.locator(part)).to_be_in_viewport(ratio=0.9)


def test_the_first_screen_of_a_phone_holds_the_answer_and_begins_to_say_who_should_choose_which(
    new_reader: Callable[..., Reader],
) -> None:
    page = new_reader(viewport={"width": 360, "height": 640}).opens("/compare/cursor-vs-github-copilot")
    for part in (".answer", ".lede", ".tape", ".bottom-line", ".choose h3 >> nth=0", ".choose h3 >> nth=1"):
        expect(page.locator(part)).to_be_in_viewport(ratio=0.9)
    assert page.locator(".lede").evaluate("(lede) => lede.getClientRects()[0].height") <= 2 * 24


def test_the_first_screen_of_a_phone_holds_a_tools_verdicts_and_the_vote(new_reader: Callable[..., Reader]) -> None:
    page = new_reader(viewport={"width": 360, "height": 640}).opens("/tools/github-copilot")
    for part in (".tool-tagline", ".tape", ".ballot-choices"):
        expect(page.locator(part)).to_be_in_viewport(ratio=1)


def test_every_figure_stands_with_its_basis(reader: Reader) -> None:
    card = reader.opens(PAIR).locator(".card").first
    expect(card.locator(".figure-panel")).to_contain_text("4 of 5 ship")
    expect(card.locator(".figure-panel")).to_contain_text("5 AI voices")
    expect(card.locator(".figure-panel")).to_contain_text("oldest review")
    expect(card.locator(".figure-community")).to_contain_text("interval")
    expect(card.locator(".figure-price")).to_contain_text("Checked 17")


def test_the_lede_leads_to_each_part(reader: Reader) -> None:
    page = reader.opens(PAIR)
    for link in page.locator(".on-this-page a").all():
        link.click()
        expect(page.locator(":target")).to_be_in_viewport()


def test_a_long_quote_folds_and_opens(reader: Reader) -> None:
    page = reader.opens(PAIR)
    folding = page.locator(".folding").filter(has=page.locator(".fold:visible")).first
    quote = folding.locator(".quote")
    folded = quote.bounding_box()["height"]
    folding.locator("summary").click()
    assert quote.bounding_box()["height"] > folded
    expect(folding.locator(".fold-open")).to_be_visible()


def test_the_directory_puts_two_ticked_tools_side_by_side(reader: Reader) -> None:
    page = reader.opens("/tools?q=code")
    page.get_by_label("Compare Cursor").check()
    page.get_by_label("Compare GitHub Copilot").check()
    page.get_by_role("button", name="Compare", exact=True).click()
    page.wait_for_url("**/compare/cursor-vs-github-copilot")


def test_a_page_that_is_not_there_offers_a_search_that_finds(reader: Reader) -> None:
    reader.expects("status of 404")
    page = reader.opens("/compare/mistral-code-vs-ollamma")
    expect(page.get_by_role("heading", level=1)).to_have_text("Nothing here.")
    search = page.locator("main").get_by_role("searchbox")
    expect(search).to_have_value("ollamma")
    search.fill("ollama")
    search.press("Enter")
    expect(page.locator(".directory-tool").first).to_contain_text("Ollama")
