"""readers of two tools are counted where both are popular, and nowhere else

Revision: 0039, after 0038. Where a popular tool was merged into another, its counts with third tools were left.
"""

from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

FORGET = """
    DELETE FROM pair_readers
    WHERE tool_id IN (SELECT tool_id FROM tally WHERE counted < 1000)
        OR rival_id IN (SELECT tool_id FROM tally WHERE counted < 1000)
"""


def upgrade() -> None:
    op.execute(FORGET)


def downgrade() -> None:
    """What was deleted was wrong."""
