"""An import may change a verdict or price that is stored only where its file says why."""

from collections.abc import Iterator, Sequence

from verdicts.catalog.models import Review, Tool
from verdicts.curation.catalog_file import history, schema
from verdicts.curation.catalog_file.faults import Fault, Path, shown
from verdicts.curation.catalog_file.parsing import ParsedFile
from verdicts.curation.editing.saving import missing_reason
from verdicts.curation.transfer.existing import ExistingCatalog

Entries = Sequence[schema.Revision | schema.PastPrice]


def check_reasons(file: ParsedFile, existing: ExistingCatalog) -> Iterator[Fault]:
    """Yield a fault for each changed verdict, quote or price whose old one the file's history does not explain."""
    for path, record in file.tools.items():
        tool = existing.tools.get(record.slug)
        if tool is None:
            continue
        yield from _faults_of_price(path, record, tool)
        reviews = {review.reviewer_id: review for review in tool.reviews}
        for index, each in enumerate(record.reviews):
            reviewer = existing.reviewers.get(each.reviewer)
            if stored := reviews.get(reviewer.id) if reviewer else None:
                yield from _faults_of_review((*path, "reviews", index), each, stored)


def _faults_of_review(path: Path, record: schema.Review, stored: Review) -> Iterator[Fault]:
    if history.statement_of(record) == history.statement_of(stored):
        return
    added = history.added_revisions(stored, record)
    replaced = [entry for entry in added if history.statement_of(entry) == history.statement_of(stored)]
    was = f"the verdict {shown(str(stored.verdict))} with the quote {shown(stored.quote)}"
    yield from _faults_of_entries((*path, "history"), record.history, added, replaced, was)


def _faults_of_price(path: Path, record: schema.Tool, tool: Tool) -> Iterator[Fault]:
    stored = tool.current_price
    if not record.price or not stored or not history.is_another_cost(stored, record.price):
        return
    added = history.added_prices(tool, record.price, record.price_history)
    replaced = [entry for entry in added if history.cost_of(entry) == history.cost_of(stored)]
    cost = " ".join(str(part) for part in history.cost_of(stored) if part is not None)
    yield from _faults_of_entries(
        (*path, "price_history"), record.price_history, added, replaced, f"the price {shown(cost)}"
    )


def _faults_of_entries(path: Path, entries: Entries, added: Entries, replaced: Entries, was: str) -> Iterator[Fault]:
    """Yield where a reason is missing: from the entry on that says what is replaced, each change needs its own."""
    if not replaced:
        yield Fault(path, f'End this with {was}, its "until", and the "reason" for the change. Readers see it.')
        return
    since = min(entry.until for entry in replaced)
    for index, entry in enumerate(entries):
        is_added = any(entry is each for each in added)
        if is_added and entry.until >= since and not (entry.reason or "").strip():
            yield missing_reason((*path, index))
