"""What readers see, and from when; and deleting what nothing depends on."""

from collections.abc import Callable
from datetime import timedelta

import sqlalchemy as sa
from flask import Flask

from tests.conftest import ON_ONE_DATABASE
from tests.makers import NOW, make_category, make_reviewer, make_tool
from tests.web.admin.admin_client import AdminClient, stored
from tests.web.visitor import Visitor
from verdicts.catalog.models import Category, Tool
from verdicts.comparisons.models import Comparison
from verdicts.extensions import db

Later = Callable[[timedelta], None]


def test_a_tool_is_scheduled_and_appears_when_its_time_comes(ann: AdminClient, later: Later) -> None:
    tool = make_tool("wren", published_at=None)
    path = f"/admin/tools/{tool.id}/publication"
    assert "This time has passed" in ann.posts(path, do="schedule", at="2026-11-22T08:00").text
    assert ann.posts(path, do="schedule", at="next week").status_code == 422
    assert ann.posts(path, do="schedule", at="2026-11-22T14:00").status_code == 303
    assert ann.gets("/tools/wren").status_code == 404
    later(timedelta(hours=2))
    assert ann.gets("/tools/wren").status_code == 200


def test_what_is_unpublished_and_published_again_is_no_news(ann: AdminClient) -> None:
    tool = make_tool("wren")
    db.session.execute(sa.update(Tool).values(first_published_at=NOW))
    db.session.commit()
    path = f"/admin/tools/{tool.id}/publication"
    ann.posts(path, do="back")
    assert ann.gets("/tools/wren").status_code == 404
    ann.posts(path, do="archive")
    assert f'href="/admin/tools/{tool.id}"' not in ann.gets("/admin/tools").text
    assert f'href="/admin/tools/{tool.id}"' in ann.gets("/admin/tools?state=archived").text
    ann.posts(path, do="publish")
    assert ann.gets("/tools/wren").status_code == 200
    assert stored(Tool)[0].published_at == NOW


def test_a_comparison_that_is_a_draft_is_seen_nowhere(app: Flask, ann: AdminClient) -> None:
    make_tool("wren", name="Wren"), make_tool("finch", name="Finch")
    words = {"tools-0": "wren", "tools-1": "Finch"}
    form = ann.form("/admin/comparisons/new") | words | {"bottom_line": "Take *Wren*.", "headline": "Two birds"}
    lines = {"choose_if-0-tool": "Wren", "choose_if-0-when": "you like it small"}
    assert ann.sends("/admin/comparisons/new", form | lines).status_code == 303
    (row,) = stored(Comparison)
    reader = Visitor(app)
    assert "Take <em>Wren</em>" not in reader.reads("/compare/finch-vs-wren").html
    ann.fills(f"/admin/comparisons/{row.id}", "save publish")
    page = reader.reads("/compare/finch-vs-wren").html
    assert "Take <em>Wren</em>" in page
    assert "you like it small" in page


@ON_ONE_DATABASE
def test_what_was_archived_meanwhile_is_saved_and_stays_archived(ann: AdminClient) -> None:
    tool = make_tool("wren", published_at=None)
    make_reviewer("builder")
    path = f"/admin/tools/{tool.id}/panel"
    fields = ann.form(path) | {"reviews-0-verdict": "ship", "reviews-0-quote": "Quick."}
    ann.posts(f"/admin/tools/{tool.id}/publication", do="archive")
    address = ann.sends(path, fields, "save publish").headers["Location"]
    assert "It was archived in the meantime" in ann.gets(address).text
    assert ann.gets("/tools/wren").status_code == 404


def test_a_record_that_something_depends_on_is_not_deleted_and_its_page_says_what(ann: AdminClient) -> None:
    category = make_category("editors")
    make_tool("wren", category_id=category.id)
    refused = ann.posts(f"/admin/categories/{category.id}/publication", do="delete")
    assert (refused.status_code, "depend on it: 1 tool." in refused.text) == (422, True)
    assert len(stored(Category)) == 1
