"""The dashboard: what there is to do, unsaved changes, and recent activity."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from verdicts.curation import worklists
from verdicts.staff import audit
from verdicts.staff.models import Role
from verdicts.web.admin import drafts
from verdicts.web.admin.auth import current_account, requires
from verdicts.web.admin.forms.record_editor import record_editors
from verdicts.web.clock import now

bp = Blueprint("dashboard", __name__)

RECENT_ENTRIES = 10
OTHER_EDITOR_KINDS = ("catalogue", "edition")  # which are no records but editors work on them


@bp.get("/admin")
@requires(Role.EDITOR)
def index() -> ResponseReturnValue:
    account = current_account()
    is_admin = account.has_role(Role.ADMIN)
    kinds = None if is_admin else (*record_editors(), *OTHER_EDITOR_KINDS)
    return render_template(
        "admin/dashboard/index.html",
        counts=worklists.load_counts(now()),
        entries=audit.search(limit=RECENT_ENTRIES, kinds=kinds, account_id=account.id),
        drafts=drafts.list_links(),
    )
