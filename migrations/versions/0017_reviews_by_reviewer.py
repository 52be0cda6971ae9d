"""a reviewer's reviews in the order of their page

Revision: 0017, after 0016. The new index begins with the reviewer, as the old one did.
"""

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_review_reviewer_id_reviewed_on", "review", ["reviewer_id", "reviewed_on", "id"])
    op.drop_index("ix_review_reviewer_id", table_name="review")


def downgrade() -> None:
    op.create_index("ix_review_reviewer_id", "review", ["reviewer_id"])
    op.drop_index("ix_review_reviewer_id_reviewed_on", table_name="review")
