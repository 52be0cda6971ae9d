"""The content version, which caches key on."""

from flask import Flask

from verdicts.catalog.content_version import bump_content_version, content_version
from verdicts.extensions import db


def test_each_publication_makes_the_content_version_grow(app: Flask) -> None:
    before = content_version()
    bump_content_version()
    bump_content_version()
    assert content_version() == before + 2


def test_the_content_version_grows_only_with_its_transaction(app: Flask) -> None:
    before = content_version()
    bump_content_version()
    db.session.rollback()
    assert content_version() == before
