"""The web floor: one door a room, plus errors, headers and caching. It only translates."""

from flask import Flask

from verdicts.web import (
    addresses,
    admin,
    assets,
    bounces,
    catalog,
    comparisons,
    digest,
    errors,
    formatting,
    headers,
    health,
    logos,
    mailbox,
    newsletter,
    origin,
    pages,
    preferences,
    voting,
)


def init_app(app: Flask) -> None:
    """Open the doors, and stand guard before and behind them."""
    for door in (pages, catalog, comparisons, voting, newsletter, preferences, bounces, digest, logos, health):
        app.register_blueprint(door.bp)
    mailbox.init_app(app)
    admin.init_app(app)
    for guard in (addresses, origin, errors, assets, formatting, headers):
        guard.init_app(app)
