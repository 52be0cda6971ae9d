"""/metrics: who may read it, what it counts, that workers count together, and what the dashboard and alerts ask for."""

import json
import os
import re
import signal
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from prometheus_client.parser import text_string_to_metric_families

from tests.conftest import ON_ONE_DATABASE, StatementCount, listening
from tests.digest.mailing_list import make_edition, make_subscribers
from tests.faults.serving import Site, serving, wait_until
from tests.mailing.letters import LETTER
from tests.makers import NOW, make_tool, make_votes
from tests.web.conftest import PRESENT
from tests.web.visitor import Visitor
from verdicts.config import CHECKOUT
from verdicts.digest.models import EditionState
from verdicts.extensions import begin_write, db
from verdicts.mailing import outbox
from verdicts.operations import jobs

TOKEN = "a token of 32 characters, or more".replace(" ", "-")
BEARER = {"Authorization": f"Bearer {TOKEN}"}
AppWith = Callable[..., Flask]
Samples = dict[tuple[str, ...], float]


def parse(text: str) -> Samples:
    """Return each sample by its name and the values of its labels, in the order of their names."""
    families = text_string_to_metric_families(text)
    samples = [sample for family in families for sample in family.samples]
    return {(each.name, *(value for _, value in sorted(each.labels.items()))): each.value for each in samples}


def scrape(app: Flask) -> Samples:
    return parse(app.test_client().get("/metrics", base_url="http://verdicts.test", headers=BEARER).text)


@ON_ONE_DATABASE
def test_without_the_setting_there_is_no_such_address(visitor: Visitor) -> None:
    visitor.reads("/metrics", 404)


@ON_ONE_DATABASE
@pytest.mark.parametrize(
    "authorization", [None, "", "Bearer", "Bearer ", f"Basic {TOKEN}", f"Bearer {TOKEN}x", "Bearer é"]
)
def test_a_request_without_the_token_is_refused(app_with: AppWith, authorization: str | None) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}
    answer = (
        app_with(METRICS_TOKEN=TOKEN).test_client().get("/metrics", base_url="http://verdicts.test", headers=headers)
    )
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert "verdicts_" not in answer.text


@ON_ONE_DATABASE
def test_what_is_read_with_the_token_is_never_stored_and_sets_no_cookie(app_with: AppWith) -> None:
    client = app_with(METRICS_TOKEN=TOKEN).test_client()
    answer = client.get("/metrics", base_url="http://verdicts.test", headers={"Authorization": f"bearer {TOKEN}"})
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    assert answer.mimetype == "text/plain"
    assert "Set-Cookie" not in answer.headers


@ON_ONE_DATABASE
def test_answers_are_counted_by_what_they_are(app_with: AppWith) -> None:
    visitor = Visitor(app_with(METRICS_TOKEN=TOKEN))
    make_tool("alpha")
    visitor.reads("/tools/alpha")
    visitor.hurried = True
    visitor.reads("/tools/alpha")
    visitor.votes("alpha", "ship")
    visitor.reads("/nowhere", 404)
    visitor.reads("/admin", 303)
    found = scrape(visitor.app)
    requests = {
        labels: found["verdicts_requests_total", *labels]
        for labels in (("public", "2xx"), ("vote", "3xx"), ("other", "4xx"), ("admin", "3xx"), ("static", "2xx"))
    }
    assert requests == {
        ("public", "2xx"): 2,
        ("vote", "3xx"): 2,  # the first one brings the cookie
        ("other", "4xx"): 1,
        ("admin", "3xx"): 1,
        ("static", "2xx"): 0,
    }
    assert found["verdicts_page_cache_answers_total", "rendered"] == found["verdicts_page_cache_answers_total", "hit"]
    assert found["verdicts_votes_total", "ship"] == 1
    assert found["verdicts_request_seconds_count", "public"] == 2
    assert found["verdicts_request_seconds_bucket", "+Inf", "public"] == 2


