"""On which facts the tools differ, and which they share."""

from collections.abc import Sequence
from dataclasses import dataclass

from verdicts.catalog.summaries import Fact, ToolFacts


@dataclass(frozen=True)
class FactRow:
    """One fact across the tools, in their order; None is "not checked"."""

    label: str
    facts: tuple[Fact | None, ...]

    @property
    def differs(self) -> bool:
        """True where tools are known to have different values. What nobody has checked is no difference."""
        return len({fact.value for fact in self.facts if fact}) > 1


@dataclass(frozen=True)
class FactTable:
    differing: tuple[FactRow, ...]
    shared: tuple[FactRow, ...]


def compare_facts(tools: Sequence[ToolFacts]) -> FactTable:
    """Return the facts on which tools differ, and those that are equal as far as anybody has checked."""
    rows = fact_rows(tools)
    return FactTable(
        differing=tuple(row for row in rows if row.differs),
        shared=tuple(row for row in rows if not row.differs),
    )


def fact_rows(tools: Sequence[ToolFacts]) -> tuple[FactRow, ...]:
    """Return every fact that any of the tools' categories asks for, in the categories' order."""
    labels: dict[str, str] = {}
    for tool in tools:
        for key, label in tool.labels.items():
            labels.setdefault(key, label)
    return tuple(FactRow(label, tuple(tool.facts.get(key) for tool in tools)) for key, label in labels.items())
