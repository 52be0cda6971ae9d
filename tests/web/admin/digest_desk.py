"""What tests of the digest desk do over and over: send a form as its page holds it, and look at what became of it."""

import re

from werkzeug.test import TestResponse

from tests.conftest import StatementCount
from tests.digest.weekly import THIS_WEEK, items
from tests.web.admin.editor import Editor
from verdicts.digest import editions
from verdicts.digest.editions import Edition
from verdicts.digest.models import EditionState
from verdicts.digest.rendering import item_title
from verdicts.extensions import db

DESK = f"/admin/digest/{THIS_WEEK.name}"


def does(who: Editor, act: str, page: str = "", *, htmx: bool = False, **form: str) -> TestResponse:
    """Send a form of the edition's page, as it is now or as it was when it was loaded."""
    page = page or who.gets(DESK).text
    return who.posts(f"{DESK}/{act}", htmx=htmx, **{**hidden_in(page, act), **form})


def hidden_in(page: str, act: str) -> dict[str, str]:
    """Return the hidden fields of the form that does this, or of any form of the page where none does."""
    forms = re.findall(r'<form [^>]*action="([^"]+)"[^>]*>(.*?)</form>', page, re.DOTALL)
    found = next((body for action, body in forms if action.endswith(f"/{act}")), page)
    return dict(re.findall(r'type="hidden" name="(edition|version)" value="(\w*)"', found))


def statements_of(who: Editor, path: str, statements: StatementCount) -> int:
    """Return how many statements a page takes, but for what the page cache asks once a second."""
    before = len(statements)
    assert who.gets(path).status_code == 200
    return len([each for each in statements.statements[before:] if "content_version" not in each])


def the_edition() -> Edition:
    db.session.rollback()
    found = editions.get_by_week(THIS_WEEK)
    db.session.rollback()
    return found


def state() -> EditionState:
    return the_edition().state


def order() -> list[int]:
    """Return the items' ids in their order."""
    found = [item.id for item in items(the_edition())]
    db.session.rollback()
    return found


def titles() -> list[str]:
    found = [item_title(item) for item in items(the_edition())]
    db.session.rollback()
    return found
