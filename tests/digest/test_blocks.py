"""Blocks: every copy holds exactly what its subscriber chose, once."""

import re

from hypothesis import given
from hypothesis import strategies as st

from verdicts.digest.blocks import Block, join_blocks
from verdicts.digest.models import BlockKind, ItemKind
from verdicts.digest.news import CHANGE_KINDS, NewsItem
from verdicts.digest.rendering import Section, category_sections, tool_sections
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
    return [HEAD, *map(a_block, [*category_sections(items), *tool_sections(items)]), FOOT]


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
    assert [section.tool_ids for section in tool_sections(items)] == [(1,), (2,)]


def test_who_waits_for_changes_gets_all_they_chose_once_there_is_one() -> None:
    items = [an_item(0, ItemKind.VERDICT_CHANGE, (1,)), an_item(1, ItemKind.NEW_TOOL, (3,))]
    on_change = SubscriberChoices(rhythm=Rhythm.ON_CHANGE)
    copy = join_blocks(blocks_of(items), on_change)
    assert copy is not None
    assert copy[0] == "head<0><1>foot"
    assert join_blocks(blocks_of(items[1:]), on_change) is None
