"""the most viewed tools are found by an index

Revision: 0034, after 0033. Worklists begin with what most people read.
"""

from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_tool_views_views", "tool_views", ["views", "tool_id"])


def downgrade() -> None:
    op.drop_index("ix_tool_views_views", "tool_views")
