"""The panel, and a page for each reviewer."""

from datetime import date

import pytest
from flask import Flask

from tests.conftest import ON_ONE_DATABASE, ON_ONE_SHARED_DATABASE
from tests.makers import NOW, make_category, make_review, make_reviewer, make_tool
from tests.web import rich
from tests.web.visitor import Page, Visitor, words_of
from verdicts.catalog.kinds import ReviewerKind
from verdicts.catalog.models import CategoryAlias, ReviewerAlias
from verdicts.extensions import db
from verdicts.reviewers.reviews import PAGE_SIZE


@pytest.fixture(scope="module")
def visitor(shared_app: Flask) -> Visitor:
    """Reads a rich catalogue, with a voice that always says the same and reviews of two pages."""
    rich.build()
    kind = make_category("gadgets", name="Gadgets")
    yes = make_reviewer(
        "yes",
        name="The Enthusiast",
        kind=ReviewerKind.AI,
        motto="Why not?",
        bio="Likes **everything**.",
        likes=["New things"],
        dislikes=["Waiting"],
        archived_at=NOW,
        former_slugs=[ReviewerAlias(slug="fan")],
    )
    for number in range(1, PAGE_SIZE + 3):
        day = date(2026, 10, number) if number > 1 else None
        make_review(make_tool(f"gadget-{number}", category_id=kind.id), yes, "ship", reviewed_on=day)
    kind.former_slugs = [CategoryAlias(slug="toys")]
    db.session.commit()
    return Visitor(shared_app)


@pytest.fixture(scope="module")
def builder(visitor: Visitor) -> Page:
    return visitor.reads("/reviewers/builder")


def tools_of(page: Page) -> list[str]:
    return page.texts("h3", within=page.by_id("reviews"))


def next_of(page: Page) -> str:
    (link,) = [each for each in page.all("a") if each.get("rel") == "next"]
    return link.get("href", "").partition("#")[0]


@ON_ONE_SHARED_DATABASE
def test_the_panel_lists_everyone_with_kind_and_record(visitor: Visitor) -> None:
    words = visitor.reads("/reviewers").words
    assert (
        "The Builder Does it build? AI voice 1 of 3 reviews hands-on Ships 67 %, 2 of 3 tools "
        "Alone against all others 0 of 2 panels" in words
    )
    assert "Agrees most with The Skeptic 1 of 2 Reviews whose verdict changed 0 of 3 reviews" in words
    assert "The Skeptic Human voice None of 2 reviews hands-on Ships 50 %, 1 of 2 tools" in words
    assert "The Founder Human or AI: not stated None of 1 review hands-on Ships 0 %, 0 of 1 tool" in words
    assert "Left the panel on 22 Nov 2026" in words


@ON_ONE_SHARED_DATABASE
def test_who_ships_most_often_stands_first_among_those_who_sit(visitor: Visitor) -> None:
    page = visitor.reads("/reviewers")
    names = [page.texts("a", within=each)[0] for each in page.all("th", "reviewers-name")]
    assert names == ["The Builder", "The Skeptic", "The Futurist", "The Founder", "The Enthusiast"]


@ON_ONE_SHARED_DATABASE
def test_the_count_of_changed_verdicts_leads_to_these_reviews(visitor: Visitor) -> None:
    page = visitor.reads("/reviewers/skeptic")
    (path,) = [each.get("href", "") for each in page.all("a") if words_of(each) == "1 of 2 reviews"]
    assert tools_of(visitor.reads(path.partition("#")[0])) == ["Alpha"]
    assert "No verdict has changed." in visitor.reads("/reviewers/yes?category=gadgets&changed=1").words


@ON_ONE_SHARED_DATABASE
def test_a_voice_that_always_ships_is_seen_to_separate_nothing(visitor: Visitor) -> None:
    says = f"SHIP on all {PAGE_SIZE + 2} tools: this voice tells you nothing."
    assert says in visitor.reads("/reviewers").words
    assert says in visitor.reads("/reviewers/yes").words


@ON_ONE_SHARED_DATABASE
def test_one_verdict_does_not_yet_say_that_a_voice_tells_nothing(visitor: Visitor) -> None:
    assert "tells you nothing" not in visitor.reads("/reviewers/founder").words


@ON_ONE_SHARED_DATABASE
def test_a_reviewer_is_introduced(visitor: Visitor) -> None:
    words = visitor.reads("/reviewers/yes").words
    assert "The Enthusiast AI voice Left the panel on 22 Nov 2026" in words
    for part in ("Why not?", "Likes everything.", "Likes New things", "Dislikes Waiting"):
        assert part in words


