"""the search knows what filters ask for: category, price, license, panel, openness

Revision: 0041, after 0040.
"""

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Leave the index to revision 0042, which builds it anew."""


def downgrade() -> None:
    """Leave the index: nobody types the words that it holds beyond the older one."""
