"""The comparison page: everything it must carry, in its order, each figure with its basis."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from flask import Flask

from tests.curation.files import import_file
from tests.makers import NOW, TODAY, make_comparison, make_plan, make_price, make_review, make_tool, make_votes
from tests.web import rich
from tests.web.visitor import Page, Visitor, words_of
from verdicts.catalog.kinds import Period
from verdicts.catalog.models import Reviewer, Tool
from verdicts.comparisons.wording import number
from verdicts.extensions import begin_write, db

BARE = Path(__file__).parent.parent / "data" / "bare-catalogue.json"
BARE_PAIR = "/compare/huggingface-smolvlm2-2b-vs-mistral-code"


@pytest.fixture(scope="module")
def world(shared_app: Flask) -> Flask:
    rich.build()
    begin_write()
    import_file(BARE, NOW)
    db.session.commit()
    return shared_app


@pytest.fixture(scope="module")
def visitor(world: Flask) -> Visitor:
    return Visitor(world)


@pytest.fixture(scope="module")
def pair(visitor: Visitor) -> Page:
    return visitor.reads(rich.PAIR)


def card(page: Page, slug: str) -> ET.Element:
    """Return a tool's card."""
    (found,) = [each for each in page.all("section", "card") if each.get("aria-labelledby") == f"tool-{slug}"]
    return found


def rows(page: Page, section: str) -> list[list[str]]:
    """Return the texts of the cells of the first table of a section, without what is hidden from hearing."""
    table = next(page.by_id(section).iter("table"))
    return [[words_of(_heard(cell)) for cell in row] for row in table.iter("tr")]


def _heard(cell: ET.Element) -> ET.Element:
    heard = ET.fromstring(ET.tostring(cell))  # noqa: S314  # our own page
    for part in heard.iter():
        if part.get("aria-hidden") == "true":
            part.text = ""
    return heard


# Order


def test_the_answer_stands_before_the_tools_and_the_rest_in_the_order_of_the_page_that_started_it(pair: Page) -> None:
    order = [
        "panel",
        "which",
        "tool-alpha",
        "ballot-alpha",
        "tool-beta",
        "ballot-beta",
        "pricing",
        "scorecard",
        "readers",
    ]
    order += ["changes", "related"]
    found = [each.get("id") for each in pair.main.iter() if each.get("id") in order]
    assert found == order
    before = pair.words[: pair.words.index("What each reviewer says")]
    parts = [
        "AI tool comparison",
        "Alpha vs Beta",
        "Which one suits your work?",
        "Alpha leads by one reviewer.",
        "The two who recently judged both would ship Alpha, one Beta.",
    ]
    places = [before.index(part) for part in parts]
    assert places == sorted(places)


def test_a_card_goes_from_kind_to_vote(pair: Page) -> None:
    words = words_of(card(pair, "alpha"))
    parts = [
        "Developer Tools",
        "Alpha",
        "Reads receipts",
        "Panel",
        "Readers",
        "Entry price",
        "runs locally",
        "would you ship",
    ]
    places = [words.index(part) for part in parts]
    assert places == sorted(places)


def test_a_bare_pair_carries_what_the_first_page_carried(visitor: Visitor) -> None:
    page = visitor.reads(BARE_PAIR)
    words = page.words
    for part in (
        "SmolVLM2-2B vs Mistral Code",
        "Mistral Code leads by one reviewer. All four would ship Mistral Code, three SmolVLM2-2B.",
        "4 of 4 against 3 of 4: ahead by one voice (the Founder).",
        "Reads pages, pictures and short video on your own hardware",
        "3 of 4 ship",
        "4 of 4 ship",
        "Be the first",
        "One voice decides it: the Founder ships only Mistral Code.",
        "Wonderful gift, poor cornerstone.",
        "No reader has judged both yet.",
        "No one has changed their mind.",
    ):
        assert part in words, part
    assert words_of(page.all("tr", "is-split")[0]).startswith("The Founder Split")


# The lede


def test_the_lede_says_who_is_ahead_and_by_whose_voice(pair: Page) -> None:
    assert words_of(pair.one("p", "answer")) == "Alpha leads by one reviewer."
    assert pair.texts("p", "lede")[0].startswith("The two who recently judged both would ship Alpha, one Beta.")
    assert pair.texts("p", "section-note")[1] == (
        "2 of 2 against 1 of 2, of the two who judged both within 180 days: ahead by one voice (the Skeptic). "
        "The lead holds until one reviewer changes sides. How this is counted"
    )


