"""How long pages take with a large catalogue, compared with a small one: `make bench SCALE=50000`.

Both sites answer in this process, without the page cache, in turn. What is kept while the catalogue is the same stays
kept: a search is timed that was made before, and once more as the first of its kind. Of the editors' lists only the
reading is timed.
POSTGRES=postgresql+psycopg://user@host names a server on which the user may create databases; without it they are
files of SQLite.
"""

import os
import re
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from statistics import median

import sqlalchemy as sa
from flask import Flask

from benchmarks.large_catalog import Scale, fill, slug_of
from benchmarks.memory import IS_KNOWN, memory_kb
from verdicts import config, create_app
from verdicts.catalog.kept import KEPT
from verdicts.cli.serve import prepared_database
from verdicts.curation import listing, worklists
from verdicts.curation.listing import ListQuery
from verdicts.curation.transfer.exporting import write
from verdicts.extensions import db, limiter

VOTES_A_TOOL = 20
# So many votes that as many tools have an interval as a ranking lists: with fewer, the small site would have less to
# show on the pages that are compared.
SMALL = Scale(tools=100, votes=10_000)
ROUNDS = 7
# In the first round statements and templates are compiled. psycopg prepares a statement when it has run five times, and
# PostgreSQL plans it five more times before it keeps a plan: a site that serves has done so on each connection.
UNCOUNTED_ROUNDS = 11
FIRST, SECOND = slug_of(40), slug_of(80)
PAGES = {
    "the front page": "/",
    "the picker": "/compare",
    "a comparison": f"/compare/{FIRST}-vs-{SECOND}",
    "the two most voted tools": f"/compare/{slug_of(1)}-vs-{slug_of(2)}",
    "a tool": f"/tools/{FIRST}",
    "its alternatives": f"/tools/{FIRST}/alternatives",
    "the directory": "/tools",
    "the directory by panel": "/tools?sort=panel",
    "the directory by readers": "/tools?sort=readers",
    "the directory by price": "/tools?sort=price",
    "the directory by name": "/tools?sort=name",
    "a search for a word of every tool": "/tools?q=teams",
    "a search for a frequent word": "/tools?q=cobalt",  # of which the small site has 9 tools, not a full page
    "a search for a frequent word, full pages": "/tools?q=code",
    "a search for a name": "/tools?q=cobalt+hub+24",
    "a search with a wrong letter": "/tools?q=cobelt",
    "a search in one category": "/tools?q=teams&category=kind-3",
    "tools whose reviews are all fresh": "/tools?fresh=reviews",
    "tools whose prices were checked lately": "/tools?fresh=price",
    "tools of a license by name": "/tools?license=MIT&sort=name",
    "a category": "/categories/kind-2",
    "rankings": "/rankings",
    "the reviewers": "/reviewers",
    "a reviewer": "/reviewers/voice-1",
    "the method": "/method",
}
# What the search index finds, with a text or by filters.
_IS_FOUND = re.compile(r"\?(q|fresh|license)=")
FIRST_SEARCHES = {f"{name}, first": path for name, path in PAGES.items() if _IS_FOUND.search(path)}

LISTS: dict[str, Callable[[datetime], object]] = {
    "editors' tools": lambda now: listing.list_tools(ListQuery(), now),
    "editors' reviews": lambda now: listing.list_reviews(ListQuery(), now.date()),
    "editors' comparisons": lambda now: listing.list_comparisons(ListQuery(), now),
    "prices to check": lambda now: worklists.list_due_prices(1, now),
    "reviews to renew": lambda now: worklists.list_old_reviews(1, now),
    "panels to complete": lambda now: worklists.list_incomplete_panels(1, now),
}

Environment = Callable[[Path], dict[str, str]]


