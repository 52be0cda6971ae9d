"""the search knows what filters ask for: category, price, license, panel, openness

Revision: 0041, after 0040. The search index is built anew.
"""

from alembic import op

from verdicts.catalog import search

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None


def upgrade() -> None:
    search.reindex_all(op.get_bind())


def downgrade() -> None:
    """Leave the index: nobody types the words that it holds beyond the older one."""
