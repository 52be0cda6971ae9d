"""readers of two popular tools are counted when they vote

Revision: 0028, after 0027. A page of two tools with many votes joined all of them, after each vote on it too.
"""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

POPULAR_FROM = 1_000
COUNTS = ("ship_ship", "ship_skip", "skip_ship", "skip_skip")
COUNT = """
    INSERT INTO pair_readers (tool_id, rival_id, ship_ship, ship_skip, skip_ship, skip_skip)
    SELECT mine.tool_id, other.tool_id,
        count(*) FILTER (WHERE mine.verdict = 'ship' AND other.verdict = 'ship'),
        count(*) FILTER (WHERE mine.verdict = 'ship' AND other.verdict = 'skip'),
        count(*) FILTER (WHERE mine.verdict = 'skip' AND other.verdict = 'ship'),
        count(*) FILTER (WHERE mine.verdict = 'skip' AND other.verdict = 'skip')
    FROM tally AS mine_tally
    JOIN vote AS mine ON mine.tool_id = mine_tally.tool_id
    JOIN vote AS other ON other.voter = mine.voter AND other.tool_id > mine.tool_id
    JOIN tally AS other_tally ON other_tally.tool_id = other.tool_id
    WHERE mine_tally.counted >= :popular_from AND other_tally.counted >= :popular_from
        AND mine.standing = 'counted' AND other.standing = 'counted'
        AND mine.verdict IS NOT NULL AND other.verdict IS NOT NULL
    GROUP BY mine.tool_id, other.tool_id
"""


def upgrade() -> None:
    op.create_table(
        "pair_readers",
        sa.Column("tool_id", sa.Integer(), nullable=False),
        sa.Column("rival_id", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in COUNTS),
        sa.ForeignKeyConstraint(["tool_id"], ["tool.id"], name=op.f("fk_pair_readers_tool_id")),
        sa.ForeignKeyConstraint(["rival_id"], ["tool.id"], name=op.f("fk_pair_readers_rival_id")),
        sa.PrimaryKeyConstraint("tool_id", "rival_id", name=op.f("pk_pair_readers")),
    )
    op.create_index(op.f("ix_pair_readers_rival_id"), "pair_readers", ["rival_id"])
    op.get_bind().execute(sa.text(COUNT), {"popular_from": POPULAR_FROM})


def downgrade() -> None:
    op.drop_table("pair_readers")
