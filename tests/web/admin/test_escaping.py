"""Signs of HTML in texts are escaped once: no page shows "&amp;" where an editor typed "&"."""

import re
from html import unescape

import pytest

from tests.conftest import ON_ONE_DATABASE
from tests.makers import (
    TODAY,
    make_category,
    make_comparison,
    make_plan,
    make_price,
    make_review,
    make_reviewer,
    make_revision,
    make_tool,
)
from tests.web.admin.admin_client import AdminClient

TEXT = "R&D <b> \"x\" 'y'"
PAGES = [
    "/",
    "/tools",
    "/tools?q=R%26D",
    "/tools/alpha",
    "/compare/alpha-vs-beta",
    "/compare",
    "/tools/alpha/vote",
    "/method",
    "/newsletter/subscribe?tool=alpha",
    "/contact?about=/tools/a%26b",
    "/admin",
    "/admin/tools",
    "/admin/tools?q=R%26D",
    "/admin/tools/reviews",
    "/admin/comparisons",
    "/admin/categories",
    "/admin/reviewers",
    "/admin/queues/prices",
    "/admin/queues/reviews",
    "/admin/queues/panels",
    "/admin/merge?keep=alpha&drop=beta",
    "/admin/trail",
    "/admin/tools/1",
    "/admin/tools/1/panel",
]


@pytest.fixture
def ann(ann: AdminClient) -> AdminClient:
    category = make_category("editors", name=TEXT, facts={"offline": TEXT}, description=TEXT)
    fields = {"name": TEXT, "tagline": TEXT, "maker": TEXT, "license": TEXT, "description": TEXT}
    alpha, beta = (
        make_tool(slug, category_id=category.id, facts={"offline": TEXT}, **fields) for slug in ("alpha", "beta")
    )
    reviewer = make_reviewer(name=TEXT, motto=TEXT)
    review = make_review(
        alpha, reviewer, quote=TEXT, conflict=TEXT, tool_version=TEXT, reviewed_on=TODAY.replace(year=2025)
    )
    make_review(beta, reviewer, "skip", quote=TEXT)
    make_revision(review, "skip", reason=TEXT, quote=TEXT)
    make_price(alpha, "paid", amount=9, currency="USD", until=TODAY, reason=TEXT)
    make_plan(alpha, TEXT, per=TEXT, limit=TEXT)
    make_comparison(alpha, beta, headline=TEXT, bottom_line=TEXT, choose_if={alpha: TEXT}, featured=True)
    return ann


@ON_ONE_DATABASE
def test_no_page_shows_an_entity(ann: AdminClient) -> None:
    for path in PAGES:
        html = ann.gets(path).text
        shown = unescape(html)
        assert not re.findall(r".{40}&(?:amp|lt|gt|quot|#\d+);.{20}", shown), path
