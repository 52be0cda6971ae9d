"""YAML of catalogue files, read and written. PyYAML takes its memory only where this is imported."""

import re
from collections.abc import Iterator
from itertools import takewhile
from typing import Any

import yaml

from verdicts.curation.catalog_file.dumping import Json
from verdicts.curation.transfer.shapes import MAX_DEPTH, MAX_YAML_SIZE, MEGABYTE, TOO_DEEP, Mapping, place_in, refuse

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_foreign = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_words: dict[str, object] = {"": None, "~": None, "null": None, "true": True, "false": False}


def read(text: str) -> object:
    """Return what a text says. Raises CatalogRefused."""
    if len(text) > MAX_YAML_SIZE:
        refuse(f"is YAML of more than {MAX_YAML_SIZE // MEGABYTE} MB; JSON of that size is read faster")
    foreign = _foreign.search(text)
    if foreign:
        refuse(
            f"has the character U+{ord(foreign[0]):04X}, which YAML does not allow,{place_in(text, foreign.start())}"
        )
    try:
        return _document(text)
    except _Misplaced as fault:
        refuse(fault.words.format(at=place_in(text, fault.index)))
    except yaml.MarkedYAMLError as error:
        at = place_in(text, error.problem_mark.index) if error.problem_mark else ""
        refuse(f"is not YAML{at}: {error.problem or error.context}")
    except yaml.YAMLError as error:
        refuse(f"is not YAML: {error}")


class _Misplaced(Exception):
    """Something that a file must not hold: words with "{at}" for its place. The parser's own lines are not used: it
    ends one at U+2028 too.
    """

    def __init__(self, words: str, event: Any) -> None:
        super().__init__(words)
        self.words, self.index = words, event.start_mark.index


def _document(text: str) -> object:
    """Return what the one document of a file says, built from the parser's events.

    The library's own C loader forgets anchors and tags before they can be refused, and crashes on deep nesting.
    """
    events: Iterator[Any] = yaml.parse(text, Loader=_Loader)
    next(events)
    if not isinstance(next(events), yaml.DocumentStartEvent):
        refuse("is empty")
    value = _value(next(events), events)
    next(events)
    after = next(events)
    if not isinstance(after, yaml.StreamEndEvent):
        raise _Misplaced("holds a second document{at}", after)
    return value


def _value(event: Any, events: Iterator[Any], depth: int = 0) -> object:
    if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
        raise _Misplaced("uses an anchor or alias (& or *){at}: write the value out", event)
    if event.tag is not None:
        raise _Misplaced("uses a tag (!){at}: a plain value is enough", event)
    if depth > MAX_DEPTH:
        refuse(TOO_DEEP)
    if isinstance(event, yaml.ScalarEvent):
        return _words.get(event.value, event.value) if event.implicit[0] else event.value
    if isinstance(event, yaml.SequenceStartEvent):
        return [_value(item, events, depth + 1) for item in _until(yaml.SequenceEndEvent, events)]
    keys = _until(yaml.MappingEndEvent, events)
    return Mapping([(_key(key, events), _value(next(events), events, depth + 1)) for key in keys])


def _key(event: Any, events: Iterator[Any]) -> str:
    if not isinstance(event, yaml.ScalarEvent):
        raise _Misplaced("has a key that is not text{at}", event)
    _value(event, events)
    return str(event.value)


def _until(end: type, events: Iterator[Any]) -> Iterator[Any]:
    return takewhile(lambda event: not isinstance(event, end), events)


class _Dumper(yaml.SafeDumper):
    """Writes each record whole: aliases would be refused by our own reader."""

    def ignore_aliases(self, data: object) -> bool:
        return True


def dump(records: list[Json]) -> str:
    """Return the lines of a list, each key where its record has it."""
    return yaml.dump(records, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)
