"""Bytes become plain values, or a clear refusal in bounded time and space."""

import time
import tracemalloc

import pytest

from verdicts.curation.catalog_file.faults import CatalogRefused
from verdicts.curation.transfer import reading, yaml_text

BILLION_LAUGHS = b"""
a: &a [lol, lol, lol, lol, lol, lol, lol, lol, lol]
b: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a]
c: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b]
d: &d [*c, *c, *c, *c, *c, *c, *c, *c, *c]
e: &e [*d, *d, *d, *d, *d, *d, *d, *d, *d]
f: &f [*e, *e, *e, *e, *e, *e, *e, *e, *e]
g: &g [*f, *f, *f, *f, *f, *f, *f, *f, *f]
h: &h [*g, *g, *g, *g, *g, *g, *g, *g, *g]
i: [*h, *h, *h, *h, *h, *h, *h, *h, *h]
"""

REFUSED = {
    "nothing at all": (b"", "The file is empty"),
    "only a comment": (b"# nothing\n", "The file is empty"),
    "bytes that are no text": (b'{"a": "\xff"}', "The file is not UTF-8 text: line 1 has the byte 0xff"),
    "UTF-16": ('{"a": 1}'.encode("utf-16"), "The file is not UTF-8 text: line 1 has the byte 0xff"),
    "a broken byte further down": (b"a: 1\nb: \xc3(\n", "The file is not UTF-8 text: line 2 has the byte 0xc3"),
    "a picture": (b"\x89PNG\r\n\x1a\n\x00\x00", "The file is not UTF-8 text: line 1 has the byte 0x89"),
    "broken JSON": (b'{"a": 1,\n "b" 2}', "The file is not JSON at line 2, column 6: Expecting ':' delimiter"),
    "a control character in JSON": (b'{"a": "\x00"}', "The file is not JSON at line 1, column 8: Invalid control char"),
    "broken YAML": (b"a: [1\nb: 2\n", "The file is not YAML at line 2, column"),
    "a tab in YAML": (b"a:\n\tb: 1\n", "The file is not YAML at line 2, column 1"),
    "a NUL in YAML": (
        b"a: b\nc: \x00\n",
        "The file has the character U+0000, which YAML does not allow, at line 2, co",
    ),
    "an anchor": (b"a: &x 1\n", "The file uses an anchor or alias (& or *) at line 1, column 4"),
    "an alias": (b"a: *x\n", "The file uses an anchor or alias (& or *) at line 1, column 4"),
    "a billion laughs": (BILLION_LAUGHS, "The file uses an anchor or alias (& or *) at line 2, column 4"),
    "a tag that runs code": (
        b'a: !!python/object/apply:os.system ["true"]\n',
        "The file uses a tag (!) at line 1, col",
    ),
    "two documents": (b"a: 1\n---\nb: 2\n", "The file holds a second document at line 2, column 1"),
    "a list as a key": (b"? [a]\n: b\n", "The file has a key that is not text at line 1, column 3"),
    "a number without end": (b'{"a": ' + b"9" * 5_000 + b"}", "The file holds a number of thousands of digits"),
    "deep JSON": (b"[" * 100_000, "The file is nested more than 20 levels deep"),
    "rather deep JSON": (b"[" * 500 + b"]" * 500, "[0][0][0][0]: This is nested more than 20 levels deep"),
    "deep YAML": (b"a: " + b"[" * 100_000, "The file is nested more than 20 levels deep"),
    "deep YAML in blocks": (b"- " * 100_000, "The file is nested more than 20 levels deep"),
    "10 MB of text": (b"words " * 1_700_000, "The file is YAML of more than 5 MB"),
    "40 MB of JSON": (b'{"a": "' + b"x" * 40_000_000 + b'"}', "The file is larger than 32 MB"),
    "a million brackets": (b"[" + b"[]," * 1_000_000 + b"[]]", "The file has more than 500,000 brackets"),
    "a hundred keys and one": (
        b"{" + b",".join(b'"%d": 0' % number for number in range(101)) + b"}",
        "There are 101 keys here",
    ),
    "a key given twice in JSON": (
        b'{"tools": [{"slug": "a"}, {"slug": "a", "slug": "b"}]}',
        'tools[1]: The key "slug" is given twice. Remove one.',
    ),
    "a key given twice in YAML": (
        b"tools:\n- slug: a\n- slug: a\n  slug: b\n",
        'tools[1]: The key "slug" is given twice. Remove one.',
    ),
}


