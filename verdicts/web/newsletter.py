"""Signing up, confirming and leaving. GET shows a button and POST acts, because mail scanners follow links."""

from calendar import day_name

from flask import Blueprint, abort, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_limiter import RateLimitExceeded
from werkzeug.wrappers import Response
from wtforms import StringField

from verdicts.catalog import queries as catalog
from verdicts.catalog.summaries import ToolLink
from verdicts.config import current_settings
from verdicts.extensions import begin_write, db
from verdicts.mailing import outbox
from verdicts.newsletter import leaving, preferences, queries, signup
from verdicts.newsletter.addresses import Address
from verdicts.newsletter.models import Status
from verdicts.newsletter.queries import Subscription
from verdicts.newsletter.signup import ConfirmationExpired
from verdicts.newsletter.tokens import Purpose, leave_token, preferences_token
from verdicts.web import errors, limits
from verdicts.web.bodies import reads_body_itself
from verdicts.web.caching import public
from verdicts.web.clock import now
from verdicts.web.forms import EmailForm, HoneypotForm
from verdicts.web.htmx import wants_fragment
from verdicts.web.known_arguments import reads
from verdicts.web.origin import allow_cross_origin
from verdicts.web.site_state import Source, depends_on

bp = Blueprint("newsletter", __name__, url_prefix="/newsletter")

CONSENT_SOURCE = "The form on the website"
TOO_MANY = "Many people near you have signed up within the last hour. Try again in an hour; your address is still here."
BUSY = "More is asked of us than we can do right now. Try again in a few seconds; your address is still here."


class UnknownLink(Exception):
    """A link's token is forged, cut short, or replaced by a later letter's."""


class SignupForm(HoneypotForm, EmailForm):
    tool = StringField()


@bp.app_template_global()
def digest_day() -> str:
    """Return the day on which the digest goes out: "Monday"."""
    return day_name[current_settings().digest.draft_at.weekday]


@bp.app_errorhandler(UnknownLink)
def unknown_link(_error: UnknownLink) -> ResponseReturnValue:
    return render_template("newsletter/unknown.html"), 404


@bp.get("")
@public
@depends_on(Source.CONTENT)
def home() -> ResponseReturnValue:
    return redirect(url_for(".subscribe"), 301)


@bp.get("/subscribe")
@public
@reads("tool")
@depends_on(Source.CONTENT)
def subscribe() -> ResponseReturnValue:
    slug = request.args.get("tool", "").lower()
    follow: ToolLink | None = (catalog.find_published_link(slug, now()) or abort(404)) if slug else None
    return render_template("newsletter/subscribe.html", follow=follow, email="", slug=slug, problem="")


@bp.post("/subscribe")
def sign_up() -> ResponseReturnValue:
    form = SignupForm()
    if not form.validate():
        return _refuse(form, " ".join(form.email.errors), 422)
    is_late = False
    try:
        if not form.is_spam:
            is_late = _store_signup(form.address, form.tool.data or "")
    except RateLimitExceeded:
        return _refuse(form, TOO_MANY, 429, limits.HOUR_SECONDS)
    except errors.OVERLOAD_ERRORS as overload:
        errors.roll_back(overload)
        return _refuse(form, BUSY, 503, errors.RETRY_AFTER_SECONDS)
    if wants_fragment():
        return render_template("newsletter/_sent.html", is_late=is_late)
    return redirect(url_for(".sent", late=1 if is_late else None), 303)


@limits.limit(limits.SIGNUPS_PER_NETWORK_LIMIT, lambda: limits.SIGNUPS_TOTAL_LIMIT)
def _store_signup(is_over_total: bool, address: Address, slug: str) -> bool:
    """Sign up, and return whether the letter waits its turn: whether it does depends on no address."""
    begin_write()
    moment = now()
    mail_at = (
        limits.turn_after(outbox.count_later(moment), limits.SIGNUPS_PER_HOUR, moment) if is_over_total else moment
    )
    signup.sign_up(address, source=CONSENT_SOURCE, now=moment, follow=_find_tool(slug), mail_at=mail_at)
    db.session.commit()
    return is_over_total


