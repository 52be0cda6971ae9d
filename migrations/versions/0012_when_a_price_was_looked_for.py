"""when a price was looked for

Revision: 0012, after 0011. The day on which an editor looked for a page that shows a price, and found none.
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("price_record", sa.Column("looked_on", sa.Date(), nullable=True))


def downgrade() -> None:
    op.drop_column("price_record", "looked_on")
