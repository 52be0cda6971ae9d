"""The panel key that each tool keeps is that of its reviews, whatever wrote them."""

from collections.abc import Callable

import pytest
import sqlalchemy as sa

from tests.conftest import ON_ONE_DATABASE
from tests.curation.files import a_file, a_review, a_tool
from tests.makers import NOW, make_review, make_reviewer, make_tool
from verdicts.catalog.models import Review, Reviewer, Tool
from verdicts.curation import merging
from verdicts.curation.editing import panels
from verdicts.curation.transfer.importing import import_catalog
from verdicts.extensions import commit_or_retry, db

pytestmark = pytest.mark.usefixtures("app")


def write(step: Callable[[], object]) -> None:
    db.session.rollback()
    commit_or_retry(step)


def kept() -> list[str]:
    """Return the tools' keys in the order of their ids, checked against the reviews; reviewers by their initials."""
    db.session.rollback()
    reviews = sa.select(Review.tool_id, Review.reviewer_id, Review.verdict).order_by(Review.reviewer_id)
    rows = db.session.execute(reviews).all()
    tools = db.session.execute(sa.select(Tool.id, Tool.panel_key).order_by(Tool.id)).all()
    for id, key in tools:
        signs = [f"{'+' if verdict == 'ship' else '-'}{by}" for of, by, verdict in rows if of == id]
        assert key == "".join(signs)
    initials = {str(id): name[4] for id, name in db.session.execute(sa.select(Reviewer.id, Reviewer.name))}
    return ["".join(initials.get(letter, letter) for letter in key) for _, key in tools]


@ON_ONE_DATABASE
def test_an_import_stores_keys_of_new_and_of_changed_reviews() -> None:
    reviews = [a_review("skeptic", "skip"), a_review("builder", "ship")]
    write(lambda: import_catalog(a_file(a_tool("wren", reviews=reviews), a_tool("finch")), NOW))
    assert kept() == ["+B-S", ""]
    write(lambda: import_catalog(a_file(a_tool("finch", reviews=[a_review("skeptic", "skip")])), NOW))
    assert kept() == ["+B-S", "-S"]


@ON_ONE_DATABASE
def test_a_form_stores_the_key_of_a_changed_verdict_and_without_one_that_was_deleted() -> None:
    tool = make_tool(published_at=None)
    make_review(tool, make_reviewer("builder"), "ship")
    make_reviewer("skeptic")
    id = tool.id
    changed = a_review("builder", "skip", reason="It broke.")
    write(lambda: panels.save(id, {"reviews": [changed, a_review("skeptic")]}, NOW))
    assert kept() == ["-B+S"]
    write(lambda: panels.remove_review(id, "builder", NOW))
    assert kept() == ["+S"]


@ON_ONE_DATABASE
def test_a_merge_stores_the_keys_of_both_tools() -> None:
    wren, twin = make_tool("wren"), make_tool("wren-ai")
    builder, skeptic = make_reviewer("builder"), make_reviewer("skeptic")
    for tool, by, verdict in [(wren, builder, "ship"), (twin, builder, "skip"), (twin, skeptic, "skip")]:
        make_review(tool, by, verdict)
    keep, drop = wren.id, twin.id
    write(lambda: merging.merge(keep, drop, NOW))
    assert kept() == ["+B-S", ""]
