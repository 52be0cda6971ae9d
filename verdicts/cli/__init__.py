"""The command floor: one module a room. It only translates."""

from flask import Flask

from verdicts.cli.catalog import catalog_commands
from verdicts.cli.digest import digest
from verdicts.cli.housekeeping import keep_house
from verdicts.cli.mail import mail
from verdicts.cli.newsletter import newsletter
from verdicts.cli.staff import staff
from verdicts.cli.voting import votes


def init_app(app: Flask) -> None:
    """Hang up the commands."""
    for command in (catalog_commands, votes, mail, newsletter, digest, staff, keep_house):
        app.cli.add_command(command)
