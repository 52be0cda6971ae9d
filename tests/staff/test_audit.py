"""The audit log: what an entry holds, how entries are found, and that they stay."""

from dataclasses import dataclass, field
from typing import Any

import pytest
import sqlalchemy as sa

from tests.conftest import StatementCount
from tests.makers import NOW
from tests.staff.world import make_account
from verdicts.extensions import begin_write, commit_or_retry, db
from verdicts.staff import audit
from verdicts.staff.models import audit_entry

pytestmark = pytest.mark.usefixtures("app")


@dataclass(frozen=True)
class Change:
    slug: str
    id: int
    action: str = "edited"
    kind: str = "tool"
    changes: dict[str, tuple[Any, Any]] = field(default_factory=dict)


def record(action: str = "edited", kind: str = "tool", name: str = "wren", id: int | None = 1, **more: Any) -> None:
    commit_or_retry(lambda: audit.record(action, kind, name, id, now=NOW, **more))


def names(entries: list[audit.LogEntry]) -> list[str]:
    db.session.rollback()
    return [entry.record for entry in entries]


# Writing


def test_an_entry_says_who_did_what_to_which_record_and_the_difference() -> None:
    ann = make_account("ann")
    record("edited", "tool", "wren", 7, actor=(ann, "ann"), tagline=("Old", "New"), price=(None, {"amount": "9"}))
    (entry,) = audit.search()
    assert (entry.at, entry.actor, entry.action, entry.kind) == (NOW, "ann", "edited", "tool")
    assert (entry.record, entry.record_id) == ("wren", 7)
    assert entry.changes == {"tagline": ["Old", "New"], "price": [None, {"amount": "9"}]}


def test_where_nobody_is_logged_in_it_was_the_command_line() -> None:
    record()
    assert audit.search()[0].actor == audit.COMMAND_LINE


def test_an_entry_is_written_in_the_transaction_of_what_it_is_about() -> None:
    begin_write()
    audit.record("edited", "tool", "wren", now=NOW)
    db.session.rollback()
    assert audit.search() == []


def test_a_very_long_name_is_cut() -> None:
    record(name="x" * 1000)
    assert names(audit.search()) == ["x" * 200]


def test_many_records_get_an_entry_each_in_one_statement(statements: StatementCount) -> None:
    changes = [Change("wren", 1, changes={"name": ("Wren", "Wren 2")}), Change("finch", 2, "added")]
    before = len(statements)
    commit_or_retry(lambda: audit.record_all(changes, now=NOW))
    assert len(statements) - before == 1
    finch, wren = audit.search()
    assert (finch.record, finch.record_id, finch.action, finch.changes) == ("finch", 2, "added", {})
    assert (wren.record, wren.record_id, wren.changes) == ("wren", 1, {"name": ["Wren", "Wren 2"]})


def test_no_change_is_no_entry() -> None:
    commit_or_retry(lambda: audit.record_all([], now=NOW))
    assert audit.search() == []


@pytest.mark.parametrize(
    "statement", [sa.update(audit_entry).values(actor="nobody"), sa.delete(audit_entry)], ids=["change", "delete"]
)
def test_the_database_refuses_to_rewrite_the_log(statement: sa.Executable) -> None:
    record()
    begin_write()
    with pytest.raises(sa.exc.DBAPIError, match="the audit trail only grows"):
        db.session.execute(statement)
    db.session.rollback()
    assert audit.search()[0].actor == audit.COMMAND_LINE


# Reading


def test_a_search_takes_all_words_wherever_they_stand_and_in_any_case() -> None:
    record("edited", "tool", "wren")
    record("edited", "reviewer", "builder")
    record("archived", "tool", "finch")
    assert names(audit.search()) == ["finch", "builder", "wren"]
    assert names(audit.search("EDITED")) == ["builder", "wren"]
    assert names(audit.search("tool wren")) == ["wren"]
    assert names(audit.search(audit.COMMAND_LINE)) == ["finch", "builder", "wren"]
    assert audit.search("edited nothing") == []


@pytest.mark.parametrize("words", ["100%", "w_en", "\\"])
def test_a_search_takes_its_words_literally(words: str) -> None:
    record(name="wren")
    assert audit.search(words) == []


def test_a_search_goes_on_page_by_page_in_one_statement_each(statements: StatementCount) -> None:
    for number in range(5):
        record(name=f"tool-{number}")
    before = len(statements)
    first = audit.search("tool-", limit=3)
    second = audit.search("tool-", before=first[-1].id, limit=3)
    assert len(statements) - before == 2
    assert names(first) + names(second) == [f"tool-{number}" for number in range(4, -1, -1)]


def test_a_search_may_be_about_some_kinds_and_what_one_account_did_itself() -> None:
    ann, bob = make_account("ann"), make_account("bob")
    for kind in ("tool", "reviewer", "account", "subscriber"):
        record("touched", kind, f"the-{kind}")
    record("logged in", "account", "ann", ann, actor=(ann, "ann"))
    record("logged in", "account", "bob", bob, actor=(bob, "bob"))
    kinds = ("tool", "reviewer")
    assert names(audit.search(kinds=kinds, account_id=ann)) == ["ann", "the-reviewer", "the-tool"]
    assert names(audit.search("touched", kinds=kinds, account_id=ann)) == ["the-reviewer", "the-tool"]
    assert len(audit.search()) == 6


def test_the_history_of_a_record_has_its_own_entries_newest_first() -> None:
    record("added", "tool", "wren", 1)
    record("edited", "reviewer", "wren", 1)
    record("edited", "tool", "finch", 2)
    record("edited", "tool", "renamed", 1)
    history = audit.history("tool", 1)
    assert [(entry.action, entry.record) for entry in history] == [("edited", "renamed"), ("added", "wren")]
    assert names(audit.history("tool", 1, before=history[0].id)) == ["wren"]
    assert names(audit.history("tool", 1, limit=1)) == ["renamed"]


def test_an_entry_is_found_by_its_id() -> None:
    record()
    (entry,) = audit.search()
    assert audit.find(entry.id) == entry
    assert audit.find(entry.id + 1) is None


@pytest.mark.parametrize(("action", "is_removal"), [("deleted", True), ("merged away", True), ("archived", False)])
def test_a_removal_differs_from_other_entries(action: str, is_removal: bool) -> None:
    record(action)
    assert audit.search()[0].is_removal is is_removal


def test_the_values_before_an_entry_are_those_that_changed_then_or_since() -> None:
    record(tagline=("a", "b"))
    record(tagline=("b", "c"), links=(1, 2))
    record(id=2, tagline=("of another tool", "x"))
    record(links=(2, 3), maker=(None, "Lark"))
    oldest, middle, _other, newest = reversed(audit.search())
    assert audit.values_before(oldest) == {"tagline": "a", "links": 1, "maker": None}
    assert audit.values_before(middle) == {"tagline": "b", "links": 1, "maker": None}
    assert audit.values_before(newest) == {"links": 2, "maker": None}
