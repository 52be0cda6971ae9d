"""The units in deploy/ are good systemd, and leave a service no more than it needs."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from verdicts.config import CHECKOUT

UNITS = ("verdicts.service", "verdicts-work.service")
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
