"""Editing: what a form submits is saved by the rules of the catalogue file, or is refused with its faults.

Each module has `find_record(id)`, which returns a record as it is stored, and `save(id, data, now)`. The caller has
called begin_write() before it saves, records what changed in the activity log, and commits.
"""
