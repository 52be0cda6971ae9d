"""The logos of tools. The address of a picture holds its digest, so what it shows never changes."""

import re

from flask import Blueprint, Response, abort, request
from flask.typing import ResponseReturnValue

from verdicts.catalog import logos
from verdicts.web.assets import CACHE_FOREVER

bp = Blueprint("logos", __name__)

DIGEST = re.compile(r"[0-9a-f]{64}")


@bp.get("/logos/<digest>.png")
def image(digest: str) -> ResponseReturnValue:
    png = logos.find_image(digest) if DIGEST.fullmatch(digest) else None
    if png is None:
        abort(404, "There is no logo at this address. Its tool may have another one by now.")
    response = Response(png, mimetype="image/png", headers={"Cache-Control": CACHE_FOREVER})
    response.set_etag(digest)
    return response.make_conditional(request)
