"""Blocks: every copy holds exactly what its subscriber chose, once."""

import re

from hypothesis import given
from hypothesis import strategies as st

from verdicts.digest.blocks import (
    MAX_HTML_BYTES,
    Block,
    fit_blocks,
    html_size,
    join_blocks,
    preview_for,
    select_blocks,
    subject_for,
)
from verdicts.digest.models import BlockKind, ItemKind
from verdicts.digest.news import CHANGE_KINDS, NewsItem
from verdicts.digest.sections import Section, letter_sections, page_sections
from verdicts.newsletter.models import Rhythm
from verdicts.newsletter.queries import SubscriberChoices

# Which category each tool stands in; the last two stand in none.
TOOLS = {1: 10, 2: 10, 3: 20, 4: 20, 5: 30, 6: None, 7: None}
NAMED = {"category": None, "tool": {"slug": "x", "name": "X"}, "names": ["X", "Y"]}
HEAD, FOOT = (Block(kind, None, (), False, kind, kind) for kind in (BlockKind.HEAD, BlockKind.FOOT))


def an_item(id: int, kind: ItemKind, tools: tuple[int, ...]) -> NewsItem:
    return NewsItem(id, kind, TOOLS[tools[0]], tools, NAMED, is_removed=False, position=id)


tools = st.sampled_from(list(TOOLS))
singles = st.tuples(
    st.sampled_from([kind for kind in ItemKind if kind is not ItemKind.NEW_COMPARISON]), st.tuples(tools)
)
groups = st.lists(tools, min_size=2, max_size=4, unique=True).map(tuple)
comparisons = st.tuples(st.just(ItemKind.NEW_COMPARISON), groups)
editions = st.lists(singles | comparisons, min_size=1, max_size=12).map(
    lambda drawn: [an_item(id, kind, found) for id, (kind, found) in enumerate(drawn)]
)
choices = st.builds(
    SubscriberChoices,
    categories=st.frozensets(st.sampled_from([10, 20, 30, 40])),
    tools=st.frozensets(tools),
    rhythm=st.sampled_from(Rhythm),
)


def a_block(section: Section) -> Block:
    """Make a block whose text and HTML are nothing but the numbers of its items."""
    numbers = "".join(f"<{item.id}>" for item in section.items)
    return Block(
        section.kind, section.category_id, section.tool_ids, section.has_verdict_or_price_change, numbers, numbers
    )


def blocks_of(items: list[NewsItem]) -> list[Block]:
    return [HEAD, *map(a_block, letter_sections(items)), FOOT]


def is_wanted(item: NewsItem, chosen: SubscriberChoices) -> bool:
    """Say in one line what choosing means, without a word about blocks."""
    return not chosen.categories or item.category_id in chosen.categories or bool(chosen.tools & set(item.tool_ids))


@given(editions, choices)
def test_a_copy_holds_exactly_what_was_chosen_and_each_piece_of_news_once(
    items: list[NewsItem], chosen: SubscriberChoices
) -> None:
    wanted = [item for item in items if is_wanted(item, chosen)]
    is_due = chosen.rhythm is Rhythm.EVERY_WEEK or any(item.kind in CHANGE_KINDS for item in wanted)
    copy = join_blocks(blocks_of(items), chosen)
    if not wanted or not is_due:
        assert copy is None
        return
    assert copy is not None
    for part in copy:
        assert sorted(map(int, re.findall(r"<(\d+)>", part))) == [item.id for item in wanted]


@given(editions, choices)
def test_every_copy_has_one_head_and_one_foot_and_something_between(
    items: list[NewsItem], chosen: SubscriberChoices
) -> None:
    for part in join_blocks(blocks_of(items), chosen) or ():
        assert re.fullmatch(r"head(<\d+>)+foot", part)


