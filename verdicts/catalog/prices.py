"""A price is a dated fact: what it says in words, and whether its last check still holds."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

from verdicts.catalog.kinds import Period, PriceModel

# How long the first check of a price holds, and how long any check can hold: see price_checks.interval_after().
FIRST_INTERVAL_DAYS, MAX_INTERVAL_DAYS = 60, 240

_SIGNS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥"}
_PERIODS = {Period.MONTH: " / month", Period.YEAR: " / year", Period.ONCE: " once", Period.USE: " per use"}


MONTHS_A_YEAR = 12
PLACE_LENGTH = 28
_KINDS = {PriceModel.FREE: 0, PriceModel.FREEMIUM: 1, PriceModel.CONTACT: 5}
_NO_CURRENCY = "000"
_FRACTION = 1_000_000
_MOST = 10 ** (PLACE_LENGTH - len(_NO_CURRENCY) - 1) - 1


class Freshness(StrEnum):
    CHECKED = "checked"
    STALE = "stale"
    NEVER_CHECKED = "never-checked"


def place_of(
    model: PriceModel = PriceModel.UNKNOWN,
    amount: Decimal | None = None,
    currency: str | None = None,
    period: Period | None = None,
) -> str:
    """Return where tools with this price stand in a list by price, as text; smaller comes first.

    Free first, then what is paid regularly, by a month's price, then the rest; each currency stands by itself. It has
    digits and capitals alone, which every collation puts in one order.
    """
    monthly = (amount or Decimal(0)) / (MONTHS_A_YEAR if period is Period.YEAR else 1)
    parts = min(int(monthly * _FRACTION), _MOST)
    return f"{_kind_of(model, amount, period)}{currency or _NO_CURRENCY}{parts:0{PLACE_LENGTH - 4}d}"


def _kind_of(model: PriceModel, amount: Decimal | None, period: Period | None) -> int:
    if model is not PriceModel.PAID:
        return _KINDS.get(model, 6)
    if amount is not None and period in {Period.MONTH, Period.YEAR}:
        return 2
    return 3 if period is Period.USE else 4


UNKNOWN_PLACE = place_of()


@dataclass(frozen=True)
class Price:
    """A tool's entry price: the current one, or with `until` an earlier one."""

    model: PriceModel
    amount: Decimal | None = None
    currency: str | None = None
    period: Period | None = None
    source: str | None = None
    checked_on: date | None = None
    until: date | None = None
    reason: str | None = None
    interval_days: int = FIRST_INTERVAL_DAYS
    looked_on: date | None = None

    @property
    def has_source(self) -> bool:
        """Whether there is a price, and a page that shows it: nothing else can be confirmed."""
        return self.model is not PriceModel.UNKNOWN and bool(self.source)

    @property
    def words(self) -> str:
        """What a page shows in large type: "Free", "$20 / month", "Ask for a price", "Not known"."""
        if self.model in {PriceModel.FREE, PriceModel.FREEMIUM}:
            return "Free"
        if self.model is PriceModel.CONTACT:
            return "Ask for a price"
        if self.model is PriceModel.PAID:
            return amount_in_words(self.amount, self.currency, self.period) or "Paid"
        return "Not known"

    @property
    def detail(self) -> str:
        """What stands beside `words` in small type: where a free plan ends."""
        if self.model is not PriceModel.FREEMIUM:
            return ""
        paid = amount_in_words(self.amount, self.currency, self.period) if self.amount else ""
        return f"to start, then {paid}" if paid else "to start; more is paid"

    @property
    def label(self) -> str:
        """The price where `detail` has no room beside it: "Free plan" is not all there is."""
        return "Free plan" if self.model is PriceModel.FREEMIUM else self.words

    @property
    def in_words(self) -> str:
        """The price inside a sentence: "$20 / month", "free", "a free plan, paid from $20 / month"."""
        if self.model is PriceModel.FREEMIUM:
            paid = amount_in_words(self.amount, self.currency, self.period) if self.amount else ""
            return f"a free plan, paid from {paid}" if paid else "a free plan; more is paid"
        return self.words if self.amount else self.words.lower()

    def freshness(self, today: date) -> Freshness:
        if self.checked_on is None:
            return Freshness.NEVER_CHECKED
        is_stale = today - self.checked_on > timedelta(days=self.interval_days)
        return Freshness.STALE if is_stale else Freshness.CHECKED


def move_in_words(before: Price, after: Price) -> str:
    """Return what became of an entry price. One that is not known any more did not move."""
    if after.model is PriceModel.UNKNOWN:
        return f"Entry price until then: {before.in_words}."
    if before.in_words == after.in_words:
        return f"Entry price unchanged: {after.in_words}."
    return f"Entry price: {before.in_words}, now {after.in_words}."


UNKNOWN_PRICE = Price(PriceModel.UNKNOWN)


def amount_in_words(amount: Decimal | None, currency: str | None, period: Period | None) -> str:
    """Return "$20 / month" or "CHF 9.50 once", or "" where there is no amount."""
    if amount is None:
        return ""
    figure = f"{amount:,.0f}" if amount == amount.to_integral_value() else f"{amount:,f}"
    sign = _SIGNS.get(currency or "", f"{currency} " if currency else "")
    return f"{sign}{figure}{_PERIODS[period] if period else ''}"
