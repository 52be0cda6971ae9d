"""The worklists: what they show, what their buttons do, and what the activity log says of it."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.conftest import ON_ONE_DATABASE, StatementCount, first_on_both
from tests.feedback import world as feedback
from tests.feedback.world import doubt, messages, networks, write
from tests.makers import NOW, TODAY, make_price, make_tool
from tests.voting.world import SHIP, SKIP, crowd, figures, ledger, names, release_all_due
from tests.web.admin.admin_client import AdminClient, latest_entry
from tests.web.visitor import Visitor, read_html, words_of
from verdicts.catalog.content_version import content_version
from verdicts.catalog.kinds import Verdict
from verdicts.catalog.models import PriceRecord, Tool
from verdicts.catalog.prices import FIRST_INTERVAL_DAYS
from verdicts.comparisons import finder
from verdicts.comparisons.finder import FreshPart, ToolQuery
from verdicts.extensions import db
from verdicts.feedback.models import CorrectionState
from verdicts.staff import audit
from verdicts.voting import waiting
from verdicts.voting.tallying import Figures

WORKLISTS = "/admin/queues"
PRICES, VOTES, MESSAGES = f"{WORKLISTS}/prices", f"{WORKLISTS}/votes", f"{WORKLISTS}/corrections"
STALE = TODAY - timedelta(days=70)
NETWORK = "a1" * 32
SOURCE = "https://alpha.example/pricing"
AFTER_A_DAY = NOW + waiting.WAITING_TIME


def priced(slug: str = "alpha", **fields: Any) -> tuple[int, int]:
    """Make a tool with a price that is due; return the ids of both."""
    tool = make_tool(slug)
    price = make_price(
        tool, **{"model": "paid", "amount": 9, "currency": "USD", "checked_on": STALE, "source": SOURCE} | fields
    )
    ids = tool.id, price.id
    db.session.rollback()
    return ids


def held(slug: str = "alpha", network: str = NETWORK, verdict: Verdict = SHIP) -> int:
    """Make a tool eleven of whose twelve ballots are held; return its id."""
    id = make_tool(slug).id
    db.session.rollback()
    crowd(id, names(slug, 12), verdict, network=network, allowance=1)
    release_all_due(AFTER_A_DAY)
    return id


def words(html: str) -> str:
    return words_of(read_html(html)[0])


# The index


def test_the_index_shows_the_count_of_each_worklist(ann: AdminClient) -> None:
    assert words(ann.gets(WORKLISTS).text).count("Nothing to do") == 7
    priced("alpha")
    priced("beta")
    held("gamma")
    write()
    page = words(ann.gets(WORKLISTS).text)
    assert all(part in page for part in ("3 prices", "1 group", "1 open message"))


@pytest.mark.parametrize("path", [PRICES, VOTES, MESSAGES])
@ON_ONE_DATABASE
def test_an_empty_worklist_says_so(ann: AdminClient, path: str) -> None:
    page = ann.gets(path)
    assert page.status_code == 200
    assert any(part in words(page.text) for part in ("No prices to check.", "No held votes.", "No open messages."))


@pytest.mark.parametrize("path", [PRICES, VOTES, MESSAGES])
@ON_ONE_DATABASE
def test_a_page_behind_the_end_shows_the_first_and_nonsense_is_refused(ann: AdminClient, path: str) -> None:
    assert ann.gets(f"{path}?page=7").status_code == 200
    for nonsense in ("0", "-1", "x", "99999999999999999999"):
        assert ann.gets(f"{path}?page={nonsense}").status_code == 400


def test_pages_take_the_same_number_of_statements_however_long_a_worklist_is(
    ann: AdminClient, statements: StatementCount
) -> None:
    def taken() -> list[int]:
        found = []
        for path in (WORKLISTS, PRICES, VOTES, MESSAGES):
            before = len(statements)
            assert ann.gets(path).status_code == 200
            sent = statements.statements[before:]
            found.append(sum("content_version" not in statement for statement in sent))
        return found

    priced("first")
    held("second")
    write()
    few = taken()
    for number in range(30):
        priced(f"price-{number}")
        write(f"Message number {number}.")
    for number in range(3):
        held(f"crowd-{number}")
    assert taken() == few


# Prices


def test_a_due_price_is_listed_with_all_it_takes_to_look_it_up(ann: AdminClient) -> None:
    tool, _ = priced(source="https://alpha.example/pricing", interval_days=60)
    doubt(tool, "n1")
    doubt(tool, "n2")
    page = ann.gets(PRICES).text
    for part in (
        "1 price to check",
        "$9",
        "Doubted by 2 readers.",
        "Unverified since",
        "Check every 60 days",
        "0 votes",
    ):
        assert part in words(page)
    assert 'href="https://alpha.example/pricing"' in page
    assert f'href="/admin/tools/{tool}/price"' in page


def test_confirming_a_price_saves_todays_check_doubles_the_interval_and_answers_the_doubts(ann: AdminClient) -> None:
    tool, price = priced()
    doubt(tool)
    version = content_version()
    answer = ann.posts(f"{PRICES}/{tool}/same", price=str(price))
    assert answer.headers["Location"] == f"{PRICES}?done=same"
    assert "Price confirmed." in words(ann.gets(answer.headers["Location"]).text)
    db.session.rollback()
    kept = db.session.get_one(PriceRecord, price)
    assert (kept.checked_on, kept.interval_days) == (TODAY, 120)
    assert networks() == []
    assert content_version() == version + 1


def test_a_confirmed_price_is_logged_with_its_changes(ann: AdminClient) -> None:
    tool, price = priced()
    doubt(tool)
    ann.posts(f"{PRICES}/{tool}/same", price=str(price))
    entry = latest_entry()
    assert (entry.actor, entry.action, entry.kind, entry.record) == ("ann", "confirmed", "price", "alpha")
    assert entry.changes == {
        "checked_on": [STALE.isoformat(), TODAY.isoformat()],
        "interval_days": [60, 120],
        "doubts": [1, 0],
    }


def test_a_check_is_in_the_history_of_the_price(ann: AdminClient) -> None:
    tool, price = priced()
    ann.posts(f"{PRICES}/{tool}/same", price=str(price))
    assert "ann confirmed alpha" in words(ann.gets(f"/admin/history/price/{tool}").text)


@pytest.mark.parametrize("before", ["paid", "unknown"])
def test_saving_another_price_answers_the_doubts_and_begins_with_the_first_interval(
    ann: AdminClient, before: str
) -> None:
    tool, _ = priced(model=before, interval_days=240)
    doubt(tool)
    page = ann.gets(f"/admin/tools/{tool}/price").text
    version = next(each.get("value", "") for each in read_html(page)[0].iter("input") if each.get("name") == "version")
    form = {"model": "paid", "amount": "12", "currency": "USD", "period": "month", "checked_on": TODAY.isoformat()}
    ann.posts(f"/admin/tools/{tool}/price", version=version, reason="It rose.", **form)
    db.session.rollback()
    kept = db.session.scalars(sa.select(PriceRecord).where(PriceRecord.until.is_(None))).one()
    assert (kept.amount, kept.interval_days) == (12, 60)
    assert networks() == []
    assert "No prices to check." in words(ann.gets(PRICES).text)


@ON_ONE_DATABASE
def test_readers_see_the_new_check_at_once(app: Flask, ann: AdminClient) -> None:
    tool, price = priced()
    reader = Visitor(app)
    assert "Unverified since 13 Sep 2026" in reader.reads("/tools/alpha").words
    ann.posts(f"{PRICES}/{tool}/same", price=str(price))
    assert "Checked 22 Nov 2026" in reader.reads("/tools/alpha").words


@ON_ONE_DATABASE
def test_htmx_gets_the_list_without_that_price_and_says_how_long_the_check_holds(ann: AdminClient) -> None:
    tool, price = priced()
    priced("beta")
    answer = ann.posts(f"{PRICES}/{tool}/same", htmx=True, price=str(price))
    (root,) = list(read_html(answer.text)[0])
    assert root.get("id") == "price-list"
    assert "Alpha: price confirmed. The next check is due in 120 days." in words(answer.text)
    assert f'id="price-{tool}"' not in answer.text
    assert "1 price to check" in words(answer.text)


@ON_ONE_DATABASE
def test_the_answer_leads_to_the_page_of_the_list_it_came_from(ann: AdminClient) -> None:
    for number in range(27):
        tool, price = priced(f"tool-{number}")
    answer = ann.posts(f"{PRICES}/{tool}/same", price=str(price), page="2")
    assert answer.headers["Location"] == f"{PRICES}?done=same&page=2"
    assert "2 of 2" in words(ann.gets(answer.headers["Location"]).text)


@pytest.mark.parametrize("htmx", [False, True], ids=["page", "fragment"])
def test_a_price_that_was_changed_meanwhile_is_not_confirmed(ann: AdminClient, htmx: bool) -> None:
    tool, price = priced(until=TODAY)
    make_price(db.session.get_one(Tool, tool), "paid", amount=12, checked_on=STALE)
    entry = latest_entry()
    answer = ann.posts(f"{PRICES}/{tool}/same", htmx=htmx, price=str(price))
    assert answer.status_code == 409
    assert "Someone has changed this price since you opened the page." in words(answer.text)
    assert latest_entry() == entry


@pytest.mark.parametrize(("path", "price", "status"), [(99, "1", 404), (2**40, "1", 404), (1, "", 400), (1, "x", 400)])
@ON_ONE_DATABASE
def test_what_no_page_of_ours_sends_is_refused(ann: AdminClient, path: int, price: str, status: int) -> None:
    assert priced()[0] == 1
    assert ann.posts(f"{PRICES}/{path}/same", price=price).status_code == status


UNFOUND = {
    "unknown": {"model": "unknown", "amount": None, "currency": None, "source": None},
    "unsourced": {"source": None},
}


@pytest.mark.parametrize("fields", UNFOUND.values(), ids=UNFOUND)
@pytest.mark.parametrize("htmx", [False, True], ids=["page", "fragment"])
@ON_ONE_DATABASE
def test_a_price_that_no_page_shows_is_not_certified(ann: AdminClient, fields: dict[str, Any], htmx: bool) -> None:
    tool, price = priced(**fields)
    before = latest_entry()
    answer = ann.posts(f"{PRICES}/{tool}/same", htmx=htmx, price=str(price))
    assert answer.status_code == 422
    assert "No page that shows this price is known." in words(answer.text)
    db.session.rollback()
    assert db.session.get_one(PriceRecord, price).checked_on == STALE
    assert latest_entry() == before


def test_a_source_that_is_given_is_stored_with_the_check(ann: AdminClient) -> None:
    tool, price = priced(source=None)
    assert 'name="source"' in ann.gets(PRICES).text
    assert ann.posts(f"{PRICES}/{tool}/same", price=str(price), source="ftp://x").status_code == 422
    ann.posts(f"{PRICES}/{tool}/same", price=str(price), source=SOURCE)
    db.session.rollback()
    stored = db.session.get_one(PriceRecord, price)
    assert (stored.source, stored.checked_on) == (SOURCE, TODAY)


@first_on_both("fields", [None, *UNFOUND.values()], ids=["none", *UNFOUND])
def test_looked_and_found_none_verifies_nothing_and_is_due_again_later(
    ann: AdminClient, fields: dict[str, Any] | None
) -> None:
    tool, price = priced(**fields, checked_on=None) if fields else (make_tool("alpha").id, None)
    db.session.rollback()
    assert "Looked, found none" in words(ann.gets(PRICES).text)
    answer = ann.posts(f"{PRICES}/{tool}/none", **({"price": str(price)} if price else {}))
    assert answer.headers["Location"] == f"{PRICES}?done=none"
    assert "No prices to check." in words(ann.gets(answer.headers["Location"]).text)
    db.session.rollback()
    stored = db.session.scalars(sa.select(PriceRecord)).one()
    assert (stored.checked_on, stored.looked_on) == (None, TODAY)
    assert latest_entry().action == "found no source for"


@pytest.mark.parametrize("path", ["same", "none"])
def test_a_check_is_undone_from_the_history_of_the_price(ann: AdminClient, path: str) -> None:
    tool, price = priced(source=None)
    doubt(tool)
    ann.posts(f"{PRICES}/{tool}/{path}", price=str(price), source=SOURCE)
    page = ann.gets(f"/admin/history/price/{tool}").text
    assert "Undo this check" in page
    entry = str(latest_entry().id)
    answer = ann.posts(f"/admin/history/price/{tool}/undo", entry=entry)
    assert "The check is undone." in words(ann.gets(answer.headers["Location"]).text)
    db.session.rollback()
    stored = db.session.get_one(PriceRecord, price)
    assert (stored.checked_on, stored.interval_days, stored.source, stored.looked_on) == (STALE, 60, None, None)
    assert len(networks()) == 1
    assert ann.posts(f"/admin/history/price/{tool}/undo", entry=entry).status_code == 409


@ON_ONE_DATABASE
def test_the_directory_knows_at_once_whether_a_price_was_checked_lately(ann: AdminClient) -> None:
    def fresh() -> list[str]:
        db.session.rollback()
        found = finder.list_tools(ToolQuery(text="alpha", fresh=(FreshPart.PRICE,)), NOW)
        return [each.slug for each in found.tools]

    tool, price = priced()
    assert fresh() == []
    ann.posts(f"{PRICES}/{tool}/same", price=str(price))
    assert fresh() == ["alpha"]
    ann.posts(f"/admin/history/price/{tool}/undo", entry=str(latest_entry().id))
    assert fresh() == []


def test_undoing_a_check_leaves_the_price_alone_that_came_after_it(ann: AdminClient) -> None:
    tool, price = priced(source=None, checked_on=None, interval_days=FIRST_INTERVAL_DAYS)
    ann.posts(f"{PRICES}/{tool}/same", price=str(price), source=SOURCE)
    entry = str(latest_entry().id)
    ann.fills(f"/admin/tools/{tool}/price", amount="35", reason="Up.")
    assert ann.posts(f"/admin/history/price/{tool}/undo", entry=entry).status_code == 409
    db.session.rollback()
    current = db.session.scalars(sa.select(PriceRecord).where(PriceRecord.until.is_(None))).one()
    assert (current.amount, current.source, current.checked_on) == (35, SOURCE, TODAY)


# Votes


def test_a_held_group_is_listed_in_numbers_and_without_a_hash_in_words(ann: AdminClient) -> None:
    held()
    page = ann.gets(VOTES).text
    assert "11 votes: 11 SHIP, 0 SKIP" in words(page)
    assert NETWORK not in words(page)


@pytest.mark.parametrize(
    ("decision", "action", "after"),
    [("counted", "counted", Figures(ship=12)), ("discarded", "rejected", Figures(ship=1, discarded=11))],
)
def test_a_group_is_decided_with_a_reason(ann: AdminClient, decision: str, action: str, after: Figures) -> None:
    tool = held()
    form = {"tool": str(tool), "network": NETWORK, "decision": decision, "reason": "A lecture hall."}
    answer = ann.posts(VOTES, **form)
    assert answer.headers["Location"] == f"{VOTES}?done=votes"
    assert "Decision saved." in words(ann.gets(answer.headers["Location"]).text)
    assert figures(tool) == after
    assert ledger(tool)[-1].reason == "A lecture hall."
    entry = latest_entry()
    assert (entry.actor, entry.action, entry.kind, entry.record) == ("ann", action, "votes", "alpha")
    assert entry.changes == {"votes": ["11 held", f"11 {decision}"], "reason": [None, "A lecture hall."]}


@ON_ONE_DATABASE
def test_without_a_reason_nothing_is_decided_and_only_that_group_is_open(ann: AdminClient) -> None:
    tool = held()
    held("beta", "b2" * 32, SKIP)
    answer = ann.posts(VOTES, tool=str(tool), network=NETWORK, decision="counted", reason=" ")
    assert answer.status_code == 422
    assert "Not decided yet: 1 thing to fix" in words(answer.text)
    assert answer.text.count('id="reason"') == answer.text.count('<details class="more" open>') == 1
    assert 'aria-describedby="reason-help reason-fault"' in answer.text
    assert figures(tool) == Figures(ship=1, waiting=11, held=11)


@ON_ONE_DATABASE
def test_a_reason_that_holds_no_address_of_anybody_is_asked_for(ann: AdminClient) -> None:
    tool, reason = held(), "Agreed with ann@elsewhere.example."
    answer = ann.posts(VOTES, tool=str(tool), network=NETWORK, decision="counted", reason=reason)
    assert (answer.status_code, "Remove the email address" in answer.text, reason in answer.text) == (422, True, True)
    assert "elsewhere" not in str(audit.search())
    assert not any(line.reason for line in ledger(tool))


@ON_ONE_DATABASE
def test_a_reason_that_changes_the_direction_of_text_is_refused(ann: AdminClient) -> None:
    tool = held()
    answer = ann.posts(VOTES, tool=str(tool), network=NETWORK, decision="counted", reason="A \u2067lecture hall.")
    assert (answer.status_code, "U+2067, which changes the direction" in answer.text) == (422, True)
    assert not any(line.reason for line in ledger(tool))


@ON_ONE_DATABASE
def test_a_reason_that_is_too_long_is_shown_again(ann: AdminClient) -> None:
    tool, reason = held(), "because " * 70
    answer = ann.posts(VOTES, tool=str(tool), network=NETWORK, decision="counted", reason=reason)
    assert answer.status_code == 422
    assert reason in answer.text


def test_a_group_that_is_no_longer_held_is_not_decided_again(ann: AdminClient) -> None:
    tool = held()
    form = {"tool": str(tool), "network": NETWORK, "reason": "A lecture hall."}
    ann.posts(VOTES, decision="counted", **form)
    entry = latest_entry()
    answer = ann.posts(VOTES, decision="discarded", **form)
    assert answer.status_code == 409
    assert "no longer held" in words(answer.text)
    assert figures(tool) == Figures(ship=12)
    assert latest_entry() == entry


def test_groups_whose_network_was_deleted_are_decided_too(ann: AdminClient) -> None:
    tool = held()
    db.session.execute(sa.text("UPDATE vote SET network = NULL"))
    db.session.commit()
    assert "The record of their networks was deleted." in words(ann.gets(VOTES).text)
    ann.posts(VOTES, tool=str(tool), network="", decision="counted", reason="A lecture hall.")
    assert figures(tool) == Figures(ship=12)


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"tool": "x"}, 400),
        ({"tool": "99"}, 404),
        ({"tool": str(2**40)}, 400),
        ({"network": "n1"}, 400),
        ({"decision": "held"}, 400),
        ({"decision": "ship"}, 400),
    ],
)
@ON_ONE_DATABASE
def test_a_form_that_no_page_of_ours_sends_decides_nothing(
    ann: AdminClient, changes: dict[str, str], status: int
) -> None:
    tool = held()
    form = {"tool": str(tool), "network": NETWORK, "decision": "counted", "reason": "A hall."} | changes
    assert ann.posts(VOTES, **form).status_code == status
    assert figures(tool) == Figures(ship=1, waiting=11, held=11)


# Messages


@ON_ONE_DATABASE
def test_a_message_is_shown_as_the_text_it_is(ann: AdminClient) -> None:
    write(
        "<b>Wrong</b>: it costs $12.",
        page="/tools/alpha",
        source="https://alpha.example/",
        email="reader@example.org",
    )
    page = ann.gets(MESSAGES).text
    assert "<b>Wrong</b>: it costs $12." in words(page)
    for address in ("/tools/alpha", "https://alpha.example/", "mailto:reader@example.org"):
        assert f'href="{address}"' in page


@ON_ONE_DATABASE
def test_an_address_cannot_tell_a_mail_program_whom_to_copy(ann: AdminClient) -> None:
    write(email="ann?bcc=bob@example.org")
    assert 'href="mailto:ann%3Fbcc%3Dbob@example.org"' in ann.gets(MESSAGES).text


@pytest.mark.parametrize("state", [CorrectionState.DONE, CorrectionState.DECLINED])
def test_a_message_is_resolved_with_its_outcome(ann: AdminClient, state: CorrectionState) -> None:
    id = write(page="/tools/alpha", email="reader@example.org")
    answer = ann.posts(f"{MESSAGES}/{id}", state=state, outcome="Looked up.")
    page = words(ann.gets(answer.headers["Location"]).text)
    assert "Message resolved." in page
    assert f"{state.capitalize()} by ann, 22 Nov 2026: Looked up." in page.replace("\xa0", " ")
    (kept,) = messages()
    assert (kept.state, kept.outcome, kept.decided_by) == (state, "Looked up.", "ann")


def test_the_activity_log_says_that_a_message_was_resolved_and_not_who_sent_it(ann: AdminClient) -> None:
    id = write("Ann Other says so.", page="/tools/alpha", email="reader@example.org")
    ann.posts(f"{MESSAGES}/{id}", state="done", outcome="Looked up.")
    entry = latest_entry()
    assert (entry.action, entry.kind, entry.record) == ("resolved", "correction", f"message {id}")
    assert entry.changes == {"state": ["open", "done"], "outcome": [None, "Looked up."]}
    assert "reader@example.org" not in str(audit.search())


@pytest.mark.parametrize(
    ("outcome", "says"),
    [
        ("", "Describe the outcome in a few words."),
        ("Told Reader@Example.org.", "Remove the email address"),
        ("Told ann@elsewhere.example", "Remove the email address"),
        ("Told\u202e them", "U+202E, which changes the direction of text"),
        ("Told\x07 them", "Enter one line"),
    ],
)
@ON_ONE_DATABASE
def test_a_note_that_cannot_be_stored_is_refused_beside_its_field(ann: AdminClient, outcome: str, says: str) -> None:
    write("Another message.")
    id = write(email="reader@example.org")
    answer = ann.posts(f"{MESSAGES}/{id}", state="done", outcome=outcome)
    assert answer.status_code == 422
    assert says in words(answer.text)
    assert answer.text.count('id="outcome"') == answer.text.count('<details class="more" open>') == 1
    assert f'value="{outcome}"' in answer.text
    assert all(each.is_open for each in messages())


def test_a_message_is_resolved_once(ann: AdminClient) -> None:
    id = write()
    feedback.resolve(id, CorrectionState.DECLINED)
    answer = ann.posts(f"{MESSAGES}/{id}", state="done", outcome="Looked up.")
    assert answer.status_code == 409
    assert "Someone else has resolved this message." in words(answer.text)
    assert messages()[0].state is CorrectionState.DECLINED


@pytest.mark.parametrize("state", ["open", "", "deleted"])
@ON_ONE_DATABASE
def test_a_message_is_done_or_declined_and_nothing_else(ann: AdminClient, state: str) -> None:
    id = write()
    assert ann.posts(f"{MESSAGES}/{id}", state=state, outcome="Looked up.").status_code == 400
    assert messages()[0].is_open


def test_a_price_that_is_not_recorded_can_be_added_and_not_confirmed(ann: AdminClient) -> None:
    tool = make_tool("wren")
    page = ann.gets(PRICES).text
    assert "No price recorded." in page
    assert "Add price" in page
    assert f"/admin/queues/prices/{tool.id}/same" not in page
