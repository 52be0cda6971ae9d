"""Fixtures of the mail tests: an SMTP server in another process, and a letter."""

from collections.abc import Iterator

import pytest

from tests.smtp_server import SmtpServer, smtp_server
from verdicts.mailing.rendering import Letter

LETTER = Letter("Two tools, one SKIP", "Plain words.\n", "<p>Words with a <b>shape</b>.</p>\n")


@pytest.fixture(scope="session")
def one_smtp_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmtpServer]:
    with smtp_server(tmp_path_factory.mktemp("smtp")) as server:
        yield server


@pytest.fixture
def smtp(one_smtp_server: SmtpServer) -> SmtpServer:
    """A server that behaves as usual and has accepted nothing yet."""
    one_smtp_server.forget()
    return one_smtp_server
