"""hard bounces and the brake

Revision: 0008, after 0007. A hard bounce marks a subscriber; the address of a subscription that bounces ended is kept
for a while; an edition knows whether anything was accepted since it was last resumed.
"""

import sqlalchemy as sa
from alembic import op

from verdicts.extensions import UtcDateTime

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "hard_bounce",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("subscriber_id", sa.Integer(), nullable=False),
        sa.Column("edition_id", sa.Integer(), nullable=False),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("is_held", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["subscriber_id"], ["subscriber.id"], name="fk_hard_bounce_subscriber_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_hard_bounce"),
    )
    op.create_index("ix_hard_bounce_edition_id_at", "hard_bounce", ["edition_id", "at"])
    op.create_index("ix_hard_bounce_subscriber_id", "hard_bounce", ["subscriber_id"])
    op.create_table(
        "bounced_address",
        sa.Column("subscriber_id", sa.Integer(), nullable=False),
        sa.Column("address", sa.String(254), nullable=False),
        sa.Column("address_key", sa.String(64), nullable=False),
        sa.Column("consent_source", sa.String(200), nullable=False),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["subscriber_id"], ["subscriber.id"], name="fk_bounced_address_subscriber_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("subscriber_id", name="pk_bounced_address"),
    )
    op.create_index("ix_bounced_address_address_key", "bounced_address", ["address_key"])
    op.create_index("ix_bounced_address_at", "bounced_address", ["at"])
    op.add_column("edition", sa.Column("awaits_acceptance", sa.Boolean(), nullable=False, server_default=sa.true()))


def downgrade() -> None:
    op.execute("ALTER TABLE edition DROP COLUMN awaits_acceptance")
    op.drop_table("bounced_address")
    op.drop_table("hard_bounce")
