"""Counting page views and searches that found nothing: of people's browsers alone, in memory, stored now and then."""

import logging
import re
import threading
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from flask import Flask, request

from verdicts.extensions import TRANSIENT_ERRORS, db
from verdicts.traffic import searches, storing
from verdicts.traffic.gathering import Gatherer
from verdicts.traffic.models import MAX_REFERRER_LENGTH
from verdicts.web.clock import today
from verdicts.web.hosts import is_trusted

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

logger = logging.getLogger(__name__)

STORE_EVERY_SECONDS = 60.0
STOP_SECONDS = 5.0  # for what is being stored when a worker stops

_EXTENSION = "verdicts-traffic"
EMPTY_SEARCHES = "verdicts.empty_searches"
# A host of the public Internet: names of an intranet and numeric addresses may say who reads.
_HOST = re.compile(r"(?:[a-z0-9_-]{1,63}\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")
# What a crawler says of itself, and browsers of a page that they load in advance.
_AUTOMATIC = frozenset({"HTTP_FROM", "HTTP_SEC_PURPOSE", "HTTP_PURPOSE", "HTTP_X_PURPOSE", "HTTP_X_MOZ"})


class TrafficRecorder:
    """Gathers one process's counts, and has a thread that stores them: no request waits for the database.

    What cannot be stored is counted again for the next time. A process that is killed loses what it has gathered since
    the last time, STORE_EVERY_SECONDS at most; one that is stopped stores it first.
    """

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._own_hosts: tuple[str, ...] = app.config["SETTINGS"].trusted_hosts
        self._gatherer = Gatherer()
        self._stopping = threading.Event()
        self._storing = threading.Lock()
        self._thread: threading.Thread | None = None
        self._was_away = False

    def count(self, path: str, empty_search: str | None, environ: "WSGIEnvironment") -> None:
        """Count that a page is being sent, and that it is of a search that found nothing."""
        if is_automatic(environ):
            return
        if is_navigation(environ):
            self._gatherer.add_view(today(), path, referring_host(environ.get("HTTP_REFERER", ""), self._own_hosts))
        elif environ.get("HTTP_HX_REQUEST") != "true":
            return
        if empty_search:
            self._gatherer.add_search(today(), empty_search)

    def store(self) -> None:
        """Store what has been gathered; where the database cannot take it, keep it for the next time."""
        with self._storing:
            batch = self._gatherer.take()
            if not batch:
                return
            try:
                with self._app.app_context():
                    # Not begin_write(): this thread serves nobody, so it takes nobody's turn to wait.
                    db.session.connection(execution_options={"sqlite_begin": "IMMEDIATE"})
                    storing.store(batch)
                    db.session.commit()
                self._was_away = False
            except TRANSIENT_ERRORS as error:
                self._gatherer.put_back(batch)
                if not self._was_away:
                    logger.warning("page views cannot be stored; they are kept in memory: %s", type(error).__name__)
                self._was_away = True
            except Exception:  # it would fail again each minute, with all that comes after it
                logger.exception("page views could not be stored, and are lost")

    def start(self) -> None:
        """Store every STORE_EVERY_SECONDS from now on. Call it in the process that serves: threads are not forked."""
        self._thread = threading.Thread(target=self._run, name="traffic", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Store a last time, and end the thread. Does nothing in a process that has not started one.

        gunicorn's parent calls it too, for a worker that is gone; the next workers are copies of the parent.
        """
        if self._thread:
            self._stopping.set()
            self._thread.join(STOP_SECONDS)

    def _run(self) -> None:
        while not self._stopping.wait(STORE_EVERY_SECONDS):
            self.store()
        self.store()


def create_recorder(app: Flask) -> TrafficRecorder:
    recorder = app.extensions[_EXTENSION] = TrafficRecorder(app)
    return recorder


def recorder_of(app: Flask) -> TrafficRecorder:
    recorder: TrafficRecorder = app.extensions[_EXTENSION]
    return recorder


def note_empty_search(text: str) -> None:
    """Say that the page of the current request is that of a search that found nothing."""
    if normalised := searches.normalise(text):
        request.environ.get(EMPTY_SEARCHES, []).append(normalised)


def is_automatic(environ: "WSGIEnvironment") -> bool:
    """Say whether a program has sent a request by itself: a crawler, or a browser that loads a page in advance.

    A crawler should say whose it is in `From` (RFC 9110, section 10.1.2).
    """
    return not _AUTOMATIC.isdisjoint(environ)


def is_navigation(environ: "WSGIEnvironment") -> bool:
    """Say whether a browser loads a page to show it: by Fetch Metadata, or over plain HTTP and from old browsers, by
    the header that asks for HTTPS. Most crawlers send neither, so nobody's agent needs to be read.
    """
    mode: str | None = environ.get("HTTP_SEC_FETCH_MODE")
    if mode is None:
        return bool(environ.get("HTTP_UPGRADE_INSECURE_REQUESTS") == "1")
    return mode == "navigate" and bool(environ.get("HTTP_SEC_FETCH_DEST", "document") == "document")


def referring_host(referrer: str, own_hosts: tuple[str, ...]) -> str:
    """Return the name of the other site's host that a Referer header names, or ""."""
    if not referrer:
        return ""
    try:
        return _site_name(urlsplit(referrer).hostname or "", own_hosts)
    except ValueError:
        return ""


@lru_cache(maxsize=1024)
def _site_name(host: str, own_hosts: tuple[str, ...]) -> str:
    name = host.removeprefix("www.")
    is_public = len(name) <= MAX_REFERRER_LENGTH and _HOST.fullmatch(name)
    is_own = is_trusted(host, own_hosts) or is_trusted(name, own_hosts)
    return name if is_public and not is_own else ""
