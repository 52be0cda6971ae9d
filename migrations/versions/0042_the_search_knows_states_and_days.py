"""the search knows the state of tools, until when price checks hold, and the day of the oldest review

Revision: 0042, after 0041. The search index is built anew.
"""

import sqlalchemy as sa
from alembic import op

from verdicts.catalog import search_index
from verdicts.catalog.search_index import Property, property_word

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None

OLDEST_REVIEWS = """
    SELECT tool_id, substr(CAST(min(reviewed_on) AS text), 1, 7) FROM review
    GROUP BY tool_id HAVING count(*) = count(reviewed_on)
"""
ADD_A_WORD = {
    "sqlite": "UPDATE tool_search SET rest = rest || ' ' || :word WHERE rowid = :id",
    "postgresql": r"""
        UPDATE tool_search SET document = document || CAST(:word || '\:1A,2B,3C' AS tsvector) WHERE tool_id = :id
    """,
}


def upgrade() -> None:
    search_index.reindex_all(op.get_bind())


def downgrade() -> None:
    """Add the month of the oldest review, for which older code looks, to what it indexes."""
    connection = op.get_bind()
    words = [
        {"id": tool_id, "word": property_word(Property.OLDEST_REVIEW, month.replace("-0", "-"))}
        for tool_id, month in connection.execute(sa.text(OLDEST_REVIEWS))
    ]
    if words:
        connection.execute(sa.text(ADD_A_WORD[connection.dialect.name]), words)
