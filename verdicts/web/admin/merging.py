"""Merging two records of one tool: pick them, see exactly what will happen, say so once."""

from dataclasses import dataclass

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from verdicts.catalog import queries as catalog
from verdicts.catalog.merging import CannotMerge, Side
from verdicts.catalog.panel import Panel
from verdicts.catalog.records import ToolLink
from verdicts.curation import merging
from verdicts.curation.merging import MergePlan, PlanChanged, sentences
from verdicts.extensions import begin_write, db
from verdicts.staff import audit
from verdicts.staff.models import Role
from verdicts.voting.community import Community
from verdicts.voting.queries import tallies_of
from verdicts.web.admin.auth import actor, log_activity, requires
from verdicts.web.admin.forms.base import AdminForm, required_text
from verdicts.web.clock import now
from verdicts.web.paging import MAX_ID

bp = Blueprint("merging", __name__)

LONGEST = 200
CHANGED = "Somebody edited one of the two meanwhile, so nothing was done. This is what would happen now."


class PickForm(AdminForm):
    keep = required_text("The record that stays", LONGEST, missing="Which one stays?")
    drop = required_text("The record that goes", LONGEST, missing="Which one goes?")


@dataclass(frozen=True)
class Beside:
    """One of the two records, and what the panel and the readers say of it."""

    side: Side
    panel: Panel
    community: Community


@bp.get("/admin/merge")
@requires(Role.ADMIN)
def index() -> ResponseReturnValue:
    form = PickForm(formdata=request.args)
    if not ({"keep", "drop"} & request.args.keys()):
        return _pick(PickForm(formdata=None))
    keep, drop, choices = _find(form)
    if keep is None or drop is None:
        return _pick(form, choices), 422
    try:
        plan = merging.plan(keep.id, drop.id, now())
    except CannotMerge as refusal:
        form.add_error("drop", str(refusal))
        return _pick(form), 422
    return _show(plan)


@bp.post("/admin/merge")
@requires(Role.ADMIN)
def merge() -> ResponseReturnValue:
    keep_id, drop_id = (request.form.get(name, 0, type=int) for name in ("keep", "drop"))
    if not (0 < keep_id <= MAX_ID and 0 < drop_id <= MAX_ID):
        abort(400, "A merge names two tools.")
    db.session.rollback()
    begin_write()
    try:
        done = merging.merge(keep_id, drop_id, now(), agreed=request.form.get("agreed", ""))
    except PlanChanged as changed:
        db.session.rollback()
        return _show(changed.plan, CHANGED), 422
    except CannotMerge as refusal:
        db.session.rollback()
        return _pick(PickForm(formdata=None), problem=str(refusal)), 422
    audit.record_all(done.changes, now=now(), actor=actor())
    _write_down(done.plan)
    db.session.commit()
    return redirect(url_for(".index", merged=done.plan.keep.slug), 303)


def _find(form: PickForm) -> tuple[ToolLink | None, ToolLink | None, dict[str, list[ToolLink]]]:
    """Return the tools that were meant; where words could mean several, blame the field and return them to choose."""
    found: dict[str, ToolLink | None] = {}
    choices: dict[str, list[ToolLink]] = {}
    form.validate()
    for field in (form.keep, form.drop):
        found[field.name], choices[field.name] = None, []
        if not field.errors:
            found[field.name], choices[field.name] = _meant_by(field.data or "")
            if found[field.name] is None:
                form.add_error(
                    field.name, "Several could be meant. Choose one." if choices[field.name] else "Nothing fits."
                )
    return found["keep"], found["drop"], choices


def _meant_by(words: str) -> tuple[ToolLink | None, list[ToolLink]]:
    """Return the tool that an address, a slug or words mean; or None and those they could mean."""
    words = words.strip()
    if exact := catalog.find_link(words.rstrip("/").rpartition("/")[2].lower()):
        return exact, []
    choices = catalog.search_links(words)
    named = [choice for choice in choices if choice.name.casefold() == words.casefold()]
    only = named if len(named) == 1 else choices
    return (only[0], []) if len(only) == 1 else (None, choices)


def _pick(form: PickForm, choices: dict[str, list[ToolLink]] | None = None, problem: str = "") -> str:
    merged = catalog.find_link(request.args.get("merged", "")[:LONGEST])
    return render_template(
        "admin/merging/index.html",
        form=form,
        choices=choices or {"keep": [], "drop": []},
        most=catalog.MAX_LINKS_FOUND,
        problem=problem,
        merged=merged,
    )


def _show(plan: MergePlan, problem: str = "") -> str:
    ids = [plan.keep.id, plan.drop.id]
    panels, communities = catalog.panel_verdicts_of(ids), tallies_of(ids)
    both = [Beside(side, panels[side.id], communities[side.id]) for side in (plan.keep, plan.drop)]
    return render_template("admin/merging/plan.html", plan=plan, both=both, sentences=sentences(plan), problem=problem)


def _write_down(done: MergePlan) -> None:
    before, after = done.ballots.before, done.ballots.after
    log_activity(
        "merged",
        "tool",
        " into ".join(reversed(done.names)),
        done.keep.id,
        address=(done.drop.slug, done.keep.slug),
        ship=(before.ship, after.ship),
        skip=(before.skip, after.skip),
        reviews_of_the_other=(len(done.reviews), 0),
    )
