"""What a stranger meets before any of our code runs: make's targets, the lock files, gunicorn's settings."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

from tests.programs import SETTINGS, run
from verdicts.config import CHECKOUT

SERVE = (CHECKOUT / "requirements/serve.txt").read_text()
DEVELOP = (CHECKOUT / "requirements/develop.txt").read_text()
PROJECT = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())


def pins(lock: str) -> dict[str, str]:
    """Return the version that a lock file pins for each package."""
    return dict(re.findall(r"^([a-z0-9-]+)(?:\[[a-z,]+\])?==([^ ]+)", lock, re.MULTILINE))


def named(requirements: list[str]) -> set[str]:
    """Return the packages that requirements such as `flask-limiter[redis]>=4.1` name."""
    return {re.split(r"[\[<>=!~; ]", requirement)[0] for requirement in requirements}


def make(*arguments: str, cwd: Path = CHECKOUT, path: str = os.environ["PATH"]) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [shutil.which("make") or "make", *arguments],
        cwd=cwd,
        env={"PATH": path},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_make_alone_explains_every_target() -> None:
    explained = re.findall(r"^  make ([a-z]+) +\S", make().stdout, re.MULTILINE)
    phony = re.findall(r"^\.PHONY: (.*)$", (CHECKOUT / "Makefile").read_text(), re.MULTILINE)[0].split()
    assert explained == phony
    assert {"setup", "demo", "serve", "test", "check", "faults", "lock"} <= set(explained)


def test_make_says_in_words_that_no_python_is_new_enough(tmp_path: Path) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("python3", "python3.12"):
        (programs / name).write_text("#!/bin/sh\nexit 1\n")
        (programs / name).chmod(0o755)
    shutil.copy(CHECKOUT / "Makefile", tmp_path)
    shutil.copytree(CHECKOUT / "requirements", tmp_path / "requirements")
    done = make("setup", cwd=tmp_path, path=str(programs))
    assert done.returncode != 0
    assert done.stderr.startswith("No Python 3.11 or newer")
    assert "PYTHON=" in done.stderr


def test_setup_has_nothing_to_do_while_the_lock_is_as_it_was(tmp_path: Path) -> None:
    shutil.copy(CHECKOUT / "Makefile", tmp_path)
    (tmp_path / "requirements").mkdir()
    lock, stamp = tmp_path / "requirements/serve.txt", tmp_path / ".venv/serve.stamp"
    lock.touch()
    (tmp_path / ".venv/bin").mkdir(parents=True)
    (tmp_path / ".venv/bin/pip").touch()
    stamp.touch()
    assert make("--question", "setup", cwd=tmp_path).returncode == 0
    os.utime(lock, (stamp.stat().st_mtime + 10,) * 2)
    assert make("--question", "setup", cwd=tmp_path).returncode == 1


def test_what_a_change_must_pass_is_what_a_developer_runs() -> None:
    script = (CHECKOUT / ".ci/run").read_text()
    assert re.findall(r"^make .*$", script, re.MULTILINE) == ["make check", "make test"]
    assert "set -eu" in script
    assert os.access(CHECKOUT / ".ci/run", os.X_OK)


@pytest.mark.parametrize("lock", [SERVE, DEVELOP])
def test_every_locked_package_has_a_hash_and_names_no_registry(lock: str) -> None:
    entries = re.split(r"\n(?=[a-z0-9])", lock)[1:]
    assert [entry.split("\n")[0] for entry in entries if "--hash=sha256:" not in entry] == []
    assert "://" not in lock
    assert re.findall(r"^--.*", lock, re.MULTILINE) == []


def test_the_lock_for_serving_holds_all_that_serving_needs_and_no_tool_of_the_tests() -> None:
    project = PROJECT["project"]
    extras = [requirement for extra in project["optional-dependencies"].values() for requirement in extra]
    assert named(project["dependencies"] + extras) <= set(pins(SERVE))
    assert "pytest" not in pins(SERVE)


def test_the_lock_for_development_adds_to_the_one_for_serving_and_changes_nothing() -> None:
    assert named(PROJECT["dependency-groups"]["develop"]) <= set(pins(DEVELOP))
    assert pins(SERVE).items() <= pins(DEVELOP).items()


def test_the_npm_lock_pins_every_package_and_names_no_registry() -> None:
    packages = json.loads((CHECKOUT / "package-lock.json").read_text())["packages"]
    packages.pop("")
    assert "node_modules/html-validate" in packages
    assert [name for name, package in packages.items() if "integrity" not in package or "resolved" in package] == []


def test_gunicorn_reads_its_settings_from_ours(tmp_path: Path) -> None:
    settings = {**SETTINGS, "INSTANCE_PATH": str(tmp_path), "HOST": "::1", "PORT": "9000", "WEB_CONCURRENCY": "3"}
    printed = subprocess.run(
        [sys.executable, "-m", "gunicorn", "--print-config", "wsgi:app"],
        cwd=CHECKOUT,
        env={"PATH": os.environ["PATH"], **settings},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stdout
    effective = dict(re.findall(r"^(\w+) += (.*)$", printed, re.MULTILINE))
    assert effective["bind"] == "['[::1]:9000']"
    assert (effective["workers"], effective["threads"], effective["reuse_port"]) == ("3", "48", "True")
    assert effective["forwarded_allow_ips"] == "[]"


def test_garbage_is_collected_while_the_site_runs_but_for_what_it_imported(tmp_path: Path) -> None:
    code = "import gc, wsgi; print(gc.isenabled(), gc.get_freeze_count() > 100_000)"
    assert run("-c", code, instance=tmp_path, **SETTINGS) == (0, "True True\n")


def test_a_release_newer_than_the_lock_changes_nothing(tmp_path: Path) -> None:
    """Older versions of pip look for the newest `base[extra]` first, and then refuse it for want of a pin."""
    wheels = [a_wheel(tmp_path, "base", "1.0"), a_wheel(tmp_path, "base", "2.0")]
    wheels += [a_wheel(tmp_path, "user", "1.0", needs="base[extra]")]
    pinned = [
        f"{name}==1.0 --hash=sha256:{sha256(wheel)}" for name, wheel in zip(["base", "user"], wheels[::2], strict=True)
    ]
    (tmp_path / "lock.txt").write_text("\n".join(pinned) + "\n")
    (options,) = re.findall(
        r"^install := \$\(run\) (pip install .*)$", (CHECKOUT / "Makefile").read_text(), re.MULTILINE
    )
    offline = ["--no-index", "--find-links", str(tmp_path), "--target", str(tmp_path / "installed")]
    venv.create(tmp_path / "venv", with_pip=True)  # with the pip that Python brings, as make setup has it
    done = subprocess.run(
        [tmp_path / "venv/bin/python", "-m", *options.split(), *offline, "-r", str(tmp_path / "lock.txt")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert sorted(path.name for path in (tmp_path / "installed").glob("*.dist-info")) == [
        "base-1.0.dist-info",
        "user-1.0.dist-info",
    ]


def a_wheel(folder: Path, name: str, version: str, needs: str = "") -> Path:
    path = folder / f"{name}-{version}-py3-none-any.whl"
    info = f"{name}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\nProvides-Extra: extra\n"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr(f"{info}/METADATA", metadata + (f"Requires-Dist: {needs}\n" if needs else ""))
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")
    return path


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
