"""A tool's logo: saving, refusing and removing it, and what pages and the activity log then say."""

import threading
from io import BytesIO

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from tests.catalog import pictures
from tests.catalog.pictures import encoded, noise, plain
from tests.conftest import ON_ONE_DATABASE
from tests.makers import make_tool
from tests.web.admin.admin_client import AdminClient
from verdicts.catalog import logos
from verdicts.catalog.content_version import content_version
from verdicts.catalog.models import Logo
from verdicts.extensions import db
from verdicts.staff import audit

NO_BROWSER_KEEPS_IT = "Choose a file again: browsers do not remember it."


@pytest.fixture
def tool(app: Flask) -> int:
    return make_tool("mistral-code", name="Mistral Code").id


def logo_url(tool: int) -> str:
    return f"/admin/tools/{tool}/logo"


def sends(editor: AdminClient, tool: int, data: bytes) -> TestResponse:
    # Encoded here: Werkzeug's client writes a large form into a file that it forgets to close.
    upload = FileStorage(BytesIO(data), "logo.png")
    boundary, body = encode_multipart({"csrf_token": editor.token("/admin/me"), "logo": upload})
    kind = f"multipart/form-data; boundary={boundary}"
    return editor._request("POST", logo_url(tool), data=body, content_type=kind, headers={"Origin": editor.origin})


def logo_of(tool: int) -> str | None:
    db.session.rollback()
    found = logos.find_tool(tool)
    assert found
    return found.digest


def log_entries() -> list[audit.LogEntry]:
    db.session.rollback()
    return [entry for entry in audit.search() if entry.kind == "tool"]


def test_a_logo_is_saved_and_shown(ann: AdminClient, tool: int) -> None:
    assert "Mistral Code has no logo." in ann.gets(logo_url(tool)).text
    saved = sends(ann, tool, encoded(noise(64, 64)))
    assert (saved.status_code, saved.headers["Location"]) == (303, f"{logo_url(tool)}?done=saved")
    page = ann.gets(saved.headers["Location"])
    assert "Logo saved." in page.text
    assert f"/logos/{logo_of(tool)}.png" in page.text


@ON_ONE_DATABASE
def test_what_a_file_is_called_and_claims_to_be_does_not_matter(ann: AdminClient, tool: int) -> None:
    upload = (BytesIO(encoded(plain(), "WEBP")), "../../etc/passwd.svg", "image/svg+xml")
    assert ann.posts(logo_url(tool), logo=upload).status_code == 303
    assert logo_of(tool) == logos.reencode(encoded(plain(), "WEBP")).digest


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "The file is missing or empty. Choose another."),
        (pictures.not_pictures()["svg"], "This file type is not supported."),
        (pictures.not_pictures()["gif that is a script"], "This file type is not supported."),
        (pictures.damaged()["half a png"], "This image is damaged or incomplete."),
        (pictures.animated()["webp"], "This image is animated."),
        (pictures.too_many_pixels()["png"], "This image has more than 4 megapixels."),
        (encoded(plain(16, 16)), "This image has 16 × 16 pixels."),
        (bytes(2_900_000), "This file has 2.9 MB. A logo can have 2 MB at most."),
    ],
    ids=["empty", "svg", "polyglot", "damaged", "animated", "bomb", "small", "large"],
)
@ON_ONE_DATABASE
def test_a_refused_file_is_answered_beside_the_field_and_in_the_summary_and_changes_nothing(
    ann: AdminClient, tool: int, data: bytes, words: str
) -> None:
    sends(ann, tool, encoded(plain(colour="green")))
    before, version = logo_of(tool), content_version()
    refused = sends(ann, tool, data)
    assert refused.status_code == 422
    assert f'<a href="#logo">Image file</a>: {words}' in refused.text
    assert f'<p class="field-error" id="logo-fault">{words}' in refused.text
    assert NO_BROWSER_KEEPS_IT in refused.text
    assert f"/logos/{before}.png" in refused.text
    assert (logo_of(tool), content_version(), len(log_entries())) == (before, version, 1)


@ON_ONE_DATABASE
def test_sending_the_form_without_a_file_is_refused(ann: AdminClient, tool: int) -> None:
    for form in ({}, {"logo": "no file"}):
        refused = ann.posts(logo_url(tool), **form)
        assert (refused.status_code, "The file is missing or empty." in refused.text) == (422, True)


