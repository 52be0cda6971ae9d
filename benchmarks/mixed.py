"""How much memory a worker takes while readers ask for everything and vote: `make bench MINUTES=20`.

The site is started as `make serve` starts it, with the sample. Clients ask for the pages of its sitemap, made-up pairs,
searches, pictures, assets and feeds, in four encodings and from 65,536 networks, and vote.
"""

import os
import random
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from http.client import HTTPConnection
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.load import Clients, run
from benchmarks.memory import memory_kb
from benchmarks.requests import get, network, vote
from benchmarks.serving import served
from verdicts import config

CLIENTS = 24
MOST_PICTURES = 31
REPORTS = 20
ENCODINGS = ("br", "gzip", "gzip, deflate, br, zstd", "identity")
WORDS = ("code", "vision", "open", "free", "small", "agent", "mistral", "editor", "picture", "what+reads+documents")
# How many of a hundred requests are of each kind.
SHARES = {"page": 69, "vote": 12, "pair": 5, "search": 5, "asset": 5, "feed": 2, "picture": 2}
# What a page's head leads to.
LINKS = {"asset": "/static/.+", "feed": r"/.+\.(?:atom|json)", "picture": r"/(?!static/).+\.png"}


def main(environ: dict[str, str], minutes: float, reports: int = REPORTS) -> dict[str, float]:
    """Print each worker's memory as time goes on, and return the last figures, in MB of 1024 x 1024 bytes."""
    settings = config.load(environ)
    log_file = Path(environ["INSTANCE_PATH"], "site.log")
    with served("verdicts.cli.serve", log_file=log_file, port=settings.port, environ=environ) as server:
        while len(workers := _list_workers(server)) < settings.web_concurrency:
            time.sleep(0.1)
        readers = Clients(requests(settings), CLIENTS)
        print(f"{minutes:g} minutes, {CLIENTS} clients, {len(workers)} workers, {os.cpu_count()} processors; MB")
        print(f"{'minutes':>8} {'requests':>10} {'503':>8} {'resident in each worker':>26}")
        answers: Counter[int] = Counter()
        _report(0, answers, workers)
        for number in range(1, reports + 1):
            answers += run(settings.port, readers, 60 * minutes / reports).answers
            megabytes = _report(minutes * number / reports, answers, workers)
        if _list_workers(server) != workers:
            sys.exit("A worker was replaced meanwhile.")
    return {f"worker {number}": round(each, 1) for number, each in enumerate(megabytes, 1)}


def requests(settings: config.Settings) -> Iterator[bytes]:
    """Return requests without an end, in the same order each time."""
    chance = random.Random(20_261_201)  # noqa: S311  # the same each time, not secrets
    pages = sorted(_list_pages(settings.port, "/sitemap.xml"))
    slugs = [page.removeprefix("/tools/") for page in pages if re.fullmatch("/tools/[^/]+", page)]
    heads = [_read(settings.port, page).partition("</head>")[0] for page in chance.sample(pages, MOST_PICTURES)]
    links = sorted({_path(link) for head in heads for link in re.findall(r'(?:href|src|content)="([^"#]+)"', head)})
    addresses: dict[str, Callable[[], str]] = {
        "page": lambda: chance.choice(pages),
        "pair": lambda: "/compare/" + "-vs-".join(sorted(chance.sample(slugs, 2))),
        "search": lambda: f"/tools?q={chance.choice(WORDS)}+{chance.randrange(1000)}",
        **{
            kind: partial(chance.choice, [link for link in links if re.fullmatch(pattern, link)])
            for kind, pattern in LINKS.items()
        },
    }
    for number in count():
        [kind] = chance.choices(list(SHARES), list(SHARES.values()))
        if kind == "vote":
            yield vote(settings, number, chance.choice(slugs))
        else:
            yield get(addresses[kind](), accept_encoding=chance.choice(ENCODINGS), network=network(number))


def _list_pages(port: int, sitemap: str) -> Iterator[str]:
    for address in re.findall("<loc>(.+?)</loc>", _read(port, sitemap)):
        path = _path(address)
        if not path.endswith(".xml"):
            yield path
        elif not path.startswith("/sitemap-pairs-"):  # of which all readers together may have so many a minute
            yield from _list_pages(port, path)


def _path(address: str) -> str:
    return urlsplit(address).path


def _read(port: int, path: str) -> str:
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", path)
    text = connection.getresponse().read().decode()
    connection.close()
    return text


def _list_workers(server: int) -> list[int]:
    return [int(process) for process in Path(f"/proc/{server}/task/{server}/children").read_text().split()]


def _report(minutes: float, answers: Counter[int], workers: list[int]) -> list[float]:
    """Print a line, and return the workers' memory."""
    megabytes = [memory_kb(worker, "VmRSS") / 1024 for worker in workers]
    taken = " ".join(f"{each:8.1f}" for each in megabytes)
    print(f"{minutes:8.1f} {answers.total():10,} {answers[503] / max(1, answers.total()):8.2%} {taken}")
    return megabytes
