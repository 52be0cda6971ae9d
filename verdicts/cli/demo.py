"""`make demo`: create an installation with sample data in the instance folder, once, and serve it."""

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

from verdicts import config, private_files
from verdicts.cli import serve
from verdicts.curation import sample
from verdicts.digest import drafting, editions, weeks
from verdicts.digest.models import EditionState
from verdicts.extensions import begin_write, db
from verdicts.staff import accounts, passwords
from verdicts.staff.models import Role

ADMIN = "admin"


def main() -> None:
    with serve.exit_on_error():
        settings = prepare_settings(os.environ)
        with serve.prepared_database(settings):
            load_sample()
            edition = ensure_draft(datetime.now(UTC))
            password = ensure_admin(settings.instance_path, datetime.now(UTC))
        click.echo(f"{settings.site_name} is served at {settings.base_url}")
        if password:
            click.echo(f"Log in at {settings.base_url}/admin as {ADMIN} with the password {password}")
        click.echo(describe_mail(settings))
        if edition:
            click.echo(f"A digest is drafted; this sends it: .venv/bin/flask digest send {edition} --yes")
        click.echo("Ctrl-C stops it; `make demo` goes on with the same data.")
        start_worker()
        serve.exec_gunicorn()


def prepare_settings(environ: MutableMapping[str, str]) -> config.Settings:
    """Return the settings of this run and add them to the environment. A first run writes them to demo.env.

    Raises SettingsError or StartRefused before anything is written.
    """
    new = {"DEMO": "1", "SECRET_KEY": secrets.token_hex(32), "HASH_KEY": secrets.token_hex(32)}
    settings = config.load({**new, "BASE_URL": "http://localhost", **environ})
    serve.ensure_address_is_free(settings.host, settings.port)
    base_url = environ.get("BASE_URL") or origin_of(settings.host, settings.port)
    address = {"BASE_URL": base_url, "TRUSTED_HOSTS": ",".join(trusted_hosts_for(base_url, settings.host))}
    write_new(settings.instance_path / "demo.env", {**new, **address, config.DEMO_PASSWORD_NAME: secrets.token_hex(8)})
    for name, value in {"DEMO": "1", **address}.items():
        environ.setdefault(name, value)
    return config.load(environ)


def origin_of(host: str, port: int) -> str:
    """Return the origin under which a browser on this machine reaches a server that listens there."""
    name = "127.0.0.1" if is_unspecified(host) else host
    bracketed = f"[{name}]" if ":" in name else name
    return f"http://{bracketed}" if port == 80 else f"http://{bracketed}:{port}"


def trusted_hosts_for(base_url: str, host: str) -> list[str]:
    """Return the host names that requests may ask for, each once."""
    loopback = ["127.0.0.1", "localhost", *(["::1"] if ":" in host else [])]
    names = [urlsplit(base_url).hostname or "", config.values.plain_host(host), *loopback]
    return list(dict.fromkeys(name for name in names if not is_unspecified(name)))


def is_unspecified(host: str) -> bool:
    """Say whether a server that listens there listens on every address: 0.0.0.0 or ::."""
    try:
        return ip_address(host).is_unspecified
    except ValueError:
        return False


def write_new(path: Path, values: dict[str, str]) -> None:
    """Write settings to a file that only its owner may read, unless the file exists."""
    private_files.protect(path.parent)
    lines = "".join(f"{name}={value}\n" for name, value in values.items())
    with suppress(FileExistsError):
        path.touch(0o600, exist_ok=False)
        try:
            path.write_text(lines)
        except OSError as fault:
            path.unlink()  # half of the settings would keep the next run from starting
            raise OSError(fault.errno, fault.strerror, str(path)) from fault


def describe_mail(settings: config.Settings) -> str:
    if settings.mail.server:
        return f"Mail is sent through {settings.mail.server}."
    kept = f"Mail is not sent but kept, to be read at {settings.base_url}/dev/mailbox"
    return kept if settings.host == "127.0.0.1" else f"{kept}\nOther machines need the password in demo.env to read it."


def start_worker() -> None:
    """Start `flask work`. It ends with this process, which becomes gunicorn."""
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "work", "--parent", str(os.getpid())]
    subprocess.Popen(command, cwd=config.CHECKOUT)  # noqa: S603  # nosec B603  # our own program, and no shell


def load_sample() -> None:
    begin_write()
    sample.load(datetime.now(UTC))
    db.session.commit()


def ensure_admin(instance_path: Path, now: datetime) -> str | None:
    """Create the demo's admin unless there is one. Return the password in demo.env while it is still the admin's."""
    password = config.find_demo_password(instance_path)
    account = accounts.find(ADMIN)
    db.session.rollback()
    if password and account is None:
        password_hash = passwords.hash_password(password)
        begin_write()
        accounts.create(ADMIN, new_email(), Role.ADMIN, password_hash, now, must_change=False)
        db.session.commit()
        return password
    return password if password and account and passwords.is_correct(password, account.password_hash) else None


def new_email() -> str:
    """Return an address that strangers cannot guess, so that they cannot have a new password mailed to it."""
    return f"admin-{secrets.token_hex(8)}@verdicts.example"


def ensure_draft(now: datetime) -> str | None:
    """Draft this week's edition unless there is one. Return its name while it is a draft."""
    week = weeks.week_of(now)
    begin_write()
    if editions.find_by_week(week) is None:
        drafting.draft_edition(week, now)
        db.session.commit()
    edition = editions.find_by_week(week)
    db.session.rollback()
    return edition.name if edition and edition.state is EditionState.DRAFT else None


if __name__ == "__main__":
    main()
