"""Static files under addresses that change with their content, so that browsers may keep them for a year."""

import hashlib
from functools import lru_cache
from pathlib import Path

from flask import Flask, Response, current_app, request, url_for

from verdicts.extensions import compress

FOR_EVER = "public, max-age=31536000, immutable"
FOR_A_DAY = "public, max-age=86400"


def init_app(app: Flask) -> None:
    app.add_template_global(asset)
    app.after_request(let_browsers_keep_it)


def asset(path: str) -> str:
    """Return the address of a static file, with a digest of its content."""
    return url_for("static", filename=path, v=_digest(Path(current_app.static_folder or ""), path))


def let_browsers_keep_it(response: Response) -> Response:
    if request.endpoint != "static" or response.status_code not in {200, 206, 304}:
        return response
    response.headers["Cache-Control"] = FOR_EVER if "v" in request.args else FOR_A_DAY
    return compress.after_request(response)


@lru_cache(maxsize=256)
def _digest(folder: Path, path: str) -> str:
    return hashlib.sha256((folder / path).read_bytes()).hexdigest()[:12]
