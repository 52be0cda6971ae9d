"""A tool's panel: what every reviewer says of it, recorded at once. A verdict that was given is never rewritten."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from verdicts.catalog import panel_keys, search_index
from verdicts.catalog.content_version import bump_content_version
from verdicts.catalog.models import Review, Reviewer
from verdicts.curation.catalog_file import schema
from verdicts.curation.catalog_file.copying import copy_fields
from verdicts.curation.catalog_file.dumping import Json, dump
from verdicts.curation.catalog_file.faults import Fault, Path
from verdicts.curation.catalog_file.history import extend_history, statement_of
from verdicts.curation.catalog_file.parsing import validate
from verdicts.curation.catalog_file.schema import ChangeReason
from verdicts.curation.editing.publication import was_public
from verdicts.curation.editing.saving import (
    InvalidRecord,
    SavedRecord,
    StoredRecord,
    missing_reason,
    next_position,
    split_reason,
)
from verdicts.curation.editing.tools import find_tool
from verdicts.extensions import db


@dataclass(frozen=True)
class _Submitted:
    """A sound review, the path to it in what was submitted, and why it differs from the stored one."""

    path: Path
    review: schema.Review
    reason: ChangeReason


def find_record(tool_id: int, *, lock: bool = False) -> StoredRecord | None:
    """Return a tool's reviews, each under its reviewer's slug, in the panel's order."""
    tool = find_tool(tool_id, lock=lock)
    return StoredRecord(tool.id, tool.slug, tool.name, to_data(_reviews_of(tool_id))) if tool else None


def list_panel() -> list[Reviewer]:
    """Return everybody on the panel, those who have left too, in its order."""
    return list(db.session.scalars(sa.select(Reviewer).order_by(Reviewer.position, Reviewer.id)))


def to_data(reviews: list[Review]) -> Json:
    return {each.reviewer.slug: dump(schema.Review, each, reviewer=each.reviewer.slug, history=[]) for each in reviews}


def save(tool_id: int, data: Json, now: datetime) -> SavedRecord:
    """Save reviews: `data` is {"reviews": [review, with "reason" and "wording_only"]}. Those left out stay.

    A changed verdict or quote needs its reason, and the old one goes into the history with it. Raises InvalidRecord.
    """
    reviews = _reviews_of(tool_id)
    before = to_data(reviews)
    stored = {each.reviewer.slug: each for each in reviews}
    people = {each.slug: each for each in list_panel()}
    submitted, faults = _validated(data, now)
    for each in submitted:
        faults += _faults_of_change(each, stored.get(each.review.reviewer))
        if each.review.reviewer not in people:
            words = "This reviewer was deleted, so this cannot be saved. Empty this row to save the others."
            faults.append(Fault((*each.path, "verdict"), words))
    if faults:
        raise InvalidRecord(faults)
    for each in submitted:
        row = stored.get(each.review.reviewer)
        if row:
            extend_history(row, each.review, now.date(), each.reason)
        else:
            reviewer_id = people[each.review.reviewer].id
            row = Review(tool_id=tool_id, reviewer_id=reviewer_id, position=next_position(Review))
        copy_fields(each.review, row)
        db.session.add(row)
        db.session.flush()
    panel_keys.refresh([tool_id])
    bump_content_version()
    search_index.reindex([tool_id])
    tool = find_tool(tool_id)
    return SavedRecord(tool_id, tool.slug if tool else "", before, to_data(_reviews_of(tool_id)))


class ReviewWasPublic(Exception):
    """A review cannot be deleted once readers could see it: it can only be changed, with a reason."""


def remove_review(tool_id: int, reviewer_slug: str, now: datetime) -> SavedRecord:
    """Delete a review that no reader has seen. Raises ReviewWasPublic, or LookupError without such a review."""
    tool = find_tool(tool_id, lock=True)
    reviews = _reviews_of(tool_id)
    review = next((each for each in reviews if each.reviewer.slug == reviewer_slug), None)
    if tool is None or review is None:
        raise LookupError(reviewer_slug)
    if was_public(tool, now):
        raise ReviewWasPublic
    before = to_data(reviews)
    db.session.delete(review)
    db.session.flush()
    panel_keys.refresh([tool_id])
    bump_content_version()
    search_index.reindex([tool_id])
    return SavedRecord(tool_id, tool.slug, before, to_data(_reviews_of(tool_id)))


def _reviews_of(tool_id: int) -> list[Review]:
    rows = sa.select(Review).join(Reviewer).where(Review.tool_id == tool_id)
    return list(db.session.scalars(rows.order_by(Reviewer.position, Reviewer.id)))


def _validated(data: Json, now: datetime) -> tuple[list[_Submitted], list[Fault]]:
    submitted: list[_Submitted] = []
    faults: list[Fault] = []
    for index, each in enumerate(data.get("reviews", [])):
        path: Path = ("reviews", index)
        review_data, reason, faults_of_reason = split_reason(each, now)
        review, faults_of_review = validate(schema.Review, review_data, now.date())
        faults += [fault.within(path) for fault in [*faults_of_review, *faults_of_reason]]
        if review and not faults_of_reason:
            submitted.append(_Submitted(path, review, reason))
    return submitted, faults


def _faults_of_change(submitted: _Submitted, stored: Review | None) -> Iterator[Fault]:
    review, reason = submitted.review, submitted.reason
    if stored is None or statement_of(stored) == statement_of(review):
        return
    if not reason.reason:
        yield missing_reason(submitted.path)
    if reason.wording_only and stored.verdict is not review.verdict:
        yield Fault((*submitted.path, "wording_only"), "The verdict changed, so this is more than wording. Untick it.")
