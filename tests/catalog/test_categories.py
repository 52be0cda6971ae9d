"""The tools of a category: in the panel's order, a page at a time."""

from datetime import timedelta
from fractions import Fraction
from itertools import product

import pytest

from tests.makers import NOW, make_category, make_review, make_reviewer, make_tool
from verdicts.catalog import categories
from verdicts.catalog.categories import PAGE_SIZE, WEIGHTS
from verdicts.catalog.models import CategoryAlias
from verdicts.extensions import db

pytestmark = pytest.mark.usefixtures("app")


def slugs(category_id: int, after: str = "") -> list[str]:
    return [tool.slug for tool in categories.list_tools(category_id, after, NOW).tools]


def test_tools_come_by_their_panels_share_then_its_voices_then_their_name() -> None:
    kind = make_category("editors").id
    voices = [make_reviewer(name) for name in ("builder", "skeptic", "founder")]
    panels = {"none": [], "one": ["ship"], "b-two": ["ship", "ship"], "a-two": ["ship", "ship"]}
    panels |= {"third": ["ship", "skip", "skip"], "nil": ["skip"]}
    for slug, verdicts in panels.items():
        tool = make_tool(slug, category_id=kind)
        for reviewer, verdict in zip(voices, verdicts, strict=False):
            make_review(tool, reviewer, verdict)
    assert slugs(kind) == ["a-two", "b-two", "one", "third", "nil", "none"]


def test_each_tool_is_on_exactly_one_page() -> None:
    kind, builder = make_category("editors").id, make_reviewer()
    for number in range(2 * PAGE_SIZE + 3):
        tool = make_tool(f"tool-{number}", name="Same name", category_id=kind)
        if number % 3:
            make_review(tool, builder, "ship" if number % 2 else "skip")
    pages, after = [], ""
    while page := categories.list_tools(kind, after, NOW):
        pages.append([tool.slug for tool in page.tools])
        after = page.next_after
        if not after:
            break
    assert [len(page) for page in pages] == [PAGE_SIZE, PAGE_SIZE, 3]
    assert len({slug for page in pages for slug in page}) == 2 * PAGE_SIZE + 3
    third, second = (categories.list_tools(kind, page[-1], NOW) for page in pages[1::-1])
    assert (third.previous_after, second.previous_after) == (pages[0][-1], "")
    assert categories.list_tools(kind, "", NOW).previous_after is None


def test_by_own_weights_tools_come_as_if_each_voice_spoke_so_often() -> None:
    kind, voices = make_category("editors").id, [make_reviewer(name) for name in ("builder", "skeptic", "founder")]
    panels = {f"tool-{place:02}": said for place, said in enumerate([*product(("ship", "skip", ""), repeat=3)][::2])}
    for slug, said in panels.items():
        tool = make_tool(slug, category_id=kind)
        for voice, verdict in zip(voices, said, strict=True):
            if verdict:
                make_review(tool, voice, verdict)
    slugs = [voice.slug for voice in voices]
    for weights in [*product((1, *WEIGHTS), repeat=3)][::4]:
        own = {slug: weight for slug, weight in zip(slugs, weights, strict=True) if weight != 1}
        expected = sorted(panels, key=lambda slug: (*rank_of(panels[slug], weights), slug))
        for after in ("", expected[0], expected[6]):
            found = categories.list_tools(kind, after, NOW, own).tools
            assert [tool.slug for tool in found] == expected[expected.index(after) + 1 if after else 0 :]


def rank_of(said: tuple[str, ...], weights: tuple[int, ...]) -> tuple[Fraction, int]:
    """Return what puts the panel first that ships most, with each voice counted as often as it weighs."""
    votes = [verdict for verdict, weight in zip(said, weights, strict=True) for _ in range(weight) if verdict]
    return -Fraction(votes.count("ship"), len(votes)) if votes else Fraction(1), -len(votes)


def test_tools_of_other_categories_and_unpublished_ones_are_left_out() -> None:
    kind = make_category("editors").id
    make_tool("in", category_id=kind)
    make_tool("out", category_id=make_category("others").id)
    make_tool("hidden", category_id=kind, published_at=None)
    make_tool("tomorrow", category_id=kind, published_at=NOW + timedelta(days=1))
    assert slugs(kind) == ["in"]
    assert slugs(kind, after="out") == slugs(kind, after="hidden") == slugs(kind, after="nothing") == []


def test_a_page_begins_after_a_tool_by_an_alias_too() -> None:
    kind = make_category("editors").id
    make_tool("a", aliases=("old-a",), category_id=kind)
    make_tool("b", category_id=kind)
    assert slugs(kind, after="old-a") == ["b"]


def test_a_category_is_found_by_a_slug_that_it_had_before() -> None:
    kind = make_category("editors", name="Editors", former_slugs=[CategoryAlias(slug="ides"), CategoryAlias(slug="x")])
    db.session.commit()
    for slug in ("editors", "ides", "x"):
        found = categories.find(slug)
        assert found
        assert (found.id, found.slug, found.name) == (kind.id, "editors", "Editors")
    assert categories.find("nothing") is None


def test_only_categories_with_published_tools_are_listed() -> None:
    make_category("empty")
    make_tool("hidden", category_id=make_category("hidden").id, published_at=None)
    make_tool("a", category_id=make_category("editors").id)
    assert [link.slug for link in categories.list_links(NOW)] == ["editors"]
