"""The command layer: a module of commands for each feature package."""

from flask import Flask

from verdicts.cli.catalog import catalog_commands
from verdicts.cli.digest import digest
from verdicts.cli.housekeeping import run_housekeeping
from verdicts.cli.mail import mail
from verdicts.cli.newsletter import newsletter
from verdicts.cli.staff import staff
from verdicts.cli.voting import votes


def init_app(app: Flask) -> None:
    for command in (catalog_commands, votes, mail, newsletter, digest, staff, run_housekeeping):
        app.cli.add_command(command)
