"""Sending an edition, for admins: test emails, the schedule, pausing, uncertain deliveries.

Only test emails are sent from here: `flask work` sends editions, and these pages decide what it may.
"""

from datetime import datetime

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from verdicts.digest import editions, previews, resolving, scheduling
from verdicts.digest.editions import Edition, EditionChanged, EditionIsEmpty
from verdicts.digest.freezing import freeze
from verdicts.digest.models import EditionState
from verdicts.digest.queries import load_progress
from verdicts.digest.resolving import Resolution
from verdicts.extensions import begin_write, db
from verdicts.mailing.outcomes import OutcomeKind
from verdicts.mailing.smtp import Timeouts
from verdicts.mailing.transport import open_connection
from verdicts.staff.models import Role
from verdicts.web.admin.auth import current_account, log_activity, requires_role
from verdicts.web.admin.drafts import act_or_redisplay, redisplayed_on
from verdicts.web.admin.edition_page import (
    Changes,
    act_and_redirect,
    get_edition,
    left_out_changes,
    render_edition,
    require_shown_version,
)
from verdicts.web.admin.forms.digest import ScheduleForm, TestEmailForm
from verdicts.web.clock import now
from verdicts.web.htmx import wants_fragment
from verdicts.web.paging import read_id

bp = Blueprint("digest_sending", __name__)

# Somebody waits for the response, so its timeouts are short.
TEST_TIMEOUTS = Timeouts(connect=5, reply=10, last_reply=15)
UNCERTAIN_PAGE_SIZE = 50


@bp.post("/admin/digest/<name>/test")
@requires_role(Role.ADMIN)
def send_test(name: str) -> ResponseReturnValue:
    """Send the email as it is now to one address."""
    form = TestEmailForm()
    if not form.validate():
        return render_edition(name, 422, form)
    address = (form.address.data or "").strip()
    try:
        envelope_from, raw = previews.build_test_message(get_edition(name), address, now())
    except EditionIsEmpty as error:
        return render_edition(name, 422, form, problem=str(error))
    db.session.rollback()  # no transaction is open while the mail server is talked to
    with open_connection(TEST_TIMEOUTS) as connection:
        outcome = connection.transmit(envelope_from, address, raw)
    if outcome.kind is not OutcomeKind.ACCEPTED:
        form.add_error("address", f"The mail server refused the email: {outcome.summary}.")
        return render_edition(name, 422, form)
    begin_write()
    log_activity("sent a test email of", "edition", get_edition(name).name)
    db.session.commit()
    return redirect(url_for("admin.digest.show_edition", name=name, done="tested", _anchor="out"), 303)


@bp.post("/admin/digest/<name>/schedule")
@requires_role(Role.ADMIN)
@redisplayed_on("admin.digest.show_edition")
def schedule(name: str) -> ResponseReturnValue:
    """Freeze a draft as it was shown, and schedule it."""
    form = ScheduleForm()
    return act_or_redisplay(
        lambda: _schedule(name, form), lambda cause: render_edition(name, submitted=form, cause=cause)
    )


def _schedule(name: str, form: ScheduleForm) -> ResponseReturnValue:
    if not form.validate():
        return render_edition(name, 422, form)

    def change(edition: Edition) -> Changes:
        items = require_shown_version(edition)
        if edition.state is EditionState.DRAFT:
            freeze(edition.id, now())
        editions.schedule(edition.id, form.moment)
        return {
            "scheduled for": (_format_moment(edition.scheduled_at), _format_moment(form.moment)),
            **left_out_changes(items),
        }

    return act_and_redirect(name, "scheduled", change)


@bp.post("/admin/digest/<name>/unschedule")
@requires_role(Role.ADMIN)
def unschedule(name: str) -> ResponseReturnValue:
    def change(edition: Edition) -> Changes | None:
        editions.unschedule(edition.id)
        return {"scheduled for": (_format_moment(edition.scheduled_at), None)} if edition.scheduled_at else None

    return act_and_redirect(name, "unscheduled", change)


@bp.post("/admin/digest/<name>/send")
@requires_role(Role.ADMIN)
def send(name: str) -> ResponseReturnValue:
    """Start an edition as it was shown: the next round of `flask work` sends it."""

    def change(edition: Edition) -> Changes:
        items = require_shown_version(edition)
        scheduling.start_sending(edition.id, now())
        return {"state": (edition.state, EditionState.SENDING), **left_out_changes(items)}

    return act_and_redirect(name, "started sending", change)


@bp.post("/admin/digest/<name>/pause")
@requires_role(Role.ADMIN)
def pause(name: str) -> ResponseReturnValue:
    def change(edition: Edition) -> Changes:
        editions.pause(edition.id, f"{current_account().name} paused it")
        return {}

    return act_and_redirect(name, "paused", change)


@bp.post("/admin/digest/<name>/resume")
@requires_role(Role.ADMIN)
def resume(name: str) -> ResponseReturnValue:
    def change(edition: Edition) -> Changes:
        editions.resume(edition.id)
        return {}

    return act_and_redirect(name, "resumed", change)


@bp.post("/admin/digest/<name>/cancel")
@requires_role(Role.ADMIN)
def cancel(name: str) -> ResponseReturnValue:
    def change(edition: Edition) -> Changes:
        editions.cancel(edition.id, now())
        return {"state": (edition.state, EditionState.CANCELLED)}

    return act_and_redirect(name, "cancelled", change)


@bp.get("/admin/digest/<name>/progress")
@requires_role(Role.EDITOR)
def progress(name: str) -> ResponseReturnValue:
    """Return the progress for htmx, which polls it; once the state has changed, have htmx reload the page."""
    edition = get_edition(name)
    if not wants_fragment():
        return redirect(url_for("admin.digest.show_edition", name=name), 303)
    if edition.state is not EditionState.SENDING:
        return "", {"HX-Refresh": "true"}
    return render_template("admin/digest/_progress.html", edition=edition, progress=load_progress(edition.id))


@bp.get("/admin/digest/<name>/uncertain")
@requires_role(Role.ADMIN)
def uncertain(name: str) -> ResponseReturnValue:
    """List the uncertain deliveries, oldest first."""
    edition = get_edition(name)
    return render_template(
        "admin/digest/uncertain.html",
        edition=edition,
        deliveries=resolving.list_uncertain(edition.id, limit=UNCERTAIN_PAGE_SIZE),
        total=load_progress(edition.id).uncertain,
    )


@bp.post("/admin/digest/<name>/settle")
@requires_role(Role.ADMIN)
def resolve(name: str) -> ResponseReturnValue:
    """Resolve one uncertain delivery, or all of them if they are still as many as were shown."""
    decision, which = request.form.get("decision", ""), request.form.get("which", "")
    chosen_id = None if which == "all" else read_id(which)
    if decision not in set(Resolution) or not which:
        abort(400, "Choose the deliveries, and whether they arrived.")

    def change(edition: Edition) -> Changes | None:
        ids = [each.subscriber_id for each in resolving.list_uncertain(edition.id)]
        if which == "all" and request.form.get("shown") != str(len(ids)):
            raise EditionChanged(edition.name)
        chosen = [id for id in ids if chosen_id in (None, id)]
        count = resolving.resolve(edition.id, chosen, Resolution(decision), now())
        return {"uncertain": (len(ids), len(ids) - count), "resolved as": (None, decision)} if count else None

    return act_and_redirect(name, "resolved deliveries of", change, then="admin.digest_sending.uncertain")


def _format_moment(moment: datetime | None) -> str | None:
    """Return a moment in the audit log's format."""
    return f"{moment:%Y-%m-%d %H:%M} UTC" if moment else None
