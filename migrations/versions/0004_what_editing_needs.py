"""what editing needs

Revision: 0004, after 0003.
"""

import sqlalchemy as sa
from alembic import op

from verdicts.extensions import UtcDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

OCCASIONS = ("cast", "released", "held", "discarded")


def upgrade() -> None:
    _make_tables()
    moment = UtcDateTime(timezone=True)
    for table in ("tool", "comparison"):
        op.add_column(table, sa.Column("first_published_at", moment, nullable=True))
        op.add_column(table, sa.Column("archived_at", moment, nullable=True))
    op.add_column("reviewer", sa.Column("archived_at", moment, nullable=True))
    op.add_column("price_record", sa.Column("interval_days", sa.Integer(), nullable=False, server_default="60"))
    op.add_column("audit_entry", sa.Column("record_id", sa.Integer(), nullable=True))
    op.create_index("ix_audit_entry_record_id", "audit_entry", ["kind", "record_id"])
    _refer("tool", "merged_into_id", sa.Integer(), "tool", "id")
    _refer("tool", "logo_digest", sa.String(length=64), "logo", "digest")
    # A comparison that was there before its day was written down has been public all the time.
    op.execute("UPDATE comparison SET published_at = '2000-01-01 00:00:00' WHERE published_at IS NULL")
    op.execute("UPDATE comparison SET first_published_at = published_at")
    op.execute("UPDATE tool SET first_published_at = published_at")
    _take_occasions(*OCCASIONS, "merged")
    if op.get_bind().dialect.name == "sqlite":
        # REPLACE deletes without asking the trigger that refuses to delete.
        op.execute(
            "CREATE TRIGGER audit_entry_refuses_replace BEFORE INSERT ON audit_entry "
            "WHEN EXISTS (SELECT 1 FROM audit_entry WHERE id = NEW.id) "
            "BEGIN SELECT RAISE(ABORT, 'the audit trail only grows'); END"
        )


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER audit_entry_refuses_replace")
    op.execute("UPDATE vote_event SET occasion = 'cast' WHERE occasion = 'merged'")
    _take_occasions(*OCCASIONS)
    _forget("tool", "logo_digest", "merged_into_id")
    with op.batch_alter_table("audit_entry", schema=None) as batch_op:
        batch_op.drop_index("ix_audit_entry_record_id")
    op.execute("ALTER TABLE audit_entry DROP COLUMN record_id")
    op.execute("ALTER TABLE price_record DROP COLUMN interval_days")
    op.execute("ALTER TABLE reviewer DROP COLUMN archived_at")
    for table in ("tool", "comparison"):
        op.execute(f"ALTER TABLE {table} DROP COLUMN archived_at")
        op.execute(f"ALTER TABLE {table} DROP COLUMN first_published_at")
    for table in (
        "pending_import",
        "correction",
        "price_doubt",
        "form_draft",
        "logo",
        "reviewer_alias",
        "category_alias",
    ):
        op.drop_table(table)


