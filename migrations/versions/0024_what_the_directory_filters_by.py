"""what the directory filters by is read from indexes

Revision: 0024, after 0022. A panel is counted without the rows of its reviews, which hold the quotes; a category's
tools are found in their order, and licences without reading every tool.
"""

from alembic import op

revision = "0024"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_tool_category_id_position", "tool", ["category_id", "position"])
    op.create_index("ix_tool_category_id_published_at", "tool", ["category_id", "published_at"])
    op.create_index("ix_tool_license_published_at", "tool", ["license", "published_at"])
    op.create_index("ix_review_tool_id_verdict", "review", ["tool_id", "verdict", "reviewed_on"])


def downgrade() -> None:
    op.drop_index("ix_review_tool_id_verdict", table_name="review")
    op.drop_index("ix_tool_license_published_at", table_name="tool")
    op.drop_index("ix_tool_category_id_published_at", table_name="tool")
    op.drop_index("ix_tool_category_id_position", table_name="tool")
