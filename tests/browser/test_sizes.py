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


def test_scripts_are_loaded_only_where_there_is_a_ballot_or_a_sign_up(reader: Reader) -> None:
    for kind, path in GOOD.items():
        page = reader.opens(path)
        ballot, signup = page.locator("form.ballot").count() > 0, page.locator("form.signup").count() > 0
        loaded = {str(each.get_attribute("src")).partition("?")[0] for each in page.locator("script").all()}
        wanted = [
            ("ballots.js", ballot),
            ("signup.js", signup),
            ("htmx", ballot or signup),
        ]
        for name, is_wanted in wanted:
            assert any(name in each for each in loaded) == is_wanted, (kind, name)
        assert len(loaded) == sum(is_wanted for _, is_wanted in wanted), kind
