"""The digest, for editors: the editions, drafting one, its items, subject and intro, and its preview."""

from flask import Blueprint, abort, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from verdicts.config import current_settings
from verdicts.digest import drafting, editing, previews, queries, refreshing, weeks
from verdicts.digest.editing import Direction, ItemNotFound
from verdicts.digest.editions import DigestError, Edition, EditionChanged, EditionIsEmpty
from verdicts.digest.rendering import format_week
from verdicts.digest.sections import KIND_LABELS, category_sections, item_title
from verdicts.extensions import begin_write_after_read, db
from verdicts.staff.models import Role
from verdicts.web.admin import drafts, edition_text
from verdicts.web.admin.auth import log_activity, requires_role
from verdicts.web.admin.drafts import RedisplayCause, act_or_redisplay, redisplayed_on
from verdicts.web.admin.edition_page import (
    Changes,
    EditionAction,
    act_and_redirect,
    apply_change,
    get_edition,
    render_edition,
    render_refusal,
)
from verdicts.web.admin.forms.digest import NewEditionForm, SubjectAndIntroForm
from verdicts.web.admin.notices import announce
from verdicts.web.clock import now
from verdicts.web.htmx import wants_fragment
from verdicts.web.mailbox import FRAMING_POLICY, LETTER_POLICY, add_links
from verdicts.web.paging import ID, load_page

bp = Blueprint("digest", __name__)

redisplays_text_form = redisplayed_on(
    "admin.digest.show_edition", draft_fields=("subject", "intro", "version"), label="Subject and intro of a digest"
)
MOVE_FUNCTIONS = {"item": editing.move_item, "category": editing.move_category}


@bp.get("/admin/digest")
@requires_role(Role.EDITOR)
def index() -> ResponseReturnValue:
    form = NewEditionForm(formdata=None, data={"week": weeks.default_week(now(), demo=current_settings().demo).name})
    return _render_index(form)


@bp.post("/admin/digest/draft")
@requires_role(Role.EDITOR)
@redisplayed_on("admin.digest.index")
def draft_edition() -> ResponseReturnValue:
    form = NewEditionForm()
    return act_or_redisplay(lambda: _draft_edition(form), lambda cause: _render_index(form, cause=cause))


def _draft_edition(form: NewEditionForm) -> ResponseReturnValue:
    if not form.validate():
        return _render_index(form), 422
    begin_write_after_read()
    try:
        edition_id = drafting.draft_edition(form.parsed_week, now())
    except DigestError as error:
        return _refuse_draft(form, str(error))
    if edition_id is None:
        return _refuse_draft(form, f"There is no news from week {form.parsed_week.name}, so there is nothing to draft.")
    log_activity("drafted", "edition", form.parsed_week.name)
    db.session.commit()
    return redirect(url_for(".show_edition", name=form.parsed_week.name), 303)


@bp.post("/admin/digest/<name>/refresh")
@requires_role(Role.EDITOR)
def refresh_edition(name: str) -> ResponseReturnValue:
    """Add to a draft what happened since it was drafted; what editors did to it stays."""

    def change(edition: Edition) -> Changes:
        changes = refreshing.refresh(edition.id, now())
        announce(f"Draft refreshed: {changes}.")
        return {"news": (None, str(changes))}

    return act_and_redirect(name, "refreshed", change)


@bp.get("/admin/digest/<name>")
@requires_role(Role.EDITOR)
def show_edition(name: str) -> ResponseReturnValue:
    draft = drafts.find_draft()
    if draft is None:
        return render_edition(name)
    fields: MultiDict[str, str] = MultiDict(draft.fields)
    edition, form = get_edition(name), SubjectAndIntroForm(formdata=fields)
    has_conflict = edition_text.merge(form, edition)
    # A draft that arrived after the save equals the stored text: ignore it.
    if (form.subject.data, form.intro.data) == (edition.subject, edition.intro):
        return render_edition(name, shown_draft=draft)
    # What both changed is asked about when the draft is saved.
    version = fields.get("version", "") if has_conflict else ""
    form = SubjectAndIntroForm(formdata=fields) if has_conflict else form
    return render_edition(
        name, submitted=form, cause=RedisplayCause.DRAFT, submitted_text_version=version, shown_draft=draft
    )


@bp.post("/admin/digest/<name>/words")
@requires_role(Role.EDITOR)
@redisplays_text_form
def update_text(name: str) -> ResponseReturnValue:
    form = SubjectAndIntroForm()
    return act_or_redisplay(
        lambda: _update_text(name, form), lambda cause: render_edition(name, submitted=form, cause=cause)
    )


