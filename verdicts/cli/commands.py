"""All commands of `flask`, each saying in one line what it does not handle itself."""

import click

from verdicts.cli.backup import backup, restore
from verdicts.cli.catalog import catalog_commands
from verdicts.cli.db_move import db_move
from verdicts.cli.digest import digest
from verdicts.cli.doctor import doctor
from verdicts.cli.errors import errors_as_messages
from verdicts.cli.housekeeping import run_housekeeping
from verdicts.cli.mail import mail
from verdicts.cli.newsletter import newsletter
from verdicts.cli.staff import staff
from verdicts.cli.voting import votes
from verdicts.cli.work import work

PACKAGES = (catalog_commands, votes, mail, newsletter, digest, staff)
COMMANDS = (*PACKAGES, work, run_housekeeping, doctor, backup, restore, db_move)


def _handle_errors(command: click.Command) -> None:
    """Have a command, or each of a group, say in one line what it does not handle itself."""
    for each in command.commands.values() if isinstance(command, click.Group) else ():
        _handle_errors(each)
    if command.callback:
        command.callback = errors_as_messages()(command.callback)


for each in COMMANDS:
    _handle_errors(each)
