"""A tool's entry price: a dated fact, whose earlier figures stay."""

from datetime import datetime

from verdicts.catalog import search_index
from verdicts.catalog.content_version import bump_content_version
from verdicts.catalog.kinds import PriceModel
from verdicts.catalog.models import PriceRecord, Tool
from verdicts.catalog.price_checks import PriceCheck, interval_after
from verdicts.catalog.prices import FIRST_INTERVAL_DAYS
from verdicts.curation.catalog_file import schema
from verdicts.curation.catalog_file.copying import copy_fields, update
from verdicts.curation.catalog_file.dumping import Json, dump
from verdicts.curation.catalog_file.faults import Fault
from verdicts.curation.catalog_file.history import cost_of, replace_price
from verdicts.curation.catalog_file.parsing import validate
from verdicts.curation.catalog_file.schema import ChangeReason
from verdicts.curation.editing.saving import (
    SavedRecord,
    StoredRecord,
    faults_of_price,
    missing_reason,
    split_reason,
    validated,
)
from verdicts.curation.editing.tools import find_tool
from verdicts.extensions import db

NO_SOURCE = "Enter the address of a page that shows this price, or leave its last check as it was."


def find_record(tool_id: int, *, lock: bool = False) -> StoredRecord | None:
    tool = find_tool(tool_id, lock=lock)
    return StoredRecord(tool.id, tool.slug, tool.name, to_data(tool)) if tool else None


def to_data(tool: Tool) -> Json:
    """Return a tool's price now; an empty record where none is known."""
    return dump(schema.Price, tool.current_price) if tool.current_price else {}


def save(tool_id: int, data: Json, now: datetime) -> SavedRecord:
    """Make this a tool's price. Another cost needs its "reason", and the old one goes into the history with it.

    Where nothing was known before, the history gets no entry. The same cost on a later day is a check that found
    nothing changed, and holds the longer (catalog.price_checks). Raises InvalidRecord, or LookupError without such a
    tool.
    """
    tool = find_tool(tool_id)
    if tool is None:
        raise LookupError(tool_id)
    data, reason, faults = split_reason(data, now)
    current = tool.current_price
    faults = faults_of_price(data) + (faults or _faults_of_change(data, reason, current, now))
    record = validated(schema.Price, data, now, faults)
    if record.model is PriceModel.UNKNOWN:  # who found no price has looked for one, and checked none
        looked_on, record = record.checked_on, record.model_copy(update={"checked_on": None})
    else:
        looked_on = None
    before = to_data(tool)
    if current and current.model is PriceModel.UNKNOWN:
        copy_fields(record, current)
        update(current, {"interval_days": FIRST_INTERVAL_DAYS})
    elif current and record.checked_on and cost_of(current) == cost_of(record):
        current.interval_days = interval_after(PriceCheck(current.checked_on, current.interval_days), record.checked_on)
    replace_price(tool, record, [], now.date(), reason)
    if looked_on and tool.current_price:
        update(tool.current_price, {"looked_on": looked_on})
    db.session.flush()
    bump_content_version()
    search_index.reindex([tool.id])
    return SavedRecord(tool.id, tool.slug, before, to_data(tool))


def _faults_of_change(data: Json, reason: ChangeReason, current: PriceRecord | None, now: datetime) -> list[Fault]:
    record, _faults = validate(schema.Price, data, now.date())
    if record is None or current is None:
        return []
    if record.checked_on and current.checked_on and record.checked_on < current.checked_on:
        return [Fault(("checked_on",), f"This is before the last check, on {current.checked_on}. Enter a later date.")]
    if current.model is PriceModel.UNKNOWN:
        return []
    if cost_of(current) != cost_of(record):
        return [] if reason.reason else [missing_reason()]
    is_check = record.checked_on is not None and record.checked_on != current.checked_on
    return [Fault(("source",), NO_SOURCE)] if is_check and not record.source else []
