"""What the documented nginx keeps of the site's answers. The site is played by a server that counts its requests."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.faults.proxies import HOST, Browser, Proxy, find_or_skip, make_proxy
from verdicts.web.assets import CACHE_FOREVER
from verdicts.web.caching import PUBLIC

EXPIRED_SECONDS = 2.1  # nginx counts whole seconds: a page that may be kept for one is kept for one to two


@dataclass
class Answer:
    """An answer of the site. Its body says in which content encoding it was asked for."""

    status: int = 200
    cache_control: str = PUBLIC
    headers: dict[str, str] = field(default_factory=dict)
    seconds: float = 0
    arrived: threading.Barrier = field(default_factory=lambda: threading.Barrier(1))  # nobody is answered before


class PlayedSite(ThreadingHTTPServer):
    """Gives every address the same answer, with the number of the request in its body."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answer = Answer()
        self.asked: list[str] = []


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: PlayedSite

    def do_GET(self) -> None:
        answer, encoding = self.server.answer, self.headers["Accept-Encoding"]
        self.server.asked.append(self.path)
        body = f"{encoding} {self.headers['Host']} {len(self.server.asked)}".encode()
        answer.arrived.wait(10)
        time.sleep(answer.seconds)
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(answer.status)
        if encoding in {"br", "gzip"}:
            self.send_header("Content-Encoding", encoding)
        content = {"Content-Length": str(len(body)), "Vary": "Accept-Encoding", "ETag": f'"{encoding}"'}
        for name, value in ({"Cache-Control": answer.cache_control} | content | answer.headers).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET  # noqa: N815  # http.server names it

    def log_message(self, *_arguments: object) -> None:
        """Log nothing: nginx asks often."""


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[PlayedSite, Proxy]]:
    program = find_or_skip("nginx")
    with PlayedSite() as site:
        threading.Thread(target=site.serve_forever, daemon=True).start()
        proxy = make_proxy("nginx", program, tmp_path_factory.mktemp("cache"), site.server_port)
        with proxy.running():
            yield site, proxy
        site.shutdown()


@pytest.fixture
def site(played: tuple[PlayedSite, Proxy]) -> PlayedSite:
    played[0].answer, played[0].asked = Answer(), []
    return played[0]


@pytest.fixture
def reader(played: tuple[PlayedSite, Proxy], site: PlayedSite) -> Browser:
    return Browser(played[1])


def test_readers_of_a_public_page_ask_the_site_once_in_each_content_encoding(site: PlayedSite, reader: Browser) -> None:
    sent = {
        "gzip, deflate, br, zstd": b"br",
        "br": b"br",
        "gzip, deflate": b"gzip",
        "zstd": b"identity",
        "": b"identity",
    }
    for accepted, encoding in sent.items():
        for _ in range(2):
            assert reader.get("/page", Accept_Encoding=accepted).body.split()[0] == encoding
    assert len(site.asked) == 3


def test_weights_of_encodings_and_requests_of_htmx_are_left_to_the_site(site: PlayedSite, reader: Browser) -> None:
    for headers in ({"Accept_Encoding": "br;q=0, gzip"}, {"HX_Request": "true"}):
        for _ in range(2):
            reader.get("/weighed", **headers)
    assert len(site.asked) == 4
    assert reader.get("/weighed", Accept_Encoding="br").body.endswith(b" 5")


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("/own", Answer(cache_control="no-store")),
        ("/own", Answer(cache_control="private, max-age=60")),
        ("/own", Answer(headers={"Set-Cookie": "voter=1"})),
        ("/own", Answer(302)),
        ("/votes/mine", Answer()),
        ("/metrics", Answer()),
        ("/own", Answer(503, "no-store")),
        ("/own", Answer(404, "no-store", {"Set-Cookie": "voter=1"})),
        ("/static/own.css", Answer(cache_control="public, no-cache")),
        ("/admin", Answer()),
        ("/admin/tools", Answer()),
    ],
)
def test_what_is_one_reader_s_own_is_never_kept(site: PlayedSite, reader: Browser, path: str, answer: Answer) -> None:
    site.answer = answer
    assert {reader.get(path).status for _ in range(3)} == {answer.status}
    assert len(site.asked) == 3


