"""A catalogue file's bytes become lists, dictionaries and texts: in bounded time and space, whatever they hold."""

import json
from collections.abc import Iterator
from typing import Any

from verdicts.curation.catalog_file.faults import CatalogRefused, Fault, Path, shown
from verdicts.curation.transfer.shapes import MAX_DEPTH, MEGABYTE, TOO_DEEP, Mapping, place_in, refuse
from verdicts.texts import line_and_column

MAX_FILE_SIZE = 32 * MEGABYTE  # several times an export of 5,000 tools with all their reviews
MAX_BRACKETS = 500_000
MAX_KEYS = 100
BYTE_ORDER_MARK = "\ufeff"


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
        refuse(f"is larger than {MAX_FILE_SIZE // MEGABYTE} MB")
    try:
        text = raw.decode("utf-8").removeprefix(BYTE_ORDER_MARK)
    except UnicodeDecodeError as error:
        line, _ = line_and_column(raw[: error.start].decode("latin-1"), error.start)
        refuse(f"is not UTF-8 text: line {line} has the byte 0x{raw[error.start]:02x}")
    if not text.strip():
        refuse("is empty")
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
        refuse(f"has more than {MAX_BRACKETS:,} brackets, and so more records than can be read at once")
    try:
        return json.loads(text, object_pairs_hook=Mapping)
    except json.JSONDecodeError as error:
        refuse(f"is not JSON{place_in(text, error.pos)}: {error.msg}")
    except RecursionError:
        refuse(TOO_DEEP)
    except ValueError:
        refuse("holds a number of thousands of digits")


def _read_yaml(text: str) -> object:
    from verdicts.curation.transfer import yaml_text  # its library takes 1.4 MB of every process, and few read a file

    return yaml_text.read(text)


def _faults_of_shape(data: object) -> Iterator[Fault]:
    """Check all that was read, without recursion: what is nested too deeply must not exhaust the stack here."""
    ahead: list[tuple[Path, Any]] = [((), data)] if isinstance(data, dict | list) else []
    while ahead:
        path, value = ahead.pop()
        if len(path) > MAX_DEPTH:
            yield Fault(path[:4], f"This {TOO_DEEP}.")
            return
        if isinstance(value, dict) and len(value) > MAX_KEYS:
            yield Fault(path, f"There are {len(value):,} keys here. At most {MAX_KEYS:,} are read.")
            return
        if isinstance(value, Mapping):
            yield from (Fault(path, f"The key {shown(key)} is given twice. Remove one.") for key in value.repeated)
        inner = value.items() if isinstance(value, dict) else enumerate(value)
        ahead += [((*path, step), part) for step, part in inner if isinstance(part, dict | list)][::-1]