@bp.get("/sent")
@public
@reads("late")
@depends_on(Source.CONTENT)
def sent() -> ResponseReturnValue:
    """Answer a sign-up, always in the same way, so that nobody learns who is subscribed."""
    return render_template("newsletter/sent.html", is_late="late" in request.args)


@bp.get("/confirm/<token>")
def confirm(token: str) -> ResponseReturnValue:
    confirmation = signup.find_confirmation(token, now())
    if confirmation is None:
        raise UnknownLink
    id, follow = confirmation.subscriber_id, _find_tool(request.args.get("tool", ""))
    if confirmation.is_expired:
        return render_template("newsletter/expired.html", follow=follow)
    if not confirmation.is_confirmed or (follow and follow not in preferences.list_followed(id, now())):
        return render_template("newsletter/confirm.html", confirmation=confirmation, follow=follow)
    preferences_url = url_for("preferences.show", token=preferences_token(id, confirmation.generation))
    return render_template("newsletter/confirmed.html", follow=follow, preferences_url=preferences_url)


@bp.post("/confirm/<token>")
def confirm_now(token: str) -> ResponseReturnValue:
    slug = request.form.get("tool", "")
    begin_write()
    moment, follow = now(), _find_tool(slug)
    try:
        confirmation = signup.confirm(token, moment, follow.id if follow else None)
    except ConfirmationExpired:
        return _send_another(token, follow)
    if confirmation is None:
        raise UnknownLink
    db.session.commit()
    return redirect(url_for(".confirm", token=token, tool=follow.slug if follow else None), 303)


@bp.get("/leave/<token>")
def leave(token: str) -> ResponseReturnValue:
    subscription = get_subscription(Purpose.LEAVE, token)
    template = "newsletter/leave.html" if subscription.is_active else "newsletter/left.html"
    return render_template(template, subscription=subscription)


@bp.post("/leave/<token>")
@allow_cross_origin
@reads_body_itself
def leave_now(token: str) -> ResponseReturnValue:
    """End the subscription for any POST (RFC 8058): 200 without a redirect, however often, whatever the body."""
    begin_write()
    subscription = get_subscription(Purpose.LEAVE, token)
    leaving.end(subscription.id, Status.LEFT, now())
    db.session.commit()
    return render_template("newsletter/left.html")


def get_subscription(purpose: Purpose, token: str) -> Subscription:
    """Return the subscription of a letter's token. Raises UnknownLink."""
    subscription = queries.find_by_token(purpose, token)
    if subscription is None:
        raise UnknownLink
    return subscription


def leave_url(subscription: Subscription) -> str:
    return url_for("newsletter.leave", token=leave_token(subscription.id, subscription.generation))


def _refuse(form: SignupForm, problem: str, status: int, retry_after: int = 0) -> Response:
    """Return the form again with the submitted values and the problem."""
    fields = {"email": form.email.data or "", "slug": form.tool.data or "", "problem": problem}
    template = "newsletter/_signup.html" if wants_fragment() else "newsletter/subscribe.html"
    response = make_response(render_template(template, follow=None, **fields), status)
    if retry_after:
        response.headers["Retry-After"] = str(retry_after)
    return response


def _send_another(token: str, follow: ToolLink | None) -> ResponseReturnValue:
    confirmation = signup.find_confirmation(token, now())
    if confirmation:
        address = Address(confirmation.address, confirmation.address_key)
        signup.sign_up(address, source=CONSENT_SOURCE, now=now(), follow=follow)
    db.session.commit()
    return redirect(url_for(".sent"), 303)


def _find_tool(slug: str) -> ToolLink | None:
    # PostgreSQL takes no text with a NUL, and no page of ours sends one.
    return catalog.find_published_link(slug.lower(), now()) if slug and slug.isprintable() else None
