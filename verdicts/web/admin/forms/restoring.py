"""Earlier versions of records, reconstructed from the audit log.

Restoring one is a form to save, never a save by itself.
"""

from flask import abort, request

from verdicts.curation.catalog_file.dumping import Json
from verdicts.curation.editing.saving import StoredRecord
from verdicts.staff import audit
from verdicts.web.paging import read_id


def get_entry(kind: str, record: StoredRecord | None) -> audit.LogEntry:
    """Return the requested log entry: one about this record, or the deletion of a record to create again."""
    entry_id = read_id(request.args["restore"])
    entry = audit.find(entry_id) if entry_id else None
    is_about_it = entry is not None and (entry.record_id == record.id if record else entry.is_removal)
    if entry is None or entry.kind != kind or not is_about_it:
        abort(404, "The activity log has no such entry about this record.")
    return entry


def deleted_data(entry: audit.LogEntry) -> Json:
    """Return the record that an entry deleted."""
    return {field: before for field, (before, _after) in entry.changes.items() if before is not None}


def earlier_data(data: Json, entry: audit.LogEntry) -> Json:
    """Return a record as it was before an entry."""
    merged = {**data, **audit.values_before(entry)}
    earlier = {field: value for field, value in merged.items() if value is not None}
    if "aliases" in data:  # what redirects here now, such as a merged record's slug, still does
        earlier["aliases"] = list(dict.fromkeys([*earlier.get("aliases", []), *data["aliases"]]))
    return earlier
