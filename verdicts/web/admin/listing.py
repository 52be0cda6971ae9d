"""List pages: reading the query, links to the other pages, and moving a record up in its order."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, ClassVar

import sqlalchemy as sa
from flask import abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask.views import MethodView

from verdicts.catalog.content_version import bump_content_version
from verdicts.catalog.search_terms import MAX_QUERY_LENGTH
from verdicts.curation.editing.saving import find_row
from verdicts.curation.listing import PAGE_SIZE, ListQuery
from verdicts.extensions import begin_write_after_read, db
from verdicts.staff.models import Role
from verdicts.web.admin import auth
from verdicts.web.admin.drafts import GONE_MESSAGE
from verdicts.web.admin.forms.record_editor import RecordEditor
from verdicts.web.paging import Page, page_number

EDITORS_ORDER = "shelf"  # the value that addresses have for it


def read_query(sorts: Collection[str], **filters: Collection[str] | None) -> ListQuery:
    """Return the query of the URL. Each filter allows one of its values, or any if it is None."""
    values = {name: value for name, allowed in filters.items() if (value := _read_filter(name, allowed))}
    sort = request.args.get("sort", "")
    if sort and sort not in sorts:
        abort(400, f"This list can be sorted by {', '.join(sorts)}.")
    text = " ".join(request.args.get("q", "").split())[:MAX_QUERY_LENGTH]
    return ListQuery(text, values, sort, page_number(request.args.get("page", "")))


def render_list(
    template: str, query: ListQuery, result: tuple[Sequence[object], int], sorts: Mapping[str, str], **context: object
) -> str:
    """Render a page of a list, from the rows of the page and the number of all rows that match the query."""
    rows, total = result
    page = Page(rows, query.page, total, PAGE_SIZE)
    return render_template(template, query=query, page=page, sorts=sorts, page_arguments=page_arguments, **context)


def page_arguments(query: ListQuery, page: int) -> Mapping[str, str | int]:
    """Return the query arguments of another page of the same list."""
    arguments = {"q": query.text, "sort": query.sort, **query.filters}
    return {**{name: value for name, value in arguments.items() if value}, "page": page}


class MoveUpView(MethodView):
    """Swaps a record with the one before it, in the order that readers see."""

    decorators: ClassVar = [auth.requires_role(Role.EDITOR)]

    def __init__(self, editor: type[RecordEditor]) -> None:
        self.editor = editor()

    def post(self, id: int) -> ResponseReturnValue:
        begin_write_after_read()
        bump_content_version()  # first: its row lock serialises concurrent moves
        model = self.editor.model
        row: Any = find_row(model, id, lock=True) or abort(404, GONE_MESSAGE)
        record = self.editor.load(id)
        if record and (previous := _previous(model, row)):
            change = (row.position, previous.position)
            row.position, previous.position = previous.position, row.position
            auth.log_activity("moved up", self.editor.kind, record.slug, id, position=change)
        db.session.commit()
        return redirect(url_for(self.editor.list_endpoint, page=page_number(request.args.get("page", ""))), 303)


def _previous(model: Any, row: Any) -> Any:
    position = sa.tuple_(sa.literal(row.position), sa.literal(row.id))
    statement = sa.select(model).where(sa.tuple_(model.position, model.id) < position)
    return db.session.scalar(statement.order_by(model.position.desc(), model.id.desc()).limit(1))


def _read_filter(name: str, allowed: Collection[str] | None) -> str:
    value = request.args.get(name, "")[:MAX_QUERY_LENGTH]
    if value and allowed is not None and value not in allowed:
        abort(400, f"This list has no {name} of that name. It has {', '.join(allowed)}.")
    return value
