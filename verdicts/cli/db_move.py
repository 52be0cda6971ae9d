"""`flask db-move`: a site that outgrew SQLite goes on with PostgreSQL."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import sqlalchemy as sa
from flask_migrate import upgrade

from verdicts.catalog import search_index
from verdicts.cli.backup import database_at
from verdicts.cli.errors import errors_as_messages
from verdicts.extensions import begin_write, db
from verdicts.operations import moving, snapshots
from verdicts.operations.moving import MoveFailed
from verdicts.voting import recount

_EXAMPLES = {
    "sqlite": "sqlite:////srv/verdicts/instance/verdicts.sqlite3",
    "postgresql": "postgresql+psycopg://user:password@host/name",
}
FROM_MIGRATIONS = {"alembic_version", "content_version"}  # tables with a row in every empty database


@click.command("db-move")
@click.argument("sqlite_url", metavar="SQLITE-URL")
@click.argument("postgres_url", metavar="POSTGRES-URL")
def db_move(sqlite_url: str, postgres_url: str) -> None:
    """Copy everything of a SQLite database into an empty PostgreSQL database, and check it. Stop the site before."""
    source_path = check_urls(sqlite_url, postgres_url)
    with errors_as_messages(MoveFailed):
        refuse_rows_in_target(postgres_url)
        with opened(f"sqlite:///{source_path}") as source, database_at(postgres_url):
            upgrade()
            refuse_other_version(source)
            move(source)
            if differences := recount.recount():
                raise MoveFailed(f"The recount of the moved votes finds {len(differences)} differences. Start again.")
    click.echo("Every count and every vote is as it was. Set DATABASE_URL to the new database and start the site.")


def check_urls(sqlite_url: str, postgres_url: str) -> Path:
    """Return the path of the SQLite file. Raises BadParameter."""
    for url, kind in ((sqlite_url, "sqlite"), (postgres_url, "postgresql")):
        try:
            if snapshots.kind_of(url) != kind:
                raise click.BadParameter(f"{kind} was expected, like {_EXAMPLES[kind]}")
        except sa.exc.ArgumentError:
            raise click.BadParameter(f"a URL was expected, like {_EXAMPLES[kind]}") from None
    path = Path(sa.make_url(sqlite_url).database or "")
    if not path.is_file():
        raise click.BadParameter(f"there is no file {path}")
    return path


def refuse_rows_in_target(url: str) -> None:
    counts, _migration = snapshots.describe(url)
    rows = {name: count for name, count in counts.items() if count and name not in FROM_MIGRATIONS}
    if rows:
        raise MoveFailed(f"The PostgreSQL database is not empty: {sum(rows.values()):,} rows are in {', '.join(rows)}.")


def refuse_other_version(source: sa.Connection) -> None:
    version = sa.select(sa.column("version_num", sa.String)).select_from(sa.table("alembic_version"))
    if source.scalar(version) != db.session.scalar(version):
        raise MoveFailed("The SQLite database is of another version. Bring it to this one first: flask db upgrade")
    db.session.rollback()


def move(source: sa.Connection) -> None:
    """Copy all rows in one transaction, which is given up where the counts differ afterwards."""
    begin_write()
    target = db.session.connection()
    target.exec_driver_sql("SET LOCAL statement_timeout = 0")
    moving.move(source, target, lambda table: click.echo(f"{table.name}: {table.rows:,}") if table.rows else None)
    search_index.reindex_all(target)
    if (before := moving.count_rows(source)) != (after := moving.count_rows(target)):
        differing = [f"{name} {after[name]:,} of {before[name]:,}" for name in before if before[name] != after[name]]
        raise MoveFailed(f"Not all rows arrived: {', '.join(differing)}.")
    target.exec_driver_sql("ANALYZE")
    db.session.commit()


@contextmanager
def opened(url: str) -> Iterator[sa.Connection]:
    """Yield a connection that sees the database as it is now."""
    engine = snapshots.engine_for(url)
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()
