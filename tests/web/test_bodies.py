"""A body is read before a view runs, so that no view waits for one while it holds a lock."""

import io
from contextlib import suppress
from typing import Any

import pytest
from flask import Flask
from werkzeug.exceptions import HTTPException

from tests.conftest import ON_ONE_DATABASE
from tests.newsletter.world import make_subscriber
from tests.web.admin.admin_client import logged_in
from tests.web.visitor import Visitor
from verdicts.newsletter.tokens import leave_token
from verdicts.staff.models import Role
from verdicts.web import bodies
from verdicts.web.admin.auth import OtherPageRequired
from verdicts.web.bodies import BodyTooSlow, TooManyBodies

BODY = b"email=reader@example.org&verdict=ship&tool=alpha"
FORM = "application/x-www-form-urlencoded"


class Body(io.BytesIO):
    """A body that knows whether all of it has been read, and may break off."""

    def __init__(self, error: Exception | None = None) -> None:
        super().__init__(BODY)
        self._error = error

    @property
    def is_read(self) -> bool:
        return self.tell() == len(BODY)

    def read(self, size: int | None = -1, /) -> bytes:
        if self._error:
            raise self._error
        return super().read(size)

    def readinto(self, buffer: object, /) -> int:  # type: ignore[override]
        if self._error:
            raise self._error
        return super().readinto(buffer)  # type: ignore[arg-type]


def writing_views(app: Flask) -> list[tuple[str, str]]:
    """Return the address and endpoint of each view that takes a POST."""
    values = {"id": 1, "kind": "tool", "reviewer": "builder", "name": "2026-w47"}
    urls = app.url_map.bind("verdicts.test")
    found = [rule for rule in app.url_map.iter_rules() if "POST" in (rule.methods or ())]
    named = [(rule.endpoint, {name: values.get(name, "x") for name in rule.arguments}) for rule in found]
    return [(urls.build(endpoint, arguments, method="POST"), endpoint) for endpoint, arguments in named]


@ON_ONE_DATABASE
def test_every_view_that_writes_runs_when_its_body_has_been_read(app: Flask) -> None:
    root = logged_in(app, "root", Role.ADMIN)
    cookies = "; ".join(f"{each.key}={each.value}" for each in root.client._cookies.values())
    headers = {"Origin": root.origin, "Cookie": cookies, "Content-Type": FORM}
    reading_itself, too_early = set(), []
    for path, endpoint in writing_views(app):
        body = Body()
        sent: dict[str, Any] = {"input_stream": body, "content_length": len(BODY), "headers": headers}
        with (
            app.test_request_context(path, root.origin, method="POST", **sent),
            suppress(HTTPException, OtherPageRequired),
        ):
            runs = app.preprocess_request() is None
            if app.view_functions[endpoint] in bodies._READING_VIEWS:
                reading_itself.add(endpoint)
            elif runs and not body.is_read:
                too_early.append(endpoint)
    assert too_early == []
    assert reading_itself == {"bounces.receive", "newsletter.leave_now"}  # see below


@ON_ONE_DATABASE
@pytest.mark.parametrize("path", ["/newsletter/leave/x", "/newsletter/bounces/x"])
def test_a_view_that_reads_its_body_itself_reads_none_for_a_stranger(visitor: Visitor, path: str) -> None:
    body = Body()
    response = visitor.opens("POST", path, input_stream=body, content_length=len(BODY), content_type=FORM)
    assert response.status_code == 404
    assert body.tell() == 0


@ON_ONE_DATABASE
@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        (BodyTooSlow(), 408, "took too long to arrive"),
        (TooManyBodies(), 503, "More is asked of us"),
        (OSError(), 408, "took too long to arrive"),
    ],
)
def test_a_body_that_breaks_off_is_answered_in_words(
    visitor: Visitor, error: Exception, status: int, words: str
) -> None:
    sent = {"input_stream": Body(error), "content_length": len(BODY), "content_type": FORM}
    response = visitor.opens("POST", "/contact", **sent)
    assert response.status_code == status
    assert words in response.text
    assert ("Retry-After" in response.headers) == (status == 503)


@ON_ONE_DATABASE
def test_leaving_takes_any_body_and_reads_none(app: Flask, visitor: Visitor) -> None:
    body = Body()
    path = f"/newsletter/leave/{leave_token(make_subscriber(), 1)}"
    response = visitor.opens("POST", path, input_stream=body, content_length=10**9, content_type=FORM)
    assert response.status_code == 200
    assert body.tell() == 0
