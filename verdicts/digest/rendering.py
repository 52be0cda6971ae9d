"""Rendering an edition: the whole letter is rendered once and then cut into blocks."""

from collections.abc import Sequence
from datetime import date

from markupsafe import Markup

from verdicts.catalog import markdown
from verdicts.digest.blocks import LEAVE_PLACEHOLDER, PREFERENCES_PLACEHOLDER, PREVIEW_PLACEHOLDER, Block
from verdicts.digest.editions import Edition, EditionIsEmpty
from verdicts.digest.models import BlockKind
from verdicts.digest.news import NewsItem
from verdicts.digest.sections import Section, letter_sections
from verdicts.digest.subjects import join_phrases, phrase_of, preview_of
from verdicts.digest.weeks import Week
from verdicts.mailing.rendering import absolute_url, inline_styles, render_part, tidy_text
from verdicts.newsletter.headers import leave_path, preferences_path

CUT_MARK = "<!--cut-->"
# An intro of many nested quotes grows by twenty-fold as HTML. Beyond this a letter has its words alone.
MAX_INTRO_HTML_BYTES = 30_000


def render_blocks(edition: Edition, items: Sequence[NewsItem]) -> list[Block]:
    """Return an edition's blocks: head, one for each section of the letter, what says that there is more, foot.

    With the editor's subject blocks have none of their own. Raises EditionIsEmpty if no item is included.
    """
    included = [item for item in items if item.is_included]
    if not included:
        raise EditionIsEmpty(edition.name)
    sections, context = letter_sections(included), _template_context(edition)
    text_parts = [
        render_part("digest/head.txt", **context),
        *(render_part("digest/section.txt", section=section, **context) for section in sections),
        render_part("digest/rest.txt", **context),
        render_part("digest/foot.txt", **context),
    ]
    texts = [tidy_text(part) + "\n" for part in text_parts]
    html = inline_styles(render_part("digest/letter.html", sections=sections, **context))
    head, *middle, rest, foot = zip(texts, map(_without_indents, html.split(CUT_MARK)), strict=True)
    return [
        Block(BlockKind.HEAD, None, (), False, *head),
        *(_block(section, *rendered, edition) for section, rendered in zip(sections, middle, strict=True)),
        Block(BlockKind.FOOT, None, (), False, *rest),
        Block(BlockKind.FOOT, None, (), False, *foot),
    ]


def subject_of(edition: Edition, items: Sequence[NewsItem]) -> str:
    """Return the editor's subject; without one, that of a copy with everything, made from the items."""
    included = [item for item in items if item.is_included]
    if edition.subject or not included:
        return edition.subject
    sections = [each for each in letter_sections(included) if each.kind is BlockKind.CATEGORY]
    phrases = [phrase_of(each.entries[0].lead) for each in sections]
    return join_phrases(phrases, sum(each.has_verdict_or_price_change for each in sections[1:]))


def format_week(week: Week) -> str:
    """Return the days of a week: "16 to 22 November 2026"."""
    first_day, last_day = week.monday, week.sunday
    year = f" {first_day.year}" if first_day.year != last_day.year else ""
    month = f" {first_day:%B}{year}" if first_day.month != last_day.month else ""
    return f"{first_day.day}{month} to {last_day.day} {last_day:%B} {last_day.year}"


def short_day(iso_date: str) -> str:
    """Return a date in an item's details as the letter shows it: "19 Nov"."""
    day = date.fromisoformat(iso_date)
    return f"{day.day} {day:%b}"


def _block(section: Section, text: str, html: str, edition: Edition) -> Block:
    lead = section.entries[0].lead
    subject = "" if edition.subject else phrase_of(lead)
    changed = section.has_verdict_or_price_change
    return Block(section.kind, section.category_id, section.tool_ids, changed, text, html, subject, preview_of(lead))


def _template_context(edition: Edition) -> dict[str, object]:
    return {
        "edition": edition,
        "week_dates": format_week(edition.week),
        "intro_html": _intro_html(edition.intro),
        "preview": PREVIEW_PLACEHOLDER,
        "leave": absolute_url(leave_path(LEAVE_PLACEHOLDER)),
        "preferences": absolute_url(preferences_path(PREFERENCES_PLACEHOLDER)),
        "on_the_web": absolute_url(f"/digest/{edition.name}"),
        "short_day": short_day,
    }


def _intro_html(intro: str) -> Markup:
    html = markdown.render(intro)
    return (
        html if len(html.encode()) <= MAX_INTRO_HTML_BYTES else Markup("<p>{}</p>").format(markdown.plain_text(intro))
    )


def _without_indents(html: str) -> str:
    return "".join(f"{line.strip()}\n" for line in html.splitlines() if line.strip())
