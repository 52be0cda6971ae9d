"""The newsletter's subscribers, for admins: finding, adding and suppressing one, and all of them as a file.

No address stands in the trail, nor in an address of these pages, which logs and histories keep: a search is a POST.
"""

from datetime import UTC, date, datetime, time

from flask import Response, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import StringField, ValidationError
from wtforms.validators import AnyOf

from verdicts.extensions import begin_write, db
from verdicts.newsletter import adding, importing, leaving, lookup, queries, spreadsheets
from verdicts.newsletter.adding import NotAdded
from verdicts.newsletter.addresses import Address, NotAnAddress, parse
from verdicts.newsletter.lookup import Suppressed
from verdicts.newsletter.models import Status
from verdicts.newsletter.spreadsheets import LONGEST_SOURCE, Consent
from verdicts.staff import audit
from verdicts.staff.models import Role
from verdicts.web.admin.again import act_or_show
from verdicts.web.admin.forms import AdminForm, text
from verdicts.web.admin.gate import actor, door, needs
from verdicts.web.admin.places import shows_again
from verdicts.web.clock import now, today

bp = door("subscribers", "/admin/subscribers")

LAST_ID = 2**31 - 1
REASONS = [
    (Status.LEFT.value, "They asked to be left alone. They may sign up again themselves."),
    (Status.COMPLAINED.value, "They called a letter spam. This address can never sign up again."),
]
DONE = {
    "added": "They are subscribed, and get the next edition.",
    "suppressed": "This address is suppressed: nothing is written to it any more.",
}


class AddressForm(AdminForm):
    email = text("Email address", 600)

    address: Address

    def validate_email(self, field: StringField) -> None:
        try:
            self.address = parse(field.data or "")
        except NotAnAddress as fault:
            raise ValidationError(str(fault)) from None


class AddForm(AddressForm):
    source = text("Where and how they agreed", LONGEST_SOURCE)
    agreed_on = text("Day on which they agreed", 10)

    agreed_at: datetime

    def validate_source(self, field: StringField) -> None:
        if not (field.data or "").isprintable():
            raise ValidationError("Write it on one line, without control characters.")

    def validate_agreed_on(self, field: StringField) -> None:
        try:
            day = date.fromisoformat(field.data or "")
        except ValueError:
            raise ValidationError("This is no day: write it like 2026-11-23.") from None
        if day > today():
            raise ValidationError("This day is yet to come.")
        self.agreed_at = datetime.combine(day, time.min, UTC)


class SuppressForm(AddressForm):
    reason = StringField("Why", validators=[AnyOf([value for value, _ in REASONS], "Say why.")])


@bp.get("")
@needs(Role.ADMIN)
def index() -> ResponseReturnValue:
    done = DONE.get(request.args.get("done", ""), "")
    return _listed("", _before(request.args.get("before", "")), done)


@bp.post("")
@needs(Role.ADMIN)
def search() -> ResponseReturnValue:
    """Show in whose address something stands, and whether it is an address that must not be written to."""
    part = request.form.get("q", "")[:600].replace("\0", " ").strip()
    return _listed(part, _before(request.form.get("before", "")))


@bp.route("/new", methods=["GET", "POST"])
@needs(Role.ADMIN)
@shows_again("subscribers.add")
def add() -> ResponseReturnValue:
    """Add somebody who agreed elsewhere: confirmed at once, as an import does it."""
    form = AddForm()
    if request.method == "GET":
        return _adding(form)
    return act_or_show(lambda: _add(form), lambda why: _adding(form, why))


def _add(form: AddForm) -> ResponseReturnValue:
    if not form.validate():
        return _adding(form), 422
    db.session.rollback()
    begin_write()
    try:
        added = adding.add(Consent(form.address, (form.source.data or "").strip(), form.agreed_at), now())
    except NotAdded as refusal:
        db.session.rollback()
        form.blame("email", str(refusal))
        return _adding(form), 422
    before = Status.PENDING if added.was_pending else None
    _note("added", _named(added.subscriber_id), status=(before, Status.CONFIRMED))
    db.session.commit()
    return redirect(url_for(".index", done="added"), 303)


@bp.get("/suppress")
@needs(Role.ADMIN)
def ask_to_suppress() -> ResponseReturnValue:
    """Say what suppressing does, for an address to be typed or that of a subscriber."""
    id = _before(request.args.get("id", ""))
    found = queries.find(id) if id is not None else None
    form = SuppressForm(formdata=None, data={"email": found.address if found else "", "reason": Status.LEFT.value})
    return _suppressing(form)


@bp.post("/suppress")
@needs(Role.ADMIN)
@shows_again("subscribers.ask_to_suppress")
def suppress() -> ResponseReturnValue:
    form = SuppressForm()
    return act_or_show(lambda: _suppress(form), lambda why: _suppressing(form, why))


def _suppress(form: SuppressForm) -> ResponseReturnValue:
    if not form.validate():
        return _suppressing(form), 422
    db.session.rollback()
    begin_write()
    ended = leaving.suppress(form.address, Status(form.reason.data), now())
    _note("suppressed", _named(ended) if ended else "an address not subscribed", reason=(None, form.reason.data))
    db.session.commit()
    return redirect(url_for(".index", done="suppressed"), 303)


@bp.post("/export")
@needs(Role.ADMIN)
def export() -> ResponseReturnValue:
    """Give out the file that `flask newsletter export` writes, once it is written down that it was given out.

    It is read as a whole first: somebody on a slow line must hold no transaction open, nor get half of it.
    """
    lines = list(spreadsheets.write(importing.export_consents()))
    db.session.rollback()
    begin_write()
    _note("exported", "everyone who gets the newsletter", addresses=(None, len(lines) - 1))
    db.session.commit()
    headers = {"Content-Disposition": f'attachment; filename="subscribers-{today()}.csv"'}
    return Response("".join(lines), mimetype="text/csv", headers=headers)


def _adding(form: AddForm, unsaved: str = "") -> str:
    return render_template("admin/subscribers/add.html", form=form, unsaved=unsaved)


def _suppressing(form: SuppressForm, unsaved: str = "") -> str:
    return render_template("admin/subscribers/suppress.html", form=form, reasons=REASONS, unsaved=unsaved)


def _listed(part: str, before: int | None, done: str = "") -> str:
    found = lookup.search(part, before)
    return render_template(
        "admin/subscribers/index.html",
        counts=queries.counts(),
        q=part,
        found=found,
        suppressed=_suppressed(part),
        older=found[-1].id if len(found) == lookup.A_PAGE else None,
        done=done,
    )


def _suppressed(part: str) -> Suppressed | None:
    try:
        return lookup.suppressed(parse(part))
    except NotAnAddress:
        return None


def _before(words: str) -> int | None:
    """Return the id that a page goes on before, or a form is about; None where none is named."""
    if not words:
        return None
    if not (words.isascii() and words.isdigit() and len(words) <= 10 and int(words) <= LAST_ID):
        abort(400, "A subscriber is named by a number.")
    return int(words)


def _named(subscriber_id: int) -> str:
    return f"subscriber {subscriber_id}"


def _note(words: str, record: str, **changes: tuple[object, object]) -> None:
    audit.record(words, "subscriber", record, now=now(), actor=actor(), **changes)
