"""axe finds nothing on any kind of page, light and dark, on a phone and on a desktop, before and after a vote."""

from pathlib import Path
from typing import Any, Literal

import axe_playwright_python
import pytest
from playwright.sync_api import Page, expect

from tests.browser.pages import GOOD
from tests.browser.reader import Reader

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()
WIDTHS = (360, 1280)
SCREENS: list[tuple[int, Literal["light", "dark"]]] = [(360, "dark"), (1280, "light")]
# The size of targets is not looked at unless one asks for it. axe cannot enter the sandboxed frames of emails.
ASK = """async () => (await axe.run(
        { iframes: false, resultTypes: ["violations"], rules: { "target-size": { enabled: true } } }
    ))
    .violations.map((found) => `${found.id}: ${found.nodes.map((node) => node.html.slice(0, 120)).join(" | ")}`)"""


def violations(page: Page, where: str, height: int = 800) -> list[str]:
    """Return what axe says of the page as it stands, in both schemes and widths.

    Colours are the same on a phone and on a desktop, and nothing else differs between the schemes, so each width is
    asked in one scheme.
    """
    page.evaluate(AXE)
    found: list[str] = []
    for width, scheme in SCREENS:
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        found += [f"{where}, {width} px, {scheme}: {violation}" for violation in page.evaluate(ASK)]
    return found


@pytest.mark.parametrize("kind", GOOD)
def test_axe_finds_nothing_on(onlooker: Reader, kind: str) -> None:
    assert violations(onlooker.opens(GOOD[kind]), kind) == []


def test_axe_finds_nothing_on_an_error_page(reader: Reader) -> None:
    reader.expects("status of 404")
    assert violations(reader.opens("/compare/aider-vs-nobody"), "not found") == []


def test_axe_finds_nothing_on_a_ballot_that_was_cast_or_refused(reader: Reader) -> None:
    reader.expects("status of 422")
    page = reader.opens("/compare/elevenlabs-vs-whisper-cpp")
    reader.ballot("elevenlabs").skip.click()
    reader.ballot("elevenlabs").says("Your vote: SKIP")
    refused: Any = reader.ballot("whisper-cpp")
    refused.ship.evaluate("(oval) => { oval.value = 'perhaps'; }")
    refused.ship.click()
    expect(refused.notice).to_contain_text("Choose ship, skip or none.")
    assert violations(page, "ballots") == []
