"""Every save says so once; and an error page under /admin has its navigation."""

import pytest
from flask import Flask

from tests.makers import make_tool
from tests.web.admin.admin_client import AdminClient
from tests.web.visitor import read_html, words_of
from verdicts.extensions import db
from verdicts.web.admin.notices import COOKIE


def words(html: str) -> str:
    return words_of(read_html(html)[0])


def test_what_a_redirect_does_not_say_the_next_page_says_once(ann: AdminClient) -> None:
    path = f"/admin/tools/{make_tool('wren', published_at=None).id}/publication"
    db.session.rollback()
    ann.posts(path, do="publish")
    assert "You published wren." in words(ann.gets(path).text)
    assert "You published wren." not in words(ann.gets(path).text)


def test_a_notice_that_is_not_ours_is_not_shown(ann: AdminClient) -> None:
    ann.client.set_cookie(COOKIE, "You won a prize.", path="/admin")
    assert "prize" not in ann.gets("/admin").text


@pytest.mark.parametrize("path", ["/admin/nowhere", "/admin/tools/99", "/admin/users", "/admin/digest/never"])
def test_an_error_page_behind_the_log_in_has_its_navigation(ann: AdminClient, path: str) -> None:
    answer = ann.gets(path)
    assert answer.status_code in {403, 404}
    assert 'aria-label="Admin"' in answer.text
    assert "Log out" in answer.text


def test_an_error_page_for_strangers_has_none(app: Flask) -> None:
    assert 'aria-label="Admin"' not in app.test_client().get("/admin/nowhere").text
