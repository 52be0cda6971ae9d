"""a tally counts how often its tool's votes changed

Revision: 0026, after 0025. The page cache asks it whether the figures of a page have moved.
"""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("tally", sa.Column("changes", sa.BigInteger(), server_default="0", nullable=False))


def downgrade() -> None:
    op.drop_column("tally", "changes")
