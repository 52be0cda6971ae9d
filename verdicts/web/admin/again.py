"""Small forms that show themselves again, as they were sent, when they cannot be acted on just now."""

from collections.abc import Callable
from http import HTTPStatus

from flask import Response, current_app, make_response, request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from verdicts.extensions import begin_write, db
from verdicts.staff import drafts
from verdicts.web import errors
from verdicts.web.admin.gate import is_stale, person
from verdicts.web.admin.places import place_of_form

STALE, BUSY, KEPT = "stale", "busy", "kept"
WHICH_ROW = {"message", "tool"}  # of a page that has a form for each


def act_or_show(
    act: Callable[[], ResponseReturnValue], show: Callable[[str], ResponseReturnValue]
) -> ResponseReturnValue:
    """Act on a form; show its page where it came without its token, or too much is asked of us.

    `show` is told which it is, STALE or BUSY, and only reads.
    """
    if is_stale():
        return _answer(show(STALE), 400)
    try:
        answer = act()
        if make_response(answer).status_code == HTTPStatus.SEE_OTHER:
            _forget_what_was_kept()
        return answer
    except errors.OVERLOAD_ERRORS as overload:
        errors.roll_back(overload)
        later = _answer(show(BUSY), 503)
        later.headers["Retry-After"] = str(errors.RETRY_AFTER_SECONDS)
        return later


def typed_before() -> MultiDict[str, str] | None:
    """Return what was typed on this page and is not sent yet, or came after a session had ended; None for nothing."""
    draft = drafts.find(person().id, request.path)
    return MultiDict(draft.fields) if draft else None


def _forget_what_was_kept() -> None:
    """Drop the draft of what has just been done; one about another row of the same page stays."""
    place = place_of_form(current_app.view_functions[request.endpoint or ""])
    draft = drafts.find(person().id, place)
    if draft is None or any(request.form.get(name) != value for name, value in draft.fields if name in WHICH_ROW):
        return
    db.session.rollback()
    begin_write()
    drafts.drop(person().id, place)
    db.session.commit()


def _answer(page: ResponseReturnValue, status: int) -> Response:
    response = make_response(page)
    response.status_code = status
    return response
