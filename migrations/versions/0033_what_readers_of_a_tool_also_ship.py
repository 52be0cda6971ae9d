"""a reader's votes are counted from the index alone

Revision: 0033, after 0032. Alternatives read some ten thousand votes of a tool's readers, each from its row.
"""

from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    replace_index("voter", "tool_id", "verdict", "standing")


def downgrade() -> None:
    replace_index("voter")


def replace_index(*columns: str) -> None:
    op.drop_index("ix_vote_voter", "vote")
    op.create_index("ix_vote_voter", "vote", list(columns))