def _update_text(name: str, form: SubjectAndIntroForm) -> ResponseReturnValue:
    if not form.validate():
        return render_edition(name, 422, form)

    def change(edition: Edition) -> Changes | None:
        if edition_text.merge(form, edition):
            raise EditionChanged(edition.name)
        editing.update_text(edition.id, intro=form.intro.data, subject=form.subject.data)
        changes = {"subject": (edition.subject, form.subject.data), "intro": (edition.intro, form.intro.data)}
        return {field: pair for field, pair in changes.items() if pair[0] != pair[1]} or None

    try:
        apply_change(name, "changed the subject and intro of", change)
    except DigestError as error:
        return render_refusal(name, error, form)
    return redirect(url_for(".show_edition", name=name, _anchor="words"), 303)


@bp.post("/admin/digest/<name>/words/look")
@requires_role(Role.EDITOR)
@redisplays_text_form
def preview_intro(name: str) -> ResponseReturnValue:
    """Show the intro as the email would; a POST, because a GET could not carry so much text."""
    form = SubjectAndIntroForm()

    def render() -> ResponseReturnValue:
        if wants_fragment():
            return render_template("admin/digest/_intro_preview.html", intro=form.intro.data)
        return render_edition(name, submitted=form)

    return act_or_redisplay(render, lambda cause: render_edition(name, submitted=form, cause=cause))


@bp.get("/admin/digest/<name>/preview")
@requires_role(Role.EDITOR)
def preview(name: str) -> ResponseReturnValue:
    """Show the email as text, and as HTML in a frame."""
    edition = get_edition(name)
    try:
        email = previews.load_preview(edition, now())
    except EditionIsEmpty as error:
        return render_refusal(name, error)
    week_dates, text = format_week(edition.week), add_links(email.text)
    page = render_template("admin/digest/preview.html", edition=edition, week_dates=week_dates, email=email, text=text)
    response = make_response(page)
    response.headers["Content-Security-Policy"] = FRAMING_POLICY
    return response


@bp.get("/admin/digest/<name>/letter")
@requires_role(Role.EDITOR)
def email_html(name: str) -> ResponseReturnValue:
    try:
        response = make_response(previews.load_preview(get_edition(name), now()).html)
    except EditionIsEmpty as error:
        abort(404, str(error))
    response.headers["Content-Security-Policy"] = LETTER_POLICY
    return response


@bp.post(f"/admin/digest/<name>/items/{ID}/move")
@requires_role(Role.EDITOR)
def move_item(name: str, id: int) -> ResponseReturnValue:
    """Move an item, or its category, by one place."""
    what, direction = request.form.get("what", ""), request.form.get("direction", "")
    if what not in MOVE_FUNCTIONS or direction not in set(Direction):
        abort(400, "Choose an item or a category, and move it up or down.")

    def change(edition: Edition) -> Changes | None:
        moved = MOVE_FUNCTIONS[what](edition.id, id, Direction(direction))
        return {f"position of {moved.title}": (moved.before, moved.after)} if moved.before != moved.after else None

    return _change_items(name, id, "reordered the news of", change)


@bp.post(f"/admin/digest/<name>/items/{ID}/drop")
@requires_role(Role.EDITOR)
def remove_item(name: str, id: int) -> ResponseReturnValue:
    return _set_removed(name, id, "removed an item of", is_removed=True)


@bp.post(f"/admin/digest/<name>/items/{ID}/take-back")
@requires_role(Role.EDITOR)
def restore_item(name: str, id: int) -> ResponseReturnValue:
    return _set_removed(name, id, "restored an item of", is_removed=False)


def _render_index(form: NewEditionForm, cause: RedisplayCause | None = None) -> str:
    page = load_page(queries.list_page, request.args.get("page", ""), queries.PAGE_SIZE)
    return render_template("admin/digest/index.html", page=page, form=form, format_week=format_week, cause=cause)


def _refuse_draft(form: NewEditionForm, message: str) -> ResponseReturnValue:
    db.session.rollback()
    form.add_error("week", message)
    return _render_index(form), 422


def _set_removed(name: str, id: int, action: str, *, is_removed: bool) -> ResponseReturnValue:
    def change(edition: Edition) -> Changes | None:
        item = next((item for item in queries.list_items(edition.id) if item.id == id), None)
        editing.set_removed(edition.id, id, is_removed=is_removed)
        if item is None or item.is_removed == is_removed:
            return None
        return {item_title(item): ("included", "removed") if is_removed else ("removed", "included")}

    return _change_items(name, id, action, change)


def _change_items(name: str, id: int, verb: str, act: EditionAction) -> ResponseReturnValue:
    """Apply a change to the items; return only the items for htmx, else redirect to the item."""
    try:
        edition = apply_change(name, verb, act)
    except ItemNotFound as error:
        abort(404, str(error))
    except DigestError as error:
        return render_refusal(name, error)
    if not wants_fragment():
        return redirect(url_for(".show_edition", name=name, _anchor=f"item-{id}"), 303)
    sections = category_sections(queries.list_items_with_visibility(edition, now()))
    return render_template("admin/digest/_items.html", edition=edition, sections=sections, labels=KIND_LABELS)
