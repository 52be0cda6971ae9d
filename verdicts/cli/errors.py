"""Turning what may go wrong in a command into a message and exit status 1."""

from collections.abc import Iterator
from contextlib import contextmanager

import click
from sqlalchemy.exc import ProgrammingError

from verdicts import outages
from verdicts.extensions import TRANSIENT_ERRORS, TooManyWriters, db

NO_TABLES = "The database has no tables yet. Run `flask db upgrade` first (`make serve` and `make demo` do it too)."
UNDEFINED_TABLE = "42P01"  # as PostgreSQL numbers it


@contextmanager
def errors_as_messages(*refusals: type[Exception], file: str = "") -> Iterator[None]:
    """Turn these refusals, and errors of files and of the database, into messages about `file`."""
    try:
        yield
    except refusals as refusal:
        db.session.rollback()
        raise click.ClickException(f"{file}: {refusal}" if file else str(refusal)) from None
    except BrokenPipeError:
        raise  # click ends quietly where nobody reads the output
    except OSError as error:
        raise click.ClickException(f"{file or error.filename or 'a file'}: {error.strerror or error}") from None
    except TooManyWriters:
        raise click.ClickException("The database is busy. Nothing was stored; try again.") from None
    except (*TRANSIENT_ERRORS, ProgrammingError) as error:
        original = getattr(error, "orig", None)
        if getattr(original, "sqlstate", None) == UNDEFINED_TABLE or "no such table" in str(original):
            raise click.ClickException(NO_TABLES) from None
        outage = outages.find_outage(error)
        state = outage.words if outage else "The database is busy or not ready"
        raise click.ClickException(f"{state}. Nothing was stored: {outages.reason_of(error)}") from None
