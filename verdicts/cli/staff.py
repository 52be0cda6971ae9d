"""Commands about accounts: adding one, setting a password, resetting two-factor authentication, listing them."""

from datetime import UTC, datetime

import click
from flask.cli import AppGroup

from verdicts.cli.errors import errors_as_messages
from verdicts.extensions import begin_write, db
from verdicts.staff import accounts, audit, passwords, second_factor, sessions
from verdicts.staff.accounts import InvalidAccount
from verdicts.staff.models import Role

staff = AppGroup("staff", help="The people who may log in at /admin.")


@staff.command("add")
@click.argument("name")
@click.argument("email")
@click.option("--role", type=click.Choice([str(role) for role in Role]), default=str(Role.EDITOR), show_default=True)
@click.option("--must-change", is_flag=True, help="Ask for another password at log-in.")
@click.password_option(help="Without it the command asks. Other users of the machine can see what you give here.")
def add(name: str, email: str, role: str, password: str, *, must_change: bool) -> None:
    """Let NAME log in. Password resets are sent to EMAIL."""
    with errors_as_messages(InvalidAccount):
        password_hash = hash_new_password(password, (name, email))
        now = datetime.now(UTC)
        begin_write()
        accounts.create(name, email, Role(role), password_hash, now, must_change=must_change)
        audit.record("added", "account", name, now=now, role=(None, role))
        db.session.commit()
    click.echo(f"{name} may log in as {role}.")


@staff.command("passwd")
@click.argument("name")
@click.option("--must-change", is_flag=True, help="Ask for another at log-in.")
@click.password_option()
def passwd(name: str, password: str, *, must_change: bool) -> None:
    """Set the password of NAME, and end every session of theirs."""
    with errors_as_messages(InvalidAccount):
        account = get_account(name)
        db.session.rollback()
        password_hash = hash_new_password(password, (name, account.email))
        begin_write()
        accounts.set_password(account.id, password_hash, must_change=must_change)
        audit.record("set the password of", "account", name, now=datetime.now(UTC))
        db.session.commit()
    click.echo(f"{name} has a new password and is logged out everywhere.")


@staff.command("reset-two-factor")
@click.argument("name")
def reset_two_factor(name: str) -> None:
    """Let NAME log in with the password alone, and end every session of theirs: for a lost phone or SECRET_KEY."""
    with errors_as_messages(InvalidAccount):
        begin_write()
        account = get_account(name)
        second_factor.disable(account.id)
        sessions.delete_all(account.id)
        audit.record("reset two-factor authentication of", "account", name, now=datetime.now(UTC))
        db.session.commit()
    click.echo(f"{name} logs in with the password alone, and is logged out everywhere.")


@staff.command("list")
def list_all() -> None:
    """Show who may log in."""
    with errors_as_messages(InvalidAccount):
        all_accounts = accounts.list_all()
    for account in all_accounts:
        factor = "second factor" if account.totp_secret else "no second factor"
        suffix = ", disabled" if account.disabled_at else ""
        click.echo(f"{account.name}  {account.role}  {account.email}  {factor}{suffix}")
    if not all_accounts:
        click.echo("Nobody yet: flask staff add NAME EMAIL --role admin")


def get_account(name: str) -> accounts.Account:
    """Return the account of this name. Raises ClickException where there is none."""
    account = accounts.find(name)
    if account is None:
        raise click.ClickException(f"There is nobody called {name}. `flask staff list` shows who there is.")
    return account


def hash_new_password(password: str, personal_words: tuple[str, str]) -> str:
    """Return the hash of a new password. Raises ClickException where it is too easy to guess."""
    if problem := passwords.find_problem(password, personal_words):
        raise click.ClickException(problem)
    return passwords.hash_password(password)
