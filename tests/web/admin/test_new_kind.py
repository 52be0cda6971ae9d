"""A kind of record is one form, one editor and one template: every other page learns of it from these."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar

import pytest
from flask import Blueprint, Flask
from flask.typing import ResponseReturnValue
from jinja2 import ChoiceLoader, FileSystemLoader

from tests.apps import settings_for
from tests.conftest import ON_ONE_DATABASE
from tests.makers import make_review, make_reviewer, make_tool
from tests.web.admin.admin_client import AdminClient, make_account
from verdicts import create_app
from verdicts.catalog.models import Reviewer
from verdicts.curation.catalog_file.dumping import Json
from verdicts.curation.editing.reviewers import leave_panel
from verdicts.curation.editing.saving import SavedRecord, StoredRecord, find_row
from verdicts.extensions import db
from verdicts.staff import audit
from verdicts.staff.models import Role
from verdicts.web.admin import auth
from verdicts.web.admin.forms.fields import RecordForm, TextField
from verdicts.web.admin.forms.record_editor import RecordEditor, StateAction
from verdicts.web.admin.publishing import PublishingView
from verdicts.web.paging import ID


class MottoForm(RecordForm):
    motto = TextField("Motto")


class MottoEditor(RecordEditor):
    """Edits a reviewer's motto, as if mottoes were records."""

    kind, label, nav_section = "motto", "Motto", "mottoes"
    model, form_class, template = Reviewer, MottoForm, "motto.html"
    list_endpoint, edit_endpoint = "mottoes.index", "mottoes.edit"
    state_actions: ClassVar[Mapping[str, StateAction]] = {"retire": StateAction("retired", leave_panel)}

    def load(self, id: int, *, lock: bool = False) -> StoredRecord | None:
        row = find_row(Reviewer, id, lock=lock)
        return StoredRecord(row.id, row.slug, row.name, {"motto": row.motto}) if row else None

    def save(self, id: int | None, data: Json, now: datetime) -> SavedRecord:
        row = db.session.get_one(Reviewer, id)
        before, row.motto = {"motto": row.motto}, data.get("motto", "")
        return SavedRecord(row.id, row.slug, before, {"motto": row.motto})

    def preview(self, saved: SavedRecord) -> ResponseReturnValue:
        return saved.after["motto"]

    def describe_state(self, row: Any) -> str:
        return "retired" if row.archived_at else "in use"


def add_mottoes(app: Flask) -> None:
    bp = Blueprint("mottoes", __name__)
    bp.before_request(auth.check_access)
    bp.add_url_rule(f"/admin/mottoes/{ID}", view_func=MottoEditor.as_view("edit"))
    bp.add_url_rule(f"/admin/mottoes/{ID}/publication", view_func=PublishingView.as_view("publishing", MottoEditor))
    bp.add_url_rule("/admin/mottoes", "index", auth.requires_role(Role.EDITOR)(lambda: "All mottoes"))
    app.register_blueprint(bp)
    templates = FileSystemLoader(Path(__file__).parent / "templates")
    app.jinja_env.loader = ChoiceLoader([app.jinja_env.loader, templates])  # type: ignore[list-item]


pytestmark = ON_ONE_DATABASE


@pytest.fixture
def ann(database_url: str, tmp_path: Path) -> Iterator[AdminClient]:
    """An editor of an application of its own: other tests' applications have no mottoes."""
    app = create_app(settings_for(database_url, tmp_path))
    add_mottoes(app)
    with app.app_context():
        make_account("ann")
        ann = AdminClient(app)
        ann.logs_in()
        yield ann
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def path(ann: AdminClient) -> str:
    return f"/admin/mottoes/{make_reviewer('builder', motto='Ship it.').id}"


def test_it_is_edited_previewed_and_logged(ann: AdminClient, path: str) -> None:
    assert ann.fills(path, "preview", motto="Build it.").text == "Build it."
    answer = ann.fills(path, motto="Build it.")
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{path}?done=saved")
    assert ann.form(path)["motto"] == "Build it."
    entry = audit.search(limit=1)[0]
    assert (entry.action, entry.kind, entry.changes) == ("changed", "motto", {"motto": ["Ship it.", "Build it."]})


def test_two_editors_of_it_do_not_overwrite_each_other(ann: AdminClient, path: str) -> None:
    fields = ann.form(path)
    ann.fills(path, motto="Build it.")
    answer = ann.sends(path, fields | {"motto": "Sell it."})
    assert (answer.status_code, "Build it." in answer.text, "Sell it." in answer.text) == (409, True, True)


def test_its_unsaved_changes_are_on_the_dashboard(ann: AdminClient, path: str) -> None:
    assert ann.posts("/admin/drafts", draft_key=path, motto="Half a").status_code == 200
    assert f'<a href="{path}">Motto</a>' in ann.gets("/admin").text
    assert ann.form(path)["motto"] == "Half a"


def test_its_entries_lead_to_its_history_from_which_a_version_is_restored(ann: AdminClient, path: str) -> None:
    ann.fills(path, motto="Build it.")
    history = f"/admin/history/motto/{path.rsplit('/', 1)[1]}"
    assert f'<a href="{history}">builder</a>' in ann.gets("/admin").text
    entry = audit.search(limit=1)[0]
    page = ann.gets(history).text
    assert (f'href="{path}?restore={entry.id}"' in page, 'href="/admin/mottoes"' in page) == (True, True)
    assert ann.form(f"{path}?restore={entry.id}")["motto"] == "Ship it."


def test_its_state_is_changed_and_logged(ann: AdminClient, path: str) -> None:
    assert ann.posts(f"{path}/publication", do="retire").status_code == 303
    entry = audit.search(limit=1)[0]
    assert (entry.action, entry.kind, entry.changes) == ("retired", "motto", {"publication": ["in use", "retired"]})


def test_it_is_deleted_unless_another_record_depends_on_it(ann: AdminClient, path: str) -> None:
    make_review(make_tool("wren"), db.session.get_one(Reviewer, int(path.rsplit("/", 1)[1])))
    assert "1 review" in ann.posts(f"{path}/publication", do="delete").text
    spare = f"/admin/mottoes/{make_reviewer('skeptic', motto='Prove it.').id}"
    assert ann.posts(f"{spare}/publication", do="delete").status_code == 303
    assert ann.gets(spare).status_code == 404
    entry = audit.search(limit=1)[0]
    assert (entry.action, entry.kind, entry.changes) == ("deleted", "motto", {"motto": ["Prove it.", None]})
