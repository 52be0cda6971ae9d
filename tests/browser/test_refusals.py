"""A vote that is not counted says so beside the ballot, keeps the choice, and can be sent again."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserType, expect

from tests.browser.conftest import LONGEST_WAIT_MS, WHOLE_CHROMIUM_NAMES, find_chromium
from tests.browser.reader import Reader, new_network
from tests.browser.site import Site, Tally

MORE_THAN_TWO_WORKERS_TAKE = 2 * 10 + 1


def test_when_the_site_is_away_the_choice_is_kept_and_the_retry_works(reader: Reader, site: Site) -> None:
    before = site.tally("llama-cpp")
    reader.expects("ERR_INTERNET_DISCONNECTED", "htmx:error")
    reader.opens("/tools/llama-cpp")
    ballot = reader.ballot("llama-cpp")
    reader.context.set_offline(True)
    for _ in range(2):  # still away at the first retry
        (ballot.skip if ballot.notice.count() == 0 else ballot.form.get_by_role("button", name="try again")).click()
        expect(ballot.notice).to_have_text("Not counted. We couldn’t reach the site. Your choice is kept: try again.")
        expect(ballot.skip).to_be_focused()
    ballot.shows(before.ship, before.skip)

    reader.context.set_offline(False)
    ballot.form.get_by_role("button", name="try again").click()
    ballot.says("Your vote: SKIP")
    expect(ballot.notice).to_have_count(0)
    expect(ballot.skip).to_be_focused()
    assert site.tally("llama-cpp") == Tally(before.ship, before.skip + 1, 0)


def test_when_the_database_is_locked_the_notice_offers_the_same_vote_again(reader: Reader, site: Site) -> None:
    before = site.tally("langchain")
    reader.expects("status of 503")
    reader.opens("/tools/langchain")
    ballot = reader.ballot("langchain")
    with site.locked():
        ballot.ship.click()
        expect(ballot.notice).to_contain_text("Not counted.", timeout=20_000)
    expect(ballot.notice).to_contain_text("Your choice is kept: try SHIP again in 2 seconds.")
    ballot.shows(before.ship, before.skip)
    ballot.form.get_by_role("button", name="try SHIP again").click()
    ballot.says("Your vote: SHIP")
    expect(ballot.notice).to_have_count(0)
    expect(ballot.ship).to_be_focused()
    assert site.tally("langchain") == Tally(before.ship + 1, before.skip, 0)


def vote_often(reader: Reader, slug: str) -> None:
    """Send as many ballots as one worker takes in a minute; which worker they go to, nobody knows."""
    for _ in range(10):
        reader.context.request.post(
            f"{reader.site.url}/tools/{slug}/vote", form={"verdict": "skip"}, headers={"Origin": reader.site.url}
        )


def test_too_many_votes_are_refused_beside_the_ballot(reader: Reader) -> None:
    reader.expects("status of 429")
    vote_often(reader, "stable-diffusion")
    reader.opens("/tools/stable-diffusion")
    reader.ballot("stable-diffusion").says("Your vote: SKIP")
    ballot = reader.ballot("stable-diffusion")
    for number in range(MORE_THAN_TWO_WORKERS_TAKE):
        with reader.page.expect_response(lambda answer: answer.url.endswith("/vote")) as answered:
            (ballot.ship, ballot.skip)[number % 2].click()
        if answered.value.status == 429:
            break
        ballot.says(f"Your vote: {('SHIP', 'SKIP')[number % 2]}")
    assert int(answered.value.headers["retry-after"]) > 0
    expect(ballot.notice).to_contain_text("Not counted. So many requests came from you or your network")
    expect(ballot.notice).to_contain_text(
        "Your choice is kept: try SHIP again" if number % 2 == 0 else "try SKIP again"
    )
    ballot.says(f"Your vote: {('SKIP', 'SHIP')[number % 2]}")  # what was counted last still stands


def test_too_many_plain_votes_lead_to_a_page_that_offers_the_same_vote_again(new_reader: Callable[..., Reader]) -> None:
    reader = new_reader(java_script_enabled=False)
    reader.expects("status of 429")
    vote_often(reader, "grammarly")
    reader.opens("/tools/grammarly")
    ballot = reader.ballot("grammarly")
    for _ in range(MORE_THAN_TWO_WORKERS_TAKE):
        ballot.ship.click()
        if reader.statuses[-1] == 429:
            break
    expect(reader.page.get_by_role("heading", level=1)).to_have_text("Too many at once.")
    expect(reader.page.locator("main")).to_contain_text("Your vote was not counted.")
    expect(reader.page.get_by_role("button", name="Try SHIP again")).to_be_visible()


@pytest.fixture
def without_cookies(
    browser_type: BrowserType, browser_type_launch_args: dict[str, object], site: Site, tmp_path: Path
) -> Iterator[Callable[..., Reader]]:
    """Call it for a reader whose browser is set to block every cookie, a setting that only the whole Chromium has."""
    readers: list[Reader] = []
    launch_args = {**browser_type_launch_args, "executable_path": find_chromium(WHOLE_CHROMIUM_NAMES)}

    def make(**options: object) -> Reader:
        profile = tmp_path / str(len(readers))
        (profile / "Default").mkdir(parents=True)
        blocked = {"profile": {"default_content_setting_values": {"cookies": 2}}}
        (profile / "Default" / "Preferences").write_text(json.dumps(blocked))
        headers = {"X-Forwarded-For": new_network()}
        context = browser_type.launch_persistent_context(profile, **launch_args, extra_http_headers=headers, **options)
        context.set_default_timeout(LONGEST_WAIT_MS)
        readers.append(Reader(context, site))
        return readers[-1]

    yield make
    for reader in readers:
        reader.context.close()
    assert [complaint for reader in readers for complaint in reader.complaints] == []


NO_COOKIE = "Your browser kept no cookie."


def test_a_browser_that_keeps_no_cookie_is_told_beside_the_ballot(
    without_cookies: Callable[..., Reader], site: Site
) -> None:
    before = site.tally("ollama")
    reader = without_cookies()
    reader.expects("status of 400")
    reader.opens("/tools/ollama")
    ballot = reader.ballot("ollama")
    for _ in range(2):
        with reader.page.expect_response(lambda answer: answer.status == 400):
            ballot.ship.click()
        expect(ballot.notice).to_contain_text(NO_COOKIE)
    assert reader.statuses == [307, 400, 307, 400]
    assert site.tally("ollama") == before


def test_a_browser_that_keeps_no_cookie_is_told_on_a_page_of_its_own(
    without_cookies: Callable[..., Reader], site: Site
) -> None:
    before = site.tally("ollama")
    reader = without_cookies(java_script_enabled=False)
    reader.expects("status of 400")
    reader.opens("/tools/ollama")
    reader.ballot("ollama").ship.click()
    expect(reader.page.locator("main")).to_contain_text(NO_COOKIE)
    assert site.tally("ollama") == before
