"""An admin sends a file with a duplicate in it, imports it, and merges the two records; axe finds nothing."""

from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.reader import Reader
from tests.browser.site import Site
from tests.browser.test_accessibility import violations
from tests.browser.test_layout import OVERHANG

PASSWORD = "plinth mango otter quartz"
DUPLICATE = """
format: verdicts-catalogue/1
tools:
  - slug: aider-chat
    aliases: [aider-cli]
    name: Aider Chat
    category: developer-tools
    reviews:
      - {reviewer: builder, verdict: skip, quote: "Said of the other record."}
"""


def logged_in(reader: Reader, site: Site) -> Page:
    site.flask("staff", "add", "merger", "merger@example.org", "--role", "admin", "--password", PASSWORD)
    page = reader.opens("/admin/catalogue")
    page.get_by_label("Name").fill("merger")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Import / export")
    return page


def looked_at(page: Page, where: str) -> list[str]:
    """Return what is wrong with a page in both widths, for axe and for the eye."""
    page.set_viewport_size({"width": 360, "height": 800})
    overhang = [f"{where} sticks out"] if page.evaluate(OVERHANG) > 0 else []
    return overhang + violations(page, where)


def send(page: Page, path: Path) -> None:
    page.goto(page.url.partition("/admin")[0] + "/admin/catalogue")
    page.get_by_label("Catalogue file").set_input_files(path)
    page.get_by_role("button", name="Preview import").click()


def test_a_duplicate_is_imported_by_mistake_and_merged_away(reader: Reader, site: Site, tmp_path: Path) -> None:
    reader.expects("status of 422")
    (tmp_path / "broken.yaml").write_text(DUPLICATE.replace("skip", "perhaps"))
    (tmp_path / "more.yaml").write_text(DUPLICATE)
    page = logged_in(reader, site)
    found = looked_at(page, "catalogue file")
    send(page, tmp_path / "broken.yaml")
    expect(page.get_by_role("heading", level=1)).to_have_text("broken.yaml cannot be imported")
    found += looked_at(page, "refused file")
    send(page, tmp_path / "more.yaml")
    expect(page.get_by_role("list").filter(has_text='("aider-chat")')).to_have_count(1)
    found += looked_at(page, "dry run of an import")
    page.get_by_role("button", name="Import file").click()
    expect(page.get_by_role("status")).to_have_text("Imported, exactly as previewed.")

    page.get_by_role("link", name="Merge duplicate tools").click()
    page.get_by_label("Record to keep").fill("aider")
    page.get_by_label("Record to remove").fill("chat aid")
    page.get_by_role("button", name="Preview merge").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Merge Aider Chat into Aider")
    page.get_by_role("link", name="Swap the records").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Merge Aider into Aider Chat")
    page.get_by_role("link", name="Choose other records").click()
    page.get_by_label("Record to keep").fill("chat")
    page.get_by_label("Record to remove").fill("aider-chat")
    page.get_by_role("button", name="Preview merge").click()
    expect(page.get_by_role("alert")).to_be_focused()
    found += looked_at(page, "several records to choose from")
    page.get_by_label("Record to keep").fill("aider")
    page.get_by_role("button", name="Preview merge").click()
    expect(page.get_by_text("The Builder reviewed both")).to_be_visible()
    found += looked_at(page, "dry run of a merge")
    page.get_by_role("button", name="Merge Aider Chat into Aider").click()
    expect(page.get_by_text("Aider is now one record")).to_be_visible()
    found += looked_at(page, "merged")

    page.goto(site.url + "/tools/aider-cli")
    assert page.url == site.url + "/tools/aider"
    expect(page.get_by_text("this stood under Aider Chat")).to_be_visible()
    assert found + violations(page, "the tool that stays") == []
