"""The site behind the proxies of deploy/, with the very files that operators copy."""

import re
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Self
from urllib.parse import urlencode

import pytest
import sqlalchemy as sa

from tests.faults.conftest import PAGE, filled_sqlite
from tests.faults.proxies import DEPLOY, HALVES, HOST, NAMES, Browser, Proxy, find_or_skip, make_proxy
from tests.faults.readers import NO_RESPONSE, Response
from tests.faults.serving import Site, app_on_database, serving, wait_until
from tests.postgres import free_port
from verdicts.app import MAX_WAITING_WRITERS
from verdicts.catalog.content_version import bump_content_version
from verdicts.catalog.models import Tool
from verdicts.config import MAX_REQUEST_BYTES
from verdicts.extensions import begin_write, db
from verdicts.web.admin.import_export import MAX_MEGABYTES, TOO_LARGE_MESSAGE
from verdicts.web.bounces import MAX_PAYLOAD_BYTES
from verdicts.web.limits import SIGNUPS_PER_NETWORK_LIMIT
from verdicts.web.site_state import STATE_TTL_SECONDS

CLIENTS = 30
NGINX_SECONDS = 2  # its cache counts whole seconds
PASSWORD = "plinth mango otter quartz"
SIGN_UP = "/newsletter/subscribe"
VOTE = urlencode({"verdict": "ship"}).encode()


