"""A file's values become records of the schema, or faults in words."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

from pydantic import ValidationError

from verdicts.catalog.reviews import GRACE
from verdicts.curation.catalog_file import schema
from verdicts.curation.catalog_file.faults import CatalogRefused, Fault, Path, shown
from verdicts.curation.catalog_file.raw_records import RawFile, raw_file
from verdicts.curation.catalog_file.schema import Record
from verdicts.curation.catalog_file.values import FILL_IN

MAX_FAULTS_COLLECTED = 1000

AnyRecord = TypeVar("AnyRecord", bound=Record)


@dataclass(frozen=True)
class ParsedFile:
    """A file's records that are sound in themselves, each under its path in the file.

    `raw` has all records, the broken ones too, so that one fault in a record does not hide another.
    """

    categories: Mapping[Path, schema.Category]
    reviewers: Mapping[Path, schema.Reviewer]
    tools: Mapping[Path, schema.Tool]
    comparisons: Mapping[Path, schema.Comparison]
    raw: RawFile


def parse(data: object, today: date) -> tuple[ParsedFile, list[Fault]]:
    """Return the sound records of a file, and what is wrong with the others. Raises CatalogRefused without keys."""
    if not isinstance(data, dict):
        raise CatalogRefused([Fault((), f"The file must be an object with keys, not {shown(data)}.")])
    _file, faults = validate(schema.File, data, today)

    def sound(kind: type[AnyRecord], section: str) -> dict[Path, AnyRecord]:
        items = data.get(section, [])
        records: dict[Path, AnyRecord] = {}
        for index, item in enumerate(items if isinstance(items, list) else []):
            if len(faults) < MAX_FAULTS_COLLECTED:
                path: Path = (section, index)
                record, wrong = validate(kind, item, today)
                faults.extend(each.within(path) for each in wrong)
                if record:
                    records[path] = record
        return records

    parsed = ParsedFile(
        categories=sound(schema.Category, "categories"),
        reviewers=sound(schema.Reviewer, "reviewers"),
        tools=sound(schema.Tool, "tools"),
        comparisons=sound(schema.Comparison, "comparisons"),
        raw=raw_file(data),
    )
    return parsed, faults


def validate(kind: type[AnyRecord], data: object, today: date) -> tuple[AnyRecord | None, list[Fault]]:
    """Return one record by itself, or what is wrong with it."""
    try:
        return kind.model_validate(data, context={"latest": today + GRACE}), []
    except ValidationError as error:
        return None, [Fault(detail["loc"], _in_words(detail)) for detail in error.errors(include_url=False)]


_WORDS = {
    "missing": FILL_IN,
    "extra_forbidden": "This is not a key of this format. Remove it.",
    "string_type": "Enter text",
    "bool_type": "Enter true or false",
    "list_type": "Enter a list",
    "model_type": "Enter an object with keys",
    "too_long": f"This has more than {schema.MAX_ENTRIES} entries. Remove some.",
}


def _in_words(detail: Mapping[str, Any]) -> str:
    kind = detail["type"]
    if kind == "words":
        return str(detail["msg"])
    expected = str(detail.get("ctx", {}).get("expected", "")).replace("'", '"')
    words = _WORDS.get(kind) or f"Enter {expected}"
    return words if kind in {"missing", "extra_forbidden", "too_long"} else f"{words}, not {shown(detail['input'])}."
