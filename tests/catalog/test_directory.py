"""What is in the directory."""

from datetime import timedelta

from flask import Flask

from tests.makers import NOW, make_category, make_tool
from verdicts.catalog import directory, queries
from verdicts.extensions import db


def test_unpublished_tools_and_those_to_come_are_not_listed(app: Flask) -> None:
    make_tool("hidden", published_at=None)
    make_tool("tomorrow", published_at=NOW + timedelta(days=1))
    assert directory.list_newest(NOW, 9) == []
    assert queries.find_published("hidden", NOW) is None
    assert queries.find_published("tomorrow", NOW) is None
    assert directory.count_by_category(NOW) == ()
    assert directory.list_by_category(NOW) == {}


def test_categories_are_listed_with_how_many_tools_they_hold(app: Flask) -> None:
    kind = make_category("writing", name="Writing")
    make_tool("in", name="In", category_id=kind.id)
    make_tool("out", name="Out")
    assert [(category.slug, category.count) for category in directory.count_by_category(NOW)] == [("writing", 1)]


def test_a_tool_that_is_renamed_is_sorted_by_its_new_name(app: Flask) -> None:
    tool = make_tool("wren", name="Wren")
    tool.name = "Öst"
    db.session.commit()
    assert tool.sort_name == "öst"


def test_the_newest_tools_come_first(app: Flask) -> None:
    make_tool("a", name="Old", published_at=NOW - timedelta(2))
    make_tool("b", name="New", published_at=NOW - timedelta(1))
    assert [tool.name for tool in directory.list_newest(NOW, 1)] == ["New"]


def test_a_tool_is_found_under_its_alias_and_tells_its_slug(app: Flask) -> None:
    make_tool("new-name", aliases=("old-name",))
    tool = queries.find_published("old-name", NOW)
    assert tool is not None
    assert tool.slug == "new-name"


def test_tools_without_a_category_can_be_chosen_too(app: Flask) -> None:
    make_tool("loner", name="Loner")
    assert [(key, [choice.name for choice in group]) for key, group in directory.list_by_category(NOW).items()] == [
        ("Without a category", ["Loner"])
    ]
