"""encrypted second factors

Revision: 0009, after 0008. The secrets of second factors are encrypted under a key derived from SECRET_KEY, as
verdicts.staff.second_factor does since then.
"""

from collections.abc import Callable

import sqlalchemy as sa
from alembic import op

from verdicts import secret_values

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_account = sa.table("account", sa.column("id"), sa.column("totp_secret"), sa.column("totp_changed"))


class SecretUnreadable(Exception):
    """A second factor is encrypted under a key that is in neither SECRET_KEY nor SECRET_KEY_FALLBACKS."""


def upgrade() -> None:
    _change_all(200, lambda id, secret: secret_values.encrypt(secret, f"totp:{id}"))


def downgrade() -> None:
    _change_all(64, _decrypt)


def _change_all(length: int, change: Callable[[int, str], str]) -> None:
    op.add_column("account", sa.Column("totp_changed", sa.String(length), nullable=True))
    connection = op.get_bind()
    rows = connection.execute(
        sa.select(_account.c.id, _account.c.totp_secret).where(_account.c.totp_secret.is_not(None))
    )
    for row in rows.all():
        changed = change(row.id, row.totp_secret)
        connection.execute(sa.update(_account).where(_account.c.id == row.id).values(totp_changed=changed))
    op.execute("ALTER TABLE account DROP COLUMN totp_secret")
    op.execute("ALTER TABLE account RENAME COLUMN totp_changed TO totp_secret")


def _decrypt(id: int, encrypted: str) -> str:
    secret = secret_values.decrypt(encrypted, f"totp:{id}")
    if secret is None:
        raise SecretUnreadable("Add the former SECRET_KEY to SECRET_KEY_FALLBACKS, then go back.")
    return secret
