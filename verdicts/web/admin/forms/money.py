"""Amounts as people write them: "$20", "20,00", "€ 19", "1,299.00", "₹1,00,000", "19.–", "20 dollars", "$20 CAD"."""

import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass

from verdicts.catalog.currencies import CODES, SHARED_SIGNS, SIGNS, WITHOUT_DECIMALS

_NUMBER = re.compile(r"(?:(?<![^\W0-9])[.,])?[0-9][0-9.,'’\s]*")  # the dot of "Rs.20" is the sign's
_BETWEEN_THOUSANDS = re.compile(r"[\s'’]+")
_NO_CENTS = re.compile(r"(?<=[0-9])([.,])[-\u2010-\u2015\u2212]{1,2}(?![0-9])")  # the dash of "19.–"
_LAST_SEPARATOR = re.compile(r"^(.*?)(?:([.,])([0-9]+))?$")
_THOUSANDS = re.compile(r"[1-9][0-9]{0,2}")
_GROUPED = re.compile(r"[1-9][0-9]{0,2}([., ])[0-9]{3}(?:\1[0-9]{3})*|[1-9][0-9]?(?:,[0-9]{2})+,[0-9]{3}")
_ARABIC_SEPARATORS = str.maketrans("٫٬", ".,")
_SIGNS = {sign.casefold(): sign for sign in SIGNS}


@dataclass(frozen=True)
class Money:
    """An amount as the catalogue file writes it, such as "1299.00", and the currency and the sign beside it, or ""."""

    amount: str
    currency: str = ""
    sign: str = ""

    def agrees_with(self, currency: str) -> bool:
        """Say whether the sign may stand for this currency, too."""
        return not (currency and self.sign) or currency in {self.currency, *SHARED_SIGNS.get(self.sign, ())}


def read_money(text: str) -> Money:
    """Return what an amount says. A text that is none comes back as it is, for the record's schema to refuse."""
    text = " ".join(text.split())
    plain = _NO_CENTS.sub(r"\g<1>00", _with_plain_digits(text))
    number = _NUMBER.search(plain)
    if number is None or any(unicodedata.category(char) == "No" for char in text):  # "$20¹" has a footnote
        return Money(text)
    signs = [_sign_of(each) for each in f"{plain[: number.start()]} {plain[number.end() :]}".split()]
    known = [sign for sign in signs if sign]
    amount = _plain_amount(number[0], known)
    if amount is None or len(known) < len(signs):
        return Money(text)
    return _in_one_currency(amount, known) or Money(text)


def _with_plain_digits(text: str) -> str:
    """Return a text with the digits, spaces and signs of other scripts and widths as their plain ones."""
    plain = unicodedata.normalize("NFKC", text).translate(_ARABIC_SEPARATORS)
    return "".join(str(unicodedata.decimal(char, char)) for char in plain)


def _sign_of(text: str) -> str | None:
    """Return a sign or code as our table writes it, or None where it is no currency's."""
    return text.upper() if text.upper() in CODES else _SIGNS.get(text.casefold())


def _in_one_currency(amount: str, signs: list[str]) -> Money | None:
    """Return an amount with what is beside it: nothing, one sign or code, or a sign with the code it stands for."""
    if not signs:
        return Money(amount)
    sign = min(signs, key=lambda each: (each not in CODES, not SIGNS.get(each)))
    money = Money(amount, SIGNS.get(sign, sign), sign)
    others = [Money(amount, SIGNS.get(each, each), each) for each in signs]
    return money if len(signs) <= 2 and all(each.agrees_with(money.currency) for each in others) else None


def _plain_amount(number: str, signs: Collection[str]) -> str | None:
    """Return a number with a dot before its decimals and nothing between its thousands; None where it is ambiguous.

    The last separator begins the decimals, unless it is a comma before three digits or stands between thousands, too.
    A lone dot before three digits begins decimals, as the catalogue file writes them. Beside a sign it may be either,
    unless the currency has no decimals.
    """
    text = _BETWEEN_THOUSANDS.sub(" ", number.strip())
    [(whole, separator, last)] = _LAST_SEPARATOR.findall(text)
    if not separator:
        return _without_separators(whole)
    is_alone = _THOUSANDS.fullmatch(whole) is not None
    if is_alone and separator == "." and len(last) == 3 and signs:
        currencies = {SIGNS.get(sign, sign) for sign in signs if sign not in SHARED_SIGNS}
        return whole + last if currencies & WITHOUT_DECIMALS else None
    if separator in whole or (is_alone and separator == "," and len(last) == 3):
        return _without_separators(text)
    whole_number = _without_separators(whole)
    return f"{whole_number}.{last}" if whole_number else None


def _without_separators(number: str) -> str | None:
    """Return a whole number without what stands between its thousands; None where that stands elsewhere."""
    if _GROUPED.fullmatch(number):
        return re.sub("[., ]", "", number)
    return (number or "0") if number.isdecimal() or not number else None
