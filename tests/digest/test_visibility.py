"""What is hidden from readers when an edition is frozen is in no letter, and who approves it has seen that."""

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.digest.weekly import a_turn, a_week, an_old_tool, drafted, items, writing
from tests.makers import NOW, make_category, make_comparison, make_tool, make_votes
from tests.web.visitor import Visitor
from verdicts.catalog.models import Category, Reviewer, Tool, ToolSlug
from verdicts.comparisons.models import Comparison
from verdicts.curation import merging
from verdicts.curation.editing import publication, removal
from verdicts.curation.editing import tools as tool_editing
from verdicts.digest import editions, previews, refreshing, scheduling
from verdicts.digest.editions import Edition, EditionIsEmpty, edition_version
from verdicts.digest.freezing import freeze
from verdicts.digest.messages import load_message_builder
from verdicts.digest.models import ItemKind
from verdicts.digest.queries import list_blocks, list_items_with_visibility
from verdicts.extensions import db

TAKEN_BACK: dict[str, Callable[[Tool], object]] = {
    "draft again": lambda row: publication.unpublish(row, NOW),
    "archived": lambda row: publication.archive(row, NOW),
    "deleted": tool_editing.delete,
}


def a_draft() -> tuple[Edition, int, int]:
    """Draft an edition about two new tools, Wren and Finch, and return the tools' ids."""
    shelf = make_category("editors")
    wren = make_tool("wren", tagline="Sings at dawn.", category_id=shelf.id).id
    finch = make_tool("finch", tagline="Cracks seeds.", category_id=shelf.id).id
    return drafted(), wren, finch


def take_back(tool_id: int, how: str = "draft again") -> None:
    with writing():
        TAKEN_BACK[how](db.session.get_one(Tool, tool_id))


def version(found: Edition) -> str:
    return edition_version(found, list_items_with_visibility(found, NOW))


@pytest.mark.parametrize("how", TAKEN_BACK)
def test_a_tool_that_readers_do_not_see_is_in_no_letter_and_not_in_the_archive(app: Flask, how: str) -> None:
    found, wren, _ = a_draft()
    take_back(wren, how)
    assert "Sings at dawn." not in previews.load_preview(found, NOW).text
    with writing():
        scheduling.start_sending(found.id, NOW)
    letter = "".join(block.text + block.html for block in list_blocks(found.id))
    assert ("Sings at dawn." in letter, "Cracks seeds." in letter) == (False, True)
    assert editions.get_by_id(found.id).subject == "New: Finch"
    page = Visitor(app).reads(f"/digest/{found.name}").words
    assert ("Sings at dawn." in page, "Cracks seeds." in page) == (False, True)
    load_message_builder(found.id)  # its hash is over what is included


@pytest.mark.usefixtures("app")
def test_what_was_left_out_stays_left_out_when_readers_see_the_tool_again() -> None:
    found, wren, _ = a_draft()
    take_back(wren)
    with writing():
        freeze(found.id, NOW)
        publication.publish(db.session.get_one(Tool, wren), NOW, NOW)
    assert [item.is_removed for item in items(found)] == [True, False]
    load_message_builder(found.id)


@pytest.mark.usefixtures("app")
def test_a_view_from_before_a_tool_was_taken_back_is_no_approval() -> None:
    found, wren, _ = a_draft()
    before = version(found)
    take_back(wren)
    assert version(found) != before
    with writing():
        publication.publish(db.session.get_one(Tool, wren), NOW, NOW)
    assert version(found) == before


@pytest.mark.usefixtures("app")
def test_an_edition_of_which_readers_see_nothing_is_not_sent() -> None:
    found, wren, finch = a_draft()
    take_back(wren)
    take_back(finch)
    with pytest.raises(EditionIsEmpty), writing():
        scheduling.start_sending(found.id, NOW)


@pytest.mark.usefixtures("app")
def test_news_of_a_tool_that_has_another_name_now_is_included() -> None:
    found, wren, _ = a_draft()
    with writing():
        row = db.session.get_one(Tool, wren)
        row.name, row.slugs[0].is_current = "Troglodytes", False
        db.session.flush()
        row.slugs.append(ToolSlug(slug="troglodytes", is_current=True, position=1))
    assert [item.is_included for item in list_items_with_visibility(found, NOW)] == [True, True]


