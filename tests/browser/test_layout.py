"""What can only be seen when a page is laid out: nothing sticks out, nothing jumps, paper gets a clean page."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import missing
from tests.browser.pages import GOOD
from tests.browser.reader import Reader

PAIR = GOOD["comparison of two"]
WIDTHS = (320, 360, 768, 1280)
PAPER_COLOURS = ("rgb(255, 255, 255)", "rgba(0, 0, 0, 0)")
OVERHANG = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
HIDDEN_LINES = """() => [...document.querySelectorAll(".scorecard .quote")].map((quote) => [
  (quote.scrollHeight - quote.clientHeight) / parseFloat(getComputedStyle(quote).lineHeight),
  Boolean(quote.nextElementSibling?.checkVisibility()),
])"""
ROOM_AFTER_TYPED = """() => {
  const field = document.querySelector("#masthead-q");
  const end = field.getBoundingClientRect().right - parseFloat(getComputedStyle(field).paddingInlineEnd);
  return document.querySelector(".masthead-search button").getBoundingClientRect().left - end;
}"""
WATCH_SHIFTS = """
window.shifts = [];
new PerformanceObserver((list) => list.getEntries().forEach((entry) => window.shifts.push(
  `${entry.value.toFixed(4)} ${entry.sources.map((source) => source.node?.outerHTML?.slice(0, 80)).join(" | ")}`
))).observe({ type: "layout-shift", buffered: true });
"""


@pytest.mark.parametrize("kind", GOOD)
def test_nothing_sticks_out_sideways_on(onlooker: Reader, kind: str) -> None:
    page = onlooker.opens(GOOD[kind])
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate(OVERHANG) <= 0, f"{width} px"


def test_nothing_sticks_out_at_twice_the_size(new_reader: Callable[..., Reader]) -> None:
    # What a browser does at 200 %: half the pixels for the layout, each drawn twice as large.
    reader = new_reader(viewport={"width": 640, "height": 400}, device_scale_factor=2)
    for kind, path in GOOD.items():
        assert reader.opens(path).evaluate(OVERHANG) <= 0, kind


def test_large_letters_push_nothing_out_of_the_page(reader: Reader) -> None:
    page = reader.opens(PAIR)
    page.set_viewport_size({"width": 360, "height": 800})
    page.evaluate("document.documentElement.style.setProperty('font-size', '150%')")
    assert page.evaluate(OVERHANG) <= 0


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_without_a_bottom_line_who_should_choose_which_stands_on_the_first_screen(reader: Reader, width: int) -> None:
    page = reader.opens("/compare/chatgpt-vs-claude")
    page.set_viewport_size({"width": width, "height": 800})
    assert page.locator(".choose h3").count() == 2
    for part in page.locator(".answer, #panel, .choose li").all():
        expect(part).to_be_in_viewport(ratio=1)


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_what_is_typed_into_the_search_of_the_header_ends_before_its_button(reader: Reader, width: int) -> None:
    page = reader.opens(PAIR)
    page.set_viewport_size({"width": width, "height": 800})
    page.locator("#masthead-q").fill("a search with many words in it")
    assert page.evaluate(ROOM_AFTER_TYPED) >= 0


def test_who_types_a_search_on_a_phone_has_the_whole_line(reader: Reader) -> None:
    page = reader.opens(PAIR)
    page.set_viewport_size({"width": 360, "height": 800})
    field, nav = page.locator("#masthead-q"), page.locator(".nav")
    width, below = (field.bounding_box() or {})["width"], nav.bounding_box()
    field.focus()
    assert (field.bounding_box() or {})["width"] > 300 > width
    assert nav.bounding_box() == below


@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_jumps_while_the_comparison_loads(new_reader: Callable[..., Reader], width: int) -> None:
    reader = new_reader(viewport={"width": width, "height": 800})
    reader.context.add_init_script(WATCH_SHIFTS)
    assert shifts_of(reader.opens(PAIR)) == []


def test_nothing_jumps_when_a_voters_own_ballots_arrive(reader: Reader) -> None:
    reader.opens("/compare/flux-1-vs-midjourney")
    reader.ballot("flux-1").ship.click()
    reader.ballot("flux-1").says("Your vote: SHIP")
    reader.context.add_init_script(WATCH_SHIFTS)
    reader.page.reload()
    reader.ballot("flux-1").says("Your vote: SHIP")
    assert shifts_of(reader.page) == []


def test_nothing_jumps_when_a_vote_is_cast(reader: Reader) -> None:
    page = reader.opens("/tools/whisper-cpp")
    below = page.get_by_role("heading", name="Related comparisons")
    top = "(heading) => heading.getBoundingClientRect().top + scrollY"
    place = below.evaluate(top)
    for vote in ("ship", "skip"):
        getattr(reader.ballot("whisper-cpp"), vote).click()
        reader.ballot("whisper-cpp").says(f"Your vote: {vote.upper()}")
        assert below.evaluate(top) == place


def test_panel_readers_and_price_of_three_tools_stand_in_lines(reader: Reader) -> None:
    page = reader.opens(GOOD["comparison of three"])
    top = "(figures) => figures.map((figure) => Math.round(figure.getBoundingClientRect().top))"
    for width in (1000, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        for figure in (".figure-panel", ".figure-community", ".figure-price"):
            tops = page.locator(f".card {figure}").evaluate_all(top)
            assert len(tops) == 3
            assert len(set(tops)) == 1, (figure, width)


def test_labels_say_what_the_figures_of_a_listed_tool_are_where_its_columns_have_no_headings(reader: Reader) -> None:
    labels = reader.opens("/tools").locator(".directory tbody tr").first.locator(".cell-tool:visible")
    for width, shown in ((360, ["Panel", "Readers", "Entry price"]), (1280, [])):
        reader.page.set_viewport_size({"width": width, "height": 800})
        expect(labels).to_have_text(shown)


def test_the_drawing_of_the_rankings_explains_its_axes_and_dotted_lines_on_a_phone(reader: Reader) -> None:
    page = reader.opens("/rankings")
    page.set_viewport_size({"width": 360, "height": 800})
    for words in ("Readers who say SHIP", "Reviewers who say SHIP", "Dotted: where readers would agree"):
        expect(page.locator(".scatter").get_by_text(words, exact=True)).to_be_visible()


def test_dates_stay_inside_recent_changes(reader: Reader) -> None:
    page = reader.opens("/")
    overhangs = """(lines) => lines.map((line) =>
      Math.max(...[...line.children].map((each) => each.getBoundingClientRect().right))
        - line.closest(".front-changed").getBoundingClientRect().right)"""
    for width in (1000, 1024, 1100, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        found = page.locator(".front-changed .changed-what").evaluate_all(overhangs)
        assert found
        assert max(found) <= 0, width


def test_folds_hide_three_lines_or_are_not_there(reader: Reader) -> None:
    folds = 0
    for kind in ("comparison of two", "comparison of four"):
        page = reader.opens(GOOD[kind])
        for width in (360, 600, 768, 900, 1280):
            page.set_viewport_size({"width": width, "height": 800})
            for hidden, has_fold in page.evaluate(HIDDEN_LINES):
                folds += has_fold
                assert hidden > 2.5 if has_fold else hidden < 0.5, (kind, width)
    assert folds


def shifts_of(page: Page) -> list[str]:
    page.wait_for_load_state("networkidle")
    page.evaluate("document.fonts.ready")
    for _ in range(6):
        page.mouse.wheel(0, 900)
        page.wait_for_timeout(30)
    return list(page.evaluate("window.shifts"))


@pytest.mark.parametrize(("asked", "moving"), [("no-preference", ["wipe"]), ("reduce", [])])
def test_only_the_pressed_oval_moves_and_only_if_wanted(reader: Reader, asked: str, moving: list[str]) -> None:
    page = reader.opens("/tools/lm-studio")
    page.emulate_media(reduced_motion=asked)
    page.evaluate(
        """() => {
          window.moved = [];
          addEventListener("animationstart", (event) => window.moved.push(event.animationName));
          addEventListener("transitionstart", (event) => window.moved.push(event.propertyName));
        }"""
    )
    reader.ballot("lm-studio").ship.click()
    reader.ballot("lm-studio").says("Your vote: SHIP")
    page.wait_for_timeout(300)
    assert page.evaluate("window.moved") == moving


def test_paper_gets_every_word_and_no_button(reader: Reader) -> None:
    page = reader.opens(PAIR)
    page.emulate_media(media="print")
    for gone in (".nav", ".masthead-search", ".ballot-place", ".fold", ".section-head > a", ".footer-last", ".band"):
        expect(page.locator(gone).first).to_be_hidden()
    for there in (".facts", ".old-quote", ".answer", ".tape", ".scorecard", ".footer-sample"):
        expect(page.locator(there).first).to_be_visible()
    # As a grid, a card that a page's end cuts in two prints its price over its text.
    expect(page.locator(".card").first).to_have_css("display", "block")
    hidden = "(quotes) => quotes.map((quote) => quote.scrollHeight - quote.clientHeight)"
    assert max(page.locator(".quote").evaluate_all(hidden)) <= 1
    source = page.locator(".facts .note a").first
    written = source.evaluate("(link) => getComputedStyle(link, '::after').content")
    assert source.get_attribute("href") in written.replace('" "', "").replace('"', "")
    assert page.pdf()[:5] == b"%PDF-"
    reader.opens("/compare/aider-vs-chatgpt")
    expect(page.locator(".more > summary").first).to_be_hidden()
    expect(page.locator(".more .plan-lines").first).to_be_visible()


@pytest.mark.parametrize(
    "kind", ["tool", "comparison of two", "comparison of three", "comparison of four", "directory", "method", "edition"]
)
def test_no_heading_and_no_head_of_a_table_ends_a_printed_page(reader: Reader, tmp_path: Path, kind: str) -> None:
    if shutil.which("pdftotext") is None:
        missing("pdftotext is not installed")
    page = reader.opens(GOOD[kind])
    page.emulate_media(media="print")
    heads = lines_of(page, "h2, h3, h4, thead tr, .section-head") - lines_of(page, "tbody th")
    for millimetres in (240, 252, 276, 288, 297):
        pdf = tmp_path / f"{millimetres}.pdf"
        page.pdf(path=pdf, width="210mm", height=f"{millimetres}mm")
        command = ["pdftotext", "-layout", str(pdf), "-"]
        printed = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
        pages = [text.split("\n") for text in printed.split("\f")[:-2]]  # the last page may end with anything
        ends = [next(" ".join(line.split()) for line in reversed(lines) if line.strip()) for lines in pages]
        assert [end for end in ends if end in heads] == [], f"{millimetres} mm"


def lines_of(page: Page, selector: str) -> set[str]:
    return {" ".join(text.split()) for text in page.locator(selector).all_inner_texts()}


def test_paper_is_white_and_its_links_can_be_typed(new_reader: Callable[..., Reader]) -> None:
    page = new_reader(color_scheme="dark").opens("/tools/github-copilot")
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
    assert page.evaluate("getComputedStyle(document.documentElement).backgroundColor") in PAPER_COLOURS
    expect(page.locator(".tool-follow")).to_be_hidden()
    for link in (".quote a", ".tool-tagline .website", ".tool-facts .note a"):
        shown = page.locator(link).first.evaluate("(link) => getComputedStyle(link, '::after').content")
        assert "https://" in shown, link
