"""How close nginx with the site of docs/deploy.md comes to nginx with the same body as a file and the same head.

A load generator in Python is slower than nginx, so what counts is how many requests nginx answers in a second of its
own processor time.
"""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import repeat
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.load import END_OF_HEAD, Clients, run
from benchmarks.requests import get
from benchmarks.timing import send
from tests.faults.proxies import find_program, nginx_file, without_tls
from tests.faults.serving import wait_until
from tests.postgres import free_port

CONNECTIONS = 16
ACCEPTED = "gzip, deflate, br, zstd"
SECONDS_TO_START = 20
_FILE_SERVER = """
    keepalive_requests 100000000;
    server {{
        listen 127.0.0.1:{port};
        root {folder};
        open_file_cache max=2000 inactive=1m;
        default_type "text/html; charset=utf-8";
        {fields}
    }}
"""
# What nginx writes by itself, or says by other means.
_OWN_FIELDS = {"server", "date", "connection", "content-length", "content-type", "etag"}


def measure(site_port: int, path: str, rounds: int, seconds: float) -> None:
    """Let nginx answer with a page of the site and with a file that holds the same bytes, in turn."""
    print("\nnginx as docs/deploy.md sets it up, br: requests answered in a second of its processor time; medians")
    program = find_program("nginx")
    if program is None:
        print("not measured: nginx is not installed")
        return
    with TemporaryDirectory(prefix="verdicts-nginx-") as name:
        folder, page_port, file_port = Path(name), free_port(), free_port()
        fields, body = fetch(site_port, path)
        (folder / "page").write_bytes(body)
        file_server = _FILE_SERVER.format(port=file_port, folder=folder, fields=" ".join(map(add_header, fields)))
        with running(program, folder, nginx_file(folder, page_port, site_port), file_server) as nginx:
            page, file = (get(each, accept_encoding=ACCEPTED) for each in (path, "/page"))
            rates = [
                (answered(nginx, file_port, file, seconds), answered(nginx, page_port, page, seconds))
                for _ in range(rounds + 1)
            ][1:]
    from_file, from_site = map(median, zip(*rates, strict=True))
    print(f"{'the page as a file':40} {from_file:10,.0f}")
    print(f"{'the page of the site':40} {from_site:10,.0f} {from_site / from_file:7.2f}")


@contextmanager
def running(program: str, folder: Path, documented: str, file_server: str) -> Iterator[int]:
    """Run the documented nginx without TLS, which costs both the same, and yield its process id."""
    path = folder / "nginx.conf"
    path.write_text(without_tls(documented).replace("http {", f"http {{{file_server}", 1))
    process = subprocess.Popen([program, "-e", "stderr", "-p", str(folder), "-c", str(path)])
    try:
        wait_until(lambda: process.poll() is not None or bool(workers(process.pid)), SECONDS_TO_START)
        if process.poll() is not None:
            raise RuntimeError(f"nginx did not start: {process.returncode}")
        yield process.pid
    finally:
        process.terminate()
        process.wait()


def fetch(port: int, path: str) -> tuple[list[tuple[str, str]], bytes]:
    """Return the header fields and the body of a page in brotli."""
    request = get(path, accept_encoding="br").replace(END_OF_HEAD, b"\r\nConnection: close" + END_OF_HEAD)
    head, _, body = send(port, request).partition(END_OF_HEAD)
    fields = [(name, value) for name, _, value in (line.partition(": ") for line in head.decode().split("\r\n")[1:])]
    if ("Content-Encoding", "br") not in fields:
        raise RuntimeError(head.decode(errors="replace"))
    return [field for field in fields if field[0].lower() not in _OWN_FIELDS], body


def add_header(field: tuple[str, str]) -> str:
    """Return the line by which nginx sends a header field with a file."""
    name, value = field
    return f'add_header {name} "{value}";'


def answered(nginx: int, port: int, request: bytes, seconds: float) -> float:
    """Return how many requests were answered in a second of the time of nginx's workers."""
    before = processor_seconds(nginx)
    load = run(port, Clients(repeat(request), CONNECTIONS), seconds)
    return load.answers[200] / (processor_seconds(nginx) - before)


def processor_seconds(nginx: int) -> float:
    return sum(int(Path(f"/proc/{worker}/schedstat").read_text().split()[0]) for worker in workers(nginx)) / 1e9


def workers(nginx: int) -> list[str]:
    """Return the process ids of nginx's workers, and of the two that look after its cache."""
    return Path(f"/proc/{nginx}/task/{nginx}/children").read_text().split()
