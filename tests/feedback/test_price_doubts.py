"""Each network doubts a price once, until an editor has checked it."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from tests.feedback.world import doubt, networks
from tests.makers import NOW, make_tool
from verdicts.catalog.models import Tool
from verdicts.extensions import begin_write, db
from verdicts.feedback import price_doubts
from verdicts.feedback.price_doubts import UNKNOWN_NETWORK_INTERVAL

pytestmark = pytest.mark.usefixtures("app")

SECOND = timedelta(seconds=1)


def taps() -> dict[int, int]:
    counted = sa.select(Tool.id, price_doubts.count_of(Tool.__table__.c.id)).where(
        Tool.id.in_(price_doubts.select_tools())
    )
    found = dict(db.session.execute(counted).all())
    db.session.rollback()
    return found


def test_a_network_doubts_a_price_once() -> None:
    alpha, beta = make_tool("alpha").id, make_tool("beta").id
    assert [doubt(alpha, "n1"), doubt(alpha, "n1"), doubt(alpha, "n2"), doubt(beta, "n1")] == [True, False, True, True]
    assert taps() == {alpha: 2, beta: 1}


def test_readers_without_a_network_count_as_one_an_hour() -> None:
    alpha, beta = make_tool("alpha").id, make_tool("beta").id
    assert doubt(alpha, None)
    assert not doubt(alpha, None, NOW + UNKNOWN_NETWORK_INTERVAL - SECOND)
    assert doubt(beta, None, NOW + SECOND)
    assert doubt(alpha, None, NOW + UNKNOWN_NETWORK_INTERVAL)
    assert taps() == {alpha: 2, beta: 1}


def test_checking_a_price_deletes_all_doubts_of_one_tool() -> None:
    alpha, beta = make_tool("alpha").id, make_tool("beta").id
    for tool, network in ((alpha, "n1"), (alpha, "n2"), (beta, "n1")):
        doubt(tool, network)
    begin_write()
    assert price_doubts.delete_for(alpha) == 2
    db.session.commit()
    assert taps() == {beta: 1}
    assert networks() == ["n1"]
