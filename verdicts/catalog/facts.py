"""What the value of a fact says: yes, as "Yes", "Apache-2.0" and "macOS, Windows" do, or no."""

import sqlalchemy as sa

# Values that say no: "No", or "No; its command line is MIT".
_NO = ("no", "none", "closed")
_AFTER_NO = ("", " %", ",%", ";%", ".%", ":%")

# The facts that say whether a tool's weights or source are open, in those categories that have one of them.
OPEN_KEYS = ("open", "open_source", "open_weights")


def says_yes(value: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
    return ~sa.or_(*(sa.func.lower(value).like(no + rest) for no in _NO for rest in _AFTER_NO))
