"""words inside runs of more scripts are found

Revision: 0015, after 0014. The search index is built anew; its tables stay as they are.
"""

from alembic import op

from verdicts.catalog import search

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    search.reindex_all(op.get_bind())


def downgrade() -> None:
    """Leave the index: what it holds beyond the older one is found too."""
