"""Voting with htmx, as people do it: pointer in hand, two taps at once, back the next day."""

from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.reader import Reader
from tests.browser.site import VOTES_PER_NETWORK_DAY, Site, Tally

PAIR = "/compare/huggingface-smolvlm2-2b-vs-mistral-code"


def test_a_vote_is_set_changed_and_taken_back_in_place(reader: Reader, site: Site) -> None:
    slug, before = "mistral-code", site.tally("mistral-code")
    address = reader.opens(PAIR).url
    ballot = reader.ballot(slug)
    ballot.shows(before.ship, before.skip)
    ballot.is_pressed(ballot.ship, False)

    ballot.ship.click()
    ballot.says("Your vote: SHIP")
    ballot.shows(before.ship + 1, before.skip)
    ballot.is_pressed(ballot.ship)
    ballot.is_pressed(ballot.skip, False)
    expect(ballot.ship).to_be_focused()
    assert site.tally(slug) == Tally(before.ship + 1, before.skip, 0)

    ballot.skip.click()
    ballot.says("Your vote: SKIP")
    ballot.shows(before.ship, before.skip + 1)
    ballot.is_pressed(ballot.skip)
    ballot.is_pressed(ballot.ship, False)
    expect(ballot.skip).to_be_focused()

    ballot.take_back.click()
    ballot.says("Taken back")
    ballot.shows(before.ship, before.skip)
    ballot.is_pressed(ballot.skip, False)
    expect(ballot.form.get_by_text("Taken back")).to_be_focused()
    assert site.tally(slug) == before
    assert reader.page.url == address


def test_a_vote_leaves_the_other_ballot_of_the_page_alone(reader: Reader) -> None:
    reader.opens(PAIR)
    other = reader.ballot("mistral-code")
    words = other.form.inner_text()
    reader.ballot("huggingface-smolvlm2-2b").skip.click()
    reader.ballot("huggingface-smolvlm2-2b").says("Your vote: SKIP")
    assert other.form.inner_text() == words


def test_a_vote_is_still_there_after_a_reload(reader: Reader) -> None:
    reader.opens("/compare/claude-code-vs-cursor")
    reader.ballot("cursor").skip.click()
    reader.ballot("cursor").says("Your vote: SKIP")
    with reader.page.expect_response("**/votes/mine?*") as asked:
        reader.page.reload()
    assert asked.value.headers["cache-control"] == "no-store"
    ballot = reader.ballot("cursor")
    ballot.says("Your vote: SKIP")
    ballot.is_pressed(ballot.skip)
    ballot.says("Take it back")
    reader.ballot("claude-code").says("would you ship with it?")
    ballot.take_back.click()  # the exchanged form is htmx's as well
    ballot.says("Taken back")


def test_asking_for_my_ballots_does_not_take_the_focus_from_an_oval(reader: Reader) -> None:
    reader.opens("/tools/perplexity")
    reader.ballot("perplexity").ship.click()
    reader.ballot("perplexity").says("Your vote: SHIP")
    reader.context.route("**/votes/mine?*", lambda route: (reader.ballot("perplexity").skip.focus(), route.continue_()))
    reader.page.reload()
    reader.ballot("perplexity").says("Your vote: SHIP")
    expect(reader.ballot("perplexity").skip).to_be_focused()


def test_reading_sets_no_cookie_and_asks_for_no_ballots(reader: Reader) -> None:
    asked: list[str] = []
    reader.page.on("request", lambda request: asked.append(request.url))
    for path in ("/", "/tools", PAIR, "/tools/mistral-code", "/compare", "/method", "/privacy", "/contact"):
        reader.opens(path)
    assert reader.cookies() == {}
    assert [url for url in asked if "/votes/" in url] == []


def test_a_first_vote_is_sent_twice_and_counted_once(reader: Reader, site: Site) -> None:
    before = site.tally("deepl")
    reader.opens("/tools/deepl")
    reader.ballot("deepl").ship.click()
    reader.ballot("deepl").says("Your vote: SHIP")
    assert reader.statuses == [307, 200]
    reader.ballot("deepl").skip.click()
    reader.ballot("deepl").says("Your vote: SKIP")
    assert reader.statuses == [307, 200, 200]
    assert site.tally("deepl") == Tally(before.ship, before.skip + 1, 0)


def test_the_voters_cookie_is_hidden_from_scripts_and_the_marker_is_not(reader: Reader) -> None:
    reader.opens("/tools/gemini")
    reader.ballot("gemini").ship.click()
    reader.ballot("gemini").says("Your vote: SHIP")
    cookies = reader.cookies()
    assert cookies["voter"]["httpOnly"]
    assert cookies["voter"]["sameSite"] == "Lax"
    assert reader.page.evaluate("document.cookie") == "voted=1"


def test_a_double_tap_counts_once(reader: Reader, site: Site) -> None:
    before = site.tally("whisper")
    reader.opens("/tools/whisper")
    reader.ballot("whisper").ship.dblclick()
    reader.ballot("whisper").says("Your vote: SHIP")
    reader.page.wait_for_load_state("networkidle")
    reader.ballot("whisper").shows(before.ship + 1, before.skip)
    assert site.tally("whisper") == Tally(before.ship + 1, before.skip, 0)


