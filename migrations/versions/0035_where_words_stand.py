"""the search index of SQLite says which words stand in a name or tagline

Revision: 0035, after 0034. A search for three words of every tool read each of their places.
"""

from alembic import op

from verdicts.catalog import search

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        search.reindex_all(op.get_bind())


def downgrade() -> None:
    """Leave the index: older code looks for no marked word."""
