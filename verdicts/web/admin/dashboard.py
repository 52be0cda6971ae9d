"""The dashboard: what there is to do, unsaved changes, and recent activity."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from verdicts.catalog.reviews import OLD_AFTER
from verdicts.curation import worklists
from verdicts.digest import resolving
from verdicts.feedback import corrections
from verdicts.staff import audit
from verdicts.staff.models import Role
from verdicts.voting import queries as voting
from verdicts.web.admin import draft_lists
from verdicts.web.admin.auth import current_account, requires_role
from verdicts.web.admin.forms.record_editor import record_editors
from verdicts.web.clock import now

bp = Blueprint("dashboard", __name__)

RECENT_ENTRIES = 10
OTHER_KINDS_FOR_EDITORS = ("catalogue", "edition")  # editors see their log entries too


@dataclass(frozen=True)
class Task:
    """A kind of thing to do: the page that lists it, and the function that counts it in one statement."""

    label: str
    help: str
    unit: str
    endpoint: str
    count: Callable[[datetime], int]
    arguments: dict[str, str] = field(default_factory=dict)


TASKS = (
    Task(
        "Prices to check",
        "Checked too long ago, never checked, or doubted by readers.",
        "price",
        "admin.price_checks.prices",
        worklists.count_due_prices,
    ),
    Task(
        f"Reviews over {OLD_AFTER.days} days old",
        "They no longer decide which tool is ahead.",
        "review",
        "admin.worklists.reviews",
        worklists.count_old_reviews,
    ),
    Task(
        "Incomplete panels",
        "Reviews from some panel members are missing.",
        "tool",
        "admin.worklists.panels",
        worklists.count_incomplete_panels,
    ),
    Task(
        "Comparisons without a bottom line",
        "Their pages show only the figures.",
        "comparison",
        "admin.comparisons.index",
        lambda _now: worklists.count_comparisons_without_bottom_line(),
        {"words": "none"},
    ),
    Task(
        "Corrections and messages",
        "Sent by readers from the contact page.",
        "open message",
        "admin.worklists.list_corrections",
        corrections.count_open,
    ),
    Task(
        "Held votes",
        "Many similar votes from one network. They do not count until you decide.",
        "group",
        "admin.worklists.votes",
        lambda _now: voting.count_held_groups(),
    ),
    Task(
        "Uncertain deliveries",
        "Emails that may not have arrived. An admin resolves them on the edition’s page.",
        "email",
        "admin.digest.index",
        lambda _now: resolving.count_uncertain(),
    ),
)


def count_tasks() -> list[tuple[Task, int]]:
    """Return each kind of task with how many there are."""
    return [(task, task.count(now())) for task in TASKS]


@bp.get("/admin")
@requires_role(Role.EDITOR)
def index() -> ResponseReturnValue:
    account = current_account()
    is_admin = account.has_role(Role.ADMIN)
    kinds = None if is_admin else (*record_editors(), *OTHER_KINDS_FOR_EDITORS)
    return render_template(
        "admin/dashboard/index.html",
        tasks=count_tasks(),
        entries=audit.search(limit=RECENT_ENTRIES, kinds=kinds, account_id=account.id),
        drafts=draft_lists.list_draft_links(),
        discarded_drafts=draft_lists.list_discarded_links(),
    )
