"""Subscriptions that ended because email bounced, for admins: by day, and restored together."""

from datetime import UTC, datetime, timedelta

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import StringField, ValidationError

from verdicts.extensions import begin_write_after_read, db
from verdicts.newsletter import restoring
from verdicts.newsletter.retention import BOUNCED_ADDRESS_RETENTION
from verdicts.staff.models import Role
from verdicts.web.admin.auth import log_activity, requires_role
from verdicts.web.admin.drafts import RedisplayCause, act_or_redisplay, redisplayed_on
from verdicts.web.admin.forms.base import AdminForm, required_text
from verdicts.web.admin.forms.digest import MOMENT_FORMAT
from verdicts.web.clock import now

bp = Blueprint("bounced_addresses", __name__)

MINUTE = timedelta(minutes=1)
DEFAULT_SPAN = timedelta(days=1)


class SpanForm(AdminForm):
    """A span of time in UTC, from the start of one minute to the end of another."""

    since = required_text("From (UTC)", 32)
    until = required_text("Until (UTC)", 32)

    start: datetime
    end: datetime

    def validate_since(self, field: StringField) -> None:
        self.start = _parse_moment(field.data)

    def validate_until(self, field: StringField) -> None:
        self.end = _parse_moment(field.data) + MINUTE
        if not self.since.errors and self.end < self.start:
            raise ValidationError("This is before the start. Enter a later time.")


@bp.get("/admin/subscribers/bounced")
@requires_role(Role.ADMIN)
def index() -> ResponseReturnValue:
    data = {"since": f"{now() - DEFAULT_SPAN:{MOMENT_FORMAT}}", "until": f"{now():{MOMENT_FORMAT}}"}
    return _render_index(SpanForm(formdata=None, data=data), done="done" in request.args)


@bp.post("/admin/subscribers/bounced")
@requires_role(Role.ADMIN)
@redisplayed_on("admin.bounced_addresses.index")
def restore() -> ResponseReturnValue:
    """Restore all subscriptions that ended in a span of time because email bounced."""
    form = SpanForm()
    return act_or_redisplay(lambda: _restore(form), lambda cause: _render_index(form, cause))


def _restore(form: SpanForm) -> ResponseReturnValue:
    if not form.validate():
        return _render_index(form), 422
    begin_write_after_read()
    count = restoring.restore_span(form.start, form.end, now())
    if not count:
        db.session.rollback()
        form.add_error("until", "No kept address bounced in this time. Choose another one.")
        return _render_index(form), 422
    name = f"what bounced from {form.start:%Y-%m-%d %H:%M} to {form.end - MINUTE:%Y-%m-%d %H:%M} UTC"
    log_activity("restored", "subscriber", name, subscriptions=(None, count))
    db.session.commit()
    return redirect(url_for(".index", done=""), 303)


def _render_index(form: SpanForm, cause: RedisplayCause | None = None, *, done: bool = False) -> str:
    return render_template(
        "admin/subscribers/bounced.html",
        form=form,
        cause=cause,
        days=restoring.list_days(now()),
        kept_days=BOUNCED_ADDRESS_RETENTION.days,
        done=done,
    )


def _parse_moment(text: str | None) -> datetime:
    try:
        moment = datetime.fromisoformat(text or "")
        _ = moment + MINUTE  # raises OverflowError for the last minute that there is
    except (ValueError, OverflowError):
        raise ValidationError("Enter a date and time such as 2026-11-23T08:00.") from None
    if moment.tzinfo:
        raise ValidationError("Enter the time in UTC, without a time zone.")
    return moment.replace(tzinfo=UTC)
