"""Every list takes a fixed number of statements, also with thousands of tools and tens of thousands of log entries."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa
import time_machine

from tests.conftest import StatementCount
from tests.makers import NOW, make_category, make_comparison, make_review, make_reviewer, make_tool
from tests.web.admin.admin_client import AdminClient
from verdicts.catalog import search_index
from verdicts.catalog.models import PriceRecord, Review, Tool, ToolSlug
from verdicts.comparisons.models import Comparison, ComparisonTool
from verdicts.extensions import db
from verdicts.staff.models import audit_entry

TOOLS, ENTRIES = 2_000, 20_000
OF_THE_CACHE = "content_version"  # which the page cache reads once a second, whatever is asked for
IDS_AND_ROWS = 2  # statements that a list takes only where something matches
# Of more than are sorted the first are looked for, in one order after the other: see curation.worklists.
OF_MANY = {"/admin/queues/prices": 4, "/admin/queues/panels": 4}
LISTS = [
    "/admin",
    "/admin/tools",
    "/admin/tools?q=tool+9&sort=name&page=2",
    "/admin/tools?state=published&category=editors&sort=price",
    "/admin/tools/reviews",
    "/admin/tools/reviews?age=old&sort=tool&verdict=ship",
    "/admin/tools/options?tool=tool+77",
    "/admin/comparisons",
    "/admin/comparisons?words=none&q=tool",
    "/admin/categories",
    "/admin/reviewers",
    "/admin/queues/prices",
    "/admin/queues/reviews",
    "/admin/queues/panels",
    "/admin/queues/votes",
    "/admin/queues/corrections",
    "/admin/merge?keep=tool-0&drop=tool-1",
    "/admin/digest",
    "/admin/subscribers",
    "/admin/subscribers/bounced",
    "/admin/people",
    "/admin/history/tool/1",
    "/admin/trail",
    "/admin/trail?q=tool+changed",
]


@pytest.fixture(autouse=True)
def the_present() -> Iterator[None]:
    """Time stands still: a session that was seen a minute ago is written down anew."""
    with time_machine.travel(NOW, tick=False):
        yield


def small_world() -> None:
    category, reviewer = make_category("editors", facts={"offline": "Runs offline"}), make_reviewer("builder")
    tools = [make_tool(f"tool-{number}", category_id=category.id) for number in range(3)]
    for tool in tools:
        make_review(tool, reviewer, "ship", reviewed_on=NOW.date() - timedelta(days=200))
    make_comparison(*tools[:2], bottom_line="")


def large_world() -> None:
    """Put the rest in by whole tables, as one by one would take minutes."""
    first, category_id = 100, db.session.scalar(sa.select(Tool.category_id).limit(1))
    ids = range(first, first + TOOLS)
    texts = {"tagline": "", "description": "", "maker": "", "license": ""}
    tool = {"category_id": category_id, "published_at": NOW, **texts}
    put(Tool, [{"id": id, "name": f"Tool {id}", "position": id, **tool} for id in ids])
    put(ToolSlug, [{"slug": f"tool-{id}", "tool_id": id, "is_current": True, "position": 0} for id in ids])
    put(PriceRecord, [{"tool_id": id, "model": "free", "position": 0, "interval_days": 60} for id in ids])
    review = {"reviewer_id": 1, "verdict": "ship", "quote": "Q", "basis": "unstated"}
    review["reviewed_on"] = NOW.date() - timedelta(days=300)
    put(Review, [{"tool_id": id, "position": id, **review} for id in ids])
    comparison = {"bottom_line": "", "featured": False, "published_at": NOW}
    put(Comparison, [{"id": id, "members_key": f"{id},{id + 1}", "position": id, **comparison} for id in ids[:-1]])
    put(ComparisonTool, [{"comparison_id": id, "tool_id": id + n, "position": n} for id in ids[:-1] for n in (0, 1)])
    put_entries()
    search_index.reindex_all()
    db.session.commit()
    if db.engine.dialect.name == "postgresql":
        db.session.execute(sa.text("ANALYZE"))  # as the server does by itself, within a minute of so much that is new
        db.session.commit()


def put(table: object, rows: list[dict[str, object]]) -> None:
    for start in range(0, len(rows), 5000):
        db.session.execute(sa.insert(table), rows[start : start + 5000])  # type: ignore[call-overload]


def put_entries() -> None:
    """Let the database count the entries."""
    one = sa.select(sa.literal(0).label("n")).cte("numbers", recursive=True)
    numbers = one.union_all(sa.select(one.c.n + 1).where(one.c.n < ENTRIES - 1))
    name = sa.literal("tool-") + sa.cast(numbers.c.n, sa.String)
    changes = sa.literal({"tagline": ["a", "b"]}, audit_entry.c.changes.type)
    same = (sa.literal(NOW, audit_entry.c.at.type), *map(sa.literal, ("root", "changed", "tool")), changes)
    rows = sa.select(*same, name, numbers.c.n)
    columns = ["at", "actor", "action", "kind", "changes", "record", "record_id"]
    db.session.execute(sa.insert(audit_entry).from_select(columns, rows))


def counted(root: AdminClient, statements: StatementCount) -> dict[str, int]:
    found = {}
    for path in LISTS:
        before = len(statements)
        answer = root.gets(path)
        assert answer.status_code == 200, path
        found[path] = sum(OF_THE_CACHE not in statement for statement in statements.statements[before:])
    return found


def test_every_list_takes_as_many_statements_whatever_there_is(root: AdminClient, statements: StatementCount) -> None:
    small_world()
    few = counted(root, statements)
    large_world()
    many = counted(root, statements)
    more = {path: many[path] - few[path] for path in LISTS if many[path] - few[path] not in (0, IDS_AND_ROWS)}
    assert more == OF_MANY
    assert max(few.values()) <= 22
