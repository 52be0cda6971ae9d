"""What a browser has to load: a reader's, and behind the log-in an editor's."""

import gzip

from tests.browser.pages import GOOD
from tests.browser.reader import Reader
from verdicts.config import CHECKOUT

MAX_READERS_CSS = 30 * 1024
MAX_EDITORS_CSS = 8 * 1024  # all that only pages behind the log-in load
EDITORS_CSS = tuple(f"css/{name}.css" for name in ("admin", "digest-admin", "editing", "traffic"))
MAX_READERS_SCRIPTS = 20 * 1024
MAX_EDITORS_SCRIPTS = 8 * 1024  # all that only pages behind the log-in load
READERS_SCRIPTS = ("vendor/*.js", "js/ballots.js", "js/edit_links.js", "js/share.js", "js/signup.js")


def compressed(*patterns: str) -> int:
    files = {file for pattern in patterns for file in (CHECKOUT / "static").glob(pattern)}
    return sum(len(gzip.compress(file.read_bytes())) for file in files)


def test_all_style_sheets_that_a_reader_may_load_stay_small_together() -> None:
    assert 0 < compressed("css/*.css") - compressed(*EDITORS_CSS) < MAX_READERS_CSS


def test_the_style_sheets_behind_the_log_in_stay_small_together() -> None:
    assert 0 < compressed(*EDITORS_CSS) < MAX_EDITORS_CSS


def test_all_scripts_that_a_reader_may_load_stay_small_together() -> None:
    assert 0 < compressed(*READERS_SCRIPTS) < MAX_READERS_SCRIPTS


def test_the_scripts_behind_the_log_in_stay_small_together() -> None:
    assert 0 < compressed("js/*.js", *READERS_SCRIPTS) - compressed(*READERS_SCRIPTS) < MAX_EDITORS_SCRIPTS


def test_scripts_and_style_sheets_are_loaded_only_where_a_page_uses_them(reader: Reader) -> None:
    for kind, path in GOOD.items():
        page = reader.opens(path)
        (sheet,) = [str(each.get_attribute("href")) for each in page.locator("link[rel=stylesheet]").all()]
        assert sheet.startswith("/assets/public.css?"), kind
        ballot, signup = page.locator("form.ballot").count() > 0, page.locator("form.signup").count() > 0
        share, search = page.locator(".share-page").count() > 0, page.locator("form.finder, #q[hx-get]").count() > 0
        loaded = {str(each.get_attribute("src")).partition("?")[0] for each in page.locator("script[src]").all()}
        wanted = [
            ("ballots.js", ballot),
            ("edit_links.js", ballot or kind in {"category", "reviewer"}),
            ("share.js", share),
            ("signup.js", signup),
            ("htmx", ballot or signup or search),
        ]
        for name, is_wanted in wanted:
            assert any(name in each for each in loaded) == is_wanted, (kind, name)
        assert len(loaded) == sum(is_wanted for _, is_wanted in wanted), kind
