"""`make serve`: check the settings, migrate the database while other starts wait, then run gunicorn."""

import errno
import fcntl
import os
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import click
import sqlalchemy as sa
from dotenv import load_dotenv
from flask_migrate import upgrade

from verdicts import config, create_app, outages
from verdicts.extensions import db

MAX_PREPARATION_SECONDS = 600
ADVISORY_LOCK = 0x76657264  # "verd" in ASCII: distinguishes this lock from others in the same PostgreSQL
# glibc gives threads heaps of their own, and keeps what is freed in the midst of them. Pages come and go, and most take
# more than 32 KB while they are put together: mapped by itself, each goes back to the system at once. With 64 KB as the
# limit a worker grew by 5 MB more, and rendered 2 % more pages. Unless told a limit, glibc would also keep whatever is
# smaller than the largest piece that was ever freed, as of a picture.
MALLOC = {"MALLOC_ARENA_MAX": "1", "MALLOC_MMAP_THRESHOLD_": "32768", "MALLOC_TRIM_THRESHOLD_": "524288"}


class StartRefused(Exception):
    """The site cannot start. The message tells the operator why."""


def main() -> None:
    load_dotenv(config.CHECKOUT / ".env")
    with exit_on_error():
        settings = config.load(os.environ)
        ensure_address_is_free(settings.host, settings.port)
        with prepared_database(settings):
            pass
        click.echo(f"{settings.site_name} is served at {settings.base_url}{' (a demo)' if settings.demo else ''}.")
        exec_gunicorn()


@contextmanager
def exit_on_error() -> Iterator[None]:
    """Turn an error that an operator can correct into a message and exit status 1."""
    try:
        yield
    except (config.SettingsError, StartRefused) as fault:
        sys.exit(str(fault))
    except OSError as fault:
        sys.exit(f"{fault.filename or 'A file of the site'}: {fault.strerror or fault}")
    except KeyboardInterrupt:
        sys.exit(130)


def ensure_address_is_free(host: str, port: int) -> None:
    """Raise StartRefused where this address cannot be listened on.

    gunicorn does not notice a second instance: with reuse_port both would share the port silently.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as fault:
        if fault.errno == errno.EADDRINUSE:
            message = f"Port {port} on {host} is in use: stop what listens there, or name another one with PORT=."
        else:
            message = f"Cannot listen on HOST {host!r}, PORT {port}: {fault.strerror}."
        raise StartRefused(message) from fault


@contextmanager
def prepared_database(settings: config.Settings) -> Iterator[None]:
    """Migrate the database, and keep other starts waiting until the block ends. The block has an app context.

    Raises StartRefused where the database is unreachable or refuses.
    """
    lock = _file_lock(settings) if settings.is_sqlite else _advisory_lock()
    try:
        with create_app(settings).app_context(), lock:
            upgrade()
            yield
            db.session.remove()
            # Before others go on: closing SQLite's last connection locks the file for a moment.
            db.engine.dispose()
    except (sa.exc.DBAPIError, sa.exc.ArgumentError) as fault:
        address = sa.make_url(settings.database_url).render_as_string(hide_password=True)
        reason = str(fault.orig if isinstance(fault, sa.exc.DBAPIError) else fault)
        if settings.is_sqlite and outages.is_disk_full(Path(sa.make_url(settings.database_url).database or "")):
            reason = f"its disk is full ({reason}). Make room, then start again."
        raise StartRefused(f"The database at {address} cannot be used: {reason}") from fault


@contextmanager
def _file_lock(settings: config.Settings) -> Iterator[None]:
    with (settings.instance_path / "start.lock").open("w") as file:
        _wait_until(lambda: _try_lock(file.fileno()))
        yield


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def _advisory_lock() -> Iterator[None]:
    # Without a transaction: the server would end one that idles while others migrate.
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.detach()  # closes it at the end instead of pooling it, which releases the lock
        _wait_until(lambda: bool(connection.scalar(sa.select(sa.func.pg_try_advisory_lock(ADVISORY_LOCK)))))
        yield


def _wait_until(is_locked: Callable[[], bool]) -> None:
    """Poll until the lock is held. A statement that waited in the server would run into its time limit."""
    if is_locked():
        return
    click.echo("Another start is preparing the database; this one waits for it.")
    deadline = time.monotonic() + MAX_PREPARATION_SECONDS
    while not is_locked():
        if time.monotonic() > deadline:
            raise StartRefused(f"The other start is not done after {MAX_PREPARATION_SECONDS} s. Is it stuck?")
        time.sleep(0.1)


def exec_gunicorn() -> NoReturn:
    """Replace this process with gunicorn, which reads gunicorn.conf.py from the checkout."""
    sys.stdout.flush()
    os.environ.update(MALLOC | os.environ)
    os.chdir(config.CHECKOUT)
    os.execv(sys.executable, [sys.executable, "-m", "gunicorn", "wsgi:app"])  # noqa: S606  # nosec B606  # no shell


if __name__ == "__main__":
    main()
