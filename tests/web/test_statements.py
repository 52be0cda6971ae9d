"""How many SQL statements a page takes: a fixed number, however much data there is."""

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.conftest import StatementCount
from tests.makers import NOW, make_tool, make_votes
from tests.web import rich
from tests.web.visitor import Visitor
from verdicts.catalog.models import Category, CategoryFact, Review, Reviewer, Tool, ToolFact, ToolSlug
from verdicts.comparisons.models import Comparison, ComparisonTool
from verdicts.extensions import db
from verdicts.voting.models import tally

MANY = 2_000
STATEMENTS = {
    "/compare/alpha-vs-beta": 7,
    "/compare/alpha-vs-beta-vs-gamma": 5,
    "/compare": 3,
    "/tools/alpha": 12,
    "/tools/alpha?as_of=2026-11-01": 3,
    "/compare/alpha-vs-beta?as_of=2026-11-01": 3,
    "/compare?tool=alpha": 5,
    "/compare?tool=alpha&tool=beta&more=1&q=gamma": 3,
    "/tools/alpha/alternatives": 7,
    "/tools": 9,
    "/tools?q=alpha": 7,  # the tools of each category are counted already
    "/tools?category=developer-tools&sort=newest": 8,
    "/categories/developer-tools": 9,
    "/categories/developer-tools?after=alpha": 9,  # the names of all categories are kept already
    "/categories/developer-tools?w-builder=2": 8,
    "/rankings": 12,
    "/rankings?category=developer-tools": 13,
    "/": 13,
    "/changes": 2,
    "/reviewers": 4,
    "/reviewers/builder": 8,  # the panels are kept since the list
    "/reviewers/builder?category=developer-tools": 4,  # and so is the record
    "/reviewers/builder?category=developer-tools&changed=1": 4,
    "/method": 1,
    "/privacy": 0,
    "/contact?about=/tools/alpha": 0,
    "/contact/sent": 0,
    "/tools/alpha/price-doubt": 1,
    "/tools/alpha/vote": 3,
    "/votes/mine?tool=alpha&tool=beta": 4,
    "/digest": 1,
}


def add_many() -> None:
    """Fill the database with thousands of tools of the same kind, reviewed, compared and voted on."""
    kind = db.session.scalar(sa.select(Category.id))
    reviewers = list(db.session.scalars(sa.select(Reviewer.id)))
    keys = list(db.session.scalars(sa.select(CategoryFact.key)))
    first = 1 + (db.session.scalar(sa.select(sa.func.max(Tool.id))) or 0)
    ids = range(first, first + MANY)

    def insert(model: type, rows: list[dict[str, object]]) -> None:
        db.session.execute(sa.insert(model.__table__), rows)  # type: ignore[attr-defined]

    blank = {"tagline": "", "description": "", "maker": "", "license": "", "category_id": kind, "published_at": NOW}
    key = "".join(f"+{each}" for each in reviewers[:2])
    insert(Tool, [{"id": id, "name": f"Tool {id}", "position": id, "panel_key": key, **blank} for id in ids])
    insert(ToolSlug, [{"slug": f"tool-{id}", "tool_id": id, "is_current": True, "position": 0} for id in ids])
    insert(
        Review,
        [
            {"tool_id": id, "reviewer_id": r, "verdict": "ship", "quote": "Yes.", "basis": "unstated", "position": 0}
            for id in ids
            for r in reviewers[:2]
        ],
    )
    insert(ToolFact, [{"tool_id": id, "key": keys[0], "value": "Yes", "position": 0} for id in ids])
    insert(
        Comparison,
        [
            {"id": 1000 + id, "members_key": f"1,{id}", "bottom_line": "", "featured": True, "position": id}
            for id in ids
        ],
    )
    insert(
        ComparisonTool, [{"comparison_id": 1000 + id, "tool_id": tool, "position": 0} for id in ids for tool in (1, id)]
    )
    db.session.execute(
        sa.insert(tally),
        [{"tool_id": id, "ship": 40, "skip": 20, "waiting": 0, "held": 0, "discarded": 0} for id in ids],
    )
    db.session.commit()
    if db.engine.dialect.name == "postgresql":
        db.session.execute(sa.text("ANALYZE"))  # as the server does by itself, but later
        db.session.commit()


def counted(visitor: Visitor, statements: StatementCount) -> dict[str, int]:
    """Return how many statements each page took, the cache's look at the content version aside."""
    counts = {}
    for path in STATEMENTS:
        visitor.hurried = False
        before = len(statements)
        visitor.reads(path)
        counts[path] = statements.of_pages(before)
    return counts


@pytest.fixture
def voter(app: Flask) -> Visitor:
    rich.build()
    visitor = Visitor(app)
    visitor.votes("gamma", "ship")
    return visitor


def test_every_page_takes_its_number_of_statements(voter: Visitor, statements: StatementCount) -> None:
    assert counted(voter, statements) == STATEMENTS


def test_the_numbers_are_the_same_with_thousands_of_tools(voter: Visitor, statements: StatementCount) -> None:
    add_many()
    assert counted(voter, statements) == STATEMENTS


def test_a_comparison_of_tools_that_are_kept_takes_two_statements(voter: Visitor, statements: StatementCount) -> None:
    voter.reads("/compare/alpha-vs-beta")
    before = len(statements)
    voter.reads("/compare/alpha-vs-beta?w-builder=2")
    assert statements.of_pages(before) == 2


def test_a_page_of_a_search_that_is_kept_does_not_search(voter: Visitor, statements: StatementCount) -> None:
    voter.reads("/tools?q=alpha")
    before = len(statements)
    voter.reads("/tools?q=alpha&tool=beta")
    assert statements.of_pages(before) == STATEMENTS["/tools?q=alpha"]  # one of which reads what is ticked


def test_a_page_from_the_cache_takes_none(voter: Visitor, statements: StatementCount) -> None:
    voter.hurried = True
    voter.reads("/compare/alpha-vs-beta")
    before = len(statements)
    voter.reads("/compare/alpha-vs-beta")
    assert len(statements) == before


@pytest.mark.parametrize("already", [0, 500])
def test_a_ballot_takes_a_fixed_number_of_statements(app: Flask, statements: StatementCount, already: int) -> None:
    make_votes(make_tool("busy"), ship=range(already))
    visitor = Visitor(app, "203.0.113.1")
    visitor.votes("busy", "ship", htmx=True)
    before = len(statements)
    visitor.votes("busy", "skip", htmx=True)
    assert len(statements) - before == 8
