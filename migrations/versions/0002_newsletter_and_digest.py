"""newsletter and digest

Revision: 0002, after 0001.
"""

import sqlalchemy as sa
from alembic import op

from verdicts.extensions import UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("comparison", schema=None) as batch_op:
        batch_op.add_column(sa.Column("published_at", UtcDateTime(timezone=True), nullable=True))
        batch_op.create_index(batch_op.f("ix_comparison_published_at"), ["published_at"], unique=False)

    op.create_table(
        "edition",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("week", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "draft",
                "frozen",
                "sending",
                "paused",
                "sent",
                "cancelled",
                name="state",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("sender", sa.String(length=300), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=True),
        sa.Column("drafted_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("scheduled_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("frozen_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("finished_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("paused_because", sa.String(length=500), nullable=True),
        sa.Column("unrecognised_running", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_edition")),
    )
    with op.batch_alter_table("edition", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_edition_state"), ["state"], unique=False)
        batch_op.create_index(
            "uq_edition_week",
            ["year", "week"],
            unique=True,
            sqlite_where=sa.text("state != 'cancelled'"),
            postgresql_where=sa.text("state != 'cancelled'"),
        )

    op.create_table(
        "outbox_letter",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("recipient", sa.String(length=254), nullable=False),
        sa.Column("subject", sa.String(length=300), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.Column("headers", sa.JSON(), nullable=False),
        sa.Column("written_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("next_try_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("doubtful", sa.Boolean(), nullable=False),
        sa.Column("owner", sa.String(length=80), nullable=True),
        sa.Column("lease_until", UtcDateTime(timezone=True), nullable=True),
        sa.Column("last_reply", sa.String(length=500), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox_letter")),
    )
    with op.batch_alter_table("outbox_letter", schema=None) as batch_op:
        batch_op.create_index("ix_outbox_letter_due", ["next_try_at"], unique=False)

    op.create_table(
        "sending_allowance",
        sa.Column("period", sa.String(length=20), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("period", name=op.f("pk_sending_allowance")),
    )
    op.create_table(
        "subscriber",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("address", sa.String(length=254), nullable=True),
        sa.Column("address_key", sa.String(length=64), nullable=True),
        sa.Column(
            "status",
            sa.Enum(
                "pending",
                "confirmed",
                "left",
                "bounced",
                "complained",
                "erased",
                name="status",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column(
            "rhythm",
            sa.Enum("every-week", "on-change", name="rhythm", native_enum=False, create_constraint=True, length=20),
            nullable=False,
        ),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("consent_source", sa.String(length=200), nullable=False),
        sa.Column("consent_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("confirmed_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("ended_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("confirm_hash", sa.String(length=64), nullable=True),
        sa.Column("confirm_mailed_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("confirm_until", UtcDateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(address IS NOT NULL) = (status IN ('pending', 'confirmed'))",
            name=op.f("ck_subscriber_address_while_used"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscriber")),
        sa.UniqueConstraint("address_key", name=op.f("uq_subscriber_address_key")),
        sa.UniqueConstraint("confirm_hash", name=op.f("uq_subscriber_confirm_hash")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("subscriber", schema=None) as batch_op:
        batch_op.create_index("ix_subscriber_status", ["status"], unique=False)

    op.create_table(
        "suppression",
        sa.Column("address_key", sa.String(length=64), nullable=False),
        sa.Column("subscriber_id", sa.Integer(), nullable=True),
        sa.Column(
            "reason",
            sa.Enum(
                "pending",
                "confirmed",
                "left",
                "bounced",
                "complained",
                "erased",
                name="reason",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["subscriber_id"], ["subscriber.id"], name=op.f("fk_suppression_subscriber_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("address_key", name=op.f("pk_suppression")),
    )
    with op.batch_alter_table("suppression", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_suppression_subscriber_id"), ["subscriber_id"], unique=False)

    op.create_table(
        "signup_turn",
        sa.Column("address_key", sa.String(length=64), nullable=False),
        sa.Column("mailed_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("asked", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("address_key", name=op.f("pk_signup_turn")),
    )
    with op.batch_alter_table("signup_turn", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_signup_turn_mailed_at"), ["mailed_at"], unique=False)

    op.create_table(
        "delivery",
        sa.Column("edition_id", sa.Integer(), nullable=False),
        sa.Column("subscriber_id", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "pending",
                "leased",
                "transmitting",
                "sent",
                "deferred",
                "failed",
                "skipped",
                "uncertain",
                name="state",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("due_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("first_tried_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("owner", sa.String(length=80), nullable=True),
        sa.Column("lease_until", UtcDateTime(timezone=True), nullable=True),
        sa.Column("reply", sa.String(length=500), nullable=True),
        sa.Column("is_suspicious", sa.Boolean(), nullable=False),
        sa.Column("changed_at", UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["edition_id"], ["edition.id"], name=op.f("fk_delivery_edition_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["subscriber_id"], ["subscriber.id"], name=op.f("fk_delivery_subscriber_id")),
        sa.PrimaryKeyConstraint("edition_id", "subscriber_id", name=op.f("pk_delivery")),
    )
    with op.batch_alter_table("delivery", schema=None) as batch_op:
        batch_op.create_index("ix_delivery_edition_id_state_due_at", ["edition_id", "state", "due_at"], unique=False)
        batch_op.create_index(
            "ix_delivery_lease_until",
            ["lease_until"],
            unique=False,
            sqlite_where=sa.text("state IN ('leased', 'transmitting')"),
            postgresql_where=sa.text("state IN ('leased', 'transmitting')"),
        )
        batch_op.create_index(batch_op.f("ix_delivery_subscriber_id"), ["subscriber_id"], unique=False)

    op.create_table(
        "edition_block",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("edition_id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "head", "category", "tool", "foot", name="kind", native_enum=False, create_constraint=True, length=20
            ),
            nullable=False,
        ),
        sa.Column("category_id", sa.Integer(), nullable=True),
        sa.Column("tool_ids", sa.JSON(), nullable=False),
        sa.Column("has_change", sa.Boolean(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["edition_id"], ["edition.id"], name=op.f("fk_edition_block_edition_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_edition_block")),
        sa.UniqueConstraint("edition_id", "position", name=op.f("uq_edition_block_edition_id_position")),
    )
    op.create_table(
        "edition_item",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("edition_id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "new-tool",
                "new-comparison",
                "verdict-change",
                "price-move",
                "disagreement",
                "votes",
                name="kind",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("category_id", sa.Integer(), nullable=True),
        sa.Column("tool_ids", sa.JSON(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("dropped", sa.Boolean(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["category_id"], ["category.id"], name=op.f("fk_edition_item_category_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["edition_id"], ["edition.id"], name=op.f("fk_edition_item_edition_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_edition_item")),
    )
    with op.batch_alter_table("edition_item", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_edition_item_edition_id"), ["edition_id"], unique=False)

    op.create_table(
        "subscriber_category",
        sa.Column("subscriber_id", sa.Integer(), nullable=False),
        sa.Column("category_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["category_id"], ["category.id"], name=op.f("fk_subscriber_category_category_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["subscriber_id"], ["subscriber.id"], name=op.f("fk_subscriber_category_subscriber_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("subscriber_id", "category_id", name=op.f("pk_subscriber_category")),
    )
    with op.batch_alter_table("subscriber_category", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_subscriber_category_category_id"), ["category_id"], unique=False)

    op.create_table(
        "subscriber_tool",
        sa.Column("subscriber_id", sa.Integer(), nullable=False),
        sa.Column("tool_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["subscriber_id"], ["subscriber.id"], name=op.f("fk_subscriber_tool_subscriber_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["tool_id"], ["tool.id"], name=op.f("fk_subscriber_tool_tool_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("subscriber_id", "tool_id", name=op.f("pk_subscriber_tool")),
    )
    with op.batch_alter_table("subscriber_tool", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_subscriber_tool_tool_id"), ["tool_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("subscriber_tool", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_subscriber_tool_tool_id"))

    op.drop_table("subscriber_tool")
    with op.batch_alter_table("subscriber_category", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_subscriber_category_category_id"))

    op.drop_table("subscriber_category")
    with op.batch_alter_table("edition_item", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_edition_item_edition_id"))

    op.drop_table("edition_item")
    op.drop_table("edition_block")
    with op.batch_alter_table("delivery", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_delivery_subscriber_id"))
        batch_op.drop_index(
            "ix_delivery_lease_until",
            sqlite_where=sa.text("state IN ('leased', 'transmitting')"),
            postgresql_where=sa.text("state IN ('leased', 'transmitting')"),
        )
        batch_op.drop_index("ix_delivery_edition_id_state_due_at")

    op.drop_table("delivery")
    with op.batch_alter_table("signup_turn", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_signup_turn_mailed_at"))

    op.drop_table("signup_turn")
    with op.batch_alter_table("suppression", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_suppression_subscriber_id"))

    op.drop_table("suppression")
    with op.batch_alter_table("subscriber", schema=None) as batch_op:
        batch_op.drop_index("ix_subscriber_status")

    op.drop_table("subscriber")
    op.drop_table("sending_allowance")
    with op.batch_alter_table("outbox_letter", schema=None) as batch_op:
        batch_op.drop_index("ix_outbox_letter_due")

    op.drop_table("outbox_letter")
    with op.batch_alter_table("edition", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_edition_week",
            sqlite_where=sa.text("state != 'cancelled'"),
            postgresql_where=sa.text("state != 'cancelled'"),
        )
        batch_op.drop_index(batch_op.f("ix_edition_state"))

    op.drop_table("edition")
    with op.batch_alter_table("comparison", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_comparison_published_at"))
        batch_op.drop_column("published_at")
