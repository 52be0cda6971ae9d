"""Deleting: only what nothing depends on, and of the others it is said what does."""

import pytest
import sqlalchemy as sa

from tests.conftest import ON_ONE_DATABASE
from tests.curation.editing.records import found_by
from tests.makers import (
    make_category,
    make_comparison,
    make_fact,
    make_plan,
    make_price,
    make_release,
    make_review,
    make_reviewer,
    make_subscriber,
    make_tool,
    make_votes,
)
from verdicts.catalog.content_version import content_version
from verdicts.catalog.models import Category, PriceRecord, Reviewer, Tool, ToolSlug
from verdicts.comparisons.models import Comparison
from verdicts.curation.editing import removal, tools
from verdicts.curation.editing.removal import RecordInUse
from verdicts.extensions import Base, commit_or_retry, db
from verdicts.voting.models import Tally

pytestmark = pytest.mark.usefixtures("app")

Deletable = Category | Reviewer | Tool | Comparison


def delete(row: Deletable) -> None:
    db.session.rollback()
    delete_row = tools.delete if isinstance(row, Tool) else removal.delete
    commit_or_retry(lambda: delete_row(row))


def count(model: type) -> int:
    db.session.rollback()
    return db.session.scalar(sa.select(sa.func.count()).select_from(model)) or 0


# What depends on a record


def test_tools_and_subscribers_depend_on_a_category() -> None:
    category = make_category("editors")
    make_tool("wren", category_id=category.id)
    make_tool("finch", category_id=category.id)
    make_tool("lark")
    make_subscriber(categories=[category])
    assert sorted(removal.dependants(category)) == ["1 subscriber who chose it", "2 tools"]


@ON_ONE_DATABASE
def test_reviews_depend_on_a_reviewer() -> None:
    builder, wren = make_reviewer("builder"), make_tool("wren")
    make_review(wren, builder)
    make_review(wren, make_reviewer("skeptic"))
    assert removal.dependants(builder) == ["1 review"]


def test_reviews_votes_comparisons_subscribers_and_merged_records_depend_on_a_tool() -> None:
    wren, finch, lark = make_tool("wren"), make_tool("finch"), make_tool("lark")
    make_tool("old-wren", merged_into_id=wren.id)
    make_review(wren, make_reviewer())
    make_votes(wren, ship=[1, 2])
    make_comparison(wren, finch)
    make_comparison(wren, lark)
    make_subscriber(follows=[wren])
    assert sorted(removal.dependants(wren)) == [
        "1 record that was merged into it",
        "1 review",
        "1 subscriber who follows it",
        "2 comparisons",
        "2 lines in the vote record",
        "2 votes",
    ]


@ON_ONE_DATABASE
def test_nothing_depends_on_a_comparison() -> None:
    wren = make_tool("wren")
    assert removal.dependants(make_comparison(wren, make_tool("finch"), choose_if={wren: "you hurry."})) == []


def test_each_reference_that_outlives_its_record_says_what_depends_on_it() -> None:
    """The database would refuse to delete the record, and nobody would say why."""
    records = {model.__table__ for model in (Category, Reviewer, Tool, Comparison)}
    keys = [key for table in Base.metadata.sorted_tables for key in table.foreign_keys if key.column.table in records]
    silent = {str(key.parent) for key in keys if not key.ondelete and "dependant" not in key.parent.info}
    # A tally goes with its tool, the tool of a choice is among those compared, and popular tools have votes.
    assert silent == {"tally.tool_id", "choose_if.tool_id", "pair_readers.tool_id", "pair_readers.rival_id"}


def test_what_something_depends_on_cannot_be_deleted_and_the_error_says_by_what() -> None:
    category, builder = make_category("editors"), make_reviewer("builder")
    wren = make_tool("wren", category_id=category.id)
    make_review(wren, builder)
    make_votes(wren, ship=[1, 2])
    make_comparison(wren, make_tool("finch"))
    cannot = "It cannot be deleted, because other records depend on it: "
    of_wren = "1 comparison, 1 review, 2 votes, 2 lines in the vote record"
    for row, phrases in ((category, "1 tool"), (builder, "1 review"), (wren, of_wren)):
        with pytest.raises(RecordInUse) as refused:
            delete(row)
        assert str(refused.value) == f"{cannot}{phrases}."
    assert (count(Category), count(Reviewer), count(Tool)) == (1, 1, 2)


# Deleting


def test_a_record_that_nothing_depends_on_is_deleted() -> None:
    wren, finch = make_tool("wren"), make_tool("finch")
    for row in (make_comparison(wren, finch, choose_if={wren: "you hurry."}), make_category(), make_reviewer(), wren):
        delete(row)
    assert (count(Comparison), count(Category), count(Reviewer), count(Tool)) == (0, 0, 0, 1)


def test_a_tool_is_deleted_with_all_that_is_its_own() -> None:
    wren = make_tool("wren", aliases=("old-wren",))
    make_price(wren)
    make_plan(wren)
    make_fact(wren, "offline", "Yes")
    make_release(wren)
    make_votes(wren)
    assert (count(Tally), found_by("wren")) == (1, [wren.id])
    delete(wren)
    assert [count(model) for model in (Tool, ToolSlug, PriceRecord, Tally)] == [0, 0, 0, 0]
    assert found_by("wren") == []


def test_no_new_record_gets_the_id_of_a_deleted_one() -> None:
    wren = make_tool("wren")
    id = wren.id
    delete(wren)
    assert make_tool("finch").id > id


@ON_ONE_DATABASE
def test_a_deletion_makes_cached_pages_out_of_date() -> None:
    category, before = make_category(), content_version()
    delete(category)
    assert content_version() == before + 1
