"""Small forms that show themselves again, as they were sent, when they cannot be acted on just now."""

from collections.abc import Callable

from flask import Response, make_response, request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from verdicts.extensions import begin_write, db
from verdicts.staff import drafts
from verdicts.web import errors
from verdicts.web.admin.gate import is_stale, person

STALE, BUSY = "stale", "busy"


def act_or_show(
    act: Callable[[], ResponseReturnValue], show: Callable[[str], ResponseReturnValue]
) -> ResponseReturnValue:
    """Act on a form; show its page where it came without its token, or too much is asked of us.

    `show` is told which it is, STALE or BUSY, and only reads.
    """
    if is_stale():
        return _answer(show(STALE), 400)
    try:
        return act()
    except errors.OVERLOADS as overload:
        errors.give_up(overload)
        answer = _answer(show(BUSY), 503)
        answer.headers["Retry-After"] = str(errors.TRY_AGAIN_AFTER_SECONDS)
        return answer


def typed_before() -> MultiDict[str, str] | None:
    """Return, once, what was sent from this page after a session had ended; None where nothing was."""
    draft = drafts.find(person().id, request.path)
    if draft is None:
        return None
    db.session.rollback()
    try:
        begin_write()
        drafts.drop(person().id, request.path)
        db.session.commit()
    except errors.OVERLOADS as overload:  # it is shown another time
        errors.give_up(overload)
    return MultiDict(draft.fields)


def _answer(page: ResponseReturnValue, status: int) -> Response:
    response = make_response(page)
    response.status_code = status
    return response
