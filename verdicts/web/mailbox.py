"""The mailbox of the demo, which sends no mail. Other installations do not have these pages."""

import re
from ipaddress import ip_address
from pathlib import Path

from flask import Blueprint, Flask, abort, make_response, render_template, request
from flask.typing import ResponseReturnValue
from markupsafe import Markup, escape

from verdicts.config import current_settings, find_demo_password
from verdicts.mailing import mailbox
from verdicts.secret_values import is_same
from verdicts.web import headers
from verdicts.web.errors import render_error

bp = Blueprint("mailbox", __name__, url_prefix="/dev/mailbox")

MAX_LETTERS = 200
FORWARDING_HEADERS = ("Forwarded", "X-Forwarded-For", "X-Real-IP", "Via")
WHO_MAY_READ = "From other machines, the mail of this demo needs the password in its demo.env, with any name."
# Letters have inline styles and no scripts. The sandbox keeps their links inside the frame.
LETTER_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; sandbox"
FRAMING_POLICY = f"{headers.CONTENT_SECURITY_POLICY}; frame-src 'self'"
_URL_PATTERN = re.compile(r"https?://[^\s<>\"']{1,2000}")


def init_app(app: Flask) -> None:
    if app.config["SETTINGS"].demo:
        app.register_blueprint(bp)


@bp.before_request
def require_password() -> ResponseReturnValue | None:
    """Ask other machines for the demo's password: letters hold links that log people in.

    A proxy on this machine passes requests of others on, and says so in a header.
    """
    is_passed_on = any(name in request.headers for name in FORWARDING_HEADERS)
    if is_loopback(request.remote_addr) and not is_passed_on:
        return None
    password, sent = find_demo_password(current_settings().instance_path), request.authorization
    if password is None:
        abort(404)
    if sent is not None and sent.type == "basic" and is_same(sent.password or "", password):
        return None
    return render_error(401, WHO_MAY_READ, {"WWW-Authenticate": 'Basic realm="The mail of this demo"'})


def is_loopback(address: str | None) -> bool:
    try:
        return ip_address(address or "").is_loopback
    except ValueError:
        return False


@bp.get("")
def index() -> ResponseReturnValue:
    return render_template("mailbox/index.html", letters=mailbox.list_newest(_folder(), MAX_LETTERS))


@bp.get("/<file>")
def letter(file: str) -> ResponseReturnValue:
    """Show a letter as text, with links that work, and as HTML in a frame."""
    stored = mailbox.find(_folder(), file) or abort(404)
    response = make_response(render_template("mailbox/letter.html", letter=stored, text=add_links(stored.text)))
    response.headers["Content-Security-Policy"] = FRAMING_POLICY
    return response


@bp.get("/<file>/html")
def html(file: str) -> ResponseReturnValue:
    stored = mailbox.find(_folder(), file) or abort(404)
    response = make_response(stored.html)
    response.headers["Content-Security-Policy"] = LETTER_POLICY
    return response


def add_links(text: str) -> Markup:
    """Return a text with its URLs as links."""
    pieces, end = [], 0
    for match in _URL_PATTERN.finditer(text):
        url = match[0].rstrip(".,;:!?)")
        link = Markup('<a href="{0}" rel="nofollow noopener">{0}</a>').format(url)
        pieces += [escape(text[end : match.start()]), link]
        end = match.start() + len(url)
    return Markup("").join([*pieces, escape(text[end:])])


def _folder() -> Path:
    return mailbox.folder_path(current_settings())
