"""What pages say to machines in JSON-LD, by the words of schema.org: nothing that the page does not show.

The block is data, which no browser executes, so the content security policy allows it.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from flask import Flask, url_for
from jinja2.utils import htmlsafe_json_dumps
from markupsafe import Markup

from verdicts.catalog import markdown
from verdicts.catalog.kinds import PriceModel, ReviewerKind, Verdict
from verdicts.catalog.prices import Price
from verdicts.catalog.reviews import Panel, PanelReview, ReviewerSummary
from verdicts.catalog.summaries import CategoryLink, ToolLink
from verdicts.comparisons.queries import ComparisonPage
from verdicts.comparisons.tool_table import ToolRow
from verdicts.voting.community import Community
from verdicts.web.addresses import absolute, category_path, path_to, reviewer_path

Data = dict[str, object]
Crumb = tuple[str, str]  # a page's name and path
ANY_CURRENCY = "USD"  # schema.org asks for one beside a price of 0


def init_app(app: Flask) -> None:
    app.jinja_env.globals.update(
        json_ld=json_ld,
        tool_data=tool_data,
        category_data=category_data,
        alternatives_data=alternatives_data,
        reviewer_data=reviewer_data,
        comparison_data=comparison_data,
        tools_data=tools_data,
        rankings_data=rankings_data,
    )


def json_ld(items: Sequence[Data]) -> Markup:
    """Return a block of data for a page's head. "<", ">" and "&" are written as JSON escapes, so no text can end it."""
    graph = htmlsafe_json_dumps({"@context": "https://schema.org", "@graph": items}, separators=(",", ":"))
    return Markup('<script type="application/ld+json">{}</script>').format(graph)


def tool_data(row: ToolRow) -> list[Data]:
    """Return what a tool's page is about."""
    tool = row.tool
    crumbs = [("Tools", url_for("catalog.index"))]
    if tool.category:
        crumbs.append((tool.category.name, category_path(tool.category.slug)))
    application: Data = {
        "@type": "SoftwareApplication",
        "name": tool.name,
        "url": absolute(tool_path(tool)),
        "description": tool.tagline,
        "applicationCategory": tool.category.name if tool.category else "",
        "sameAs": tool.website,
        "offers": offer(tool.price),
        "aggregateRating": aggregate_rating(row.community),
        "review": human_reviews(row.panel),
    }
    return [without_blanks(application), breadcrumbs([*crumbs, (tool.name, tool_path(tool))])]


def category_data(category: CategoryLink, tools: Iterable[ToolLink]) -> list[Data]:
    """Return what a category's page is about."""
    crumbs = [("Tools", url_for("catalog.index")), (category.name, category_path(category.slug))]
    return [breadcrumbs(crumbs), item_list(tools)]


def alternatives_data(tool: ToolLink, tools: Iterable[ToolLink]) -> list[Data]:
    """Return what the page of a tool's alternatives is about."""
    path = url_for("alternatives.show", slug=tool.slug)
    crumbs = [("Tools", url_for("catalog.index")), (tool.name, tool_path(tool)), ("Alternatives", path)]
    return [breadcrumbs(crumbs), item_list(tools)]


def reviewer_data(reviewer: ReviewerSummary) -> list[Data]:
    """Return what a reviewer's page is about."""
    crumbs = [("The panel", url_for("reviewers.index")), (reviewer.name, reviewer_path(reviewer.slug))]
    return [breadcrumbs(crumbs)]


def comparison_data(page: ComparisonPage) -> list[Data]:
    """Return what a comparison is about."""
    path = url_for("comparisons.show", pair=page.address)
    crumbs = [("Compare", url_for("comparisons.pick")), (" vs ".join(page.names), path)]
    return [breadcrumbs(crumbs), item_list([each.tool for each in page.tools])]


def rankings_data(category: CategoryLink | None, tools: Iterable[ToolLink]) -> list[Data]:
    """Return what the rankings of all tools or of a category are about: the list is the panel's."""
    crumbs = [("Rankings", url_for("rankings.show"))]
    if category:
        crumbs.append((category.name, url_for("rankings.show", category=category.slug)))
    return [breadcrumbs(crumbs), item_list(tools)]


def tools_data(tools: Iterable[ToolLink]) -> list[Data]:
    """Return what a list of tools is about."""
    return [item_list(tools)]


def tool_path(tool: ToolLink) -> str:
    return path_to("catalog.tool", slug=tool.slug)


def breadcrumbs(crumbs: Sequence[Crumb]) -> Data:
    """Return the way from the front page to a page, which is the last crumb."""
    steps = [("Home", url_for("pages.front")), *crumbs]
    return {"@type": "BreadcrumbList", "itemListElement": numbered(steps, "item")}


def item_list(tools: Iterable[ToolLink]) -> Data:
    steps = [(tool.name, tool_path(tool)) for tool in tools]
    return {"@type": "ItemList", "numberOfItems": len(steps), "itemListElement": numbered(steps, "url")}


def numbered(steps: Iterable[Crumb], address: str) -> list[Data]:
    return [
        {"@type": "ListItem", "position": position, "name": name, address: absolute(path)}
        for position, (name, path) in enumerate(steps, start=1)
    ]


def offer(price: Price) -> Data | None:
    """Return the entry price, where there is an amount. A price to ask for is no offer."""
    if price.model in {PriceModel.FREE, PriceModel.FREEMIUM}:
        return {"@type": "Offer", "price": "0", "priceCurrency": price.currency or ANY_CURRENCY}
    if price.model is not PriceModel.PAID or price.amount is None or not price.currency:
        return None
    return {"@type": "Offer", "price": plain_decimal(price.amount), "priceCurrency": price.currency}


def plain_decimal(amount: Decimal) -> str:
    return f"{amount:f}"


def aggregate_rating(community: Community) -> Data | None:
    """Return the readers' share of SHIP in per cent, where there are votes enough for one."""
    if community.percent is None:
        return None
    scale = {"worstRating": 0, "bestRating": 100}
    return {"@type": "AggregateRating", "ratingValue": community.percent, "ratingCount": community.counted, **scale}


def human_reviews(panel: Panel) -> list[Data]:
    """Return the reviews by humans. Other voices are no reviews of a person, whatever they are labelled."""
    return [review(each) for each in panel.reviews if each.reviewer.kind is ReviewerKind.HUMAN]


def review(review: PanelReview) -> Data:
    rating = int(review.verdict is Verdict.SHIP)
    return without_blanks(
        {
            "@type": "Review",
            "author": {"@type": "Person", "name": review.reviewer.name},
            "name": review.verdict.upper(),
            "reviewBody": markdown.plain_text(review.quote),
            "reviewRating": {"@type": "Rating", "ratingValue": rating, "worstRating": 0, "bestRating": 1},
            "datePublished": review.reviewed_on.isoformat() if review.reviewed_on else "",
        }
    )


def without_blanks(data: Mapping[str, object]) -> Data:
    """Return what is known: schema.org has no words for nothing."""
    return {name: value for name, value in data.items() if value not in (None, "", [])}
