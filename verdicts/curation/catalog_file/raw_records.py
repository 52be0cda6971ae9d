"""A file's records as they were written, sound or not: what each is called, and what it refers to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from verdicts.curation.catalog_file.faults import place

SECTIONS = ("categories", "reviewers", "tools", "comparisons")

Told = tuple[str, str]  # a text, after its place in the file


@dataclass(frozen=True)
class Written:
    """One record. What is not of the kind asked for is passed over: the schema tells what is wrong with it."""

    section: str
    index: int
    keys: Mapping[str, Any]

    def place(self, *path: str | int) -> str:
        return place(self.section, self.index, *path)

    def text(self, key: str) -> str | None:
        value = self.keys.get(key)
        return value if isinstance(value, str) else None

    def entries(self, key: str) -> list[Any]:
        value = self.keys.get(key)
        return value if isinstance(value, list) else []

    def texts(self, key: str) -> list[Told]:
        """Return the texts in a list."""
        return [(self.place(key, n), value) for n, value in enumerate(self.entries(key)) if isinstance(value, str)]

    def texts_under(self, key: str, name: str) -> list[Told]:
        """Return the texts that the objects in a list have under this name."""
        named = [(n, entry.get(name)) for n, entry in enumerate(self.entries(key)) if isinstance(entry, dict)]
        return [(self.place(key, n, name), value) for n, value in named if isinstance(value, str)]

    def slugs(self) -> list[Told]:
        """Return the slug and the aliases under which others may refer to this record."""
        slug = self.text("slug")
        return [*([(self.place("slug"), slug)] if slug is not None else []), *self.texts("aliases")]


@dataclass(frozen=True)
class Outline:
    """All records of a file by section.

    `opaque` names the sections that hold something without a readable slug: a reference that leads nowhere may mean it.
    """

    sections: Mapping[str, Sequence[Written]] = field(default_factory=lambda: dict.fromkeys(SECTIONS, ()))
    opaque: frozenset[str] = frozenset()


def outline(data: Mapping[str, Any]) -> Outline:
    items = {section: data.get(section, []) for section in SECTIONS}
    sections = {
        section: [Written(section, n, item) for n, item in enumerate(found) if isinstance(item, dict)]
        if isinstance(found, list)
        else []
        for section, found in items.items()
    }
    opaque = {
        section
        for section, found in items.items()
        if not isinstance(found, list)
        or sum(record.text("slug") is not None for record in sections[section]) < len(found)
    }
    return Outline(sections, frozenset(opaque))
