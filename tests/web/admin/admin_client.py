"""A client of the admin pages, with its cookies, that submits forms with their tokens."""

import contextvars
import re
from collections import Counter
from functools import cache
from typing import Any

import sqlalchemy as sa
from argon2 import PasswordHasher
from argon2.profiles import CHEAPEST
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.makers import NOW
from tests.web.visitor import JINJA, REFERENCES, read_html
from verdicts.extensions import begin_write, db
from verdicts.staff import accounts, audit
from verdicts.staff.models import Role

PASSWORD = "plinth mango otter quartz"
FROM_HTMX = {"HX-Request": "true"}
TOKEN = re.compile(r'<input [^>]*name="csrf_token"[^>]* value="([^"]+)"')


@cache
def _hash_of_password() -> str:
    """Return a hash that is quick to verify, as it says itself with which effort it was made."""
    return PasswordHasher.from_parameters(CHEAPEST).hash(PASSWORD)


def make_account(name: str = "ann", role: Role = Role.EDITOR, *, must_change: bool = False) -> int:
    """Make an account whose password is PASSWORD."""
    db.session.rollback()
    begin_write()
    id = accounts.create(name, f"{name}@example.org", role, _hash_of_password(), NOW, must_change=must_change)
    db.session.commit()
    return id


def fields_of(html: str) -> dict[str, str]:
    """Return what a browser would send of the record's form in a page."""
    tree, _ = read_html(html)
    form = next(each for each in tree.iter("form") if "record-form" in each.get("class", ""))
    found: dict[str, str] = {}
    for each in form.iter():
        name = each.get("name", "")
        if each.tag == "textarea":
            found[name] = (each.text or "").removeprefix("\n")
        elif each.tag == "select":
            options = list(each.iter("option"))
            chosen = next((option for option in options if "selected" in option.attrib), options[0])
            found[name] = chosen.get("value", "")
        elif each.tag == "input" and (each.get("type") not in {"radio", "checkbox"} or "checked" in each.attrib):
            found[name] = each.get("value", "")
    return found


def action_of(html: str) -> str:
    """Return where the record's form in a page is sent."""
    tree, _ = read_html(html)
    return next(each.get("action", "") for each in tree.iter("form") if "record-form" in each.get("class", ""))


def without_token(fields: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in fields.items() if name != "csrf_token"}


def check_page(path: str, html: str) -> None:
    """Hold a page to the rules for all pages: well nested, each id once, and no reference that leads nowhere."""
    tree, _ = read_html(html)
    ids = Counter(each.get("id", "") for each in tree.iter() if each.get("id"))
    assert max(ids.values(), default=1) == 1, (path, ids.most_common(3))
    for each in tree.iter():
        for name in each.attrib.keys() & REFERENCES:
            for id in each.attrib[name].split():
                assert id in ids, (path, each.tag, name, id)
    assert not JINJA.search("".join(tree.itertext())), path


def _token_in(html: str) -> str:
    """Return the form token of a page, or nothing where the page has no form."""
    found = TOKEN.search(html)
    return found[1] if found else ""


def _field_name(name: str) -> str:
    """Return a field's name from a Python argument: rows' names have hyphens around their number."""
    return re.sub(r"_(\d+)_", r"-\1-", name).replace("__", "-")


class AdminClient:
    def __init__(self, app: Flask, address: str = "203.0.113.1") -> None:
        self.app = app
        self.client: FlaskClient = app.test_client()
        self.address = address
        self.origin = app.config["SETTINGS"].base_url
        self.last_token = ""  # of the last page that this person saw in this session

    def gets(self, path: str, *, htmx: bool = False) -> TestResponse:
        return self._request("GET", path, headers=FROM_HTMX if htmx else {})

    def token(self, path: str = "/admin/login") -> str:
        return _token_in(self.gets(path).text)

    def current_token(self) -> str:
        """Return the token of a page that this person saw or sees now, whether they are logged in or not."""
        if self.last_token:
            return self.last_token
        own = self.gets("/admin/me")
        return _token_in(own.text) if own.status_code == 200 else self.token("/admin/login")

    def posts(
        self, path: str, token: str | None = None, origin: str | None = None, *, htmx: bool = False, **form: Any
    ) -> TestResponse:
        """Send a form with the token of a page that this person sees; a file is a pair of its stream and its name."""
        token = self.current_token() if token is None else token
        headers = {"Origin": origin or self.origin} | (FROM_HTMX if htmx else {})
        return self._request("POST", path, data={"csrf_token": token, **form}, headers=headers)

    def opens(self, path: str) -> TestResponse:
        """Get a page, or the one that it leads to: the form of a new record has an address of its own."""
        answer = self.gets(path)
        return self.gets(answer.headers["Location"]) if answer.status_code == 303 else answer

    def form(self, path: str) -> dict[str, str]:
        """Return the fields of the record's form on a page, as a browser would send them."""
        answer = self.opens(path)
        assert answer.status_code == 200, (path, answer.status_code)
        return fields_of(answer.text)

    def fills(self, path: str, do: str = "save", **changes: str) -> TestResponse:
        """Open a form, change some of its fields (`facts_0_value` for facts-0-value), and press a button."""
        named = {_field_name(name): value for name, value in changes.items()}
        page = self.opens(path)
        assert page.status_code == 200, (path, page.status_code)
        return self.sends(action_of(page.text), {**fields_of(page.text), **named}, do)

    def sends(self, path: str, fields: dict[str, str], do: str = "save") -> TestResponse:
        return self.posts(path, token=fields.get("csrf_token"), **{**without_token(fields), "do": do})

    def autosaves(self, draft_key: str, **fields: str) -> int:
        """Send what a form's script sends while somebody types, and return the status."""
        return self.posts("/admin/drafts", draft_key=draft_key, **fields).status_code

    def _request(self, method: str, path: str, **options: Any) -> TestResponse:
        # Without a context of our own: each request must begin with nobody and no database session at hand.
        db.session.rollback()
        options |= {"method": method, "base_url": self.origin, "environ_overrides": {"REMOTE_ADDR": self.address}}
        answer = contextvars.Context().run(self.client.open, path, **options)
        if answer.mimetype == "text/html" and "<!DOCTYPE" in answer.text:
            check_page(path, answer.text)
            self.last_token = _token_in(answer.text)
        if "Set-Cookie" in answer.headers:  # a new session has new tokens
            self.last_token = ""
        return answer

    def logs_in(self, name: str = "ann", password: str = PASSWORD, code: str = "", **more: str) -> TestResponse:
        form = {"name": name, "password": password, "code": code, **more}
        token = self.token("/admin/login") or self.current_token()  # the log-in leads away who is logged in
        return self.posts("/admin/login", token, **form)

    def is_logged_in(self) -> bool:
        return self.gets("/admin/me").status_code == 200


def logged_in(app: Flask, name: str = "ann", role: Role = Role.EDITOR) -> AdminClient:
    make_account(name, role)
    editor = AdminClient(app)
    editor.logs_in(name)
    return editor


def stored(model: type) -> list:
    """Return all rows of a model as they are committed, oldest first."""
    db.session.expire_all()
    db.session.rollback()
    return list(db.session.scalars(sa.select(model).order_by(model.id)))


def latest_entry() -> audit.LogEntry:
    """Return the newest entry of the activity log."""
    db.session.rollback()
    entry = audit.search(limit=1)[0]
    db.session.rollback()
    return entry