@pytest.mark.parametrize(("raw", "words"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_read_is_refused_with_its_place(raw: bytes, words: str) -> None:
    with pytest.raises(CatalogRefused) as refused:
        reading.read(raw)
    assert str(refused.value).startswith(words)


def test_every_key_that_is_given_twice_is_named() -> None:
    with pytest.raises(CatalogRefused) as refused:
        reading.read(b'{"a": 1, "a": 2, "tools": [{"b": 1, "b": 2, "b": 3}]}')
    assert refused.value.faults == (
        'The key "a" is given twice. Remove one.',
        'tools[0]: The key "b" is given twice. Remove one.',
    )


def test_a_billion_laughs_costs_neither_time_nor_memory() -> None:
    tracemalloc.start()
    started = time.thread_time()
    with pytest.raises(CatalogRefused):
        reading.read(BILLION_LAUGHS)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert time.thread_time() - started < 1
    assert peak < 1_000_000


def test_plain_yaml_words_stay_as_they_are_written() -> None:
    text = b"version: 1.10\ndate: 2026-11-22\nanswer: no\namount: 20.00\nsexagesimal: 1:30\non: x\nquoted: 'null'\n"
    assert reading.read(text) == {
        "version": "1.10",
        "date": "2026-11-22",
        "answer": "no",
        "amount": "20.00",
        "sexagesimal": "1:30",
        "on": "x",
        "quoted": "null",
    }


def test_yaml_knows_true_false_and_nothing() -> None:
    assert reading.read(b"a: true\nb: false\nc: null\nd:\ne: ~\n") == {
        "a": True,
        "b": False,
        "c": None,
        "d": None,
        "e": None,
    }


@pytest.mark.parametrize("name", ["file.json", "FILE.JSON", "-", "file"])
def test_json_is_read_by_its_ending_or_by_how_it_begins(name: str) -> None:
    assert reading.read(b'\xef\xbb\xbf {"a": ["\\u00e9"]}', name) == {"a": ["é"]}


def test_yaml_that_begins_like_json_is_read_by_its_ending() -> None:
    assert reading.read(b"{a: b}", "file.yml") == {"a": "b"}


def test_the_parser_in_python_reads_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    text = b"a: 1.10\nb: 'x'\nc: |\n  text\n  more\nd: [x, {y: z}]\n"
    expected = reading.read(text)
    monkeypatch.setattr(yaml_text, "_Loader", yaml_text.yaml.SafeLoader)
    assert reading.read(text) == expected
    with pytest.raises(CatalogRefused):
        reading.read(BILLION_LAUGHS)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('{"a": "x\u2028y",\n"b" 2}', "line 2, column 5"),
        ('{"a": 1,\n\n"b" 2}', "line 3, column 5"),
        ('a: "x\u2028y\u2029z"\nb: *c\n', "line 2, column 4"),
        ("a: |\n  x\x85\n  y\nb: !c d\n", "line 4, column 4"),
        ("a: 1\n# \u2028\n---\nb: 1\n", "line 3, column 1"),
        ("a: 1\nb: \x00\n", "line 2, column 4"),
        ("a: é\nb: [1\n", "line 3, column 1"),
    ],
)
def test_a_place_is_the_one_that_an_editors_program_shows(text: str, place: str, end: str) -> None:
    with pytest.raises(CatalogRefused, match=f"at {place}"):
        reading.read(("\ufeff" + text.replace("\n", end)).encode())


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_bytes_that_are_no_text_are_at_their_line(end: bytes) -> None:
    with pytest.raises(CatalogRefused, match="line 3 has the byte 0xff"):
        reading.read(end.join([b"a: \xe2\x80\xa8", b"b: 1", b"c: \xff"]))
