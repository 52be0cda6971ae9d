"""Names of 60 characters without a space, of everything that has one: no page is wider than the narrowest phone.

The pages come from an application in this process, with their style sheets inside: no server starts for them.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from playwright.sync_api import Browser, Page

from tests.browser.conftest import publish_edition
from tests.browser.pages import EDITION
from tests.browser.test_layout import OVERHANG
from tests.conftest import ON_ONE_SHARED_DATABASE
from tests.makers import (
    NOW,
    TODAY,
    make_category,
    make_comparison,
    make_fact,
    make_plan,
    make_price,
    make_release,
    make_review,
    make_reviewer,
    make_revision,
    make_subscriber,
    make_tool,
    make_votes,
)
from tests.web.admin.admin_client import AdminClient, logged_in
from tests.web.visitor import Visitor
from verdicts.catalog.kinds import PriceModel
from verdicts.catalog.models import Category, Tool
from verdicts.newsletter.tokens import preferences_token
from verdicts.staff.models import Role
from verdicts.web.assets import find_stylesheet

LETTERS = 60
STICKING_OUT = """() => {
  const sticksOut = (each) => {
    const contents = document.createRange();
    contents.selectNodeContents(each);
    return contents.getBoundingClientRect().right > innerWidth && !each.closest("thead, .only-heard");
  };
  return [...document.body.querySelectorAll("*")]
    .filter((each) => sticksOut(each) && ![...each.children].some(sticksOut))
    .map((each) => each.outerHTML.slice(0, 100));
}"""
NARROWEST = {"width": 320, "height": 800}
TOOLS = [f"{'w' * (LETTERS - 1)}{number}" for number in range(4)]
PUBLIC = {
    "front page": "/",
    "directory": "/tools",
    "search": f"/tools?q={TOOLS[0]}",
    "category": f"/tools?category={'k' * LETTERS}",
    "tool": f"/tools/{TOOLS[0]}",
    "tool nobody has reviewed": f"/tools/{TOOLS[3]}",
    "vote": f"/tools/{TOOLS[0]}/vote",
    "price doubted": f"/tools/{TOOLS[0]}/price-doubt",
    "comparison of two": f"/compare/{'-vs-'.join(TOOLS[:2])}",
    "comparison of three": f"/compare/{'-vs-'.join(TOOLS[:3])}",
    "comparison of four": f"/compare/{'-vs-'.join(TOOLS)}",
    "picker with two": f"/compare?tool={TOOLS[0]}&tool={TOOLS[1]}&more=1",
    "picker with a search": f"/compare?q={TOOLS[0]}",
    "contact": f"/contact?about=/tools/{TOOLS[0]}",
    "following": f"/newsletter/subscribe?tool={TOOLS[0]}",
    "archive": "/digest",
    "edition": f"/digest/{EDITION.name}",
    "preferences": "",
}
ADMIN = [
    "/admin",
    "/admin/catalogue",
    "/admin/categories",
    "/admin/categories/1",
    "/admin/comparisons",
    "/admin/comparisons/1",
    "/admin/comparisons/1/publication",
    "/admin/digest",
    f"/admin/digest/{EDITION.name}",
    "/admin/history/tool/1",
    "/admin/merge?kept=1&gone=2",
    "/admin/people",
    "/admin/queues",
    "/admin/queues/panels",
    "/admin/queues/prices",
    "/admin/queues/reviews",
    "/admin/queues/votes",
    "/admin/reviewers",
    "/admin/reviewers/1",
    "/admin/subscribers",
    "/admin/tools",
    "/admin/tools/1",
    "/admin/tools/1/panel",
    "/admin/tools/1/price",
    "/admin/tools/1/publication",
    "/admin/tools/1/logo",
    "/admin/trail",
]

pytestmark = ON_ONE_SHARED_DATABASE


@dataclass(frozen=True)
class World:
    visitor: Visitor
    admin: AdminClient
    preferences: str


@pytest.fixture(scope="module")
def world(shared_app: Flask) -> Iterator[World]:
    with time_machine.travel(NOW, tick=False):
        category = make_category("k" * LETTERS, name="K" * LETTERS, facts={"key": "F" * LETTERS})
        tools = [make_long_tool(slug, category) for slug in TOOLS]
        fill_panel(tools)
        make_votes(tools[0], ship=range(40), skip=range(40, 60), waiting=[900])
        make_comparison(*tools[:2], headline="H" * LETTERS, choose_if=dict.fromkeys(tools[:2], "i" * LETTERS))
        make_comparison(*tools, featured=True)
        reader = make_subscriber(f"{'a' * 60}@{'d' * 60}.example", follows=tools[:2], categories=[category])
        token = preferences_token(reader.id, reader.generation)
        admin = logged_in(shared_app, "n" * 32, Role.ADMIN)
        admin.fills("/admin/tools/1", tagline="T" * LETTERS)
        publish_edition(NOW)
        yield World(Visitor(shared_app), admin, f"/newsletter/preferences/{token}")


def make_long_tool(slug: str, category: Category) -> Tool:
    number, letters = slug[-1], LETTERS - 1
    tool = make_tool(
        slug,
        aliases=(f"{'v' * letters}{number}",),
        name=slug.upper(),
        tagline="t" * LETTERS,
        description="d" * LETTERS,
        website=f"https://{slug}.example/{'p' * 200}",
        maker="M" * LETTERS,
        license="L" * LETTERS,
        category_id=category.id,
    )
    source = f"https://example.org/{'s' * 200}"
    make_price(tool, PriceModel.FREE, until=TODAY - timedelta(days=9), reason="R" * LETTERS)
    make_price(tool, PriceModel.PAID, source=source, checked_on=TODAY)
    make_fact(tool, "key", number + "V" * LETTERS, source=source, checked_on=TODAY)
    make_plan(tool, "P" * LETTERS, per="s" * LETTERS, limit="l" * LETTERS, source=source, checked_on=TODAY)
    make_release(tool, "9" * LETTERS)
    return tool


def fill_panel(tools: list[Tool]) -> None:
    """Let five reviewers judge all tools but the last, and disagree."""
    for number in range(5):
        name = f"{'Q' * (LETTERS - 1)}{number}"
        reviewer = make_reviewer(name.lower(), name=name, motto="m" * LETTERS)
        for tool in tools[:3]:
            verdict = "ship" if (number + tool.position) % 2 else "skip"
            text = "q" * LETTERS
            review = make_review(tool, reviewer, verdict, quote=text, conflict="c" * LETTERS, reviewed_on=TODAY)
            make_revision(review, "skip", quote=text, reason="r" * LETTERS)


@pytest.fixture(scope="module")
def phone(browser: Browser) -> Iterator[Page]:
    page = browser.new_page(viewport=NARROWEST)
    yield page
    page.close()


@pytest.mark.parametrize("kind", PUBLIC)
def test_no_long_name_widens(world: World, phone: Page, kind: str) -> None:
    page = world.visitor.reads(PUBLIC[kind] or world.preferences)
    assert too_wide(phone, page.response.text) == []


@pytest.mark.parametrize("path", ADMIN)
def test_no_long_name_widens_the_admin_page(world: World, phone: Page, path: str) -> None:
    answer = world.admin.opens(path)
    assert answer.status_code == 200
    assert too_wide(phone, answer.text) == []


def too_wide(page: Page, html: str) -> list[str]:
    """Return what sticks out of the screen, for a page that can be moved sideways. Its style sheets are put into it."""
    page.set_content(re.sub(r'<link rel="stylesheet" href="/assets/([a-z]+)\.css[^>]*>', inlined, html))
    return list(page.evaluate(STICKING_OUT)) if page.evaluate(OVERHANG) > 0 else []


def inlined(link: re.Match[str]) -> str:
    return f"<style>{find_stylesheet(link[1]).text}</style>"
