"""Importing and exporting the catalogue in the browser."""

import json
import re
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from threading import Thread

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.test import TestResponse

from tests.conftest import ON_ONE_DATABASE
from tests.curation.files import a_file, a_review, a_tool, as_bytes
from tests.makers import make_tool
from tests.web.admin.admin_client import AdminClient, logged_in, make_account
from tests.web.conftest import PRESENT
from tests.web.visitor import read_html, words_of
from verdicts.catalog.models import Tool, ToolSlug
from verdicts.curation.transfer import exporting, pending
from verdicts.curation.transfer.models import pending_import
from verdicts.curation.transfer.reading import MEGABYTE
from verdicts.extensions import begin_write, db
from verdicts.staff import audit
from verdicts.staff.models import Role

DRY_RUN = "/admin/catalogue/import"
FILE = as_bytes(a_file(a_tool("aider", reviews=[a_review()]), a_tool("cursor")))


def sends(editor: AdminClient, content: bytes, name: str = "tools.json") -> TestResponse:
    """Send a file as a browser does; put together by hand, as the test client would leave a temporary file open."""
    parts = (
        f'--edge\r\nContent-Disposition: form-data; name="csrf_token"\r\n\r\n{editor.token("/admin/me")}\r\n'
        f'--edge\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
    )
    data, kind = parts.encode() + content + b"\r\n--edge--\r\n", "multipart/form-data; boundary=edge"
    headers = {"Origin": editor.origin}
    return editor._request("POST", "/admin/catalogue", data=data, content_type=kind, headers=headers)


def fields(page: str) -> dict[str, str]:
    return dict(re.findall(r'name="(file|report)" value="([^"]*)"', page))


def tools() -> list[str]:
    db.session.rollback()
    return list(db.session.scalars(sa.select(Tool.name).order_by(Tool.name)))


def kept() -> int:
    db.session.rollback()
    return db.session.scalar(sa.select(sa.func.count()).select_from(pending_import)) or 0


# Importing


def test_a_file_is_previewed_first_and_then_imported_exactly_so(root: AdminClient) -> None:
    sent = sends(root, FILE)
    assert (sent.status_code, sent.headers["Location"]) == (303, DRY_RUN)
    page = root.gets(DRY_RUN).text
    assert "new tool Aider (&#34;aider&#34;)" in page
    assert "Preview of tools.json" in page
    assert tools() == []
    done = root.posts(DRY_RUN, **fields(page))
    assert (done.status_code, done.headers["Location"]) == (303, "/admin/catalogue?done=as-predicted")
    assert tools() == ["Aider", "Cursor"]
    assert kept() == 0
    after = words_of(read_html(root.gets(done.headers["Location"]).text)[0])
    assert "Imported, exactly as previewed." in after
    assert "2 new, 0 changed" in after


def test_a_preview_says_which_tool_a_former_address_leads_to(root: AdminClient) -> None:
    make_tool("ex-keep", aliases=("ex-drop",))
    sends(root, as_bytes(a_file(a_tool("ex-drop", tagline="Small."))))
    page = words_of(read_html(root.gets(DRY_RUN).text)[0])
    assert 'tool Ex Keep ("ex-keep", named "ex-drop" in the file): name, tagline' in page


def test_the_activity_log_has_the_counts(root: AdminClient) -> None:
    sends(root, FILE)
    root.posts(DRY_RUN, **fields(root.gets(DRY_RUN).text))
    db.session.rollback()
    entry = audit.search("imported")[0]
    assert (entry.actor, entry.kind, entry.record) == ("root", "catalogue", "tools.json")
    assert entry.changes["tools"] == [None, "2 new, 0 changed"]
    assert entry.changes["reviews"] == [None, "1 new, 0 changed"]


def test_what_an_import_overwrote_is_in_the_records_history_and_can_be_restored(root: AdminClient) -> None:
    id = make_tool("aider", name="Aider", tagline="Written with care.", maker="M").id
    sends(root, as_bytes({"format": "verdicts-catalogue/1", "tools": [a_tool("aider", tagline="Bland.", maker="")]}))
    page = root.gets(DRY_RUN).text
    db.session.rollback()
    assert audit.history("tool", id) == []
    root.posts(DRY_RUN, **fields(page))
    db.session.rollback()
    (entry,) = audit.history("tool", id)
    assert (entry.actor, entry.action, entry.record) == ("root", "changed", "aider")
    assert entry.changes == {"tagline": ["Written with care.", "Bland."], "maker": ["M", None]}
    before = f"/admin/tools/{id}?restore={entry.id}"
    assert before in root.gets(f"/admin/history/tool/{id}").text
    root.fills(before)
    db.session.rollback()
    assert (stored := db.session.get_one(Tool, id)).tagline == "Written with care."
    assert stored.maker == "M"


