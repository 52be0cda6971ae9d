"""The contact page: how we correct, and a form for messages that needs no cookie."""

from urllib.parse import urlsplit

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_limiter import RateLimitExceeded
from werkzeug.wrappers import Response
from wtforms import Field, StringField, ValidationError

from verdicts.config import current_settings
from verdicts.extensions import begin_write, db
from verdicts.feedback import corrections
from verdicts.feedback.models import MAX_PAGE_LENGTH, MAX_SOURCE_LENGTH
from verdicts.mailing.addresses import InvalidAddress
from verdicts.newsletter.addresses import parse_email
from verdicts.texts import LINE_ENDS_AND_TABS, character_fault, is_blank, without_bidi_controls
from verdicts.web import errors, limits
from verdicts.web.caching import public
from verdicts.web.clock import now
from verdicts.web.forms import HoneypotForm
from verdicts.web.known_arguments import reads
from verdicts.web.site_state import Source, depends_on

bp = Blueprint("contact", __name__, url_prefix="/contact")

MIN_TEXT_LENGTH, MAX_TEXT_LENGTH = 10, 4000
UNKNOWN_PAGE = "This is no page of ours. It begins with a slash, such as /tools, or leave it empty."
INVALID_SOURCE = "A source is a web address that begins with https:// or http://, or leave it empty."
TOO_SHORT = "Say in a few words what is wrong."
CONTROL_CHARACTER = "There is a character in it that cannot be stored. Type it again, without pasting."
TOO_MANY = "Many messages came from near you within the last hour. Send it again in an hour; it is still here."
BUSY = "More is asked of us than we can do right now. Send it again in a few seconds; it is still here."


def _strip(value: str | None) -> str:
    return (value or "").strip()


def _in_order(value: str | None) -> str:
    # Phones put such characters around what people paste, who neither see them nor can remove them.
    return without_bidi_controls(value or "")


class ContactForm(HoneypotForm):
    text = StringField("What is wrong", filters=[_in_order, _strip, lambda value: "\n".join(value.splitlines())])
    page = StringField("Which page it is about", filters=[_strip])
    source = StringField("Where we can look it up", filters=[_strip])
    email = StringField("Your email address", filters=[_strip])

    def validate_text(self, field: StringField) -> None:
        if len(field.data) < MIN_TEXT_LENGTH or is_blank(field.data):
            raise ValidationError(TOO_SHORT)
        if len(field.data) > MAX_TEXT_LENGTH:
            raise ValidationError(
                f"This is longer than {MAX_TEXT_LENGTH:,} characters (it has {len(field.data):,}). Shorten it."
            )
        if character_fault(field.data, LINE_ENDS_AND_TABS):
            raise ValidationError(CONTROL_CHARACTER)

    def validate_page(self, field: StringField) -> None:
        if find_site_path(field.data) is None:
            raise ValidationError(UNKNOWN_PAGE)

    def validate_source(self, field: StringField) -> None:
        if field.data and not is_web_url(field.data):
            raise ValidationError(INVALID_SOURCE)

    def validate_email(self, field: StringField) -> None:
        try:
            field.data = parse_email(field.data).text if field.data else ""
        except InvalidAddress as error:
            raise ValidationError(str(error)) from None

    def field_errors(self) -> list[tuple[Field, str]]:
        """Return each invalid field with its errors in one text."""
        return [(field, " ".join(map(str, field.errors))) for field in self if field.errors]


@bp.get("")
@public
@reads("about")
@depends_on(Source.CONTENT)
def page() -> ResponseReturnValue:
    return _render(ContactForm(formdata=None, page=find_site_path(request.args.get("about", "")) or ""))


@bp.post("")
def send() -> ResponseReturnValue:
    form = ContactForm()
    if not form.validate():
        return _render(form), 422
    try:
        if not form.is_spam:
            _store_message(form)
    except RateLimitExceeded:
        return _refuse(form, TOO_MANY, 429, limits.HOUR_SECONDS)
    except errors.OVERLOAD_ERRORS as overload:
        errors.roll_back(overload)
        return _refuse(form, BUSY, 503, errors.RETRY_AFTER_SECONDS)
    return redirect(url_for(".sent"), 303)


@limits.limit(limits.MESSAGES_PER_NETWORK_LIMIT, limits.MESSAGES_TOTAL_LIMIT)
def _store_message(is_over_total: bool, form: ContactForm) -> None:
    begin_write()
    moment = now()
    waiting = corrections.count_later(moment) if is_over_total else 0
    corrections.create(
        form.text.data,
        page=find_site_path(form.page.data) or "",
        source=form.source.data or None,
        email=form.email.data or None,
        now=limits.turn_after(waiting, limits.MESSAGES_PER_HOUR, moment) if is_over_total else moment,
    )
    db.session.commit()


@bp.get("/sent")
@public
@depends_on(Source.CONTENT)
def sent() -> ResponseReturnValue:
    return render_template("feedback/sent.html")


def find_site_path(text: str) -> str | None:
    """Return the path of a page of this site; "" for an empty text, None for anything else.

    The text is a path or a whole URL, which is what people copy.
    """
    path = text.removeprefix(current_settings().base_url) or ("/" if text else "")
    is_path = path.startswith("/") and not path.startswith("//") and "\\" not in path
    fits = len(path) <= MAX_PAGE_LENGTH and path.isprintable() and " " not in path
    return path if not path or (is_path and fits) else None


def is_web_url(text: str) -> bool:
    if len(text) > MAX_SOURCE_LENGTH or not text.isprintable() or " " in text:
        return False
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname)


def _refuse(form: ContactForm, problem: str, status: int, retry_after: int) -> Response:
    return make_response(_render(form, problem), status, {"Retry-After": str(retry_after)})


def _render(form: ContactForm, problem: str = "") -> str:
    return render_template(
        "feedback/contact.html",
        form=form,
        problem=problem,
        max_text_length=MAX_TEXT_LENGTH,
        postal_address=current_settings().mail.postal_address,
    )
