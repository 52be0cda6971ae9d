"""Refreshing a draft: what happened since joins, and what an editor did stays."""

import pytest
import sqlalchemy as sa

from tests.digest.weekly import THIS_WEEK, a_price_move, a_turn, an_old_tool, drafted, items, writing
from tests.makers import NOW, make_category
from verdicts.catalog.models import PriceRecord
from verdicts.digest import editing, refreshing
from verdicts.digest.editing import Direction
from verdicts.digest.editions import Edition, WrongState, cancel, get_by_id
from verdicts.digest.refreshing import Refresh
from verdicts.extensions import db


def refreshed(edition_id: int) -> Refresh:
    with writing():
        return refreshing.refresh(edition_id, NOW)


def titles(edition: Edition) -> list[tuple[str, str, bool]]:
    return [(each.kind, each.details["tool"]["slug"], each.is_removed) for each in items(edition)]


@pytest.mark.usefixtures("app")
def test_news_since_joins_its_category_and_what_an_editor_did_stays() -> None:
    coding, writing_tools = make_category("coding"), make_category("writing")
    alpha, beta = an_old_tool("alpha", coding), an_old_tool("beta", coding)
    for tool in (alpha, beta, an_old_tool("gamma", writing_tools)):
        a_turn(tool)
    edition = drafted(THIS_WEEK)
    first = {each.details["tool"]["slug"]: each.id for each in items(edition)}
    with writing():
        editing.update_text(edition.id, subject="Mine", intro="My words.")
        editing.move_item(edition.id, first["beta"], Direction.UP)
        editing.set_removed(edition.id, first["alpha"], is_removed=True)
    a_price_move(alpha)
    assert refreshed(edition.id) == Refresh(added=1, updated=0, outdated=0)
    assert titles(edition) == [
        ("verdict-change", "beta", False),
        ("verdict-change", "alpha", True),
        ("price-move", "alpha", False),
        ("verdict-change", "gamma", False),
    ]
    stored = get_by_id(edition.id)
    assert (stored.subject, stored.intro) == ("Mine", "My words.")
    assert refreshed(edition.id) == Refresh(0, 0, 0)


@pytest.mark.usefixtures("app")
def test_figures_are_updated_and_what_was_taken_back_goes() -> None:
    alpha = an_old_tool("alpha")
    a_turn(alpha)
    a_price_move(alpha, before=20, after=30)
    edition = drafted(THIS_WEEK)
    a_turn(alpha, "builder")
    current = sa.update(PriceRecord).where(PriceRecord.until.is_(None))
    with writing():
        db.session.execute(current.values(amount=20))
    assert refreshed(edition.id) == Refresh(added=1, updated=1, outdated=1)


@pytest.mark.usefixtures("app")
def test_only_a_draft_is_refreshed() -> None:
    a_turn(an_old_tool("alpha"))
    edition = drafted(THIS_WEEK)
    with writing():
        cancel(edition.id, NOW)
    with pytest.raises(WrongState):
        refreshed(edition.id)
