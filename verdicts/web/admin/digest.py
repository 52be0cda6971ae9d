"""The digest, for editors: the list of editions, drafting one, its subject and intro, its preview."""

from flask import Blueprint, abort, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from verdicts.config import current_settings
from verdicts.digest import drafting, editing, editions, previews, queries, weeks
from verdicts.digest.editions import DigestError, Edition, EditionIsEmpty, text_version
from verdicts.digest.rendering import format_week
from verdicts.extensions import begin_write, db
from verdicts.staff.models import Role
from verdicts.web.admin.auth import log_activity, requires
from verdicts.web.admin.drafts import RESTORED, act_or_redisplay, redisplayed_on, small_draft
from verdicts.web.admin.edition_page import Changes, apply_step, get_edition, refuse, render_page
from verdicts.web.admin.forms.digest import DraftForm, WordsForm
from verdicts.web.clock import now
from verdicts.web.htmx import wants_fragment
from verdicts.web.mailbox import FRAMING_POLICY, LETTER_POLICY, add_links

bp = Blueprint("digest", __name__)


@bp.get("/admin/digest")
@requires(Role.EDITOR)
def index() -> ResponseReturnValue:
    number = request.args.get("page", "1")
    if not (number.isascii() and number.isdigit() and len(number) <= 5 and int(number)):
        abort(404)
    return _index(DraftForm(formdata=None, data={"week": _usual_week().name}), int(number))


@bp.post("/admin/digest/draft")
@requires(Role.EDITOR)
@redisplayed_on("admin.digest.index")
def draft() -> ResponseReturnValue:
    form = DraftForm()
    return act_or_redisplay(lambda: _draft(form), lambda reason: _index(form, reason=reason))


def _draft(form: DraftForm) -> ResponseReturnValue:
    if not form.validate():
        return _index(form), 422
    db.session.rollback()
    begin_write()
    try:
        made = drafting.draft_edition(form.chosen, now())
    except DigestError as refusal:
        return _not_drafted(form, str(refusal))
    if made is None:
        return _not_drafted(form, f"Nothing happened in week {form.chosen.name}, so it has no edition.")
    log_activity("drafted", "edition", form.chosen.name)
    db.session.commit()
    return redirect(url_for(".edition", name=form.chosen.name), 303)


@bp.get("/admin/digest/<name>")
@requires(Role.EDITOR)
def edition(name: str) -> ResponseReturnValue:
    draft = small_draft()
    if draft is None:
        return render_page(name)
    stored, words = get_edition(name), WordsForm(formdata=draft)
    # A draft that a slow network delivered after the save says what is stored already.
    if (words.subject.data, words.note.data) == (stored.subject, stored.note):
        return render_page(name)
    return render_page(name, words=words, reason=RESTORED, seen_words=draft.get("seen", ""))


@bp.post("/admin/digest/<name>/words")
@requires(Role.EDITOR)
@redisplayed_on("admin.digest.edition", saves=("subject", "note", "seen"), label="Subject and intro of a digest")
def update_text(name: str) -> ResponseReturnValue:
    form = WordsForm()
    return act_or_redisplay(lambda: _write(name, form), lambda reason: render_page(name, words=form, reason=reason))


def _write(name: str, form: WordsForm) -> ResponseReturnValue:
    if not form.validate():
        return render_page(name, 422, words=form)

    def step(edition: Edition) -> Changes | None:
        editions.require_version(edition, text_version(edition), submitted=form.seen.data or "")
        editing.update_text(edition.id, note=form.note.data, subject=form.subject.data)
        said = {"subject": (edition.subject, form.subject.data), "note": (edition.note, form.note.data)}
        return {field: pair for field, pair in said.items() if pair[0] != pair[1]} or None

    try:
        apply_step(name, "changed the subject and intro of", step)
    except DigestError as refusal:
        return refuse(name, refusal, form)
    return redirect(url_for(".edition", name=name, _anchor="words"), 303)


@bp.post("/admin/digest/<name>/words/look")
@requires(Role.EDITOR)
@redisplayed_on("admin.digest.edition", saves=("subject", "note", "seen"), label="Subject and intro of a digest")
def preview_note(name: str) -> ResponseReturnValue:
    """Show the intro as the email would, and change nothing: a GET could not carry so much text."""
    form = WordsForm()

    def render() -> ResponseReturnValue:
        if wants_fragment():
            return render_template("admin/digest/_note_preview.html", note=form.note.data)
        return render_page(name, words=form, is_previewing=True)

    return act_or_redisplay(render, lambda reason: render_page(name, words=form, reason=reason))


@bp.get("/admin/digest/<name>/preview")
@requires(Role.EDITOR)
def preview(name: str) -> ResponseReturnValue:
    """Show the letter as text, and as HTML in a frame."""
    shown = get_edition(name)
    try:
        letter = previews.load_preview(shown, now())
    except EditionIsEmpty as refusal:
        return refuse(name, refusal)
    days = format_week(shown.week)
    page = render_template(
        "admin/digest/preview.html", edition=shown, days=days, letter=letter, text=add_links(letter.text)
    )
    response = make_response(page)
    response.headers["Content-Security-Policy"] = FRAMING_POLICY
    return response


@bp.get("/admin/digest/<name>/letter")
@requires(Role.EDITOR)
def letter(name: str) -> ResponseReturnValue:
    try:
        response = make_response(previews.load_preview(get_edition(name), now()).html)
    except EditionIsEmpty as refusal:
        abort(404, str(refusal))
    response.headers["Content-Security-Policy"] = LETTER_POLICY
    return response


def _usual_week() -> weeks.Week:
    """Return the week that editors draft: the one just ended, in the demo the current one."""
    return weeks.week_of(now()) if current_settings().demo else weeks.previous_week(now())


def _index(form: DraftForm, number: int = 1, reason: str = "") -> str:
    page = queries.load_editions_page(number)
    return render_template("admin/digest/index.html", page=page, form=form, days=format_week, reason=reason)


def _not_drafted(form: DraftForm, why: str) -> ResponseReturnValue:
    db.session.rollback()
    form.add_error("week", why)
    return _index(form), 422
