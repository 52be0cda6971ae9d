"""The checks of `flask doctor`, each against the real thing: sites, a proxy, a mail server, DNS, both databases."""

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.serving import make_server

from tests.apps import pooled_app
from tests.conftest import ON_ONE_DATABASE
from tests.digest.mailing_list import make_edition, make_subscribers
from tests.faults.proxies import HOST, Proxy, find_or_skip, make_proxy
from tests.mailing.letters import LETTER
from tests.makers import NOW, make_tool, make_votes
from tests.operations.dns_server import serving_dns
from tests.postgres import free_port
from tests.smtp_server import SmtpServer
from verdicts.config import current_settings
from verdicts.digest.models import EditionState
from verdicts.extensions import begin_write, db
from verdicts.mailing import outbox
from verdicts.newsletter.models import hard_bounce
from verdicts.operations import checks, jobs
from verdicts.operations.checks import Check, address, machine, sending, work
from verdicts.operations.checks.results import Installation, Result, Status, ok

ADDRESS = {name: checks.CHECKS[name] for name in ("address", "client address", "origin", "caching")}
WORK = {name: checks.CHECKS[name] for name in ("worker", "backup", "letters", "digest", "votes", "bounces")}
AppWith = Callable[..., Flask]


@pytest.fixture
def app_with(database_url: str) -> Iterator[AppWith]:
    with ExitStack() as stack:
        yield lambda **changes: stack.enter_context(pooled_app(database_url, **changes))


def installation(now: datetime | None = None, **more: object) -> Installation:
    return Installation(current_settings(), now or datetime.now(UTC), **more)  # type: ignore[arg-type]


def statuses(chosen: dict[str, Check], now: datetime | None = None) -> dict[str, str]:
    return {name: result.status for name, result in checks.run(installation(now), chosen)}


