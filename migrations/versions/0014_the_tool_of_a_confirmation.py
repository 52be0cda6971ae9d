"""the tool that the last confirmation follows

Revision: 0014, after 0013.
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("signup_turn", sa.Column("follow_id", sa.Integer(), nullable=True))


def downgrade() -> None:
    op.drop_column("signup_turn", "follow_id")
