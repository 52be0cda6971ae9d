"""The site as it is served: gunicorn with two workers, on a database that holds the sample."""

import shutil
import sqlite3
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.apps import new_app
from tests.postgres import free_port
from tests.programs import SETTINGS, served

# So few that a third voter from one network waits; every reader of these tests has a network of its own.
VOTES_PER_NETWORK_DAY = 2
NO_HEADERS: Mapping[str, str] = {}


@dataclass(frozen=True)
class Tally:
    ship: int
    skip: int
    waiting: int


@dataclass(frozen=True)
class Site:
    url: str
    database: Path
    settings: Mapping[str, str]

    def deliver_mail(self) -> None:
        """Let `flask mail run` put what waits in the outbox into the demo's mailbox."""
        self.flask("mail", "run")

    def flask(self, *arguments: str) -> None:
        """Run a command beside the site, within this process: starting Python takes longer than most commands."""
        with new_app(f"sqlite:///{self.database}", self.database.parent, **self.settings) as app:
            done = app.test_cli_runner().invoke(args=arguments)
        assert done.exit_code == 0, done.output

    def tally(self, slug: str) -> Tally:
        """Return what the database counts for a tool."""
        question = (
            "SELECT ship, skip, waiting FROM tally JOIN tool_slug ON tool_slug.tool_id = tally.tool_id WHERE slug = ?"
        )
        with closing(sqlite3.connect(self.database)) as connection:
            row = connection.execute(question, (slug,)).fetchone()
        return Tally(*(row or (0, 0, 0)))

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the database's write lock until the block ends, so that no ballot can be written."""
        with closing(sqlite3.connect(self.database, isolation_level=None)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield
            connection.execute("ROLLBACK")

    def text(self, path: str, headers: Mapping[str, str] = NO_HEADERS, form: str | None = None) -> str:
        """Return the body of the answer to a GET, or to a POST of this form, whatever its status."""
        request = urllib.request.Request(self.url + path, headers=dict(headers), data=form and form.encode())  # noqa: S310
        try:
            answer = urllib.request.urlopen(request, timeout=10)  # noqa: S310
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            return str(answer.read(), "utf-8")


@contextmanager
def serving(database: Path, folder: Path, host: str = "127.0.0.1", **more: str) -> Iterator[Site]:
    """Serve a copy of a database under http://host:port, with that as BASE_URL, until the block ends.

    `more` are settings of its own.
    """
    copy, port = folder / "verdicts.sqlite3", free_port()
    shutil.copyfile(database, copy)
    url = f"http://{host}:{port}"
    settings = {**SETTINGS, "BASE_URL": url, "TRUSTED_HOSTS": f"{host},127.0.0.1", "DATABASE_URL": f"sqlite:///{copy}"}
    settings |= {"DEMO": "1", **more}
    of_server = {"PROXY_HOPS": "1", "VOTES_PER_NETWORK_DAY": str(VOTES_PER_NETWORK_DAY), "WEB_CONCURRENCY": "2"}
    with served("-m", "gunicorn", "wsgi:app", port=port, instance=folder, **settings, **of_server) as program:
        yield Site(url, copy, settings)
        program.stop()
    crashes = [line for line in program.printed.splitlines() if '"level": "error"' in line]
    assert not crashes, crashes[:3]
