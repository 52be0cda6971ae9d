"""The sentences, word by word: each figure with its basis, no winner where none may be named."""

import pytest

from tests.comparisons.voices import panel
from tests.makers import TODAY
from verdicts.catalog.reviews import Panel
from verdicts.comparisons import wording
from verdicts.comparisons.conclusion import disagreement
from verdicts.comparisons.panel_lead import panel_lead
from verdicts.voting.community import Community
from verdicts.voting.readers_of_both import ReadersOfBoth

NAMES = ["Alpha", "Beta"]
HOLDS = " The lead holds until one reviewer changes sides."
TWO = {"builder": "ship", "skeptic": "ship"}
FOUR = {"builder": "ship", "skeptic": "ship", "futurist": "ship", "founder": "ship"}


def said(first: Panel, second: Panel) -> tuple[str, str]:
    """Return headline and sentence of two panels."""
    lead = panel_lead(first, second, TODAY)
    return wording.headline(NAMES, [first, second], lead, TODAY), wording.panel_sentence(NAMES, lead)


def test_one_voice_ahead_names_the_voice() -> None:
    assert said(panel(**FOUR | {"founder": "skip"}), panel(**FOUR)) == (
        "Beta leads by one reviewer.",
        f"4 of 4 against 3 of 4: ahead by one voice (the Founder).{HOLDS}",
    )


def test_two_voices_ahead_names_both() -> None:
    assert said(panel(**FOUR), panel(**FOUR | {"founder": "skip", "skeptic": "skip"})) == (
        "Alpha leads by two reviewers.",
        "4 of 4 against 2 of 4: ahead by two voices (the Skeptic and the Founder). "
        "The lead holds until one of the two changes sides.",
    )


def test_voices_on_both_sides_are_told() -> None:
    first = panel(builder="ship", skeptic="ship", founder="skip")
    second = panel(builder="skip", skeptic="skip", founder="ship")
    assert said(first, second) == (
        "Alpha leads by one reviewer.",
        "2 of 3 against 1 of 3: ahead by one voice. "
        f"The Builder and the Skeptic ship only Alpha, the Founder only Beta.{HOLDS}",
    )


@pytest.mark.parametrize(
    ("first", "second", "lede"),
    [
        (
            FOUR | {"founder": "skip"},
            FOUR,
            "All four would ship Beta, three Alpha. One reviewer changing sides ends it.",
        ),
        (
            {"builder": "ship", "skeptic": "ship", "founder": "ship", "futurist": "skip"},
            {"builder": "skip", "skeptic": "skip", "founder": "skip", "futurist": "skip", "fifth": "skip"},
            "Three of the four who judged both would ship Alpha, none Beta.",
        ),
        (
            {"builder": "ship", "skeptic": "ship 2026-01-01", "founder": "ship"},
            {"builder": "skip", "skeptic": "ship", "founder": "ship"},
            "The two who recently judged both would ship Alpha, one Beta.",
        ),
        (
            {"builder": "ship", "skeptic": "skip"},
            {"builder": "skip"},
            "Only one reviewer judged both. One reviewer changing sides ends it.",
        ),
        (
            {"builder": "ship", "founder": "skip"},
            {"builder": "skip", "founder": "ship"},
            "The Builder ships only Alpha, the Founder only Beta.",
        ),
        (
            {"builder": "ship", "skeptic": "ship", "founder": "skip", "futurist": "skip"},
            {"builder": "skip", "skeptic": "skip", "founder": "ship", "futurist": "ship"},
            "Two voices ship only Alpha, two only Beta.",
        ),
        (FOUR, FOUR, "All four reviewers who judged both ship Alpha and Beta alike."),
        (TWO, TWO, "The two reviewers who judged both ship Alpha and Beta alike."),
        (
            {"builder": "ship", "skeptic": "skip"},
            {"builder": "ship", "skeptic": "skip"},
            "Each is shipped by 1 of the 2 reviewers who judged both.",
        ),
        ({}, {}, "Nobody on the panel has looked at either tool yet."),
    ],
)
def test_the_lede_says_in_two_lines_of_a_phone_what_the_headline_does_not(
    first: dict[str, str], second: dict[str, str], lede: str
) -> None:
    assert wording.lede(NAMES, panel_lead(panel(**first), panel(**second), TODAY)) == lede


