"""A tool's panel: reviews are recorded all at once, and nothing that readers saw is rewritten in silence."""

from tests.conftest import ON_ONE_DATABASE
from tests.makers import NOW, make_review, make_reviewer, make_tool
from tests.web.admin.admin_client import AdminClient, fields_of, latest_entry, stored
from verdicts.catalog.models import Review, ReviewRevision


def test_a_changed_verdict_needs_its_reason_and_the_old_one_stays(ann: AdminClient) -> None:
    tool, reviewer = make_tool("wren"), make_reviewer("builder")
    make_review(tool, reviewer, "ship", quote="Quick.", reviewed_on=NOW.date())
    path = f"/admin/tools/{tool.id}/panel"
    refused = ann.fills(path, reviews_0_verdict="skip", reviews_0_quote="It grew slow.")
    assert refused.status_code == 422
    assert 'id="reviews-0-reason-fault"' in refused.text
    assert stored(ReviewRevision) == []
    assert ann.sends(path, fields_of(refused.text) | {"reviews-0-reason": "Version 2 is slow."}).status_code == 303
    (old,) = stored(ReviewRevision)
    assert (old.verdict, old.quote, old.reason, old.wording_only) == ("ship", "Quick.", "Version 2 is slow.", False)
    page = ann.gets("/tools/wren").text
    assert "Version 2 is slow." in page
    assert latest_entry().changes["builder"][0]["verdict"] == "ship"


@ON_ONE_DATABASE
def test_a_change_of_wording_only_is_ticked(ann: AdminClient) -> None:
    tool = make_tool("wren")
    make_review(tool, make_reviewer("builder"), "ship", quote="Quik.")
    change = {"reviews_0_quote": "Quick.", "reviews_0_reason": "A slip.", "reviews_0_wording_only": "y"}
    assert ann.fills(f"/admin/tools/{tool.id}/panel", **change).status_code == 303
    assert [(old.quote, old.wording_only) for old in stored(ReviewRevision)] == [("Quik.", True)]


@ON_ONE_DATABASE
def test_faults_of_a_panel_name_the_reviewer_and_lead_to_the_box(ann: AdminClient) -> None:
    tool = make_tool("wren")
    make_reviewer("builder", name="The Builder")
    answer = ann.fills(f"/admin/tools/{tool.id}/panel", reviews_0_quote="No verdict yet.")
    assert answer.status_code == 422
    assert '<a href="#reviews-0-verdict">The Builder, Verdict</a>' in answer.text
    assert 'id="reviews-0-verdict" type="radio"' in answer.text
    assert stored(Review) == []


@ON_ONE_DATABASE
def test_who_has_left_the_panel_gets_no_new_reviews_but_the_old_ones_stay(ann: AdminClient) -> None:
    tool, other = make_tool("wren"), make_tool("finch")
    reviewer = make_reviewer("builder")
    make_review(tool, reviewer, "ship")
    ann.posts(f"/admin/reviewers/{reviewer.id}/publication", do="leave")
    assert "The Builder" in ann.gets(f"/admin/tools/{tool.id}/panel").text
    assert "The Builder" not in ann.gets(f"/admin/tools/{other.id}/panel").text
    assert "The Builder" in ann.gets("/tools/wren").text


def test_a_review_that_no_reader_has_seen_is_removed_and_comes_back_from_the_activity_log(ann: AdminClient) -> None:
    tool, reviewer = make_tool("wren", published_at=None), make_reviewer("builder")
    make_review(tool, reviewer, "ship", quote="Meant for another tool.")
    path = f"/admin/tools/{tool.id}/panel"
    assert "No reader has seen it." in ann.gets(f"{path}/builder/removal").text
    assert ann.posts(f"{path}/builder/removal").headers["Location"] == path
    assert stored(Review) == []
    ann.sends(path, ann.form(f"{path}?restore={latest_entry().id}"))
    assert [review.quote for review in stored(Review)] == ["Meant for another tool."]


@ON_ONE_DATABASE
def test_a_review_that_readers_have_seen_stays(ann: AdminClient) -> None:
    tool, reviewer = make_tool("wren", first_published_at=NOW), make_reviewer("builder")
    make_review(tool, reviewer, "ship")
    refused = ann.posts(f"/admin/tools/{tool.id}/panel/builder/removal")
    assert (refused.status_code, "This review cannot be removed." in refused.text, len(stored(Review))) == (
        422,
        True,
        1,
    )


# Reviewers who change meanwhile


def test_a_reviewer_who_is_renamed_while_a_panel_is_recorded_keeps_what_was_typed(ann: AdminClient) -> None:
    reviewer, tool = make_reviewer("builder"), make_tool("wren")
    path = f"/admin/tools/{tool.id}/panel"
    fields = ann.form(path) | {"reviews-0-verdict": "ship", "reviews-0-quote": "Quick."}
    ann.fills(f"/admin/reviewers/{reviewer.id}", slug="maker")
    assert ann.sends(path, fields).status_code == 303
    assert [(each.reviewer.slug, each.quote) for each in stored(Review)] == [("maker", "Quick.")]


def test_a_reviewer_who_is_deleted_while_a_panel_is_recorded_is_named_and_nothing_typed_is_lost(
    ann: AdminClient,
) -> None:
    reviewer, tool = make_reviewer("builder"), make_tool("wren")
    make_reviewer("skeptic")
    path = f"/admin/tools/{tool.id}/panel"
    fields = ann.form(path) | {"reviews-0-verdict": "ship", "reviews-0-quote": "Quick."}
    ann.posts(f"/admin/reviewers/{reviewer.id}/publication", do="delete")
    refused = ann.sends(path, fields)
    assert (refused.status_code, "This reviewer was deleted" in refused.text) == (422, True)
    again = fields_of(refused.text)
    assert again["reviews-1-quote"] == "Quick."
    assert ann.sends(path, again | {"reviews-1-quote": "", "reviews-1-verdict": ""}).status_code == 303
