"""Refuses URLs that hold a NUL byte: no page has one, and PostgreSQL takes no text with one."""

from flask import Flask, abort, request

REFUSAL = "This address holds a character that cannot stand in one."


def init_app(app: Flask) -> None:
    app.before_request(refuse_nul)


def refuse_nul() -> None:
    if "\0" in request.path or holds_nul(request.environ.get("QUERY_STRING", "")):
        abort(400, REFUSAL)


def holds_nul(query: str) -> bool:
    return "%00" in query or "\0" in query
