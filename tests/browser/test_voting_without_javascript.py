"""The same ballots as plain forms."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.reader import Reader
from tests.browser.site import VOTES_PER_NETWORK_DAY, Site, Tally


@pytest.fixture
def reader(new_reader: Callable[..., Reader]) -> Reader:
    return new_reader(java_script_enabled=False)


def test_the_comparison_reads_whole_without_javascript(reader: Reader) -> None:
    page = reader.opens("/compare/huggingface-smolvlm2-2b-vs-mistral-code")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Which one suits your work?")
    expect(page.locator(".scorecard .quote")).to_have_count(10)
    expect(page.locator(".old-quote").first).to_be_visible()
    reader.opens("/compare/aider-vs-chatgpt")
    expect(page.locator(".more .plan-lines").first).to_be_hidden()
    page.locator(".more > summary").first.click()
    expect(page.locator(".more .plan-lines").first).to_be_visible()


def test_a_vote_is_set_changed_and_taken_back_on_the_readers_own_page(reader: Reader, site: Site) -> None:
    slug, before = "midjourney", site.tally("midjourney")
    reader.opens("/tools/midjourney")
    ballot = reader.ballot(slug)

    ballot.ship.click()
    assert reader.page.url == f"{site.url}/tools/{slug}/vote"
    ballot.says("Your vote: SHIP")
    ballot.is_pressed(ballot.ship)
    ballot.shows(before.ship + 1, before.skip)
    assert reader.statuses == [307, 303, 200]
    assert site.tally(slug) == Tally(before.ship + 1, before.skip, 0)

    ballot.skip.click()
    ballot.says("Your vote: SKIP")
    ballot.shows(before.ship, before.skip + 1)
    assert reader.statuses == [307, 303, 200, 303, 200]

    ballot.take_back.click()
    ballot.says("would you ship with it?")
    ballot.is_pressed(ballot.skip, False)
    assert site.tally(slug) == before
    reader.page.get_by_role("link", name="Back to Midjourney").click()
    assert reader.page.url == f"{site.url}/tools/{slug}"


def test_reloading_after_a_plain_vote_votes_no_second_time(reader: Reader, site: Site) -> None:
    before = site.tally("claude")
    reader.opens("/tools/claude")
    reader.ballot("claude").skip.click()
    reader.ballot("claude").says("Your vote: SKIP")
    reader.page.reload()
    reader.ballot("claude").says("Your vote: SKIP")
    assert site.tally("claude") == Tally(before.ship, before.skip + 1, 0)


def test_a_double_tap_on_a_plain_form_counts_once(reader: Reader, site: Site) -> None:
    before = site.tally("chatgpt")
    reader.opens("/tools/chatgpt")
    reader.ballot("chatgpt").ship.dblclick()
    reader.ballot("chatgpt").says("Your vote: SHIP")
    assert site.tally("chatgpt") == Tally(before.ship + 1, before.skip, 0)


def test_a_waiting_ballot_says_so_on_the_readers_own_page(new_reader: Callable[..., Reader]) -> None:
    for number in range(VOTES_PER_NETWORK_DAY + 1):
        reader = new_reader(network="203.0.113.77", java_script_enabled=False)
        reader.opens("/tools/aider")
        reader.ballot("aider").ship.click()
        waits = number == VOTES_PER_NETWORK_DAY
        expect(reader.ballot("aider").form.get_by_text("yours counts within a day")).to_have_count(int(waits))
