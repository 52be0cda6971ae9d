"""Reports of errors to Sentry, where SENTRY_DSN is set: what broke and where, and nothing about who met it.

What is logged as an error is reported, of requests, commands and the worker alike. No integration of the library sees
requests, so it has no addresses, cookies or bodies to send; an event then passes a list of what may be in it.
"""

import logging
import re
from typing import TYPE_CHECKING, Any

import sentry_sdk
from flask import g, has_request_context, request
from sentry_sdk.integrations.atexit import AtexitIntegration
from sentry_sdk.integrations.excepthook import ExcepthookIntegration
from sentry_sdk.integrations.logging import LoggingIntegration

from verdicts.web.logs import DETAIL

if TYPE_CHECKING:
    from sentry_sdk.types import Event

ALLOWED = {"event_id", "timestamp", "level", "logger", "platform", "exception", "logentry", "sdk", "contexts"}
ALLOWED_CONTEXTS = {"runtime"}
# Texts of errors repeat what somebody sent: quoted, as an address, or as a token.
_SENT = re.compile(
    r"'[^'\n]*'|\"[^\"\n]*\"|\S*@\S*"
    r"|\b\d{1,3}(?:\.\d{1,3}){3}\b|\b(?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4}|[A-Za-z0-9_.+/=-]{24,}",
    re.IGNORECASE,
)


def start(dsn: str) -> None:
    """Report what is logged as an error from now on, in this process and those that it forks."""
    sentry_sdk.init(
        dsn,
        default_integrations=False,
        auto_enabling_integrations=False,
        integrations=[
            LoggingIntegration(level=None, event_level=logging.ERROR),
            ExcepthookIntegration(),
            AtexitIntegration(
                callback=lambda _pending, _timeout: None
            ),  # which sends the last ones, and prints nothing
        ],
        before_send=reduce_event,
        send_default_pii=False,
        include_local_variables=False,
        max_request_body_size="never",
        max_breadcrumbs=0,
        auto_session_tracking=False,
        send_client_reports=False,
    )


def reduce_event(event: "Event", _hint: dict[str, Any]) -> "Event":
    """Return what of an event may be sent, with the request's id, method and rule."""
    reduced: Any = {key: value for key, value in event.items() if key in ALLOWED}
    reduced["contexts"] = {key: value for key, value in event.get("contexts", {}).items() if key in ALLOWED_CONTEXTS}
    for raised in reduced.get("exception", {}).get("values", ()):
        raised["value"] = without_input(str(raised.get("value") or ""))
    if entry := reduced.get("logentry"):
        reduced["logentry"] = {"message": without_input(str(entry.get("message") or ""))}
    if has_request_context():
        tags = {"method": request.method, "route": str(request.url_rule or ""), "request_id": g.get("request_id", "")}
        reduced["tags"] = tags
    return reduced  # type: ignore[no-any-return]


def without_input(text: str) -> str:
    return _SENT.sub("…", DETAIL.sub(r"\1…", text))
