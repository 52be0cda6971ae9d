"""Rules between records: with each other, and with what is stored. Files and forms are checked by the same ones."""

from collections.abc import Callable, Iterable, Iterator, Mapping

from verdicts.catalog.models import Tool
from verdicts.comparisons.address import MAX_TOOLS, MIN_TOOLS
from verdicts.curation.catalog_file.faults import Fault, Path, shown
from verdicts.curation.catalog_file.raw_records import RawRecord, Text
from verdicts.curation.catalog_file.schema import Record, nested_records

Finder = Callable[[str], str | None]  # from any name of a tool to the one slug that stands for it


def check_unique(texts: Iterable[Text]) -> Iterator[Fault]:
    """Yield a fault for each text that was given before."""
    first: dict[str, Path] = {}
    for path, text in texts:
        if first.setdefault(text, path) != path:
            yield Fault(path, f"{shown(text)} is given already. Remove one.", first[text])


def check_entries(record: RawRecord, kind: type[Record]) -> Iterator[Fault]:
    """Yield a fault for each entry of a record's lists whose key or name another entry has, too."""
    for key, entry in nested_records(kind).items():
        if entry.known_by:
            yield from check_unique(record.texts_under(key, entry.known_by))


def check_known(texts: Iterable[Text], kind: str, is_known: Callable[[str], bool]) -> Iterator[Fault]:
    """Yield a fault for each text that names no record of its kind, such as "category"."""
    for path, text in texts:
        if not is_known(text):
            yield Fault(path, f"There is no {kind} {shown(text)}. Choose one that exists.")


def check_slugs_free(texts: Iterable[Text], tools: Mapping[str, Tool], own: Tool | None) -> Iterator[Fault]:
    """Yield a fault for each slug or alias that leads to another tool than the record's own."""
    for path, text in texts:
        other = tools.get(text)
        if other is not None and other is not own:
            yield Fault(path, f"{shown(text)} leads to {other.name} already. Choose another.")


def check_comparison(
    record: RawRecord, find: Finder, *, may_be_unread: bool = False
) -> tuple[frozenset[str], list[Fault]]:
    """Return the slugs of the tools that a comparison names, and what is wrong with them and its choices among them.

    Without slugs if one of the tools is unknown. `may_be_unread`: a tool that is not found may be one of those in the
    file that cannot be read.
    """
    named, chosen = record.texts("tools"), record.texts_under("choose_if", "tool")
    count, slugs = len(record.entries("tools")), [find(text) for _path, text in named]
    faults = []
    if not MIN_TOOLS <= count <= MAX_TOOLS:
        faults.append(Fault((*record.path, "tools"), f"Enter {MIN_TOOLS} to {MAX_TOOLS} tools, not {count}."))
    faults += check_known([*named, *chosen], "tool", lambda text: may_be_unread or find(text) is not None)
    faults += check_unique((path, slug) for (path, _text), slug in zip(named, slugs, strict=True) if slug)
    members = frozenset(filter(None, slugs)) if None not in slugs and len(slugs) == count else frozenset()
    for path, text in chosen:
        if members and find(text) not in {None, *members}:
            faults.append(Fault(path, "This is not one of the tools compared here. Choose one of them."))
    return members, faults


def check_picks(record: RawRecord, find: Finder, *, may_be_unread: bool = False) -> Iterator[Fault]:
    """Yield what is wrong with the tools that a category's picks name; see check_comparison()."""
    picked, second = (record.texts_under("picks", key) for key in ("tool", "runner_up"))
    yield from check_known([*picked, *second], "tool", lambda text: may_be_unread or find(text) is not None)
    slugs = {path[:-1]: find(text) for path, text in picked}
    for path, text in second:
        if (slug := find(text)) and slugs.get(path[:-1]) == slug:
            yield Fault(path, "This is the pick itself. Choose another tool.")


def successor_of(record: RawRecord) -> list[Text]:
    """Return the name of the tool that succeeds another, if its record gives one."""
    status = record.keys.get("status")
    name = status.get("successor") if isinstance(status, dict) else None
    return [((*record.path, "status", "successor"), name)] if isinstance(name, str) else []


def check_successor(
    record: RawRecord, find: Finder, own_slug: str | None, *, may_be_unread: bool = False
) -> Iterator[Fault]:
    """Yield what is wrong with the successor that a tool names; see check_comparison()."""
    named = successor_of(record)
    yield from check_known(named, "tool", lambda text: may_be_unread or find(text) is not None)
    for path, text in named:
        if own_slug and find(text) == own_slug:
            yield Fault(path, "This is the tool itself. Choose another tool.")


def already_compared(path: Path, other: Path | None = None) -> Fault:
    return Fault((*path, "tools"), "These tools are compared already. Choose others.", other)
