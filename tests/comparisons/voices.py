"""Panels for tests, written short: `panel(builder="ship", skeptic="skip 2026-01-05")`."""

from datetime import date

from tests.makers import TODAY
from verdicts.catalog.kinds import Verdict
from verdicts.catalog.reviews import Panel, PanelReview, ReviewerSummary

NAMES = ("builder", "skeptic", "futurist", "founder")


def reviewer(slug: str) -> ReviewerSummary:
    return ReviewerSummary(slug, f"The {slug.title()}")


def panel(**said: str) -> Panel:
    """Return a panel; each reviewer said "ship" or "skip", today or on the day that follows."""
    return Panel(tuple(_review(slug, *words.split()) for slug, words in said.items()))


def _review(slug: str, verdict: str, on: str = "") -> PanelReview:
    return PanelReview(reviewer(slug), Verdict(verdict), reviewed_on=date.fromisoformat(on) if on else TODAY)