@pytest.mark.parametrize(
    ("first", "second", "lede"),
    [
        (
            {"builder": "ship", "skeptic": "ship 2026-01-01", "founder": "ship"},
            {"builder": "skip", "skeptic": "ship", "founder": "ship"},
            "Two against one, of the two who recently judged both.",
        ),
        (FOUR, FOUR | {"founder": "skip", "skeptic": "skip"}, "Four against two, of four reviewers."),
        (TWO, TWO, "The two reviewers who judged both ship them alike."),
        (
            {"builder": "ship", "founder": "skip"},
            {"builder": "skip", "founder": "ship"},
            "One voice ships only the one",
        ),
    ],
)
def test_a_lede_leaves_names_out_that_would_take_a_third_line(
    first: dict[str, str], second: dict[str, str], lede: str
) -> None:
    names = ["Hugging Face Transformers", "Microsoft Agent Framework for .NET"]
    assert wording.lede(names, panel_lead(panel(**first), panel(**second), TODAY)).startswith(lede)


def test_a_lede_names_who_alone_can_end_a_lead_where_they_fit() -> None:
    lead = panel_lead(panel(**TWO), panel(builder="skip", skeptic="skip"), TODAY)
    assert wording.lede(["A", "B"], lead) == (
        "Both would ship A, none B. The Builder or the Skeptic changing sides ends it."
    )


def test_a_panel_that_ships_both() -> None:
    assert said(panel(**FOUR), panel(**FOUR)) == (
        "The panel ships both.",
        "All four reviewers who judged both ship Alpha and Beta alike.",
    )


def test_a_panel_that_skips_both() -> None:
    assert said(panel(builder="skip"), panel(builder="skip")) == (
        "The panel skips both.",
        "The one reviewer who judged both skips Alpha and Beta alike.",
    )


def test_a_level_panel_tells_who_would_ship_which() -> None:
    first, second = panel(builder="ship", founder="skip"), panel(builder="skip", founder="ship")
    assert said(first, second) == (
        "Neither leads: one of two would ship each.",
        "Each is shipped by 1 of the 2 reviewers who judged both. The Builder ships only Alpha, the Founder only Beta.",
    )


@pytest.mark.parametrize(
    ("first", "second", "headline", "sentence"),
    [
        ({}, {}, "No panel verdict yet.", "Nobody on the panel has looked at either tool yet."),
        (
            {"builder": "ship"},
            {},
            "Only Alpha is reviewed.",
            "The panel has looked at one of the two, so the panel puts neither ahead.",
        ),
        (
            {"builder": "ship"},
            {"founder": "ship"},
            "Nobody judged both.",
            "Different reviewers judged each of them, so the panel puts neither ahead.",
        ),
        (
            {"builder": "ship 2026-01-01"},
            {"builder": "skip"},
            "The verdicts are too old.",
            "Nobody judged both in the last 180 days, so the panel puts neither ahead.",
        ),
    ],
)
def test_where_nobody_can_be_ahead_the_reason_is_told(
    first: dict[str, str], second: dict[str, str], headline: str, sentence: str
) -> None:
    assert said(panel(**first), panel(**second)) == (headline, sentence)


def test_one_deciding_voice_is_told() -> None:
    lead = panel_lead(panel(**FOUR), panel(**FOUR | {"founder": "skip"}), TODAY)
    assert wording.decision(NAMES, lead) == "One voice decides it: the Founder ships only Alpha."


@pytest.mark.parametrize("second", [FOUR, FOUR | {"founder": "skip", "builder": "skip"}])
def test_no_deciding_voice_is_told_where_it_takes_none_or_more(second: dict[str, str]) -> None:
    assert wording.decision(NAMES, panel_lead(panel(**FOUR), panel(**second), TODAY)) == ""


def test_of_three_tools_no_winner_is_named() -> None:
    names = [*NAMES, "Gamma"]
    panels = [panel(**FOUR), panel(builder="skip"), panel()]
    assert wording.panel_counts(names, panels, TODAY) == (
        "The panel ships Alpha 4 of 4, Beta 0 of 1 and Gamma not reviewed yet. Of three tools no winner is named. "
        "Alpha has most support until three reviewers change sides."
    )
    assert wording.counts_lede(names, panels, TODAY) == (
        "Of three tools no winner is named. Three changing sides end Alpha’s lead."
    )