def test_the_lede_says_what_the_readers_of_both_said(pair: Page) -> None:
    said = "Of the 20 readers who judged both, 10 would ship only Alpha and 10 only Beta: too close to call."
    assert said in pair.texts("p", "read")[0]


def test_an_editors_headline_takes_the_place_of_ours(visitor: Visitor) -> None:
    page = visitor.reads("/compare/alpha-vs-gamma")
    assert words_of(page.one("p", "answer")) == "Small against smaller."


# Cards


def test_the_panel_figure_is_a_count_with_its_percentage_voices_and_oldest_review(pair: Page) -> None:
    (figure,) = pair.all("div", "figure-panel", card(pair, "alpha"))
    words = words_of(figure)
    assert "2 of 3 ship · 67 %" in words
    assert "1 human, 1 AI, 1 unstated voices" in words
    assert "oldest review 25 May 2026" in words


def test_undated_reviews_are_told_beside_the_oldest(pair: Page) -> None:
    (figure,) = pair.all("div", "figure-panel", card(pair, "beta"))
    assert "2 of 4 ship · 50 %" in words_of(figure)
    assert "oldest review 25 May 2026, 1 undated" in words_of(figure)


def test_the_community_figure_from_thirty_votes_is_a_percentage_with_its_interval(pair: Page) -> None:
    (figure,) = pair.all("div", "figure-community", card(pair, "alpha"))
    assert "75 % ship" in words_of(figure)
    assert "80 votes, 95 % interval" in words_of(figure)
    assert figure.find(".//svg").get("aria-label") == "75 % ship, 95 % interval 65 to 83 %"  # type: ignore[union-attr]


def test_the_community_figure_below_thirty_votes_is_counts_only(pair: Page) -> None:
    (figure,) = pair.all("div", "figure-community", card(pair, "beta"))
    assert words_of(figure) == "Readers 10 ship, 10 skip 10 more votes until a %"


def test_the_entry_price_stands_with_the_day_it_was_checked_and_its_source(pair: Page) -> None:
    (figure,) = pair.all("div", "figure-price", card(pair, "alpha"))
    assert words_of(figure) == "Entry price Free Checked 1 Nov 2026"
    assert [link.get("href") for link in figure.iter("a")] == ["https://alpha.example/pricing"]


def test_a_price_past_its_check_is_called_unverified(pair: Page) -> None:
    (figure,) = pair.all("div", "figure-price", card(pair, "beta"))
    assert words_of(figure) == "Entry price $20 / month Unverified since 1 Mar 2026"


def test_the_name_leads_inside_and_the_makers_site_stands_beside_it(pair: Page) -> None:
    for slug, sites in {"alpha": ["https://alpha.example/"], "beta": []}.items():
        (heading,) = pair.all("h2", within=card(pair, slug))
        assert [link.get("href") for link in heading.iter("a")] == [f"/tools/{slug}"]
        assert [link.get("href") for link in pair.all("a", "website", card(pair, slug))] == sites


def test_descriptions_are_markdown(pair: Page) -> None:
    assert [words_of(each) for each in card(pair, "alpha").iter("strong")] == ["locally"]


def test_each_card_has_a_ballot_that_works_without_javascript(pair: Page) -> None:
    for slug in ("alpha", "beta"):
        (form,) = card(pair, slug).iter("form")
        assert (form.get("method"), form.get("action")) == ("post", f"/tools/{slug}/vote")
        assert form.get("hx-post") == form.get("action")
        assert [button.get("value") for button in form.iter("button")] == ["ship", "skip"]
        assert {button.get("aria-pressed") for button in form.iter("button")} == {"false"}


def test_the_ballot_says_how_many_count_and_wait(pair: Page) -> None:
    assert pair.texts("div", "ballot-count") == ["80 counted, 1 waiting", ""]


# Which should you choose?


def test_choose_if_lines_stand_under_their_tools(pair: Page) -> None:
    (choose,) = pair.all("div", "choose")
    said = {words_of(each[0]): [words_of(line) for line in each.iter("li")] for each in choose}
    assert said == {
        "Choose Alpha if": ["your data may not leave the device"],
        "Choose Beta if": ["you write code all day"],
    }


def test_choose_if_lines_come_in_the_order_of_the_columns(visitor: Visitor) -> None:
    first, second = make_tool("one", name="Zeta"), make_tool("two", name="Eta")
    make_comparison(first, second, choose_if={second: "you must", first: "you can"})
    page = visitor.reads("/compare/one-vs-two")
    assert page.texts("h3", within=page.one("div", "choose")) == ["Choose Zeta if", "Choose Eta if"]


