"""A tool's panel: reviews are saved all at once, and one that readers saw is never rewritten in silence."""

from datetime import date, timedelta

import pytest

from tests.conftest import ON_ONE_DATABASE
from tests.curation.editing.records import refusal
from tests.curation.files import Json, a_review
from tests.makers import NOW, TODAY, make_review, make_reviewer, make_tool
from verdicts.catalog.content_version import content_version
from verdicts.catalog.models import Review, ReviewRevision, Tool
from verdicts.curation.editing import panels
from verdicts.curation.editing.panels import ReviewWasPublic
from verdicts.curation.editing.saving import SavedRecord
from verdicts.extensions import commit_or_retry, db

pytestmark = pytest.mark.usefixtures("app")

YESTERDAY = TODAY - timedelta(days=1)
MISSING_REASON = "reviews[0].reason: Give a reason. Readers see why it changed."


def save(tool: Tool, *reviews: Json) -> SavedRecord:
    db.session.rollback()
    return commit_or_retry(lambda: panels.save(tool.id, {"reviews": list(reviews)}, NOW))


def faults_of(tool: Tool, *reviews: Json) -> list[str]:
    return refusal(lambda: panels.save(tool.id, {"reviews": list(reviews)}, NOW))


def remove(tool: Tool, reviewer: str) -> SavedRecord:
    db.session.rollback()
    return commit_or_retry(lambda: panels.remove_review(tool.id, reviewer, NOW))


def reviews_of(tool: Tool) -> dict[str, Review]:
    db.session.rollback()
    db.session.expire_all()
    return {review.reviewer.slug: review for review in db.session.get_one(Tool, tool.id).reviews}


def history_of(tool: Tool, reviewer: str = "builder") -> list[ReviewRevision]:
    return reviews_of(tool)[reviewer].revisions


@pytest.fixture
def wren() -> Tool:
    """A published tool that the builder ships, and the skeptic has not reviewed."""
    tool = make_tool("wren", name="Wren")
    make_review(tool, make_reviewer("builder"), "ship", quote="Quick.", reviewed_on=YESTERDAY)
    make_reviewer("skeptic")
    return tool


# Recording


def test_reviews_are_saved_at_once_and_those_left_out_stay(wren: Tool) -> None:
    make_reviewer("critic")
    save(wren, a_review("skeptic", "skip", "It forgets."), a_review("critic", "ship", "It lasts."))
    assert {slug: (each.verdict, each.quote) for slug, each in reviews_of(wren).items()} == {
        "builder": ("ship", "Quick."),
        "skeptic": ("skip", "It forgets."),
        "critic": ("ship", "It lasts."),
    }


@ON_ONE_DATABASE
def test_a_first_review_needs_no_reason_and_has_no_history(wren: Tool) -> None:
    save(wren, a_review("skeptic", reason="A note.", wording_only=True))
    assert history_of(wren, "skeptic") == []


@ON_ONE_DATABASE
def test_a_record_holds_each_review_under_its_reviewer_in_the_panels_order(wren: Tool) -> None:
    make_reviewer("critic", position=-1)
    save(wren, a_review("skeptic"), a_review("critic", basis="hands-on", conflict="A friend."))
    record = panels.find_record(wren.id)
    assert record
    assert (record.id, record.slug, record.name) == (wren.id, "wren", "Wren")
    assert list(record.data) == ["critic", "builder", "skeptic"]
    assert record.data["critic"] == a_review("critic", basis="hands-on", conflict="A friend.")
    assert [each.slug for each in panels.list_panel()] == ["critic", "builder", "skeptic"]


@ON_ONE_DATABASE
def test_all_faults_are_reported_at_once_and_nothing_is_saved(wren: Tool) -> None:
    make_reviewer("critic")
    no_verdict = {"reviewer": "skeptic", "quote": "Quick."}
    assert faults_of(
        wren,
        a_review("builder", "skip"),
        no_verdict,
        a_review("critic", quote=" ", reason="x" * 501),
        a_review("nobody"),
    ) == [
        "reviews[1].verdict: Fill this in.",
        "reviews[2].quote: Fill this in.",
        "reviews[2].reason: This is longer than 500 characters (it has 501). Shorten it.",
        MISSING_REASON,
        "reviews[3].verdict: This reviewer was deleted, so this cannot be saved. Empty this row to save the others.",
    ]
    assert {slug: each.quote for slug, each in reviews_of(wren).items()} == {"builder": "Quick."}


# Changing what readers saw


@pytest.mark.parametrize("change", [a_review(verdict="skip", quote="Quick."), a_review(quote="Slow.")])
def test_another_verdict_or_quote_needs_its_reason_and_the_old_one_stays(wren: Tool, change: Json) -> None:
    assert faults_of(wren, change) == [MISSING_REASON]
    assert history_of(wren) == []
    save(wren, {**change, "reason": "Version 2 is slow.", "reviewed_on": TODAY.isoformat()})
    (old,) = history_of(wren)
    assert (old.verdict, old.quote, old.reviewed_on, old.until) == ("ship", "Quick.", YESTERDAY, TODAY)
    assert (old.reason, old.wording_only) == ("Version 2 is slow.", False)
    new = reviews_of(wren)["builder"]
    assert (new.verdict, new.quote) == (change["verdict"], change["quote"])


