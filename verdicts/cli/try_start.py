"""`python -m verdicts.cli.try_start`: migrate the database, and see whether the site serves, at a port of its own.

`make upgrade` asks a new version this before it takes the place of the old one, which may be serving meanwhile.
"""

import http.client
import os
import socket
import subprocess  # nosec B404  # our own server
import sys
import time
from contextlib import closing
from urllib.parse import urlsplit

import click
from dotenv import load_dotenv

from verdicts import config
from verdicts.cli.serve import StartRefused, exit_on_error, prepared_database

LOOPBACK = "127.0.0.1"
MAX_SECONDS = 60.0
MUST_ANSWER = ("/readyz", "/", "/tools")


def main() -> None:
    load_dotenv(config.CHECKOUT / ".env")
    with exit_on_error():
        settings = config.load(os.environ)
        with prepared_database(settings):
            pass
        try_serving(settings)
    click.echo("This version serves.")


def try_serving(settings: config.Settings) -> None:
    """Start the site beside whatever serves now, ask for a few pages, and stop it. Raises StartRefused."""
    port = free_port()
    environ = {**os.environ, "HOST": LOOPBACK, "PORT": str(port), "WEB_CONCURRENCY": "1"}
    command = [sys.executable, "-m", "gunicorn", "wsgi:app"]
    with subprocess.Popen(command, cwd=config.CHECKOUT, env=environ) as process:  # noqa: S603  # nosec B603
        try:
            wait_until_listening(process, port)
            for path in MUST_ANSWER:
                status, words = get(port, path, settings)
                if status != http.HTTPStatus.OK:
                    raise StartRefused(f"{path} answers {status}: {words}")
        finally:
            process.terminate()


def wait_until_listening(process: "subprocess.Popen[bytes]", port: int) -> None:
    deadline = time.monotonic() + MAX_SECONDS
    while True:
        try:
            socket.create_connection((LOOPBACK, port), timeout=1).close()
        except OSError:
            if process.poll() is not None:
                raise StartRefused(f"The site ended with status {process.returncode} before it served.") from None
            if time.monotonic() > deadline:
                raise StartRefused(f"The site does not listen after {MAX_SECONDS:g} s.") from None
            time.sleep(0.1)
        else:
            return


def get(port: int, path: str, settings: config.Settings) -> tuple[int, str]:
    """Return the status of a page and the first words of its body, asked for under the site's own host."""
    with closing(http.client.HTTPConnection(LOOPBACK, port, timeout=MAX_SECONDS)) as connection:
        connection.request("GET", path, headers={"Host": urlsplit(settings.base_url).netloc})
        answer = connection.getresponse()
        return answer.status, answer.read(300).decode(errors="replace")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


if __name__ == "__main__":
    main()
