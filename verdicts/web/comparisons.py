"""The comparison door: any two to four tools side by side, and the picker that leads there."""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from verdicts.catalog import directory
from verdicts.comparisons import address, featured, queries
from verdicts.comparisons.address import AddressFault
from verdicts.comparisons.queries import ToolsNotFound
from verdicts.comparisons.reading import read
from verdicts.comparisons.wording import listed
from verdicts.web.caching import public
from verdicts.web.clock import now, today
from verdicts.web.errors import render_error

bp = Blueprint("comparisons", __name__)


@bp.get("/compare/<pair>")
@public
def compare(pair: str) -> ResponseReturnValue:
    try:
        found = queries.find(address.parse(pair), now())
    except ToolsNotFound as error:
        unknown = listed([f"“{slug}”" for slug in error.slugs])
        return render_error(404, f"We know no tool called {unknown}.", search=error.slugs[0].replace("-", " "))
    except AddressFault as error:
        return render_error(400, str(error))
    canonical = address.canonical([named.card.slug for named in found])
    if canonical != pair:
        return redirect(url_for("comparisons.compare", pair=canonical), 301)
    comparison = queries.load(found, now())
    return render_template(
        "comparisons/page.html",
        comparison=comparison,
        facts=comparison.facts,
        reading=read(comparison, today()),
    )


def chose_one_twice(slugs: list[str]) -> bool:
    return len(slugs) == 1 and len(request.args.getlist("tool")) > 1 and request.args.get("more") != "1"


@bp.get("/compare")
@public
def pick() -> ResponseReturnValue:
    slugs = list(dict.fromkeys(slug for slug in request.args.getlist("tool") if slug))
    problem = "A comparison needs two different tools; you chose one twice." if chose_one_twice(slugs) else ""
    if len(slugs) >= address.FEWEST and request.args.get("more") != "1":
        if len(slugs) <= address.MOST:
            return redirect(url_for("comparisons.compare", pair=address.canonical(slugs)), 302)
        problem = f"A comparison holds {address.MOST} tools at most; you chose {len(slugs)}."
    return render_template(
        "comparisons/picker.html",
        groups=directory.by_category(now()),
        chosen=slugs[: address.MOST],
        problem=problem,
        popular=featured.load(now(), most=6),
    )
