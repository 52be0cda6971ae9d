"""Categories and reviewers, as an editor names and orders them."""

from tests.makers import (
    make_category,
    make_reviewer,
    make_tool,
)
from tests.web.admin.editor import Editor, stored
from tests.web.conftest import PRESENT
from verdicts.catalog.models import Category, Reviewer
from verdicts.curation.transfer import importing
from verdicts.extensions import begin_write, db


def test_a_category_and_a_reviewer_leave_their_old_slugs_behind_too(ann: Editor) -> None:
    category = make_category("editors", name="Editors")
    make_tool("wren", category_id=category.id)
    reviewer = make_reviewer("builder")
    ann.fills(f"/admin/categories/{category.id}", slug="code-editors")
    ann.fills(f"/admin/reviewers/{reviewer.id}", slug="maker")
    moved = ann.gets("/tools?category=editors&sort=name")
    assert (moved.status_code, moved.headers["Location"]) == (301, "/tools?category=code-editors&sort=name")
    assert [each.slug for each in stored(Reviewer)[0].former_slugs] == ["builder"]
    assert ann.fills("/admin/categories/new", name="Editors", slug="editors").status_code == 422


def test_a_file_that_knows_a_category_by_its_old_slug_finds_it(ann: Editor) -> None:
    category, reviewer = make_category("editors", name="Editors"), make_reviewer("builder", name="The Builder")
    ann.fills(f"/admin/categories/{category.id}", slug="code-editors")
    ann.fills(f"/admin/reviewers/{reviewer.id}", slug="maker")
    told = {
        "categories": [{"slug": "editors", "name": "Anew"}],
        "reviewers": [{"slug": "builder", "name": "The Maker"}],
    }
    db.session.rollback()
    begin_write()
    importing.import_catalogue({"format": "verdicts-catalogue/1", **told}, PRESENT)
    db.session.commit()
    assert [(each.slug, each.name) for each in stored(Category)] == [("code-editors", "Anew")]
    assert [(each.slug, each.name) for each in stored(Reviewer)] == [("maker", "The Maker")]
