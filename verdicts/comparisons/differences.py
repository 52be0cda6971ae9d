"""On which facts the tools differ, and which they share."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from verdicts.catalog.summaries import Fact, ToolFacts


@dataclass(frozen=True)
class FactCell:
    """What some tools have in common, under each one's place: facts of one value, or None for "not checked"."""

    facts: tuple[tuple[int, Fact | None], ...]

    @property
    def value(self) -> str | None:
        return next((fact.value for _, fact in self.facts if fact), None)

    @property
    def checked(self) -> list[tuple[int, Fact]]:
        return [(place, fact) for place, fact in self.facts if fact and (fact.source or fact.checked_on)]

    @property
    def unverified(self) -> list[int]:
        return [place for place, fact in self.facts if fact and not fact.source and not fact.checked_on]

    @property
    def unknown(self) -> list[int]:
        return [place for place, fact in self.facts if not fact]


@dataclass(frozen=True)
class FactRow:
    """One fact across the tools, in their order; None is "not checked"."""

    label: str
    facts: tuple[Fact | None, ...]

    @property
    def differs(self) -> bool:
        """True where tools are known to have different values. What nobody has checked is no difference."""
        return len({fact.value for fact in self.facts if fact}) > 1

    @property
    def whole(self) -> FactCell:
        """All tools in one, for a row that does not differ."""
        return FactCell(tuple(enumerate(self.facts)))

    @property
    def cells(self) -> list[FactCell]:
        """The tools in their order, neighbours of one value in one cell."""
        groups = groupby(enumerate(self.facts), lambda each: each[1] and each[1].value)
        return [FactCell(tuple(group)) for _, group in groups]


@dataclass(frozen=True)
class FactTable:
    """`differing` has different values, `shared` one value of all, `partial` one of some, and `unknown` none at all."""

    differing: tuple[FactRow, ...]
    shared: tuple[FactRow, ...]
    partial: tuple[FactRow, ...]
    unknown: tuple[FactRow, ...]


def compare_facts(tools: Sequence[ToolFacts]) -> FactTable:
    """Return the facts on which tools differ, those that they share, and what is known of some or of none.

    A fact that is known of some tools only is no difference, and nothing that they share.
    """
    rows = fact_rows(tools)
    equal = [row for row in rows if not row.differs]
    return FactTable(
        differing=tuple(row for row in rows if row.differs),
        shared=tuple(row for row in equal if all(row.facts)),
        partial=tuple(row for row in equal if any(row.facts) and not all(row.facts)),
        unknown=tuple(row for row in equal if not any(row.facts)),
    )


def fact_rows(tools: Sequence[ToolFacts]) -> tuple[FactRow, ...]:
    """Return every fact that any of the tools' categories asks for, in the categories' order."""
    labels: dict[str, str] = {}
    for tool in tools:
        for key, label in tool.labels.items():
            labels.setdefault(key, label)
    return tuple(FactRow(label, tuple(tool.facts.get(key) for tool in tools)) for key, label in labels.items())
