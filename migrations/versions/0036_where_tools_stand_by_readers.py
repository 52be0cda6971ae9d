"""where tools stand by their readers

Revision: 0036, after 0035. The directory finds the best by an index: with ten million votes it computed the intervals
of 27,000 tools for one page before.
"""

from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

Z_SQUARED = 3.8414588206941236
# Minus the lower end of Wilson's interval, from 30 votes on.
PLACE = f"""CASE WHEN ship + skip >= 30 THEN
    (sqrt({Z_SQUARED} * (CAST(ship AS FLOAT) * skip / (ship + skip) + {Z_SQUARED / 4})) - ship - {Z_SQUARED / 2})
    / (ship + skip + {Z_SQUARED}) END"""


def upgrade() -> None:
    # SQLite adds only columns that it computes when they are read, and PostgreSQL before 18 knows only stored ones.
    kind = "VIRTUAL" if op.get_bind().dialect.name == "sqlite" else "STORED"
    op.execute(f"ALTER TABLE tally ADD COLUMN readers_place FLOAT GENERATED ALWAYS AS ({PLACE}) {kind}")
    op.execute("CREATE INDEX ix_tally_readers_place ON tally (readers_place, tool_id) WHERE readers_place IS NOT NULL")


def downgrade() -> None:
    op.drop_index("ix_tally_readers_place", table_name="tally")
    op.execute("ALTER TABLE tally DROP COLUMN readers_place")
