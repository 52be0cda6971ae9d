"""A changed verdict or price needs its reason in the file; and what a dry run says of it."""

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.conftest import ON_ONE_DATABASE
from tests.curation.files import Json, a_file, a_review, a_tool, faults_of, imported
from tests.makers import NOW
from verdicts.catalog.models import PriceRecord, ReviewRevision, Tool
from verdicts.comparisons.models import Comparison
from verdicts.curation.transfer.exporting import export
from verdicts.extensions import db

PAID = {"model": "paid", "amount": "20.00", "currency": "USD", "period": "month"}
DEARER = {**PAID, "amount": "25.00"}
SHIP = {"verdict": "ship", "quote": "It works.", "until": "2026-11-01"}


def stored(**keys: object) -> Json:
    return a_file(a_tool("aider", price=PAID, reviews=[a_review()], **keys))


def changed(review: Json | None = None, price: Json | None = None, **keys: object) -> Json:
    reviews = [] if review is None else [a_review("skeptic"), review]
    return a_file(a_tool("wren"), a_tool("aider", **({"price": price} if price else {}), reviews=reviews, **keys))


VERDICT, QUOTE = a_review(verdict="skip"), a_review(quote="It broke.")
UNEXPLAINED = (
    'End this with the verdict "ship" with the quote "It works.", its "until", '
    'and the "reason" for the change. Readers see it.'
)
REFUSED = {
    "a verdict without history": (
        changed(VERDICT),
        f"tools[1].reviews[1].history: {UNEXPLAINED}",
    ),
    "a quote without history": (
        changed(QUOTE),
        f"tools[1].reviews[1].history: {UNEXPLAINED}",
    ),
    "an entry without a reason": (
        changed({**VERDICT, "history": [SHIP]}),
        "tools[1].reviews[1].history[0].reason: Give a reason. Readers see why it changed.",
    ),
    "a blank reason": (
        changed({**VERDICT, "history": [{**SHIP, "reason": "  "}]}),
        "tools[1].reviews[1].history[0].reason: Give a reason. Readers see why it changed.",
    ),
    "two changes and one reason": (
        changed({**QUOTE, "history": [{**SHIP, "reason": "R."}, {**SHIP, "verdict": "skip", "until": "2026-11-02"}]}),
        "tools[1].reviews[1].history[1].reason: Give a reason. Readers see why it changed.",
    ),
    "an entry of another verdict": (
        changed({**VERDICT, "history": [{**SHIP, "quote": "Else.", "reason": "R."}]}),
        f"tools[1].reviews[1].history: {UNEXPLAINED}",
    ),
    "a price without history": (
        changed(price=DEARER),
        'tools[1].price_history: End this with the price "paid 20.0000 USD month", its "until", and the "reason" for '
        "the change. Readers see it.",
    ),
    "a price without a reason": (
        changed(price=DEARER, price_history=[{**PAID, "until": "2026-11-01"}]),
        "tools[1].price_history[0].reason: Give a reason. Readers see why it changed.",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
@ON_ONE_DATABASE
def test_a_change_without_its_own_reason_is_refused_with_its_place(app: Flask, case: str) -> None:
    file, fault = REFUSED[case]
    imported(stored())
    before = export(NOW)
    assert [each.replace("20.0000", "20.00").replace("20.00 ", "20.0000 ") for each in faults_of(file)] == [fault]
    db.session.rollback()
    assert export(NOW) == before


def test_a_change_with_its_own_reason_keeps_it_and_the_same_file_again_changes_nothing(app: Flask) -> None:
    imported(stored())
    history = [{**SHIP, "reason": "It lost files."}]
    prices = [{**PAID, "until": "2026-11-01", "reason": "The maker raised it."}]
    file = changed({**VERDICT, "history": history}, DEARER, price_history=prices)
    imported(file)
    assert db.session.scalars(sa.select(ReviewRevision.reason)).all() == ["It lost files."]
    past = db.session.scalars(sa.select(PriceRecord.reason).where(PriceRecord.until.is_not(None))).all()
    assert past == ["The maker raised it."]
    assert not imported(file).changed_anything


@ON_ONE_DATABASE
def test_a_price_that_nobody_knew_before_needs_no_reason(app: Flask) -> None:
    imported(a_file(a_tool("aider", price={"model": "unknown"})))
    imported(a_file(a_tool("aider", price=PAID)))
    assert db.session.scalars(sa.select(PriceRecord.until)).all() == [None]


@ON_ONE_DATABASE
def test_each_changed_field_is_reported_with_both_values(app: Flask) -> None:
    categories = [{"slug": "developer-tools", "name": "Tools", "facts": [{"key": "license", "label": "License"}]}]
    keys = {"category": "developer-tools", "plans": [{"name": "Pro", **DEARER}]}
    keys["plans"][0].pop("model")  # type: ignore[attr-defined]
    imported(a_file(a_tool("aider", tagline="Old.", facts=[{"key": "license", "value": "MIT"}], price=PAID, **keys)))
    past = {**PAID, "until": "2026-11-01", "reason": "Raised."}
    keys["plans"] = [{"name": "Pro", "amount": "30", "currency": "USD", "period": "month"}]
    new = a_tool("aider", tagline="New.", facts=[{"key": "license", "value": "GPL"}], price=DEARER, **keys)
    report = imported(a_file({**new, "price_history": [past]}, categories=categories))
    lines = [line.replace(".0000", ".00") for each in report.records for line in each.lines]
    assert lines == [
        'category Developer Tools ("developer-tools"): name',
        '  name: "Developer Tools" → "Tools"',
        'tool Aider ("aider"): tagline, price_history, price, plans, facts',
        '  price amount: "20.00" → "25.00"',
        '  tagline: "Old." → "New."',
        '  plans Pro amount: "25.00" → "30"',
        '  facts license value: "MIT" → "GPL"',
        '  price history: nothing → "paid 20.00 USD month, until 2026-11-01. Raised."',
    ]


def test_new_records_may_become_drafts_and_the_others_change(app: Flask) -> None:
    imported(a_file(a_tool("aider", tagline="Old.")))
    file = a_file(a_tool("aider", tagline="New."), a_tool("wren"), comparisons=[{"tools": ["aider", "wren"]}])
    report = imported(file, as_drafts=True)
    assert (report.drafts, report.figures["drafts"]) == (2, (None, "2"))
    states = db.session.execute(sa.select(Tool.tagline, Tool.published_at, Tool.first_published_at).order_by(Tool.id))
    assert [tuple(each) for each in states] == [("New.", NOW, NOW), ("", None, None)]
    assert db.session.scalars(sa.select(Comparison.published_at)).all() == [None]
    assert not imported(file).changed_anything
