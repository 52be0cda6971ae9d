"""unpublished tools by id

Revision: 0040, after 0039. A search leaves them out, and read each tool that it found to know whether it is one.
"""

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None

IS_UNPUBLISHED = sa.text("published_at IS NULL")


def upgrade() -> None:
    op.create_index("ix_tool_unpublished", "tool", ["id"], sqlite_where=IS_UNPUBLISHED, postgresql_where=IS_UNPUBLISHED)


def downgrade() -> None:
    op.drop_index("ix_tool_unpublished", table_name="tool")
