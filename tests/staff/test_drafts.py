"""Drafts: what an account typed into a form, until it is saved, discarded, or a month old."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from tests.conftest import ON_ONE_DATABASE, StatementCount
from tests.makers import NOW
from tests.staff.world import make_account
from verdicts.extensions import commit_or_retry, db
from verdicts.staff import drafts
from verdicts.staff.drafts import MAX_AGE, MAX_DRAFTS, MAX_KEY_LENGTH, Draft, Fields
from verdicts.staff.models import form_draft

pytestmark = pytest.mark.usefixtures("app")

SECOND = timedelta(seconds=1)
EDIT, ADD = "/admin/tools/1", "/admin/tools/new?draft=abcdefgh"
FIELDS: Fields = [("name", "Wren"), ("aliases", "lark"), ("aliases", ""), ("tagline", "“Small”\r\nand quick")]
RECORD_ID = 7


@pytest.fixture
def ann() -> int:
    return make_account("ann")


def save(account_id: int, key: str = EDIT, fields: Fields = FIELDS, now: datetime = NOW) -> None:
    db.session.rollback()
    commit_or_retry(lambda: drafts.save(account_id, key, fields, now))


def close(account_id: int, key: str = ADD, fields: Fields = FIELDS, now: datetime = NOW) -> None:
    """Note that the form of a new record has become RECORD_ID."""
    db.session.rollback()
    commit_or_retry(lambda: drafts.close(account_id, key, fields, RECORD_ID, now))


def find(account_id: int, key: str = EDIT) -> Draft | None:
    db.session.rollback()
    return drafts.find(account_id, key)


def keys_of(account_id: int, key_prefix: str = "", limit: int = 2 * MAX_DRAFTS) -> list[str]:
    db.session.rollback()
    return [draft.key for draft in drafts.list_open(account_id, key_prefix, limit)]


def rows() -> int:
    db.session.rollback()
    return db.session.scalar(sa.select(sa.func.count()).select_from(form_draft)) or 0


# Saving


def test_a_draft_holds_the_fields_in_the_order_in_which_they_were_sent(ann: int) -> None:
    save(ann)
    assert find(ann) == Draft(EDIT, FIELDS, NOW)


def test_a_second_save_replaces_the_first(ann: int) -> None:
    save(ann)
    save(ann, fields=[("name", "Lark")], now=NOW + SECOND)
    assert (find(ann), rows()) == (Draft(EDIT, [("name", "Lark")], NOW + SECOND), 1)


def test_each_form_of_each_account_has_a_draft_of_its_own(ann: int) -> None:
    bob = make_account("bob")
    save(ann, EDIT, [("name", "Ann’s")])
    save(ann, ADD, [("name", "Another")])
    save(bob, EDIT, [("name", "Bob’s")])
    stored = [find(account, key) for account, key in ((ann, EDIT), (ann, ADD), (bob, EDIT), (bob, ADD))]
    assert [draft and draft.name for draft in stored] == ["Ann’s", "Another", "Bob’s", None]


def test_a_key_that_is_too_long_is_cut_and_found_all_the_same(ann: int) -> None:
    key = "/" + "x" * MAX_KEY_LENGTH
    save(ann, key)
    draft = find(ann, key)
    assert draft
    assert draft.key == key[:MAX_KEY_LENGTH]


def test_a_deleted_draft_is_gone_and_the_others_stay(ann: int) -> None:
    bob = make_account("bob")
    for account, key in ((ann, EDIT), (ann, ADD), (bob, EDIT)):
        save(account, key)
    commit_or_retry(lambda: drafts.delete(ann, EDIT))
    assert (keys_of(ann), keys_of(bob)) == ([ADD], [EDIT])


# Forms of new records that have become one


def test_a_closed_form_has_no_draft_and_is_known_by_its_record(ann: int) -> None:
    save(ann, ADD)
    close(ann)
    assert (find(ann, ADD), keys_of(ann)) == (None, [])
    assert drafts.find_record_id(ann, ADD) == RECORD_ID


@ON_ONE_DATABASE
def test_with_fields_a_closed_form_is_known_only_where_it_is_sent_with_the_same(ann: int) -> None:
    close(ann)
    assert drafts.find_record_id(ann, ADD, FIELDS) == RECORD_ID
    assert drafts.find_record_id(ann, ADD, tuple(FIELDS)) == RECORD_ID
    for others in ([("name", "Lark"), *FIELDS[1:]], FIELDS[:-1], FIELDS[::-1], []):
        assert drafts.find_record_id(ann, ADD, others) is None


@ON_ONE_DATABASE
def test_a_form_that_is_open_or_that_nobody_sent_has_become_no_record(ann: int) -> None:
    save(ann, ADD)
    close(make_account("bob"), EDIT)
    assert [drafts.find_record_id(ann, key, fields) for key in (ADD, EDIT) for fields in (None, FIELDS)] == [None] * 4


def test_a_draft_that_arrives_after_the_save_does_not_open_the_form_again(ann: int) -> None:
    close(ann)
    save(ann, ADD, [("name", "Wre")], NOW + SECOND)
    assert (find(ann, ADD), drafts.find_record_id(ann, ADD, FIELDS)) == (None, RECORD_ID)


# Lists


def test_drafts_are_listed_newest_first(ann: int) -> None:
    for seconds, key in ((2, "/b"), (3, "/c"), (1, "/a")):
        save(ann, key, now=NOW + seconds * SECOND)
    assert keys_of(ann) == ["/c", "/b", "/a"]
    assert keys_of(ann, limit=2) == ["/c", "/b"]


def test_drafts_of_one_moment_are_listed_by_their_key(ann: int) -> None:
    for key in ("/b", "/a"):
        save(ann, key)
    assert keys_of(ann) == ["/a", "/b"]


def test_a_prefix_is_taken_as_it_is_written(ann: int) -> None:
    for key in (
        "/admin/tools/new?draft=one",
        "/admin/tools/new_draft",
        "/admin/tools/1",
        "/admin/reviewers/new?draft=x",
    ):
        save(ann, key)
    assert keys_of(ann, "/admin/tools/new?") == ["/admin/tools/new?draft=one"]
    assert keys_of(ann, "/admin/tools/new_") == ["/admin/tools/new_draft"]
    assert keys_of(ann, "%") == []


def test_each_question_takes_one_statement(ann: int, statements: StatementCount) -> None:
    save(ann)
    for ask in (
        lambda: drafts.find(ann, EDIT),
        lambda: drafts.list_open(ann),
        lambda: drafts.find_record_id(ann, ADD, FIELDS),
    ):
        before = len(statements)
        ask()
        assert len(statements) == before + 1


# Names


@ON_ONE_DATABASE
@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ([("tagline", "Small."), ("name", " Wren ")], "Wren"),
        ([("tools-0", "wren"), ("tools-1", "finch"), ("tools-2", "")], "wren vs finch"),
        ([("name", " "), ("tools-0", "wren")], "wren"),
        ([("quote", "Quick.")], ""),
        ([], ""),
    ],
)
def test_a_draft_is_named_after_its_record_or_the_tools_it_compares(fields: Fields, name: str) -> None:
    assert Draft(EDIT, fields, NOW).name == name


# What is deleted


def test_of_more_drafts_than_one_account_may_have_the_oldest_are_deleted(
    ann: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drafts, "MAX_DRAFTS", 3)
    bob = make_account("bob")
    save(bob, "/bobs", now=NOW - SECOND)
    for number in range(4):
        save(ann, f"/{number}", now=NOW + number * SECOND)
    assert (keys_of(ann), keys_of(bob)) == (["/3", "/2", "/1"], ["/bobs"])


def test_drafts_and_closed_forms_are_counted_each_by_themselves(ann: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drafts, "MAX_DRAFTS", 2)
    save(ann, "/draft", now=NOW - SECOND)
    for number in range(3):
        close(ann, f"/new?draft={number}", now=NOW + number * SECOND)
    assert keys_of(ann) == ["/draft"]
    assert [drafts.find_record_id(ann, f"/new?draft={number}") for number in range(3)] == [None, RECORD_ID, RECORD_ID]


def test_drafts_and_closed_forms_are_deleted_once_they_have_not_changed_for_a_month(ann: int) -> None:
    for key, age in (("/month", MAX_AGE), ("/older", MAX_AGE + SECOND)):
        save(ann, key, now=NOW - age)
    close(ann, "/closed", now=NOW - MAX_AGE - SECOND)
    assert commit_or_retry(lambda: drafts.delete_old(NOW)) == 2
    assert (keys_of(ann), rows()) == (["/month"], 1)
