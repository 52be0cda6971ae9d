"""Whether what must happen by itself happens: the worker, backups, letters, the digest, votes that wait."""

from datetime import timedelta

import sqlalchemy as sa

from verdicts.digest.models import DeliveryState, EditionState, delivery, edition
from verdicts.extensions import db
from verdicts.newsletter import not_understood
from verdicts.newsletter.models import hard_bounce
from verdicts.operations.checks.results import Installation, Result, fault, ok, warning
from verdicts.voting.models import Standing
from verdicts.voting.waiting import WAITING_TIME

WORKER_SILENCE = timedelta(minutes=10)  # it says every half minute that it delivers letters
HOUSEKEEPING_SILENCE = timedelta(hours=3)
BACKUP_AGE = timedelta(hours=30)
LETTER_DELAY = timedelta(minutes=15)
DIGEST_DELAY = timedelta(minutes=30)
DIGEST_STANDSTILL = timedelta(hours=26)  # a day's quota ends with the day
HELD_TIME = timedelta(days=3)
BOUNCE_SPAN = timedelta(days=30)
MANY_BOUNCES = 20
START_WORKER = "Start verdicts-work.service, or `flask work`; or run its commands by timers."


def check_worker(installation: Installation) -> Result:
    """`flask work` is at work and meets no problem."""
    states, now = installation.jobs, installation.now
    failing = [state.problem for state in states.values() if state.problem]
    if failing:
        return fault(f"The worker meets a problem: {failing[0]}", "Correct what it says; it tries again by itself.")
    if not any(state.done_at for state in states.values()):
        words = "No worker has ever run here. Whether timers run its commands instead cannot be seen."
        return warning(words, START_WORKER)
    for name, longest in (("mail", WORKER_SILENCE), ("housekeeping", HOUSEKEEPING_SILENCE)):
        state = states.get(name)
        if state is None or state.done_at is None:
            return fault(f"The worker has never done its job {name}.", START_WORKER)
        if now - state.done_at > longest:
            return fault(f"The worker has not done its job {name} for {_words(now - state.done_at)}.", START_WORKER)
    return ok("The worker is at work.")


def check_backup(installation: Installation) -> Result:
    """The last backup is of this night, and was restored to verify it."""
    state = installation.jobs.get("backup")
    if not installation.settings.backup.folder:
        return warning("No backup is set up.", "Set BACKUP_DIR, to a folder that is copied to another machine.")
    if state and state.problem:
        return fault(f"The last backup failed: {state.problem}", "Correct what it says; it is tried again in an hour.")
    if state is None or state.done_at is None:
        return warning("No backup has been made yet.", "Run `flask backup FILE --verify`, or wait for the night.")
    age = installation.now - state.done_at
    if age > BACKUP_AGE:
        return fault(f"The last backup that was verified is {_words(age)} old.", START_WORKER)
    return ok(f"The last backup is {_words(age)} old. It was restored into a scratch place, and its votes recounted.")


def check_outbox(installation: Installation) -> Result:
    """Single letters leave within minutes."""
    queue = installation.queues.outbox
    if queue.overdue > LETTER_DELAY:
        words = f"{queue.count:,} letters wait, the first for {_words(queue.overdue)} beyond its time."
        return fault(words, "Run `flask mail run`: it says why.")
    return ok(f"{queue.count:,} letters wait, none beyond its time.")


def check_digest(installation: Installation) -> Result:
    """The digest is not stuck."""
    queues = installation.queues
    if queues.schedule.overdue > DIGEST_DELAY:
        words = f"An edition should have begun {_words(queues.schedule.overdue)} ago."
        return fault(words, START_WORKER)
    if queues.editions[EditionState.PAUSED]:
        reason = db.session.connection().scalar(
            sa.select(edition.c.pause_reason).where(edition.c.state == EditionState.PAUSED).limit(1)
        )
        return fault(f"An edition is paused: {reason or 'by hand'}", "Correct that, then `flask digest resume`.")
    if queues.editions[EditionState.SENDING] and (standing := _standstill(installation)) > DIGEST_STANDSTILL:
        words = f"An edition is being sent, and nothing has happened for {_words(standing)}."
        return fault(words, "`flask digest run` says why.")
    if uncertain := queues.deliveries[DeliveryState.UNCERTAIN]:
        return warning(f"Of {uncertain:,} deliveries nobody knows whether they arrived.", "`flask digest settle`")
    return ok("No edition is stuck.")


def _standstill(installation: Installation) -> timedelta:
    """Return how long ago a delivery of an edition that is being sent has changed last."""
    active = sa.select(edition.c.id).where(edition.c.state == EditionState.SENDING)
    latest = sa.select(sa.func.max(delivery.c.changed_at)).where(delivery.c.edition_id.in_(active))
    changed_at = db.session.connection().scalar(latest)
    return installation.now - changed_at if changed_at else timedelta()


def check_votes(installation: Installation) -> Result:
    """Votes that wait are decided in time."""
    waiting, held = (installation.queues.undecided_votes[each] for each in (Standing.WAITING, Standing.HELD))
    if waiting.overdue > WAITING_TIME + HOUSEKEEPING_SILENCE:
        words = f"{waiting.count:,} votes wait, the first for {_words(waiting.overdue)}: readers were told a day."
        return fault(words, START_WORKER)
    if held.overdue > HELD_TIME:
        words = f"{held.count:,} votes are held for an editor, the first since {_words(held.overdue)} ago."
        return warning(words, "Decide at /admin/queues/votes.")
    return ok(f"{waiting.count:,} votes wait, and {held.count:,} are held for an editor.")


def check_bounces(installation: Installation) -> Result:
    """Mail servers know most subscribers, and what they send back is understood."""
    since = installation.now - BOUNCE_SPAN
    columns = sa.func.count(), sa.func.count().filter(hard_bounce.c.is_held)
    count, held = db.session.connection().execute(sa.select(*columns).where(hard_bounce.c.at > since)).one()
    words = f"{count:,} letters came back in {BOUNCE_SPAN.days} days"
    if held:
        more = f"{words}, and {held:,} of them were not believed: so many at once are the mail server's fault."
        return warning(more, "See docs/mail.md, and look at the server's log.")
    folder = not_understood.folder_path(installation.settings)
    if files := len(list(folder.glob("*"))):
        return warning(f"{files:,} returned messages were not understood.", f"Look at them in {folder}.")
    if count >= MANY_BOUNCES:
        return warning(f"{words}.", "See docs/mail.md.")
    return ok(f"{words}.")


def _words(span: timedelta) -> str:
    minutes = int(span.total_seconds() // 60)
    if minutes < 120:
        return f"{minutes} minutes"
    return f"{minutes // 60} hours" if minutes < 48 * 60 else f"{minutes // (24 * 60)} days"
