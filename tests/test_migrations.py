"""The migrations against real databases."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pyotp
import pytest
import sqlalchemy as sa
from flask import Flask
from flask_migrate import check, downgrade, upgrade

from tests.makers import (
    NOW,
    TODAY,
    make_category,
    make_comparison,
    make_price,
    make_review,
    make_reviewer,
    make_tool,
    make_votes,
)
from tests.staff.world import make_account
from verdicts.catalog import search, search_index
from verdicts.catalog.kinds import Period, PriceModel
from verdicts.catalog.models import Category, Tool
from verdicts.catalog.search_index import Property, property_word
from verdicts.comparisons.finder import FreshPart, PanelSplit, ToolQuery, list_tools
from verdicts.curation import sample
from verdicts.extensions import begin_write, commit_or_retry, db
from verdicts.staff import audit, second_factor
from verdicts.voting.models import pair_readers, tally
from verdicts.voting.recount import recount

VERSIONS = Path(__file__).parent.parent / "migrations" / "versions"
# The first version had no place for these rows, nor for the synonyms of which some are terms.
OF_LATER_VERSIONS = {"category_pick", "spelling_key"}


def test_the_migrations_build_what_the_models_describe(app: Flask) -> None:
    assert check() is None


def test_the_migrations_run_backwards_and_forwards(app: Flask) -> None:
    downgrade(revision="base")
    upgrade()
    assert check() is None


def test_tables_that_are_made_anew_keep_their_rows_and_what_refers_to_them(app: Flask) -> None:
    category = make_category("editors", facts={"offline": "Runs offline"})
    wren, finch = make_tool("wren", category_id=category.id), make_tool("finch")
    make_review(wren, make_reviewer("builder"))
    make_price(wren, amount=Decimal(20), currency="USD")
    make_comparison(wren, finch)
    downgrade(revision="0006")
    before = rows_of_everything()
    downgrade(revision="0005")
    assert rows_of_everything() == before
    upgrade(revision="0006")
    assert rows_of_everything() == before
    upgrade()
    assert check() is None
    assert foreign_keys_are_enforced()


def test_a_database_of_before_gets_what_lists_are_sorted_by(app: Flask) -> None:
    make_review(make_tool("one", name="Ärger"), make_reviewer("builder"), "skip")
    make_price(make_tool("two", name="Bellevue"), "paid", amount=Decimal(100), currency="EUR", period=Period.YEAR)
    sorted_by = sa.text("SELECT sort_name, panel_place, price_place FROM tool ORDER BY id")
    made = db.session.execute(sorted_by).all()
    assert [row.sort_name for row in made] == ["ärger", "bellevue"]
    db.session.rollback()
    downgrade(revision="0023")
    upgrade()
    assert db.session.execute(sorted_by).all() == made


def test_a_database_of_before_gets_how_readers_of_two_popular_tools_judged_them(app: Flask) -> None:
    for slug in ("one", "two"):
        make_votes(make_tool(slug), ship=range(1_000), skip=[1_000])
    downgrade(revision="0027")
    upgrade()
    assert recount() == []
    assert [tuple(row) for row in db.session.execute(sa.select(pair_readers))] == [(1, 2, 1_000, 0, 0, 1)]


def test_counts_of_readers_are_deleted_where_one_of_two_tools_is_popular_no_more(app: Flask) -> None:
    downgrade(revision="0038")
    nothing = {"skip": 0, "waiting": 0, "held": 0, "discarded": 0}
    for slug, ship in (("one", 1_000), ("merged", 0), ("two", 1_000)):
        db.session.execute(sa.insert(tally).values(tool_id=make_tool(slug).id, ship=ship, **nothing))
    pairs = [(1, 3, 9, 0, 0, 0), (1, 2, 9, 0, 0, 0), (2, 3, 9, 0, 0, 0)]
    db.session.execute(sa.insert(pair_readers).values(pairs))
    db.session.commit()
    upgrade()
    assert [tuple(row) for row in db.session.execute(sa.select(pair_readers))] == pairs[:1]


@pytest.mark.parametrize("revision", ["0018", "0031", "0040", "0041"])
def test_a_database_of_before_gets_an_index_of_what_filters_and_searches_look_for(app: Flask, revision: str) -> None:
    models = make_category("models", facts={"open": "Open"})
    wren = make_tool("wren", category_id=models.id, license="MIT", facts={"open": "Yes"})
    make_price(wren, PriceModel.FREE, checked_on=TODAY)
    make_review(wren, make_reviewer("builder"), "skip", reviewed_on=TODAY)
    make_tool("finch", license="Own")
    downgrade(revision=revision)
    db.session.execute(sa.text("DELETE FROM tool_search"))  # what an older version wrote knew less
    db.session.commit()
    upgrade()
    db.session.rollback()
    of_wren = {"category": "models", "license": "MIT", "is_open": True, "panel": PanelSplit.ALL_SKIP}
    of_wren |= {"prices": (PriceModel.FREE,), "fresh": tuple(FreshPart), "text": "yes"}
    for name, value in of_wren.items():
        found = list_tools(ToolQuery(**{name: value}), NOW)
        assert [tool.slug for tool in found.tools] == ["wren"], name


def test_an_older_version_that_is_put_back_finds_fresh_reviews_by_their_month(app: Flask) -> None:
    wren, finch, robin = make_tool("wren"), make_tool("finch"), make_tool("robin")
    builder, skeptic = make_reviewer("builder"), make_reviewer("skeptic")
    make_review(wren, builder, reviewed_on=date(2027, 2, 1))
    make_review(wren, skeptic, reviewed_on=date(2027, 1, 31))
    make_review(finch, builder, reviewed_on=date(2027, 2, 1))
    make_review(robin, builder, reviewed_on=date(2027, 1, 31))
    make_review(robin, skeptic, reviewed_on=None)
    expected = [[wren.id], [finch.id]]
    search_index.reindex_all()
    db.session.commit()
    downgrade(revision="0041")
    words = [property_word(Property.OLDEST_REVIEW, month) for month in ("2027-1", "2027-2")]
    found = [db.session.scalars(search.first_matching("", properties=[[word]])).all() for word in words]
    assert found == expected


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_migration_waits_for_a_table_in_short_turns_and_goes_on_when_it_is_free(app: Flask) -> None:
    downgrade(revision="0028")
    engine, more_than_one_turn = db.engine, 2.5

    def hold() -> None:
        with engine.begin() as connection:
            connection.execute(sa.text("SELECT count(*) FROM tool"))
            is_held.set()
            time.sleep(more_than_one_turn)

    is_held = threading.Event()
    with ThreadPoolExecutor() as pool:
        holding = pool.submit(hold)
        assert is_held.wait(10)
        upgrade()
        holding.result()
    assert check() is None


def test_every_migration_goes_back_and_forth_with_data(app: Flask) -> None:
    begin_write()
    sample.load(NOW)
    db.session.commit()
    before = counts()
    for _ in range(len(list(VERSIONS.glob("0*.py"))) - 1):
        downgrade(revision="-1")
        upgrade(revision="+1")
        downgrade(revision="-1")
    upgrade()
    after = counts()
    assert {table for table in before if after[table] < before[table]} == OF_LATER_VERSIONS
    assert check() is None


def counts() -> dict[str, int]:
    db.session.rollback()
    # An index that is built anew is in fewer pieces.
    pieces = {"tool_search_data", "tool_search_idx"}
    tables = set(sa.inspect(db.engine).get_table_names()) - {"alembic_version", "sqlite_sequence"} - pieces
    found = {table: db.session.scalar(sa.text(f"SELECT count(*) FROM {table}")) or 0 for table in tables}  # noqa: S608
    db.session.rollback()
    return found


def rows_of_everything() -> dict[str, list[tuple[object, ...]]]:
    db.session.rollback()
    tables = set(sa.inspect(db.engine).get_table_names()) - {"alembic_version", "sqlite_sequence"}
    rows = {table: db.session.execute(sa.text(f"SELECT * FROM {table} ORDER BY 1, 2")).all() for table in tables}  # noqa: S608
    db.session.rollback()
    return {table: [tuple(row) for row in of_table] for table, of_table in rows.items()}


def foreign_keys_are_enforced() -> bool:
    if db.engine.dialect.name != "sqlite":
        return True
    return db.session.scalar(sa.text("PRAGMA foreign_keys")) == 1


def test_an_id_that_was_used_is_never_used_again(app: Flask) -> None:
    ids = {}
    for model, row in (
        (Tool, make_tool("wren")),
        (Category, make_category("editors")),
    ):
        ids[model] = row.id
        db.session.execute(sa.delete(model).where(model.id == row.id))
        db.session.commit()
    assert make_tool("finch").id > ids[Tool]
    assert make_category("video").id > ids[Category]


def test_ids_begin_after_those_that_the_trail_knows(app: Flask) -> None:
    downgrade(revision="0005")
    db.session.rollback()
    begin_write()
    audit.record("deleted", "tool", "gone", 41, now=NOW)
    db.session.commit()
    upgrade()
    assert make_tool("wren").id == (42 if db.engine.dialect.name == "sqlite" else 1)


def test_second_factors_are_encrypted_on_the_way_and_work_before_and_after(app: Flask) -> None:
    id, secret = make_account("ann"), second_factor.new_secret()
    commit_or_retry(lambda: second_factor.enable(id, secret, NOW - timedelta(hours=1)))
    downgrade(revision="0008")
    assert stored_second_factor() == secret
    upgrade()
    assert secret not in stored_second_factor()
    code = pyotp.TOTP(secret).at(NOW)
    encrypted = stored_second_factor()
    assert commit_or_retry(lambda: second_factor.consume_code(id, encrypted, code, NOW))


def stored_second_factor() -> str:
    db.session.rollback()
    secret: str = db.session.scalar(sa.text("SELECT totp_secret FROM account"))
    db.session.rollback()
    return secret
