"""Catalogue files for tests, as the plain values they hold."""

import copy
import json
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from tests.makers import NOW, TODAY
from verdicts.catalog.models import Category, Reviewer, Tool
from verdicts.curation import sample
from verdicts.curation.catalog_file import schema
from verdicts.curation.catalog_file.dumping import dump
from verdicts.curation.catalog_file.faults import CatalogRefused
from verdicts.curation.transfer.importing import import_catalog
from verdicts.curation.transfer.reading import read
from verdicts.curation.transfer.report import ImportReport
from verdicts.extensions import db

SAMPLE = sample.CATALOGUE
STARTED_IT = Path(__file__).parents[3] / "shared" / "data" / "seed-catalogue.json"
BARE = Path(__file__).parent.parent / "data" / "bare-catalogue.json"

Json = dict[str, Any]


def a_review(reviewer: str = "builder", verdict: str = "ship", quote: str = "It works.", **keys: Any) -> Json:
    return {"reviewer": reviewer, "verdict": verdict, "quote": quote, **keys}


def a_tool(slug: str = "mistral-code", **keys: Any) -> Json:
    return {"slug": slug, "name": slug.title(), **keys}


def a_file(*tools: Json, **sections: Any) -> Json:
    """Return a file with these tools, the reviewers "builder" and "skeptic", and a category with a fact "license"."""
    known = {
        "categories": [
            {"slug": "developer-tools", "name": "Developer Tools", "facts": [{"key": "license", "label": "License"}]}
        ],
        "reviewers": [{"slug": "builder", "name": "The Builder"}, {"slug": "skeptic", "name": "The Skeptic"}],
    }
    return {"format": "verdicts-catalogue/1", **known, "tools": list(tools), **sections}


def as_bytes(data: object) -> bytes:
    return json.dumps(data).encode()


def import_file(path: Path, now: datetime) -> ImportReport:
    return import_catalog(read(path.read_bytes(), path.name), now)


REASON = "It changed."


def explained(data: Json, until: date = TODAY) -> Json:
    """Return a file with the history that an import of it needs: why what is stored changes, on one day."""
    tools = {tool.slug: tool for tool in db.session.scalars(sa.select(Tool))}
    file = copy.deepcopy(data)
    for record in file.get("tools", []):
        tool = tools.get(record["slug"])
        if tool and record.get("price") and tool.current_price:
            past = dump(schema.PastPrice, tool.current_price, until=until, reason=REASON)
            if tool.current_price.model != "unknown" and _cost(past) != _cost(record["price"]):
                record["price_history"] = [*record.get("price_history", []), past]
        stored = {review.reviewer.slug: review for review in tool.reviews} if tool else {}
        for review in record.get("reviews", []):
            row = stored.get(review["reviewer"])
            if row and (row.verdict, row.quote) != (review["verdict"], review["quote"]):
                replaced = dump(schema.Revision, row, until=until, reason=REASON, wording_only=False)
                review["history"] = [*review.get("history", []), replaced]
    return file


def _cost(price: Json) -> tuple[Any, ...]:
    return price.get("model"), Decimal(price.get("amount", "-1")), price.get("currency"), price.get("period")


def imported(data: object, *, as_drafts: bool = False) -> ImportReport:
    """Import and commit."""
    report = import_catalog(data, NOW, as_drafts=as_drafts)
    db.session.commit()
    return report


def faults_of(data: object) -> tuple[str, ...]:
    """Return why a file is refused, having made sure that nothing of it was stored."""
    before = rows_stored()
    with pytest.raises(CatalogRefused) as refused:
        import_catalog(data, NOW)
    assert not db.session.new
    assert not db.session.dirty
    assert rows_stored() == before
    return refused.value.faults


def rows_stored() -> list[int]:
    return [
        db.session.scalar(sa.select(sa.func.count()).select_from(model)) or 0 for model in (Category, Reviewer, Tool)
    ]
