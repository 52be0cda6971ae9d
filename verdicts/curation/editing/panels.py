"""A tool's panel: what every reviewer says of it, recorded at once. A verdict that was given is never rewritten."""

from collections.abc import Iterator
from datetime import datetime

import sqlalchemy as sa

from verdicts.catalog.models import Review, Reviewer, ReviewerAlias, Tool
from verdicts.catalog.publishing import bump_content_version
from verdicts.curation.catalog_file import records, schema
from verdicts.curation.catalog_file.history import Because, keep_review, said
from verdicts.curation.catalog_file.records import Json
from verdicts.curation.catalog_file.rows import update
from verdicts.curation.catalog_file.schema import Fault
from verdicts.curation.editing import tools
from verdicts.curation.editing.saving import InvalidRecord, SavedRecord, StoredRecord, attributes, next_position
from verdicts.extensions import db

KEYS = ("verdict", "quote", "reviewed_on", "tool_version", "basis", "conflict")
LONGEST_REASON: int = 500
Told = tuple[int, Json, schema.Review]  # its place in what was told, all that was told, and the sound part of it


def find_record(tool_id: int, *, lock: bool = False) -> StoredRecord | None:
    """Return a tool's reviews, each under its reviewer's slug, in the panel's order."""
    tool = tools.find_tool(tool_id, lock=lock)
    return StoredRecord(tool.id, tool.slug, tool.name, to_data(_reviews_of(tool_id))) if tool else None


def list_panel() -> list[Reviewer]:
    """Return everybody on the panel, those who have left too, in its order."""
    return list(db.session.scalars(sa.select(Reviewer).order_by(Reviewer.position, Reviewer.id)))


def current_slugs() -> dict[str, str]:
    """Return, for each slug that a reviewer had before, the one that they have now. One statement."""
    rows = sa.select(ReviewerAlias.slug, Reviewer.slug).join(Reviewer, Reviewer.id == ReviewerAlias.reviewer_id)
    return {row[0]: row[1] for row in db.session.execute(rows)}


def to_data(reviews: list[Review]) -> Json:
    return {each.reviewer.slug: records.review(each, each.reviewer.slug) for each in reviews}


def save(tool_id: int, told: Json, now: datetime) -> SavedRecord:
    """Record reviews, `told` as {"reviews": [review, with "reason" and "wording_only"]}; those left out stay.

    A changed verdict or quote needs its reason, and the old one goes into the history with it. Raises InvalidRecord.
    """
    reviews = _reviews_of(tool_id)
    before = to_data(reviews)
    sound, faults = _sound(told, now)
    by_slug = {each.reviewer.slug: each for each in reviews}
    faults += [fault for each in sound for fault in _faults_of_change(each, by_slug.get(each[2].reviewer))]
    people = {each.slug: each for each in list_panel()}
    faults += [
        Fault(
            ("reviews", index, "verdict"),
            "cannot be kept: this reviewer was deleted. Empty this row to save the others",
        )
        for index, _told, record in sound
        if record.reviewer not in people
    ]
    if faults:
        raise InvalidRecord(faults)
    for _index, all_told, record in sound:
        _take(tool_id, by_slug.get(record.reviewer), people[record.reviewer], record, all_told, now)
    db.session.flush()
    bump_content_version()
    tool = tools.find_tool(tool_id)
    return SavedRecord(tool_id, tool.slug if tool else "", before, to_data(_reviews_of(tool_id)))


class ReviewWasPublic(Exception):
    """A review cannot be taken away once readers have seen it: it can only be changed, with a reason."""


def remove_review(tool_id: int, reviewer_slug: str, now: datetime) -> SavedRecord:
    """Delete a review that no reader has seen. Raises ReviewWasPublic, or LookupError without such a review."""
    tool = tools.find_tool(tool_id, lock=True)
    reviews = _reviews_of(tool_id)
    review = next((each for each in reviews if each.reviewer.slug == reviewer_slug), None)
    if tool is None or review is None:
        raise LookupError(reviewer_slug)
    if was_public(tool, now):
        raise ReviewWasPublic
    before = to_data(reviews)
    db.session.delete(review)
    db.session.flush()
    bump_content_version()
    return SavedRecord(tool_id, tool.slug, before, to_data(_reviews_of(tool_id)))


def was_public(tool: Tool, now: datetime) -> bool:
    return tool.first_published_at is not None and tool.first_published_at <= now


def _reviews_of(tool_id: int) -> list[Review]:
    rows = sa.select(Review).join(Reviewer).where(Review.tool_id == tool_id)
    return list(db.session.scalars(rows.order_by(Reviewer.position, Reviewer.id)))


def _sound(told: Json, now: datetime) -> tuple[list[Told], list[Fault]]:
    sound: list[Told] = []
    faults: list[Fault] = []
    for index, review in enumerate(told.get("reviews", [])):
        bare = {key: value for key, value in review.items() if key not in {"reason", "wording_only"}}
        record, found = schema.check(schema.Review, bare, now.date())
        faults += [Fault(("reviews", index, *fault.path), fault.words) for fault in found]
        if record:
            sound.append((index, review, record))
    return sound, faults


def _faults_of_change(told: Told, stored: Review | None) -> Iterator[Fault]:
    index, all_told, record = told
    if stored is None or said(stored) == said(record):
        return
    reason = all_told.get("reason", "")
    if not reason:
        yield Fault(("reviews", index, "reason"), "is missing: readers see why it changed")
    if len(reason) > LONGEST_REASON or not reason.isprintable():
        yield Fault(("reviews", index, "reason"), f"must be one line of at most {LONGEST_REASON} characters")
    if all_told.get("wording_only") and stored.verdict is not record.verdict:
        yield Fault(("reviews", index, "wording_only"), "cannot be: the verdict is another one")


def _take(
    tool_id: int, stored: Review | None, reviewer: Reviewer, record: schema.Review, told: Json, now: datetime
) -> None:
    review = stored or Review(tool_id=tool_id, reviewer_id=reviewer.id, position=next_position(Review))
    if stored:
        because = Because(told.get("reason", ""), wording_only=bool(told.get("wording_only")))
        keep_review(stored, record, now.date(), because)
    update(review, attributes(record, KEYS))
    db.session.add(review)
    db.session.flush()
