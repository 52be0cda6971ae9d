"""what people look for

Revision: 0022, after 0021. Views of pages and searches that found nothing, counted by day, and the figures about tools
that are made from them.
"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "page_view",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("path", sa.String(length=600), nullable=False),
        sa.Column("referrer", sa.String(length=100), nullable=False),
        sa.Column("views", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", "path", "referrer", name=op.f("pk_page_view")),
    )
    op.create_table(
        "empty_search",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("text", sa.String(length=60), nullable=False),
        sa.Column("searches", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", "text", name=op.f("pk_empty_search")),
    )
    op.create_table(
        "tool_views",
        sa.Column("tool_id", sa.Integer(), nullable=False),
        sa.Column("views", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["tool_id"], ["tool.id"], name=op.f("fk_tool_views_tool_id_tool"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tool_id", name=op.f("pk_tool_views")),
    )
    op.create_table(
        "pair_views",
        sa.Column("tool_id", sa.Integer(), nullable=False),
        sa.Column("rival_id", sa.Integer(), nullable=False),
        sa.Column("views", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["tool_id"], ["tool.id"], name=op.f("fk_pair_views_tool_id_tool"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["rival_id"], ["tool.id"], name=op.f("fk_pair_views_rival_id_tool"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tool_id", "rival_id", name=op.f("pk_pair_views")),
    )
    op.create_index(op.f("ix_pair_views_rival_id"), "pair_views", ["rival_id"], unique=False)
    op.create_index("ix_pair_views_tool_id_views", "pair_views", ["tool_id", "views"], unique=False)


def downgrade() -> None:
    op.drop_table("pair_views")
    op.drop_table("tool_views")
    op.drop_table("empty_search")
    op.drop_table("page_view")
