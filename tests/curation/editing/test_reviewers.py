"""A reviewer's record: its slug and former slugs, and leaving the panel."""

import pytest

from tests.conftest import ON_ONE_DATABASE
from tests.curation.editing.records import add, change, faults_of
from tests.curation.files import imported
from tests.makers import NOW, make_review, make_reviewer, make_tool
from verdicts.catalog.content_version import content_version
from verdicts.catalog.models import Review, Reviewer
from verdicts.curation.editing import panels, reviewers
from verdicts.extensions import db

pytestmark = pytest.mark.usefixtures("app")


def stored(id: int) -> Reviewer:
    db.session.rollback()
    db.session.expire_all()
    return db.session.get_one(Reviewer, id)


@ON_ONE_DATABASE
def test_a_new_reviewer_is_the_last_of_the_panel_and_gets_a_slug_and_no_stated_kind() -> None:
    builder = make_reviewer("builder")
    saved = add(reviewers, name="The Skeptic", likes=["Tests"], dislikes=["Demos"])
    skeptic = stored(saved.id)
    assert (skeptic.slug, skeptic.kind, skeptic.position) == ("the-skeptic", "unstated", builder.position + 1)
    assert (skeptic.likes, skeptic.dislikes, skeptic.archived_at) == (["Tests"], ["Demos"], None)


@ON_ONE_DATABASE
def test_all_faults_are_reported_at_once_each_with_its_path() -> None:
    assert faults_of(reviewers) == ["name: Fill this in."]
    assert faults_of(reviewers, name="鳥", kind="robot", likes=["Tests", " "]) == [
        'kind: Enter "human", "ai" or "unstated", not "robot".',
        "likes[1]: Fill this in.",
        "slug: No slug can be made of this name. Enter one of letters a to z and digits.",
    ]


def test_a_slug_that_another_reviewer_has_or_had_is_refused_with_their_name() -> None:
    builder = make_reviewer("builder", name="The Builder")
    assert faults_of(reviewers, name="B", slug="builder") == [
        "slug: “builder” is the slug of The Builder. Choose another."
    ]
    change(reviewers, builder.id, slug="maker")
    assert [alias.slug for alias in stored(builder.id).former_slugs] == ["builder"]
    assert faults_of(reviewers, name="B", slug="builder") == [
        "slug: “builder” leads to The Builder, whose slug it was before. Choose another."
    ]


def test_a_reviewer_goes_back_to_a_slug_that_they_had() -> None:
    builder = make_reviewer("builder")
    change(reviewers, builder.id, slug="maker")
    change(reviewers, builder.id, slug="builder")
    assert stored(builder.id).slug == "builder"
    assert [alias.slug for alias in stored(builder.id).former_slugs] == ["maker"]


def test_a_file_that_knows_a_reviewer_by_a_former_slug_finds_them() -> None:
    builder = make_reviewer("builder", name="The Builder")
    change(reviewers, builder.id, slug="maker")
    imported({"format": "verdicts-catalogue/1", "reviewers": [{"slug": "builder", "name": "The Maker"}]})
    assert [(each.slug, each.name) for each in panels.list_panel()] == [("maker", "The Maker")]


def test_who_leaves_the_panel_keeps_their_reviews_and_may_return() -> None:
    builder = make_reviewer("builder")
    make_review(make_tool("wren"), builder)
    reviewers.leave_panel(builder, NOW)
    db.session.commit()
    assert stored(builder.id).archived_at == NOW
    assert panels.list_panel() == [builder]
    assert db.session.query(Review).count() == 1
    reviewers.return_to_panel(builder, NOW)
    db.session.commit()
    assert stored(builder.id).archived_at is None


@ON_ONE_DATABASE
def test_saving_leaving_and_returning_make_cached_pages_out_of_date() -> None:
    before = content_version()
    builder = stored(add(reviewers, name="The Builder").id)
    reviewers.leave_panel(builder, NOW)
    reviewers.return_to_panel(builder, NOW)
    assert content_version() == before + 3


@ON_ONE_DATABASE
def test_what_changed_is_reported() -> None:
    saved = add(reviewers, name="The Builder", slug="builder")
    assert (saved.before, saved.after) == ({}, {"slug": "builder", "name": "The Builder"})
    changed = change(reviewers, saved.id, kind="human", motto="Build.")
    assert (changed.slug, changed.changes) == ("builder", {"kind": (None, "human"), "motto": (None, "Build.")})


@ON_ONE_DATABASE
def test_a_record_is_found_by_its_id() -> None:
    record = reviewers.find_record(make_reviewer("builder", name="The Builder").id, lock=True)
    assert record
    assert (record.slug, record.name, record.data) == (
        "builder",
        "The Builder",
        {"slug": "builder", "name": "The Builder"},
    )
    assert reviewers.find_record(0) is None
