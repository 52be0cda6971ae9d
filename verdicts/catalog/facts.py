"""What the value of a fact says: yes, as "Yes", "Apache-2.0" and "macOS, Windows" do, or no."""

import sqlalchemy as sa

# Values that say no: "No", or "No; its command line is MIT".
_NO = ("no", "none", "closed")
_AFTER_NO = ("", " %", ",%", ";%", ".%", ":%")


def says_yes(value: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
    return ~sa.or_(*(sa.func.lower(value).like(no + rest) for no in _NO for rest in _AFTER_NO))