def test_each_verdict_stays_in_the_history_in_its_order(wren: Tool) -> None:
    for verdict in ("skip", "ship"):
        save(wren, a_review(verdict=verdict, quote="Quick.", reason=f"Now {verdict}."))
    assert [(old.verdict, old.reason) for old in history_of(wren)] == [("ship", "Now skip."), ("skip", "Now ship.")]


@pytest.mark.parametrize(
    ("reviewed_on", "until"), [(YESTERDAY, YESTERDAY), (None, TODAY), (TODAY - timedelta(days=90), TODAY)]
)
@ON_ONE_DATABASE
def test_what_was_said_before_ends_on_the_day_of_a_later_review_or_else_today(
    reviewed_on: date | None, until: date
) -> None:
    finch = make_tool("finch")
    make_review(finch, make_reviewer("builder"), "ship", reviewed_on=TODAY - timedelta(days=60))
    dated = {"reviewed_on": reviewed_on.isoformat()} if reviewed_on else {}
    save(finch, a_review(quote="Slow.", reason="It is.", **dated))
    assert [old.until for old in history_of(finch)] == [until]


@ON_ONE_DATABASE
def test_wording_only_is_kept_as_such_and_cannot_be_another_verdict(wren: Tool) -> None:
    slip = {"reason": "A slip.", "wording_only": True}
    assert faults_of(wren, a_review(verdict="skip", quote="Quick.", **slip)) == [
        "reviews[0].wording_only: The verdict changed, so this is more than wording. Untick it."
    ]
    save(wren, a_review(verdict="ship", quote="Quick!", **slip))
    assert [(old.quote, old.wording_only) for old in history_of(wren)] == [("Quick.", True)]


@ON_ONE_DATABASE
def test_what_a_review_rests_on_changes_without_a_reason(wren: Tool) -> None:
    save(wren, a_review(quote="Quick.", basis="hands-on", tool_version="2.0", conflict="A friend."))
    review = reviews_of(wren)["builder"]
    assert (review.basis, review.tool_version, review.conflict) == ("hands-on", "2.0", "A friend.")
    assert history_of(wren) == []


# Removing what no reader saw


@pytest.mark.parametrize(
    ("published_at", "first_published_at"), [(None, None), (NOW + timedelta(days=1), NOW + timedelta(days=1))]
)
def test_a_review_that_no_reader_has_seen_is_removed(published_at: object, first_published_at: object) -> None:
    finch = make_tool("finch", published_at=published_at, first_published_at=first_published_at)
    make_review(finch, make_reviewer("builder"), quote="Meant for another tool.")
    saved = remove(finch, "builder")
    assert reviews_of(finch) == {}
    assert (saved.id, saved.slug, saved.after) == (finch.id, "finch", {})
    assert saved.before["builder"]["quote"] == "Meant for another tool."


@ON_ONE_DATABASE
def test_a_review_that_readers_could_see_stays_even_where_they_see_it_no_more() -> None:
    finch = make_tool("finch", published_at=None, first_published_at=NOW)
    make_review(finch, make_reviewer("builder"))
    with pytest.raises(ReviewWasPublic):
        remove(finch, "builder")
    assert list(reviews_of(finch)) == ["builder"]


@ON_ONE_DATABASE
def test_a_review_that_is_not_there_cannot_be_removed() -> None:
    finch = make_tool("finch", published_at=None)
    make_review(make_tool("wren"), make_reviewer("builder"))
    for tool, reviewer in ((finch, "builder"), (finch, "nobody")):
        with pytest.raises(LookupError):
            remove(tool, reviewer)


# What a save did


@ON_ONE_DATABASE
def test_the_reviews_that_changed_are_reported(wren: Tool) -> None:
    saved = save(wren, a_review("builder", quote="Quick."), a_review("skeptic", "skip", "It forgets."))
    first = {"reviewer": "builder", "verdict": "ship", "quote": "Quick.", "reviewed_on": YESTERDAY.isoformat()}
    assert (saved.id, saved.slug) == (wren.id, "wren")
    assert saved.changes == {
        "builder": (first, a_review("builder", quote="Quick.")),
        "skeptic": (None, a_review("skeptic", "skip", "It forgets.")),
    }
    assert save(wren, a_review("builder", quote="Quick.")).changes == {}


def test_saving_and_removing_make_cached_pages_out_of_date() -> None:
    finch, before = make_tool("finch", published_at=None), content_version()
    make_reviewer("builder")
    save(finch, a_review())
    remove(finch, "builder")
    assert content_version() == before + 2


@ON_ONE_DATABASE
def test_only_a_tool_has_a_panel(wren: Tool) -> None:
    finch = make_tool("finch", merged_into_id=wren.id)
    assert (panels.find_record(finch.id), panels.find_record(0)) == (None, None)
