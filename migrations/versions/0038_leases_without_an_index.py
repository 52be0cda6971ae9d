"""leases without an index of their own

Revision: 0038, after 0037. The few deliveries that are leased are found by their state; each letter moved within both.
"""

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

IS_LEASED = sa.text("state IN ('leased', 'transmitting')")


def upgrade() -> None:
    op.drop_index("ix_delivery_lease_until", table_name="delivery")


def downgrade() -> None:
    of_leased = {"sqlite_where": IS_LEASED, "postgresql_where": IS_LEASED}
    op.create_index("ix_delivery_lease_until", "delivery", ["lease_until"], **of_leased)
