"""The digest desk, for admins: what lets mail leave the house, or keeps it from leaving.

Nothing but a test letter is sent from here: `flask digest run` sends, and these pages say what it may.
"""

from datetime import datetime

from flask import abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from verdicts.digest import editions, proofs, settling, timetable
from verdicts.digest.approving import ChangedMeanwhile
from verdicts.digest.editions import Edition, NothingToSay
from verdicts.digest.freezing import freeze
from verdicts.digest.models import EditionState
from verdicts.digest.progress import progress_of
from verdicts.digest.settling import Decision
from verdicts.extensions import begin_write, db
from verdicts.mailing.outcomes import OutcomeKind
from verdicts.mailing.smtp import Timeouts
from verdicts.mailing.transport import open_connection
from verdicts.staff import audit
from verdicts.staff.models import Role
from verdicts.web.admin.again import act_or_show
from verdicts.web.admin.digest_forms import ProofForm, ScheduleForm
from verdicts.web.admin.digest_page import Changes, act, approved, found, show
from verdicts.web.admin.gate import actor, door, needs, person
from verdicts.web.admin.places import shows_again
from verdicts.web.clock import now
from verdicts.web.htmx import wants_fragment

bp = door("digest_sending", "/admin/digest/<name>")

# Somebody waits for this one: patience that a test letter does not need would only hold the page.
TEST_TIMEOUTS = Timeouts(connect=5, reply=10, last_reply=15)
A_PAGE = 50


@bp.post("/test")
@needs(Role.ADMIN)
def send_test(name: str) -> ResponseReturnValue:
    """Mail the letter to one address, as it is now."""
    form = ProofForm()
    if not form.validate():
        return show(name, 422, proof=form)
    address = (form.address.data or "").strip()
    try:
        envelope_from, raw = proofs.letter_to(found(name), address, now())
    except NothingToSay as refusal:
        return show(name, 422, proof=form, problem=str(refusal))
    db.session.rollback()  # no transaction is open while the mail server is talked to
    with open_connection(TEST_TIMEOUTS) as connection:
        outcome = connection.transmit(envelope_from, address, raw)
    if outcome.kind is not OutcomeKind.ACCEPTED:
        form.blame("address", f"The mail server did not take it: {outcome.summary}.")
        return show(name, 422, proof=form)
    begin_write()
    audit.record("mailed a test of", "edition", found(name).name, now=now(), actor=actor())
    db.session.commit()
    return redirect(url_for("digest_desk.edition", name=name, done="tested", _anchor="out"), 303)


@bp.post("/schedule")
@needs(Role.ADMIN)
@shows_again("digest_desk.edition")
def schedule(name: str) -> ResponseReturnValue:
    """Freeze a draft as it was seen, and let it go out at a moment."""
    form = ScheduleForm()
    return act_or_show(lambda: _schedule(name, form), lambda why: show(name, schedule=form, unsaved=why))


def _schedule(name: str, form: ScheduleForm) -> ResponseReturnValue:
    if not form.validate():
        return show(name, 422, schedule=form)

    def step(edition: Edition) -> Changes:
        left_out = approved(edition)
        if edition.state is EditionState.DRAFT:
            freeze(edition.id, now())
        editions.schedule(edition.id, form.chosen, now())
        return {"goes out": (_in_words(edition.scheduled_at), _in_words(form.chosen)), **left_out}

    return act(name, "scheduled", step)


@bp.post("/unschedule")
@needs(Role.ADMIN)
def unschedule(name: str) -> ResponseReturnValue:
    def step(edition: Edition) -> Changes | None:
        editions.unschedule(edition.id, now())
        return {"goes out": (_in_words(edition.scheduled_at), None)} if edition.scheduled_at else None

    return act(name, "unscheduled", step)


@bp.post("/send")
@needs(Role.ADMIN)
def send(name: str) -> ResponseReturnValue:
    """Let an edition be sent as it was seen, from now on, by whoever runs `flask digest run`."""

    def step(edition: Edition) -> Changes:
        left_out = approved(edition)
        timetable.begin(edition.id, now())
        return {"state": (edition.state, EditionState.SENDING), **left_out}

    return act(name, "began to send", step)


@bp.post("/pause")
@needs(Role.ADMIN)
def pause(name: str) -> ResponseReturnValue:
    def step(edition: Edition) -> Changes:
        editions.pause(edition.id, f"{person().name} paused it", now())
        return {}

    return act(name, "paused", step)


@bp.post("/resume")
@needs(Role.ADMIN)
def resume(name: str) -> ResponseReturnValue:
    def step(edition: Edition) -> Changes:
        editions.resume(edition.id, now())
        return {}

    return act(name, "resumed", step)


@bp.post("/cancel")
@needs(Role.ADMIN)
def cancel(name: str) -> ResponseReturnValue:
    def step(edition: Edition) -> Changes:
        editions.cancel(edition.id, now())
        return {"state": (edition.state, EditionState.CANCELLED)}

    return act(name, "cancelled", step)


@bp.get("/progress")
@needs(Role.EDITOR)
def progress(name: str) -> ResponseReturnValue:
    """Say how far an edition has come, for htmx alone; when its state has changed, have it load the page anew."""
    edition = found(name)
    if not wants_fragment():
        return redirect(url_for("digest_desk.edition", name=name), 303)
    if edition.state is not EditionState.SENDING:
        return "", {"HX-Refresh": "true"}
    return render_template("admin/digest/_progress.html", edition=edition, progress=progress_of(edition.id))


@bp.get("/uncertain")
@needs(Role.ADMIN)
def uncertain(name: str) -> ResponseReturnValue:
    """List, the oldest first, what an operator has to decide."""
    edition = found(name)
    return render_template(
        "admin/digest/uncertain.html",
        edition=edition,
        deliveries=settling.uncertain(edition.id, most=A_PAGE),
        total=progress_of(edition.id).uncertain,
    )


@bp.post("/settle")
@needs(Role.ADMIN)
def settle(name: str) -> ResponseReturnValue:
    """Decide one uncertain delivery, or all of them if they are still as many as were shown."""
    decision, which = request.form.get("decision", ""), request.form.get("which", "")
    if decision not in set(Decision) or not (which == "all" or (which.isascii() and which.isdigit())):
        abort(400, "Say what is to be settled, and whether it arrived.")

    def step(edition: Edition) -> Changes | None:
        ids = [each.subscriber_id for each in settling.uncertain(edition.id)]
        if which == "all" and request.form.get("shown") != str(len(ids)):
            raise ChangedMeanwhile(edition.name)
        chosen = ids if which == "all" else [id for id in ids if str(id) == which]
        count = settling.settle(edition.id, chosen, Decision(decision), now())
        return {"uncertain": (len(ids), len(ids) - count), "settled as": (None, decision)} if count else None

    return act(name, "settled deliveries of", step, then="digest_sending.uncertain")


def _in_words(moment: datetime | None) -> str | None:
    """Return a moment as the trail takes it."""
    return f"{moment:%Y-%m-%d %H:%M} UTC" if moment else None
