"""A whole deployment on the loopback network: nginx, two sites, the worker, PostgreSQL, Redis and a mail server.

Whatever ends is started again, as systemd and Docker do it (deploy/). Nobody else lends a hand.
"""

import os
import secrets
import signal
import subprocess
import threading
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from flask_migrate import upgrade

from tests.faults.conftest import fill_database
from tests.faults.proxies import HOST, Proxy, find_or_skip, make_proxy
from tests.faults.readers import NO_RESPONSE, Response, send
from tests.faults.redis_server import Redis, redis_server
from tests.faults.serving import WORKERS, app_on_database, wait_until
from tests.forked import Program
from tests.postgres import SURVIVES_A_KILL, PostgresServer, free_port, server_programs
from tests.programs import SETTINGS, start
from tests.smtp_server import SmtpServer, smtp_server

SITES = 2
SECONDS_UNTIL_RESTART = 1.0  # less than systemd's five, so that a test takes less time
SECONDS_TO_START = 60


@dataclass
class Part:
    """One part of a deployment. `launch` starts it and returns the process id of its main process."""

    name: str
    launch: Callable[[], int]
    pid: int = 0

    def start(self) -> None:
        self.pid = self.launch()

    def is_running(self) -> bool:
        try:
            return Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
        except (FileNotFoundError, ProcessLookupError):
            return False

    def kill(self) -> None:
        """Kill its main process, and nothing else."""
        os.kill(self.pid, signal.SIGKILL)

    def end(self) -> None:
        """Kill what is left of it, as systemd does before it starts a service again."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)

    def children(self) -> list[int]:
        return [int(child) for child in Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()]


@dataclass
class Deployment:
    """The parts, and what tests do to them. `settings` are those of the sites and the worker."""

    folder: Path
    database_url: str
    proxy: Proxy
    smtp: SmtpServer
    postgres: PostgresServer
    redis: Redis
    settings: dict[str, str]
    ports: tuple[int, ...]
    parts: dict[str, Part] = field(default_factory=dict)
    programs: list[Program] = field(default_factory=list)
    proxies: "list[subprocess.Popen[bytes]]" = field(default_factory=list)

    @property
    def sites(self) -> list[Part]:
        return [self.parts[f"site {number}"] for number in range(SITES)]

    @property
    def log(self) -> str:
        """What the sites and the worker have printed, of all their starts."""
        return "".join(program.printed for program in self.programs)

    def ask(self, port: int, path: str) -> Response:
        """Ask one site, past the proxy."""
        return send(port, "GET", path, {"Host": HOST})

    def is_ready(self) -> bool:
        """Say whether all parts run, and each site says that it is ready."""
        try:
            answers = [self.ask(port, "/readyz").status for port in self.ports]
        except NO_RESPONSE:
            return False
        has_workers = all(site.is_running() and len(site.children()) == WORKERS for site in self.sites)
        return set(answers) == {200} and has_workers and all(part.is_running() for part in self.parts.values())

    def flask(self, *arguments: str) -> tuple[int, str]:
        """Run a flask command with the deployment's settings. Return its exit status and its output."""
        program = start("-m", "flask", "--app", "wsgi", *arguments, instance=self.folder / "worker", **self.settings)
        return program.wait(timeout=60), program.printed

    def start_proxy(self) -> int:
        """Start nginx, and return its process id."""
        self.proxies.append(self.proxy.start())
        return self.proxies[-1].pid

    def end_programs(self) -> None:
        """Kill the proxy, the sites and the worker. The others end by themselves."""
        processes: list[Program | subprocess.Popen[bytes]] = [*self.programs, *self.proxies]
        for process in processes:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(timeout=10)

    def run(self, name: str, module: str, *arguments: str, **settings: str) -> int:
        """Start a program of the project, and return its process id."""
        program = start("-m", module, *arguments, instance=self.folder / name, **self.settings, **settings)
        self.programs.append(program)
        return program.pid


@contextmanager
def deployed(folder: Path) -> Iterator[Deployment]:
    """Run a deployment until the block ends; its database has a few tools. Skips where a program is not installed."""
    programs, nginx = server_programs(), find_or_skip("nginx")
    find_or_skip("redis-server")
    assert programs
    with ExitStack() as stack:
        postgres = stack.enter_context(PostgresServer(programs, SURVIVES_A_KILL))
        redis = stack.enter_context(redis_server())
        smtp = stack.enter_context(smtp_server(folder / "smtp"))
        url = create_filled_database(postgres, folder)
        ports = tuple(free_port() for _ in range(SITES))
        settings = {
            **SETTINGS,
            **smtp.settings,
            "BASE_URL": f"https://{HOST}",
            "TRUSTED_HOSTS": f"{HOST},127.0.0.1",
            "PROXY_HOPS": "1",
            "WEB_CONCURRENCY": str(WORKERS),
            "DATABASE_URL": url,
            "REDIS_URL": redis.url,
            "MAIL_RATE_PER_MINUTE": "3000",
        }
        proxy = make_proxy("nginx", nginx, folder, *ports)
        deployment = Deployment(folder, url, proxy, smtp, postgres, redis, settings, ports)
        deployment.parts = {part.name: part for part in _parts(deployment)}
        stack.callback(deployment.end_programs)
        stack.enter_context(_supervised(deployment.parts.values()))
        wait_until(deployment.is_ready, SECONDS_TO_START)
        yield deployment


def _parts(deployment: Deployment) -> Iterator[Part]:
    """Yield the parts in the order in which they start."""

    def start_postgres() -> int:
        deployment.postgres.start()
        return deployment.postgres.pid

    def start_redis() -> int:
        deployment.redis.start()
        return deployment.redis.pid

    def start_site(number: int) -> int:
        return deployment.run(f"site {number}", "verdicts.cli.serve", PORT=str(deployment.ports[number]))

    yield Part("postgresql", start_postgres, pid=deployment.postgres.pid)
    yield Part("redis", start_redis)
    for number in range(SITES):
        yield Part(f"site {number}", lambda number=number: start_site(number))  # type: ignore[misc]
    yield Part("worker", lambda: deployment.run("worker", "flask", "--app", "wsgi", "work"))
    yield Part("nginx", deployment.start_proxy)


@contextmanager
def _supervised(parts: Collection[Part]) -> Iterator[None]:
    """Start all parts, and start again what has ended, until the block ends."""
    stopped = threading.Event()
    with ThreadPoolExecutor(len(parts)) as supervisors:
        try:
            for part in parts:
                if not part.is_running():
                    part.start()
            supervising = [supervisors.submit(_supervise, part, stopped) for part in parts]
            yield
        finally:
            stopped.set()
    for each in supervising:
        each.result()


def _supervise(part: Part, stopped: threading.Event) -> None:
    while not stopped.wait(0.05):
        if not part.is_running():
            part.end()
            stopped.wait(SECONDS_UNTIL_RESTART)
            with suppress(AssertionError, RuntimeError):  # it is tried again, until the test's own time is up
                part.start()


def create_filled_database(server: PostgresServer, folder: Path) -> str:
    """Return the URL of a new database with the sample in it."""
    url = server.create(f"verdicts_{secrets.token_hex(4)}")
    with app_on_database(url, folder):
        upgrade()
    fill_database(url, folder)
    return url
