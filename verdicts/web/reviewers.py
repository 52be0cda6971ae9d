"""The panel, and a page for each reviewer: who they are, their record, and their reviews."""

from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from verdicts.catalog import directory
from verdicts.catalog.search_terms import MAX_QUERY_LENGTH
from verdicts.catalog.summaries import CategoryLink
from verdicts.reviewers import queries, reviews
from verdicts.reviewers.queries import ReviewerProfile
from verdicts.reviewers.record import Record
from verdicts.reviewers.reviews import Conflict, Position, ReviewPage
from verdicts.web.caching import public
from verdicts.web.clock import now
from verdicts.web.known_arguments import reads
from verdicts.web.paging import MAX_ID
from verdicts.web.site_state import Source, depends_on

bp = Blueprint("reviewers", __name__)

UNDATED = "undated"  # in the address of a page that goes on after a review without a day


@dataclass(frozen=True)
class ReviewerPage:
    """`category` is the one that the reviews are of, or None for all; `is_first` on the first page of them.

    `only_changed`: of reviews whose verdict was another one before.
    """

    reviewer: ReviewerProfile
    record: Record
    conflicts: tuple[Conflict, ...]
    reviews: ReviewPage
    category: CategoryLink | None
    only_changed: bool
    is_first: bool

    @property
    def next(self) -> str:
        """Where the next page goes on, for its address; "" on the last page."""
        return write_position(self.reviews.next) if self.reviews.next else ""


@bp.get("/reviewers")
@public
@depends_on(Source.CONTENT)
def index() -> ResponseReturnValue:
    return render_template("reviewers/index.html", reviewers=queries.by_ship_share(queries.list_reviewers(now())))


@bp.get("/reviewers/<slug>")
@public
@reads("after", "category", "changed")
@depends_on(Source.CONTENT, Source.VOTES)
def show(slug: str) -> ResponseReturnValue:
    reviewer = queries.find_reviewer(slug) or abort(404, "We know no reviewer under this name.")
    if reviewer.slug != slug:
        return redirect(_address(reviewer.slug, request.args.to_dict()), 301)
    after = read_position(request.args.get("after", ""))
    only_changed = request.args.get("changed") == "1"
    record = queries.load_record(reviewer.id, now())
    requested = request.args.get("category", "")[:MAX_QUERY_LENGTH]
    category = _find_category(record, requested)
    if requested and category is None:
        renamed = directory.find_category(requested.strip("/").lower())
        if renamed is None or renamed == requested:
            abort(404, f"{reviewer.name} has reviewed no tool of this category.")
        return redirect(_address(slug, {**request.args.to_dict(), "category": renamed}), 301)
    page = ReviewerPage(
        reviewer=reviewer,
        record=record,
        conflicts=tuple(reviews.list_conflicts(reviewer, now())),
        reviews=reviews.load_page(reviewer, category.slug if category else "", after, now(), only_changed=only_changed),
        category=category,
        only_changed=only_changed,
        is_first=after is None,
    )
    if not page.reviews.reviews and after:
        abort(404, "There are no older reviews.")
    return render_template("reviewers/page.html", page=page)


def write_position(position: Position) -> str:
    return f"{position.on.isoformat() if position.on else UNDATED}.{position.id}"


def read_position(text: str) -> Position | None:
    """Return the position that an address names, None for an empty text. Answers 400 for anything else."""
    if not text:
        return None
    day, _, id = text.partition(".")
    try:
        on = None if day == UNDATED else date.fromisoformat(day)
    except ValueError:
        on, id = None, ""
    if not (id.isascii() and id.isdigit() and len(id) <= len(str(MAX_ID)) and int(id) <= MAX_ID):
        abort(400, "A page of reviews begins after a review: “2026-11-22.17” names its day and its number.")
    return Position(on, int(id))


def _find_category(record: Record, slug: str) -> CategoryLink | None:
    links = (each.category for each in record.by_category if each.category)
    return next((link for link in links if link.slug == slug), None)


def _address(slug: str, arguments: dict[str, str]) -> str:
    """Return the address of a reviewer's page, with these arguments of its query."""
    url = url_for("reviewers.show", slug=slug)
    return f"{url}?{urlencode(arguments)}" if arguments else url
