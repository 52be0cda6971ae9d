"""A tool's logo in Chromium: sent from a form, seen beside the name on a phone and on a desktop, light and dark."""

import itertools
import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.reader import Reader
from tests.browser.site import Site
from tests.browser.test_accessibility import WIDTHS, violations
from tests.catalog.pictures import encoded, halves
from tests.faults.serving import wait_until

PASSWORD = "plinth mango otter quartz"
TOOL, OTHER = "github-copilot", "cursor"
SHOWN = {"tool": f"/tools/{TOOL}", "comparison": f"/compare/{OTHER}-vs-{TOOL}", "directory": "/tools"}
OVERFLOW = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
IS_DRAWN = "(picture) => picture.complete && picture.naturalWidth > 0"
GROUND = "(picture) => getComputedStyle(picture).backgroundColor"
NOTHING = "rgba(0, 0, 0, 0)"
_numbers = itertools.count(1)


@pytest.fixture
def form(reader: Reader, site: Site) -> Page:
    """The page of a tool's logo, as an editor sees it."""
    name = f"editor-{next(_numbers)}"
    site.flask("staff", "add", name, f"{name}@example.org", "--role", "editor", "--password", PASSWORD)
    with closing(sqlite3.connect(site.database)) as connection:
        (id,) = connection.execute("SELECT tool_id FROM tool_slug WHERE slug = ?", (TOOL,)).fetchone()
    page = reader.opens(f"/admin/tools/{id}/logo")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Logo of GitHub Copilot")
    return page


def sends(page: Page, file: Path, data: bytes) -> None:
    file.write_bytes(data)
    page.get_by_label("Image file").set_input_files(file)
    page.get_by_role("button", name="Save logo").click()


def opens_until(reader: Reader, path: str, logos: int) -> Page:
    """Open a page again and again until it shows so many logos: a worker may show an old page for a second."""
    wait_until(lambda: reader.opens(path).locator(".tool-logo").count() == logos, 5)
    return reader.page


def looks_right(page: Page, logo: Locator) -> None:
    """Expect a logo to be drawn, square, within the page, and on a plate at night only."""
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            logo.scroll_into_view_if_needed()
            expect(logo).to_be_visible()
            assert logo.evaluate(IS_DRAWN)
            box = logo.bounding_box()
            assert box
            assert abs(box["width"] - box["height"]) < 0.5
            assert 20 < box["width"] < 80
            assert page.evaluate(OVERFLOW) <= 0
            assert (logo.evaluate(GROUND) == NOTHING) == (scheme == "light")


def test_an_editor_sends_a_logo_and_readers_see_it_beside_the_name(reader: Reader, form: Page, tmp_path: Path) -> None:
    reader.expects("status of 422")
    found = violations(form, "no logo")
    sends(form, tmp_path / "logo.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>")
    expect(form.get_by_role("alert")).to_be_focused()
    expect(form.get_by_label("Image file")).to_have_accessible_description(re.compile("Choose a file again"))
    found += violations(form, "refused logo")

    sends(form, tmp_path / "logo.png", encoded(halves("RGBA", ((0, 0, 0, 0), (0, 0, 0, 255)))))
    expect(form.get_by_role("status")).to_have_text("Logo saved.")
    found += violations(form, "saved logo")
    place = form.url.partition("?")[0]
    for kind, path in SHOWN.items():
        page = opens_until(reader, path, logos=1)
        looks_right(page, page.locator(".tool-logo"))
        found += violations(page, kind)

    page.goto(place)
    page.locator("summary").get_by_text("Remove logo").click()
    found += violations(page, "removing it")
    page.get_by_role("button", name="Remove logo").click()
    expect(page.get_by_role("status")).to_have_text("Logo removed.")
    opens_until(reader, SHOWN["tool"], logos=0)
    assert found == []


def test_a_file_that_is_far_too_large_is_refused_in_words(reader: Reader, form: Page, tmp_path: Path) -> None:
    reader.expects("status of 413")
    sends(form, tmp_path / "logo.png", bytes(20_000_000))
    expect(form.locator("main")).to_contain_text("This page accepts 3 MB at most, and more was sent")
