"""Feeds of what changed: Atom (RFC 4287) and JSON Feed 1.1, of all tools, one tool, a category or a reviewer."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

from flask import Blueprint, Response, abort, json, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from verdicts.catalog import categories, changes, markdown
from verdicts.catalog.changes import Change, ChangedPrice, ChangedVerdict, EndedTool, NewReview, NewTool, Scope
from verdicts.catalog.kinds import PriceModel, ReviewerKind
from verdicts.catalog.prices import move_in_words
from verdicts.catalog.reviews import ReviewerSummary
from verdicts.config import current_settings
from verdicts.reviewers.queries import find_reviewer
from verdicts.web.addresses import absolute, category_path, reviewer_path
from verdicts.web.caching import public
from verdicts.web.catalog import link_or_404
from verdicts.web.clock import now
from verdicts.web.site_state import Source, depends_on

bp = Blueprint("feeds", __name__)

ATOM, JSON_FEED = "application/atom+xml", "application/feed+json"
# When the authority of our tag: addresses was ours (RFC 4151). It never changes, or every entry would be new.
TAG_YEAR = "2026"
NEVER = datetime(1970, 1, 1, tzinfo=UTC)  # a feed without entries has a date too
KINDS = {ReviewerKind.HUMAN: "human", ReviewerKind.AI: "AI", ReviewerKind.UNSTATED: "human or AI not stated"}
_NOT_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True)
class Entry:
    """An entry of a feed: `html` is its content, `url` the page that shows it."""

    id: str
    title: str
    url: str
    html: Markup
    published_at: datetime
    updated_at: datetime


@dataclass(frozen=True)
class Feed:
    """A feed, and the addresses of the page that it belongs to and of itself."""

    id: str
    title: str
    description: str
    page_url: str
    url: str
    entries: tuple[Entry, ...]

    @property
    def updated_at(self) -> datetime:
        return max((entry.updated_at for entry in self.entries), default=NEVER)


@bp.get("/feed.<any(atom, json):extension>")
@public
@depends_on(Source.CONTENT)
def of_all(extension: str) -> ResponseReturnValue:
    name = current_settings().site_name
    words = (f"{name}: what changed", "Changed verdicts, new reviews, moved prices and new tools.")
    return render(extension, Scope.ALL, 0, words, url_for("pages.front"), url_for(".of_all", extension=extension))


@bp.get("/tools/<slug>/feed.<any(atom, json):extension>")
@public
@depends_on(Source.CONTENT)
def of_tool(slug: str, extension: str) -> ResponseReturnValue:
    tool = link_or_404(slug)
    url = url_for(".of_tool", slug=tool.slug, extension=extension)
    if tool.slug != slug:
        return redirect(url, 301)
    words = (f"{tool.name}: what changed", f"Changed verdicts, new reviews and moved prices of {tool.name}.")
    return render(extension, Scope.TOOL, tool.id, words, url_for("catalog.tool", slug=tool.slug), url)


@bp.get("/categories/<slug>/feed.<any(atom, json):extension>")
@public
@depends_on(Source.CONTENT)
def of_category(slug: str, extension: str) -> ResponseReturnValue:
    found = categories.find(slug) or abort(404, "We know no category under this name.")
    url = url_for(".of_category", slug=found.slug, extension=extension)
    if found.slug != slug:
        return redirect(url, 301)
    words = (f"{found.name}: what changed", f"Changed verdicts, new reviews, prices and tools in {found.name}.")
    return render(extension, Scope.CATEGORY, found.id, words, category_path(found.slug), url)


@bp.get("/reviewers/<slug>/feed.<any(atom, json):extension>")
@public
@depends_on(Source.CONTENT)
def of_reviewer(slug: str, extension: str) -> ResponseReturnValue:
    found = find_reviewer(slug) or abort(404, "We know no reviewer under this name.")
    url = url_for(".of_reviewer", slug=found.slug, extension=extension)
    if found.slug != slug:
        return redirect(url, 301)
    words = (f"{found.name}: new and changed verdicts", f"What {found.name} says of AI tools, and each change of it.")
    return render(extension, Scope.REVIEWER, found.id, words, reviewer_path(found.slug), url)


def render(extension: str, scope: Scope, id: int, words: tuple[str, str], page: str, url: str) -> Response:
    feed = Feed(
        id=tag(f"feed/{scope}/{id}"),
        title=words[0],
        description=words[1],
        page_url=absolute(page),
        url=absolute(url),
        entries=tuple(entry_of(change) for change in changes.list_changes(scope, id, now())),
    )
    if extension == "atom":
        text = _NOT_IN_XML.sub("", render_template("feeds/atom.xml", feed=feed))
        return Response(text, mimetype=ATOM)
    return Response(json.dumps(json_feed(feed), ensure_ascii=False), mimetype=JSON_FEED)


def entry_of(change: Change) -> Entry:
    return Entry(
        id=tag(change.key),
        title=title_of(change),
        url=absolute(url_for("catalog.tool", slug=change.tool.slug)),
        html=html_of(change),
        published_at=change.at,
        updated_at=change.updated_at,
    )


def title_of(change: Change) -> str:
    name = change.tool.name
    match change:
        case ChangedVerdict():
            return f"{name}: {voice(change.reviewer)} went from {change.before.upper()} to {change.after.upper()}"
        case NewReview():
            return f"{name}: {voice(change.reviewer)} says {change.verdict.upper()}"
        case ChangedPrice():
            if change.after.model is PriceModel.UNKNOWN:
                return f"{name} has no entry price any more"
            return f"{name}: from {change.before.label} to {change.after.label}"
        case EndedTool():
            return f"{name} was {change.status.state}"
        case _:
            return f"New: {name}"


def html_of(change: Change) -> Markup:
    match change:
        case NewReview():
            return markdown.render(change.quote)
        case ChangedVerdict():
            words = change.reason
        case ChangedPrice():
            words = f"{move_in_words(change.before, change.after)} {change.reason}".strip()
        case NewTool():
            words = change.tagline or f"{change.tool.name} can now be compared and voted on."
        case EndedTool():
            successor = change.status.successor_at(now())
            words = f"{change.status.words(change.at.date())}." + (
                f" Successor: {successor.name}." if successor else ""
            )
        case _:
            raise TypeError(type(change).__name__)
    return Markup("<p>{}</p>").format(words)


def voice(reviewer: ReviewerSummary) -> str:
    """Return who speaks, and whether it is a human or an AI."""
    return f"{reviewer.mention} ({KINDS[reviewer.kind]})"


def tag(name: str) -> str:
    """Return an address that names something of this site for good (RFC 4151)."""
    return f"tag:{urlsplit(current_settings().base_url).hostname},{TAG_YEAR}:{name}"


def json_feed(feed: Feed) -> dict[str, object]:
    """Return a feed as JSON Feed 1.1 writes it (jsonfeed.org/version/1.1)."""
    return {
        "version": "https://jsonfeed.org/version/1.1",
        "title": feed.title,
        "description": feed.description,
        "home_page_url": feed.page_url,
        "feed_url": feed.url,
        "language": "en",
        "authors": [{"name": current_settings().site_name, "url": absolute("/")}],
        "items": [
            {
                "id": entry.id,
                "url": entry.url,
                "title": entry.title,
                "content_html": entry.html,
                "date_published": entry.published_at.isoformat(),
                "date_modified": entry.updated_at.isoformat(),
            }
            for entry in feed.entries
        ],
    }
