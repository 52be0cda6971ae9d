"""PostgreSQL finds the tools that hold a text in their name or tagline

Revision: 0031, after 0030. The index over whole documents does not know where a word stands.
"""

from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

LABELS = {"name": "a", "tagline": "b"}


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        return
    for name, label in LABELS.items():
        op.execute(f"CREATE INDEX ix_tool_search_{name} ON tool_search USING gin (ts_filter(document, '{{{label}}}'))")


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        return
    for name in LABELS:
        op.execute(f"DROP INDEX ix_tool_search_{name}")
