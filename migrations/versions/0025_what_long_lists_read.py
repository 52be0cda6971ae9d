"""what long lists read

Revision: 0025, after 0023. The directory's orders by panel and by name, a category's tools, and the comparisons that
the front page and the picker propose, are read from indexes that end in the order. So a tool keeps its place by panel
as one number, and its name in small letters.
"""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0023"
branch_labels = None
depends_on = None

NOT_REVIEWED = 1


def upgrade() -> None:
    op.add_column("tool", sa.Column("panel_place", sa.Integer(), nullable=False, server_default=str(NOT_REVIEWED)))
    store_panel_places(op.get_bind())
    op.create_index("ix_tool_panel_place", "tool", ["panel_place", "position", "id"])
    op.add_column("tool", sa.Column("sort_name", sa.String(240), nullable=False, server_default=""))
    store_sort_names(op.get_bind())
    op.create_index("ix_tool_sort_name", "tool", ["sort_name", "id"])
    columns = ["category_id", "panel_place", "sort_name", "id"]
    op.create_index("ix_tool_category_id_panel_place", "tool", columns)
    op.create_index("ix_comparison_featured_position", "comparison", ["featured", "position"])
    op.create_index("ix_pair_views_views", "pair_views", ["views", "tool_id", "rival_id"])


def store_panel_places(connection: sa.Connection) -> None:
    """As catalog.panel_keys does it: by the share of SHIP, then by the number of voices; smaller comes first."""
    keys = connection.execute(sa.text("SELECT DISTINCT panel_key FROM tool WHERE panel_key != ''")).scalars()
    rows = [{"key": key, "place": place_of(key.count("+"), key.count("+") + key.count("-"))} for key in keys]
    if rows:
        connection.execute(sa.text("UPDATE tool SET panel_place = :place WHERE panel_key = :key"), rows)


def store_sort_names(connection: sa.Connection) -> None:
    rows = [{"id": id, "name": name.lower()} for id, name in connection.execute(sa.text("SELECT id, name FROM tool"))]
    if rows:
        connection.execute(sa.text("UPDATE tool SET sort_name = :name WHERE id = :id"), rows)


def place_of(ships: int, voices: int) -> int:
    return -(ships * 100_000 // voices * 1_000 + voices)


def downgrade() -> None:
    op.drop_index("ix_pair_views_views", table_name="pair_views")
    op.drop_index("ix_comparison_featured_position", table_name="comparison")
    op.drop_index("ix_tool_category_id_panel_place", table_name="tool")
    op.drop_index("ix_tool_sort_name", table_name="tool")
    op.drop_index("ix_tool_panel_place", table_name="tool")
    op.execute("ALTER TABLE tool DROP COLUMN sort_name")
    op.execute("ALTER TABLE tool DROP COLUMN panel_place")
