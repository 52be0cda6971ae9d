"""Error reports: what really leaves for SENTRY_DSN says what broke, and nothing about the reader who met it."""

import gzip
import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import brotli
import pytest

from tests.programs import SETTINGS, run
from verdicts.web.error_reports import without_input

DECODERS = {"gzip": gzip.decompress, "br": brotli.decompress}
REQUEST = "a-request-of-a-reader"
BREAK = f"""
import sentry_sdk
from flask import request
from wsgi import app

@app.post("/broken/<token>")
def broken(token):
    address = request.form["email"]
    app.logger.info("about %s", address)
    try:
        raise ValueError(request.remote_addr)
    except ValueError as error:
        raise RuntimeError(f"cannot write to {{address}}") from error

client = app.test_client()
client.set_cookie("voter", "of-a-cookie", domain="127.0.0.1")
headers = {{"X-Request-ID": "{REQUEST}", "Origin": "http://127.0.0.1:8000", "User-Agent": "Browser of Ada"}}
print(client.post("/broken/in-a-path?q=in-a-query", base_url="http://127.0.0.1:8000", headers=headers,
                  data={{"email": "ada@readers.example"}}, environ_base={{"REMOTE_ADDR": "203.0.113.9"}}).status_code)
sentry_sdk.flush(30)  # a process that ends gives it two seconds, which a busy machine may need
"""
PERSONAL = ("ada@", "readers.example", "of-a-cookie", "in-a-path", "in-a-query", "Browser of", "203.0.113.9")


@contextmanager
def sink() -> Iterator[tuple[int, list[bytes]]]:
    """Run an HTTP server that takes whatever is posted; yield its port and what it got."""
    posted: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            decode = DECODERS.get(self.headers.get("Content-Encoding", ""), bytes)
            posted.append(f"{self.path}\n{self.headers}".encode() + decode(body))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_arguments: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port, posted
        server.shutdown()
        thread.join()


def test_a_report_says_what_broke_and_nothing_about_the_reader(tmp_path: Path) -> None:
    with sink() as (port, posted):
        dsn = f"http://key@127.0.0.1:{port}/1"
        assert run("-c", BREAK, instance=tmp_path, **SETTINGS, SENTRY_DSN=dsn)[1].endswith("500\n")
    (report,) = posted
    event = json.loads(report.splitlines()[-1])
    assert [raised["type"] for raised in event["exception"]["values"]] == ["ValueError", "RuntimeError"]
    assert event["exception"]["values"][1]["value"] == "cannot write to …"
    assert event["tags"] == {"method": "POST", "route": "/broken/<token>", "request_id": REQUEST}
    assert [each for each in PERSONAL if each in report.decode()] == []


@pytest.mark.parametrize(
    ("text", "reduced"),
    [
        ("The mailbox of ada@readers.example is full", "The mailbox of … is full"),
        ("from 2001:db8::7 and 203.0.113.9: no", "from … and …: no"),
        ("invalid literal for int() with base 10: 'my words'", "invalid literal for int() with base 10: …"),
        ("duplicate key\nDETAIL:  Key (address)=(ada) exists.", "duplicate key\nDETAIL: …"),
        ("no token " + "x1" * 16, "no token …"),
        ("UNIQUE constraint failed: tool_slug.slug", "UNIQUE constraint failed: tool_slug.slug"),
    ],
)
def test_what_somebody_sent_is_taken_out_of_an_errors_words(text: str, reduced: str) -> None:
    assert without_input(text) == reduced
