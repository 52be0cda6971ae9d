"""A tool's entry price: a dated fact, whose earlier figures stay."""

from datetime import datetime

from verdicts.catalog.kinds import PriceModel
from verdicts.catalog.models import Tool
from verdicts.catalog.price_checks import PriceCheck, interval_after
from verdicts.catalog.prices import FIRST_INTERVAL_DAYS
from verdicts.catalog.publishing import bump_content_version
from verdicts.curation.catalog_file import records, schema
from verdicts.curation.catalog_file.history import Because, cost, keep_prices
from verdicts.curation.catalog_file.records import Json
from verdicts.curation.catalog_file.rows import update
from verdicts.curation.catalog_file.schema import Fault
from verdicts.curation.editing import tools
from verdicts.curation.editing.saving import SavedRecord, StoredRecord, checked, faults_of_price
from verdicts.extensions import db

LONGEST_REASON = 500


def find_record(tool_id: int, *, lock: bool = False) -> StoredRecord | None:
    tool = tools.find_tool(tool_id, lock=lock)
    return StoredRecord(tool.id, tool.slug, tool.name, to_data(tool)) if tool else None


def to_data(tool: Tool) -> Json:
    """Return a tool's price now; an empty record where none is known."""
    current = tools.current_price(tool)
    return records.price(current) if current else {}


def save(tool_id: int, told: Json, now: datetime) -> SavedRecord:
    """Make this a tool's price. Another cost needs its "reason", and the old one goes into the history with it.

    Where nothing was known before, there is nothing to keep. The same cost on a later day is a check that found nothing
    changed, and holds the longer (catalog.price_checks). Raises InvalidRecord, or LookupError without such a tool.
    """
    tool = tools.find_tool(tool_id)
    if tool is None:
        raise LookupError(tool_id)
    bare = {key: value for key, value in told.items() if key != "reason"}
    record = checked(schema.Price, bare, now, [*faults_of_price(bare), *_faults_of_change(tool, told, now)])
    before, current = to_data(tool), tools.current_price(tool)
    if current and current.model is PriceModel.UNKNOWN:
        update(current, {**record.model_dump(), "interval_days": FIRST_INTERVAL_DAYS})
    elif current and record.checked_on and cost(current) == cost(record):
        current.interval_days = interval_after(PriceCheck(current.checked_on, current.interval_days), record.checked_on)
    keep_prices(tool, record, [], now.date(), Because(told.get("reason", "")))
    db.session.flush()
    bump_content_version()
    return SavedRecord(tool.id, tool.slug, before, to_data(tool))


def _faults_of_change(tool: Tool, told: Json, now: datetime) -> list[Fault]:
    bare = {key: value for key, value in told.items() if key != "reason"}
    record, current = schema.check(schema.Price, bare, now.date())[0], tools.current_price(tool)
    reason = told.get("reason", "")
    if len(reason) > LONGEST_REASON or not reason.isprintable():
        return [Fault(("reason",), f"must be one line of at most {LONGEST_REASON} characters")]
    if record and current and record.checked_on and current.checked_on and record.checked_on < current.checked_on:
        return [Fault(("checked_on",), f"is before the last check, on {current.checked_on}")]
    has_changed = record and current and current.model is not PriceModel.UNKNOWN and cost(current) != cost(record)
    return [Fault(("reason",), "is missing: readers see why it changed")] if has_changed and not reason else []
