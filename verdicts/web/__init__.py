"""The web floor: one door a room, plus errors, headers and caching. It only translates."""

from flask import Flask

from verdicts.web import (
    addresses,
    admin,
    assets,
    bounces,
    catalog,
    comparisons,
    contact,
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
    price_doubts,
    voting,
)


def init_app(app: Flask) -> None:
    """Open the doors, and stand guard before and behind them."""
    rooms = (
        pages,
        catalog,
        comparisons,
        voting,
        price_doubts,
        contact,
        newsletter,
        preferences,
        bounces,
        digest,
        logos,
    )
    for door in (*rooms, health):
        app.register_blueprint(door.bp)
    mailbox.init_app(app)
    admin.init_app(app)
    for guard in (addresses, origin, errors, assets, formatting, headers):
        guard.init_app(app)
