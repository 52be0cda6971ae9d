"""Pages with a form, as they are open in a tab: their ids, the versions that they show, and what the browser is told.

A page keeps its id when its form is shown again, so that two tabs with one record have a draft each.
"""

import re
import secrets
from http import HTTPStatus

from flask import Response, request

from verdicts.config import current_settings
from verdicts.curation.catalog_file.dumping import Json
from verdicts.extensions import begin_write_after_read, db
from verdicts.staff import versions
from verdicts.staff.drafts import Draft, OpenPage
from verdicts.web import errors
from verdicts.web.clock import now

SAVED_FORM_COOKIE = "saved_form"
SAVED_FORM_SECONDS = 60

_PAGE_ID = re.compile(r"[A-Za-z0-9_-]{8,20}")


def submitted_page() -> OpenPage:
    """Return the page from which the request's form was sent."""
    id = request.form.get("tab", "")
    return OpenPage(id, request.form.get("shown_draft", "")) if _PAGE_ID.fullmatch(id) else OpenPage()


def open_page(shown: Draft | None) -> OpenPage:
    """Return the page that is being rendered: the one from which its form was sent, else a new one with this draft."""
    page = submitted_page()
    return page if page.id else OpenPage(secrets.token_urlsafe(9), shown.revision if shown else "")


def store_version(version: str, data: Json) -> None:
    """Store what a form shows, so that what is submitted can be merged with what others save meanwhile."""
    if versions.is_fresh(version, now()):
        return
    try:
        begin_write_after_read()
        versions.store(version, data, now())
        db.session.commit()
    except errors.OVERLOAD_ERRORS as overload:  # then every difference is asked about
        errors.roll_back(overload)


def note_saved_form(response: Response) -> Response:
    """Tell the browser that a form was saved: it removes its own copy of what was typed then (js/unsaved.js).

    Any answer but a redirect says that the form was not saved after all.
    """
    return tell_saved_form(response) if response.status_code == HTTPStatus.SEE_OTHER else response


def tell_saved_form(response: Response) -> Response:
    """Tell the browser by a cookie which form was saved: its page, or the copy of a small form."""
    id = submitted_page().id or request.form.get("copy", "")
    if _PAGE_ID.fullmatch(id):
        is_https = current_settings().is_https
        response.set_cookie(
            SAVED_FORM_COOKIE, id, max_age=SAVED_FORM_SECONDS, path="/admin", samesite="Lax", secure=is_https
        )
    return response
