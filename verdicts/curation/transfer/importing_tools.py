"""One tool's record, with its reviews, goes into its rows."""

from datetime import date, datetime

from verdicts.catalog.models import Review, Tool, ToolSlug
from verdicts.curation.catalog_file import schema
from verdicts.curation.catalog_file.history import extend_history, replace_price
from verdicts.curation.catalog_file.rows import new_row, update
from verdicts.curation.editing.changes import full_tool_parts, tool_parts
from verdicts.curation.transfer.entries import Entry, arrange, named
from verdicts.curation.transfer.existing import ExistingCatalog


def import_tool(record: schema.Tool, existing: ExistingCatalog, now: datetime) -> Entry:
    """Copy a record into its tool, reviews aside; a new tool joins `existing` under all its slugs."""
    stored = existing.tools.get(record.slug)
    tool = stored or new_row(Tool, published_at=now, first_published_at=now)
    name = f"tool {named(tool.slug or record.slug, record.slug)}"
    entry = Entry(name, tool, stored is None, tool_parts if stored else full_tool_parts)
    entry.note("aliases", _add_slugs(tool, record, existing))
    entry.copy_fields(record)
    if entry.is_stated(record, "category"):
        category_id = existing.categories[record.category].id if record.category else None
        entry.note("category", bool(update(tool, {"category_id": category_id})))
    entry.changes += replace_price(tool, record.price, record.price_history, now.date())
    entry.copy_lists(record)
    return entry


def _add_slugs(tool: Tool, record: schema.Tool, existing: ExistingCatalog) -> bool:
    added = [slug for slug in (record.slug, *record.aliases) if slug not in existing.tools]
    end = max((entry.position for entry in tool.slugs), default=-1) + 1
    for position, slug in enumerate(added, start=end):
        tool.slugs.append(ToolSlug(slug=slug, is_current=slug == record.slug, position=position))
        existing.tools[slug] = tool
    return bool(added)


def import_reviews(record: schema.Tool, existing: ExistingCatalog, today: date) -> list[Entry]:
    """Copy the reviews in a tool's record into its rows; those that it leaves out stay."""
    tool = existing.tools[record.slug]
    by_reviewer = {review.reviewer_id: review for review in tool.reviews}
    entries = []
    for each in record.reviews:
        reviewer = existing.reviewers[each.reviewer]
        stored = by_reviewer.get(reviewer.id)
        name = f"review of {named(tool.slug, record.slug)} by {named(reviewer.slug, each.reviewer)}"
        entry = Entry(name, stored or Review(reviewer_id=reviewer.id), stored is None)
        has_grown = extend_history(entry.row, each, today)
        entry.copy_fields(each)
        entry.note("history", has_grown)
        entries.append(entry)
    arrange(entries, tool.reviews)
    tool.reviews.extend(entry.row for entry in entries if entry.is_new)
    return entries
