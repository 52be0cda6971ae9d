"""What a record and its table declare under one name is copied, written and compared without being listed anywhere."""

from typing import Any

import pytest

from tests.makers import TODAY
from verdicts.catalog import models as catalog
from verdicts.comparisons import models as comparisons
from verdicts.curation.catalog_file import schema
from verdicts.curation.catalog_file.copying import copy_fields, make_row, new_row, shared_fields
from verdicts.curation.catalog_file.dumping import Json, dump
from verdicts.curation.catalog_file.parsing import validate
from verdicts.curation.catalog_file.schema import Record

COST = {"amount": "20.00", "currency": "EUR", "period": "month", "checked_on": "2026-11-01"}
WHOLE: list[tuple[type[Record], Any, Json]] = [
    (schema.CategoryFact, catalog.CategoryFact, {"key": "size", "label": "Size"}),
    (schema.Price, catalog.PriceRecord, {"model": "paid", **COST, "source": "https://a.example/"}),
    (schema.PastPrice, catalog.PriceRecord, {"model": "free", "until": "2026-01-01", "reason": "Announced."}),
    (schema.Plan, catalog.Plan, {"name": "Pro", **COST, "per": "seat", "limit": "500", "source": "https://a.example/"}),
    (schema.Fact, catalog.ToolFact, {"key": "size", "value": "32B", "source": "https://a.example/"}),
    (schema.Release, catalog.Release, {"version": "1.10", "on": "2026-11-22"}),
    (
        schema.Revision,
        catalog.ReviewRevision,
        {"verdict": "skip", "quote": "No.", "until": "2026-01-01", "reason": "A typo.", "wording_only": True},
    ),
]


def valid(kind: type[Record], data: Json) -> Record:
    record, faults = validate(kind, data, TODAY)
    assert (record is not None, faults) == (True, [])
    assert record
    return record


@pytest.mark.parametrize(("kind", "model", "data"), WHOLE, ids=[kind.__name__ for kind, _model, _data in WHOLE])
def test_a_record_comes_back_from_its_row_as_it_was(kind: type[Record], model: Any, data: Json) -> None:
    assert dump(kind, make_row(valid(kind, data), model)) == data


@pytest.mark.parametrize(
    ("kind", "model", "elsewhere"),
    [
        (schema.Category, catalog.Category, {"slug", "facts", "picks"}),
        (schema.Reviewer, catalog.Reviewer, {"slug"}),
        (schema.Review, catalog.Review, {"reviewer", "history"}),
        (schema.Comparison, comparisons.Comparison, {"tools", "choose_if"}),
        (
            schema.Tool,
            catalog.Tool,
            {
                "slug",
                "aliases",
                "status",
                "category",
                "price",
                "price_history",
                "plans",
                "facts",
                "releases",
                "reviews",
            },
        ),
    ],
)
def test_only_references_and_lists_have_rules_of_their_own(kind: type[Record], model: Any, elsewhere: set[str]) -> None:
    assert kind.model_fields.keys() - set(shared_fields(kind, model)) == elsewhere


def test_a_field_that_record_and_table_gain_needs_nothing_more() -> None:
    class Tool(schema.Tool):
        logo_digest: str | None = None

    tool = new_row(catalog.Tool)
    record = valid(Tool, {"slug": "a", "name": "A", "logo_digest": "0f"})
    assert copy_fields(record, tool) == [
        "synonyms",
        "name",
        "tagline",
        "description",
        "maker",
        "license",
        "logo_digest",
    ]
    assert copy_fields(record, tool) == []
    assert dump(Tool, tool, slug="a", status=None, price=None, price_history=[])["logo_digest"] == "0f"


def test_what_a_file_leaves_out_is_not_copied_where_only_what_it_states_is_asked_for() -> None:
    tool = new_row(catalog.Tool, name="A", tagline="T")
    record = valid(schema.Tool, {"slug": "a", "name": "B"})
    assert copy_fields(record, tool, only_stated=True) == ["name"]
    assert (tool.name, tool.tagline) == ("B", "T")
