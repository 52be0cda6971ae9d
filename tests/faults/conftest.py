"""What fault tests may ask for: a site's world, and a place for the figures they yield."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.serving import looking_into
from tests.makers import make_review, make_reviewer, make_tool

TOOLS = ("claude-code", "mistral-code", "codex-cli", "gemini-cli")
PAGE = "/compare/claude-code-vs-mistral-code"
Figures = Callable[[str], None]


@pytest.fixture
def figures(request: pytest.FixtureRequest) -> Figures:
    """Takes down a line of figures, to be shown when all tests have run."""
    return lambda line: request.node.user_properties.append(("figures", line))


@pytest.fixture
def sqlite_url(tmp_path: Path, sqlite_template: Path) -> str:
    """The address of a SQLite database with a few tools."""
    path = tmp_path / "verdicts.sqlite3"
    path.write_bytes(sqlite_template.read_bytes())
    furnish(f"sqlite:///{path}", tmp_path)
    return f"sqlite:///{path}"


def furnish(database_url: str, folder: Path) -> None:
    """Put tools and a panel's reviews into an empty database."""
    with looking_into(database_url, folder):
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
