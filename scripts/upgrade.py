"""`make upgrade`: back up, take the newest tag or a named one, install, migrate and try it; put all back if that fails.

It runs with the standard library alone and is read before anything changes, since it replaces the code it belongs to.
"""

import os
import shlex
import subprocess  # nosec B404  # git, make and our own commands
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
PYTHON = CHECKOUT / ".venv" / "bin" / "python"
FLASK = (str(PYTHON), "-m", "flask", "--app", "wsgi")


class UpgradeFailed(Exception):
    """A step failed; the message says which."""


def main() -> None:
    tag, restart = os.environ.get("TAG", ""), shlex.split(os.environ.get("RESTART", ""))
    try:
        upgrade(tag, restart)
    except UpgradeFailed as fault:
        sys.exit(str(fault))


def upgrade(tag: str, restart: Sequence[str]) -> None:
    refuse_changes()
    run("Looking for versions", "git", "fetch", "--tags", "--quiet")
    if not tag:
        tag = newest_tag()
        if is_in_present_version(tag):
            print(f"This is {tag}, or newer.")
            return
    before = read("git", "rev-parse", "HEAD")
    migration = find_migration()
    if migration is None:
        raise UpgradeFailed("The database cannot be reached. Nothing was changed.")
    backup = CHECKOUT / "instance" / "upgrades" / f"before-{tag}-{datetime.now(UTC):%Y-%m-%d-%H%M%S}.zip"
    run("Backing up", *FLASK, "backup", str(backup), "--verify")
    try:
        run(f"Checking out {tag}", "git", "checkout", "--quiet", "--detach", tag)
        run("Installing", "make", "--silent", "setup")
        run("Migrating and trying it", str(PYTHON), "-m", "verdicts.cli.try_start")
        if restart:
            run("Restarting", *restart)
    except UpgradeFailed as fault:
        print(fault, file=sys.stderr, flush=True)
        put_back(before, migration, backup, restart)
        raise UpgradeFailed(f"The version before and its data are back. The backup is {backup}") from None
    print(f"This is {tag} now. The backup of before is {backup}")
    if not restart:
        print("Restart the site and the worker: systemctl restart verdicts.service verdicts-work.service")


def put_back(commit: str, migration: str, backup: Path, restart: Sequence[str]) -> None:
    """Put code and data back. Migrations are undone where that is possible, since a backup lacks the latest votes."""
    try:
        if find_migration() not in {migration, None}:
            succeeds("Undoing the migrations", *FLASK, "db", "downgrade", migration)
        run("Checking out the version before", "git", "checkout", "--quiet", "--detach", commit)
        run("Installing it", "make", "--silent", "setup")
        if find_migration() != migration:
            run("Restoring the backup", *FLASK, "restore", str(backup))
        if restart:
            run("Restarting it", *restart)
    except UpgradeFailed as fault:
        raise UpgradeFailed(
            f"{fault}\nNot everything could be put back. By hand:"
            f"\ngit checkout {commit} && make setup && .venv/bin/flask restore {backup}"
        ) from None


def refuse_changes() -> None:
    if changed := read("git", "status", "--porcelain", "--untracked-files=no"):
        raise UpgradeFailed(f"Files of the checkout are changed, and an upgrade would lose that:\n{changed}")


def newest_tag() -> str:
    tags = read("git", "tag", "--list", "v*", "--sort=-version:refname").split()
    stable = [tag for tag in tags if "-" not in tag]  # v1.0.0-rc1 is for who names it
    if not stable:
        raise UpgradeFailed("There is no tag of a version (v…). Name one: make upgrade TAG=…")
    return stable[0]


def is_in_present_version(tag: str) -> bool:
    """Say whether this checkout has all that a tag has: going there would be a step back, which one has to name."""
    command = ("git", "merge-base", "--is-ancestor", tag, "HEAD")
    return subprocess.run(command, cwd=CHECKOUT, check=False).returncode == 0  # noqa: S603  # nosec B603


def find_migration() -> str | None:
    """Return the migration that the database is at, "" without tables; None where this code cannot tell."""
    try:
        return read(*FLASK, "db", "current").split(" ")[0]
    except UpgradeFailed:
        return None


def run(what: str, *command: str) -> None:
    if not succeeds(what, *command):
        raise UpgradeFailed(f"{what} failed.")


def succeeds(what: str, *command: str) -> bool:
    print(f"{what} …", flush=True)
    return subprocess.run(command, cwd=CHECKOUT, check=False).returncode == 0  # noqa: S603  # nosec B603


def read(*command: str) -> str:
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False)  # noqa: S603  # nosec B603
    if done.returncode:
        raise UpgradeFailed(f"{shlex.join(command)} failed: {done.stderr.strip()}")
    return done.stdout.strip()


if __name__ == "__main__":
    main()
