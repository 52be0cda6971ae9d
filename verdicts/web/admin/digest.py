"""The digest desk, for editors: the editions, drafting one, writing its note, looking at the letter."""

from flask import abort, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from verdicts.config import current_settings
from verdicts.digest import approving, drafting, overview, proofs, weeks
from verdicts.digest.approving import stamp_of_words
from verdicts.digest.editions import DigestError, Edition, NothingToSay
from verdicts.digest.rendering import week_in_words
from verdicts.extensions import begin_write, db
from verdicts.staff import audit
from verdicts.staff.models import Role
from verdicts.web.admin.again import KEPT, act_or_show, typed_before
from verdicts.web.admin.digest_forms import DraftForm, WordsForm
from verdicts.web.admin.digest_page import Changes, carry_out, found, refused, show
from verdicts.web.admin.gate import actor, door, needs
from verdicts.web.admin.places import shows_again
from verdicts.web.clock import now
from verdicts.web.htmx import wants_fragment
from verdicts.web.mailbox import FRAMING_POLICY, LETTER_POLICY, with_links

bp = door("digest_desk", "/admin/digest")


@bp.get("")
@needs(Role.EDITOR)
def index() -> ResponseReturnValue:
    number = request.args.get("page", "1")
    if not (number.isascii() and number.isdigit() and len(number) <= 5 and int(number)):
        abort(404)
    return _index(DraftForm(formdata=None, data={"week": _usual_week().name}), int(number))


@bp.post("/draft")
@needs(Role.EDITOR)
@shows_again("digest_desk.index")
def draft() -> ResponseReturnValue:
    form = DraftForm()
    return act_or_show(lambda: _draft(form), lambda why: _index(form, unsaved=why))


def _draft(form: DraftForm) -> ResponseReturnValue:
    if not form.validate():
        return _index(form), 422
    db.session.rollback()
    begin_write()
    try:
        made = drafting.draft(form.chosen, now())
    except DigestError as refusal:
        return _not_drafted(form, str(refusal))
    if made is None:
        return _not_drafted(form, f"Nothing happened in week {form.chosen.name}, so it has no edition.")
    audit.record("drafted", "edition", form.chosen.name, now=now(), actor=actor())
    db.session.commit()
    return redirect(url_for(".edition", name=form.chosen.name), 303)


@bp.get("/<name>")
@needs(Role.EDITOR)
def edition(name: str) -> ResponseReturnValue:
    typed = typed_before()
    if typed is None:
        return show(name)
    stored, words = found(name), WordsForm(formdata=typed)
    # One that a slow network brought after the save says what stands there already.
    if (words.subject.data, words.note.data) == (stored.subject, stored.note):
        return show(name)
    return show(name, words=words, unsaved=KEPT, seen_words=typed.get("seen", ""))


@bp.post("/<name>/words")
@needs(Role.EDITOR)
@shows_again("digest_desk.edition", keeps=("subject", "note", "seen"))
def write(name: str) -> ResponseReturnValue:
    form = WordsForm()
    return act_or_show(lambda: _write(name, form), lambda why: show(name, words=form, unsaved=why))


def _write(name: str, form: WordsForm) -> ResponseReturnValue:
    if not form.validate():
        return show(name, 422, words=form)

    def step(edition: Edition) -> Changes | None:
        approving.refuse_unless(form.seen.data or "", stamp_of_words(edition), edition)
        drafting.write(edition.id, note=form.note.data, subject=form.subject.data)
        said = {"subject": (edition.subject, form.subject.data), "note": (edition.note, form.note.data)}
        return {field: pair for field, pair in said.items() if pair[0] != pair[1]} or None

    try:
        carry_out(name, "rewrote the words of", step)
    except DigestError as refusal:
        return refused(name, refusal, form)
    return redirect(url_for(".edition", name=name, _anchor="words"), 303)


@bp.post("/<name>/words/look")
@needs(Role.EDITOR)
@shows_again("digest_desk.edition", keeps=("subject", "note", "seen"))
def look(name: str) -> ResponseReturnValue:
    """Show the note as it would be printed, and change nothing: a GET could not carry so much."""
    form = WordsForm()

    def draw() -> ResponseReturnValue:
        if wants_fragment():
            return render_template("admin/digest/_look.html", note=form.note.data)
        return show(name, words=form, looks=True)

    return act_or_show(draw, lambda why: show(name, words=form, unsaved=why))


@bp.get("/<name>/preview")
@needs(Role.EDITOR)
def preview(name: str) -> ResponseReturnValue:
    """Show the letter as text, and as HTML in a frame."""
    shown = found(name)
    try:
        letter = proofs.of(shown, now())
    except NothingToSay as refusal:
        return refused(name, refusal)
    days = week_in_words(shown.week)
    page = render_template(
        "admin/digest/preview.html", edition=shown, days=days, letter=letter, text=with_links(letter.text)
    )
    response = make_response(page)
    response.headers["Content-Security-Policy"] = FRAMING_POLICY
    return response


@bp.get("/<name>/letter")
@needs(Role.EDITOR)
def letter(name: str) -> ResponseReturnValue:
    try:
        response = make_response(proofs.of(found(name), now()).html)
    except NothingToSay as refusal:
        abort(404, str(refusal))
    response.headers["Content-Security-Policy"] = LETTER_POLICY
    return response


def _usual_week() -> weeks.Week:
    """Return the week that editors draft: the one just ended, in the demo the current one."""
    return weeks.week_of(now()) if current_settings().demo else weeks.just_ended(now())


def _index(form: DraftForm, number: int = 1, unsaved: str = "") -> str:
    page = overview.page(number)
    return render_template("admin/digest/index.html", page=page, form=form, days=week_in_words, unsaved=unsaved)


def _not_drafted(form: DraftForm, why: str) -> ResponseReturnValue:
    db.session.rollback()
    form.blame("week", why)
    return _index(form), 422