def _make_tables() -> None:
    for owner in ("category", "reviewer"):
        op.create_table(
            f"{owner}_alias",
            sa.Column("slug", sa.String(length=64), nullable=False),
            sa.Column(f"{owner}_id", sa.Integer(), nullable=False),
            sa.ForeignKeyConstraint(
                [f"{owner}_id"], [f"{owner}.id"], name=op.f(f"fk_{owner}_alias_{owner}_id"), ondelete="CASCADE"
            ),
            sa.PrimaryKeyConstraint("slug", name=op.f(f"pk_{owner}_alias")),
        )
        op.create_index(op.f(f"ix_{owner}_alias_{owner}_id"), f"{owner}_alias", [f"{owner}_id"])
    op.create_table(
        "logo",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("image", sa.LargeBinary(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_logo")),
    )
    op.create_table(
        "form_draft",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("place", sa.String(length=200), nullable=False),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("saved_at", UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_form_draft_account_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("account_id", "place", name=op.f("pk_form_draft")),
    )
    op.create_index(op.f("ix_form_draft_saved_at"), "form_draft", ["saved_at"])
    op.create_table(
        "price_doubt",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("tool_id", sa.Integer(), nullable=False),
        sa.Column("network", sa.String(length=64), nullable=True),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["tool_id"], ["tool.id"], name=op.f("fk_price_doubt_tool_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_price_doubt")),
        sa.UniqueConstraint("tool_id", "network", name=op.f("uq_price_doubt_tool_id_network")),
    )
    op.create_index(op.f("ix_price_doubt_at"), "price_doubt", ["at"])
    op.create_table(
        "correction",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("page", sa.String(length=300), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("source", sa.String(length=500), nullable=True),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("sent_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column(
            "state",
            sa.Enum("open", "done", "declined", name="state", native_enum=False, create_constraint=True, length=20),
            nullable=False,
        ),
        sa.Column("outcome", sa.String(length=500), nullable=True),
        sa.Column("decided_by", sa.String(length=40), nullable=True),
        sa.Column("decided_at", UtcDateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_correction")),
    )
    op.create_index(op.f("ix_correction_state"), "correction", ["state"])
    op.create_table(
        "pending_import",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("sent_at", UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_pending_import_account_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_pending_import")),
    )
    op.create_index(op.f("ix_pending_import_sent_at"), "pending_import", ["sent_at"])


def _refer(table: str, column: str, kind: sa.types.TypeEngine, other: str, key: str) -> None:
    """Add a column that refers to another table; SQLite can, but only in the column's own words."""
    name = f"fk_{table}_{column}"
    if op.get_bind().dialect.name == "sqlite":
        words = kind.compile(op.get_bind().dialect)
        op.execute(f"ALTER TABLE {table} ADD COLUMN {column} {words} CONSTRAINT {name} REFERENCES {other} ({key})")
        return
    op.add_column(table, sa.Column(column, kind, nullable=True))
    op.create_foreign_key(op.f(name), table, other, [column], [key])


def _forget(table: str, *columns: str) -> None:
    """Drop columns that refer to other tables: SQLite drops none that a constraint names, unless it is its own."""
    for column in columns:
        op.execute(f"ALTER TABLE {table} DROP COLUMN {column}")


def _take_occasions(*occasions: str) -> None:
    """Let the ledger's lines have these occasions and no others."""
    listed = ", ".join(f"'{occasion}'" for occasion in occasions)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE vote_event DROP CONSTRAINT ck_vote_event_occasion")
        op.execute(f"ALTER TABLE vote_event ADD CONSTRAINT ck_vote_event_occasion CHECK (occasion IN ({listed}))")
        return
    _rebuild_the_ledger(occasions)


def _rebuild_the_ledger(occasions: tuple[str, ...]) -> None:
    """SQLite changes no constraint of a table that is there: the lines move to a new one, with their ids."""

    def closed_set(name: str, *values: str) -> sa.Enum:
        return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=20)

    standings, verdicts = ("counted", "waiting", "held", "discarded"), ("ship", "skip")
    op.rename_table("vote_event", "vote_event_before")
    for index in ("ix_vote_event_at", "ix_vote_event_network_at", "ix_vote_event_tool_id_voter"):
        op.execute(f"DROP INDEX {index}")
    op.create_table(
        "vote_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("tool_id", sa.Integer(), nullable=False),
        sa.Column("voter", sa.String(length=64), nullable=True),
        sa.Column("occasion", closed_set("occasion", *occasions), nullable=False),
        sa.Column("from_verdict", closed_set("from_verdict", *verdicts), nullable=True),
        sa.Column("from_standing", closed_set("from_standing", *standings), nullable=False),
        sa.Column("to_verdict", closed_set("to_verdict", *verdicts), nullable=True),
        sa.Column("to_standing", closed_set("to_standing", *standings), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=True),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("network", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(["tool_id"], ["tool.id"], name=op.f("fk_vote_event_tool_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vote_event")),
    )
    columns = "id, tool_id, voter, occasion, from_verdict, from_standing, to_verdict, to_standing, reason, at, network"
    op.execute(f"INSERT INTO vote_event ({columns}) SELECT {columns} FROM vote_event_before")  # noqa: S608
    op.drop_table("vote_event_before")
    op.create_index(op.f("ix_vote_event_at"), "vote_event", ["at"])
    op.create_index("ix_vote_event_network_at", "vote_event", ["at"], sqlite_where=sa.text("network IS NOT NULL"))
    op.create_index("ix_vote_event_tool_id_voter", "vote_event", ["tool_id", "voter"])