def test_between_two_tools_panel_and_readers_each_say_who_is_ahead_and_until_when() -> None:
    lead = panel_lead(panel(**FOUR), panel(**FOUR | {"founder": "skip"}), TODAY)
    assert wording.between(NAMES, lead, [Community(20, 30), Community(45, 5)]) == (
        "The panel puts Alpha ahead until one reviewer changes sides. Readers put Beta ahead until 12 votes change."
    )
    level = panel_lead(panel(**FOUR), panel(**FOUR), TODAY)
    assert wording.between(NAMES, level, [Community(20, 30), Community(25, 25)]) == ""


@pytest.mark.parametrize(
    ("said", "votes", "sentence"),
    [
        (FOUR, (60, 20), "All four reviewers would ship it, and so would most readers."),
        (TWO, (20, 60), "Both reviewers would ship it, but most readers would not."),
        (FOUR | {"founder": "skip"}, (30, 30), "Three of four reviewers would ship it, and readers are divided."),
        (TWO | {"skeptic": "skip"}, (20, 60), "One of two reviewers would ship it, and most readers would not."),
        (
            {"builder": "skip", "founder": "skip"},
            (60, 20),
            "None of the two reviewers would ship it, but most readers would.",
        ),
        ({"builder": "skip"}, (5, 1), "The one reviewer would not ship it."),
        ({}, (60, 20), ""),
    ],
)
def test_the_answer_says_what_reviewers_and_readers_would_do(
    said: dict[str, str], votes: tuple[int, int], sentence: str
) -> None:
    assert wording.answer(panel(**said), Community(*votes)) == sentence


@pytest.mark.parametrize(
    ("said", "votes", "sentence"),
    [
        (
            FOUR,
            (60, 20),
            "The panel’s SHIP holds until two reviewers change their mind, and the readers’ SHIP holds "
            "until 12 readers change their mind: their 95\u202f% interval then reaches 50\u202f%.",
        ),
        ({"builder": "skip"}, (15, 15), "The panel’s SKIP holds until one reviewer changes their mind."),
        (
            {"builder": "skip", "founder": "ship"},
            (11, 24),
            "The readers’ SKIP holds until one reader changes their mind: their 95\u202f% interval then reaches "
            "50\u202f%.",
        ),
        ({}, (29, 0), ""),
    ],
)
def test_a_tools_verdicts_say_what_they_hang_on(said: dict[str, str], votes: tuple[int, int], sentence: str) -> None:
    assert wording.majority(panel(**said), Community(*votes)) == sentence


@pytest.mark.parametrize(
    ("first", "second", "headline", "sentence"),
    [
        (
            {"builder": "ship", "skeptic": "ship", "founder": "ship", "futurist": "skip"},
            {"builder": "skip", "skeptic": "skip", "founder": "skip", "futurist": "skip", "fifth": "skip"},
            "Alpha leads by three reviewers.",
            "3 of 4 against 0 of 4, of the four who judged both: ahead by three voices "
            "(the Builder, the Skeptic and the Founder). The lead holds until two reviewers change sides.",
        ),
        (
            {"builder": "ship", "skeptic": "ship 2026-01-01", "founder": "ship"},
            {"builder": "skip", "skeptic": "ship", "founder": "ship"},
            "Alpha leads by one reviewer.",
            "2 of 2 against 1 of 2, of the two who judged both within 180 days: ahead by one voice (the Builder)."
            + HOLDS,
        ),
        (
            {"builder": "ship", "skeptic": "skip"},
            {"builder": "ship"},
            "Everyone who judged both would ship both.",
            "The one reviewer who judged both ships Alpha and Beta alike.",
        ),
        (
            {"builder": "ship", "skeptic": "skip"},
            {"builder": "skip"},
            "Alpha leads by one reviewer.",
            "1 of 1 against 0 of 1, of the one who judged both: ahead by one voice (the Builder)." + HOLDS,
        ),
    ],
)
def test_a_count_that_leaves_reviewers_out_says_of_whom_it_is(
    first: dict[str, str], second: dict[str, str], headline: str, sentence: str
) -> None:
    assert said(panel(**first), panel(**second)) == (headline, sentence)


