"""The command layer: a module of commands for each feature package."""

import click
from flask import Flask
from flask.cli import AppGroup


class Commands(AppGroup):
    """The commands, imported when the first of them is asked for: what serves pages saves the memory."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        self._add_all()
        return super().list_commands(ctx)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        self._add_all()
        return super().get_command(ctx, name)

    def _add_all(self) -> None:
        from flask_migrate.cli import db

        from verdicts.cli.commands import COMMANDS

        for command in (*COMMANDS, db):
            self.add_command(command)


def init_app(app: Flask) -> None:
    app.cli = Commands(app.name, commands=app.cli.commands)  # those of extensions too
