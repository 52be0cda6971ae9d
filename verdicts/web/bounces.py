"""The webhook that mail providers post bounces and complaints to. Its address contains a secret."""

import hmac
import json
import logging

from flask import Blueprint, abort, jsonify, request
from flask.typing import ResponseReturnValue

from verdicts.digest import reports as delivery_reports
from verdicts.extensions import begin_write, db
from verdicts.newsletter import webhooks
from verdicts.newsletter.bounces import BounceReport
from verdicts.newsletter.hard_bounces import Effect
from verdicts.newsletter.tokens import reports_secret
from verdicts.web.clock import now
from verdicts.web.origin import allow_cross_origin

logger = logging.getLogger(__name__)

bp = Blueprint("bounces", __name__)

MAX_PAYLOAD_BYTES = 1024 * 1024
NO_JSON = "This takes a provider’s events as JSON."


@bp.post("/newsletter/bounces/<secret>")
@allow_cross_origin
def receive(secret: str) -> ResponseReturnValue:
    """Apply a provider's events to the subscriptions they are about. Events without a genuine token are ignored."""
    if not hmac.compare_digest(secret.encode(), reports_secret().encode()):
        abort(404)
    request.max_content_length = MAX_PAYLOAD_BYTES
    reports = _parse_reports()
    begin_write()
    effects = [delivery_reports.apply(report, now()) for report in reports]
    db.session.commit()
    return jsonify(reports=len(reports), ended=effects.count(Effect.ENDED))


def _parse_reports() -> list[BounceReport]:
    try:
        payload = json.loads(request.get_data())
        reports = list(webhooks.parse_events(payload))
    except (ValueError, RecursionError):
        abort(400, NO_JSON)
    if url := webhooks.find_sns_confirmation_url(payload):
        logger.warning("Amazon SNS asks to be confirmed; open this address once: %s", url)
    return reports
