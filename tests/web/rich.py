"""A pair of tools with everything a comparison page can show, and neighbours that have next to nothing."""

from datetime import date, timedelta
from decimal import Decimal

from tests.makers import (
    TODAY,
    make_category,
    make_comparison,
    make_fact,
    make_plan,
    make_price,
    make_release,
    make_review,
    make_reviewer,
    make_revision,
    make_tool,
    make_votes,
)
from verdicts.catalog.kinds import Basis, Period, PriceModel, ReviewerKind
from verdicts.catalog.models import Tool

PAIR = "/compare/alpha-vs-beta"
LABELS = {"license": "Licence", "offline": "Works offline", "context": "Context window", "editor": "Editor"}
OLD = TODAY - timedelta(days=181)


def build() -> None:
    """Build tools Alpha and Beta (rich), Gamma (reviewed once), Bare (nothing at all), all of one category."""
    kind = make_category("developer-tools", name="Developer Tools", facts=LABELS)
    common = {"category_id": kind.id}
    alpha = make_tool(
        "alpha",
        name="Alpha",
        tagline="Reads receipts on your device",
        description="Alpha runs **locally**.",
        website="https://alpha.example/",
        **common,
    )
    beta = make_tool("beta", name="Beta", tagline="Writes code", description="Beta runs in the *cloud*.", **common)
    gamma = make_tool("gamma", name="Gamma", **common)
    make_tool("bare", name="Bare", **common)
    _prices(alpha, beta)
    _facts(alpha, beta)
    _reviews(alpha, beta, gamma)
    make_votes(alpha, ship=range(60), skip=range(60, 80), waiting=[900])
    make_votes(beta, ship=range(70, 80), skip=range(10))
    make_comparison(
        alpha,
        beta,
        bottom_line="Take **Alpha** for documents.",
        choose_if={alpha: "your data may not leave the device", beta: "you write code all day"},
        featured=True,
    )
    make_comparison(alpha, gamma, headline="Small against smaller.")


def _prices(alpha: Tool, beta: Tool) -> None:
    fresh, stale = date(2026, 11, 1), date(2026, 3, 1)
    make_price(alpha, PriceModel.FREE, amount=Decimal(0), checked_on=fresh, source="https://alpha.example/pricing")
    make_price(
        alpha,
        PriceModel.PAID,
        amount=Decimal(9),
        currency="USD",
        period=Period.MONTH,
        until=stale,
        reason="It became free.",
    )
    make_price(beta, PriceModel.PAID, amount=Decimal(20), currency="USD", period=Period.MONTH, checked_on=stale)
    make_plan(
        beta,
        "Team",
        amount=Decimal(30),
        currency="USD",
        period=Period.MONTH,
        per="seat",
        limit="500 requests",
        source="https://beta.example/plans",
        checked_on=fresh,
    )
    make_plan(beta, "Enterprise")
    make_release(alpha, "2.1", on=fresh)


def _facts(alpha: Tool, beta: Tool) -> None:
    checked = date(2026, 10, 5)
    make_fact(alpha, "license", "Apache-2.0", source="https://alpha.example/license", checked_on=checked)
    make_fact(beta, "license", "Proprietary")
    make_fact(alpha, "offline", "Yes", checked_on=checked)
    make_fact(alpha, "context", "8,192 tokens")
    make_fact(beta, "context", "8,192 tokens")


def _reviews(alpha: Tool, beta: Tool, gamma: Tool) -> None:
    builder = make_reviewer("builder", kind=ReviewerKind.AI, motto="Does it build?")
    skeptic = make_reviewer("skeptic", kind=ReviewerKind.HUMAN)
    founder = make_reviewer("founder")
    futurist = make_reviewer("futurist")
    recent = date(2026, 11, 10)
    make_review(
        alpha,
        builder,
        "ship",
        quote="Clean *primitives*.",
        basis=Basis.HANDS_ON,
        tool_version="2.1",
        reviewed_on=recent,
    )
    make_review(beta, builder, "ship", quote="word " * 100, reviewed_on=recent, conflict="Consults for Beta Inc.")
    changed = make_review(alpha, skeptic, "ship", quote="Convinced.", basis=Basis.DOCUMENTS, reviewed_on=recent)
    make_revision(
        changed,
        "skip",
        until=recent,
        quote="Unproven.",
        reviewed_on=date(2026, 6, 1),
        reason="Benchmarks were reproduced.",
    )
    make_review(beta, skeptic, "skip", quote="Too closed.", reviewed_on=recent)
    worded = make_review(alpha, futurist, "skip", quote="Too small.", reviewed_on=OLD)
    make_revision(
        worded, "skip", until=date(2026, 6, 20), quote="Too smal.", reason="A typing error.", wording_only=True
    )
    make_review(beta, futurist, "ship", quote="Early.", reviewed_on=OLD)
    make_review(beta, founder, "skip", quote="No moat.", basis=Basis.VENDOR_CLAIMS)
    make_review(gamma, builder, "skip", quote="Not yet.", reviewed_on=recent)
