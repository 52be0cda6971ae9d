"""What deploy/, the image and compose.yaml name exists; the units leave a service no more than it needs."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.util import find_spec
from pathlib import Path
from threading import Thread

import pytest
import yaml
from click import Context
from flask import Flask

from tests.conftest import ON_ONE_DATABASE
from verdicts.config import CHECKOUT

UNITS = ("verdicts.service", "verdicts-work.service")
COMPOSE_FILES = ("compose.yaml", "deploy/compose.several.yaml")
OF_OTHER_PROGRAMS = {"UPSTREAM", "BUFFER_BODIES", "POSTGRES_USER", "POSTGRES_PASSWORD"} | {  # Caddy's and PostgreSQL's
    *("PATH", "PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED", "MALLOC_ARENA_MAX"),
}
MOST_EXPOSURE = "20"  # a tenth of systemd's figure: 2.0 of 10


def analyze(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run systemd-analyze. Skip, or fail with CI set, where it is missing."""
    program = shutil.which("systemd-analyze")
    if program is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("systemd-analyze is not installed")
    return subprocess.run([program, "--no-pager", *arguments], capture_output=True, text=True)


@pytest.fixture(params=UNITS)
def unit(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A unit of this checkout instead of /srv/verdicts, whose programs exist."""
    text = (CHECKOUT / "deploy" / "systemd" / request.param).read_text().replace("/srv/verdicts", str(CHECKOUT))
    path: Path = tmp_path / request.param
    path.write_text(text)
    return path


def test_systemd_has_nothing_to_say_about_a_unit(unit: Path) -> None:
    done = analyze("verify", "--man=no", str(unit))
    said = [line for line in done.stderr.splitlines() if unit.name in line]
    assert (done.returncode, said) == (0, [])


def test_a_unit_leaves_little_exposed(unit: Path) -> None:
    done = analyze("security", "--offline=true", f"--threshold={MOST_EXPOSURE}", str(unit))
    assert done.returncode == 0, done.stdout[-300:] + done.stderr


def read(name: str) -> str:
    return (CHECKOUT / name).read_text()


def find(pattern: str, *names: str) -> set[str]:
    """Return what a pattern finds in these files, line by line."""
    return {found for name in names for found in re.findall(pattern, read(name), re.MULTILINE)}


def commands() -> Iterator[list[str]]:
    """Yield every command of ours that a unit, the image or a compose file runs."""
    for line in find(r"^ExecStart=/srv/verdicts/.venv/bin/(.*)", *(f"deploy/systemd/{name}" for name in UNITS)):
        yield shlex.split(line)
    for array in find(r"CMD (\[.*\])$", "Dockerfile") | find(r"command: (\[flask.*\])", *COMPOSE_FILES):
        yield yaml.safe_load(array)


@ON_ONE_DATABASE
def test_every_command_that_a_deployment_runs_exists(app: Flask) -> None:
    known = list(commands())
    assert {"flask", "python"} == {program for program, *_ in known}
    for program, first, *rest in known:
        if program == "flask":
            assert app.cli.get_command(Context(app.cli), first)
        else:
            assert find_spec(rest[0]) if first == "-m" else (CHECKOUT / first).is_file()


def test_every_setting_that_a_deployment_states_is_known() -> None:
    ours = find(r"^#?([A-Z_]+)=", ".env.example")
    stated = find(r"\b([A-Z][A-Z_]+)=", "Dockerfile") - {"BASE"}
    stated |= find(r"\$\{([A-Z_]+)", *COMPOSE_FILES) | find(r"^ +([A-Z_]+): ", *COMPOSE_FILES)
    stated |= find(r"['\" ]([A-Z_]+)=[$1]", "deploy/install")
    assert {
        "SECRET_KEY",
        "HASH_KEY",
        "BASE_URL",
        "PROXY_HOPS",
        "INSTANCE_PATH",
        "HOST",
        "DATABASE_URL",
        "REDIS_URL",
    } < stated
    assert stated - ours == OF_OTHER_PROGRAMS
    assert find(r"\{\$([A-Z_]+)", "deploy/Caddyfile") <= find(r"^ +([A-Z_]+): ", "compose.yaml")


def test_the_image_holds_what_runs() -> None:
    kept = find(r"^!(.*)$", ".dockerignore")
    assert [name for name in kept if not (CHECKOUT / name).exists()] == []
    assert {"gunicorn.conf.py", "wsgi.py", "migrations", "pyproject.toml", "static", "templates", "verdicts"} < kept
    assert find(r"^COPY (?!--from)(\S+)", "Dockerfile") - kept == {"."}


def test_every_file_of_deploy_that_a_guide_or_a_compose_file_names_exists() -> None:
    guides = [str(path.relative_to(CHECKOUT)) for path in (CHECKOUT / "docs").glob("*.md")]
    named = find(r"\b(deploy/[\w./*-]*\w)", *guides, *COMPOSE_FILES, "Dockerfile")
    assert {"deploy/install", "deploy/Caddyfile", "deploy/nginx.conf", "deploy/ready.py"} <= named
    assert [path for path in named if not list(CHECKOUT.glob(path))] == []


@pytest.mark.parametrize(("status", "words"), [(200, ""), (503, "The database lacks a migration")])
def test_the_health_check_of_the_image_says_why_the_site_is_not_ready(status: int, words: str) -> None:
    asked = []

    class Site(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append((self.path, self.headers["Host"]))
            self.send_response(status)
            self.end_headers()
            self.wfile.write(words.encode())

    with HTTPServer(("127.0.0.1", 0), Site) as server:
        thread = Thread(target=server.handle_request)
        thread.start()
        environ = {"BASE_URL": "https://verdicts.example", "PORT": str(server.server_port)}
        done = subprocess.run(
            [sys.executable, CHECKOUT / "deploy/ready.py"], env=environ, capture_output=True, text=True
        )
        thread.join()
    assert asked == [("/readyz", "verdicts.example")]
    assert (done.returncode == 0, done.stderr.strip()) == (status == 200, words)


def test_the_installer_is_a_shell_script_that_asks_for_an_address() -> None:
    done = subprocess.run([CHECKOUT / "deploy/install"], capture_output=True, text=True)
    assert (done.returncode, "https://" in done.stderr) == (1, True)