@ON_ONE_DATABASE
def test_a_refused_file_shows_every_error_with_its_position_and_saves_nothing(root: AdminClient) -> None:
    sends(root, as_bytes(a_file(a_tool("aider", reviews=[a_review("nobody", verdict="perhaps")]))))
    page = root.gets(DRY_RUN).text
    assert "tools[0].reviews[0].verdict: Enter &#34;ship&#34; or &#34;skip&#34;, not &#34;perhaps&#34;" in page
    assert "There is no reviewer &#34;nobody&#34;" in page
    assert "Import file" not in page
    assert tools() == []


@pytest.mark.parametrize(
    ("name", "content"), [("a.json", b"{"), ("a.yaml", b"a: [b"), ("a", b"\xff"), ("b.json", b" ")]
)
@ON_ONE_DATABASE
def test_what_cannot_be_read_is_refused_in_words(root: AdminClient, name: str, content: bytes) -> None:
    sends(root, content, name)
    assert "The file is" in root.gets(DRY_RUN).text


@ON_ONE_DATABASE
def test_many_changes_are_counted_and_not_all_listed(root: AdminClient) -> None:
    sends(root, as_bytes(a_file(*(a_tool(f"tool-{number}") for number in range(400)))))
    page = root.gets(DRY_RUN).text
    assert page.count("<li>new tool") == 297  # after the category and two reviewers
    assert "… and 103 more." in page


@ON_ONE_DATABASE
def test_a_file_that_changes_nothing_has_no_button(root: AdminClient) -> None:
    for _ in range(2):
        sends(root, FILE)
        page = root.gets(DRY_RUN).text
        root.posts(DRY_RUN, **fields(page))
    assert "The catalogue already contains all of this." in page
    assert "Import file" not in page


def test_an_import_says_when_it_differed_from_the_preview(root: AdminClient) -> None:
    sends(root, FILE)
    shown = fields(root.gets(DRY_RUN).text)
    make_tool("aider")
    done = root.posts(DRY_RUN, **shown)
    assert "Imported, but not exactly as previewed" in root.gets(done.headers["Location"]).text
    assert tools() == ["Aider", "Cursor"]


def test_a_file_uploaded_meanwhile_is_not_imported_instead_of_the_one_that_was_previewed(root: AdminClient) -> None:
    sends(root, FILE)
    shown = fields(root.gets(DRY_RUN).text)
    sends(root, as_bytes(a_file(a_tool("other"))), "other.json")
    again = root.posts(DRY_RUN, **shown)
    assert (again.status_code, "You uploaded another file since then" in again.text) == (422, True)
    assert tools() == []
    root.posts(DRY_RUN, **fields(again.text))
    assert tools() == ["Other"]


def test_what_is_refused_by_the_time_it_is_imported_is_shown_with_its_faults(root: AdminClient) -> None:
    sends(root, as_bytes(a_file(a_tool("aider", aliases=["aider-chat"]))))
    shown = fields(root.gets(DRY_RUN).text)
    make_tool("aider-chat")
    make_tool("aider")
    refused = root.posts(DRY_RUN, **shown)
    assert (
        refused.status_code,
        "&#34;aider-chat&#34; leads to Aider Chat already. Choose another." in refused.text,
    ) == (422, True)


def test_who_stores_the_same_tool_at_the_same_moment_makes_no_import_crash(app: Flask, root: AdminClient) -> None:
    sends(root, FILE)
    shown, token = fields(root.gets(DRY_RUN).text), root.token("/admin/me")
    begin_write()
    db.session.add(Tool(name="Aider", position=0, slugs=[ToolSlug(slug="aider", is_current=True, position=0)]))
    db.session.flush()
    answers: list[TestResponse] = []
    rival = AdminClient(app)
    rival.client = root.client

    def import_meanwhile() -> None:
        with app.app_context():
            answers.append(rival.posts(DRY_RUN, token=token, **shown))
            db.session.remove()

    other = Thread(target=import_meanwhile)
    other.start()
    other.join(0.3)
    db.session.commit()
    other.join()
    if db.engine.dialect.name == "sqlite":  # waits before it looks what is there
        assert answers[0].headers["Location"] == "/admin/catalogue?done=otherwise"
    else:
        assert (answers[0].status_code, "at the same moment" in answers[0].text) == (422, True)
    assert tools().count("Aider") == 1


def test_each_account_has_a_file_of_its_own(app: Flask, root: AdminClient) -> None:
    other = logged_in(app, "bob", Role.ADMIN)
    sends(root, FILE)
    assert other.gets(DRY_RUN).headers["Location"] == "/admin/catalogue?done=gone"
    assert "Continue with tools.json" in root.gets("/admin/catalogue").text
    assert "Continue with" not in other.gets("/admin/catalogue").text


def test_a_file_can_be_discarded_and_is_deleted_after_a_day(
    root: AdminClient, later: Callable[[timedelta], None]
) -> None:
    sends(root, FILE)
    assert root.posts(f"{DRY_RUN}/forget").status_code == 303
    assert kept() == 0
    sends(root, FILE)
    later(timedelta(hours=23))
    root.logs_in("root")
    assert root.gets(DRY_RUN).status_code == 200
    later(timedelta(hours=1, minutes=1))
    root.logs_in("root")
    assert root.gets(DRY_RUN).status_code == 303
    begin_write()
    assert pending.delete_old(PRESENT + timedelta(days=1)) == 1
    db.session.commit()
    assert kept() == 0


