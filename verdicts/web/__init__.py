"""The web layer: a module of views for each feature package, and errors, headers and caching for all of them."""

from flask import Flask, request

from verdicts import extensions
from verdicts.web import (
    addresses,
    admin,
    alternatives,
    assets,
    bodies,
    bounces,
    canonical_paths,
    catalog,
    categories,
    comparisons,
    contact,
    digest,
    errors,
    feeds,
    formatting,
    headers,
    health,
    hosts,
    logos,
    logs,
    mailbox,
    metrics,
    newsletter,
    nul_bytes,
    origin,
    pages,
    pictures,
    preferences,
    price_doubts,
    rankings,
    reviewers,
    signatures,
    sitemaps,
    structured_data,
    voting,
)
from verdicts.web.origin import SAFE_METHODS


def init_app(app: Flask) -> None:
    """Register the blueprints, and what runs before and after every request."""
    logs.init_app(app)
    hosts.init_app(app)  # first, so that other hosts reach nothing else
    reading = (
        pages,
        catalog,
        categories,
        comparisons,
        rankings,
        reviewers,
        digest,
        feeds,
        sitemaps,
        pictures,
        logos,
        health,
        metrics,
    )
    for module in (*reading, alternatives, voting, price_doubts, contact, newsletter, preferences, bounces):
        app.register_blueprint(module.bp)
    mailbox.init_app(app)
    admin.init_app(app)
    for module in (
        signatures,
        nul_bytes,
        canonical_paths,
        origin,
        bodies,
        errors,
        addresses,
        assets,
        formatting,
        structured_data,
        headers,
    ):
        module.init_app(app)
    app.teardown_request(_end_reading)


def _end_reading(error: BaseException | None) -> None:
    if error is None and request.method in SAFE_METHODS:
        extensions.end_reading()
