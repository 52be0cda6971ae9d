"""The activity log, and the history of one record."""

from flask import Flask

from tests.conftest import ON_ONE_DATABASE
from tests.makers import make_category, make_tool
from tests.web.admin.admin_client import AdminClient, latest_entry, logged_in
from verdicts.staff.models import Role

pytestmark = ON_ONE_DATABASE


def test_the_log_says_who_changed_what_from_what_to_what(app: Flask, ann: AdminClient) -> None:
    tool = make_tool("wren", tagline="One.")
    ann.fills(f"/admin/tools/{tool.id}", tagline="<b>Two.</b>")
    entry = latest_entry()
    assert (entry.actor, entry.action, entry.kind, entry.record, entry.record_id) == (
        "ann",
        "changed",
        "tool",
        "wren",
        tool.id,
    )
    assert entry.changes == {"tagline": ["One.", "<b>Two.</b>"]}
    page = logged_in(app, "root", Role.ADMIN).gets("/admin/trail?q=wren").text
    assert "&lt;b&gt;Two.&lt;/b&gt;" in page


def test_a_save_that_changes_nothing_is_not_in_the_log(ann: AdminClient) -> None:
    tool = make_tool("wren")
    ann.fills(f"/admin/tools/{tool.id}")
    assert latest_entry().action == "logged in"


def test_what_moves_up_in_its_list_is_in_the_log(ann: AdminClient) -> None:
    make_category("one")
    two = make_category("two")
    ann.posts(f"/admin/categories/{two.id}/up")
    entry = latest_entry()
    assert (entry.action, entry.kind, entry.record, list(entry.changes)) == (
        "moved up",
        "category",
        "two",
        ["position"],
    )
    ann.posts(f"/admin/categories/{two.id}/up")
    assert latest_entry() == entry


def test_the_history_of_a_deleted_record_leads_nowhere_and_says_so(ann: AdminClient) -> None:
    path = f"/admin/categories/{make_category('video', name='Video').id}"
    history = path.replace("categories", "history/category")
    ann.fills(path, name="Moving pictures")
    assert 'aria-label="Moving pictures"' in ann.gets(history).text
    ann.posts(f"{path}/publication", do="delete")
    page = ann.gets(history).text
    assert "This record was deleted" in page
    assert f'"{path}' not in page
