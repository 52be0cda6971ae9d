"""the search knows what tools are said to be, and on SQLite which words stand in a name or tagline

Revision: 0032, after 0031.
"""

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Leave the index to revision 0042, which builds it anew."""


def downgrade() -> None:
    """Leave the index: what it holds beyond the older one is found too, and older code looks for no marked word."""
