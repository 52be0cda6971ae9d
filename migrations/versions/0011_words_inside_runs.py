"""words inside runs without spaces are found

Revision: 0011, after 0010. The search index was built anew here; 0019 does it for all.
"""

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Leave it to 0019: the code that builds the index reads columns that come only then."""


def downgrade() -> None:
    """Leave the index: what it holds beyond the older one is found too."""
