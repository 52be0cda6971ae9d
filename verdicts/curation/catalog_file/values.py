"""The kinds of value that a catalogue file holds. Each says in sentences what is wrong with a value and what to do."""

import re
from contextlib import suppress
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, TypeVar
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo
from pydantic_core import PydanticCustomError
from sqlalchemy.orm import InstrumentedAttribute

from verdicts.catalog.currencies import CODES
from verdicts.catalog.kinds import slug_fault
from verdicts.curation.catalog_file.faults import shown
from verdicts.texts import LINE_ENDS_AND_TABS, bidi_fault, character_fault, is_blank

MAX_TEXT_LENGTH = 20_000
FILL_IN = "Fill this in."

_AMOUNT = re.compile(r"(0|[1-9][0-9]{0,8})(\.[0-9]{1,4})?")
_CURRENCY = re.compile(r"[A-Z]{3}")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_URL = re.compile(r"https?://[^\s<>\"\\]+")


def invalid(words: str) -> PydanticCustomError:
    return PydanticCustomError("words", "{words}", {"words": words})


def one_line(column: InstrumentedAttribute[Any], *, filled: bool = False) -> AfterValidator:
    """Return the rule for a text of one line that fits this column; `filled` refuses a blank one."""
    longest: int = column.type.length
    return AfterValidator(lambda text: _checked(text, longest, filled=filled, allowed=frozenset()))


def paragraphs(*, filled: bool = False) -> AfterValidator:
    """Return the rule for a text of many lines."""
    return AfterValidator(lambda text: _checked(text, MAX_TEXT_LENGTH, filled=filled, allowed=LINE_ENDS_AND_TABS))


def _checked(text: str, longest: int, *, filled: bool, allowed: frozenset[str]) -> str:
    if len(text) > longest:
        raise invalid(f"This is longer than {longest:,} characters (it has {len(text):,}). Shorten it.")
    if is_blank(text):
        if filled:
            raise invalid(FILL_IN)
        return ""
    if fault := character_fault(text, allowed):
        raise invalid(fault)
    return text


def _slug(text: str) -> str:
    fault = slug_fault(text)
    if fault:
        raise invalid(f"{shown(text)} is no slug. {fault}")
    return text


def _date(value: object) -> date:
    with suppress(ValueError):
        if isinstance(value, str) and _DATE.fullmatch(value):
            return date.fromisoformat(value)
    raise invalid(f'Enter a date such as "2026-11-22", not {shown(value)}.')


def _past(day: date, info: ValidationInfo) -> date:
    """Refuse a day after the "latest" of the validation's context; without one, any day is valid."""
    latest: date = (info.context or {}).get("latest", date.max)
    if day > latest:
        raise invalid(f"{day} is in the future. Enter an earlier date.")
    return day


def _amount(value: object) -> Decimal:
    if not isinstance(value, str):
        raise invalid(f'Enter an amount written as text, such as "20.00", not {shown(value)}.')
    if not _AMOUNT.fullmatch(value):
        raise invalid(f'Enter an amount such as "1000" or "20.00", not {shown(value)}.')
    return Decimal(value)


def _currency(text: str) -> str:
    if not _CURRENCY.fullmatch(text):
        raise invalid(f'Enter a currency of three capital letters, such as "USD", not {shown(text)}.')
    if text not in CODES:
        raise invalid(f'{shown(text)} is no currency of ISO 4217. Enter a code such as "USD" or "EUR".')
    return text


def is_web_address(text: str) -> bool:
    """Say whether a text is an address that begins with http:// or https://, all of it in order."""
    with suppress(ValueError):
        return bool(_URL.fullmatch(text) and urlsplit(text).hostname) and character_fault(text) is None
    return False


def _url(text: str) -> str:
    if is_web_address(text):
        return text
    if fault := bidi_fault(text):
        raise invalid(fault)
    raise invalid(f"Enter an address that begins with http:// or https://, not {shown(text)}.")


Choice = TypeVar("Choice")

# Strict validation would ask a file for enum members; leniency here lets it write their values, and nothing else.
OneOf = Annotated[Choice, Field(strict=False)]
Slug = Annotated[str, AfterValidator(_slug)]
IsoDate = Annotated[date, BeforeValidator(_date)]
PastDate = Annotated[IsoDate, AfterValidator(_past)]
Amount = Annotated[Decimal, BeforeValidator(_amount)]
Currency = Annotated[str, AfterValidator(_currency)]
Url = Annotated[str, AfterValidator(_url)]
