"""Behind the log-in: running the site. Every view states who may come in, and a test holds the URL map to it."""

from flask import Flask

from verdicts.web.admin import (
    catalogue,
    categories,
    comparisons,
    desk,
    digest,
    digest_items,
    digest_sending,
    entrance,
    gate,
    logos,
    merging,
    myself,
    panel_queues,
    panels,
    people,
    queues,
    reviewers,
    subscribers,
    tools,
    writing,
)

DOORS = (
    entrance,
    desk,
    tools,
    comparisons,
    categories,
    reviewers,
    writing,
    catalogue,
    merging,
    myself,
    people,
    logos,
    digest,
    digest_items,
    digest_sending,
    subscribers,
    queues,
    panel_queues,
    panels,
)


def init_app(app: Flask) -> None:
    for door in DOORS:
        app.register_blueprint(door.bp)
    app.add_template_global(gate.whoever_is_in, "admin_person")
    app.jinja_env.globals["has_history"] = frozenset(writing.EDITED_AT)