@ON_ONE_DATABASE
def test_more_than_the_page_takes_is_refused_with_how_much_it_takes(ann: AdminClient, tool: int) -> None:
    refused = sends(ann, tool, bytes(3_300_000))
    assert refused.status_code == 413
    assert "This page accepts 3 MB at most, and more was sent, so nothing was saved." in refused.text


@ON_ONE_DATABASE
def test_a_large_file_makes_us_read_nothing_unless_an_editor_sends_it(app: Flask, tool: int) -> None:
    stranger, sent = AdminClient(app), BytesIO(bytes(2_000_000))
    options = {"input_stream": sent, "content_length": 2_000_000, "headers": {"Origin": stranger.origin}}
    answer = stranger._request("POST", logo_url(tool), content_type="multipart/form-data; boundary=x", **options)
    assert (answer.status_code, sent.tell()) == (303, 0)


def test_a_changed_logo_is_logged_and_pages_are_rendered_again(ann: AdminClient, tool: int) -> None:
    version = content_version()
    sends(ann, tool, encoded(plain(colour="red")))
    red = logo_of(tool)
    sends(ann, tool, encoded(plain(colour="blue")))
    blue = logo_of(tool)
    ann.posts(f"{logo_url(tool)}/off")
    assert red
    assert blue
    assert [(entry.actor, entry.action, entry.record, entry.changes) for entry in reversed(log_entries())] == [
        ("ann", "changed the logo of", "Mistral Code", {"logo": [None, red[:12]]}),
        ("ann", "changed the logo of", "Mistral Code", {"logo": [red[:12], blue[:12]]}),
        ("ann", "changed the logo of", "Mistral Code", {"logo": [blue[:12], None]}),
    ]
    assert content_version() == version + 3


@ON_ONE_DATABASE
def test_sending_the_same_file_twice_changes_nothing(ann: AdminClient, tool: int) -> None:
    sends(ann, tool, encoded(plain()))
    version = content_version()
    assert sends(ann, tool, encoded(plain())).status_code == 303
    db.session.rollback()
    assert (content_version(), len(log_entries())) == (version, 1)


def test_a_logo_is_removed(ann: AdminClient, tool: int) -> None:
    sends(ann, tool, encoded(plain()))
    assert "Remove logo" in ann.gets(logo_url(tool)).text
    taken = ann.posts(f"{logo_url(tool)}/off")
    assert (taken.status_code, taken.headers["Location"]) == (303, f"{logo_url(tool)}?done=off")
    page = ann.gets(taken.headers["Location"]).text
    assert "Logo removed." in page
    assert "Take the logo off" not in page
    assert logo_of(tool) is None


@pytest.mark.parametrize("id", [4711, 2**31, 2**70])
@ON_ONE_DATABASE
def test_a_tool_that_is_not_there_has_no_page(ann: AdminClient, id: int) -> None:
    assert ann.gets(logo_url(id)).status_code == 404


@ON_ONE_DATABASE
def test_a_tool_that_is_not_there_gets_no_logo(ann: AdminClient) -> None:
    assert sends(ann, 4711, encoded(plain())).status_code == 404
    assert ann.posts(f"{logo_url(4711)}/off").status_code == 404
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Logo)) == 0


def test_a_record_that_was_merged_into_another_has_no_page_and_gets_no_logo(ann: AdminClient, tool: int) -> None:
    merged = make_tool("mistral-vibe", merged_into_id=tool, published_at=None).id
    assert ann.gets(logo_url(merged)).status_code == 404
    assert sends(ann, merged, encoded(plain())).status_code == 404
    assert ann.posts(f"{logo_url(merged)}/off").status_code == 404
    assert log_entries() == []


@pytest.fixture
def a_decode_going_on(monkeypatch: pytest.MonkeyPatch) -> None:
    taken = threading.BoundedSemaphore(1)
    taken.acquire()
    monkeypatch.setattr(logos, "_decoding", taken)
    monkeypatch.setattr(logos, "WAIT_SECONDS", 0.01)


@pytest.mark.usefixtures("a_decode_going_on")
@ON_ONE_DATABASE
def test_a_file_that_must_wait_too_long_is_answered_503(ann: AdminClient, tool: int) -> None:
    refused = sends(ann, tool, encoded(plain()))
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "2")
    assert logo_of(tool) is None
