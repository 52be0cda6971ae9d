"""the search knows the state of tools, until when price checks hold, and the day of the oldest review

Revision: 0042, after 0041. The search index is built anew.
"""

from alembic import op

from verdicts.catalog import search_index

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None


def upgrade() -> None:
    search_index.reindex_all(op.get_bind())


def downgrade() -> None:
    """Leave the index: nobody types the words that it holds beyond the older one."""
