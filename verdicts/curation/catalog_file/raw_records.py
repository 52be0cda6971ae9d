"""Records as they were written, sound or not: what each is called, and what it refers to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from verdicts.curation.catalog_file.faults import Path

SECTIONS = ("categories", "reviewers", "tools", "comparisons")

Text: TypeAlias = tuple[Path, str]  # a text after the path to it


@dataclass(frozen=True)
class RawRecord:
    """One record and the path to it. Values of another type than asked for are passed over: the schema reports them."""

    path: Path
    keys: Mapping[str, Any]

    def text(self, key: str) -> str | None:
        value = self.keys.get(key)
        return value if isinstance(value, str) else None

    def entries(self, key: str) -> list[Any]:
        value = self.keys.get(key)
        return value if isinstance(value, list) else []

    def texts(self, key: str) -> list[Text]:
        """Return the texts in a list."""
        return [((*self.path, key, n), value) for n, value in enumerate(self.entries(key)) if isinstance(value, str)]

    def texts_under(self, key: str, name: str) -> list[Text]:
        """Return the texts that the objects in a list have under this name."""
        values = [(n, entry.get(name)) for n, entry in enumerate(self.entries(key)) if isinstance(entry, dict)]
        return [((*self.path, key, n, name), value) for n, value in values if isinstance(value, str)]

    def slugs(self) -> list[Text]:
        """Return the slug and the aliases under which others may refer to this record."""
        slug = self.text("slug")
        return [*([((*self.path, "slug"), slug)] if slug is not None else []), *self.texts("aliases")]


@dataclass(frozen=True)
class RawFile:
    """All records of a file by section.

    `opaque` names the sections that hold something without a readable slug: a reference that leads nowhere may mean it.
    """

    sections: Mapping[str, Sequence[RawRecord]]
    opaque: frozenset[str]

    def slugs(self, section: str) -> list[Text]:
        return [text for record in self.sections[section] for text in record.slugs()]


def raw_file(data: Mapping[str, Any]) -> RawFile:
    sections, opaque = {}, set()
    for section in SECTIONS:
        items = data.get(section, [])
        sections[section] = [
            RawRecord((section, n), item)
            for n, item in enumerate(items if isinstance(items, list) else [])
            if isinstance(item, dict)
        ]
        readable = sum(record.text("slug") is not None for record in sections[section])
        if not isinstance(items, list) or readable < len(items):
            opaque.add(section)
    return RawFile(sections, frozenset(opaque))
