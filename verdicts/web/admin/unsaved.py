"""What somebody typed and has not saved: kept, offered again, or shown where there is nothing left to save it to."""

import secrets
from collections.abc import Callable
from urllib.parse import urlencode

from flask import abort, render_template, request, url_for
from flask.typing import ResponseReturnValue

from verdicts.curation.editing.saving import SavedRecord, StoredRecord
from verdicts.extensions import begin_write, db
from verdicts.staff import drafts
from verdicts.web import errors
from verdicts.web.admin.forms import readable_fields, typed_fields
from verdicts.web.admin.gate import is_stale, person
from verdicts.web.admin.places import place
from verdicts.web.clock import now

GONE = "There is no such record. It may have been deleted."


def keep() -> None:
    db.session.rollback()
    begin_write()
    drafts.keep(person().id, place(), typed_fields(), now())
    db.session.commit()


def keep_if_possible() -> None:
    """Keep what was sent where it leads to no save, so that it is there after going back, without JavaScript too."""
    try:
        keep()
    except errors.OVERLOAD_ERRORS as overload:
        errors.roll_back(overload)


def end(saved: SavedRecord, *, is_new: bool) -> None:
    """End the draft of what has been saved; that of a new record becomes a note of which record it is now."""
    if is_new:
        drafts.close(person().id, place(), typed_fields(), saved.id, now())
    else:
        drafts.drop(person().id, place())


def saved_before(find: Callable[[int], StoredRecord | None]) -> SavedRecord | None:
    """Return the record that this very form of a new one has become already, where it was sent twice."""
    begin_write()
    record_id = drafts.became(person().id, place(), typed_fields())
    opened = find(record_id) if record_id else None
    if opened is None:
        db.session.rollback()
        return None
    return SavedRecord(opened.id, opened.slug, opened.data, opened.data)


def others() -> list[drafts.Listed]:
    """Return what else was begun as a new record of this kind and not saved."""
    return [each for each in drafts.listed(person().id, f"{request.path}?") if each.place != place()]


def page_it_became(find: Callable[[int], StoredRecord | None]) -> str:
    """Return the page of the record that the form of a new one has become already, "" where it has not."""
    record_id = drafts.record_of(person().id, place())
    return page_of(record_id) if record_id and find(record_id) else ""


def show_what_is_left() -> ResponseReturnValue:
    """Show what somebody typed for a record that is gone, and offer to make a new one of it."""
    draft = drafts.find(person().id, place())
    fields = typed_fields() if request.method == "POST" and not is_stale() else draft.fields if draft else []
    if not readable_fields(fields):
        abort(404, GONE)
    if request.method == "POST" and not is_stale():
        keep()
    page = render_template(
        "admin/gone.html",
        status=404,
        way_back="",
        place=place(),
        fields=readable_fields(fields),
        sent=fields,
        add_at=_form_of_a_new_one(),
    )
    return page, 404


def _form_of_a_new_one() -> str:
    """Return where a new record of the same kind is made, "" where it is a part of another record."""
    door, _, view = (request.endpoint or "").rpartition(".")
    return url_for(f"{door}.add", draft=secrets.token_urlsafe(9)) if view == "change" else ""


def at_a_place_of_its_own() -> str:
    asked = {name: request.args[name] for name in ("restore", "said") if name in request.args}
    return f"{request.path}?{urlencode({**asked, 'draft': secrets.token_urlsafe(9)})}"


def here(said: str, address: str) -> str:
    return f"{address}{'&' if '?' in address else '?'}said={said}"


def page_of(record_id: int) -> str:
    return url_for(f"{(request.endpoint or '').rpartition('.')[0]}.change", id=record_id)