@pytest.mark.parametrize(
    ("panels", "headline"),
    [
        (
            [panel(**FOUR), panel(builder="skip"), panel()],
            "Alpha has most support: 4 of 4 would ship it.",
        ),
        ([panel(**FOUR)] * 3, "All three have the same support: 4 of 4 would ship each."),
        ([panel(**FOUR), panel(**FOUR), panel()], "Alpha and Beta have most support: 4 of 4 would ship each."),
        (
            [panel(builder="ship"), panel(builder="ship", founder="skip"), panel()],
            "Alpha and Beta have most support: 1 of 1 and 1 of 2 would ship them.",
        ),
        (
            [panel(builder="ship 2026-01-01", founder="ship 2026-01-01"), panel(builder="ship"), panel(builder="skip")],
            "Who would ship them: Alpha 2 of 2, Beta 1 of 1 and Gamma 0 of 1.",
        ),
        ([panel(builder="skip"), panel(builder="skip"), panel()], "The panel would ship none of the three."),
        ([panel(builder="skip"), panel(), panel()], "Only Alpha is reviewed."),
        ([panel(), panel(), panel()], "No panel verdict yet."),
    ],
)
def test_of_three_tools_the_headline_is_a_count(panels: list[Panel], headline: str) -> None:
    assert wording.headline([*NAMES, "Gamma"], panels, None, TODAY) == headline


def of_both(readers: ReadersOfBoth | None) -> str:
    return wording.readers_sentence(NAMES, readers)


def test_readers_whose_split_may_be_chance_name_no_lead() -> None:
    basis = "Of the 19 readers who judged both, 5 would ship only Alpha and 3 only Beta"
    assert of_both(ReadersOfBoth(5, 3, 9, 2)) == f"{basis}: too close to call."


def test_one_reader_is_one_reader() -> None:
    basis = "Of the one reader who judged both, 0 would ship only Alpha and 0 only Beta"
    assert of_both(ReadersOfBoth(both=1)) == f"{basis}: too close to call."


def test_readers_lean_to_the_first() -> None:
    basis = "Of the 23 readers who judged both, 20 would ship only Alpha and 3 only Beta"
    assert (
        of_both(ReadersOfBoth(20, 3))
        == f"{basis}: the readers lean to Alpha. The lead holds until 4 readers change sides."
    )


def test_readers_lean_to_the_second() -> None:
    basis = "Of the 23 readers who judged both, 3 would ship only Alpha and 20 only Beta"
    assert (
        of_both(ReadersOfBoth(3, 20))
        == f"{basis}: the readers lean to Beta. The lead holds until 4 readers change sides."
    )


def test_without_readers_of_both_the_page_says_so() -> None:
    assert of_both(ReadersOfBoth()) == "No reader has judged both yet."


def test_of_three_tools_readers_name_no_lead_either() -> None:
    assert of_both(None) == "Each tool has its own readers; a lead among them is worked out for two tools at a time."


SPLIT = {"builder": "ship", "skeptic": "skip"}


@pytest.mark.parametrize(
    ("said", "community", "what"),
    [
        (FOUR, (20, 60), "Panel and readers part on Alpha: 4 of 4 reviewers ship it, but 25\u202f% of readers do"),
        (
            {"builder": "skip"},
            (60, 20),
            "Panel and readers part on Alpha: 0 of 1 reviewers ship it, but 75\u202f% of readers do",
        ),
        (FOUR, (60, 20), "The panel is keener on Alpha than readers: 4 of 4 against 75\u202f%"),
        (FOUR, (40, 40), "The panel is keener on Alpha than readers: 4 of 4 against 50\u202f%"),
        (SPLIT, (79, 1), "Readers are keener on Alpha than the panel: 99\u202f% against 1 of 2"),
    ],
)
def test_a_panel_outside_the_readers_interval_parts_from_them_only_on_another_side(
    said: dict[str, str], community: tuple[int, int], what: str
) -> None:
    sentence = disagreement("Alpha", panel(**said), Community(*community))
    assert sentence == f"{what}, beyond the readers’ 95\u202f% interval."


@pytest.mark.parametrize(
    ("said", "community"),
    [
        (FOUR, Community(29, 0)),
        (FOUR, Community(0, 29)),
        (FOUR, Community(30, 0)),
        (FOUR, Community(98, 2)),
        ({}, Community(0, 100)),
        ({"builder": "ship", "founder": "skip"}, Community(50, 50)),
    ],
)
def test_no_disagreement_without_an_interval_or_within_it(said: dict[str, str], community: Community) -> None:
    assert disagreement("Alpha", panel(**said), community) == ""


@pytest.mark.parametrize(("count", "word"), [(0, "no"), (1, "one"), (12, "twelve"), (13, "13")])
def test_small_counts_are_words(count: int, word: str) -> None:
    assert wording.number(count) == word


@pytest.mark.parametrize(("parts", "words"), [(["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")])
def test_lists_read_as_in_a_sentence(parts: list[str], words: str) -> None:
    assert wording.listed(parts) == words
