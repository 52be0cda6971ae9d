"""a form that became a record

Revision: 0005, after 0004.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("form_draft", sa.Column("record_id", sa.Integer(), nullable=True))
    # The form of a new record has an address of its own each time; a draft of the one address it had gets one.
    op.execute("UPDATE form_draft SET place = place || '?draft=before-0005' WHERE place LIKE '%/new'")


def downgrade() -> None:
    # What is no draft any more would be taken for one.
    op.execute("DELETE FROM form_draft WHERE record_id IS NOT NULL")
    op.execute("UPDATE form_draft SET place = replace(place, '?draft=before-0005', '')")
    op.execute("DELETE FROM form_draft WHERE place LIKE '%?draft=%'")
    op.execute("ALTER TABLE form_draft DROP COLUMN record_id")
