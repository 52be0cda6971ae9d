"""What editing any kind of record has in common."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, TypeVar

import sqlalchemy as sa

from verdicts.catalog.kinds import PriceModel
from verdicts.catalog.slugs import propose
from verdicts.curation.catalog_file import schema
from verdicts.curation.catalog_file.records import Json
from verdicts.curation.catalog_file.schema import Fault, Placed
from verdicts.extensions import Base, db

Stored = TypeVar("Stored", bound=Base)


class InvalidRecord(Exception):
    """What was told cannot be saved; `faults` says why, each with the way to the value that is wrong."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__(faults)


@dataclass(frozen=True)
class StoredRecord:
    """A record as it stands. Whoever saves it names the `version` they saw, so that nobody overwrites unseen."""

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


def checked(kind: type[Placed], told: Json, now: datetime, faults: Iterable[Fault] = ()) -> Placed:
    """Return what is told as a sound record. Raises InvalidRecord with everything that is wrong."""
    record, found = schema.check(kind, told, now.date())
    # Without a name there is no slug either: one of the two is enough to hear of.
    found = [fault for fault in found if fault.path != ("slug",) or told["slug"]] + list(faults)
    if record is None or found:
        raise InvalidRecord(found)
    return record


def repeated(told: Json, section: str, key: str) -> list[Fault]:
    """Return a fault for each entry of a list whose key was given before."""
    seen: Counter[str] = Counter()
    faults = []
    for index, entry in enumerate(told.get(section, [])):
        value = entry.get(key, "")
        if value and seen[value]:
            faults.append(Fault((section, index, key), "is given twice"))
        seen[value] += 1
    return faults


def with_slug(told: Json) -> Json:
    """Return what is told with a slug: the one proposed for its name where none was given."""
    return told if told.get("slug") else {**told, "slug": propose(told.get("name", ""))}


def faults_of_slugs(told: Json) -> list[Fault]:
    """Return what is wrong with slugs beyond their shape, which the schema knows."""
    if told["slug"] or not told.get("name"):
        return []
    return [Fault(("slug",), "cannot be made of this name: give one of letters a to z and digits")]


def faults_of_price(told: Json, *way: str) -> list[Fault]:
    """Return what is wrong with a price as a whole; `way` leads to it in its record."""
    costs = told.get("amount", "").strip("0.")
    is_free = told.get("model") == PriceModel.FREE
    return [Fault((*way, "amount"), "must be empty for what is free")] if is_free and costs else []


def take_slug(row: Any, slug: str, model: Any, alias: Any) -> None:
    """Give a category or reviewer its slug; the one it had before still leads there. Raises InvalidRecord."""
    if row.slug == slug:
        return
    owner = alias.__table__.c[f"{model.__tablename__}_id"]
    present = db.session.scalar(sa.select(model.name).where(model.slug == slug))
    former = sa.select(model.name).join(alias, owner == model.id).where(alias.slug == slug, owner != (row.id or 0))
    if present is not None:
        raise InvalidRecord([Fault(("slug",), f"“{slug}” is the slug of {present}")])
    if (name := db.session.scalar(former)) is not None:
        raise InvalidRecord([Fault(("slug",), f"“{slug}” leads to {name}, whose slug it was before")])
    kept = [each for each in row.former_slugs if each.slug != slug]
    row.former_slugs[:] = [*kept, *([alias(slug=row.slug)] if row.slug else [])]
    row.slug = slug


def find_row(model: type[Stored], id: int, *, lock: bool = False) -> Stored | None:
    """Return a row by its id; a lock keeps others from saving it until the transaction ends."""
    return db.session.get(model, id, with_for_update=lock, populate_existing=lock)


def next_position(model: Any) -> int:
    """Return the place after the last."""
    return db.session.scalar(sa.select(sa.func.coalesce(sa.func.max(model.position) + 1, 0))) or 0


def attributes(record: schema.Record, keys: Iterable[str]) -> Mapping[str, object]:
    return {key: getattr(record, key) for key in keys}
