"""The newsletter's door: sign up, confirm, leave. GET shows a button, POST acts: scanners follow links in mail."""

from calendar import day_name

from flask import Blueprint, abort, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_limiter import RateLimitExceeded
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response
from wtforms import StringField, ValidationError

from verdicts.catalog import queries as catalog
from verdicts.catalog.records import ToolLink
from verdicts.config import current_settings
from verdicts.extensions import begin_write, db, limiter
from verdicts.newsletter import confirming, leaving, preferences, queries, signup
from verdicts.newsletter.addresses import Address, NotAnAddress, parse
from verdicts.newsletter.confirming import Confirmation, ConfirmationExpired
from verdicts.newsletter.queries import Subscription
from verdicts.newsletter.tokens import Purpose, leave_token, preferences_token
from verdicts.web import errors, limits
from verdicts.web.caching import public
from verdicts.web.clock import now
from verdicts.web.errors import OVERLOAD_ERRORS
from verdicts.web.htmx import wants_fragment
from verdicts.web.origin import allow_cross_origin

bp = Blueprint("newsletter", __name__, url_prefix="/newsletter")

SOURCE = "The form on the website"
AN_HOUR = 3600
TOO_MANY = "Many people near you have signed up within the last hour. Try again in an hour; your address is still here."
BUSY = "More is asked of us than we can do right now. Try again in a few seconds; your address is still here."


class UnknownLink(Exception):
    """A link's token is forged, cut short, or has been replaced by a later letter's."""


class SignupForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF is untyped
    class Meta:
        csrf = False  # web.origin checks where it comes from: a token would make public pages uncacheable

    email = StringField()
    tool = StringField()
    leave_this_empty = StringField()  # people do not see it; programs that fill in every field do

    address: Address

    def validate_email(self, field: StringField) -> None:
        try:
            self.address = parse(field.data or "")
        except NotAnAddress as fault:
            raise ValidationError(str(fault)) from None


@bp.app_template_global()
def digest_day() -> str:
    """Return the day on which the digest goes out: "Monday"."""
    return day_name[current_settings().digest.draft_at.weekday]


@bp.app_errorhandler(UnknownLink)
def unknown_link(_error: UnknownLink) -> ResponseReturnValue:
    return render_template("newsletter/unknown.html"), 404


@bp.get("/subscribe")
@public
def subscribe() -> ResponseReturnValue:
    slug = request.args.get("tool", "")
    follow: ToolLink | None = (catalog.find_published_link(slug, now()) or abort(404)) if slug else None
    return render_template("newsletter/subscribe.html", follow=follow, typed="", slug=slug, problem="")


@bp.post("/subscribe")
def sign_up() -> ResponseReturnValue:
    form = SignupForm()
    if not form.validate():
        return refused(form, " ".join(form.email.errors), 422)
    try:
        if not form.leave_this_empty.data:
            accept(form.address, form.tool.data or "")
    except RateLimitExceeded:
        return refused(form, TOO_MANY, 429, AN_HOUR)
    except OVERLOAD_ERRORS as overload:
        errors.roll_back(overload)
        return refused(form, BUSY, 503, errors.RETRY_AFTER_SECONDS)
    return to_the_mailbox()


# The lower one is asked first, so that a network that is refused does not use up what all have together.
@limiter.limit(limits.SIGNUPS_TOTAL_LIMIT, key_func=limits.shared_key)
@limiter.limit(limits.SIGNUPS_PER_NETWORK_LIMIT, key_func=limits.network_key)
def accept(address: Address, slug: str) -> None:
    begin_write()
    moment = now()
    signup.sign_up(address, source=SOURCE, now=moment, follow=_tool(slug))
    db.session.commit()


@bp.get("/sent")
@public
def sent() -> ResponseReturnValue:
    return render_template("newsletter/sent.html")


@bp.get("/confirm/<token>")
def confirm(token: str) -> ResponseReturnValue:
    found = confirming.find(token, now())
    if found is None:
        raise UnknownLink
    follow = _tool(request.args.get("tool", ""))
    if found.is_expired:
        return render_template("newsletter/expired.html", follow=follow)
    if not found.is_confirmed or (follow and follow not in preferences.followed(found.subscriber_id, now())):
        return render_template("newsletter/confirm.html", found=found, follow=follow)
    return render_template("newsletter/confirmed.html", follow=follow, preferences_url=preferences_url(found))


@bp.post("/confirm/<token>")
def confirm_now(token: str) -> ResponseReturnValue:
    begin_write()
    moment, follow = now(), _tool(request.form.get("tool", ""))
    try:
        found = confirming.confirm(token, moment, follow.id if follow else None)
    except ConfirmationExpired:
        return send_another(token, follow)
    if found is None:
        raise UnknownLink
    db.session.commit()
    return redirect(url_for(".confirm", token=token, tool=follow.slug if follow else None), 303)


@bp.get("/leave/<token>")
def leave(token: str) -> ResponseReturnValue:
    found = _leaving(token)
    return render_template("newsletter/leave.html" if found.is_under_way else "newsletter/left.html", found=found)


@bp.post("/leave/<token>")
@allow_cross_origin
def leave_now(token: str) -> ResponseReturnValue:
    """End the subscription, whoever posts (RFC 8058): 200 without a redirect, however often, whatever the body."""
    begin_write()
    found = _leaving(token)
    leaving.leave(found.id, now())
    db.session.commit()
    return render_template("newsletter/left.html", found=found)


def refused(form: SignupForm, problem: str, status: int, retry_after: int = 0) -> Response:
    """Return the form again, with what was typed and what is wrong with it."""
    typed = {"typed": form.email.data or "", "slug": form.tool.data or "", "problem": problem}
    template = "newsletter/_signup.html" if wants_fragment() else "newsletter/subscribe.html"
    response = make_response(render_template(template, follow=None, **typed), status)
    if retry_after:
        response.headers["Retry-After"] = str(retry_after)
    return response


def to_the_mailbox() -> Response:
    """Answer a sign-up: always the same, so that nobody learns who is subscribed."""
    if wants_fragment():
        return make_response(render_template("newsletter/_sent.html"))
    return make_response(redirect(url_for(".sent"), 303))


def send_another(token: str, follow: ToolLink | None) -> Response:
    found = confirming.find(token, now())
    if found:
        signup.sign_up(Address(found.address, found.address_key), source=SOURCE, now=now(), follow=follow)
    db.session.commit()
    return make_response(redirect(url_for(".sent"), 303))


def preferences_url(found: Confirmation | Subscription) -> str:
    id = found.subscriber_id if isinstance(found, Confirmation) else found.id
    return url_for("preferences.show", token=preferences_token(id, found.generation))


def leave_url(found: Subscription) -> str:
    return url_for("newsletter.leave", token=leave_token(found.id, found.generation))


def _leaving(token: str) -> Subscription:
    found = queries.find_by_token(Purpose.LEAVE, token)
    if found is None:
        raise UnknownLink
    return found


def _tool(slug: str) -> ToolLink | None:
    # A slug that no page of ours can have sent is none: PostgreSQL takes no text with a NUL.
    return catalog.find_published_link(slug, now()) if slug and slug.isprintable() else None
