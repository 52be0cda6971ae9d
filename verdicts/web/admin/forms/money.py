"""Amounts as people write them: "$20", "20,00", "€ 19", "1,299.00", "US$20", "19.–", "$20 CAD"."""

import re
from dataclasses import dataclass

from verdicts.catalog.currencies import CODES, SHARED_SIGNS, SIGNS

_NUMBER = re.compile(r"[0-9][0-9.,'’\s]*")
_SPACES = re.compile(r"[\s'’]")
_NO_CENTS = re.compile(r"(?<=[0-9])([.,])[-\u2010-\u2015\u2212]{1,2}(?![0-9])")  # the dash of "19.–"
_GROUPED = re.compile(r"[1-9][0-9]{0,2}(?:([.,])[0-9]{3})(?:\1[0-9]{3})*")


@dataclass(frozen=True)
class Money:
    """An amount as the catalogue file writes it, such as "1299.00", and the currency and the sign beside it, or ""."""

    amount: str
    currency: str = ""
    sign: str = ""

    def agrees_with(self, currency: str) -> bool:
        """Say whether the sign may stand for this currency, too."""
        return not currency or currency in {self.currency, *SHARED_SIGNS.get(self.sign, ())} or not self.currency


def read_money(text: str) -> Money:
    """Return what an amount says. A text that is none comes back as it is, for the record's schema to refuse."""
    text = " ".join(text.split())
    plain = _NO_CENTS.sub(r"\g<1>00", text)
    number = _NUMBER.search(plain)
    if number is None:
        return Money(text)
    signs = f"{plain[: number.start()]} {plain[number.end() :]}".split()
    amount = _plain_amount(number[0])
    currencies = [_currency_of(sign) for sign in signs]
    if amount is None or not all(currencies):
        return Money(text)
    return _in_one_currency(amount, signs, currencies) or Money(text)


def _in_one_currency(amount: str, signs: list[str], currencies: list[str]) -> Money | None:
    """Return an amount with what is beside it: nothing, one sign or code, or a sign with the code it stands for."""
    if not signs:
        return Money(amount)
    code = next((index for index, sign in enumerate(signs) if sign.upper() in CODES), 0)
    money = Money(amount, currencies[code], signs[code])
    others = [Money(amount, *pair) for pair in zip(currencies, signs, strict=True)]
    return money if len(signs) <= 2 and all(each.agrees_with(money.currency) for each in others) else None


def _currency_of(sign: str) -> str:
    if sign.upper() in CODES:
        return sign.upper()
    return next((code for each, code in SIGNS.items() if each.casefold() == sign.casefold()), "")


def _plain_amount(number: str) -> str | None:
    """Return a number with a dot before its decimals and nothing between its thousands; None where it is ambiguous.

    The last separator begins the decimals where another one, or the same only once and not before three digits, stands
    before them. A lone dot before three digits begins decimals, as the catalogue file writes them.
    """
    digits = _SPACES.sub("", number)
    dot, comma = digits.rfind("."), digits.rfind(",")
    if dot >= 0 and comma >= 0:
        decimal = max(dot, comma)
        whole, fraction = digits[:decimal], digits[decimal + 1 :]
        thousands = "," if dot > comma else "."
        is_grouped = bool(re.fullmatch(rf"[0-9]{{1,3}}(?:{re.escape(thousands)}[0-9]{{3}})+", whole))
        return f"{whole.replace(thousands, '')}.{fraction}" if is_grouped and fraction.isdecimal() else None
    if digits.count(".") == 1 and dot >= 0:
        return digits
    if _GROUPED.fullmatch(digits):
        return digits.replace(",", "").replace(".", "")
    whole, _, fraction = digits.partition(",")
    if comma >= 0 and fraction.isdecimal():
        return f"{whole}.{fraction}"
    return digits if digits.isdecimal() else None
