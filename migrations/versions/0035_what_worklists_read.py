"""what worklists read

Revision: 0035, after 0034. Indexes find the prices that are due, and the tools of old reviews: with 50,000 tools all
current prices were read before, and each old review.
"""

from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

LATEST_LOOK = "CASE WHEN looked_on > checked_on THEN looked_on ELSE coalesce(checked_on, looked_on) END"
DAYS = {
    "sqlite": f"(julianday({LATEST_LOOK}) - julianday('2000-01-01'))",
    "postgresql": f"({LATEST_LOOK} - '2000-01-01'::date)",
}

REVIEWS = "ix_review_reviewer_id_reviewed_on"
IN_ORDER = ["reviewer_id", "reviewed_on", "id"]


def upgrade() -> None:
    # SQLite adds only columns that it computes when they are read, and PostgreSQL before 18 knows only stored ones.
    dialect = op.get_bind().dialect.name
    due, kind = f"coalesce({DAYS[dialect]} + interval_days + 1, 0)", "VIRTUAL" if dialect == "sqlite" else "STORED"
    op.execute(f"ALTER TABLE price_record ADD COLUMN due_day INTEGER NOT NULL GENERATED ALWAYS AS ({due}) {kind}")
    op.execute("CREATE INDEX ix_price_record_due_day ON price_record (due_day, tool_id) WHERE until IS NULL")
    op.drop_index(REVIEWS, "review")
    op.create_index(REVIEWS, "review", [*IN_ORDER, "tool_id"])


def downgrade() -> None:
    op.drop_index(REVIEWS, "review")
    op.create_index(REVIEWS, "review", IN_ORDER)
    op.drop_index("ix_price_record_due_day", table_name="price_record")
    op.execute("ALTER TABLE price_record DROP COLUMN due_day")
