"""Reading mail in the demo, which sends none. Other installations do not have these addresses."""

import re
from pathlib import Path

from flask import Blueprint, Flask, abort, make_response, render_template
from flask.typing import ResponseReturnValue
from markupsafe import Markup, escape

from verdicts.config import Settings, current_settings
from verdicts.mailing import mailbox
from verdicts.web import headers

bp = Blueprint("mailbox", __name__, url_prefix="/dev/mailbox")

MOST_LETTERS = 200
# A letter is written for mail programs: inline styles, no scripts, and here no way out of its frame.
LETTER_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; sandbox"
FRAMING_POLICY = f"{headers.CONTENT_SECURITY_POLICY}; frame-src 'self'"
_ADDRESS = re.compile(r"https?://[^\s<>\"']{1,2000}")


def init_app(app: Flask) -> None:
    settings: Settings = app.config["SETTINGS"]
    if settings.demo:
        app.register_blueprint(bp)


@bp.get("")
def index() -> ResponseReturnValue:
    return render_template("mailbox/index.html", letters=mailbox.list_newest(_folder(), MOST_LETTERS))


@bp.get("/<name>")
def letter(name: str) -> ResponseReturnValue:
    """Show a letter as text, with links that work, and as HTML in a frame."""
    found = mailbox.find(_folder(), name) or abort(404)
    response = make_response(render_template("mailbox/letter.html", letter=found, text=with_links(found.text)))
    response.headers["Content-Security-Policy"] = FRAMING_POLICY
    return response


@bp.get("/<name>/html")
def html(name: str) -> ResponseReturnValue:
    found = mailbox.find(_folder(), name) or abort(404)
    response = make_response(found.html)
    response.headers["Content-Security-Policy"] = LETTER_POLICY
    return response


def with_links(text: str) -> Markup:
    """Return a text with its web addresses as links."""
    pieces, end = [], 0
    for match in _ADDRESS.finditer(text):
        address = match[0].rstrip(".,;:!?)")
        pieces += [escape(text[end : match.start()]), _link(address)]
        end = match.start() + len(address)
    return Markup("").join([*pieces, escape(text[end:])])


def _link(address: str) -> Markup:
    return Markup('<a href="{0}" rel="nofollow noopener">{0}</a>').format(address)


def _folder() -> Path:
    return mailbox.folder_path(current_settings())
