"""What readers see, and from when; and deleting what nothing depends on."""

from collections.abc import Callable
from datetime import timedelta

import sqlalchemy as sa

from tests.makers import (
    NOW,
    make_category,
    make_comparison,
    make_review,
    make_reviewer,
    make_tool,
    make_votes,
)
from tests.web.admin.editor import Editor, stored
from verdicts.catalog.models import Tool
from verdicts.extensions import db

Later = Callable[[timedelta], None]


def test_a_tool_is_scheduled_and_appears_when_its_time_comes(ann: Editor, later: Later) -> None:
    tool = make_tool("wren", published_at=None)
    path = f"/admin/tools/{tool.id}/publication"
    assert "This time has passed" in ann.posts(path, do="schedule", at="2026-11-22T08:00").text
    assert ann.posts(path, do="schedule", at="next week").status_code == 422
    assert ann.posts(path, do="schedule", at="2026-11-22T14:00").status_code == 303
    assert ann.gets("/tools/wren").status_code == 404
    later(timedelta(hours=2))
    assert ann.gets("/tools/wren").status_code == 200


def test_what_is_taken_back_and_published_again_is_no_news(ann: Editor) -> None:
    tool = make_tool("wren")
    db.session.execute(sa.update(Tool).values(first_published_at=NOW))
    db.session.commit()
    path = f"/admin/tools/{tool.id}/publication"
    ann.posts(path, do="back")
    assert ann.gets("/tools/wren").status_code == 404
    ann.posts(path, do="archive")
    assert "wren" not in ann.gets("/admin/tools").text
    assert f'href="/admin/tools/{tool.id}"' in ann.gets("/admin/tools?state=archived").text
    ann.posts(path, do="publish")
    assert ann.gets("/tools/wren").status_code == 200
    assert stored(Tool)[0].published_at == NOW


def test_what_was_put_away_meanwhile_is_saved_and_said_to_be_away(ann: Editor) -> None:
    tool = make_tool("wren", published_at=None)
    make_reviewer("builder")
    path = f"/admin/tools/{tool.id}/panel"
    fields = ann.form(path) | {"reviews-0-verdict": "ship", "reviews-0-quote": "Quick."}
    ann.posts(f"/admin/tools/{tool.id}/publication", do="archive")
    said = ann.sends(path, fields, "save publish").headers["Location"]
    assert "It was archived in the meantime" in ann.gets(said).text
    assert ann.gets("/tools/wren").status_code == 404


def test_only_what_nothing_depends_on_is_deleted_and_the_others_say_what_does(ann: Editor) -> None:
    category, reviewer = make_category("editors"), make_reviewer("builder")
    wren, finch = make_tool("wren", category_id=category.id), make_tool("finch")
    make_review(wren, reviewer)
    make_votes(wren, ship=[1, 2])
    make_comparison(wren, finch)
    for path, words in [
        (f"/admin/categories/{category.id}", "1 tool"),
        (f"/admin/reviewers/{reviewer.id}", "1 review"),
        (f"/admin/tools/{wren.id}", "1 comparison, 1 review, 2 votes, 2 lines in the vote record"),
    ]:
        answer = ann.posts(f"{path}/publication", do="delete")
        assert answer.status_code == 422
        assert words in answer.text
    assert len(stored(Tool)) == 2
