"""The webhook of mail providers: its address has a secret, and our tokens say whom an event is about."""

import json

import pytest
from flask import Flask

from tests.conftest import ON_ONE_DATABASE
from tests.newsletter.world import make_subscriber, statuses
from tests.web.visitor import Visitor
from verdicts.newsletter.tokens import TOKEN_LENGTH, bounce_token, reports_secret
from verdicts.web import logs

FROM_A_PROVIDER = {"origin": None, "sec_fetch_site": None, "cookie": None}


@pytest.fixture
def ann(app: Flask) -> int:
    return make_subscriber()


def post(
    visitor: Visitor, payload: object, secret: str | None = None, content_type: str = "application/json"
) -> tuple[int, object]:
    """Post JSON, or bytes as they are; return the status and, where it is 200, what the answer says."""
    data = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    path = f"/newsletter/bounces/{reports_secret() if secret is None else secret}"
    answer = visitor.opens("POST", path, headers=FROM_A_PROVIDER, data=data, content_type=content_type)
    return answer.status_code, answer.get_json() if answer.status_code == 200 else None


def complaint(id: int) -> dict[str, str]:
    return {"event": "spamreport", "delivery": bounce_token(3, id)}


def test_an_event_ends_the_subscription_it_is_about(visitor: Visitor, ann: int) -> None:
    make_subscriber("ben@example.org")
    assert post(visitor, [complaint(ann), {"event": "open"}]) == (200, {"reports": 1, "ended": 1})
    assert statuses() == ["complained", "confirmed"]


def test_the_same_event_may_come_again(visitor: Visitor, ann: int) -> None:
    post(visitor, complaint(ann))
    assert post(visitor, complaint(ann)) == (200, {"reports": 1, "ended": 0})


@ON_ONE_DATABASE
def test_json_is_read_whatever_it_is_called(visitor: Visitor, ann: int) -> None:
    assert post(visitor, complaint(ann), content_type="text/plain; charset=UTF-8")[0] == 200
    assert statuses() == ["complained"]


@pytest.mark.parametrize("secret", ["x", "a" * TOKEN_LENGTH, "ä", "x" * 5000])
@ON_ONE_DATABASE
def test_without_the_secret_nobody_gets_in(visitor: Visitor, ann: int, secret: str) -> None:
    assert post(visitor, complaint(ann), secret)[0] == 404
    assert statuses() == ["confirmed"]


def test_a_forged_token_is_ignored(visitor: Visitor, ann: int) -> None:
    forged = {"event": "spamreport", "email": "ann@example.org", "delivery": "a" * TOKEN_LENGTH}
    assert post(visitor, forged) == (200, {"reports": 0, "ended": 0})
    assert statuses() == ["confirmed"]


@ON_ONE_DATABASE
def test_events_that_are_not_understood_are_kept_for_an_operator(app: Flask, visitor: Visitor, ann: int) -> None:
    strange = {"event": "something-new", "delivery": bounce_token(3, ann)}
    assert post(visitor, [complaint(ann), strange]) == (200, {"reports": 1, "ended": 1})
    (file,) = (app.config["SETTINGS"].instance_path / "not-understood").iterdir()
    assert (json.loads(file.read_text()), file.stat().st_mode & 0o777) == ([strange], 0o600)


@ON_ONE_DATABASE
@pytest.mark.parametrize("payload", [b"", b"{", b"\xff", b"[" * 100_000, b'"\\ud800"', b"NaN"])
def test_what_is_no_json_is_refused_and_breaks_nothing(visitor: Visitor, ann: int, payload: bytes) -> None:
    assert post(visitor, payload)[0] in {200, 400}
    assert statuses() == ["confirmed"]


@ON_ONE_DATABASE
def test_a_batch_may_be_larger_than_a_form_but_not_without_end(visitor: Visitor, ann: int) -> None:
    padding = [{"event": "open", "text": "x" * 600_000}]
    assert post(visitor, [*padding, complaint(ann)])[0] == 200
    assert statuses() == ["complained"]
    assert post(visitor, padding * 2)[0] == 413


@ON_ONE_DATABASE
def test_the_secret_stands_in_no_log_line(visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    lines: list[str] = []
    monkeypatch.setattr(logs, "write_line", lines.append)
    post(visitor, {})
    assert [json.loads(line)["path"] for line in lines] == ["/newsletter/bounces/…"]


@ON_ONE_DATABASE
def test_amazons_request_to_be_confirmed_is_logged_for_the_operator(
    visitor: Visitor, caplog: pytest.LogCaptureFixture
) -> None:
    asked = {"Type": "SubscriptionConfirmation", "SubscribeURL": "https://sns.example/confirm"}
    assert post(visitor, asked) == (200, {"reports": 0, "ended": 0})
    assert "open this address once: https://sns.example/confirm" in caplog.text
