"""A catalogue file's bytes become lists, dictionaries and texts: in bounded time and space, whatever they hold."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from itertools import takewhile
from typing import Any, NoReturn

import yaml

from verdicts.curation.catalog_file.faults import CatalogRefused, Fault, Path, shown
from verdicts.texts import line_and_column

MEGABYTE = 1024 * 1024
MAX_FILE_SIZE = 32 * MEGABYTE  # several times an export of 5,000 tools with all their reviews
MAX_YAML_SIZE = 5 * MEGABYTE  # its parser takes ten times as long as JSON's
MAX_BRACKETS = 500_000
MAX_KEYS = 100
MAX_DEPTH = 20
BYTE_ORDER_MARK = "\ufeff"

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_not_in_yaml = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_yaml_words: dict[str, object] = {"": None, "~": None, "null": None, "true": True, "false": False}


def read(raw: bytes, name: str = "") -> object:
    """Return what a JSON or YAML file says: by the end of its name, else by how it begins.

    A plain YAML word is text, so that 1.10 and 2026-11-22 stay as written; only true, false and null are not.
    Raises CatalogRefused with the line and column, or the place, of what cannot be read.
    """
    text = _decode(raw)
    data = _read_json(text) if _is_json(text, name) else _read_yaml(text)
    faults = list(_faults_of_shape(data))
    if faults:
        raise CatalogRefused(faults)
    return data


def _decode(raw: bytes) -> str:
    if len(raw) > MAX_FILE_SIZE:
        _refuse(f"is larger than {MAX_FILE_SIZE // MEGABYTE} MB")
    try:
        text = raw.decode("utf-8").removeprefix(BYTE_ORDER_MARK)
    except UnicodeDecodeError as error:
        line, _ = line_and_column(raw[: error.start].decode("latin-1"), error.start)
        _refuse(f"is not UTF-8 text: line {line} has the byte 0x{raw[error.start]:02x}")
    if not text.strip():
        _refuse("is empty")
    return text


def is_yaml(name: str) -> bool:
    return name.lower().endswith((".yaml", ".yml"))


def bare_name(name: str) -> str:
    """Return a file's name as the activity log and pages print it, without folders: a browser may send anything."""
    bare = name.replace("\\", "/").rpartition("/")[2]
    return "".join(char for char in bare if char.isprintable()) or "catalogue"


def _is_json(text: str, name: str) -> bool:
    return name.lower().endswith(".json") or (not is_yaml(name) and text.lstrip()[:1] in {"{", "["})


def _read_json(text: str) -> object:
    if text.count("{") + text.count("[") > MAX_BRACKETS:
        _refuse(f"has more than {MAX_BRACKETS:,} brackets, and so more records than can be read at once")
    try:
        return json.loads(text, object_pairs_hook=_Object)
    except json.JSONDecodeError as error:
        _refuse(f"is not JSON{_at(text, error.pos)}: {error.msg}")
    except RecursionError:
        _refuse(_TOO_DEEP)
    except ValueError:
        _refuse("holds a number of thousands of digits")


def _read_yaml(text: str) -> object:
    if len(text) > MAX_YAML_SIZE:
        _refuse(f"is YAML of more than {MAX_YAML_SIZE // MEGABYTE} MB; JSON of that size is read faster")
    foreign = _not_in_yaml.search(text)
    if foreign:
        _refuse(f"has the character U+{ord(foreign[0]):04X}, which YAML does not allow,{_at(text, foreign.start())}")
    try:
        return _yaml_document(text)
    except _Misplaced as fault:
        _refuse(fault.words.format(at=_at(text, fault.index)))
    except yaml.MarkedYAMLError as error:
        at = _at(text, error.problem_mark.index) if error.problem_mark else ""
        _refuse(f"is not YAML{at}: {error.problem or error.context}")
    except yaml.YAMLError as error:
        _refuse(f"is not YAML: {error}")


class _Misplaced(Exception):
    """Something that a file must not hold: words with "{at}" for its place. The parser's own lines are not used: it
    ends one at U+2028 too.
    """

    def __init__(self, words: str, event: Any) -> None:
        super().__init__(words)
        self.words, self.index = words, event.start_mark.index


class _Object(dict[str, Any]):
    """A mapping that remembers which keys were given twice."""

    __slots__ = ("repeated",)

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        counts = Counter(key for key, _value in pairs) if len(pairs) > len(self) else {}
        self.repeated = tuple(key for key, count in counts.items() if count > 1)


def _yaml_document(text: str) -> object:
    """Return what the one document of a file says, built from the parser's events.

    The library's own C loader forgets anchors and tags before they can be refused, and crashes on deep nesting.
    """
    events: Iterator[Any] = yaml.parse(text, Loader=_Loader)
    next(events)
    if not isinstance(next(events), yaml.DocumentStartEvent):
        _refuse("is empty")
    value = _yaml_value(next(events), events)
    next(events)
    after = next(events)
    if not isinstance(after, yaml.StreamEndEvent):
        raise _Misplaced("holds a second document{at}", after)
    return value


def _yaml_value(event: Any, events: Iterator[Any], depth: int = 0) -> object:
    if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
        raise _Misplaced("uses an anchor or alias (& or *){at}: write the value out", event)
    if event.tag is not None:
        raise _Misplaced("uses a tag (!){at}: a plain value is enough", event)
    if depth > MAX_DEPTH:
        _refuse(_TOO_DEEP)
    if isinstance(event, yaml.ScalarEvent):
        return _yaml_words.get(event.value, event.value) if event.implicit[0] else event.value
    if isinstance(event, yaml.SequenceStartEvent):
        return [_yaml_value(item, events, depth + 1) for item in _until(yaml.SequenceEndEvent, events)]
    keys = _until(yaml.MappingEndEvent, events)
    return _Object([(_yaml_key(key, events), _yaml_value(next(events), events, depth + 1)) for key in keys])


def _yaml_key(event: Any, events: Iterator[Any]) -> str:
    if not isinstance(event, yaml.ScalarEvent):
        raise _Misplaced("has a key that is not text{at}", event)
    _yaml_value(event, events)
    return str(event.value)


def _until(end: type, events: Iterator[Any]) -> Iterator[Any]:
    return takewhile(lambda event: not isinstance(event, end), events)


_TOO_DEEP = f"is nested more than {MAX_DEPTH} levels deep"


def _faults_of_shape(data: object) -> Iterator[Fault]:
    """Check all that was read, without recursion: what is nested too deeply must not exhaust the stack here."""
    ahead: list[tuple[Path, Any]] = [((), data)] if isinstance(data, dict | list) else []
    while ahead:
        path, value = ahead.pop()
        if len(path) > MAX_DEPTH:
            yield Fault(path[:4], f"This {_TOO_DEEP}.")
            return
        if isinstance(value, dict) and len(value) > MAX_KEYS:
            yield Fault(path, f"There are {len(value):,} keys here. At most {MAX_KEYS:,} are read.")
            return
        if isinstance(value, _Object):
            yield from (Fault(path, f"The key {shown(key)} is given twice. Remove one.") for key in value.repeated)
        inner = value.items() if isinstance(value, dict) else enumerate(value)
        ahead += [((*path, step), part) for step, part in inner if isinstance(part, dict | list)][::-1]


def _at(text: str, index: int) -> str:
    line, column = line_and_column(text, index)
    return f" at line {line}, column {column}"


def _refuse(words: str) -> NoReturn:
    raise CatalogRefused([Fault((), f"The file {words}.")])