@contextmanager
def served(app: Flask, port: int) -> Iterator[None]:
    """Serve an application over HTTP until the block ends."""
    server = make_server("127.0.0.1", port, app, threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def site_port() -> int:
    return free_port()


@pytest.fixture
def nginx(site_port: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Proxy:
    """nginx as documented, to which the host's name leads, and whose certificate is trusted."""
    proxy = make_proxy("nginx", find_or_skip("nginx"), tmp_path, site_port)
    find = socket.getaddrinfo

    def find_here(host: str, port: object, *rest: object, **more: object) -> object:
        return find("127.0.0.1", proxy.port) if host == HOST else find(host, port, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", find_here)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate.pem"))
    return proxy


@ON_ONE_DATABASE
@pytest.mark.parametrize(
    ("hops", "found", "words"),
    [
        ("1", Status.OK, "A request from here is seen as from 127.0.0.1, through 1 proxies."),
        ("2", Status.FAULT, "Proxies state 1 addresses of a client, and PROXY_HOPS is 2"),
    ],
)
def test_a_site_behind_a_proxy_is_reached_and_sees_its_clients(
    app_with: AppWith, site_port: int, nginx: Proxy, hops: str, found: Status, words: str
) -> None:
    app = app_with(BASE_URL=f"https://{HOST}", PROXY_HOPS=hops)
    with served(app, site_port), nginx.running():
        here = installation()
        assert address.check_client_address(here).words.startswith(words)
        results = {name: check(here).status for name, check in ADDRESS.items()}
    # The certificate of the test ends tomorrow. With too many hops the site does not believe the proxy's https either.
    assert results["client address"] is found
    if found is Status.OK:
        warned = {"address": Status.WARNING, "client address": found, "origin": Status.OK, "caching": Status.OK}
        assert results == warned


@ON_ONE_DATABASE
@pytest.mark.parametrize(("hops", "found"), [("0", Status.OK), ("1", Status.FAULT)])
def test_a_site_behind_nothing_lets_nobody_choose_their_address(app_with: AppWith, hops: str, found: Status) -> None:
    port = free_port()
    app = app_with(BASE_URL=f"http://127.0.0.1:{port}", PROXY_HOPS=hops)
    with served(app, port):
        assert statuses(ADDRESS) == {
            "address": Status.WARNING,  # it has no certificate
            "client address": found,
            "origin": Status.OK,
            "caching": Status.OK,
        }


@ON_ONE_DATABASE
def test_another_installation_at_the_address_is_found(app_with: AppWith) -> None:
    port = free_port()
    other = app_with(BASE_URL=f"http://127.0.0.1:{port}", SECRET_KEY="o" * 32)
    app_with(BASE_URL=f"http://127.0.0.1:{port}")
    with served(other, port):
        result = address.check_address(installation())
    assert (result.status, "another SECRET_KEY" in result.words) == (Status.FAULT, True)


@ON_ONE_DATABASE
def test_what_cannot_be_asked_of_a_site_that_is_down_is_no_fault_of_its_own(app_with: AppWith) -> None:
    app_with(BASE_URL=f"http://127.0.0.1:{free_port()}")
    found = statuses(ADDRESS)
    assert found.pop("address") == Status.FAULT
    assert set(found.values()) == {Status.NOT_CHECKED}


@ON_ONE_DATABASE
def test_a_check_that_fails_itself_is_a_fault_and_the_others_go_on(app: Flask) -> None:
    def broken(_installation: Installation) -> Result:
        raise ZeroDivisionError("by zero")

    found = dict(checks.run(installation(), {"broken": broken, "sound": lambda _installation: ok("Sound.")}))
    assert found["broken"].words == "The check itself failed: ZeroDivisionError: by zero"
    assert [result.status for result in found.values()] == [Status.FAULT, Status.OK]


@ON_ONE_DATABASE
def test_a_test_letter_arrives(app_with: AppWith, smtp: SmtpServer) -> None:
    app_with(**smtp.settings)
    here = installation(letter_to="ada@readers.example")
    assert sending.check_mail_server(here).status is Status.OK
    assert sending.check_letter(here).status is Status.OK
    (received,) = smtp.wait_for(1)
    assert "flask doctor" in received.text


@ON_ONE_DATABASE
def test_a_mail_server_that_refuses_the_log_in_is_a_fault(app_with: AppWith, smtp: SmtpServer) -> None:
    app_with(**smtp.settings, MAIL_USERNAME="ada", MAIL_PASSWORD="wrong")
    assert sending.check_mail_server(installation()).status is Status.FAULT


SPF, DMARC = "v=spf1 mx -all", "v=DMARC1; p=none"
GOOD = {"news.example": [SPF], "_dmarc.news.example": [DMARC], "one._domainkey.news.example": ["v=DKIM1; p=abc"]}


@ON_ONE_DATABASE
@pytest.mark.parametrize(
    ("check", "changes", "found"),
    [
        (sending.check_spf, {}, Status.OK),
        (sending.check_spf, {"news.example": ["hello"]}, Status.FAULT),
        (sending.check_spf, {"news.example": [SPF, "v=spf1 a -all"]}, Status.FAULT),
        (sending.check_spf, {"news.example": ["v=spf1 +all"]}, Status.WARNING),
        (sending.check_dkim, {}, Status.OK),
        (sending.check_dkim, {"one._domainkey.news.example": ["v=DKIM1; p="]}, Status.FAULT),  # it was revoked
        (sending.check_dmarc, {}, Status.OK),
        (sending.check_dmarc, {"_dmarc.news.example": [], "_dmarc.example": []}, Status.FAULT),
        (sending.check_dmarc, {"_dmarc.news.example": ["v=DMARC1"]}, Status.FAULT),
    ],
)
def test_the_senders_domain_is_looked_up(
    app_with: AppWith, check: Check, changes: dict[str, list[str]], found: Status
) -> None:
    app_with(MAIL_SERVER="127.0.0.1", MAIL_DEFAULT_SENDER="digest@news.example")
    with serving_dns(GOOD | changes) as resolver:
        assert check(installation(resolver=resolver, dkim_selector="one")).status is found


@ON_ONE_DATABASE
def test_without_a_key_in_dns_dkim_is_doubted_and_without_dns_it_is_not_checked(
    app_with: AppWith, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "DNS_SECONDS", 0.5)
    app_with(MAIL_SERVER="127.0.0.1", MAIL_DEFAULT_SENDER="digest@news.example")
    with serving_dns({"news.example": [SPF]}) as resolver:
        assert sending.check_dkim(installation(resolver=resolver)).status is Status.WARNING
    resolver.port = free_port()
    assert sending.check_dkim(installation(resolver=resolver)).status is Status.NOT_CHECKED


def test_a_worker_that_works_leaves_nothing_to_say(app_with: AppWith) -> None:
    app_with(BACKUP_DIR="/backups")
    begin_write()
    for name in ("mail", "digest", "housekeeping", "backup"):
        jobs.record(name, NOW)
    db.session.commit()
    assert set(statuses(WORK, NOW + timedelta(minutes=1)).values()) == {Status.OK}


def test_what_does_not_happen_by_itself_is_found(app_with: AppWith) -> None:
    app_with(BACKUP_DIR="/backups")
    make_votes(make_tool("alpha"), waiting=range(3))
    readers = make_subscribers(2)
    make_edition(readers, EditionState.PAUSED)
    begin_write()
    outbox.put(LETTER, to="ada@readers.example", now=NOW)
    for name in ("mail", "housekeeping", "backup"):
        jobs.record(name, NOW)
    db.session.execute(sa.insert(hard_bounce).values(subscriber_id=readers[0], edition_id=1, at=NOW, is_held=True))
    db.session.commit()
    assert statuses(WORK, NOW + timedelta(days=2)) == {
        "worker": Status.FAULT,
        "backup": Status.FAULT,
        "letters": Status.FAULT,
        "digest": Status.FAULT,
        "votes": Status.FAULT,
        "bounces": Status.WARNING,
    }


@ON_ONE_DATABASE
def test_a_problem_of_a_job_is_told_in_its_words(app: Flask) -> None:
    begin_write()
    jobs.record("mail", NOW, "Mail waits: 535 no such user")
    db.session.commit()
    assert "535 no such user" in work.check_worker(installation(NOW)).words
    assert work.check_backup(installation(NOW)).words == "No backup is set up."


def test_the_database_is_as_this_version_wants_it(app: Flask) -> None:
    database = {name: checks.CHECKS[name] for name in ("database", "migration")}
    assert set(statuses(database).values()) == {Status.OK}
    db.session.execute(db.text("UPDATE alembic_version SET version_num = 'older'"))
    db.session.commit()
    db.session.execute(db.text("DROP TABLE job"))
    db.session.commit()
    found = statuses(database | {"worker": work.check_worker})
    assert found == {"database": Status.OK, "migration": Status.FAULT, "worker": Status.NOT_CHECKED}


def test_a_job_that_was_done_in_the_future_shows_a_wrong_clock(app: Flask) -> None:
    begin_write()
    jobs.record("mail", NOW + timedelta(hours=1))
    db.session.commit()
    assert machine.check_clock(installation(NOW)).status is Status.FAULT


@ON_ONE_DATABASE
def test_a_redis_that_is_away_is_a_fault(app_with: AppWith) -> None:
    app_with(REDIS_URL=f"redis://127.0.0.1:{free_port()}/0")
    assert machine.check_redis(installation()).status is Status.FAULT
