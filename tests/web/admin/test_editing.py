"""Editing the catalogue by forms, as an editor does."""

import re

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.makers import make_category, make_reviewer
from tests.web.admin.editor import Editor, make_account
from verdicts.catalog.models import Tool
from verdicts.extensions import db


@pytest.fixture
def ann(app: Flask) -> Editor:
    make_account("ann")
    ann = Editor(app)
    ann.logs_in()
    return ann


def test_a_new_tool_is_a_draft_until_its_panel_is_recorded_and_published(app: Flask, ann: Editor) -> None:
    make_category("editors", facts={"offline": "Runs offline"})
    make_reviewer("builder")
    make_reviewer("skeptic")
    path = "/admin/tools/new"
    assert ann.gets(path).status_code == 200
    typed = {"name": "Wren Code", "tagline": "Small and quick.", "category": "editors"}
    more = {"price-model": "paid", "price-amount": "20", "price-currency": "usd", "price-period": "month"}
    facts = {"facts-0-key": "offline", "facts-0-value": "Yes"}
    answer = ann.posts(path, do="save panel", **typed, **more, **facts)
    assert answer.status_code == 303, answer.text
    tool = db.session.scalars(sa.select(Tool)).one()
    assert answer.headers["Location"] == f"/admin/tools/{tool.id}/panel"
    assert (tool.slug, tool.published_at, tool.facts[0].value) == ("wren-code", None, "Yes")
    page = ann.gets(f"/admin/tools/{tool.id}/panel").text
    version = re.search(r'name="version" value="(\w+)"', page)
    assert version
    reviews = {}
    for n, (who, verdict) in enumerate([("builder", "ship"), ("skeptic", "skip")]):
        reviews |= {f"reviews-{n}-reviewer": who, f"reviews-{n}-verdict": verdict, f"reviews-{n}-quote": "It works."}
    saved = ann.posts(f"/admin/tools/{tool.id}/panel", do="save publish", version=version[1], **reviews)
    assert saved.status_code == 303, saved.text
    public = ann.gets("/tools/wren-code")
    assert public.status_code == 200
    assert "$20 / month" in public.text
    assert "1 of 2" in public.text