def main(
    environment: Environment,
    tools: int,
    votes: int = 0,
    rounds: int = ROUNDS,
    uncounted: int = UNCOUNTED_ROUNDS,
    server: str = "",
) -> dict[str, float]:
    """Print a line for each page and list, and return the ratios by their names.

    Without `votes` there are VOTES_A_TOOL for each tool.
    """
    scales = [SMALL, Scale(tools, votes or tools * VOTES_A_TOOL)]
    with ExitStack() as stack:
        environs = [_environ(environment, server, stack) for _ in scales]
        sites = [_filled(environ, scale, stack) for environ, scale in zip(environs, scales, strict=True)]
        times = {name: _milliseconds(sites, partial(_get, path), rounds, uncounted) for name, path in PAGES.items()}
        for name, path in FIRST_SEARCHES.items():
            times[name] = _milliseconds(sites, partial(_search_first, path), rounds, uncounted)
        times |= {name: _milliseconds(sites, partial(_read, load), rounds, uncounted) for name, load in LISTS.items()}
        megabytes = f"{_memory_of_export(environs[-1]):.0f}" if IS_KNOWN else "unknown"
    print(f"\nPages with {scales[0].tools:,} and {tools:,} tools, {scales[1].votes:,} votes, not cached;", end=" ")
    print(f"{'PostgreSQL' if server else 'SQLite'};", end=" ")
    print(f"{rounds} alternating rounds, {os.cpu_count()} processors; medians in ms")
    print(f"{'':50} {'small':>8} {'large':>8} {'ratio':>7}")
    for name, (small, large) in times.items():
        print(f"{name:50} {small:8.1f} {large:8.1f} {small / large:7.2f}")
    print(f"\nThe export of {tools:,} tools takes {megabytes} MB of memory")
    return {name: round(small / large, 3) for name, (small, large) in times.items()}


def _environ(environment: Environment, server: str, stack: ExitStack) -> dict[str, str]:
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="verdicts-bench-")))
    return environment(folder) | ({"DATABASE_URL": stack.enter_context(database(server))} if server else {})


def _filled(environ: dict[str, str], scale: Scale, stack: ExitStack) -> Flask:
    settings = config.load(environ)
    with prepared_database(settings):
        fill(scale, datetime.now(UTC))
    site = create_app(settings)
    site.wsgi_app = Flask.wsgi_app.__get__(site)  # type: ignore[method-assign]  # without the page cache
    with site.app_context():
        stack.callback(db.engine.dispose)
    return site


@contextmanager
def database(server: str) -> Iterator[str]:
    """Create a database on a server, yield its URL, and drop it afterwards."""
    name = f"verdicts_bench_{secrets.token_hex(4)}"
    engine = sa.create_engine(f"{server}/postgres", isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
        try:
            yield f"{server}/{name}"
        finally:
            connection.execute(sa.text(f"DROP DATABASE {name} WITH (FORCE)"))
    engine.dispose()


def _get(path: str, site: Flask) -> None:
    answer = site.test_client().get(path, base_url=site.config["SETTINGS"].base_url)
    if answer.status_code != 200:
        raise RuntimeError(f"{path}: {answer.status}")


def _search_first(path: str, site: Flask) -> None:
    """Search as who does it first: which tools it finds is not kept."""
    for name in ("finder.best", "finder.found"):
        site.extensions.get(KEPT, {}).pop(name, None)
    _get(path, site)


def _read(load: Callable[[datetime], object], site: Flask) -> None:
    with site.app_context():
        load(datetime.now(UTC))


def _milliseconds(sites: list[Flask], act: Callable[[Flask], None], rounds: int, uncounted: int) -> list[float]:
    """Return the median of each site, without the first rounds."""
    limiter.enabled = False
    times: list[list[float]] = [[] for _ in sites]
    for number in range(-uncounted, rounds):
        for site, measured in zip(sites, times, strict=True):
            started_at = time.perf_counter()
            act(site)
            measured += [1000 * (time.perf_counter() - started_at)] if number >= 0 else []
    return [median(each) for each in times]


def _memory_of_export(environ: dict[str, str]) -> float:
    """Return by how many MB a process grows that writes the catalogue as a file, after its first piece."""
    command = [sys.executable, "-c", "from benchmarks import sizes; print(sizes.growth_of_export())"]
    run = subprocess.run(command, cwd=config.CHECKOUT, env=environ, check=True, capture_output=True, text=True)
    return int(run.stdout) / 1024


def growth_of_export() -> int:
    """Return what an export adds to this process's memory at its highest, in KB as the kernel counts them."""
    with create_app().app_context():
        pieces = write(datetime.now(UTC))
        next(pieces)
        Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
        before = memory_kb("self", "VmRSS")
        for _piece in pieces:
            pass
        return memory_kb("self", "VmHWM") - before
