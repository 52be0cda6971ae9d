"""The reader's own weights for the voices, in the address of a comparison."""

import pytest
from flask import Flask

from tests.conftest import ON_ONE_SHARED_DATABASE
from tests.web import rich
from tests.web.visitor import Visitor, words_of


@pytest.fixture(scope="module")
def visitor(shared_app: Flask) -> Visitor:
    rich.build()
    return Visitor(shared_app)


@ON_ONE_SHARED_DATABASE
def test_weights_decide_who_leads_and_their_basis_is_said(visitor: Visitor) -> None:
    page = visitor.reads(f"{rich.PAIR}?w-skeptic=3")
    assert "By your weights, Alpha leads: Alpha 4 of 4, Beta 1 of 4, of the voices that judged both" in page.words
    page = visitor.reads(f"{rich.PAIR}?w-skeptic=0&w-builder=2")
    assert "By your weights, neither leads: 2 of 2 each" in page.words


@ON_ONE_SHARED_DATABASE
def test_weights_of_three_tools_count_each_and_name_no_winner(visitor: Visitor) -> None:
    words = visitor.reads("/compare/alpha-vs-beta-vs-gamma?w-builder=2").words
    assert "By your weights: Alpha 3 of 4, Beta 3 of 5, Gamma 0 of 2." in words


@ON_ONE_SHARED_DATABASE
def test_the_form_shows_the_weights_that_it_was_sent_with(visitor: Visitor) -> None:
    page = visitor.reads(f"{rich.PAIR}?w-skeptic=3&w-builder=1")
    chosen = [
        words_of(each) for each in page.all("option", within=page.by_id("your-panel")) if "selected" in each.attrib
    ]
    assert chosen == ["Counts once", "Counts three times", "Counts once", "Counts once"]


@ON_ONE_SHARED_DATABASE
def test_a_weighted_page_is_not_indexed_and_names_the_plain_one(visitor: Visitor) -> None:
    weighted, plain = visitor.reads(f"{rich.PAIR}?w-skeptic=3"), visitor.reads(f"{rich.PAIR}?w-skeptic=1")
    robots = [
        [each.get("content") for each in page.all("meta") if each.get("name") == "robots"] for page in (weighted, plain)
    ]
    assert robots == [["noindex"], []]
    (canonical,) = [each.get("href", "") for each in weighted.all("link") if each.get("rel") == "canonical"]
    assert canonical.endswith(rich.PAIR)
    assert "By your weights" not in plain.words


@ON_ONE_SHARED_DATABASE
def test_weights_survive_the_way_to_the_canonical_address(visitor: Visitor) -> None:
    moved = visitor.reads("/compare/beta-vs-alpha?w-skeptic=3&other=1", 301)
    assert moved.headers["Location"] == f"{rich.PAIR}?w-skeptic=3"


@pytest.mark.parametrize("weight", ["4", "-1", "many", ""])
@ON_ONE_SHARED_DATABASE
def test_another_weight_is_refused_in_words(visitor: Visitor, weight: str) -> None:
    assert "A voice counts from 0 to 3 times." in visitor.reads(f"{rich.PAIR}?w-skeptic={weight}", 400).words
