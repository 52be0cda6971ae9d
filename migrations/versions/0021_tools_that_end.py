"""tools that end, and votes by month

Revision: 0021, after 0020. Whether a tool goes on, was renamed or was retired, when, and what succeeds it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

STATES = "state IN ('active', 'renamed', 'retired')"
ANOTHER = "successor_id != id"
GOES_ON = "state != 'active' OR (ended_on IS NULL AND successor_id IS NULL)"


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        # SQLite adds constraints to a table that is there only with a column, in the column's own words.
        state = f"state VARCHAR(20) DEFAULT 'active' NOT NULL CONSTRAINT ck_tool_state CHECK ({STATES})"
        successor = "successor_id INTEGER CONSTRAINT fk_tool_successor_id REFERENCES tool (id)"
        successor += f" CONSTRAINT ck_tool_another_successor CHECK ({ANOTHER})"
        successor += f" CONSTRAINT ck_tool_active_goes_on CHECK ({GOES_ON})"
        for column in (state, "ended_on DATE", successor):
            op.execute(f"ALTER TABLE tool ADD COLUMN {column}")
    else:
        op.add_column("tool", sa.Column("state", sa.String(20), nullable=False, server_default="active"))
        op.add_column("tool", sa.Column("ended_on", sa.Date(), nullable=True))
        op.add_column("tool", sa.Column("successor_id", sa.Integer(), nullable=True))
        op.create_foreign_key(op.f("fk_tool_successor_id"), "tool", "tool", ["successor_id"], ["id"])
        op.create_check_constraint(op.f("ck_tool_state"), "tool", STATES)
        op.create_check_constraint(op.f("ck_tool_another_successor"), "tool", ANOTHER)
        op.create_check_constraint(op.f("ck_tool_active_goes_on"), "tool", GOES_ON)
    op.create_index(op.f("ix_tool_successor_id"), "tool", ["successor_id"])
    has_ended = sa.text("ended_on IS NOT NULL")
    month = ("tool_id", "at", "to_standing", "to_verdict", "from_standing", "from_verdict", "occasion")
    op.create_index("ix_vote_event_tool_id_at", "vote_event", month)
    op.create_index("ix_tool_ended_on", "tool", ["ended_on"], sqlite_where=has_ended, postgresql_where=has_ended)


def downgrade() -> None:
    op.drop_index("ix_vote_event_tool_id_at", table_name="vote_event")
    op.drop_index("ix_tool_ended_on", table_name="tool")
    op.drop_index("ix_tool_successor_id", table_name="tool")
    for column in ("successor_id", "ended_on", "state"):
        op.execute(f"ALTER TABLE tool DROP COLUMN {column}")