def test_the_bottom_line_is_markdown(pair: Page) -> None:
    assert [words_of(each) for each in pair.one("div", "bottom-line").iter("strong")] == ["Alpha"]


# Where they differ


def test_facts_that_differ_stand_with_source_and_date(pair: Page) -> None:
    table = rows(pair, "pricing")
    assert table[0] == ["Fact", "Alpha", "Beta"]
    assert table[1][:2] == ["Entry price", "Free Checked 1 Nov 2026 Price wrong? Let an editor look: Alpha"]
    assert table[2] == ["Licence", "Apache-2.0 Source, checked 5 Oct 2026", "Proprietary (unverified)"]


def test_a_section_with_gaps_does_not_claim_that_all_has_a_source(pair: Page) -> None:
    assert "Each with its source" not in words_of(pair.by_id("pricing"))


def test_a_section_without_gaps_says_that_all_has_a_source(visitor: Visitor) -> None:
    checked = {"source": "https://example.org/", "checked_on": TODAY}
    for slug in ("sourced-a", "sourced-b"):
        make_price(make_tool(slug), "free", **checked)
    words = words_of(visitor.reads("/compare/sourced-a-vs-sourced-b").by_id("pricing"))
    assert "Each with its source and the day it was checked." in words


def test_what_does_not_differ_is_said_once_and_what_nobody_checked_in_one_line(pair: Page) -> None:
    lists = pair.all("dl", "shared-facts")
    assert [words_of(each) for each in lists] == [
        "Context window 8,192 tokens Unverified: Alpha, Beta",
        "Works offline Yes Alpha 5 Oct 2026 Not checked: Beta",
    ]
    assert "Checked for one of them" in words_of(pair.by_id("pricing"))
    assert words_of(pair.one("p", "facts-unknown")) == "Nobody has checked: Editor."


def test_plans_are_a_line_each_and_the_third_one_folds(visitor: Visitor) -> None:
    tool = make_tool("many-plans", name="Many")
    make_tool("no-plans", name="Other")
    checked = {"source": "https://example.org/plans", "checked_on": TODAY}
    make_plan(tool, "Free", amount=Decimal(0), limit="Three a day", **checked)
    for name in ("Pro", "Team"):
        make_plan(tool, name, amount=Decimal(30), currency="USD", period=Period.MONTH, **checked)
    make_plan(tool, "Enterprise")
    (plans,) = visitor.reads("/compare/many-plans-vs-no-plans").all("div", "plans-of")
    (fold,) = plans.iter("details")
    assert words_of(plans).startswith("Many Source, checked 22 Nov 2026 Free Free Three a day Pro $30 / month")
    assert words_of(fold) == "2 more plans of Many Team $30 / month Enterprise Price not known Not verified"
    page = visitor.reads("/tools/many-plans")
    assert [words_of(each) for each in page.all("a") if each.get("href") == "#plans"] == ["4 plans"]


def test_an_old_price_says_so_wherever_a_tool_s_own_page_names_it(visitor: Visitor) -> None:
    tool = make_tool("old-price", name="Old")
    make_price(tool, "paid", amount=Decimal(20), currency="USD", period=Period.MONTH, checked_on=date(2026, 1, 5))
    page = visitor.reads("/tools/old-price")
    assert words_of(page.one("p", "tool-price")) == "$20 / month Unverified since 5 Jan 2026"
    assert page.words.count("$20 / month") == page.words.count("Unverified since 5 Jan 2026") == 2


# The scorecard


def test_the_scorecard_has_every_speaker_in_the_panels_order(pair: Page) -> None:
    names = [row[0].split(" Split")[0].split(" Does")[0] for row in rows(pair, "scorecard")[1:]]
    assert [name.removesuffix(" AI voice").removesuffix(" Human voice") for name in names] == [
        "The Builder",
        "The Skeptic",
        "The Futurist",
        "The Founder",
    ]


def cells(page: Page, reviewer: str) -> list[str]:
    (row,) = [row for row in rows(page, "scorecard") if row[0].startswith(reviewer)]
    return row


def test_a_review_stands_with_verdict_quote_basis_version_and_day(pair: Page) -> None:
    assert cells(pair, "The Builder")[1] == "SHIP Clean primitives. Hands-on Version 2.1 10 Nov 2026"


def test_a_conflict_stands_beside_the_verdict_it_touches(pair: Page) -> None:
    assert cells(pair, "The Builder")[2].replace("SHIPC", "SHIP C").startswith("SHIP Conflict: Consults for Beta Inc.")


