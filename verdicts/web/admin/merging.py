"""Merging two records of one tool. Choose two records, review the plan, confirm it."""

from dataclasses import dataclass

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from verdicts.catalog import queries as catalog
from verdicts.catalog.merging import CannotMerge, Side
from verdicts.catalog.reviews import Panel
from verdicts.catalog.summaries import ToolLink
from verdicts.curation import merging
from verdicts.curation.merging import MergePlan, PlanChanged, sentences
from verdicts.extensions import begin_write_after_read, db
from verdicts.staff import audit
from verdicts.staff.models import Role
from verdicts.voting.community import Community
from verdicts.voting.queries import tallies_of
from verdicts.web.admin.auth import actor, log_activity, requires_role
from verdicts.web.admin.forms.base import AdminForm, required_text
from verdicts.web.clock import now
from verdicts.web.paging import read_id

bp = Blueprint("merging", __name__)

MAX_NAME_LENGTH = 200
CHANGED_MESSAGE = "Someone edited one of the two records, so nothing was merged. This is a new preview."


class MergeForm(AdminForm):
    keep = required_text("Record to keep", MAX_NAME_LENGTH, missing="Enter the record to keep.")
    drop = required_text("Record to remove", MAX_NAME_LENGTH, missing="Enter the record to remove.")


@dataclass(frozen=True)
class MergeSideWithVerdicts:
    """One of the two records, with its panel's and its readers' verdicts."""

    side: Side
    panel: Panel
    community: Community


@bp.get("/admin/merge")
@requires_role(Role.ADMIN)
def index() -> ResponseReturnValue:
    form = MergeForm(formdata=request.args)
    if not ({"keep", "drop"} & request.args.keys()):
        return _render_index(MergeForm(formdata=None))
    keep, drop, candidates = _find_tools(form)
    if keep is None or drop is None:
        return _render_index(form, candidates), 422
    try:
        plan = merging.plan(keep.id, drop.id, now())
    except CannotMerge as error:
        form.add_error("drop", str(error))
        return _render_index(form), 422
    return _render_plan(plan)


@bp.post("/admin/merge")
@requires_role(Role.ADMIN)
def merge() -> ResponseReturnValue:
    keep_id, drop_id = (read_id(request.form.get(name, "")) for name in ("keep", "drop"))
    if keep_id is None or drop_id is None:
        abort(400, "Choose two tools to merge.")
    begin_write_after_read()
    try:
        result = merging.merge(keep_id, drop_id, now(), plan_fingerprint=request.form.get("agreed", ""))
    except PlanChanged as changed:
        db.session.rollback()
        return _render_plan(changed.plan, CHANGED_MESSAGE), 422
    except CannotMerge as error:
        db.session.rollback()
        return _render_index(MergeForm(formdata=None), problem=str(error)), 422
    audit.record_all(result.changes, now=now(), actor=actor())
    _log_merge(result.plan)
    db.session.commit()
    return redirect(url_for(".index", done=result.plan.keep.slug), 303)


def _find_tools(form: MergeForm) -> tuple[ToolLink | None, ToolLink | None, dict[str, list[ToolLink]]]:
    """Return the two tools that the form names; if a name matches several, add an error and return the candidates."""
    tools: dict[str, ToolLink | None] = {}
    candidates: dict[str, list[ToolLink]] = {}
    form.validate()
    for field in (form.keep, form.drop):
        tools[field.name], candidates[field.name] = None, []
        if not field.errors:
            tools[field.name], candidates[field.name] = _search(field.data or "")
            if tools[field.name] is None:
                error = "Several tools match. Choose one." if candidates[field.name] else "No tools match."
                form.add_error(field.name, error)
    return tools["keep"], tools["drop"], candidates


def _search(text: str) -> tuple[ToolLink | None, list[ToolLink]]:
    """Return the tool that a URL, a slug or a name means; or None, and the tools that it could mean."""
    text = text.strip()
    if exact := catalog.find_link(text.rstrip("/").rpartition("/")[2].lower()):
        return exact, []
    candidates = catalog.search_links(text)
    named = [candidate for candidate in candidates if candidate.name.casefold() == text.casefold()]
    only = named if len(named) == 1 else candidates
    return (only[0], []) if len(only) == 1 else (None, candidates)


def _render_index(form: MergeForm, candidates: dict[str, list[ToolLink]] | None = None, problem: str = "") -> str:
    merged = catalog.find_link(request.args.get("done", "")[:MAX_NAME_LENGTH])
    return render_template(
        "admin/merging/index.html",
        form=form,
        candidates=candidates or {"keep": [], "drop": []},
        max_candidates=catalog.MAX_LINKS_FOUND,
        problem=problem,
        merged=merged,
    )


def _render_plan(plan: MergePlan, problem: str = "") -> str:
    ids = [plan.keep.id, plan.drop.id]
    panels, communities = catalog.panel_verdicts_of(ids), tallies_of(ids)
    sides = [MergeSideWithVerdicts(side, panels[side.id], communities[side.id]) for side in (plan.keep, plan.drop)]
    lines = sentences(plan)
    return render_template("admin/merging/plan.html", plan=plan, sides=sides, sentences=lines, problem=problem)


def _log_merge(plan: MergePlan) -> None:
    before, after = plan.ballots.before, plan.ballots.after
    log_activity(
        "merged",
        "tool",
        " into ".join(reversed(plan.names)),
        plan.keep.id,
        address=(plan.drop.slug, plan.keep.slug),
        ship=(before.ship, after.ship),
        skip=(before.skip, after.skip),
        reviews_of_the_other=(len(plan.reviews), 0),
    )
