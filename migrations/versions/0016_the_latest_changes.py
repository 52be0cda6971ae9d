"""the latest changes are found by an index

Revision: 0016, after 0014. A feed reads the last reviews, revisions and past prices, however many there are.
"""

from alembic import op

revision = "0016"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_review_reviewed_on_id", "review", ["reviewed_on", "id"])
    op.create_index("ix_review_revision_until_id", "review_revision", ["until", "id"])
    op.create_index("ix_price_record_until_id", "price_record", ["until", "id"])


def downgrade() -> None:
    op.drop_index("ix_price_record_until_id", "price_record")
    op.drop_index("ix_review_revision_until_id", "review_revision")
    op.drop_index("ix_review_reviewed_on_id", "review")