@pytest.fixture(scope="module")
def https_site(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("site")
    settings = {"BASE_URL": f"https://{HOST}", "TRUSTED_HOSTS": f"{HOST},127.0.0.1"}
    with serving(filled_sqlite(sqlite_template, folder), folder, **settings) as site:
        status, printed = site.flask("staff", "add", "root", "r@example.org", "--role", "admin", "--password", PASSWORD)
        assert status == 0, printed
        yield site


@pytest.fixture(scope="module", params=NAMES)
def proxy(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, https_site: Site
) -> Iterator[Proxy]:
    name = request.param
    proxy = make_proxy(name, find_or_skip(name), tmp_path_factory.mktemp(name), https_site.port)
    checked = proxy.run_check()
    assert checked.returncode == 0, checked.stderr
    with proxy.running():
        yield proxy


def test_a_page_and_a_vote_pass_the_proxy(proxy: Proxy) -> None:
    browser = Browser(proxy)
    page = browser.get(PAGE)
    assert page.status == 200
    assert "Strict-Transport-Security" in page.headers
    vote = browser.post("/tools/claude-code/vote", VOTE)
    assert vote.is_acknowledged
    voter = next(morsel for name, morsel in browser.attributes.items() if name.startswith("__Host-"))
    assert voter["secure"]
    assert b"Your vote" in browser.get("/tools/claude-code/vote").body


def test_what_an_editor_publishes_is_seen_soon(proxy: Proxy, https_site: Site) -> None:
    browser, path, tagline = Browser(proxy), "/tools/claude-code", f"Seen through {proxy.name}"
    assert tagline.encode() not in browser.get(path).body
    with app_on_database(https_site.settings["DATABASE_URL"], https_site.folder):
        begin_write()
        db.session.execute(sa.update(Tool).values(tagline=tagline))
        bump_content_version()
        db.session.commit()
    wait_until(lambda: tagline.encode() in browser.get(path).body, STATE_TTL_SECONDS + NGINX_SECONDS + 1)


def test_the_site_limits_each_client_and_believes_no_forged_address(proxy: Proxy) -> None:
    def sign_up(source: str, number: int) -> int:
        form = urlencode({"email": f"{proxy.name}-{number}@example.org"}).encode()
        return Browser(proxy, source).post(SIGN_UP, form, X_Forwarded_For=f"198.51.{number}.1").status

    allowed = int(SIGNUPS_PER_NETWORK_LIMIT.split()[0])
    clients = [f"127.0.{1 + NAMES.index(proxy.name)}.{number}" for number in (1, 2)]
    assert [sign_up(clients[0], number) for number in range(allowed + 1)] == [303] * allowed + [429]
    assert sign_up(clients[1], allowed + 1) == 303


def test_an_admin_logs_in_and_uploads_the_largest_catalogue_file(proxy: Proxy) -> None:
    browser = Browser(proxy)
    fields = {"name": "root", "password": PASSWORD, "csrf_token": token_of(browser, "/admin/login")}
    assert browser.post("/admin/login", urlencode(fields).encode()).status == 303
    session = [morsel for name, morsel in browser.attributes.items() if name.startswith("__Host-") and morsel["secure"]]
    assert session
    token = token_of(browser, "/admin/catalogue")
    assert upload(browser, token, MAX_MEGABYTES * 1024 * 1024).status == 303
    refused = upload(browser, token, (MAX_MEGABYTES + 1) * 1024 * 1024)
    assert refused.status in {413, 422}
    assert TOO_LARGE_MESSAGE.encode() in refused.body


def test_a_form_that_is_too_large_stops_nobody(proxy: Proxy) -> None:
    with suppress(*NO_RESPONSE):  # it may be cut off before all of it is sent
        assert Browser(proxy).post(SIGN_UP, b"x" * (2 << 20)).status in {413, 503}
    assert Browser(proxy).post("/tools/mistral-code/vote", VOTE).is_acknowledged


@pytest.mark.parametrize("half", HALVES)
def test_half_sent_requests_stay_in_the_proxy_and_stop_nobody(proxy: Proxy, https_site: Site, half: str) -> None:
    wait_until(lambda: open_connections(https_site) <= CLIENTS // 3, 10)
    with ExitStack() as stack:
        clients = [stack.enter_context(proxy.connect()) for _ in range(CLIENTS)]
        for client in clients:
            client.sendall(HALVES[half])
        reader = Browser(proxy)
        assert reader.get(PAGE).status == 200
        assert reader.post("/tools/mistral-code/vote", VOTE).is_acknowledged
        assert open_connections(https_site) <= CLIENTS // 3


def test_caddy_lets_pages_wait_for_the_site_and_repeats_no_form(tmp_path: Path) -> None:
    """Caddy 2.6 repeats a form that it has collected with whatever its buffer holds by then: the vote of another."""
    port = free_port()
    caddy = make_proxy("caddy", find_or_skip("caddy"), tmp_path, port)
    with caddy.running(), ThreadPoolExecutor() as pool:
        page = pool.submit(Browser(caddy).get, PAGE)
        form = pool.submit(Browser(caddy).post, SIGN_UP, VOTE)
        wait_until(form.done, 10)
        with HTTPServer(("127.0.0.1", port), _Echo) as site:
            site.handle_request()
            assert page.result().status == 200
    assert form.result().status == 503


@pytest.mark.parametrize("name", NAMES)
def test_while_no_site_answers_forms_are_refused_in_words(name: str, tmp_path: Path) -> None:
    proxy = make_proxy(name, find_or_skip(name), tmp_path, free_port())
    with proxy.running():
        refused = Browser(proxy).post(SIGN_UP, VOTE)
        assert (refused.status, refused.retry_after) == (503, 2)
        assert refused.headers["Cache-Control"] == "no-store"
        assert refused.headers["Content-Type"] == "text/html; charset=utf-8"
        assert "The site cannot answer right now." in refused.body.decode()


@pytest.mark.parametrize("name", NAMES)
def test_a_proxy_passes_on_as_many_forms_as_a_worker_takes_and_any_page_meanwhile(name: str, tmp_path: Path) -> None:
    port, surplus = free_port(), 5
    proxy = make_proxy(name, find_or_skip(name), tmp_path, port)
    sent = MAX_WAITING_WRITERS + surplus
    with proxy.running(), _BusySite(port) as site, ThreadPoolExecutor(sent) as browsers:
        forms = [browsers.submit(Browser(proxy).post, SIGN_UP, VOTE) for _ in range(sent)]
        try:
            wait_until(lambda: sum(form.done() for form in forms) == surplus, 20)
            assert Browser(proxy).get(PAGE).status == 200
        finally:
            site.may_answer_forms.set()
    answers = Counter((form.result().status, form.result().retry_after) for form in forms)
    assert answers == {(200, 0): MAX_WAITING_WRITERS, (503, 2): surplus}


class _Echo(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()


class _BusySite(ThreadingHTTPServer):
    """A site that answers pages at once, and forms once it may. It serves until the block ends."""

    request_queue_size = 100

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", port), _AnswerLater)
        self.may_answer_forms = Event()

    def __enter__(self) -> Self:
        Thread(target=self.serve_forever).start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.shutdown()
        self.server_close()


class _AnswerLater(_Echo):
    server: _BusySite

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.may_answer_forms.wait()
        self.do_GET()


def test_the_proxies_take_no_less_than_the_site() -> None:
    caddy, nginx = ((DEPLOY / name).read_text() for name in ("Caddyfile", "nginx.conf"))
    sizes = {int(size) << 20 for size in re.findall(r"max_size (\d+)MiB", caddy)}
    assert sizes == {int(size) << 20 for size in re.findall(r"client_max_body_size (\d+)m", nginx)}
    assert {max(sizes)} == {int(size) << 20 for size in re.findall(r"request_buffers (\d+)MiB", caddy)}
    assert min(sizes) >= max(MAX_REQUEST_BYTES, MAX_PAYLOAD_BYTES)
    assert max(sizes) > (MAX_MEGABYTES + 1) << 20  # so that the site says in its own words what is too large


def token_of(browser: Browser, path: str) -> str:
    found = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', browser.get(path).body.decode())
    assert found
    return found[1]


def upload(browser: Browser, token: str, size: int) -> Response:
    head = '--b\r\nContent-Disposition: form-data; name="csrf_token"\r\n\r\n' + token
    head += '\r\n--b\r\nContent-Disposition: form-data; name="file"; filename="a.json"\r\n\r\n'
    body = head.encode() + b" " * size + b"\r\n--b--\r\n"
    return browser.post("/admin/catalogue", body, Content_Type="multipart/form-data; boundary=b")


def open_connections(site: Site) -> int:
    """Return how many connections to the site are open."""
    lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    return sum(line.split()[1].endswith(f":{site.port:04X}") and line.split()[3] == "01" for line in lines)