def test_a_form_is_not_answered_with_a_page_and_not_kept(site: PlayedSite, reader: Browser) -> None:
    reader.get("/form")
    assert [reader.post("/form", b"x=1").body[-1:] for _ in range(2)] == [b"2", b"3"]
    assert reader.get("/form").body.endswith(b" 1")


def test_addresses_and_hosts_have_pages_of_their_own(site: PlayedSite, reader: Browser) -> None:
    for path, host in (("/a", HOST), ("/a?b=1", HOST), ("/a", "other.example")):
        assert host.encode() in reader.get(path, Host=host).body
    assert site.asked == ["/a", "/a?b=1", "/a"]


def test_who_has_a_page_is_told_that_it_is_unchanged_in_its_own_encoding_only(
    site: PlayedSite, reader: Browser
) -> None:
    def ask(etag: str) -> int:
        return reader.get("/etag", Accept_Encoding="br", If_None_Match=etag).status

    assert [ask('"br"'), ask('"br"'), ask('"gzip"')] == [304, 304, 200]
    assert len(site.asked) == 1


def test_a_page_that_expired_is_asked_for_by_one_reader_while_the_others_get_the_old_one(
    site: PlayedSite, reader: Browser
) -> None:
    reader.get("/busy")
    time.sleep(EXPIRED_SECONDS)
    site.answer = Answer(seconds=0.5)
    with ThreadPoolExecutor(6) as pool:
        bodies = list(pool.map(lambda _: reader.get("/busy").body[-1:], range(6)))
    assert sorted(bodies) == [b"1"] * 5 + [b"2"]


def test_readers_of_a_page_that_nobody_had_wait_for_the_one_who_asks(site: PlayedSite, reader: Browser) -> None:
    site.answer = Answer(seconds=0.3)
    with ThreadPoolExecutor(6) as pool:
        assert {each.body[-1:] for each in pool.map(lambda _: reader.get("/new"), range(6))} == {b"1"}


@pytest.mark.parametrize("path", ["/votes/mine?tool=a", "/tools/a/vote", "/newsletter/leave/x", "/metrics"])
def test_readers_do_not_wait_for_each_other_where_nothing_is_cached(
    site: PlayedSite, reader: Browser, path: str
) -> None:
    arrived = threading.Barrier(4)
    site.answer = Answer(cache_control="no-store", arrived=arrived)
    with ThreadPoolExecutor(4) as pool:
        assert {each.status for each in pool.map(lambda _: reader.get(path), range(4))} == {200}


def test_an_outage_shows_the_old_page_but_not_one_that_was_gone(site: PlayedSite, reader: Browser) -> None:
    for path in ("/stays", "/goes"):
        reader.get(path)
    time.sleep(EXPIRED_SECONDS)
    site.answer = Answer(404, "no-store")
    assert reader.get("/goes").status == 404
    time.sleep(EXPIRED_SECONDS)
    site.answer = Answer(500, "no-store")
    assert [reader.get(path).status for path in ("/stays", "/goes", "/never-seen")] == [200, 404, 500]


def test_static_files_are_kept_as_long_as_the_site_says(site: PlayedSite, reader: Browser) -> None:
    site.answer = Answer(cache_control=CACHE_FOREVER)
    reader.get("/static/a.js?v=1", Accept_Encoding="br")
    time.sleep(EXPIRED_SECONDS)
    kept = reader.get("/static/a.js?v=1", Accept_Encoding="gzip, br")
    assert (kept.body[-1:], kept.headers["Content-Encoding"]) == (b"1", "br")
