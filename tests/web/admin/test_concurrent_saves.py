"""Two who save at the same moment, on both databases: one save is accepted, and the other sees both versions."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.makers import make_reviewer, make_tool
from tests.web.admin.admin_client import AdminClient, make_account
from verdicts.catalog.models import Review, Tool, ToolSlug
from verdicts.extensions import db, limit_waiting_writers

ROUNDS = 5


@pytest.fixture
def many_writers() -> object:
    limit_waiting_writers(20)
    yield
    limit_waiting_writers(4)


@pytest.fixture
def two(app: Flask, many_writers: object) -> list[AdminClient]:
    editors = []
    for name in ("ann", "bob"):
        make_account(name)
        editors.append(AdminClient(app))
        editors[-1].logs_in(name)
    return editors


def both(app: Flask, two: list[AdminClient], path: str, forms: list[dict[str, str]], do: str = "save") -> list[int]:
    """Let both send their forms at once, and return what each was answered, in order of the number."""

    def send(editor: AdminClient, form: dict[str, str]) -> int:
        with app.app_context():
            return editor.sends(path, form, do).status_code

    db.session.rollback()
    with ThreadPoolExecutor(2) as threads:
        sent = [threads.submit(send, editor, form) for editor, form in zip(two, forms, strict=True)]
        return sorted(each.result() for each in sent)


def test_of_two_saves_of_one_record_one_is_taken_and_one_is_shown_both(app: Flask, two: list[AdminClient]) -> None:
    path = f"/admin/tools/{make_tool('wren').id}"
    for number in range(ROUNDS):
        forms = [editor.form(path) | {"tagline": f"{number} by {name}"} for editor, name in zip(two, "ab", strict=True)]
        assert both(app, two, path, forms) == [303, 409]


def test_of_two_saves_of_one_panel_one_is_taken(app: Flask, two: list[AdminClient]) -> None:
    make_reviewer("builder")
    for number in range(ROUNDS):
        path = f"/admin/tools/{make_tool(f'wren-{number}').id}/panel"
        said = {"reviews-0-verdict": "ship"}
        forms = [
            editor.form(path) | said | {"reviews-0-quote": f"By {name}"} for editor, name in zip(two, "ab", strict=True)
        ]
        assert both(app, two, path, forms) == [303, 409]
    db.session.rollback()
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Review)) == ROUNDS


def test_of_two_new_records_under_one_name_one_is_made(app: Flask, two: list[AdminClient]) -> None:
    for number in range(ROUNDS):
        forms = [editor.form("/admin/tools/new") | {"name": f"Wren {number}"} for editor in two]
        assert both(app, two, "/admin/tools/new", forms) == [303, 422]
    db.session.rollback()
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Tool)) == ROUNDS
    assert db.session.scalar(sa.select(sa.func.count()).select_from(ToolSlug)) == ROUNDS
