"""What an editor asked a list for, read from the address."""

from collections.abc import Collection, Mapping, Sequence
from typing import TypeVar

from flask import abort, request

from verdicts.catalog.search import MAX_QUERY_LENGTH
from verdicts.curation.listing import PAGE_SIZE, ListQuery
from verdicts.web.paging import Page, page_number

Row = TypeVar("Row")


def wanted(sorts: Collection[str], **filters: Collection[str] | None) -> ListQuery:
    """Return what the address asks for; each filter takes one of these values, or any where None is given."""
    chosen = {name: _chosen(name, values) for name, values in filters.items()}
    sort = request.args.get("sort", "")
    if sort and sort not in sorts:
        abort(400, f"This list can be sorted by {', '.join(sorts)}.")
    text = " ".join(request.args.get("q", "").split())[:MAX_QUERY_LENGTH]
    return ListQuery(
        text, {name: value for name, value in chosen.items() if value}, sort, page_number(request.args.get("page", ""))
    )


def page_of(listed: tuple[Sequence[Row], int], wanted: ListQuery) -> Page[Row]:
    rows, total = listed
    return Page(rows, wanted.page, total, PAGE_SIZE)


def query(wanted: ListQuery, page: int) -> Mapping[str, str | int]:
    """Return the arguments of another page of the same list."""
    asked = {"q": wanted.text, "sort": wanted.sort, **wanted.filters}
    return {**{name: value for name, value in asked.items() if value}, "page": page}


def _chosen(name: str, values: Collection[str] | None) -> str:
    value = request.args.get(name, "")[:MAX_QUERY_LENGTH]
    if value and values is not None and value not in values:
        abort(400, f"This list knows no {name} of that name. It knows {', '.join(values)}.")
    return value
