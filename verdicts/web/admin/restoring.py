"""Earlier versions of a record, put together from the trail. Bringing one back is a form to save, never a save."""

from flask import abort, request

from verdicts.curation.catalog_file.records import Json
from verdicts.curation.editing.saving import StoredRecord
from verdicts.staff import audit


def entry_asked_for(kind: str, opened: StoredRecord | None) -> audit.Entry:
    """Return the entry that the address names: one about this record, or the end of one that is to be made anew."""
    text = request.args["restore"]
    entry = audit.find(int(text)) if text.isascii() and text.isdigit() and len(text) <= 9 else None
    is_of_it = entry is not None and (entry.record_id == opened.id if opened else entry.is_removal)
    if entry is None or entry.kind != kind or not is_of_it:
        abort(404, "The trail has no such entry about this record.")
    return entry


def what_was_deleted(entry: audit.Entry) -> Json:
    return {field: before for field, (before, _after) in entry.changes.items() if before is not None}


def as_it_was(record: Json, entry: audit.Entry) -> Json:
    """Return a record as it stood before an entry."""
    earlier = {**record, **audit.values_before(entry)}
    found = {field: value for field, value in earlier.items() if value is not None}
    if "aliases" in record:  # an address that leads here now goes on leading here, such as a merged record's
        found["aliases"] = list(dict.fromkeys([*found.get("aliases", []), *record["aliases"]]))
    return found
