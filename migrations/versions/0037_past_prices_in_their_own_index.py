"""past prices in an index of their own

Revision: 0037, after 0036. SQLite read all current prices by it where an index has those that are due.
"""

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

IS_PAST = sa.text("until IS NOT NULL")


def upgrade() -> None:
    op.drop_index("ix_price_record_until_id", table_name="price_record")
    of_past = {"sqlite_where": IS_PAST, "postgresql_where": IS_PAST}
    op.create_index("ix_price_record_until_id", "price_record", ["until", "id"], **of_past)


def downgrade() -> None:
    op.drop_index("ix_price_record_until_id", table_name="price_record")
    op.create_index("ix_price_record_until_id", "price_record", ["until", "id"])
