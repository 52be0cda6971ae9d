"""Helpers of tests of the digest's admin pages: submitting a form of an edition's page, and reading the edition."""

import re

from werkzeug.test import TestResponse

from tests.conftest import StatementCount
from tests.digest.weekly import THIS_WEEK, items
from tests.web.admin.admin_client import AdminClient
from verdicts.digest import editions
from verdicts.digest.editions import Edition
from verdicts.digest.models import EditionState
from verdicts.digest.sections import item_title
from verdicts.extensions import db

EDITION = f"/admin/digest/{THIS_WEEK.name}"


def submit(who: AdminClient, act: str, page: str = "", *, htmx: bool = False, **form: str) -> TestResponse:
    """Send a form of the edition's page, as it is now or as it was when it was loaded."""
    page = page or who.gets(EDITION).text
    return who.posts(f"{EDITION}/{act}", htmx=htmx, **{**hidden_fields(page, act), **form})


def hidden_fields(page: str, act: str) -> dict[str, str]:
    """Return the hidden fields of the form that does this, or of any form of the page where none does."""
    forms = re.findall(r'<form [^>]*action="([^"]+)"[^>]*>(.*?)</form>', page, re.DOTALL)
    found = next((body for action, body in forms if action.endswith(f"/{act}")), page)
    return dict(re.findall(r'type="hidden" name="(edition|version|tab|shown_draft)" value="([\w-]*)"', found))


def count_statements(who: AdminClient, path: str, statements: StatementCount) -> int:
    """Return how many statements a page takes, but for what the page cache asks once a second."""
    before = len(statements)
    assert who.gets(path).status_code == 200
    return len([each for each in statements.statements[before:] if "content_version" not in each])


def this_edition() -> Edition:
    db.session.rollback()
    found = editions.get_by_week(THIS_WEEK)
    db.session.rollback()
    return found


def edition_state() -> EditionState:
    return this_edition().state


def item_ids() -> list[int]:
    """Return the items' ids in their order."""
    found = [item.id for item in items(this_edition())]
    db.session.rollback()
    return found


def item_titles() -> list[str]:
    found = [item_title(item) for item in items(this_edition())]
    db.session.rollback()
    return found
