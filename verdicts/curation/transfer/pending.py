"""A catalogue file between its dry run and the word to go on: one for each account, for a day."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

import sqlalchemy as sa

from verdicts.curation.transfer.models import pending_import
from verdicts.extensions import db, insert

KEPT = timedelta(days=1)
LONGEST_NAME = 200


@dataclass(frozen=True)
class PendingImport:
    name: str
    content: bytes
    sent_at: datetime

    @property
    def digest(self) -> str:
        """SHA-256 of the file: what is imported is what the dry run read."""
        return sha256(self.content).hexdigest()


def store(account_id: int, name: str, content: bytes, now: datetime) -> None:
    """Keep a file for an account, in place of the one it had. The caller has called begin_write(), and commits."""
    told = {"name": name[-LONGEST_NAME:], "content": content, "sent_at": now}
    row = insert(pending_import).values(account_id=account_id, **told)
    db.session.connection().execute(row.on_conflict_do_update(index_elements=["account_id"], set_=told))


def find(account_id: int, now: datetime) -> PendingImport | None:
    """Return the file that an account sent within the last day. One statement."""
    columns = (pending_import.c.name, pending_import.c.content, pending_import.c.sent_at)
    mine = (pending_import.c.account_id == account_id) & (pending_import.c.sent_at > now - KEPT)
    row = db.session.connection().execute(sa.select(*columns).where(mine)).one_or_none()
    return PendingImport(*row) if row else None


def delete(account_id: int) -> None:
    """Forget an account's file. The caller has called begin_write(), and commits."""
    db.session.connection().execute(sa.delete(pending_import).where(pending_import.c.account_id == account_id))


def delete_old(now: datetime) -> int:
    """Destroy the files that nobody said a word about for a day; return how many."""
    over = sa.delete(pending_import).where(pending_import.c.sent_at <= now - KEPT)
    return db.session.connection().execute(over).rowcount
