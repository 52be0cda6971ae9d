"""What a tool's panel says, in one short text: "+3-5" where reviewer 3 ships it and reviewer 5 skips it.

It is kept with each tool, and so is the tool's place among others by panel. Tools with equal keys stand alike under any
weights, and there are few different keys however many tools there are: so a ranking reads the keys and how many tools
have each, and then only the tools that it shows.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from types import MappingProxyType
from typing import TypeVar

import sqlalchemy as sa

from verdicts.catalog.kinds import Verdict
from verdicts.catalog.models import NOT_REVIEWED_PLACE, Review, Tool
from verdicts.extensions import db

Number = TypeVar("Number", int, sa.ColumnElement[int])

_SIGNS = {Verdict.SHIP: "+", Verdict.SKIP: "-"}
_VERDICTS = {sign: verdict for verdict, sign in _SIGNS.items()}
_VOICE = re.compile(r"([+-])([0-9]+)")
_BATCH = 1_000
_SHARE_SCALE, _VOICES_SCALE = 100_000, 1_000  # within 32 bits: a panel has fewer than 1,000 voices

_review, _tool = Review.__table__, Tool.__table__
_READ = (
    sa.select(_review.c.tool_id, _review.c.reviewer_id, _review.c.verdict)
    .where(_review.c.tool_id.in_(sa.bindparam("ids", expanding=True)))
    .order_by(_review.c.tool_id, _review.c.reviewer_id)
)
_STORE = (
    sa.update(Tool)
    .where(Tool.id == sa.bindparam("tool"))
    .values(panel_key=sa.bindparam("key"), panel_place=sa.bindparam("place"))
)


def key_of(verdicts: Iterable[tuple[int, Verdict]]) -> str:
    """Return the key of a panel: reviewers' ids, ascending, with their verdicts."""
    return "".join(f"{_SIGNS[verdict]}{reviewer_id}" for reviewer_id, verdict in verdicts)


def signs_in(key: str) -> str:
    """Return which verdicts a key holds: "+-" where some ship the tool and some skip it, "" where nobody looked."""
    return "".join(sign for sign in _VERDICTS if sign in key)


def has_voice(reviewer_id: sa.ColumnElement[int]) -> sa.ColumnElement[bool]:
    """Say, as a column, whether the key of a row's tool holds a verdict of a row's reviewer."""
    ids = sa.func.replace(_tool.c.panel_key, "-", "+").concat("+")
    return ids.contains(sa.literal("+") + sa.cast(reviewer_id, sa.Text) + "+")


@lru_cache(maxsize=2_000)
def verdicts_in(key: str) -> Mapping[int, Verdict]:
    """Return the verdicts that a key holds, by reviewers' ids."""
    return MappingProxyType({int(reviewer_id): _VERDICTS[sign] for sign, reviewer_id in _VOICE.findall(key)})


def place_of(key: str) -> int:
    """Return where tools with this key stand by panel: by the share of SHIP, then by voices. Smaller comes first."""
    ships, voices = key.count("+"), key.count("+") + key.count("-")
    return place(ships, voices) if voices else NOT_REVIEWED_PLACE


def place(ships: Number, voices: Number) -> Number:
    """Return the place of so many SHIP among so many voices, at least one; numbers or columns."""
    return -(ships * _SHARE_SCALE // voices * _VOICES_SCALE + voices)


def refresh(tool_ids: Sequence[int]) -> None:
    """Store the keys and places of these tools anew. Call it in the transaction in which their reviews changed."""
    connection = db.session.connection()
    for start in range(0, len(tool_ids), _BATCH):
        ids = list(tool_ids[start : start + _BATCH])
        keys = dict.fromkeys(ids, "")
        for tool_id, rows in groupby(connection.execute(_READ, {"ids": ids}), itemgetter(0)):
            keys[tool_id] = key_of((reviewer_id, verdict) for _, reviewer_id, verdict in rows)
        if keys:
            stored = [{"tool": tool_id, "key": key, "place": place_of(key)} for tool_id, key in keys.items()]
            connection.execute(_STORE, stored)
