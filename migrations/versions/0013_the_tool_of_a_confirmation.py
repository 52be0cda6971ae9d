"""the tool that the last confirmation follows

Revision: 0013, after 0012.
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("signup_turn", sa.Column("follow_id", sa.Integer(), nullable=True))


def downgrade() -> None:
    op.drop_column("signup_turn", "follow_id")
