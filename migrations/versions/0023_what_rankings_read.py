"""what rankings read

Revision: 0023, after 0024. A tool keeps what its panel says as one short text, and a tally its counted votes: with
50,000 tools a ranking read all their reviews and all tallies before.
"""

from itertools import groupby

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0024"
branch_labels = None
depends_on = None

SIGNS = {"ship": "+", "skip": "-"}


def upgrade() -> None:
    op.add_column("tool", sa.Column("panel_key", sa.Text(), nullable=False, server_default=""))
    store_panel_keys(op.get_bind())
    columns = ["panel_key", "position", "published_at", "state"]
    op.create_index("ix_tool_panel_key", "tool", columns)
    op.create_index("ix_tool_category_id_panel_key", "tool", ["category_id", *columns])
    # SQLite adds only columns that it computes when they are read, and PostgreSQL before 18 knows only stored ones.
    kind = "VIRTUAL" if op.get_bind().dialect.name == "sqlite" else "STORED"
    op.execute(f"ALTER TABLE tally ADD COLUMN counted INTEGER NOT NULL GENERATED ALWAYS AS (ship + skip) {kind}")
    op.create_index("ix_tally_counted", "tally", ["counted", "tool_id"])


def store_panel_keys(connection: sa.Connection) -> None:
    """As catalog.panel_keys does it: the ids of reviewers, ascending, each with the sign of their verdict."""
    reviews = connection.execute(sa.text("SELECT tool_id, reviewer_id, verdict FROM review ORDER BY 1, 2")).all()
    rows = [
        {"tool": tool_id, "key": "".join(f"{SIGNS[verdict]}{reviewer_id}" for _, reviewer_id, verdict in group)}
        for tool_id, group in groupby(reviews, lambda review: review.tool_id)
    ]
    if rows:
        connection.execute(sa.text("UPDATE tool SET panel_key = :key WHERE id = :tool"), rows)


def downgrade() -> None:
    op.drop_index("ix_tally_counted", table_name="tally")
    op.execute("ALTER TABLE tally DROP COLUMN counted")
    op.drop_index("ix_tool_category_id_panel_key", table_name="tool")
    op.drop_index("ix_tool_panel_key", table_name="tool")
    op.execute("ALTER TABLE tool DROP COLUMN panel_key")
