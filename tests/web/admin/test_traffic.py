"""The page that shows editors what people look for."""

from datetime import timedelta

from flask import Flask

from tests.conftest import ON_ONE_DATABASE
from tests.makers import TODAY
from tests.traffic.world import store
from tests.web.admin.admin_client import AdminClient
from tests.web.visitor import read_html, words_of

PAGE = "/admin/traffic"


def words(ann: AdminClient, query: str = "") -> str:
    return words_of(read_html(ann.gets(f"{PAGE}{query}").text)[0])


def test_pages_sites_and_empty_searches_stand_with_their_counts(app: Flask, ann: AdminClient) -> None:
    assert "0 views" in words(ann)
    weeks_ago = TODAY - timedelta(days=27)
    store(
        {(TODAY, "/tools", ""): 2, (weeks_ago, "/tools", "a.example"): 40, (TODAY, "/", "b.example"): 7},
        {(TODAY, "n8n"): 1, (weeks_ago, "n8n"): 2, (TODAY, "画像生成"): 1},
    )
    shown = words(ann)
    for part in (
        "49 views",
        "/tools 42",
        "/ 7",
        "n8n 3 22 Nov 2026",
        "画像生成 1",
        "a.example: pages viewed from there 40",
    ):
        assert part in shown.replace("\N{NO-BREAK SPACE}", " ")
    assert "Most: 40 on 26 Oct 2026" in shown.replace("\N{NO-BREAK SPACE}", " ")


def test_a_period_and_a_site_narrow_the_views(app: Flask, ann: AdminClient) -> None:
    store(
        {(TODAY, "/tools", ""): 2, (TODAY - timedelta(days=7), "/tools", "a.example"): 40, (TODAY, "/", "a.example"): 1}
    )
    assert "3 views" in words(ann, "?days=7")
    assert "41 views from a.example" in words(ann, "?site=a.example")
    assert "1 view from a.example" in words(ann, "?site=a.example&days=7")


def test_many_pages_are_shown_a_page_at_a_time(app: Flask, ann: AdminClient) -> None:
    store({(TODAY, f"/tools/{number:03}", ""): 1 for number in range(60)})
    shown = words(ann, "?page=3")
    assert "3 of 3" in shown
    assert "/tools/059 1" in shown


@ON_ONE_DATABASE
def test_other_periods_and_pages_are_refused_in_words(app: Flask, ann: AdminClient) -> None:
    for query in ("?days=1", "?days=x", "?page=x", "?page=0"):
        assert ann.gets(f"{PAGE}{query}").status_code == 400


def test_whatever_site_an_address_names_is_only_shown(app: Flask, ann: AdminClient) -> None:
    store({(TODAY, "/", ""): 1})
    for query in ("?site=%00", "?site=" + "x" * 3000, "?site=<i>&days=365", "?page=9999"):
        assert "<i>" not in ann.gets(f"{PAGE}{query}").text