@pytest.mark.usefixtures("app")
def test_every_kind_of_news_of_a_tool_is_left_out_with_it() -> None:
    code, _, alpha, beta = a_week()
    gamma = an_old_tool("gamma", code)
    a_turn(gamma)
    make_votes(alpha, ship=range(3), skip=range(3, 40))
    make_comparison(alpha, beta, published_at=NOW)
    found = drafted()
    assert {item.kind for item in items(found)} == set(ItemKind)
    take_back(alpha.id)
    told = [(item.kind, item.tool_ids) for item in list_items_with_visibility(found, NOW) if item.is_included]
    assert told == [(ItemKind.VERDICT_CHANGE, (gamma.id,)), (ItemKind.NEW_TOOL, (beta.id,))]


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize("change", ["unpublished", "deleted", "of other tools"])
def test_a_comparison_that_readers_do_not_see_is_left_out(change: str) -> None:
    alpha, beta, gamma = (an_old_tool(name) for name in ("alpha", "beta", "gamma"))
    comparison = make_comparison(alpha, beta, headline="Two of a kind", published_at=NOW).id
    found = drafted()
    assert [item.is_included for item in list_items_with_visibility(found, NOW)] == [True]
    with writing():
        row = db.session.get_one(Comparison, comparison)
        if change == "unpublished":
            publication.unpublish(row, NOW)
        elif change == "deleted":
            removal.delete(row)
        else:
            row.members[1].tool_id, row.members_key = gamma.id, f"{alpha.id},{gamma.id}"
    assert [item.is_included for item in list_items_with_visibility(found, NOW)] == [False]


@pytest.mark.usefixtures("app")
def test_a_new_tool_under_the_number_of_a_deleted_one_does_not_bring_its_news_back() -> None:
    found, _, finch = a_draft()
    take_back(finch, "deleted")
    make_tool("sparrow", id=finch)
    assert [item.is_included for item in list_items_with_visibility(found, NOW)] == [True, False]


RENAMED = {
    "tool": sa.update(Tool).where(Tool.name == "Alpha").values(name="Omega"),
    "category": sa.update(Category).where(Category.name == "Code").values(name="Editors"),
    "reviewer": sa.update(Reviewer).where(Reviewer.name == "The Skeptic").values(name="The Doubter"),
}


@pytest.mark.parametrize(
    ("what", "renamed"),
    [
        ("tool", ["verdict-change", "price-move", "new-comparison"]),
        ("category", ["verdict-change", "price-move", "new-comparison"]),
        ("reviewer", ["verdict-change", "new-comparison"]),
        ("merge", ["verdict-change", "price-move", "new-comparison"]),
    ],
)
@pytest.mark.usefixtures("app")
def test_what_is_named_otherwise_now_says_so_until_the_draft_is_refreshed(what: str, renamed: list[str]) -> None:
    alpha, other = a_week_with_a_comparison()
    found = drafted()
    before = version(found)
    assert renamed_items(found) == []
    with writing():
        if what == "merge":
            merging.merge(other, alpha, NOW)
        else:
            db.session.execute(RENAMED[what])
    assert sorted(renamed_items(found)) == sorted(renamed)
    assert version(found) != before
    with writing():
        refreshing.refresh(found.id, NOW)
    assert renamed_items(found) == []


@pytest.mark.usefixtures("app")
def test_a_view_from_before_a_refresh_is_no_approval() -> None:
    a_week_with_a_comparison()
    found = drafted()
    before = version(found)
    with writing():
        db.session.execute(sa.update(Tool).where(Tool.name == "Beta").values(tagline="Another one."))
    assert version(found) == before
    with writing():
        refreshing.refresh(found.id, NOW)
    assert version(found) != before


def a_week_with_a_comparison() -> tuple[int, int]:
    """Build a week with a comparison, and an old tool beside; return the ids of Alpha, which changed, and that tool."""
    code, _, alpha, beta = a_week()
    make_comparison(alpha, beta, published_at=NOW)
    return alpha.id, an_old_tool("other", code).id


def renamed_items(found: Edition) -> list[str]:
    return [item.kind for item in list_items_with_visibility(found, NOW) if item.is_renamed]
