"""What a public page offers to somebody who is logged in, while the page stays the same for everybody."""

import pytest
from flask import Flask

from tests.conftest import ON_ONE_DATABASE
from tests.makers import make_comparison, make_reviewer, make_tool
from tests.web.admin.admin_client import AdminClient
from verdicts.extensions import db


@ON_ONE_DATABASE
def test_an_editor_is_offered_the_forms_of_a_page(ann: AdminClient) -> None:
    wren, other = make_tool("wren", name="Wren"), make_tool("a", name="A")
    tool, comparison, reviewer = wren.id, make_comparison(wren, other).id, make_reviewer("builder").id
    db.session.rollback()
    answer = ann.gets("/admin/edit-links?page=/tools/wren", htmx=True)
    assert f'<a href="/admin/tools/{tool}">Edit Wren</a>' in answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    assert f"/admin/comparisons/{comparison}" in ann.gets("/admin/edit-links?page=/compare/a-vs-wren").text
    assert f"/admin/reviewers/{reviewer}" in ann.gets("/admin/edit-links?page=/reviewers/builder").text
    for page in ("/method", "/reviewers", "/reviewers/none", "", "//x", "/tools/none", "//[", "/tools?category=%2500"):
        assert (page, ann.gets(f"/admin/edit-links?page={page}").status_code) == (page, 204)


@ON_ONE_DATABASE
def test_a_stranger_is_offered_nothing_and_the_page_is_the_same(app: Flask, ann: AdminClient) -> None:
    make_tool("wren")
    db.session.rollback()
    stranger = AdminClient(app)
    assert stranger.gets("/admin/edit-links?page=/tools/wren", htmx=True).status_code == 401
    page = stranger.gets("/tools/wren")
    assert "Set-Cookie" not in page.headers
    assert ann.gets("/tools/wren").text == page.text
    assert "/admin/" not in page.text


@pytest.mark.parametrize("is_logged_out", [False, True])
@ON_ONE_DATABASE
def test_a_readable_marker_says_that_somebody_logged_in(ann: AdminClient, is_logged_out: bool) -> None:
    if is_logged_out:
        ann.posts("/admin/logout")
    marker = next((each for each in ann.client._cookies.values() if each.key == "editor"), None)  # type: ignore[union-attr]
    assert (marker is None) == is_logged_out
    assert marker is None or not marker.http_only
