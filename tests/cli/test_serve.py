"""`make serve`, as a program: what it refuses, how starts wait for each other, how it stops."""

import http.client
import json
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.faults.serving import wait_until
from tests.forked import Program
from tests.postgres import free_port
from tests.programs import SETTINGS, get, run, served, start
from verdicts.config import CHECKOUT
from verdicts.engines import engine_options, sqlite_driver
from verdicts.web.headers import HEADERS

HOLD_UNTIL_TOLD = """
import os
import pathlib
import time
from verdicts import config
from verdicts.cli import serve
with serve.prepared_database(config.load(os.environ)):
    print("held", flush=True)
    while not (pathlib.Path(os.environ["INSTANCE_PATH"]) / "go on").exists():
        time.sleep(0.01)
"""
PREPARE_ONLY = "from verdicts.cli import serve; serve.exec_gunicorn = lambda: None; serve.main()"


@pytest.fixture
def port() -> int:
    return free_port()


def tables_of(database_url: str) -> set[str]:
    engine = sa.create_engine(database_url, **engine_options(database_url))
    try:
        return set(sa.inspect(engine).get_table_names())
    finally:
        engine.dispose()


def test_serve_names_every_missing_setting_and_ends(tmp_path: Path) -> None:
    status, printed = run("-m", "verdicts.cli.serve", instance=tmp_path)
    assert status == 1
    assert re.findall(r"^  ([A-Z_]+) is missing", printed, re.MULTILINE) == ["BASE_URL", "SECRET_KEY", "HASH_KEY"]
    assert "Traceback" not in printed


@pytest.mark.parametrize(
    ("database_url", "reason"),
    [
        ("postgresql+psycopg://verdicts:hunter2@127.0.0.1:1/verdicts", "onnection refused"),
        ("sqlite:////nowhere/verdicts.sqlite3", "unable to open database file"),
    ],
)
def test_serve_says_in_words_that_the_database_is_away(tmp_path: Path, database_url: str, reason: str) -> None:
    status, printed = run(
        "-m", "verdicts.cli.serve", instance=tmp_path, PORT=str(free_port()), DATABASE_URL=database_url, **SETTINGS
    )
    assert status == 1
    assert printed.startswith("The database at ")
    assert reason in printed
    assert "hunter2" not in printed
    assert "Traceback" not in printed


def test_what_serves_pages_loads_nothing_that_only_commands_log_ins_or_files_need() -> None:
    code = "import sys, verdicts; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], cwd=CHECKOUT, check=True, capture_output=True, text=True)
    assert {"verdicts.cli.commands", "alembic", "cryptography", "yaml", "zxcvbn"}.isdisjoint(loaded.stdout.split())


def test_the_command_that_messages_name_migrates_the_database(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'empty.sqlite3'}"
    status, printed = run("-m", "flask", "db", "upgrade", instance=tmp_path, DATABASE_URL=url, **SETTINGS)
    assert status == 0, printed
    assert {"alembic_version", "tool", "vote"} <= tables_of(url)


def test_a_busy_port_is_reported_in_words_before_anything_is_written(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0), reuse_port=True) as other:
        port = other.getsockname()[1]
        status, printed = run("-m", "verdicts.cli.serve", instance=tmp_path, PORT=str(port), **SETTINGS)
    assert status == 1
    assert printed == f"Port {port} on 127.0.0.1 is in use: stop what listens there, or name another one with PORT=.\n"
    assert list(tmp_path.iterdir()) == []


def test_a_host_that_is_not_this_machines_is_reported_in_words(tmp_path: Path) -> None:
    status, printed = run("-m", "verdicts.cli.serve", instance=tmp_path, HOST="192.0.2.1", **SETTINGS)
    assert status == 1
    assert printed == "Cannot listen on HOST '192.0.2.1', PORT 8000: Cannot assign requested address.\n"


def test_starts_at_the_same_moment_migrate_an_empty_database_once(tmp_path: Path, empty_database: str) -> None:
    starts = [
        start("-c", PREPARE_ONLY, instance=tmp_path, PORT=str(free_port()), DATABASE_URL=empty_database, **SETTINGS)
        for _ in range(3)
    ]
    assert [program.wait(timeout=60) for program in starts] == [0, 0, 0], [program.printed for program in starts]
    assert {"alembic_version", "tool", "vote"} <= tables_of(empty_database)


