"""`make demo`: an installation with sample data in the instance folder, made once, then served."""

import os
import secrets
import subprocess  # nosec B404  # to start our own program
import sys
from collections.abc import MutableMapping
from contextlib import suppress
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

import click
from dotenv import dotenv_values

from verdicts import config
from verdicts.cli import serve
from verdicts.curation import sample
from verdicts.digest import drafting, editions, weeks
from verdicts.digest.models import EditionState
from verdicts.extensions import begin_write, db
from verdicts.staff import accounts, passwords
from verdicts.staff.models import Role

ADMIN, ADMIN_EMAIL = "admin", "admin@verdicts.example"
PASSWORD_NAME = "DEMO_ADMIN_PASSWORD"  # noqa: S105  # nosec B105  # what it is called in demo.env


def main() -> None:
    with serve.faults_in_words():
        settings = settle(os.environ)
        with serve.prepared_database(settings):
            load_sample()
            drafted = drafted_edition(datetime.now(UTC))
            password = password_of_the_admin(settings.instance_path / "demo.env", datetime.now(UTC))
        click.echo(f"{settings.site_name} is served at {settings.base_url}")
        if password:
            click.echo(f"Log in at {settings.base_url}/admin as {ADMIN} with the password {password}")
        click.echo(where_mail_goes(settings))
        if drafted:
            click.echo(f"A digest is drafted; this sends it: .venv/bin/flask digest send {drafted} --yes")
        click.echo("Ctrl-C stops it; `make demo` goes on with the same data.")
        start_beside("mail", "run", "--loop")
        start_beside("digest", "keep-running")
        serve.become_gunicorn()


def settle(environ: MutableMapping[str, str]) -> config.Settings:
    """Return this run's settings and complete the environment with them; a first run keeps them in demo.env.

    Raises SettingsError or StartRefused before anything is written.
    """
    drawn = {"DEMO": "1", "SECRET_KEY": secrets.token_hex(32), "HASH_KEY": secrets.token_hex(32)}
    asked = config.load({**drawn, "BASE_URL": "http://localhost", **environ})
    serve.ensure_address_is_free(asked.host, asked.port)
    base_url = environ.get("BASE_URL") or address_of(asked.host, asked.port)
    address = {"BASE_URL": base_url, "TRUSTED_HOSTS": ",".join(hosts_of(base_url, asked.host))}
    keep_once(asked.instance_path / "demo.env", {**drawn, **address, PASSWORD_NAME: secrets.token_hex(8)})
    for name, value in {"DEMO": "1", **address}.items():
        environ.setdefault(name, value)
    return config.load(environ)


def address_of(host: str, port: int) -> str:
    """Return the origin under which a browser on this machine reaches what listens there."""
    name = "127.0.0.1" if means_every_address(host) else host
    bracketed = f"[{name}]" if ":" in name else name
    return f"http://{bracketed}" if port == 80 else f"http://{bracketed}:{port}"


def hosts_of(base_url: str, host: str) -> list[str]:
    """Return the host names that requests may ask for, without repetition."""
    names = [urlsplit(base_url).hostname or "", host, "127.0.0.1", "localhost"]
    return list(dict.fromkeys(name for name in names if not means_every_address(name)))


def means_every_address(host: str) -> bool:
    try:
        return ip_address(host).is_unspecified
    except ValueError:
        return False


def keep_once(path: Path, values: dict[str, str]) -> None:
    """Write settings to a file that only its owner may read, unless it is there already."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = "".join(f"{name}={value}\n" for name, value in values.items())
    with suppress(FileExistsError):
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(lines)


def where_mail_goes(settings: config.Settings) -> str:
    if settings.mail.server:
        return f"Mail is sent through {settings.mail.server}."
    return f"Mail is not sent but kept, to be read at {settings.base_url}/dev/mailbox"


def start_beside(*arguments: str) -> None:
    """Start a command of ours beside us: it ends with this process, which will be gunicorn."""
    command = [sys.executable, "-m", "flask", "--app", "wsgi", *arguments, "--parent", str(os.getpid())]
    subprocess.Popen(command, cwd=config.CHECKOUT)  # noqa: S603  # nosec B603  # our own program, and no shell


def load_sample() -> None:
    begin_write()
    if sample.load(datetime.now(UTC)):
        db.session.commit()
    db.session.rollback()


def password_of_the_admin(path: Path, now: datetime) -> str | None:
    """Let the demo's admin log in, once, and return the password that demo.env has for them, if they still use it."""
    password = dotenv_values(path).get(PASSWORD_NAME)
    found = accounts.find(ADMIN)
    db.session.rollback()
    if password and found is None:
        password_hash = passwords.hash_password(password)
        begin_write()
        accounts.create(ADMIN, ADMIN_EMAIL, Role.ADMIN, password_hash, now, must_change=False)
        db.session.commit()
        return password
    return password if password and found and passwords.is_correct(password, found.password_hash) else None


def drafted_edition(now: datetime) -> str | None:
    """Draft this week's edition unless it is there; return its name while it waits to be sent."""
    week = weeks.week_of(now)
    begin_write()
    if editions.find_by_week(week) is None:
        drafting.draft_edition(week, now)
        db.session.commit()
    found = editions.find_by_week(week)
    db.session.rollback()
    return found.name if found and found.state is EditionState.DRAFT else None


if __name__ == "__main__":
    main()
