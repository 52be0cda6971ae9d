"""Showing how far sending has come: a bar on a terminal, a line now and then elsewhere."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

from verdicts.digest.progress import Progress

SECONDS_BETWEEN_LINES = 30.0


@contextmanager
def watching(name: str) -> Iterator[Callable[[Progress], None]]:
    """Yield what is to be told of the progress, about once a second."""
    if not sys.stdout.isatty():
        yield _lines(name)
        return
    with click.progressbar(length=1, label=f"Edition {name}", show_pos=True) as bar:

        def draw(progress: Progress) -> None:
            bar.length = max(1, progress.total)
            bar.update(progress.over - bar.pos)

        yield draw


def _lines(name: str) -> Callable[[Progress], None]:
    told_at = time.monotonic()

    def tell(progress: Progress) -> None:
        nonlocal told_at
        if time.monotonic() - told_at >= SECONDS_BETWEEN_LINES:
            told_at = time.monotonic()
            click.echo(f"Edition {name}: {progress.words}")

    return tell