def test_a_long_quote_can_be_folded(pair: Page) -> None:
    assert "Read all 100 words" in cells(pair, "The Builder")[2]


def test_a_gap_is_shown_as_a_gap(pair: Page) -> None:
    assert "The Founder has not looked at Alpha yet." in cells(pair, "The Founder")[1]
    assert "not reviewed" in cells(pair, "The Founder")[1]


def test_an_undated_review_says_so(pair: Page) -> None:
    assert cells(pair, "The Founder")[2] == "SKIP No moat. Based on the maker’s claims Date not stated"


def test_split_rows_are_marked(pair: Page) -> None:
    split = [words_of(row[0]).split(" Split")[0] for row in pair.all("tr", "is-split")]
    assert split == ["The Skeptic", "The Futurist"]


def test_old_reviews_are_marked_and_decide_nothing(pair: Page) -> None:
    assert [("Over 180 days old" in cell) for cell in cells(pair, "The Futurist")[1:]] == [True, True]
    assert "Over 180 days old" not in " ".join(cells(pair, "The Builder"))
    assert "Futurist" not in pair.texts("p", "read")[0]


def test_voices_are_told_apart_as_human_or_ai(pair: Page) -> None:
    assert [cells(pair, name)[0].split()[-2:] for name in ("The Builder", "The Skeptic")] == [
        ["AI", "voice"],
        ["Human", "voice"],
    ]
    assert "voice" not in cells(pair, "The Founder")[0]


# Readers, history, related


def test_readers_of_both_are_counted_four_ways(pair: Page) -> None:
    assert [[row[0], row[3]] for row in rows(pair, "readers")[1:]] == [
        ["Only Alpha", "10"],
        ["Only Beta", "10"],
        ["Both", "0"],
        ["Neither", "0"],
    ]


def test_page_and_figure_agree(pair: Page) -> None:
    counts = {row[0]: int(row[3]) for row in rows(pair, "readers")[1:]}
    shares = [svg.get("aria-label") for svg in pair.by_id("readers").iter("svg")]
    assert shares == [f"{100 * count // sum(counts.values())} %" for count in counts.values()]


def test_the_history_tells_what_changed_when_and_why(pair: Page) -> None:
    changes = pair.texts("li", "change")
    assert changes[0].startswith("10 Nov 2026 The Skeptic SKIP to SHIP Benchmarks were reproduced.")
    assert "Unproven." in changes[0]


def test_a_correction_of_wording_is_kept_but_no_news(pair: Page) -> None:
    changes = pair.texts("li", "change")
    assert changes[1].startswith("20 Jun 2026 The Futurist wording only A typing error.")
    assert len(changes) == 2


def test_the_timeline_says_in_words_what_it_draws(pair: Page) -> None:
    drawn = pair.all("div", "timeline")[0].get("aria-label", "")
    assert "The Skeptic: SKIP from 1 Jun 2026, then SHIP from 10 Nov 2026" in drawn
    assert "The Futurist: SKIP from 25 May 2026" in drawn


def test_related_comparisons_are_curated_ones_first_then_neighbours(pair: Page) -> None:
    links = [(link.get("href"), words_of(link)) for link in pair.one("ul", "related").iter("a")]
    assert links[0] == ("/compare/alpha-vs-gamma", "Alpha vs Gamma")
    assert ("/compare/alpha-vs-bare", "Alpha vs Bare") in links
    assert all(href != rich.PAIR for href, _ in links)
    assert len({href for href, _ in links}) == len(links)


DOUBTS = ["/tools/alpha/price-doubt", "/tools/beta/price-doubt"]


def test_its_forms_search_vote_doubt_and_subscribe(pair: Page) -> None:
    actions = [form.get("action") for form in pair.all("form")]
    assert actions == [
        "/tools",
        "/tools/alpha/vote",
        "/tools/beta/vote",
        *DOUBTS,
        f"{rich.PAIR}#your-panel",
        "/newsletter/subscribe",
    ]


# Little to say


def test_tools_that_nobody_judged_say_so_everywhere(visitor: Visitor) -> None:
    make_tool("bare-two", name="Bare Two")
    words = visitor.reads("/compare/bare-vs-bare-two").words
    for part in (
        "No panel verdict yet.",
        "Nobody on the panel has looked at either tool yet.",
        "No reader has judged both yet.",
        "Be the first",
        "Not known",
        "Not verified",
    ):
        assert part in words, part
    assert "Reviewer scorecard" not in words
    assert "Changes of mind" not in words
    assert "None" not in words
    assert "0 %" not in words


