"""The webhook that mail providers post bounces and complaints to. Its address contains a secret."""

import json
import logging
from collections.abc import Sequence
from contextlib import suppress

from flask import Blueprint, abort, jsonify, request
from flask.typing import ResponseReturnValue

from verdicts.config import current_settings
from verdicts.digest import reports as delivery_reports
from verdicts.extensions import begin_write, db
from verdicts.newsletter import not_understood, webhooks
from verdicts.newsletter.hard_bounces import Effect
from verdicts.newsletter.tokens import reports_secret
from verdicts.newsletter.webhooks import Events
from verdicts.secret_values import is_same
from verdicts.web.bodies import reads_body_itself
from verdicts.web.clock import now
from verdicts.web.origin import allow_cross_origin

logger = logging.getLogger(__name__)

bp = Blueprint("bounces", __name__)

MAX_PAYLOAD_BYTES = 1024 * 1024
NO_JSON = "This takes a provider’s events as JSON."


@bp.post("/newsletter/bounces/<secret>")
@allow_cross_origin
@reads_body_itself
def receive(secret: str) -> ResponseReturnValue:
    """Apply a provider's events to the subscriptions they are about. What is not understood is kept for an operator."""
    if not is_same(secret, reports_secret()):
        abort(404)
    request.max_content_length = MAX_PAYLOAD_BYTES
    events = _parse_events()
    _keep_not_understood(events.not_understood)
    begin_write()
    effects = [delivery_reports.apply(report, now()) for report in events.reports]
    db.session.commit()
    return jsonify(reports=len(events.reports), ended=effects.count(Effect.ENDED))


def _parse_events() -> Events:
    try:
        payload = json.loads(request.get_data())
        events = webhooks.parse_events(payload)
    except (ValueError, RecursionError):
        abort(400, NO_JSON)
    if url := webhooks.find_sns_confirmation_url(payload):
        logger.warning("Amazon SNS asks to be confirmed; open this address once: %s", url)
    return events


def _keep_not_understood(events: Sequence[object]) -> None:
    if not events:
        return
    folder = not_understood.folder_path(current_settings())
    logger.warning("%d events of a mail provider were not understood: look at them in %s", len(events), folder)
    with suppress(OSError):  # a full disk must not make the provider send them again
        not_understood.keep(folder, json.dumps(events, indent=1).encode(), ".json", now())
