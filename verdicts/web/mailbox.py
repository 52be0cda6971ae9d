"""The mailbox of the demo, which sends no mail. Other installations do not have these pages."""

import re
from pathlib import Path

from flask import Blueprint, Flask, abort, make_response, render_template
from flask.typing import ResponseReturnValue
from markupsafe import Markup, escape

from verdicts.config import current_settings
from verdicts.mailing import mailbox
from verdicts.web import headers

bp = Blueprint("mailbox", __name__, url_prefix="/dev/mailbox")

MAX_LETTERS = 200
# Letters have inline styles and no scripts. The sandbox keeps their links inside the frame.
LETTER_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; sandbox"
FRAMING_POLICY = f"{headers.CONTENT_SECURITY_POLICY}; frame-src 'self'"
_URL_PATTERN = re.compile(r"https?://[^\s<>\"']{1,2000}")


def init_app(app: Flask) -> None:
    if app.config["SETTINGS"].demo:
        app.register_blueprint(bp)


@bp.get("")
def index() -> ResponseReturnValue:
    return render_template("mailbox/index.html", letters=mailbox.list_newest(_folder(), MAX_LETTERS))


@bp.get("/<name>")
def letter(name: str) -> ResponseReturnValue:
    """Show a letter as text, with links that work, and as HTML in a frame."""
    stored = mailbox.find(_folder(), name) or abort(404)
    response = make_response(render_template("mailbox/letter.html", letter=stored, text=add_links(stored.text)))
    response.headers["Content-Security-Policy"] = FRAMING_POLICY
    return response


@bp.get("/<name>/html")
def html(name: str) -> ResponseReturnValue:
    stored = mailbox.find(_folder(), name) or abort(404)
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
