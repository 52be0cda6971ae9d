"""`make serve`: check the settings, migrate while every other start waits, then become gunicorn."""

import errno
import fcntl
import os
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NoReturn

import click
import sqlalchemy as sa
from dotenv import load_dotenv
from flask_migrate import upgrade

from verdicts import config, create_app
from verdicts.extensions import db

PREPARING_AT_MOST_SECONDS = 600
ADVISORY_LOCK = 0x76657264  # "verd" in ASCII: tells our lock from others in the same PostgreSQL


class StartRefused(Exception):
    """The site cannot start; the message says why, for whoever runs it."""


def main() -> None:
    load_dotenv(config.CHECKOUT / ".env")
    with faults_in_words():
        settings = config.load(os.environ)
        ensure_address_is_free(settings.host, settings.port)
        with prepared_database(settings):
            pass
        click.echo(f"{settings.site_name} is served at {settings.base_url}{' (a demo)' if settings.demo else ''}.")
        become_gunicorn()


@contextmanager
def faults_in_words() -> Iterator[None]:
    """End the program with words and exit status 1 where an operator, not a programmer, can mend what is wrong."""
    try:
        yield
    except (config.SettingsError, StartRefused, OSError) as fault:
        sys.exit(str(fault))
    except KeyboardInterrupt:
        sys.exit(130)


def ensure_address_is_free(host: str, port: int) -> None:
    """Raise StartRefused where nothing can listen on this address.

    gunicorn would not notice a second instance: with reuse_port both would share the port without a word.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as fault:
        raise StartRefused(_why_not(host, port, fault)) from fault


def _why_not(host: str, port: int, fault: OSError) -> str:
    if fault.errno == errno.EADDRINUSE:
        return f"Port {port} on {host} is in use: stop what listens there, or name another one with PORT=."
    return f"Cannot listen on HOST {host!r}, PORT {port}: {fault.strerror}."


@contextmanager
def prepared_database(settings: config.Settings) -> Iterator[None]:
    """Migrate the database and keep other starts waiting until the block ends; the block has an app context.

    Raises StartRefused where the database is away or refuses.
    """
    try:
        with create_app(settings).app_context(), _one_at_a_time(settings):
            upgrade()
            yield
            db.session.remove()
            # While others wait: whoever closes SQLite's last connection locks the file to tidy up.
            db.engine.dispose()
    except (sa.exc.DBAPIError, sa.exc.ArgumentError) as fault:
        address = sa.make_url(settings.database_url).render_as_string(hide_password=True)
        reason = fault.orig if isinstance(fault, sa.exc.DBAPIError) else fault
        raise StartRefused(f"The database at {address} cannot be used: {reason}") from fault


@contextmanager
def _one_at_a_time(settings: config.Settings) -> Iterator[None]:
    with _file_lock(settings) if settings.is_sqlite else _advisory_lock():
        yield


@contextmanager
def _file_lock(settings: config.Settings) -> Iterator[None]:
    with (settings.instance_path / "start.lock").open("w") as file:
        _wait_until(lambda: _locked(file.fileno()))
        yield


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def _advisory_lock() -> Iterator[None]:
    # Without a transaction: one that idles while others migrate would be ended by the server.
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.detach()  # so that it is closed, not kept, at the end: that gives the lock back
        _wait_until(lambda: bool(connection.scalar(sa.select(sa.func.pg_try_advisory_lock(ADVISORY_LOCK)))))
        yield


def _wait_until(held: Callable[[], bool]) -> None:
    """Ask until the lock is held; asking, not waiting in the server, keeps clear of its time limits for statements."""
    if held():
        return
    click.echo("Another start is preparing the database; this one waits for it.")
    give_up_at = time.monotonic() + PREPARING_AT_MOST_SECONDS
    while not held():
        if time.monotonic() > give_up_at:
            raise StartRefused(f"The other start is not done after {PREPARING_AT_MOST_SECONDS} s. Is it stuck?")
        time.sleep(0.1)


def become_gunicorn() -> NoReturn:
    """Replace this process by gunicorn, which finds gunicorn.conf.py in the checkout."""
    sys.stdout.flush()
    os.chdir(config.CHECKOUT)
    os.execv(sys.executable, [sys.executable, "-m", "gunicorn", "wsgi:app"])  # noqa: S606  # nosec B606  # no shell


if __name__ == "__main__":
    main()
