"""Which tools are proposed beside those that a reader has chosen."""

import sqlalchemy as sa
from flask import Flask

from tests.makers import NOW, make_category, make_comparison, make_tool
from verdicts.catalog.kinds import ToolState
from verdicts.comparisons.rivals import list_rivals
from verdicts.extensions import db
from verdicts.traffic.models import pair_views


def test_rivals_are_those_that_editors_compare_then_those_that_readers_do_then_others_of_the_category_that_go_on(
    app: Flask,
) -> None:
    editors, chats = make_category("editors"), make_category("chats")
    chosen = make_tool("chosen", category_id=editors.id)
    make_tool("same", category_id=editors.id)
    curated, featured = make_tool("curated", category_id=chats.id), make_tool("featured", category_id=chats.id)
    make_tool("unrelated", category_id=chats.id)
    make_tool("draft", category_id=editors.id, published_at=None)
    make_tool("retired", category_id=editors.id, state=ToolState.RETIRED)
    read = make_tool("read", category_id=editors.id)
    db.session.execute(sa.insert(pair_views), {"tool_id": chosen.id, "rival_id": read.id, "views": 9})
    make_comparison(chosen, curated)
    make_comparison(chosen, featured, featured=True)
    make_comparison(chosen, make_tool("hidden-pair"), published_at=None)
    assert [tool.slug for tool in list_rivals([chosen.id], NOW, 9)] == ["featured", "curated", "read", "same"]
    assert [tool.slug for tool in list_rivals([chosen.id], NOW, 1)] == ["featured"]
    assert [tool.slug for tool in list_rivals([chosen.id, featured.id], NOW, 2)] == ["curated", "read"]
    assert list_rivals([make_tool("loner").id], NOW, 9) == []
