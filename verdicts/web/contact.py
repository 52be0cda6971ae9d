"""The door for whoever finds something wrong: how we correct, and a form that takes a message without a cookie."""

import unicodedata
from urllib.parse import urlsplit

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_limiter import RateLimitExceeded
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response
from wtforms import Field, StringField, ValidationError

from verdicts.config import current_settings
from verdicts.extensions import begin_write, db, limiter
from verdicts.feedback import corrections
from verdicts.newsletter.addresses import NotAnAddress, parse
from verdicts.web import errors, limits
from verdicts.web.caching import public
from verdicts.web.clock import now

bp = Blueprint("contact", __name__, url_prefix="/contact")

SHORTEST_TEXT, LONGEST_TEXT = 10, 4000
LONGEST_PATH = 300
LONGEST_SOURCE = 500
AN_HOUR = 3600
NO_PAGE_OF_OURS = "This is no page of ours. It begins with a slash, such as /tools, or leave it empty."
NO_SOURCE = "A source is a web address that begins with https:// or http://, or leave it empty."
TOO_SHORT = "Say in a few words what is wrong."
CONTROL_SIGN = "There is a character in it that cannot be kept. Type it anew, without pasting."
TOO_MANY = "Many messages came from near you within the last hour. Send it again in an hour; it is still here."
BUSY = "More is asked of us than we can do right now. Send it again in a few seconds; it is still here."


class ContactForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF is untyped
    class Meta:
        csrf = False  # web.origin checks where it comes from: a token would make the page uncacheable

    text = StringField("What is wrong", filters=[lambda typed: "\n".join((typed or "").strip().splitlines())])
    page = StringField("Which page it is about", filters=[lambda typed: (typed or "").strip()])
    source = StringField("Where we can look it up", filters=[lambda typed: (typed or "").strip()])
    email = StringField("Your email address", filters=[lambda typed: (typed or "").strip()])
    leave_this_empty = StringField()  # people do not see it; programs that fill in every field do

    def validate_text(self, field: StringField) -> None:
        if len(field.data) < SHORTEST_TEXT:
            raise ValidationError(TOO_SHORT)
        if len(field.data) > LONGEST_TEXT:
            raise ValidationError(f"This is longer than {LONGEST_TEXT:,} characters: it has {len(field.data):,}.")
        if any(unicodedata.category(sign) == "Cc" and sign not in "\n\t" for sign in field.data):
            raise ValidationError(CONTROL_SIGN)

    def validate_page(self, field: StringField) -> None:
        if path_of_ours(field.data) is None:
            raise ValidationError(NO_PAGE_OF_OURS)

    def validate_source(self, field: StringField) -> None:
        if field.data and not is_web_address(field.data):
            raise ValidationError(NO_SOURCE)

    def validate_email(self, field: StringField) -> None:
        try:
            field.data = parse(field.data).text if field.data else ""
        except NotAnAddress as fault:
            raise ValidationError(str(fault)) from None

    def field_errors(self) -> list[tuple[Field, str]]:
        """Return each field that is wrong, and why."""
        return [(field, " ".join(map(str, field.errors))) for field in self if field.errors]


@bp.get("")
@public
def page() -> ResponseReturnValue:
    return _page(ContactForm(formdata=None, page=path_of_ours(request.args.get("about", "")) or ""))


@bp.post("")
def send() -> ResponseReturnValue:
    form = ContactForm()
    if not form.validate():
        return _page(form), 422
    try:
        if not form.leave_this_empty.data:
            accept(form)
    except RateLimitExceeded:
        return _refused(form, TOO_MANY, 429, AN_HOUR)
    except errors.OVERLOAD_ERRORS as overload:
        errors.roll_back(overload)
        return _refused(form, BUSY, 503, errors.RETRY_AFTER_SECONDS)
    return redirect(url_for(".sent"), 303)


# The lower one is asked first, so that a network that is refused does not use up what all have together.
@limiter.limit(limits.MESSAGES_TOTAL_LIMIT, key_func=limits.shared_key)
@limiter.limit(limits.MESSAGES_PER_NETWORK_LIMIT, key_func=limits.network_key)
def accept(form: ContactForm) -> None:
    begin_write()
    corrections.write(
        form.text.data,
        page=path_of_ours(form.page.data) or "",
        source=form.source.data or None,
        email=form.email.data or None,
        now=now(),
    )
    db.session.commit()


@bp.get("/sent")
@public
def sent() -> ResponseReturnValue:
    return render_template("feedback/sent.html")


def path_of_ours(text: str) -> str | None:
    """Return the path that somebody names, "" for none, or None where it is no page of this site.

    The whole address of one of our pages will do: that is what people copy.
    """
    path = text.removeprefix(current_settings().base_url) or ("/" if text else "")
    is_path = path.startswith("/") and not path.startswith("//") and "\\" not in path
    fits = len(path) <= LONGEST_PATH and path.isprintable() and " " not in path
    return path if not path or (is_path and fits) else None


def is_web_address(text: str) -> bool:
    """Say whether this is an address that a link only opens."""
    if len(text) > LONGEST_SOURCE or not text.isprintable() or " " in text:
        return False
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname)


def _refused(form: ContactForm, problem: str, status: int, retry_after: int) -> Response:
    return make_response(_page(form, problem), status, {"Retry-After": str(retry_after)})


def _page(form: ContactForm, problem: str = "") -> str:
    return render_template(
        "feedback/contact.html",
        form=form,
        problem=problem,
        postal_address=current_settings().mail.postal_address,
    )
