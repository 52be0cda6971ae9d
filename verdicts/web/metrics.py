"""`/metrics` for Prometheus, with METRICS_TOKEN. Without that setting the address does not exist."""

from flask import Blueprint, Response, abort, current_app, request
from flask.typing import ResponseReturnValue

from verdicts.config import current_settings
from verdicts.secret_values import is_same
from verdicts.web import metric_counts
from verdicts.web.clock import now

bp = Blueprint("metrics", __name__)


@bp.get("/metrics")
def metrics() -> ResponseReturnValue:
    counts, token = metric_counts.counts_of(current_app), current_settings().metrics_token
    if counts is None or token is None:
        abort(404)
    scheme, _, submitted = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not is_same(submitted.strip(), token):
        return Response("METRICS_TOKEN is wanted.\n", 401, {"WWW-Authenticate": "Bearer"}, mimetype="text/plain")
    from verdicts.web import exposition  # it needs prometheus-client, which other installations do without

    return Response(exposition.render(counts, now()), content_type=exposition.CONTENT_TYPE)
