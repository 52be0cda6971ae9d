"""search forgives a letter and a space, and knows synonyms

Revision: 0019, after 0018. Revision 0042 builds the search index anew.
"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("tool", sa.Column("synonyms", sa.JSON(), nullable=False, server_default="[]"))
    op.create_table(
        "spelling_key",
        sa.Column("key", sa.String(40), primary_key=True),
        sa.Column("term", sa.String(40), primary_key=True),
        sa.Column("written", sa.Text(), nullable=False),
    )


def downgrade() -> None:
    """Leave the index: what it holds beyond the older one is found too."""
    op.drop_table("spelling_key")
    op.execute("ALTER TABLE tool DROP COLUMN synonyms")
