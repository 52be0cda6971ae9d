"""What is the same for every application of the tests, made once a test process: a test has an application of its own.

Compiling routes, templates and SQL takes longer than most tests. The SQL that is compiled belongs to an engine, so the
engine of an address stays, and addresses are lent again.
"""

import atexit
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import sqlalchemy as sa
from flask_sqlalchemy import SQLAlchemy
from jinja2 import FileSystemBytecodeCache
from werkzeug.routing import Rule

_make_engine, _compile = SQLAlchemy._make_engine, Rule.compile
_engines: dict[str, sa.Engine] = {}
_compiled: dict[tuple[object, ...], Rule] = {}
_at_rest: list[Path] = []


def make() -> None:
    """Let applications share what is made once, from now on."""
    SQLAlchemy._make_engine = _engine_once  # type: ignore[method-assign]
    Rule.compile = _compile_once  # type: ignore[method-assign]


@cache
def compiled_templates() -> FileSystemBytecodeCache:
    return FileSystemBytecodeCache(_folder("templates"))


@contextmanager
def lent_copy(template: Path) -> Iterator[Path]:
    """Yield the path of a fresh copy of a SQLite file; the path, though not the file, may have served before."""
    copy = _at_rest.pop() if _at_rest else Path(_folder("database")) / "verdicts.sqlite3"
    for engine in _engines.values():
        if engine.url.database == str(copy):
            engine.dispose()  # what it still has open is the file of another test
    for left in copy.parent.iterdir():
        left.unlink()
    shutil.copyfile(template, copy)
    try:
        yield copy
    finally:
        _at_rest.append(copy)


def close_engines() -> None:
    """Close what engines hold open, before their server ends."""
    for engine in _engines.values():
        engine.dispose()


def _folder(name: str) -> str:
    """Make a folder that goes when this test process ends."""
    folder = mkdtemp(prefix=f"verdicts-{name}-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _engine_once(self: SQLAlchemy, bind_key: str | None, options: dict[str, Any], app: Any) -> sa.Engine:
    key = repr((os.getpid(), bind_key, sorted(options.items(), key=str)))
    if key not in _engines:
        _engines[key] = _make_engine(self, bind_key, options, app)
    return _engines[key]


def _compile_once(self: Rule) -> None:
    """Take what compiling the same rule has made before; only what builds its address is bound to one rule."""
    assert self.map is not None
    key = (self.rule, self.subdomain, self.host, repr(self.defaults), self.merge_slashes, self.map.host_matching)
    same = _compiled.get(key)
    if same is None:
        _compile(self)
        _compiled[key] = self
        return
    self._parts, self._trace, self._converters = list(same._parts), list(same._trace), dict(same._converters)
    self.arguments |= same.arguments
    self._build = same._build.__func__.__get__(self)  # type: ignore[attr-defined]
    self._build_unknown = same._build_unknown.__func__.__get__(self)  # type: ignore[attr-defined]
