"""Static files under URLs that change with their content, so that browsers may cache them for a year."""

import hashlib
from functools import lru_cache
from pathlib import Path

from flask import Flask, Response, current_app, request, url_for

from verdicts.extensions import compress

CACHE_FOREVER = "public, max-age=31536000, immutable"
CACHE_ONE_DAY = "public, max-age=86400"


def init_app(app: Flask) -> None:
    app.add_template_global(asset)
    app.after_request(set_cache_headers)


def asset(path: str) -> str:
    """Return the URL of a static file, with a hash of its content."""
    return url_for("static", filename=path, v=_content_hash(Path(current_app.static_folder or ""), path))


def set_cache_headers(response: Response) -> Response:
    if request.endpoint != "static" or response.status_code not in {200, 206, 304}:
        return response
    response.headers["Cache-Control"] = CACHE_FOREVER if "v" in request.args else CACHE_ONE_DAY
    return compress.after_request(response)


@lru_cache(maxsize=256)
def _content_hash(folder: Path, path: str) -> str:
    return hashlib.sha256((folder / path).read_bytes()).hexdigest()[:12]