@ON_ONE_SHARED_DATABASE
def test_every_figure_of_the_record_says_of_how_many(builder: Page) -> None:
    for part in (
        "Ships 2 of 3 tools, 67 %.",
        "Alone against all others 0 of 2",
        "Reviews whose verdict changed 0 of 3 reviews",
        "Developer Tools 2 of 3",
        "The Skeptic 1 of 2",
        "The Futurist 1 of 2",
        "The Founder 0 of 1",
        "Readers 1 of 1",
    ):
        assert part in builder.words, part


@ON_ONE_SHARED_DATABASE
def test_conflicts_stand_together_and_beside_the_verdict(builder: Page) -> None:
    assert builder.words.count("Consults for Beta Inc.") == 2


@ON_ONE_SHARED_DATABASE
def test_a_review_whose_verdict_changed_leads_to_its_history(visitor: Visitor) -> None:
    page = visitor.reads("/reviewers/skeptic")
    links = [each.get("href") for each in page.all("a") if words_of(each) == "Changed verdict"]
    assert links == ["/tools/alpha#changes"]


@ON_ONE_SHARED_DATABASE
def test_reviews_are_paged_newest_first_and_undated_ones_last(visitor: Visitor) -> None:
    first = visitor.reads("/reviewers/yes")
    second = visitor.reads(next_of(first))
    assert tools_of(first) + tools_of(second) == [f"Gadget {number}" for number in range(PAGE_SIZE + 2, 0, -1)]
    assert "rel=next" not in second.html.replace('"', "")


@ON_ONE_SHARED_DATABASE
def test_a_category_filters_the_reviews_and_keeps_the_record(visitor: Visitor) -> None:
    page = visitor.reads("/reviewers/yes?category=gadgets")
    assert "On Gadgets" in page.texts("h2")
    assert "category=gadgets" in next_of(page)
    assert len(tools_of(page)) == PAGE_SIZE


@ON_ONE_SHARED_DATABASE
def test_earlier_slugs_of_reviewers_and_categories_redirect(visitor: Visitor) -> None:
    moved = visitor.reads("/reviewers/fan?category=gadgets", 301)
    assert moved.headers["Location"] == "/reviewers/yes?category=gadgets"
    moved = visitor.reads("/reviewers/yes?category=toys", 301)
    assert moved.headers["Location"] == "/reviewers/yes?category=gadgets"


@pytest.mark.parametrize(
    ("path", "status", "reason"),
    [
        ("/reviewers/nobody", 404, "We know no reviewer under this name."),
        ("/reviewers/builder?category=none", 404, "has reviewed no tool of this category"),
        ("/reviewers/builder?category=gadgets", 404, "has reviewed no tool of this category"),
        ("/reviewers/builder?after=2020-01-01.1", 404, "There are no older reviews."),
        ("/reviewers/builder?after=yesterday", 400, "A page of reviews begins after a review"),
        ("/reviewers/builder?after=2026-11-22.99999999999", 400, "A page of reviews begins after a review"),
        ("/reviewers/builder?after=2026-11-22.", 400, "A page of reviews begins after a review"),
    ],
)
@ON_ONE_SHARED_DATABASE
def test_what_is_not_there_is_refused_in_words(visitor: Visitor, path: str, status: int, reason: str) -> None:
    assert reason in visitor.reads(path, status).words


@pytest.mark.parametrize("path", ["/tools/alpha", "/compare/alpha-vs-beta", "/method", "/reviewers/skeptic"])
@ON_ONE_SHARED_DATABASE
def test_names_of_reviewers_lead_to_their_pages(visitor: Visitor, path: str) -> None:
    page = visitor.reads(path)
    assert "/reviewers/builder" in [each.get("href") for each in page.all("a") if words_of(each) == "The Builder"]


@ON_ONE_SHARED_DATABASE
def test_the_method_says_who_sits_and_how_much_they_reviewed(visitor: Visitor) -> None:
    words = visitor.reads("/method").words
    assert "The Builder, an AI voice, 3 reviews, 1 hands-on. Does it build?" in words
    assert "The Skeptic, a human, 2 reviews" in words
    assert "The Enthusiast" not in words


@ON_ONE_DATABASE
def test_an_empty_panel_says_so(app: Flask) -> None:
    visitor = Visitor(app)
    assert "Nobody is on the panel yet." in visitor.reads("/reviewers").words
    make_reviewer("new")
    assert "Has not reviewed a tool yet." in visitor.reads("/reviewers/new").words
