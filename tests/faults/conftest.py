"""Fixtures of fault tests: a database with a few tools, and a collector of figures."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.serving import app_on_database
from tests.makers import make_review, make_reviewer, make_tool

TOOLS = ("claude-code", "mistral-code", "codex-cli", "gemini-cli")
PAGE = "/compare/claude-code-vs-mistral-code"
Figures = Callable[[str], None]


@pytest.fixture
def figures(request: pytest.FixtureRequest) -> Figures:
    """Collects a line of figures, which is printed when all tests have run."""
    return lambda line: request.node.user_properties.append(("figures", line))


@pytest.fixture
def sqlite_url(tmp_path: Path, sqlite_template: Path) -> str:
    """The URL of a SQLite database with a few tools."""
    return filled_sqlite(sqlite_template, tmp_path)


def filled_sqlite(template: Path, folder: Path) -> str:
    """Put a copy of a migrated file into a folder, fill it, and return its URL."""
    path = folder / "verdicts.sqlite3"
    path.write_bytes(template.read_bytes())
    url = f"sqlite:///{path}"
    fill_database(url, folder)
    return url


def fill_database(database_url: str, folder: Path) -> None:
    """Create tools and a panel's reviews in an empty database."""
    with app_on_database(database_url, folder):
        reviewers = [make_reviewer(slug) for slug in ("founder", "builder", "skeptic")]
        for tool in [make_tool(slug) for slug in TOOLS]:
            for reviewer in reviewers:
                make_review(tool, reviewer)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for outcome in ("passed", "failed"):
        for report in terminalreporter.getreports(outcome):
            for name, line in report.user_properties:
                if name == "figures":
                    terminalreporter.write_line(f"{report.nodeid.rpartition('::')[2]}: {line}")