def test_a_double_tap_leaves_the_focus_where_it_was(reader: Reader) -> None:
    reader.opens("/tools/deepl")
    ballot = reader.ballot("deepl")
    ballot.ship.dblclick()
    ballot.says("Your vote: SHIP")
    expect(ballot.ship).to_be_focused()


def test_three_presses_in_one_moment_count_once_even_as_a_first_vote(reader: Reader, site: Site) -> None:
    before = site.tally("pgvector")
    reader.opens("/tools/pgvector")
    reader.ballot("pgvector").skip.evaluate("(oval) => { oval.click(); oval.click(); oval.click(); }")
    reader.ballot("pgvector").says("Your vote: SKIP")
    reader.page.wait_for_load_state("networkidle")
    assert site.tally("pgvector") == Tally(before.ship, before.skip + 1, 0)


def test_two_tools_first_votes_in_one_moment_are_one_voters(reader: Reader) -> None:
    reader.opens("/compare/ollama-vs-vllm")
    press = "(page) => page.querySelectorAll('.oval-ship').forEach((oval) => oval.click())"
    reader.page.locator("main").evaluate(press)
    reader.ballot("ollama").says("Your vote: SHIP")
    reader.ballot("vllm").says("Your vote: SHIP")
    assert reader.statuses == [307, 200, 200]


def test_the_page_shows_what_was_said_last_even_when_pressed_before_an_answer(reader: Reader, site: Site) -> None:
    before = site.tally("lm-studio")
    reader.opens("/tools/lm-studio")
    ballot = reader.ballot("lm-studio")
    press = """([ship, skip]) => { ship.click(); skip.click(); }"""
    reader.page.evaluate(press, [ballot.ship.element_handle(), ballot.skip.element_handle()])
    ballot.says("Your vote: SKIP")
    ballot.is_pressed(ballot.skip)
    reader.page.wait_for_load_state("networkidle")
    ballot.says("Your vote: SKIP")
    assert site.tally("lm-studio") == Tally(before.ship, before.skip + 1, 0)


def test_pressing_answers_at_once_even_when_the_server_is_slow(reader: Reader) -> None:
    reader.opens("/tools/runway")
    ballot = reader.ballot("runway")
    reader.context.route("**/vote*", lambda route: (reader.page.wait_for_timeout(1500), route.continue_()))
    ballot.ship.click(no_wait_after=True)
    expect(ballot.form.get_by_text("Counting your vote…")).to_be_visible(timeout=1000)
    ballot.says("Your vote: SHIP")
    expect(ballot.form.get_by_text("Counting your vote…")).to_be_hidden()


def test_a_waiting_ballot_says_so(new_reader: Callable[..., Reader], site: Site) -> None:
    network, before = "203.0.113.9", site.tally("qdrant")
    for _ in range(VOTES_PER_NETWORK_DAY):
        early = new_reader(network=network)
        early.opens("/tools/qdrant")
        early.ballot("qdrant").ship.click()
        early.ballot("qdrant").says("Your vote: SHIP")
        expect(early.ballot("qdrant").form).not_to_contain_text("Recorded.")
    late = new_reader(network=network)
    late.opens("/tools/qdrant")
    ballot = late.ballot("qdrant")
    ballot.skip.click()
    ballot.says("Recorded. Many votes came from your network today; yours counts within a day.")
    ballot.says("1 waiting")
    ballot.is_pressed(ballot.skip)
    assert site.tally("qdrant") == Tally(before.ship + VOTES_PER_NETWORK_DAY, before.skip, 1)
    late.page.reload()
    ballot.says("Recorded. Many votes came from your network today")


def test_after_a_vote_every_figure_of_the_page_agrees_with_the_form_also_on_the_next_visit(
    reader: Reader, site: Site
) -> None:
    before = site.tally("mistral-code")
    page, ballot = reader.opens(PAIR), reader.ballot("mistral-code")
    figure = page.locator("#community-mistral-code")
    counted = before.ship + before.skip
    expect(figure).to_contain_text(f"{counted} votes")
    ballot.ship.click()
    reader.ballot("huggingface-smolvlm2-2b").skip.click()
    reader.ballot("huggingface-smolvlm2-2b").says("Your vote: SKIP")

    def agrees() -> None:
        expect(ballot.ship).to_have_text(f"SHIP {before.ship + 1}")
        expect(figure).to_contain_text(f"{counted + 1} votes")
        only_one = page.locator("#pair-readers tr", has_text="Only Mistral Code").locator(".both-count").inner_text()
        for sentence in (page.locator("#pair-sentence"), page.locator("#pair-readers .read")):
            expect(sentence).to_contain_text(f"{only_one} only Mistral Code")

    agrees()
    with page.expect_response("**/votes/mine?*"):
        page.reload()
    agrees()
    reader.opens("/tools/mistral-code")
    agrees_on_tool = page.locator("#community-mistral-code")
    expect(agrees_on_tool).to_contain_text(f"{counted + 1} votes")


def test_on_the_votes_own_page_the_figure_beside_it_moves_too(reader: Reader, site: Site) -> None:
    before = site.tally("cursor")
    page, ballot = reader.opens("/tools/cursor/vote"), reader.ballot("cursor")
    ballot.ship.click()
    ballot.shows(before.ship + 1, before.skip)
    expect(page.locator("#community-cursor")).to_contain_text(f"{before.ship + before.skip + 1} votes")
