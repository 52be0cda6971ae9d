"""picks of a category

Revision: 0020, after 0019. What editors pick by need among the tools of a category.
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "category_pick",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("category_id", sa.Integer(), nullable=False),
        sa.Column("need", sa.String(length=120), nullable=False),
        sa.Column("tool_id", sa.Integer(), nullable=False),
        sa.Column("runner_up_id", sa.Integer(), nullable=True),
        sa.Column("skip_if", sa.String(length=300), nullable=False),
        sa.Column("picked_on", sa.Date(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.CheckConstraint("runner_up_id != tool_id", name=op.f("ck_category_pick_another_runner_up")),
        sa.ForeignKeyConstraint(
            ["category_id"], ["category.id"], name=op.f("fk_category_pick_category_id_category"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["runner_up_id"], ["tool.id"], name=op.f("fk_category_pick_runner_up_id_tool")),
        sa.ForeignKeyConstraint(["tool_id"], ["tool.id"], name=op.f("fk_category_pick_tool_id_tool")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_category_pick")),
        sa.UniqueConstraint("category_id", "need", name=op.f("uq_category_pick_category_id_need")),
    )
    op.create_index(op.f("ix_category_pick_runner_up_id"), "category_pick", ["runner_up_id"], unique=False)
    op.create_index(op.f("ix_category_pick_tool_id"), "category_pick", ["tool_id"], unique=False)


def downgrade() -> None:
    op.drop_table("category_pick")
