"""What machines read before they read pages: the sitemap, robots.txt, llms.txt and the description of the search."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from flask import Blueprint, Response, abort, render_template, url_for
from flask.typing import ResponseReturnValue

from verdicts.catalog import categories, directory
from verdicts.catalog.queries import all_reviewers
from verdicts.comparisons import featured, indexable
from verdicts.comparisons.indexable import IndexablePage
from verdicts.digest import queries as digest
from verdicts.web.addresses import absolute, category_path, reviewer_path
from verdicts.web.caching import keep_in, public
from verdicts.web.clock import now
from verdicts.web.page_stores import StoreName
from verdicts.web.rankings import rankings_path
from verdicts.web.site_state import Source, depends_on

bp = Blueprint("sitemaps", __name__)

SITEMAP = "application/xml"
OPENSEARCH = "application/opensearchdescription+xml"
MAX_SHORT_NAME = 16  # characters, by OpenSearch 1.1
NO_PART = "The sitemap has no such part."
COMPARISONS_IN_LLMS = 20
STATIC_PAGES = (
    "pages.front",
    "catalog.index",
    "rankings.show",
    "reviewers.index",
    "pages.changes",
    "digest.archive",
    "pages.method",
    "pages.privacy",
    "contact.page",
)


@dataclass(frozen=True)
class SitemapUrl:
    address: str
    changed_on: date | None = None


@bp.get("/sitemap.xml")
@public
@depends_on(Source.CONTENT)
def index() -> ResponseReturnValue:
    counts = indexable.count_parts(now())
    parts = [url_for(".pages")]
    parts += [url_for(".tools", number=number) for number in numbers(counts.tools)]
    parts += [url_for(".alternatives", number=number) for number in numbers(counts.alternatives)]
    parts += [url_for(".curated", number=number) for number in numbers(counts.curated)]
    for slug, count in counts.categories:
        parts += [url_for(".pairs", slug=slug, number=number) for number in numbers(count)]
    return xml(render_template("sitemaps/index.xml", addresses=[absolute(part) for part in parts]))


@bp.get("/sitemap-pages.xml")
@public
@depends_on(Source.CONTENT)
def pages() -> ResponseReturnValue:
    urls = [SitemapUrl(absolute(url_for(endpoint))) for endpoint in STATIC_PAGES]
    kinds = categories.list_links(now())
    urls += [SitemapUrl(absolute(category_path(each.slug))) for each in kinds]
    urls += [SitemapUrl(absolute(rankings_path(each.slug))) for each in kinds]
    urls += [SitemapUrl(absolute(reviewer_path(each.slug))) for each in all_reviewers()]
    urls += [
        SitemapUrl(absolute(url_for("digest.edition", name=each.name)), each.drafted_at.date())
        for each in digest.list_archive()
    ]
    return render_part(urls)


@bp.get("/sitemap-tools-<int:number>.xml")
@public
@depends_on(Source.CONTENT)
def tools(number: int) -> ResponseReturnValue:
    return render_part(urls_of("catalog.tool", "slug", indexable.list_tools(existing(number), now())))


@bp.get("/sitemap-alternatives-<int:number>.xml")
@public
@depends_on(Source.CONTENT)
def alternatives(number: int) -> ResponseReturnValue:
    found = indexable.list_tools_with_alternatives(existing(number), now())
    return render_part(urls_of("alternatives.show", "slug", found))


@bp.get("/sitemap-comparisons-<int:number>.xml")
@public
@depends_on(Source.CONTENT)
def curated(number: int) -> ResponseReturnValue:
    return render_part(urls_of("comparisons.show", "pair", indexable.list_curated_pairs(existing(number), now())))


@bp.get("/sitemap-pairs-<slug>-<int:number>.xml")
@public
@depends_on(Source.CONTENT)
def pairs(slug: str, number: int) -> ResponseReturnValue:
    return render_part(urls_of("comparisons.show", "pair", indexable.list_pairs(slug, existing(number), now())))


@bp.get("/robots.txt")
@public
@depends_on(Source.CONTENT)
def robots() -> ResponseReturnValue:
    return Response(render_template("sitemaps/robots.txt"), mimetype="text/plain")


@bp.get("/llms.txt")
@public
@depends_on(Source.CONTENT)
def llms() -> ResponseReturnValue:
    text = render_template(
        "sitemaps/llms.txt",
        categories=directory.count_by_category(now()),
        comparisons=featured.load(now(), COMPARISONS_IN_LLMS),
        absolute=absolute,
        category_path=category_path,
    )
    return Response(text, mimetype="text/plain")


@bp.get("/opensearch.xml")
@public
@depends_on(Source.CONTENT)
def opensearch() -> ResponseReturnValue:
    return xml(render_template("sitemaps/opensearch.xml", max_short_name=MAX_SHORT_NAME), OPENSEARCH)


def numbers(count: int) -> range:
    return range(1, count + 1)


def existing(number: int) -> int:
    """Return the number of a part that there may be. Answers 404 for the others, so that no query takes them."""
    if not 0 < number <= indexable.MAX_PARTS:
        abort(404, NO_PART)
    return number


def urls_of(endpoint: str, argument: str, found: Iterable[IndexablePage]) -> list[SitemapUrl]:
    return [
        SitemapUrl(absolute(url_for(endpoint, **{argument: each.slug})), each.changed_on)  # type: ignore[arg-type]
        for each in found
    ]


def render_part(urls: list[SitemapUrl]) -> Response:
    if not urls:
        abort(404, NO_PART)
    keep_in(StoreName.MADE_UP)  # large and seldom read: it should push out no page that people read
    return xml(render_template("sitemaps/part.xml", urls=urls))


def xml(text: str, mimetype: str = SITEMAP) -> Response:
    return Response(text, mimetype=mimetype)
