"""What editing any kind of record has in common."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, TypeAlias, TypeVar

import sqlalchemy as sa

from verdicts.catalog.content_version import bump_content_version
from verdicts.catalog.kinds import PriceModel
from verdicts.catalog.models import Category, Reviewer
from verdicts.catalog.slugs import propose
from verdicts.curation.catalog_file import schema
from verdicts.curation.catalog_file.checks import check_entries
from verdicts.curation.catalog_file.copying import copy_fields, copy_lists
from verdicts.curation.catalog_file.dumping import Json
from verdicts.curation.catalog_file.faults import Fault
from verdicts.curation.catalog_file.parsing import AnyRecord, validate
from verdicts.curation.catalog_file.raw_records import RawRecord
from verdicts.extensions import Base, db

Row = TypeVar("Row", bound=Base)
Named = TypeVar("Named", schema.Category, schema.Reviewer)
Parts: TypeAlias = Mapping[str, Json]  # what each form that edits a row shows, by its kind in the activity log

NO_SLUG = "No slug can be made of this name. Enter one of letters a to z and digits."


class InvalidRecord(Exception):
    """The data cannot be saved; `faults` says why, each with the path to the value that is wrong."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__(faults)


@dataclass(frozen=True)
class StoredRecord:
    """A record as it is stored. Who saves it names the `version` they saw, so that nobody overwrites unseen changes."""

    id: int
    slug: str
    name: str
    data: Json

    @property
    def version(self) -> str:
        return sha256(json.dumps(self.data, sort_keys=True).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class SavedRecord:
    """What a save did; `before` is empty where the record is new."""

    id: int
    slug: str
    before: Json
    after: Json

    @property
    def changes(self) -> dict[str, tuple[Any, Any]]:
        return differences(self.before, self.after)


def differences(before: Json, after: Json) -> dict[str, tuple[Any, Any]]:
    """Return each key whose value differs, with both values; None stands for one that is absent."""
    keys = list(dict.fromkeys([*before, *after]))
    return {key: (before.get(key), after.get(key)) for key in keys if before.get(key) != after.get(key)}


def validated(kind: type[AnyRecord], data: Json, now: datetime, faults: Iterable[Fault] = ()) -> AnyRecord:
    """Return the data as a record of this kind. A slug that is not given is made of the name.

    Raises InvalidRecord with these faults and all others of the record by itself.
    """
    if "slug" in kind.model_fields and not data.get("slug"):
        data = {**data, "slug": propose(data.get("name", ""))}
    record, errors = validate(kind, data, now.date())
    if data.get("slug") == "":  # without a name there is no slug either: one of the two faults is enough
        errors = [fault for fault in errors if fault.path != ("slug",)]
        errors += [Fault(("slug",), NO_SLUG)] if data.get("name") else []
    errors += [*check_entries(RawRecord((), data), kind), *faults]
    if record is None or errors:
        raise InvalidRecord(errors)
    return record


def split_reason(data: Json, now: datetime) -> tuple[Json, schema.ChangeReason, list[Fault]]:
    """Return the data without the reason for the change, that reason, and what is wrong with it."""
    given = {key: data[key] for key in schema.ChangeReason.model_fields if key in data}
    reason, faults = validate(schema.ChangeReason, given, now.date())
    return {key: data[key] for key in data if key not in given}, reason or schema.ChangeReason(), faults


def without_reasons(data: Json) -> Json:
    """Return the data without the reasons for its changes, or those of its rows."""
    return {
        key: [without_reasons(each) if isinstance(each, dict) else each for each in value]
        if isinstance(value, list)
        else value
        for key, value in data.items()
        if key not in schema.ChangeReason.model_fields
    }


def missing_reason(path: tuple[str | int, ...] = ()) -> Fault:
    return Fault((*path, "reason"), "Give a reason. Readers see why it changed.")


def faults_of_price(data: Json, *path: str) -> list[Fault]:
    """Return what is wrong with a price as a whole; `path` leads to it in its record."""
    costs = data.get("amount", "").strip("0.")
    is_free = data.get("model") == PriceModel.FREE
    return [Fault((*path, "amount"), "What is free has no amount. Leave this empty.")] if is_free and costs else []


def save_with_slug(
    model: type[Row],
    kind: type[Named],
    id: int | None,
    data: Json,
    now: datetime,
    to_data: Callable[[Any], Json],
    copy_more: Callable[[Named, Any], object] = lambda _record, _row: None,
    faults: Iterable[Fault] = (),
) -> tuple[Row, SavedRecord]:
    """Save a category or reviewer, and return its row and what the save did. Raises InvalidRecord.

    `copy_more` copies what copy_fields() and copy_lists() leave out; `faults` are those that were found already.
    """
    record = validated(kind, data, now, faults)
    row: Any = find_or_new(model, id)
    before = to_data(row) if row.id else {}
    _assign_slug(row, record.slug)
    copy_fields(record, row)
    copy_lists(record, row)
    copy_more(record, row)
    db.session.add(row)
    db.session.flush()
    db.session.expire(row)
    bump_content_version()
    return row, SavedRecord(row.id, row.slug, before, to_data(row))


def _assign_slug(row: Any, slug: str) -> None:
    """Give a category or reviewer its slug; the one it had before still leads there. Raises InvalidRecord."""
    if row.slug == slug:
        return
    model, alias = type(row), _alias_of(type(row))
    former = sa.select(model.name).join(model.former_slugs).where(alias.slug == slug, model.id != (row.id or 0))
    if (holder := db.session.scalar(sa.select(model.name).where(model.slug == slug))) is not None:
        raise InvalidRecord([Fault(("slug",), f"“{slug}” is the slug of {holder}. Choose another.")])
    if (name := db.session.scalar(former)) is not None:
        raise InvalidRecord([Fault(("slug",), f"“{slug}” leads to {name}, whose slug it was before. Choose another.")])
    others = [each for each in row.former_slugs if each.slug != slug]
    row.former_slugs[:] = [*others, *([alias(slug=row.slug)] if row.slug else [])]
    row.slug = slug


def current_slugs(model: type[Category | Reviewer]) -> dict[str, str]:
    """Return, for each slug that a record had before, the one that it has now. One statement."""
    rows = db.session.execute(sa.select(_alias_of(model).slug, model.slug).join_from(model, model.former_slugs))
    return dict(rows.all())


def _alias_of(model: type[Category | Reviewer]) -> Any:
    return model.former_slugs.property.mapper.class_


def find_row(model: type[Row], id: int, *, lock: bool = False) -> Row | None:
    """Return a row by its id; a lock keeps others from saving it until the transaction ends."""
    return db.session.get(model, id, with_for_update=lock, populate_existing=lock)


def find_or_new(model: type[Row], id: int | None) -> Row:
    """Return a row by its id, or a new one at the end of its list."""
    return (find_row(model, id) if id else None) or model(position=next_position(model))


def next_position(model: Any) -> int:
    """Return the position after the last."""
    return db.session.scalar(sa.select(sa.func.coalesce(sa.func.max(model.position) + 1, 0))) or 0