def test_a_tool_that_is_followed_is_in_the_copy_where_its_category_is_not_read() -> None:
    items = [an_item(0, ItemKind.NEW_TOOL, (1,)), an_item(1, ItemKind.NEW_TOOL, (3,)), an_item(2, ItemKind.VOTES, (4,))]
    copy = join_blocks(blocks_of(items), SubscriberChoices(frozenset([10]), frozenset([1, 3])))
    assert copy is not None
    assert copy[0] == "head<0><1>foot"


def test_who_follows_both_tools_of_a_comparison_reads_of_it_once() -> None:
    items = [an_item(0, ItemKind.NEW_COMPARISON, (1, 3))]
    copy = join_blocks(blocks_of(items), SubscriberChoices(frozenset([30]), frozenset([1, 3])))
    assert copy is not None
    assert copy[0] == "head<0>foot"


def test_the_news_of_one_tool_is_one_block_whatever_its_kinds() -> None:
    items = [
        an_item(0, ItemKind.VERDICT_CHANGE, (1,)),
        an_item(1, ItemKind.NEW_TOOL, (2,)),
        an_item(2, ItemKind.VOTES, (1,)),
    ]
    assert [section.tool_ids for section in letter_sections(items) if section.kind is BlockKind.TOOL] == [(1,), (2,)]


@given(editions)
def test_changes_lead_whatever_their_category_and_a_tool_stands_once_with_all_its_news(items: list[NewsItem]) -> None:
    changed = {item.tool_ids for item in items if item.kind in CHANGE_KINDS}
    sections = [section for section in letter_sections(items) if section.kind is BlockKind.CATEGORY]
    for entries in (
        [entry for section in sections for entry in section.entries],
        [entry for section in page_sections(items) for entry in section.entries],
    ):
        tools = [entry.lead.tool_ids for entry in entries]
        assert sorted(tools) == sorted({item.tool_ids for item in items})
        assert set(tools[: len(changed)]) == changed
        assert sorted(item.id for entry in entries for item in entry.items) == [item.id for item in items]


def sized(kind: BlockKind, size: int, subject: str = "", category_id: int | None = 10) -> Block:
    return Block(kind, category_id, (), True, kind, "x" * size, subject, subject)


def test_a_copy_leaves_out_what_does_not_fit_and_says_so() -> None:
    news = [sized(BlockKind.CATEGORY, 20_000, f"Tool {number}") for number in range(9)]
    foot = [sized(BlockKind.FOOT, 500), sized(BlockKind.FOOT, 500)]
    blocks = [sized(BlockKind.HEAD, 1000), *news, *foot]
    sizes = [html_size(block) for block in blocks]
    chosen = select_blocks(blocks, SubscriberChoices())
    assert chosen == (*range(10), 11)
    fitting = fit_blocks(blocks, chosen, sizes)
    assert fitting == (0, 1, 2, 3, 4, 10, 11)
    assert sum(sizes[index] for index in fitting) <= MAX_HTML_BYTES
    assert fit_blocks(blocks, (0, 1, 2, 11), sizes) == (0, 1, 2, 11)


def test_the_subject_and_the_preview_are_of_the_first_news_that_a_copy_holds() -> None:
    blocks = [
        HEAD,
        sized(BlockKind.CATEGORY, 1, "Alpha: $30, was $20", 10),
        sized(BlockKind.CATEGORY, 1, "New: Beta <b>", 20),
        FOOT,
    ]
    assert subject_for(blocks, (0, 1, 2, 3)) == "Alpha: $30, was $20, and one more change"
    assert (subject_for(blocks, (0, 2, 3)), preview_for(blocks, (0, 2, 3))) == ("New: Beta <b>", "New: Beta &lt;b&gt;")


def test_who_waits_for_changes_gets_all_they_chose_once_there_is_one() -> None:
    items = [an_item(0, ItemKind.VERDICT_CHANGE, (1,)), an_item(1, ItemKind.NEW_TOOL, (3,))]
    on_change = SubscriberChoices(rhythm=Rhythm.ON_CHANGE)
    copy = join_blocks(blocks_of(items), on_change)
    assert copy is not None
    assert copy[0] == "head<0><1>foot"
    assert join_blocks(blocks_of(items[1:]), on_change) is None
