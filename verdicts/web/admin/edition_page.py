"""An edition's admin page, and changes of an edition.

Changes are serialised, and refused if the edition is not the one that the page showed.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from flask import abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from verdicts.digest import editions, weeks
from verdicts.digest.editions import DigestError, Edition, EditionChanged, WrongState, edition_version, text_version
from verdicts.digest.freezing import count_recipients
from verdicts.digest.models import EditionState
from verdicts.digest.news import NewsItem
from verdicts.digest.queries import list_items_with_visibility, load_progress
from verdicts.digest.rendering import format_week, subject_of
from verdicts.digest.sections import KIND_LABELS, category_sections, item_title
from verdicts.extensions import begin_write_after_read, db
from verdicts.staff.drafts import Draft
from verdicts.web.admin import draft_lists, drafts, edition_text, open_pages
from verdicts.web.admin.auth import log_activity
from verdicts.web.admin.drafts import RedisplayCause
from verdicts.web.admin.forms.base import AdminForm
from verdicts.web.admin.forms.digest import MOMENT_FORMAT, ScheduleForm, SubjectAndIntroForm, TestEmailForm
from verdicts.web.clock import now
from verdicts.web.digest import NO_EDITION_MESSAGE
from verdicts.web.htmx import wants_fragment

Changes = Mapping[str, tuple[object, object]]
EditionAction = Callable[[Edition], Changes | None]  # returns what it changed, for the audit log; None if nothing
SUCCESS_MESSAGES = {"tested": "The test email was sent. Check it in the inbox of that address."}


def get_edition(name: str) -> Edition:
    """Return the week's edition that is not cancelled, else the one drafted last. Answers 404 without one."""
    try:
        week = weeks.parse(name)
    except weeks.NotAWeek as error:
        abort(404, str(error))
    return editions.find_by_week(week) or abort(404, NO_EDITION_MESSAGE)


def act_and_redirect(
    name: str, verb: str, act: EditionAction, then: str = "admin.digest.show_edition"
) -> ResponseReturnValue:
    """Apply a change to an edition, log what it changed, and redirect to a page of the edition."""
    try:
        apply_change(name, verb, act)
    except DigestError as error:
        return render_refusal(name, error)
    return redirect(url_for(then, name=name), 303)


def apply_change(name: str, verb: str, act: EditionAction) -> Edition:
    """Apply a change, log and commit it. A change that returns None is not logged. Raises DigestError."""
    begin_write_after_read()
    try:
        edition = editions.lock(get_edition(name).id)
        if request.form.get("edition") != str(edition.id):
            raise EditionChanged(edition.name)
        changes = act(edition)
    except DigestError:
        db.session.rollback()
        raise
    if changes is not None:
        log_activity(verb, "edition", edition.name, **changes)
    db.session.commit()
    return edition


def render_refusal(name: str, error: DigestError, form: SubjectAndIntroForm | None = None) -> ResponseReturnValue:
    """Show why nothing was done: beside the button for htmx, else at the top of the edition's page."""
    status = 409 if isinstance(error, WrongState | EditionChanged) else 422
    if wants_fragment():
        return render_template("admin/digest/_problem.html", problem=str(error)), status
    return render_edition(name, status, form, problem=str(error))


def render_edition(
    name: str,
    status: int = 200,
    submitted: AdminForm | None = None,
    *,
    problem: str = "",
    cause: RedisplayCause | None = None,
    shown_draft: Draft | None = None,
    submitted_text_version: str = "",
) -> ResponseReturnValue:
    """Return an edition's page: the submitted form, if any, as it was submitted, the others with what is stored."""
    edition = get_edition(name)
    items = list_items_with_visibility(edition, now())
    draft_key = drafts.small_form_key(url_for("admin.digest.show_edition", name=edition.name))
    page = render_template(
        "admin/digest/edition.html",
        edition=edition,
        week_dates=format_week(edition.week),
        text_version=submitted_text_version or text_version(edition),
        progress=load_progress(edition.id),
        recipient_count=count_recipients(edition.id) if edition.state is EditionState.DRAFT else 0,
        cause=cause,
        problem=problem,
        done=SUCCESS_MESSAGES.get(request.args.get("done", ""), ""),
        **_news_context(edition, items),
        **_form_context(edition, submitted),
        **draft_lists.form_context(draft_key, shown_draft),
    )
    if edition.state is EditionState.DRAFT and cause != RedisplayCause.BUSY:
        open_pages.store_version(text_version(edition), edition_text.text_of(edition))
    return page, status


def require_shown_version(edition: Edition) -> list[NewsItem]:
    """Return an edition's items. Raises EditionChanged unless the edition is the one that the page showed."""
    items = list_items_with_visibility(edition, now())
    editions.require_version(edition, edition_version(edition, items), submitted=request.form.get("version", ""))
    return items


def left_out_changes(items: Iterable[NewsItem]) -> Changes:
    """Return the hidden items, which freezing leaves out, in the audit log's format."""
    return {item_title(item): ("included", "left out") for item in items if item.is_hidden and not item.is_removed}


def _news_context(edition: Edition, items: list[NewsItem]) -> dict[str, object]:
    return {
        "subject": subject_of(edition, items),
        "default_subject": subject_of(replace(edition, subject=""), items),
        "sections": category_sections(items),
        "labels": KIND_LABELS,
        "included_count": sum(item.is_included for item in items),
        "removed_count": sum(item.is_removed for item in items),
        "hidden_count": sum(item.is_hidden and not item.is_removed for item in items),
        "renamed_count": sum(item.is_renamed and item.is_included for item in items),
        "version": edition_version(edition, items),
    }


def _form_context(edition: Edition, submitted: AdminForm | None) -> dict[str, object]:
    at = f"{edition.scheduled_at:{MOMENT_FORMAT}}" if edition.scheduled_at else ""
    forms = {
        "text_form": SubjectAndIntroForm(formdata=None, data=edition_text.text_of(edition)),
        "test_form": TestEmailForm(formdata=None),
        "schedule_form": ScheduleForm(formdata=None, data={"at": at}),
    }
    forms = {name: submitted if type(submitted) is type(form) else form for name, form in forms.items()}
    return {**forms, "unsaved_text_form": submitted if isinstance(submitted, SubjectAndIntroForm) else None}
