"""the search index of SQLite holds beginnings of one to four letters

Revision: 0030, after 0029. Without them a search for a single letter, which comes first as one types, read every word
of the index that begins with it.
"""

from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

COLUMNS = "name, tagline, rest"


def upgrade() -> None:
    rebuild("1 2 3 4")


def downgrade() -> None:
    rebuild("2 3")


def rebuild(prefixes: str) -> None:
    if op.get_bind().dialect.name != "sqlite":
        return
    op.execute(
        f"CREATE VIRTUAL TABLE tool_search_anew USING fts5({COLUMNS}, prefix='{prefixes}',"
        ' tokenize="unicode61 remove_diacritics 2")'
    )
    op.execute(
        f"INSERT INTO tool_search_anew (rowid, {COLUMNS})"  # noqa: S608  # names of ours
        f" SELECT rowid, {COLUMNS} FROM tool_search"
    )
    op.execute("DROP TABLE tool_search")
    op.execute("ALTER TABLE tool_search_anew RENAME TO tool_search")
