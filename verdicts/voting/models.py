"""The voting tables: the current vote, the ledger it can be recomputed from, and the tally that pages read."""

from datetime import date, datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from verdicts.catalog.columns import closed_set, partial_index
from verdicts.catalog.kinds import Verdict
from verdicts.extensions import Base, UtcDateTime
from verdicts.voting.community import PERCENTAGE_FROM, Z_SQUARED

HASH_LENGTH = 64

# What partial indexes cover. A statement uses the index only if it states the condition in these words.
HAS_NETWORK = "network IS NOT NULL"
UNDECIDED = "standing IN ('waiting', 'held')"


class Standing(StrEnum):
    """Whether a ballot counts. It is fixed at a voter's first ballot for a tool and kept through changes."""

    COUNTED = "counted"
    WAITING = "waiting"
    HELD = "held"
    DISCARDED = "discarded"


class Occasion(StrEnum):
    """Why a ledger line was written."""

    CAST = "cast"
    RELEASED = "released"
    HELD = "held"
    DISCARDED = "discarded"
    MERGED = "merged"


class Vote(Base):
    """One voter's current ballot for one tool. A ballot taken back stays as a row without a verdict."""

    __tablename__ = "vote"
    __table_args__ = (
        partial_index("ix_vote_network", "tool_id", "network", where=HAS_NETWORK),
        partial_index("ix_vote_network_first_at", "first_at", where=HAS_NETWORK),
        partial_index("ix_vote_undecided", "standing", "first_at", where=UNDECIDED),
        sa.Index("ix_vote_changed_at", "changed_at"),
        # All that alternatives count of a tool's readers.
        sa.Index("ix_vote_voter", "voter", "tool_id", "verdict", "standing"),
    )

    tool_id: Mapped[int] = mapped_column(
        sa.ForeignKey("tool.id"), primary_key=True, info={"dependant": ("vote", "votes")}
    )
    voter: Mapped[str] = mapped_column(sa.String(HASH_LENGTH), primary_key=True)
    verdict: Mapped[Verdict | None] = mapped_column(closed_set(Verdict, "verdict"))
    standing: Mapped[Standing] = mapped_column(closed_set(Standing, "standing"))
    network: Mapped[str | None] = mapped_column(sa.String(HASH_LENGTH))
    first_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class VoteEvent(Base):
    """One line of the ledger: a ballot went from one verdict and standing to another.

    Lines never change, except that housekeeping blanks `voter` and `network` when their time is over.
    """

    __tablename__ = "vote_event"
    __table_args__ = (
        sa.Index("ix_vote_event_tool_id_voter", "tool_id", "voter"),
        # All that votes by month count: see voting.months.
        sa.Index(
            "ix_vote_event_tool_id_at",
            *("tool_id", "at", "to_standing", "to_verdict", "from_standing", "from_verdict", "occasion"),
        ),
        partial_index("ix_vote_event_network_at", "at", where=HAS_NETWORK),
    )

    id: Mapped[int] = mapped_column(sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True)
    tool_id: Mapped[int] = mapped_column(
        sa.ForeignKey("tool.id"), info={"dependant": ("line in the vote record", "lines in the vote record")}
    )
    voter: Mapped[str | None] = mapped_column(sa.String(HASH_LENGTH))
    occasion: Mapped[Occasion] = mapped_column(closed_set(Occasion, "occasion"))
    from_verdict: Mapped[Verdict | None] = mapped_column(closed_set(Verdict, "from_verdict"))
    from_standing: Mapped[Standing] = mapped_column(closed_set(Standing, "from_standing"))
    to_verdict: Mapped[Verdict | None] = mapped_column(closed_set(Verdict, "to_verdict"))
    to_standing: Mapped[Standing] = mapped_column(closed_set(Standing, "to_standing"))
    reason: Mapped[str | None] = mapped_column(sa.String(500))
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    network: Mapped[str | None] = mapped_column(sa.String(HASH_LENGTH))


class Tally(Base):
    """What the ledger adds up to for one tool, updated in the same transaction.

    `ship` and `skip` are counted; `waiting` is every ballot that is not counted yet, and `held` says how many of those
    wait for an editor; `discarded` will not be counted. Ballots without a verdict are in none of them. `changes` grows
    with every change of the tool's ballots, also where they add up to the same.
    """

    __tablename__ = "tally"
    __table_args__ = (
        sa.CheckConstraint(
            "ship >= 0 AND skip >= 0 AND waiting >= 0 AND held >= 0 AND discarded >= 0", name="not_negative"
        ),
        sa.Index("ix_tally_counted", "counted", "tool_id"),
        partial_index("ix_tally_readers_place", "readers_place", "tool_id", where="readers_place IS NOT NULL"),
    )

    tool_id: Mapped[int] = mapped_column(sa.ForeignKey("tool.id"), primary_key=True, autoincrement=False)
    ship: Mapped[int] = mapped_column(default=0)
    skip: Mapped[int] = mapped_column(default=0)
    waiting: Mapped[int] = mapped_column(default=0)
    held: Mapped[int] = mapped_column(default=0)
    discarded: Mapped[int] = mapped_column(default=0)
    changes: Mapped[int] = mapped_column(sa.BigInteger, default=0, server_default="0")
    # The database adds it up, for the index by which rankings find the tools with most votes.
    counted: Mapped[int] = mapped_column(sa.Computed("ship + skip", persisted=True))
    # Where the tool stands by its readers: minus the lower end of the interval that pages show, NULL where they show
    # none. The database computes it, see community.wilson(), for the index by which the directory sorts.
    readers_place: Mapped[float | None] = mapped_column(
        sa.Float,
        sa.Computed(
            f"CASE WHEN ship + skip >= {PERCENTAGE_FROM} THEN"
            f" (sqrt({Z_SQUARED} * (CAST(ship AS FLOAT) * skip / (ship + skip) + {Z_SQUARED / 4})) - ship"
            f" - {Z_SQUARED / 2}) / (ship + skip + {Z_SQUARED}) END",
            persisted=True,
        ),
        deferred=True,
    )


class PairReaders(Base):
    """How readers who have a counted verdict on both of two popular tools judged them: see voting.pair_readers.

    A pair has one row, the smaller id first. `ship_skip` ship the tool and skip its rival.
    """

    __tablename__ = "pair_readers"

    tool_id: Mapped[int] = mapped_column(sa.ForeignKey("tool.id"), primary_key=True)
    rival_id: Mapped[int] = mapped_column(sa.ForeignKey("tool.id"), primary_key=True, index=True)
    ship_ship: Mapped[int]
    ship_skip: Mapped[int]
    skip_ship: Mapped[int]
    skip_skip: Mapped[int]


class NetworkKey(Base):
    """The random key under which one day's networks are hashed; destroyed after a week, and the hashes with it."""

    __tablename__ = "network_key"

    day: Mapped[date] = mapped_column(primary_key=True)
    key: Mapped[bytes] = mapped_column(sa.LargeBinary(32))


# Votes use the tables themselves: through the ORM a vote took four times as long.
vote = Base.metadata.tables["vote"]
vote_event = Base.metadata.tables["vote_event"]
tally = Base.metadata.tables["tally"]
pair_readers = Base.metadata.tables["pair_readers"]
network_key = Base.metadata.tables["network_key"]
