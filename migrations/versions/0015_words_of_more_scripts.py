"""words inside runs of more scripts are found

Revision: 0015, after 0014. The search index was built anew here; 0019 does it for all.
"""

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Leave it to 0019: the code that builds the index reads columns that come only then."""


def downgrade() -> None:
    """Leave the index: what it holds beyond the older one is found too."""
