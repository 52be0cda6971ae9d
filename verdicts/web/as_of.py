"""Pages as of a day, `?as_of=2026-11-03`: the panel and the prices of tools as they stood at its end."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from flask import abort, request

from verdicts.catalog import past
from verdicts.catalog import queries as catalog
from verdicts.catalog.prices import Price
from verdicts.catalog.reviews import Panel, ReviewerSummary, reviewers_of
from verdicts.catalog.summaries import ToolSummary
from verdicts.web.clock import today
from verdicts.web.formatting import day_in_words

ARGUMENT = "as_of"
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True)
class ToolAsOf:
    """A tool as it is called today, with its panel and its price of then."""

    tool: ToolSummary
    panel: Panel
    price: Price

    @property
    def reviewers(self) -> list[ReviewerSummary]:
        return reviewers_of([self.panel])


def read_day() -> date | None:
    """Return the day that the address asks for, None where it asks for none.

    Answers 400 for what is no day, and 422 for one that is still to come.
    """
    days = [text for text in request.args.getlist(ARGUMENT) if text]
    if not days:
        return None
    day = _parse(days[0]) if len(days) == 1 else None
    if day is None:
        abort(400, "Give one day, written as year, month and day: as_of=2026-11-03.")
    if day > today():
        abort(422, f"{day_in_words(day)} is still to come. Give a day up to {day_in_words(today())}.")
    return day


def _parse(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        return None


def load(tools: Sequence[ToolSummary], day: date) -> list[ToolAsOf]:
    """Return these tools as they stood at the end of a day. Two statements."""
    ids = [tool.id for tool in tools]
    panels, prices = catalog.panels_of(ids), catalog.past_prices_of(ids)
    return [
        ToolAsOf(
            tool,
            past.panel_on(panels[tool.id], day),
            past.price_on(prices[tool.id], tool.price, tool.published_at.date(), day),
        )
        for tool in tools
    ]
