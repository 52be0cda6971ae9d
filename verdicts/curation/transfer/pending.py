"""A catalogue file between its dry run and the import: one for each account, for a day."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

import sqlalchemy as sa

from verdicts.curation.transfer.models import MAX_NAME_LENGTH, pending_import
from verdicts.extensions import db, insert

MAX_AGE = timedelta(days=1)


@dataclass(frozen=True)
class PendingFile:
    name: str
    content: bytes
    sent_at: datetime

    @property
    def digest(self) -> str:
        """SHA-256 of the file: what is imported is what the dry run read."""
        return sha256(self.content).hexdigest()


def find(account_id: int, now: datetime) -> PendingFile | None:
    """Return the file that an account sent within the last day. One statement."""
    columns = (pending_import.c.name, pending_import.c.content, pending_import.c.sent_at)
    is_own = (pending_import.c.account_id == account_id) & (pending_import.c.sent_at > now - MAX_AGE)
    row = db.session.connection().execute(sa.select(*columns).where(is_own)).one_or_none()
    return PendingFile(*row) if row else None


def store(account_id: int, name: str, content: bytes, now: datetime) -> None:
    """Store a file for an account, in place of the one it had. The caller has called begin_write(), and commits."""
    values = {"name": name[-MAX_NAME_LENGTH:], "content": content, "sent_at": now}
    row = insert(pending_import).values(account_id=account_id, **values)
    db.session.connection().execute(row.on_conflict_do_update(index_elements=["account_id"], set_=values))


def delete(account_id: int) -> None:
    """Delete an account's file. The caller has called begin_write(), and commits."""
    db.session.connection().execute(sa.delete(pending_import).where(pending_import.c.account_id == account_id))


def delete_old(now: datetime) -> int:
    """Delete the files that nobody imported within a day; return how many."""
    over = sa.delete(pending_import).where(pending_import.c.sent_at <= now - MAX_AGE)
    return db.session.connection().execute(over).rowcount
