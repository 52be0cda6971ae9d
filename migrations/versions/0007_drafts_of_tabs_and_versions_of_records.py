"""drafts of tabs, discarded drafts, and the versions that forms were opened with

Revision: 0007, after 0006.
"""

import sqlalchemy as sa
from alembic import op

from verdicts.extensions import UtcDateTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("form_draft", sa.Column("tab", sa.String(length=20), server_default="", nullable=False))
    op.add_column("form_draft", sa.Column("discarded_at", UtcDateTime(timezone=True), nullable=True))
    op.create_table(
        "record_version",
        sa.Column("version", sa.String(length=16), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("seen_at", UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("version", name="pk_record_version"),
    )
    op.create_index("ix_record_version_seen_at", "record_version", ["seen_at"])


def downgrade() -> None:
    op.drop_table("record_version")
    op.execute("DELETE FROM form_draft WHERE discarded_at IS NOT NULL OR place LIKE '%?tab=%'")
    op.drop_column("form_draft", "discarded_at")
    op.drop_column("form_draft", "tab")
