"""Plain http on a host that is not localhost: no Sec-Fetch-Site, no Secure cookies, still one voter."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.browser.conftest import HOST
from tests.browser.reader import Reader
from tests.browser.site import Site, Tally, serving


@pytest.fixture(scope="module")
def plain_site(sample_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with serving(sample_database, tmp_path_factory.mktemp("plain-site"), host=HOST) as site:
        yield site


def test_many_votes_on_plain_http_are_one_voters(new_reader: Callable[..., Reader], plain_site: Site) -> None:
    is_one_voter(new_reader(at=plain_site), plain_site, "cursor")
    is_one_voter(new_reader(at=plain_site, java_script_enabled=False), plain_site, "aider")


def is_one_voter(reader: Reader, plain_site: Site, slug: str) -> None:
    before = plain_site.tally(slug)
    sent: list[str] = []
    reader.expects("Cross-Origin-Opener-Policy header has been ignored")  # Chromium wants https for it
    reader.page.on("request", lambda request: sent.extend(request.headers) if request.method == "POST" else None)
    for said in ("ship", "skip", "ship"):
        reader.opens(f"/tools/{slug}")
        getattr(reader.ballot(slug), said).click()
        reader.ballot(slug).says(f"Your vote: {said.upper()}")
    assert "sec-fetch-site" not in sent
    assert plain_site.tally(slug) == Tally(before.ship + 1, before.skip, 0)
    assert reader.statuses.count(307) == 1
    assert not reader.cookies()["voter"]["secure"]
