"""What a reader's browser has to load."""

import gzip

from tests.browser.pages import GOOD
from tests.browser.reader import Reader
from verdicts.config import CHECKOUT

MOST_CSS = 30 * 1024
MOST_JAVASCRIPT = 20 * 1024


def compressed(pattern: str) -> int:
    return sum(len(gzip.compress(file.read_bytes())) for file in (CHECKOUT / "static").glob(pattern))


def test_all_style_sheets_together_stay_small() -> None:
    assert 0 < compressed("css/*.css") < MOST_CSS


def test_all_scripts_together_stay_small() -> None:
    assert 0 < compressed("js/*.js") + compressed("vendor/*.js") < MOST_JAVASCRIPT


def test_scripts_are_loaded_only_where_there_is_a_ballot(reader: Reader) -> None:
    with_ballot = {"comparison of two", "comparison of three", "comparison of four", "my ballot"}
    for kind, path in GOOD.items():
        scripts = reader.opens(path).locator("script").count()
        assert scripts == (2 if kind in with_ballot or kind.startswith("tool") else 0), kind
