"""The desk: where one arrives after logging in, and the trail of what was done."""

from flask import abort, render_template, request
from flask.typing import ResponseReturnValue

from verdicts.curation import worklists
from verdicts.staff import audit
from verdicts.staff.models import Role
from verdicts.web.admin import kept
from verdicts.web.admin.gate import door, needs, person
from verdicts.web.clock import now

bp = door("desk")

LAST_ID = 2**31 - 1


@bp.get("")
@needs(Role.EDITOR)
def index() -> ResponseReturnValue:
    me = person()
    return render_template(
        "admin/desk.html",
        counts=worklists.load_counts(now()),
        entries=audit.search(limit=10, editor_id=None if me.has_role(Role.ADMIN) else me.id),
        drafts=kept.listed(me.id),
    )


@bp.get("/trail")
@needs(Role.ADMIN)
def trail() -> ResponseReturnValue:
    words, before = request.args.get("q", "")[:200].replace("\0", " "), request.args.get("before", "")
    if before and not (before.isascii() and before.isdigit() and len(before) <= 10 and int(before) <= LAST_ID):
        abort(400, "The trail goes on before an entry’s number.")
    entries = audit.search(words, int(before) if before else None)
    older = entries[-1].id if len(entries) == audit.PAGE_SIZE else None
    return render_template("admin/trail.html", entries=entries, q=words, older=older)
