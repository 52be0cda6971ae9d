"""the first tables

Revision: 0001, the first.
"""

import sqlalchemy as sa
from alembic import op

from verdicts.extensions import ExactDecimal, UtcDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "category",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_category")),
        sa.UniqueConstraint("slug", name=op.f("uq_category_slug")),
    )
    op.create_table(
        "comparison",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("members_key", sa.String(length=60), nullable=False),
        sa.Column("headline", sa.String(length=60), nullable=True),
        sa.Column("bottom_line", sa.Text(), nullable=False),
        sa.Column("featured", sa.Boolean(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_comparison")),
        sa.UniqueConstraint("members_key", name=op.f("uq_comparison_members_key")),
    )
    op.create_table(
        "content_version",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_content_version_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_content_version")),
    )
    op.create_table(
        "network_key",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("key", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_network_key")),
    )
    op.create_table(
        "reviewer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("human", "ai", "unstated", name="kind", native_enum=False, create_constraint=True, length=20),
            nullable=False,
        ),
        sa.Column("motto", sa.String(length=160), nullable=False),
        sa.Column("bio", sa.Text(), nullable=False),
        sa.Column("likes", sa.JSON(), nullable=False),
        sa.Column("dislikes", sa.JSON(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reviewer")),
        sa.UniqueConstraint("slug", name=op.f("uq_reviewer_slug")),
    )
    op.create_table(
        "category_fact",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("category_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("label", sa.String(length=80), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["category_id"], ["category.id"], name=op.f("fk_category_fact_category_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_category_fact")),
        sa.UniqueConstraint("category_id", "key", name=op.f("uq_category_fact_category_id_key")),
    )
    op.create_table(
        "tool",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("tagline", sa.String(length=200), nullable=False),
        sa.Column("category_id", sa.Integer(), nullable=True),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("website", sa.String(length=500), nullable=True),
        sa.Column("maker", sa.String(length=120), nullable=False),
        sa.Column("license", sa.String(length=80), nullable=False),
        sa.Column("launched_on", sa.Date(), nullable=True),
        sa.Column("published_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["category_id"], ["category.id"], name=op.f("fk_tool_category_id")),
        sa.CheckConstraint("website LIKE 'http://%' OR website LIKE 'https://%'", name=op.f("ck_tool_web_address")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tool")),
    )
    with op.batch_alter_table("tool", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_tool_category_id"), ["category_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_tool_position"), ["position"], unique=False)
        batch_op.create_index(batch_op.f("ix_tool_published_at"), ["published_at"], unique=False)

    op.create_table(
        "choose_if",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("comparison_id", sa.Integer(), nullable=False),
        sa.Column("tool_id", sa.Integer(), nullable=False),
        sa.Column("when", sa.String(length=300), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["comparison_id"], ["comparison.id"], name=op.f("fk_choose_if_comparison_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["tool_id"], ["tool.id"], name=op.f("fk_choose_if_tool_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_choose_if")),
    )
    with op.batch_alter_table("choose_if", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_choose_if_comparison_id"), ["comparison_id"], unique=False)

    op.create_table(
        "comparison_tool",
        sa.Column("comparison_id", sa.Integer(), nullable=False),
        sa.Column("tool_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["comparison_id"], ["comparison.id"], name=op.f("fk_comparison_tool_comparison_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["tool_id"], ["tool.id"], name=op.f("fk_comparison_tool_tool_id")),
        sa.PrimaryKeyConstraint("comparison_id", "tool_id", name=op.f("pk_comparison_tool")),
    )
    with op.batch_alter_table("comparison_tool", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_comparison_tool_tool_id"), ["tool_id"], unique=False)

    op.create_table(
        "plan",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("tool_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("amount", ExactDecimal(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column(
            "period",
            sa.Enum(
                "month", "year", "once", "use", name="period", native_enum=False, create_constraint=True, length=20
            ),
            nullable=True,
        ),
        sa.Column("per", sa.String(length=40), nullable=True),
        sa.Column("limit", sa.String(length=200), nullable=True),
        sa.Column("source", sa.String(length=500), nullable=True),
        sa.Column("checked_on", sa.Date(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["tool_id"], ["tool.id"], name=op.f("fk_plan_tool_id"), ondelete="CASCADE"),
        sa.CheckConstraint("source LIKE 'http://%' OR source LIKE 'https://%'", name=op.f("ck_plan_web_address")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan")),
        sa.UniqueConstraint("tool_id", "name", name=op.f("uq_plan_tool_id_name")),
    )
    op.create_table(
        "price_record",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("tool_id", sa.Integer(), nullable=False),
        sa.Column(
            "model",
            sa.Enum(
                "free",
                "freemium",
                "paid",
                "contact",
                "unknown",
                name="model",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("amount", ExactDecimal(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column(
            "period",
            sa.Enum(
                "month", "year", "once", "use", name="period", native_enum=False, create_constraint=True, length=20
            ),
            nullable=True,
        ),
        sa.Column("source", sa.String(length=500), nullable=True),
        sa.Column("checked_on", sa.Date(), nullable=True),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["tool_id"], ["tool.id"], name=op.f("fk_price_record_tool_id"), ondelete="CASCADE"),
        sa.CheckConstraint(
            "source LIKE 'http://%' OR source LIKE 'https://%'", name=op.f("ck_price_record_web_address")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_price_record")),
    )
    with op.batch_alter_table("price_record", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_price_record_tool_id"), ["tool_id"], unique=False)
        batch_op.create_index(
            "uq_price_record_current",
            ["tool_id"],
            unique=True,
            sqlite_where=sa.text("until IS NULL"),
            postgresql_where=sa.text("until IS NULL"),
        )

    op.create_table(
        "release",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("tool_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.String(length=60), nullable=False),
        sa.Column("on", sa.Date(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["tool_id"], ["tool.id"], name=op.f("fk_release_tool_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_release")),
        sa.UniqueConstraint("tool_id", "version", name=op.f("uq_release_tool_id_version")),
    )
    op.create_table(
        "review",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("tool_id", sa.Integer(), nullable=False),
        sa.Column("reviewer_id", sa.Integer(), nullable=False),
        sa.Column(
            "verdict",
            sa.Enum("ship", "skip", name="verdict", native_enum=False, create_constraint=True, length=20),
            nullable=False,
        ),
        sa.Column("quote", sa.Text(), nullable=False),
        sa.Column("reviewed_on", sa.Date(), nullable=True),
        sa.Column("tool_version", sa.String(length=60), nullable=True),
        sa.Column(
            "basis",
            sa.Enum(
                "hands-on",
                "documents",
                "vendor-claims",
                "unstated",
                name="basis",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("conflict", sa.String(length=500), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["reviewer_id"], ["reviewer.id"], name=op.f("fk_review_reviewer_id")),
        sa.ForeignKeyConstraint(["tool_id"], ["tool.id"], name=op.f("fk_review_tool_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review")),
        sa.UniqueConstraint("tool_id", "reviewer_id", name=op.f("uq_review_tool_id_reviewer_id")),
    )
    with op.batch_alter_table("review", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_review_reviewer_id"), ["reviewer_id"], unique=False)

    op.create_table(
        "tally",
        sa.Column("tool_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("ship", sa.Integer(), nullable=False),
        sa.Column("skip", sa.Integer(), nullable=False),
        sa.Column("waiting", sa.Integer(), nullable=False),
        sa.Column("held", sa.Integer(), nullable=False),
        sa.Column("discarded", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "ship >= 0 AND skip >= 0 AND waiting >= 0 AND held >= 0 AND discarded >= 0",
            name=op.f("ck_tally_not_negative"),
        ),
        sa.ForeignKeyConstraint(["tool_id"], ["tool.id"], name=op.f("fk_tally_tool_id")),
        sa.PrimaryKeyConstraint("tool_id", name=op.f("pk_tally")),
    )
    op.create_table(
        "tool_fact",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("tool_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("value", sa.String(length=300), nullable=False),
        sa.Column("source", sa.String(length=500), nullable=True),
        sa.Column("checked_on", sa.Date(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["tool_id"], ["tool.id"], name=op.f("fk_tool_fact_tool_id"), ondelete="CASCADE"),
        sa.CheckConstraint("source LIKE 'http://%' OR source LIKE 'https://%'", name=op.f("ck_tool_fact_web_address")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tool_fact")),
        sa.UniqueConstraint("tool_id", "key", name=op.f("uq_tool_fact_tool_id_key")),
    )
    op.create_table(
        "tool_slug",
        sa.Column("slug", sa.String(length=64), nullable=False),
        sa.Column("tool_id", sa.Integer(), nullable=False),
        sa.Column("is_current", sa.Boolean(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "slug = lower(slug) AND '-' || slug || '-' NOT LIKE '%-vs-%'", name=op.f("ck_tool_slug_shape")
        ),
        sa.ForeignKeyConstraint(["tool_id"], ["tool.id"], name=op.f("fk_tool_slug_tool_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("slug", name=op.f("pk_tool_slug")),
    )
    with op.batch_alter_table("tool_slug", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_tool_slug_tool_id"), ["tool_id"], unique=False)
        batch_op.create_index(
            "uq_tool_slug_current",
            ["tool_id"],
            unique=True,
            sqlite_where=sa.text("is_current"),
            postgresql_where=sa.text("is_current"),
        )

    op.create_table(
        "vote",
        sa.Column("tool_id", sa.Integer(), nullable=False),
        sa.Column("voter", sa.String(length=64), nullable=False),
        sa.Column(
            "verdict",
            sa.Enum("ship", "skip", name="verdict", native_enum=False, create_constraint=True, length=20),
            nullable=True,
        ),
        sa.Column(
            "standing",
            sa.Enum(
                "counted",
                "waiting",
                "held",
                "discarded",
                name="standing",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("network", sa.String(length=64), nullable=True),
        sa.Column("first_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("changed_at", UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["tool_id"], ["tool.id"], name=op.f("fk_vote_tool_id")),
        sa.PrimaryKeyConstraint("tool_id", "voter", name=op.f("pk_vote")),
    )
    with op.batch_alter_table("vote", schema=None) as batch_op:
        batch_op.create_index("ix_vote_changed_at", ["changed_at"], unique=False)
        batch_op.create_index(
            "ix_vote_network",
            ["tool_id", "network"],
            unique=False,
            sqlite_where=sa.text("network IS NOT NULL"),
            postgresql_where=sa.text("network IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_vote_network_first_at",
            ["first_at"],
            unique=False,
            sqlite_where=sa.text("network IS NOT NULL"),
            postgresql_where=sa.text("network IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_vote_undecided",
            ["standing", "first_at"],
            unique=False,
            sqlite_where=sa.text("standing IN ('waiting', 'held')"),
            postgresql_where=sa.text("standing IN ('waiting', 'held')"),
        )
        batch_op.create_index(batch_op.f("ix_vote_voter"), ["voter"], unique=False)

    op.create_table(
        "vote_event",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("tool_id", sa.Integer(), nullable=False),
        sa.Column("voter", sa.String(length=64), nullable=True),
        sa.Column(
            "occasion",
            sa.Enum(
                "cast",
                "released",
                "held",
                "discarded",
                name="occasion",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column(
            "from_verdict",
            sa.Enum("ship", "skip", name="from_verdict", native_enum=False, create_constraint=True, length=20),
            nullable=True,
        ),
        sa.Column(
            "from_standing",
            sa.Enum(
                "counted",
                "waiting",
                "held",
                "discarded",
                name="from_standing",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column(
            "to_verdict",
            sa.Enum("ship", "skip", name="to_verdict", native_enum=False, create_constraint=True, length=20),
            nullable=True,
        ),
        sa.Column(
            "to_standing",
            sa.Enum(
                "counted",
                "waiting",
                "held",
                "discarded",
                name="to_standing",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("reason", sa.String(length=500), nullable=True),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("network", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(["tool_id"], ["tool.id"], name=op.f("fk_vote_event_tool_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vote_event")),
    )
    with op.batch_alter_table("vote_event", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_vote_event_at"), ["at"], unique=False)
        batch_op.create_index(
            "ix_vote_event_network_at",
            ["at"],
            unique=False,
            sqlite_where=sa.text("network IS NOT NULL"),
            postgresql_where=sa.text("network IS NOT NULL"),
        )
        batch_op.create_index("ix_vote_event_tool_id_voter", ["tool_id", "voter"], unique=False)

    op.create_table(
        "review_revision",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("review_id", sa.Integer(), nullable=False),
        sa.Column(
            "verdict",
            sa.Enum("ship", "skip", name="verdict", native_enum=False, create_constraint=True, length=20),
            nullable=False,
        ),
        sa.Column("quote", sa.Text(), nullable=False),
        sa.Column("reviewed_on", sa.Date(), nullable=True),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("wording_only", sa.Boolean(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["review_id"], ["review.id"], name=op.f("fk_review_revision_review_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_revision")),
    )
    with op.batch_alter_table("review_revision", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_review_revision_review_id"), ["review_id"], unique=False)
    op.execute("INSERT INTO content_version (id, version) VALUES (1, 1)")
    create_search_index()


def create_search_index() -> None:
    """Make the full-text index that catalog.search reads: FTS5 on SQLite, a tsvector on PostgreSQL."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "CREATE VIRTUAL TABLE tool_search USING fts5("
            "name, tagline, rest, prefix='2 3', tokenize=\"unicode61 remove_diacritics 2\")"
        )
        return
    op.execute(
        "CREATE TABLE tool_search (tool_id INTEGER PRIMARY KEY REFERENCES tool (id) ON DELETE CASCADE,"
        " document TSVECTOR NOT NULL)"
    )
    op.execute("CREATE INDEX ix_tool_search_document ON tool_search USING gin (document)")


def downgrade() -> None:
    op.execute("DROP TABLE tool_search")
    with op.batch_alter_table("review_revision", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_review_revision_review_id"))

    op.drop_table("review_revision")
    with op.batch_alter_table("vote_event", schema=None) as batch_op:
        batch_op.drop_index("ix_vote_event_tool_id_voter")
        batch_op.drop_index(
            "ix_vote_event_network_at",
            sqlite_where=sa.text("network IS NOT NULL"),
            postgresql_where=sa.text("network IS NOT NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_vote_event_at"))

    op.drop_table("vote_event")
    with op.batch_alter_table("vote", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_vote_voter"))
        batch_op.drop_index(
            "ix_vote_undecided",
            sqlite_where=sa.text("standing IN ('waiting', 'held')"),
            postgresql_where=sa.text("standing IN ('waiting', 'held')"),
        )
        batch_op.drop_index(
            "ix_vote_network_first_at",
            sqlite_where=sa.text("network IS NOT NULL"),
            postgresql_where=sa.text("network IS NOT NULL"),
        )
        batch_op.drop_index(
            "ix_vote_network",
            sqlite_where=sa.text("network IS NOT NULL"),
            postgresql_where=sa.text("network IS NOT NULL"),
        )
        batch_op.drop_index("ix_vote_changed_at")

    op.drop_table("vote")
    with op.batch_alter_table("tool_slug", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_tool_slug_current", sqlite_where=sa.text("is_current"), postgresql_where=sa.text("is_current")
        )
        batch_op.drop_index(batch_op.f("ix_tool_slug_tool_id"))

    op.drop_table("tool_slug")
    op.drop_table("tool_fact")
    op.drop_table("tally")
    with op.batch_alter_table("review", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_review_reviewer_id"))

    op.drop_table("review")
    op.drop_table("release")
    with op.batch_alter_table("price_record", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_price_record_current", sqlite_where=sa.text("until IS NULL"), postgresql_where=sa.text("until IS NULL")
        )
        batch_op.drop_index(batch_op.f("ix_price_record_tool_id"))

    op.drop_table("price_record")
    op.drop_table("plan")
    with op.batch_alter_table("comparison_tool", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_comparison_tool_tool_id"))

    op.drop_table("comparison_tool")
    with op.batch_alter_table("choose_if", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_choose_if_comparison_id"))

    op.drop_table("choose_if")
    with op.batch_alter_table("tool", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_tool_published_at"))
        batch_op.drop_index(batch_op.f("ix_tool_position"))
        batch_op.drop_index(batch_op.f("ix_tool_category_id"))

    op.drop_table("tool")
    op.drop_table("category_fact")
    op.drop_table("reviewer")
    op.drop_table("network_key")
    op.drop_table("content_version")
    op.drop_table("comparison")
    op.drop_table("category")
