"""The pages of one record: the tabs that all of them show, its public page, and the form of a public page."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, parse_qs, urlsplit

import sqlalchemy as sa
from flask import request, url_for

from verdicts.catalog.models import Category, Reviewer, Tool, ToolSlug
from verdicts.comparisons.address import JOINT
from verdicts.comparisons.models import Comparison
from verdicts.comparisons.related import members_key
from verdicts.curation.editing.publication import PublicationState, state_of
from verdicts.extensions import db
from verdicts.web.admin.forms.record_editor import record_editors
from verdicts.web.clock import now

TOOL_TABS = {
    "admin.tools.edit": "Details",
    "admin.panels.edit": "Panel",
    "admin.tools.price": "Price",
    "admin.logos.edit": "Logo",
    "admin.tools.publishing": "Publishing",
}
TABS: Mapping[str, Mapping[str, str]] = {
    "tool": TOOL_TABS,
    "panel": TOOL_TABS,
    "price": TOOL_TABS,
    "comparison": {"admin.comparisons.edit": "Details", "admin.comparisons.publishing": "Publishing"},
    "category": {"admin.categories.edit": "Details", "admin.categories.publishing": "Delete category"},
    "reviewer": {"admin.reviewers.edit": "Details", "admin.reviewers.publishing": "Retire or delete reviewer"},
}
MODELS: Mapping[str, Any] = {"tool": Tool, "panel": Tool, "price": Tool, "comparison": Comparison}


@dataclass(frozen=True)
class Tab:
    label: str
    url: str
    is_current: bool


@dataclass(frozen=True)
class FormLink:
    """The form that a public page is about."""

    name: str
    url: str


def record_tabs(kind: str, id: int) -> list[Tab]:
    """Return the tabs of a record's pages, with the history of its kind last."""
    pages = TABS.get(kind) or {record_editors()[kind].edit_endpoint: "Details"}
    tabs = [Tab(label, url_for(endpoint, id=id), endpoint == request.endpoint) for endpoint, label in pages.items()]
    history = url_for("admin.activity.history", kind=kind, id=id)
    return [*tabs, Tab("History", history, request.endpoint == "admin.activity.history")]


def record_state(kind: str, id: int) -> PublicationState | None:
    """Return whether readers see a record, None for one that is not published by itself. At most one statement."""
    row = db.session.get(MODELS[kind], id) if kind in MODELS else None
    return state_of(row.published_at, row.archived_at, now()) if row else None


def public_url(kind: str, slug: str, state: PublicationState | None) -> str:
    """Return the address of a record's public page, "" where readers do not see it or it has none."""
    if kind == "category":
        return url_for("categories.show", slug=slug)
    if kind == "reviewer":
        return url_for("reviewers.show", slug=slug)
    if state is not PublicationState.PUBLISHED:
        return ""
    if kind == "comparison":
        return url_for("comparisons.show", pair=slug)
    return f"{url_for('catalog.tool', slug=slug)}{'#pricing' if kind == 'price' else ''}"


def find_form_links(pages: Collection[str]) -> dict[str, list[FormLink]]:
    """Return the forms that public pages are about, by the address of the page. At most five statements.

    A comparison that nobody has written about leads to the forms of its tools.
    """
    slugs = {page: _slugs_of(page) for page in pages}
    tools = _tools_by_slug({slug for each in slugs.values() for slug in each})
    members = {page: [tools[slug] for slug in each] for page, each in slugs.items() if set(each) <= tools.keys()}
    keys = {page: members_key([id for id, _name in each]) for page, each in members.items() if len(each) > 1}
    comparisons = _comparisons_by_key(set(keys.values()))
    categories = _by_slug(Category, {slug for page in pages if (slug := _category_of(page))})
    reviewers = _by_slug(Reviewer, {slug for page in pages if (slug := _reviewer_of(page))})
    links: dict[str, list[FormLink]] = {}
    for page in pages:
        if id := comparisons.get(keys.get(page, "")):
            names = " vs ".join(name for _id, name in members[page])
            links[page] = [FormLink(names, url_for("admin.comparisons.edit", id=id))]
        elif members.get(page):
            links[page] = [FormLink(name, url_for("admin.tools.edit", id=id)) for id, name in members[page]]
        elif found := categories.get(_category_of(page)):
            links[page] = [FormLink(found[1], url_for("admin.categories.edit", id=found[0]))]
        elif found := reviewers.get(_reviewer_of(page)):
            links[page] = [FormLink(found[1], url_for("admin.reviewers.edit", id=found[0]))]
    return links


def _split(page: str) -> SplitResult:
    """Return the parts of an address that anybody may have written."""
    try:
        return urlsplit(page)
    except ValueError:
        return urlsplit("")


def _slugs_of(page: str) -> list[str]:
    """Return the slugs of the tools that a page is about: one, or those of a comparison."""
    parts = [part for part in _split(page).path.lower().split("/") if part]
    parts = parts[1:] if parts[:1] == ["embed"] else parts
    if len(parts) < 2 or parts[0] not in {"tools", "compare"}:
        return []
    return parts[1].split(JOINT) if parts[0] == "compare" else [parts[1]]


def _category_of(page: str) -> str:
    address = _split(page)
    parts = [part for part in address.path.split("/") if part]
    if parts[:1] == ["categories"] and len(parts) > 1:
        return parts[1]
    return parse_qs(address.query).get("category", [""])[0].replace("\0", "") if parts == ["tools"] else ""


def _reviewer_of(page: str) -> str:
    parts = [part for part in _split(page).path.split("/") if part]
    return parts[1] if parts[:1] == ["reviewers"] and len(parts) > 1 else ""


def _tools_by_slug(slugs: Collection[str]) -> dict[str, tuple[int, str]]:
    if not slugs:
        return {}
    rows = sa.select(ToolSlug.slug, Tool.id, Tool.name).join(ToolSlug.tool).where(ToolSlug.slug.in_(slugs))
    return {slug: (id, name) for slug, id, name in db.session.execute(rows.where(Tool.merged_into_id.is_(None)))}


def _comparisons_by_key(keys: Collection[str]) -> dict[str, int]:
    if not keys:
        return {}
    rows = sa.select(Comparison.members_key, Comparison.id).where(Comparison.members_key.in_(keys))
    return {key: id for key, id in db.session.execute(rows)}  # noqa: C416


def _by_slug(model: type[Category | Reviewer], slugs: Collection[str]) -> dict[str, tuple[int, str]]:
    if not slugs:
        return {}
    rows = db.session.execute(sa.select(model.slug, model.id, model.name).where(model.slug.in_(slugs)))
    return {slug: (id, name) for slug, id, name in rows}
