"""Editing: what a form says goes into the database, by the rules of the catalogue file, or is refused with its faults.

Each module has `opened(id)`, which returns a record as it stands, and `save(id, told, now)`, which makes it say what it
is told. The caller has called begin_write() before it saves, records what changed in the audit trail, and commits.
"""