def test_queues_and_jobs_are_read_with_a_fixed_number_of_statements(app_with: AppWith) -> None:
    app = app_with(METRICS_TOKEN=TOKEN)
    make_votes(make_tool("alpha"), waiting=range(3))
    make_edition(make_subscribers(5))
    begin_write()
    outbox.put(LETTER, to="ada@readers.example", now=NOW)
    jobs.record("mail", NOW)
    jobs.record("digest", NOW, "The mail server refuses us.")
    db.session.commit()
    scrape(app)
    count = StatementCount()
    with listening("before_cursor_execute", count.record):
        found = scrape(app)
    assert len(count) == 5
    assert found["verdicts_database_up",] == 1
    assert found["verdicts_outbox_letters",] == 1
    assert found["verdicts_queue_overdue_seconds", "outbox"] == (PRESENT - NOW).total_seconds()
    assert found["verdicts_undecided_votes", "waiting"] == 3
    assert found["verdicts_digest_editions", EditionState.SENDING] == 1
    assert found["verdicts_digest_deliveries", "pending"] == 5
    assert found["verdicts_job_done_timestamp_seconds", "mail"] == NOW.timestamp()
    assert (found["verdicts_job_failing", "mail"], found["verdicts_job_failing", "digest"]) == (0, 1)


@ON_ONE_DATABASE
def test_without_the_database_the_workers_counts_are_there(app_with: AppWith) -> None:
    app = app_with(METRICS_TOKEN=TOKEN)
    db.session.execute(db.text("DROP TABLE job"))
    db.session.commit()
    found = scrape(app)
    assert found["verdicts_database_up",] == 0
    assert "verdicts_outbox_letters" not in {name for name, *_ in found}
    assert found["verdicts_votes_total", "ship"] == 0


def test_what_all_workers_counted_adds_up_and_outlives_them(sqlite_template: Path, tmp_path: Path) -> None:
    path = tmp_path / "verdicts.sqlite3"
    path.write_bytes(sqlite_template.read_bytes())

    def wait_for(site: Site, count: int) -> None:
        """Some are counted once they have been sent."""
        wait_until(lambda: requests_of(site) == count, 30)

    def requests_of(site: Site) -> float:
        return parse(site.get("/metrics", **BEARER).body.decode())["verdicts_requests_total", "public", "2xx"]

    def ask(site: Site, times: int) -> None:
        for _ in range(times):  # each over a connection of its own, which the kernel gives to either worker
            assert site.get("/robots.txt").status == 200

    with serving(f"sqlite:///{path}", tmp_path, METRICS_TOKEN=TOKEN) as site:
        ask(site, 30)
        wait_for(site, 30)
        with socket.create_connection(("127.0.0.1", site.port)) as nonsense:
            nonsense.sendall(b"nonsense\r\n\r\n")
            assert nonsense.recv(100).startswith(b"HTTP/1.1 400")
        wait_until(
            lambda: parse(site.get("/metrics", **BEARER).body.decode())["verdicts_refusals_total", "400"] == 1, 30
        )
        killed, *_ = first = site.workers()
        os.kill(killed, signal.SIGKILL)
        wait_until(lambda: killed not in site.workers() and len(site.workers()) == len(first), 30)
        ask(site, 30)
        wait_for(site, 60)


def asked_for() -> dict[str, set[str]]:
    """Return the names that the dashboard and the alerts of the manual ask for."""
    dashboard = json.loads((CHECKOUT / "deploy/grafana/verdicts.json").read_text())
    expressions = [target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", ())]
    texts = {"dashboard": " ".join(expressions), "alerts": (CHECKOUT / "docs/operations.md").read_text()}
    return {name: set(re.findall(r"\bverdicts_[a-z_]+", text)) for name, text in texts.items()}


@ON_ONE_DATABASE
@pytest.mark.parametrize("name", ["dashboard", "alerts"])
def test_only_metrics_that_exist_are_asked_for(app_with: AppWith, name: str) -> None:
    app = app_with(METRICS_TOKEN=TOKEN)
    begin_write()
    jobs.record("mail", NOW)
    db.session.commit()
    printed = {name for name, *_ in scrape(app)} | {"verdicts_request_seconds"}
    assert asked_for()[name]
    assert asked_for()[name] - printed == set()