def test_a_start_waits_for_another_that_prepares_the_database(tmp_path: Path, empty_database: str) -> None:
    settings = {**SETTINGS, "DATABASE_URL": empty_database, "PORT": str(free_port())}
    first = start("-c", HOLD_UNTIL_TOLD, instance=tmp_path, **settings)
    wait_until(lambda: first.printed == "held\n", 60)
    second = start("-c", PREPARE_ONLY, instance=tmp_path, **settings)
    waiting = "Another start is preparing the database; this one waits for it.\n"
    wait_until(lambda: second.printed == waiting, 60)
    assert second.poll() is None
    (tmp_path / "go on").touch()
    assert first.wait(timeout=60) == 0
    assert second.wait(timeout=60) == 0
    assert second.printed == f"{waiting}Verdicts is served at {SETTINGS['BASE_URL']}.\n"


def test_serve_answers_and_ends_without_a_fault_when_it_is_interrupted(tmp_path: Path, port: int) -> None:
    with served("-m", "verdicts.cli.serve", port=port, instance=tmp_path, **SETTINGS) as site:
        for _ in range(3):
            view(port, "/method")
        status, printed = site.stop(signal.SIGINT)
    assert views_of(tmp_path) == [("/method", 3)]  # what its workers had counted is stored as they end
    assert status == 0
    assert printed.startswith("Verdicts is served at http://127.0.0.1:8000.\n")
    assert "Traceback" not in printed
    with pytest.raises(ConnectionRefusedError):
        get(port, "/livez")


def view(port: int, path: str) -> None:
    """Read a page as a browser over plain HTTP does."""
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
        connection.request("GET", path, headers={"Upgrade-Insecure-Requests": "1"})
        assert connection.getresponse().status == 200


def views_of(instance: Path) -> list[tuple[str, int]]:
    with closing(sqlite_driver().connect(instance / "verdicts.sqlite3")) as connection:
        rows: list[tuple[str, int]] = connection.execute("SELECT path, views FROM page_view").fetchall()
        return rows


UNREADABLE = {
    b"not a request\r\n\r\n": 400,
    b"GET / HTTP/9.9\r\nHost: a\r\n\r\n": 400,
    b"GET /\x9b31m HTTP/1.1\r\nbad header\xe2\x80\xa8\r\n\r\n": 400,
    b"GET /%s HTTP/1.1\r\nHost: a\r\n\r\n" % (b"x" * 5000): 414,
    b"GET / HTTP/1.1\r\nHost: a\r\nCookie: %s\r\n\r\n" % (b"x" * 9000): 431,
    b"GET / HTTP/1.1\r\nHost: a\r\n%s\r\n" % b"".join(b"X-%d: 1\r\n" % n for n in range(70)): 431,
    b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: nonsense\r\n\r\n": 501,
    b"POST /contact HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n": 400,
}


@pytest.fixture(scope="module")
def site_port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def site(site_port: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """A site that is served as it stands in SETTINGS."""
    instance = tmp_path_factory.mktemp("served")
    with served("-m", "verdicts.cli.serve", port=site_port, instance=instance, **SETTINGS) as site:
        yield site


def test_serving_writes_a_line_of_json_for_each_request_and_names_no_client(site: Program, site_port: int) -> None:
    get(site_port, "/nowhere")
    answers = {sent: answer_to(site_port, sent) for sent in UNREADABLE}
    assert {sent: int(answer.split()[1]) for sent, answer in answers.items()} == UNREADABLE
    for answer in answers.values():
        head = answer.partition(b"\r\n\r\n")[0].decode()
        assert all(f"\r\n{name}: {value}" in head for name, value in HEADERS.items())
        assert b"xxx" not in answer
    wait_until(lambda: site.printed.count("a request that was not read") == len(UNREADABLE), 10)
    printed = site.printed
    lines = [json.loads(line) for line in printed.splitlines() if line.startswith("{")]
    assert [line["status"] for line in lines if line.get("path") == "/nowhere"] == [404]
    assert [line["status"] for line in lines if line["message"] == "a request that was not read"] == [
        *UNREADABLE.values()
    ]
    assert printed.count("127.0.0.1") == printed.count(f"http://127.0.0.1:{site_port}") + printed.count(
        "127.0.0.1:8000"
    )
    assert "\x9b" not in printed
    assert "Invalid request" not in printed


def answer_to(port: int, sent: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(sent)
        return b"".join(iter(lambda: connection.recv(65536), b""))


@pytest.mark.usefixtures("site")
def test_a_proxys_word_counts_for_nothing_unless_settings_name_it(site_port: int) -> None:
    with closing(http.client.HTTPConnection("127.0.0.1", site_port, timeout=10)) as connection:
        connection.request("GET", "/livez", headers={"X-Forwarded-Proto": "https", "X-Forwarded-Host": "evil.example"})
        answer = connection.getresponse()
    assert answer.status == 200
    assert answer.getheader("Strict-Transport-Security") is None
