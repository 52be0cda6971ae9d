"""Previews: the public page as it will be, before anything is saved."""

import pytest

from tests.conftest import ON_ONE_DATABASE
from tests.makers import make_category, make_comparison, make_reviewer, make_tool
from tests.web.admin.admin_client import AdminClient, stored
from verdicts.catalog.models import Tool


def test_a_preview_shows_the_public_page_of_a_draft_and_saves_nothing(ann: AdminClient) -> None:
    tool = make_tool("wren", name="Wren", published_at=None, tagline="Old.")
    before = ann.gets("/tools/wren").status_code
    page = ann.fills(f"/admin/tools/{tool.id}", "preview", tagline="As it will be.")
    assert (before, page.status_code) == (404, 200)
    assert all(words in page.text for words in ("Preview.", "As it will be.", "Related comparisons"))
    assert (stored(Tool)[0].tagline, stored(Tool)[0].published_at) == ("Old.", None)


@pytest.mark.parametrize("kind", ["panel", "price", "category", "reviewer", "comparison"])
@ON_ONE_DATABASE
def test_every_kind_of_record_has_a_preview(ann: AdminClient, kind: str) -> None:
    tool, other = make_tool("wren", published_at=None), make_tool("finch")
    category, reviewer = make_category("editors"), make_reviewer("builder")
    comparison = make_comparison(tool, other, published_at=None)
    path = {
        "panel": f"/admin/tools/{tool.id}/panel",
        "price": f"/admin/tools/{tool.id}/price",
        "category": f"/admin/categories/{category.id}",
        "reviewer": f"/admin/reviewers/{reviewer.id}",
        "comparison": f"/admin/comparisons/{comparison.id}",
    }[kind]
    page = ann.fills(path, "preview")
    assert (page.status_code, "Preview." in page.text) == (200, True)
