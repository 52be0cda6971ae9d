"""The door for mail providers: what bounced and who complained, as JSON, at an address that holds a secret."""

import hmac
import json
import logging

from flask import Blueprint, abort, jsonify, request
from flask.typing import ResponseReturnValue

from verdicts.extensions import begin_write, db
from verdicts.newsletter import providers, reports
from verdicts.newsletter.reports import Report
from verdicts.newsletter.tokens import reports_secret
from verdicts.web.clock import now
from verdicts.web.origin import allow_cross_origin

logger = logging.getLogger(__name__)

bp = Blueprint("bounces", __name__)

LARGEST_BATCH = 1024 * 1024
NO_JSON = "This takes a provider’s events as JSON."


@bp.post("/newsletter/bounces/<secret>")
@allow_cross_origin
def take(secret: str) -> ResponseReturnValue:
    """Act on a provider's events; those that name nobody by a genuine token of ours are ignored."""
    if not hmac.compare_digest(secret.encode(), reports_secret().encode()):
        abort(404)
    request.max_content_length = LARGEST_BATCH
    found = _reports()
    begin_write()
    ended = [reports.act_on(report, now()) for report in found].count(True)
    db.session.commit()
    return jsonify(reports=len(found), ended=ended)


def _reports() -> list[Report]:
    try:
        payload = json.loads(request.get_data())
        found = list(providers.read(payload))
    except (ValueError, RecursionError):
        abort(400, NO_JSON)
    if url := providers.subscribe_url(payload):
        logger.warning("Amazon SNS asks to be confirmed; open this address once: %s", url)
    return found
