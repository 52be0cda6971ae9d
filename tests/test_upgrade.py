"""`make upgrade` takes a site to a newer version, or leaves it as it was: code, data and the votes in between."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.apps import new_app
from tests.makers import make_tool, make_votes
from tests.programs import SETTINGS
from verdicts.config import CHECKOUT
from verdicts.extensions import db
from verdicts.operations import snapshots
from verdicts.voting.recount import recount

NEWEST = sorted(path.stem for path in (CHECKOUT / "migrations" / "versions").glob("[0-9]*.py"))[-1][:4]
MIGRATION = f"""
import sqlalchemy as sa
from alembic import op

revision, down_revision, branch_labels, depends_on = "9999", "{NEWEST}", None, None


def upgrade():
    op.create_table("new", sa.Column("id", sa.Integer(), primary_key=True))
    FAULT


def downgrade():
    op.drop_table("new")
"""
# The checkout may belong to another user than the one who runs the tests.
TRUST = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "safe.directory", "GIT_CONFIG_VALUE_0": "*"}
pytestmark = pytest.mark.skipif(
    not (CHECKOUT / ".git").exists() or shutil.which("git") is None, reason="upgrading needs a git checkout"
)


class Installation:
    """A clone of this checkout with a SQLite database, and tags of versions to come."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.instance = folder / "site", folder / "instance"
        self.database_url = f"sqlite:///{self.instance / 'verdicts.sqlite3'}"
        self._run("git", "clone", "--quiet", str(CHECKOUT), str(self.folder), cwd=folder)
        own = self.folder / ".venv"  # with the packages of this checkout, and nothing to install
        own.mkdir()
        for part in (CHECKOUT / ".venv").iterdir():
            if not part.name.endswith(".stamp"):
                (own / part.name).symlink_to(part)
        os.utime(self.folder / "requirements" / "serve.txt", (0, 0))
        (own / "serve.stamp").touch()

    def release(self, tag: str, **files: str) -> None:
        """Commit a version with these files and tag it; go back to the present one."""
        present = self._run("git", "rev-parse", "HEAD")
        for name, text in files.items():
            (self.folder / name).write_text(text)
        self._run("git", "add", "--all", "--", *files)
        identity = ("-c", "user.name=verdicts", "-c", "user.email=verdicts@localhost", "-c", "commit.gpgsign=false")
        self._run("git", *identity, "commit", "--quiet", "--allow-empty", "--message", tag)
        self._run("git", "tag", tag)
        self._run("git", "checkout", "--quiet", "--detach", present)

    def upgrade(self, *options: str) -> tuple[int, str]:
        done = self._start("make", "--silent", "upgrade", *options, cwd=self.folder)
        return done.returncode, done.stdout

    @property
    def commit(self) -> str:
        return self._run("git", "rev-parse", "HEAD")

    def migration(self) -> str:
        return snapshots.describe(self.database_url)[1]

    def _run(self, *command: str, cwd: Path | None = None) -> str:
        done = self._start(*command, cwd=cwd or self.folder)
        assert done.returncode == 0, done.stdout
        return done.stdout.strip()

    def _start(self, *command: str, cwd: Path) -> "subprocess.CompletedProcess[str]":
        own = {"PATH": os.environ["PATH"], "HOME": str(cwd), "INSTANCE_PATH": str(self.instance), **SETTINGS, **TRUST}
        output = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        return subprocess.run(command, cwd=cwd, env=own, text=True, timeout=120, check=False, **output)  # type: ignore[call-overload, no-any-return]


@pytest.fixture
def installation(tmp_path: Path, sqlite_template: Path) -> Iterator[Installation]:
    installation = Installation(tmp_path)
    installation.instance.mkdir()
    shutil.copyfile(sqlite_template, installation.instance / "verdicts.sqlite3")
    with new_app(installation.database_url, installation.instance):
        make_votes(make_tool("alpha"), ship=range(3))
        yield installation
        db.session.rollback()
        assert db.session.scalar(sa.text("SELECT ship FROM tally")) == 3
        assert recount() == []


def migration(fault: str) -> dict[str, str]:
    return {"migrations/versions/9999_a_new_table.py": MIGRATION.replace("FAULT", fault)}


def test_the_newest_version_is_installed_migrated_and_tried(installation: Installation, tmp_path: Path) -> None:
    installation.release("v99.9.0", **migration("pass"))
    installation.release("v99.10.0-rc1")
    status, printed = installation.upgrade(f"RESTART=touch {tmp_path / 'restarted'}")
    assert status == 0, printed
    assert installation._run("git", "describe", "--tags") == "v99.9.0"
    assert installation.migration() == "9999"
    assert (tmp_path / "restarted").exists()
    (backup,) = (installation.folder / "instance" / "upgrades").iterdir()
    assert f"The backup of before is {backup}" in printed
    assert installation.upgrade() == (0, "Looking for versions …\nThis is v99.9.0, or newer.\n")


def test_a_migration_that_fails_in_the_middle_leaves_old_code_and_old_data(installation: Installation) -> None:
    before = installation.commit
    installation.release("v99.9.0", **migration("op.drop_table('gone')"))
    status, printed = installation.upgrade()
    assert status != 0
    assert "Migrating and trying it failed." in printed
    assert "The version before and its data are back." in printed
    assert (installation.commit, installation.migration()) == (before, NEWEST)


def test_a_version_that_does_not_serve_is_taken_back_with_its_migrations(installation: Installation) -> None:
    before = installation.commit
    broken = {"gunicorn.conf.py": "raise RuntimeError('no server')\n"}
    installation.release("v99.9.0", **migration("pass"), **broken)
    status, printed = installation.upgrade("TAG=v99.9.0")
    assert status != 0
    assert "Undoing the migrations" in printed
    assert "Restoring the backup" not in printed, "which lacks the latest votes"
    assert (installation.commit, installation.migration()) == (before, NEWEST)


def test_changed_files_are_never_lost(installation: Installation) -> None:
    (installation.folder / "README.md").write_text("mine")
    status, printed = installation.upgrade()
    assert status != 0
    assert "Files of the checkout are changed" in printed
    assert (installation.folder / "README.md").read_text() == "mine"