def test_a_page_without_editors_words_leaves_their_place_out(visitor: Visitor) -> None:
    assert "Which should you choose?" not in visitor.reads("/compare/bare-vs-gamma").words


@pytest.mark.parametrize("pair", ["alpha-vs-beta-vs-gamma", "alpha-vs-bare-vs-beta-vs-gamma"])
def test_of_three_or_four_tools_no_winner_is_named(visitor: Visitor, pair: str) -> None:
    page = visitor.reads(f"/compare/{pair}")
    names = pair.count("-vs-") + 1
    answer = words_of(page.one("p", "answer"))
    assert answer.startswith("Who would ship them: Alpha 2 of 3, ")
    assert answer.endswith("Beta 2 of 4 and Gamma 0 of 1.")
    assert f"Of {number(names)} tools no winner is named." in page.words
    assert "ahead" not in page.words
    assert "decides it" not in page.words
    assert len(page.all("section", "card")) == names
    assert "What readers say" in page.words


def test_where_nobody_judged_both_each_tool_has_its_own_readers_and_nothing_is_compared(visitor: Visitor) -> None:
    make_votes(make_tool("fans", name="Fans"), ship=range(500, 540))
    page = visitor.reads("/compare/beta-vs-fans")
    assert page.texts("h2", within=page.by_id("readers")) == ["What readers say"]
    assert "They are different people, so this compares nothing." in words_of(page.by_id("readers"))
    assert rows(page, "readers")[1:] == [["Beta", "10 ship, 10 skip"], ["Fans", "100 % of 40"]]


def test_three_tools_show_each_ones_own_readers(visitor: Visitor) -> None:
    page = visitor.reads("/compare/alpha-vs-beta-vs-gamma")
    said = {row[0]: row[1] for row in rows(page, "readers")[1:]}
    assert said["Alpha"].startswith("75 % of 80")
    assert said["Beta"] == "10 ship, 10 skip"
    assert said["Gamma"] == "— Be the first"


def test_where_panel_and_readers_differ_the_page_says_so(visitor: Visitor) -> None:
    make_votes(make_reviewed(), skip=range(100))
    (sentence,) = visitor.reads("/compare/alpha-vs-loved").texts("p", "disagreement")
    assert sentence.startswith("Panel and readers part on Loved: 1 of 1 reviewers ship it, but 0 % of readers do")
    assert visitor.reads("/tools/loved").texts("p", "tool-answer") == [sentence]


def test_where_some_judged_only_one_tool_its_count_says_that_it_has_them_all(visitor: Visitor) -> None:
    make_reviewed("known")
    make_reviewed("liked")
    assert visitor.reads("/compare/alpha-vs-liked").texts("span", "tape-k")[1] == "1 of 1 in all"
    assert visitor.reads("/compare/known-vs-liked").texts("span", "tape-k") == ["1 of 1 ship"] * 2


def make_reviewed(slug: str = "loved") -> Tool:
    loved = make_tool(slug, name=slug.title())
    make_review(loved, db.session.scalars(db.select(Reviewer)).first(), "ship")  # type: ignore[arg-type]
    return loved


def test_the_panel_table_marks_the_deciding_voice(pair: Page) -> None:
    (table,) = pair.all("table", "tape")
    assert [words_of(each) for each in pair.all("th", "is-deciding", table)] == ["Skeptic"]
    assert "One voice decides it: the Skeptic ships only Alpha." in words_of(table)


def test_unpublished_tools_are_not_offered(visitor: Visitor) -> None:
    make_tool("secret", name="Secret", published_at=None, category_id=1)
    assert "Secret" not in visitor.reads(rich.PAIR).html


def test_a_curated_comparison_without_words_has_no_empty_section(visitor: Visitor) -> None:
    make_comparison(make_tool("wordless-a"), make_tool("wordless-b"), featured=True)
    page = visitor.reads("/compare/wordless-a-vs-wordless-b")
    assert "Which should you choose?" not in page.words


def test_tools_of_one_name_keep_their_own_reasons(visitor: Visitor) -> None:
    first, second = make_tool("twin-a", name="Twin"), make_tool("twin-b", name="Twin")
    make_comparison(first, second, choose_if={first: "you work alone", second: "you are many"})
    page = visitor.reads("/compare/twin-a-vs-twin-b")
    assert page.words.count("you work alone") == 1
    assert page.words.index("you work alone") < page.words.index("you are many")
