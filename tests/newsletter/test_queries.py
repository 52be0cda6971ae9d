"""Finding subscribers by their addresses."""

import pytest

from tests.newsletter.world import ANN, make_subscriber
from verdicts.extensions import db
from verdicts.newsletter import queries

pytestmark = pytest.mark.usefixtures("app")


def found(part: str) -> list[str | None]:
    rows = [each.address for each in queries.search(part)]
    db.session.rollback()
    return rows


def test_an_address_is_found_by_a_part_of_it_and_a_mailbox_however_it_is_spelled() -> None:
    for address in (ANN, "ben@bücher.example", "a_b@example.net", "axb@example.net"):
        make_subscriber(address)
    assert found("example.ORG") == [ANN]
    assert found(" ANN@EXAMPLE.ORG ") == [ANN]
    assert found("ben@xn--bcher-kva.example") == ["ben@bücher.example"]
    assert found("a_b") == ["a_b@example.net"]
    assert found("%") == []
    assert len(found("")) == 4


def test_the_newest_come_first_and_pages_follow_each_other() -> None:
    ids = [make_subscriber(f"reader{number}@example.org") for number in range(5)]
    first = queries.search("reader", limit=3)
    assert [each.id for each in first] == ids[:1:-1]
    assert [each.id for each in queries.search("reader", before=first[-1].id, limit=3)] == ids[1::-1]
