"""Commands about the people who may log in."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import click
from flask.cli import AppGroup
from sqlalchemy.exc import OperationalError

from verdicts.extensions import TooManyWriters, begin_write, db
from verdicts.staff import accounts, audit, passwords
from verdicts.staff.accounts import InvalidAccount
from verdicts.staff.models import Role

staff = AppGroup("staff", help="The people who may log in at /admin.")


@staff.command("add")
@click.argument("name")
@click.argument("email")
@click.option("--role", type=click.Choice([str(role) for role in Role]), default=str(Role.EDITOR), show_default=True)
@click.option("--must-change", is_flag=True, help="The password is somebody else's choice: ask for another at log-in.")
@click.password_option(help="Asked for where it is not given: other users of the machine can see what is.")
def add(name: str, email: str, role: str, password: str, *, must_change: bool) -> None:
    """Let NAME log in, whose EMAIL gets the letter for a lost password."""
    with refusals_in_words():
        password_hash = accepted(password, (name, email))
        begin_write()
        accounts.create(name, email, Role(role), password_hash, now(), must_change=must_change)
        audit.record("added", "account", name, now=now(), role=(None, role))
        db.session.commit()
    click.echo(f"{name} may log in as {role}.")


@staff.command("passwd")
@click.argument("name")
@click.option("--must-change", is_flag=True, help="Ask for another at log-in.")
@click.password_option()
def passwd(name: str, password: str, *, must_change: bool) -> None:
    """Set the password of NAME, and end every session of theirs."""
    with refusals_in_words():
        found = accounts.find(name)
        db.session.rollback()
        if found is None:
            raise click.ClickException(f"There is nobody called {name}. `flask staff list` shows who there is.")
        password_hash = accepted(password, (name, found.email))
        begin_write()
        accounts.set_password(found.id, password_hash, must_change=must_change)
        audit.record("set the password of", "account", name, now=now())
        db.session.commit()
    click.echo(f"{name} has a new password and is logged out everywhere.")


@staff.command("list")
def list_all() -> None:
    """Show who may log in."""
    with refusals_in_words():
        found = accounts.list_all()
    for each in found:
        factor = "second factor" if each.totp_secret else "no second factor"
        gone = ", disabled" if each.disabled_at else ""
        click.echo(f"{each.name}  {each.role}  {each.email}  {factor}{gone}")
    if not found:
        click.echo("Nobody yet: flask staff add NAME EMAIL --role admin")


def accepted(password: str, about: tuple[str, str]) -> str:
    """Return the hash of a new password, or refuse it in words."""
    if fault := passwords.find_problem(password, about):
        raise click.ClickException(fault)
    return passwords.hash_password(password)


@contextmanager
def refusals_in_words() -> Iterator[None]:
    try:
        yield
    except InvalidAccount as fault:
        db.session.rollback()
        raise click.ClickException(str(fault)) from None
    except (OperationalError, TooManyWriters):
        db.session.rollback()
        raise click.ClickException("The database is busy or not ready. Nothing was changed; try again.") from None


def now() -> datetime:
    return datetime.now(UTC)
