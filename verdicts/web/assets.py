"""Static files and stylesheets under URLs that change with their content, which browsers may cache for a year."""

import hashlib
import os
import re
import time
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from pathlib import Path

from flask import Blueprint, Flask, Response, abort, current_app, request

from verdicts.extensions import compress

CACHE_FOREVER = "public, max-age=31536000, immutable"
CACHE_ONE_DAY = "public, max-age=86400"
# For a version that is not the one here: a page of the release before or after may ask for it during an upgrade.
REVALIDATE = "public, no-cache"
BUNDLES = ("public", "admin")

_IMPORT = re.compile(r'^@import "([^"]+)";\n', re.MULTILINE)
_URL = re.compile(r'(?<=url\(")\.\./([^"]+)(?="\))')
_COMMENT_OR_INDENT = re.compile(r"/\*.*?\*/\s*|(?<=\n)\s+", re.DOTALL)

bp = Blueprint("assets", __name__)


@dataclass(frozen=True)
class Stylesheet:
    """The stylesheets that one of static/css/bundles imports, as one text. `sources` says when each was changed."""

    text: str
    version: str
    sources: tuple[tuple[str, int], ...]

    @property
    def is_current(self) -> bool:
        return all(_changed_at(file) == changed_at for file, changed_at in self.sources)


_stylesheets: dict[tuple[str, str], Stylesheet] = {}


def init_app(app: Flask) -> None:
    app.register_blueprint(bp)
    app.add_template_global(asset)
    app.add_template_global(stylesheet_url)
    app.after_request(set_cache_headers)


def asset(path: str) -> str:
    """Return the URL of a static file, with a hash of its content."""
    return _url_now(path, _static_folder(), int(time.time()))


def stylesheet_url(name: str) -> str:
    """Return the URL of a bundle of stylesheets, with a hash of its content."""
    return f"/assets/{name}.css?v={_stylesheet_version_now(name, _static_folder(), int(time.time()))}"


def find_stylesheet(name: str) -> Stylesheet:
    """Return a bundle, which is built in memory when it is first asked for and when a source has changed since."""
    key = (_static_folder(), name)
    built = _stylesheets.get(key)
    if built is None or not built.is_current:
        built = _stylesheets[key] = _build_stylesheet(Path(key[0]) / "css", name)
    return built


@bp.get("/assets/<name>.css")
def stylesheet(name: str) -> Response:
    if name not in BUNDLES:
        abort(404)
    built = find_stylesheet(name)
    response = Response(built.text, mimetype="text/css")
    response.set_etag(built.version)
    response.headers["Cache-Control"] = _cache_control(built.version)
    response.make_conditional(request)
    return compress.after_request(response)


def set_cache_headers(response: Response) -> Response:
    if request.endpoint != "static" or response.status_code not in {200, 206, 304}:
        return response
    response.headers["Cache-Control"] = _cache_control(_version((request.view_args or {})["filename"]))
    return compress.after_request(response)


def _cache_control(version: str) -> str:
    asked_for = request.args.get("v")
    if asked_for is None:
        return CACHE_ONE_DAY
    return CACHE_FOREVER if asked_for == version else REVALIDATE


def _build_stylesheet(folder: Path, name: str) -> Stylesheet:
    files = _files_of(folder / "bundles" / f"{name}.css")
    sources = tuple((str(file), _changed_at(file)) for file in files)
    text = "".join(_IMPORT.sub("", file.read_text()) for file in files)
    text = _URL.sub(lambda url: asset(url[1]), _COMMENT_OR_INDENT.sub("", text))
    return Stylesheet(text, _hash(text.encode()), sources)


def _files_of(file: Path) -> list[Path]:
    """Return a stylesheet's file after those that it imports."""
    imported = (file.parent / path for path in _IMPORT.findall(file.read_text()))
    return [*chain.from_iterable(map(_files_of, imported)), file]


# Files are looked at once a second: a page names a dozen, and a stylesheet has two dozen sources.
@lru_cache(maxsize=256)
def _url_now(path: str, _folder: str, _second: int) -> str:
    return f"{current_app.static_url_path}/{path}?v={_version(path)}"


@lru_cache(maxsize=8)
def _stylesheet_version_now(name: str, _folder: str, _second: int) -> str:
    return find_stylesheet(name).version


def _version(path: str) -> str:
    file = f"{_static_folder()}/{path}"
    return _file_hash(file, _changed_at(file))


def _static_folder() -> str:
    return current_app.static_folder or ""


def _changed_at(file: str | Path) -> int:
    return os.stat(file).st_mtime_ns


@lru_cache(maxsize=256)
def _file_hash(file: str, _changed_at: int) -> str:
    return _hash(Path(file).read_bytes())


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:8]
