"""The pages that every kind of record has: a new one, one to change, its publication, and its place in a list."""

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from flask import Blueprint, abort, redirect, request, url_for
from flask.typing import ResponseReturnValue

from verdicts.catalog.publishing import bump_content_version
from verdicts.curation.editing.saving import StoredRecord, find_row
from verdicts.extensions import begin_write, db
from verdicts.staff import audit
from verdicts.staff.models import Role
from verdicts.web.admin import publishing
from verdicts.web.admin.editing import Desk, edit
from verdicts.web.admin.gate import actor, needs, takes
from verdicts.web.admin.places import keeps_what_is_typed
from verdicts.web.admin.publishing import Editable, Subject
from verdicts.web.clock import now
from verdicts.web.paging import page_number

ID = "<int(max=2147483647):id>"
FORM_MEGABYTES = 2  # a whole panel in a script of many bytes a letter, each of them escaped


_OPENED: dict[str, Callable[[int], StoredRecord | None]] = {}


def find(kind: str, id: int) -> StoredRecord | None:
    """Return a record that can be edited, by its kind in the trail."""
    return _OPENED[kind](id)


def offer(bp: Blueprint, desk: Desk, get: Callable[[int], Editable | None]) -> None:
    """Give a door the pages `add`, `change` and `publication` for its kind of record; its list is `index`."""
    _OPENED[desk.kind] = desk.opened
    subject = Subject(
        kind=desk.kind,
        find=desk.opened,
        get=get,
        edit_at=lambda id: url_for(f"{bp.name}.change", id=id),
    )

    @bp.route("/new", methods=["GET", "POST"])
    @needs(Role.EDITOR)
    @takes(FORM_MEGABYTES)
    @keeps_what_is_typed
    def add() -> ResponseReturnValue:
        return edit(desk)

    @bp.route(f"/{ID}", methods=["GET", "POST"])
    @needs(Role.EDITOR)
    @takes(FORM_MEGABYTES)
    @keeps_what_is_typed
    def change(id: int) -> ResponseReturnValue:
        return edit(desk, id)

    @bp.route(f"/{ID}/publication", methods=["GET", "POST"])
    @needs(Role.EDITOR)
    def publication(id: int) -> ResponseReturnValue:
        return publishing.answer(subject, id)


def offer_part(bp: Blueprint, name: str, desk: Desk) -> None:
    """Give a door a page for one part of its records, such as a tool's panel, which is never new by itself."""

    _OPENED[desk.kind] = desk.opened

    @needs(Role.EDITOR)
    @takes(FORM_MEGABYTES)
    @keeps_what_is_typed
    def part(id: int) -> ResponseReturnValue:
        return edit(desk, id)

    bp.add_url_rule(f"/{ID}/{name}", name, part, methods=["GET", "POST"])


def offer_order(bp: Blueprint, desk: Desk, model: Any) -> None:
    """Let a record of a door's list change places with the one before it, in the order that readers see."""

    @bp.post(f"/{ID}/up")
    @needs(Role.EDITOR)
    def up(id: int) -> ResponseReturnValue:
        db.session.rollback()
        begin_write()
        bump_content_version()  # first of all: others who move something wait for it
        row = find_row(model, id, lock=True) or abort(404, "There is no such record. It may have been deleted.")
        opened = desk.opened(id)
        if opened and (before := _the_one_before(model, row)):
            place = (row.position, before.position)
            row.position, before.position = before.position, row.position
            audit.record("moved up", desk.kind, opened.slug, id, now=now(), actor=actor(), position=place)
        db.session.commit()
        return redirect(url_for(f"{bp.name}.index", page=page_number(request.args.get("page", ""))), 303)


def _the_one_before(model: Any, row: Any) -> Any:
    place = sa.tuple_(sa.literal(row.position), sa.literal(row.id))
    before = sa.select(model).where(sa.tuple_(model.position, model.id) < place)
    return db.session.scalar(before.order_by(model.position.desc(), model.id.desc()).limit(1))


def onward_to(endpoint: str) -> Callable[[Any, str, str], str]:
    """Return what leads an editor who has saved to a page of the same record, and says so there."""
    return lambda saved, _do, said: url_for(endpoint, id=saved.id, said=said)
