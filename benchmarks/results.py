"""What `make bench` measured last, as text and as JSON, with the machine it ran on: benchmarks/results/."""

import json
import os
import platform
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any, TextIO

from verdicts.config import CHECKOUT
from verdicts.engines import sqlite_driver

FOLDER = CHECKOUT / "benchmarks" / "results"

Figures = dict[str, Any]


class _Both(StringIO):
    """Keeps what is printed, and prints it."""

    def __init__(self, screen: TextIO) -> None:
        super().__init__()
        self._screen = screen

    def write(self, text: str) -> int:
        self._screen.write(text)
        self._screen.flush()
        return super().write(text)


@contextmanager
def stored(name: str) -> Iterator[Figures]:
    """Write what the block prints to <name>.txt, and the figures that it puts into the yielded dict to <name>.json."""
    figures: Figures = {}
    with redirect_stdout(_Both(sys.stdout)) as printed:
        yield figures
    machine = describe_machine()
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / f"{name}.json").write_text(json.dumps({"machine": machine, "figures": figures}, indent=1) + "\n")
    head = "".join(f"{key}: {value}\n" for key, value in machine.items())
    (FOLDER / f"{name}.txt").write_text(f"{head}\n{printed.getvalue()}")


def describe_machine() -> dict[str, str]:
    """Return what the figures depend on: hardware, versions, the commit, and how busy the machine was."""
    return {
        "at": datetime.now(UTC).isoformat(timespec="minutes"),
        "commit": _read("git", "rev-parse", "--short", "HEAD"),
        "processor": _processor(),
        "processors": str(os.cpu_count()),
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GB",
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "sqlite": sqlite_driver().sqlite_version,
        "load at the end": " ".join(f"{load:.1f}" for load in os.getloadavg()),
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(": ")[2] for line in lines if line.startswith("model name")), platform.machine())


def _read(*command: str) -> str:
    try:
        return subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