@ON_ONE_DATABASE
def test_importing_without_a_file_leads_back(root: AdminClient) -> None:
    assert root.posts(DRY_RUN).headers["Location"] == "/admin/catalogue?done=gone"


@pytest.mark.parametrize("content", [b"", None])
@ON_ONE_DATABASE
def test_nothing_sent_is_said_beside_the_field(root: AdminClient, content: bytes | None) -> None:
    refused = sends(root, content) if content is not None else root.posts("/admin/catalogue")
    assert refused.status_code == 422
    assert 'id="file-fault"' in refused.text


@pytest.mark.parametrize("name", ["../../etc/tools.json", "folder/tools.json"])
@ON_ONE_DATABASE
def test_only_the_last_part_of_a_files_name_is_stored(root: AdminClient, name: str) -> None:
    sends(root, FILE, name)
    assert '<h1 class="title title-small">Preview of tools.json<' in root.gets(DRY_RUN).text


# How large


@ON_ONE_DATABASE
def test_two_megabytes_are_accepted_and_no_more(root: AdminClient) -> None:
    assert sends(root, b"[" + b" " * (2 * MEGABYTE - 2) + b"]").status_code == 303
    assert "must be an object with keys" in root.gets(DRY_RUN).text
    for size in (2 * MEGABYTE + 1, 12 * MEGABYTE):
        refused = sends(root, b" " * size)
        assert refused.status_code in {413, 422}
        assert "This page accepts 2 MB at most." in refused.text


@ON_ONE_DATABASE
def test_a_large_body_is_read_for_nobody_but_an_admin_who_may_send_it(app: Flask, root: AdminClient) -> None:
    make_account("ann")
    ann = AdminClient(app)
    ann.logs_in()
    stranger = AdminClient(app)
    for editor, path, status in (
        (stranger, "/admin/catalogue", 303),
        (ann, "/admin/catalogue", 403),
        (root, "/admin/people/new", 413),
        (stranger, "/admin/login", 413),
    ):
        body = Unread(b"csrf_token=x&file=" + b"x" * MEGABYTE)
        headers = {"Origin": editor.origin, "Content-Type": "application/x-www-form-urlencoded"}
        options = {"headers": headers, "content_length": MEGABYTE + 18, "input_stream": body}
        assert (editor._request("POST", path, **options).status_code, path) == (status, path)
        assert body.tell() == 0


class Unread(BytesIO):
    """A body that tells how much of it was read."""

    def close(self) -> None:
        """Stay open, to be asked."""


# Exporting


@pytest.mark.parametrize("kind", ["json", "yaml"])
@ON_ONE_DATABASE
def test_an_editor_exports_what_is_published(app: Flask, kind: str) -> None:
    make_tool("aider")
    make_tool("draft", published_at=None)
    make_account("ann")
    ann = AdminClient(app)
    ann.logs_in()
    page = ann.gets("/admin/catalogue")
    assert "Export YAML" in page.text
    assert "Catalogue file</label>" not in page.text
    answer = ann.gets(f"/admin/catalogue/export?as={kind}")
    assert answer.headers["Content-Disposition"] == f'attachment; filename="catalogue-2026-11-22.{kind}"'
    assert answer.mimetype == f"application/{kind}"
    assert answer.text == exporting.export(PRESENT, as_yaml=kind == "yaml")
    assert "draft" not in answer.text


def test_what_is_exported_can_be_sent_back(root: AdminClient) -> None:
    make_tool("aider")
    sends(root, root.gets("/admin/catalogue/export").data)
    assert "The catalogue already contains all of this." in root.gets(DRY_RUN).text


@ON_ONE_DATABASE
def test_a_catalogue_too_large_for_yaml_is_refused_in_words(root: AdminClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "MAX_YAML_SIZE", 10)
    refused = root.gets("/admin/catalogue/export?as=yaml")
    assert (refused.status_code, "export it as .json" in refused.text) == (422, True)
    assert json.loads(root.gets("/admin/catalogue/export").data)["format"] == "verdicts-catalogue/1"


@ON_ONE_DATABASE
def test_the_preview_shows_both_values_and_new_tools_may_become_drafts(root: AdminClient) -> None:
    make_tool("wren", name="Wren", tagline="Was slow.")
    sends(root, as_bytes(a_file(a_tool("aider"), a_tool("wren", tagline="Is fast."))))
    page = root.gets(DRY_RUN).text
    assert "Was slow." in page
    assert "Is fast." in page
    assert root.posts(DRY_RUN, **fields(page), new="drafts").headers["Location"] == "/admin/catalogue?done=as-predicted"
    assert db.session.scalars(sa.select(Tool.published_at.is_(None)).order_by(Tool.id)).all() == [False, True]
