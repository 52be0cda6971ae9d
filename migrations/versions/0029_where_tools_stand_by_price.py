"""where tools stand by price

Revision: 0029, after 0028. The directory by price is read from an index that ends in the order.
"""

from decimal import Decimal

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

LENGTH, UNKNOWN = 28, "6" + 27 * "0"
CURRENT = "SELECT tool_id, model, amount, currency, period FROM price_record WHERE until IS NULL"


def upgrade() -> None:
    op.add_column("tool", sa.Column("price_place", sa.String(LENGTH), nullable=False, server_default=UNKNOWN))
    connection = op.get_bind()
    rows = [{"id": id, "place": place_of(*price)} for id, *price in connection.execute(sa.text(CURRENT))]
    if rows:
        connection.execute(sa.text("UPDATE tool SET price_place = :place WHERE id = :id"), rows)
    op.create_index("ix_tool_price_place", "tool", ["price_place", "position", "id"])


def place_of(model: str, amount: Decimal | str | None, currency: str | None, period: str | None) -> str:
    """As catalog.prices does it."""
    monthly = Decimal(amount or 0) / (12 if period == "year" else 1)
    parts = min(int(monthly * 1_000_000), 10 ** (LENGTH - 4) - 1)
    return f"{kind_of(model, amount, period)}{currency or '000'}{parts:0{LENGTH - 4}d}"


def kind_of(model: str, amount: Decimal | str | None, period: str | None) -> int:
    if model != "paid":
        return {"free": 0, "freemium": 1, "contact": 5}.get(model, 6)
    if amount is not None and period in {"month", "year"}:
        return 2
    return 3 if period == "use" else 4


def downgrade() -> None:
    op.drop_index("ix_tool_price_place", table_name="tool")
    op.execute("ALTER TABLE tool DROP COLUMN price_place")
