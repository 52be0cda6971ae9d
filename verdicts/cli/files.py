"""Reading and writing the files that commands name; "-" is standard input or output."""

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

import click
from flask import current_app

from verdicts import private_files

STANDARD_STREAM = "-"


def read_limited(file: str, max_bytes: int) -> bytes:
    """Return a file's content, or its first max_bytes + 1 bytes, which show that it is too large."""
    with click.open_file(file, "rb") as stream:
        content: bytes = stream.read(max_bytes + 1)
    return content


def replace(file: str, pieces: Iterable[str], *, is_private: bool = False) -> None:
    """Write a text to a file so that, even after a crash, there is either the old one or all of the new one.

    It keeps the old one's permissions; a private file is for its owner alone.
    """
    if file == STANDARD_STREAM:
        for piece in pieces:
            click.echo(piece.encode(), nl=False)
        return
    target = Path(file).resolve()
    if target.exists() and not target.is_file():
        with target.open("w", encoding="utf-8") as stream:
            stream.writelines(pieces)
        return
    draft = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        descriptor = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as stream:
            if not is_private and not target.is_relative_to(current_app.instance_path):
                os.fchmod(descriptor, private_files.usual_mode())
            stream.writelines(pieces)
            stream.flush()
            os.fsync(stream.fileno())
        if target.exists() and not is_private:
            shutil.copymode(target, draft)
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)
