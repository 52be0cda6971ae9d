"""The newsletter's subscribers, for admins: finding, adding and suppressing one, and all of them as a file.

No email address goes into the audit log, nor into a URL, which logs and browser histories keep: a search is a POST.
"""

from datetime import UTC, date, datetime, time

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import StringField, ValidationError
from wtforms.validators import AnyOf

from verdicts.extensions import begin_write_after_read, db
from verdicts.mailing.addresses import InvalidAddress
from verdicts.newsletter import csv_file, leaving, queries, transfer
from verdicts.newsletter.addresses import parse_email
from verdicts.newsletter.csv_file import MAX_SOURCE_LENGTH, Consent
from verdicts.newsletter.models import Status
from verdicts.newsletter.queries import AddressSuppression
from verdicts.newsletter.transfer import NotAdded
from verdicts.staff.models import Role
from verdicts.web.admin.auth import log_activity, requires_role
from verdicts.web.admin.drafts import RedisplayCause, act_or_redisplay, redisplayed_on
from verdicts.web.admin.forms.base import AdminForm, required_text
from verdicts.web.clock import now, today
from verdicts.web.forms import EmailForm
from verdicts.web.paging import read_id

bp = Blueprint("subscribers", __name__)

REASONS = [
    (Status.LEFT.value, "They asked for no more email. They may sign up again themselves."),
    (Status.COMPLAINED.value, "They reported an email as spam. This address can never sign up again."),
]
SUCCESS_MESSAGES = {
    "added": "Subscriber added. They get the next edition.",
    "suppressed": "Address suppressed. It gets no more email.",
}


class AddressForm(AdminForm, EmailForm):
    email = required_text("Email address", 600)


class AddForm(AddressForm):
    source = required_text("Where and how they agreed", MAX_SOURCE_LENGTH)
    agreed_on = required_text("Date they agreed", 10)

    agreed_at: datetime

    def validate_agreed_on(self, field: StringField) -> None:
        try:
            day = date.fromisoformat(field.data or "")
        except ValueError:
            raise ValidationError("Enter a date such as 2026-11-23.") from None
        if day > today():
            raise ValidationError("This date is in the future. Enter the date they agreed.")
        self.agreed_at = datetime.combine(day, time.min, UTC)


class SuppressForm(AddressForm):
    reason = StringField("Reason", validators=[AnyOf([value for value, _ in REASONS], "Choose a reason.")])


@bp.get("/admin/subscribers")
@requires_role(Role.ADMIN)
def index() -> ResponseReturnValue:
    done = SUCCESS_MESSAGES.get(request.args.get("done", ""), "")
    return _render_index("", read_id(request.args.get("before", "")), done)


@bp.post("/admin/subscribers")
@requires_role(Role.ADMIN)
def search() -> ResponseReturnValue:
    """List subscribers whose address contains the text; if the text is a suppressed address, say so."""
    search_text = request.form.get("q", "")[:600].replace("\0", " ").strip()
    return _render_index(search_text, read_id(request.form.get("before", "")))


@bp.route("/admin/subscribers/new", methods=["GET", "POST"])
@requires_role(Role.ADMIN)
@redisplayed_on("admin.subscribers.add")
def add() -> ResponseReturnValue:
    """Add somebody who agreed elsewhere, as confirmed, as an import does."""
    form = AddForm()
    if request.method == "GET":
        return _render_add(form)
    return act_or_redisplay(lambda: _add(form), lambda cause: _render_add(form, cause))


def _add(form: AddForm) -> ResponseReturnValue:
    if not form.validate():
        return _render_add(form), 422
    begin_write_after_read()
    try:
        added = transfer.add(Consent(form.address, (form.source.data or "").strip(), form.agreed_at), now())
    except NotAdded as error:
        db.session.rollback()
        form.add_error("email", str(error))
        return _render_add(form), 422
    before = Status.PENDING if added.was_pending else None
    log_activity("added", "subscriber", f"subscriber {added.subscriber_id}", status=(before, Status.CONFIRMED))
    db.session.commit()
    return redirect(url_for(".index", done="added"), 303)


@bp.route("/admin/subscribers/suppress", methods=["GET", "POST"])
@requires_role(Role.ADMIN)
@redisplayed_on("admin.subscribers.suppress")
def suppress() -> ResponseReturnValue:
    """Suppress an address; `id` in the query fills in a subscriber's address."""
    if request.method == "POST":
        form = SuppressForm()
        return act_or_redisplay(lambda: _suppress(form), lambda cause: _render_suppress(form, cause))
    id = read_id(request.args.get("id", ""))
    subscriber = queries.find(id) if id is not None else None
    data = {"email": subscriber.address if subscriber else "", "reason": Status.LEFT.value}
    return _render_suppress(SuppressForm(formdata=None, data=data))


def _suppress(form: SuppressForm) -> ResponseReturnValue:
    if not form.validate():
        return _render_suppress(form), 422
    begin_write_after_read()
    subscriber_id = leaving.suppress(form.address, Status(form.reason.data), now())
    name = f"subscriber {subscriber_id}" if subscriber_id else "an address not subscribed"
    log_activity("suppressed", "subscriber", name, reason=(None, form.reason.data))
    db.session.commit()
    return redirect(url_for(".index", done="suppressed"), 303)


@bp.post("/admin/subscribers/export")
@requires_role(Role.ADMIN)
def export() -> ResponseReturnValue:
    """Log the export, then return the file that `flask newsletter export` writes.

    All rows are read first: a slow client must not hold a transaction open or get half a file.
    """
    consents = list(transfer.export_consents())
    begin_write_after_read()
    log_activity("exported", "subscriber", "confirmed subscribers", addresses=(None, len(consents)))
    db.session.commit()
    headers = {"Content-Disposition": f'attachment; filename="subscribers-{today()}.csv"'}
    return Response(csv_file.write(consents), mimetype="text/csv", headers=headers)


def _render_add(form: AddForm, cause: RedisplayCause | None = None) -> str:
    return render_template("admin/subscribers/add.html", form=form, cause=cause)


def _render_suppress(form: SuppressForm, cause: RedisplayCause | None = None) -> str:
    return render_template("admin/subscribers/suppress.html", form=form, reasons=REASONS, cause=cause)


def _render_index(search_text: str, before_id: int | None, done: str = "") -> str:
    rows = queries.search(search_text, before_id)
    return render_template(
        "admin/subscribers/index.html",
        counts=queries.count_by_status(),
        q=search_text,
        subscribers=rows,
        suppressed=_suppressed(search_text),
        older=rows[-1].id if len(rows) == queries.PAGE_SIZE else None,
        done=done,
    )


def _suppressed(search_text: str) -> AddressSuppression | None:
    try:
        return queries.find_suppression(parse_email(search_text))
    except InvalidAddress:
        return None
