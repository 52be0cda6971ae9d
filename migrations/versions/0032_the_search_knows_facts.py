"""the search knows what tools are said to be

Revision: 0032, after 0031. The search index is built anew, with the facts that categories ask for.
"""

from alembic import op

from verdicts.catalog import search

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    search.reindex_all(op.get_bind())


def downgrade() -> None:
    """Leave the index: what it holds beyond the older one is found too."""
