"""Somebody behind the log-in, as a test sees them: they keep cookies, and send forms with the token they were given."""

import contextvars
from html.parser import HTMLParser
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.makers import NOW
from verdicts.extensions import begin_write, db
from verdicts.staff import accounts, passwords
from verdicts.staff.models import Role

PASSWORD = "plinth mango otter quartz"
_HASH: list[str] = []


def make_account(name: str = "ann", role: Role = Role.EDITOR, *, must_change: bool = False) -> int:
    """Make an account whose password is PASSWORD; hashing is slow, so it is done once."""
    if not _HASH:
        _HASH.append(passwords.hashed(PASSWORD))
    db.session.rollback()
    begin_write()
    id = accounts.add(name, f"{name}@example.org", role, _HASH[0], NOW, must_change=must_change)
    db.session.commit()
    return id


class _Token(HTMLParser):
    value = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "input" and found.get("name") == "csrf_token":
            self.value = found.get("value") or ""


class Editor:
    def __init__(self, app: Flask, address: str = "203.0.113.1") -> None:
        self.app = app
        self.client: FlaskClient = app.test_client()
        self.address = address
        self.origin = app.config["SETTINGS"].base_url

    def gets(self, path: str) -> TestResponse:
        return self._request("GET", path)

    def token(self, path: str = "/admin/login") -> str:
        parser = _Token()
        parser.feed(self.gets(path).text)
        return parser.value

    def posts(self, path: str, token: str | None = None, origin: str | None = None, **form: str) -> TestResponse:
        """Send a form with the token of a page that this person sees."""
        token = self.token("/admin/me" if self.is_in() else "/admin/login") if token is None else token
        headers = {"Origin": origin or self.origin}
        return self._request("POST", path, data={"csrf_token": token, **form}, headers=headers)

    def _request(self, method: str, path: str, **options: Any) -> TestResponse:
        # Without a context of our own: each request must begin with nobody and no database session at hand.
        db.session.rollback()
        options |= {"method": method, "base_url": self.origin, "environ_overrides": {"REMOTE_ADDR": self.address}}
        return contextvars.Context().run(self.client.open, path, **options)

    def logs_in(self, name: str = "ann", password: str = PASSWORD, code: str = "", **more: str) -> TestResponse:
        return self.posts("/admin/login", name=name, password=password, code=code, **more)

    def is_in(self) -> bool:
        return self.gets("/admin/me").status_code == 200
