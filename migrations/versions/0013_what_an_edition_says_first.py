"""what an edition says first

Revision: 0013, after 0012. A block knows what the subject and the preheader say of a copy that begins with it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("edition_block", sa.Column("subject", sa.String(200), nullable=False, server_default=""))
    op.add_column("edition_block", sa.Column("preview", sa.String(300), nullable=False, server_default=""))


def downgrade() -> None:
    op.execute("ALTER TABLE edition_block DROP COLUMN preview")
    op.execute("ALTER TABLE edition_block DROP COLUMN subject")
