"""The button "Price wrong?", which needs no cookie."""

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from verdicts.catalog import queries as catalog
from verdicts.catalog.kinds import PriceModel
from verdicts.extensions import begin_write, db, limiter
from verdicts.feedback import price_doubts
from verdicts.voting.networks import network_hash
from verdicts.web import limits
from verdicts.web.catalog import NO_TOOL, link_or_404
from verdicts.web.clock import now
from verdicts.web.htmx import wants_fragment

bp = Blueprint("price_doubts", __name__)

NO_PRICE = "Nobody has found out yet what this tool costs, so there is no price to doubt."


@bp.post("/tools/<slug>/price-doubt")
@limiter.limit(limits.PER_NETWORK_LIMIT, key_func=limits.network_key)
def doubt(slug: str) -> ResponseReturnValue:
    begin_write()
    moment = now()
    tool = catalog.find_published(slug, moment) or abort(404, NO_TOOL)
    if tool.price.model is PriceModel.UNKNOWN:
        abort(404, NO_PRICE)
    if not catalog.lock_existing([tool.id]):
        abort(404, NO_TOOL)
    price_doubts.add(
        tool.id, network=network_hash(db.session.connection(), request.remote_addr or "", moment), now=moment
    )
    db.session.commit()
    if wants_fragment():
        return render_template("feedback/_doubted.html", slug=tool.slug)
    return redirect(url_for(".doubted", slug=tool.slug), 303)


@bp.get("/tools/<slug>/price-doubt")
def doubted(slug: str) -> ResponseReturnValue:
    """Say thank you where there is no JavaScript. The page is the same for everybody."""
    tool = link_or_404(slug)
    return render_template("feedback/doubted.html", tool=tool)
