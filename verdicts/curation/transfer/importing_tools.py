"""One tool's record, with its reviews, goes into its rows."""

from datetime import date, datetime

from verdicts.catalog.models import Plan, Release, Review, Tool, ToolFact, ToolSlug
from verdicts.curation.catalog_file import schema
from verdicts.curation.catalog_file.history import keep_prices, keep_review
from verdicts.curation.catalog_file.rows import Entry, align, arrange, begun, update
from verdicts.curation.editing.changes import parts_of
from verdicts.curation.transfer.existing import Stock
from verdicts.curation.transfer.report import named


def take_tool(record: schema.Tool, stored: Stock, now: datetime) -> Entry:
    """Take over what a record says of its tool, reviews aside; a new tool joins `stored` under all its slugs."""
    found = stored.tools.get(record.slug)
    tool = found or begun(Tool, published_at=now, first_published_at=now)
    name = f"tool {named(tool.slug or record.slug, record.slug)}"
    entry = Entry(name, tool, found is None, parts_of(found) if found else {})
    entry.note("aliases", _add_slugs(tool, record, stored))
    entry.take(record, ("name", "tagline", "description", "website", "maker", "license", "launched_on"))
    if entry.stated(record, ["category"]):
        category_id = stored.categories[record.category].id if record.category else None
        entry.note("category", bool(update(tool, {"category_id": category_id})))
    entry.changes += keep_prices(tool, record.price, record.price_history, now.date())
    _take_lists(entry, record)
    return entry


def _add_slugs(tool: Tool, record: schema.Tool, stored: Stock) -> bool:
    fresh = [slug for slug in (record.slug, *record.aliases) if slug not in stored.tools]
    end = max((entry.position for entry in tool.slugs), default=-1) + 1
    for position, slug in enumerate(fresh, start=end):
        tool.slugs.append(ToolSlug(slug=slug, is_current=slug == record.slug, position=position))
        stored.tools[slug] = tool
    return bool(fresh)


def _take_lists(entry: Entry, record: schema.Tool) -> None:
    tool: Tool = entry.row
    if entry.stated(record, ["plans"]):
        entry.note("plans", align(tool.plans, [plan.model_dump() for plan in record.plans], Plan, "name"))
    if entry.stated(record, ["facts"]):
        entry.note("facts", align(tool.facts, [fact.model_dump() for fact in record.facts], ToolFact, "key"))
    if entry.stated(record, ["releases"]):
        releases = [release.model_dump() for release in record.releases]
        entry.note("releases", align(tool.releases, releases, Release, "version"))


def take_reviews(record: schema.Tool, stored: Stock, today: date) -> list[Entry]:
    """Take over the reviews in a tool's record; those it leaves out stay."""
    tool = stored.tools[record.slug]
    by_reviewer = {review.reviewer_id: review for review in tool.reviews}
    entries = []
    for told in record.reviews:
        reviewer = stored.reviewers[told.reviewer]
        found = by_reviewer.get(reviewer.id)
        review = found or Review(reviewer_id=reviewer.id)
        name = f"review of {named(tool.slug, record.slug)} by {named(reviewer.slug, told.reviewer)}"
        entries.append(_take_review(Entry(name, review, is_new=found is None), told, today))
    arrange(entries, tool.reviews)
    tool.reviews.extend(entry.row for entry in entries if entry.is_new)
    return entries


def _take_review(entry: Entry, told: schema.Review, today: date) -> Entry:
    review: Review = entry.row
    grown = keep_review(review, told, today)
    entry.take(told, ("verdict", "quote", "reviewed_on", "tool_version", "basis", "conflict"))
    entry.note("history", grown)
    return entry
