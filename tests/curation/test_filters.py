"""The directory's filters find what is stored, whatever wrote it: the search index follows in the same transaction."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from tests.conftest import ON_ONE_DATABASE
from tests.curation.editing.records import add, change
from tests.curation.files import a_file, a_review, a_tool, explained, imported
from tests.makers import NOW, TODAY, make_category, make_price, make_review, make_reviewer, make_revision, make_tool
from verdicts.catalog import price_checks, search_index
from verdicts.catalog.content_version import bump_content_version
from verdicts.catalog.kinds import PriceModel
from verdicts.catalog.models import Tool
from verdicts.catalog.prices import Freshness, Price
from verdicts.catalog.reviews import OLD_AFTER
from verdicts.comparisons import finder
from verdicts.comparisons.finder import FreshPart, PanelSplit, ToolQuery
from verdicts.curation import merging
from verdicts.curation.editing import categories, panels, prices, tools
from verdicts.curation.sample import this_week
from verdicts.extensions import commit_or_retry, db

pytestmark = [pytest.mark.usefixtures("app"), ON_ONE_DATABASE]

OLD = TODAY - 2 * OLD_AFTER


def shown(**filters: Any) -> list[str]:
    db.session.rollback()
    return [tool.slug for tool in finder.list_tools(ToolQuery(**filters), NOW).tools]


def write(step: Callable[[], object]) -> None:
    db.session.rollback()
    commit_or_retry(step)


def published(**record: Any) -> int:
    """Make a published tool by its form, and return its id."""
    id = add(tools, **record).id
    row = db.session.get_one(Tool, id)
    row.published_at = NOW
    bump_content_version()
    db.session.commit()
    return id


def test_a_form_that_changes_a_licence_moves_the_tool_to_the_new_one() -> None:
    wren = published(name="Wren", license="MIT")
    assert (shown(license="MIT"), shown(license="Own “1”")) == (["wren"], [])
    change(tools, wren, license="Own “1”")
    assert (shown(license="MIT"), shown(license="Own “1”")) == ([], ["wren"])


def test_a_form_that_moves_a_tool_to_another_category_moves_its_filters() -> None:
    make_category("models", facts={"open": "Open"})
    make_category("apps")
    wren = published(name="Wren", category="models", facts=[{"key": "open", "value": "Yes"}])
    assert (shown(category="models"), shown(is_open=True)) == (["wren"], ["wren"])
    change(tools, wren, category="apps")
    assert (shown(category="models"), shown(category="apps"), shown(is_open=True)) == ([], ["wren"], [])


def test_a_tool_whose_category_is_taken_away_is_in_none() -> None:
    make_category("models")
    wren = published(name="Wren", category="models")
    change(tools, wren, category=None)
    assert shown(category="models") == []


def test_a_form_that_changes_a_fact_says_whether_the_tool_is_open() -> None:
    make_category("models", facts={"open": "Open"})
    wren = published(name="Wren", category="models", facts=[{"key": "open", "value": "No"}])
    assert shown(is_open=True) == []
    change(tools, wren, facts=[{"key": "open", "value": "MIT"}])
    assert shown(is_open=True) == ["wren"]


def test_a_tool_that_is_deleted_is_found_by_no_filter() -> None:
    published(name="Wren", license="MIT")
    db.session.rollback()
    write(lambda: tools.delete(db.session.scalars(sa.select(Tool)).one()))
    assert shown(license="MIT") == shown(prices=(PriceModel.UNKNOWN,)) == []
    assert finder.list_tools(ToolQuery(license="MIT"), NOW).total == 0


def test_a_category_is_found_under_its_new_slug_only() -> None:
    models = make_category("models")
    make_tool("wren", category_id=models.id)
    assert shown(category="models") == ["wren"]
    change(categories, models.id, slug="llms")
    assert (shown(category="models"), shown(category="llms")) == ([], ["wren"])


def test_a_category_that_begins_or_ends_to_ask_for_openness_changes_which_tools_are_open() -> None:
    models = make_category("models")
    make_tool("wren", category_id=models.id, facts={"open_source": "Yes"})
    assert shown(is_open=True) == []
    change(categories, models.id, facts=[{"key": "open_source", "label": "Open source"}])
    assert shown(is_open=True) == ["wren"]
    change(categories, models.id, facts=[{"key": "source", "label": "Open source"}])
    assert shown(is_open=True) == []


def test_a_form_that_changes_a_price_changes_its_model() -> None:
    wren = make_tool("wren")
    assert shown(prices=(PriceModel.UNKNOWN,)) == ["wren"]
    change(prices, wren.id, model="free")
    assert (shown(prices=(PriceModel.UNKNOWN,)), shown(prices=(PriceModel.FREE,))) == ([], ["wren"])
    change(prices, wren.id, model="contact", reason="It is sold now.")
    assert (shown(prices=(PriceModel.FREE,)), shown(prices=(PriceModel.CONTACT,))) == ([], ["wren"])


def test_a_tool_for_whose_price_somebody_looked_in_vain_is_still_one_without() -> None:
    wren = make_tool("wren").id
    write(lambda: price_checks.record_none_found(wren, TODAY))
    search_index.reindex_all()
    assert shown(prices=(PriceModel.UNKNOWN,)) == ["wren"]


def test_a_form_that_changes_a_panel_changes_how_it_stands_and_how_old_it_is() -> None:
    wren = make_tool("wren", published_at=NOW).id
    for reviewer in ("builder", "skeptic"):
        make_reviewer(reviewer)
    day = TODAY.isoformat()
    write(lambda: panels.save(wren, {"reviews": [a_review("builder", reviewed_on=OLD.isoformat())]}, NOW))
    assert (shown(panel=PanelSplit.ALL_SHIP), shown(fresh=(FreshPart.REVIEWS,))) == (["wren"], [])
    again = a_review("builder", reviewed_on=day)
    write(lambda: panels.save(wren, {"reviews": [again, a_review("skeptic", "skip", reviewed_on=day)]}, NOW))
    assert (shown(panel=PanelSplit.SPLIT), shown(panel=PanelSplit.ALL_SHIP)) == (["wren"], [])
    assert shown(fresh=(FreshPart.REVIEWS,)) == ["wren"]


def test_a_review_of_tomorrow_is_fresh_on_the_last_day_of_a_month() -> None:
    wren, last_day = make_tool("wren").id, NOW.replace(month=11, day=30)
    make_reviewer("builder")
    review = a_review("builder", reviewed_on="2026-12-01")  # where its editor is, it is December already
    write(lambda: panels.save(wren, {"reviews": [review]}, last_day))
    fresh = ToolQuery(fresh=(FreshPart.REVIEWS,))
    found = [finder.list_tools(fresh, last_day + timedelta(days=days)).total for days in (0, 1)]
    assert found == [1, 1]


def test_a_review_that_is_deleted_no_longer_counts() -> None:
    wren, builder, skeptic = make_tool("wren", published_at=None), make_reviewer("builder"), make_reviewer("skeptic")
    make_review(wren, builder, "ship", reviewed_on=TODAY)
    make_review(wren, skeptic, "skip", reviewed_on=OLD)
    id = wren.id
    write(lambda: panels.remove_review(id, "skeptic", NOW))
    db.session.get_one(Tool, id).published_at = NOW
    db.session.commit()
    assert shown(panel=PanelSplit.ALL_SHIP) == shown(fresh=(FreshPart.REVIEWS,)) == ["wren"]


def test_a_merge_leaves_one_tool_that_is_found_by_what_it_took_of_the_other() -> None:
    models = make_category("models", facts={"open": "Open"})
    keep = make_tool("wren", category_id=models.id)
    drop = make_tool("wren-ai", category_id=models.id, license="MIT", facts={"open": "Yes"})
    make_price(drop, PriceModel.FREE)
    make_review(drop, make_reviewer("builder"), "skip", reviewed_on=TODAY)
    ids = keep.id, drop.id
    search_index.reindex_all()
    write(lambda: merging.merge(*ids, NOW))
    for filters in ({"license": "MIT"}, {"category": "models"}, {"panel": PanelSplit.ALL_SKIP}, {"is_open": True}):
        assert shown(**filters) == ["wren"], filters
    assert shown(prices=(PriceModel.FREE,)) == shown(fresh=(FreshPart.REVIEWS,)) == ["wren"]
    assert shown(prices=(PriceModel.UNKNOWN,)) == shown(panel=PanelSplit.NOT_REVIEWED) == []


MODELS = {"slug": "models", "name": "Models", "facts": [{"key": "open", "label": "Open"}]}
APPS = {"slug": "apps", "name": "Apps", "facts": []}


def test_a_form_with_another_day_of_check_changes_whether_a_price_is_fresh() -> None:
    wren = published(name="Wren")
    price = {"model": "paid", "amount": "9", "currency": "USD", "source": "https://wren.example/pricing"}
    change(prices, wren, **price, checked_on=OLD.isoformat())
    assert shown(fresh=(FreshPart.PRICE,)) == []
    change(prices, wren, **price, checked_on=TODAY.isoformat())
    assert shown(fresh=(FreshPart.PRICE,)) == ["wren"]


@pytest.mark.parametrize(("days", "interval"), [(-1, 240), (60, 60), (61, 60), (120, 120), (240, 240), (241, 240)])
def test_a_price_is_fresh_while_pages_call_it_checked(days: int, interval: int) -> None:
    check: dict[str, Any] = {"checked_on": TODAY - timedelta(days=days), "interval_days": interval}
    make_price(make_tool("wren"), PriceModel.PAID, **check)
    search_index.reindex_all()
    db.session.commit()
    is_checked = Price(PriceModel.PAID, **check).freshness(TODAY) is Freshness.CHECKED
    assert shown(fresh=(FreshPart.PRICE,)) == (["wren"] if is_checked else [])


def test_an_import_of_a_day_of_check_alone_changes_whether_a_price_is_fresh() -> None:
    for day, fresh in ((OLD, []), (TODAY, ["wren"])):
        price = {"model": "free", "source": "https://wren.example/pricing", "checked_on": day.isoformat()}
        imported(a_file(a_tool("wren", price=price)))
        assert shown(fresh=(FreshPart.PRICE,)) == fresh


def test_an_import_that_changes_a_tool_changes_its_filters() -> None:
    wren = a_tool("wren", category="models", license="MIT", facts=[{"key": "open", "value": "Yes"}])
    wren |= {"price": {"model": "free"}, "reviews": [a_review(reviewed_on=OLD.isoformat())]}
    imported(a_file(wren, categories=[MODELS]))
    assert shown(license="MIT") == shown(is_open=True) == shown(panel=PanelSplit.ALL_SHIP) == ["wren"]
    assert (shown(prices=(PriceModel.FREE,)), shown(fresh=(FreshPart.REVIEWS,))) == (["wren"], [])
    wren |= {"category": "apps", "license": "Own", "facts": [], "price": {"model": "contact"}}
    wren |= {"reviews": [a_review(verdict="skip", reviewed_on=TODAY.isoformat())]}
    imported(explained(a_file(wren, categories=[APPS])))
    assert shown(license="MIT") == shown(is_open=True) == shown(category="models") == shown(panel="all-ship") == []
    assert shown(license="Own") == shown(category="apps") == shown(panel=PanelSplit.ALL_SKIP) == ["wren"]
    assert shown(prices=(PriceModel.CONTACT,)) == shown(fresh=(FreshPart.REVIEWS,)) == ["wren"]


def test_an_import_of_a_licence_alone_moves_the_tool_to_the_new_one() -> None:
    for terms in ("MIT", "Own"):
        imported(a_file(a_tool("wren", license=terms)))
    assert (shown(license="MIT"), shown(license="Own")) == ([], ["wren"])


def test_an_import_of_a_day_of_review_alone_changes_how_old_a_panel_is() -> None:
    imported(a_file(a_tool("wren", reviews=[a_review(reviewed_on=OLD.isoformat())])))
    assert shown(fresh=(FreshPart.REVIEWS,)) == []
    imported(a_file(a_tool("wren", reviews=[a_review(reviewed_on=TODAY.isoformat())])))
    assert shown(fresh=(FreshPart.REVIEWS,)) == ["wren"]


def test_an_import_that_changes_what_a_category_asks_for_changes_which_tools_are_open() -> None:
    imported(a_file(a_tool("wren", category="models", facts=[{"key": "open", "value": "Yes"}]), categories=[MODELS]))
    imported(a_file(categories=[MODELS | {"facts": []}]))
    assert shown(is_open=True) == []
    imported(a_file(categories=[MODELS]))
    assert shown(is_open=True) == ["wren"]


def test_a_change_of_mind_that_the_sample_dates_into_this_week_is_no_old_review() -> None:
    wren = make_tool("wren")
    review = make_review(wren, make_reviewer("builder"), "ship", reviewed_on=OLD)
    make_revision(review, "skip", OLD)
    search_index.reindex_all()
    db.session.commit()
    assert shown(fresh=(FreshPart.REVIEWS,)) == []
    write(lambda: this_week.move_into_week(NOW + timedelta(minutes=1)))
    write(bump_content_version)
    assert shown(fresh=(FreshPart.REVIEWS,)) == ["wren"]
