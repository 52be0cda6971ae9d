"""Search: the same tools in the same order on both databases, whatever a visitor types."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.conftest import StatementCount
from tests.makers import NOW, TODAY, make_category, make_fact, make_price, make_tool
from verdicts.catalog import search, search_index
from verdicts.catalog.content_version import content_version
from verdicts.catalog.kinds import PriceModel
from verdicts.catalog.models import Tool
from verdicts.catalog.search_index import Property, property_word
from verdicts.extensions import db

tool = Tool.__table__
ID = {"sqlite": "rowid", "postgresql": "tool_id"}

HOSTILE = [
    "",
    " ",
    "'",
    '"',
    '"unclosed',
    "''; DROP TABLE tool; --",
    "mistral AND",
    "OR NOT NEAR(",
    "name : x",
    "* ^ - + ( ) { } [ ] : & | ! <-> \\",
    "mistral:*",
    "%_%",
    "\x00",
    "mistral\x00code",
    "\ud800",
    "🚢🚢🚢",
    "½ ² ﬁ İ ß",
    "a" * 10_000,
    "word " * 2_000,
    "👩\u200d💻 code",
    "\u0301\u0301\u0301",
]


def found(text: str) -> list[str]:
    """Return the names that a search finds, best first."""
    hits = search.matching(text)
    statement = sa.select(tool.c.name).join(hits, hits.c.tool_id == tool.c.id).order_by(*search.best_first(hits))
    return list(db.session.scalars(statement))


def found_first(text: str, public_at: datetime | None = None) -> list[str]:
    """Return the names of what a search finds, those that are not ranked too, in the order in which it finds them."""
    ids = db.session.scalars(search.first_matching(text, public_at=public_at)).all()
    names = {each.id: each.name for each in db.session.scalars(sa.select(Tool))}
    return [names[id] for id in ids]


def test_an_unfinished_last_word_finds_the_tool(app: Flask) -> None:
    make_tool("mistral-code", name="Mistral Code")
    make_tool("smolvlm", name="SmolVLM2-2B")
    search_index.reindex_all()
    assert found("mistr") == ["Mistral Code"]
    assert found("mistral co") == ["Mistral Code"]
    assert found("m") == ["Mistral Code"]


def test_only_the_last_word_may_be_unfinished(app: Flask) -> None:
    make_tool("mistral-code", name="Mistral Code")
    search_index.reindex_all()
    assert found("mistr code") == []


def test_every_word_must_be_found(app: Flask) -> None:
    make_tool("mistral-code", name="Mistral Code")
    search_index.reindex_all()
    assert found("code mistral") == ["Mistral Code"]
    assert found("mistral chat") == []


def test_name_weighs_more_than_tagline_and_tagline_more_than_the_rest(app: Flask) -> None:
    make_tool("c", name="Third", description="vision " * 50)
    make_tool("b", name="Second", tagline="For vision")
    make_tool("a", name="Vision first", description="long " * 300)
    search_index.reindex_all()
    assert found("vision") == ["Vision first", "Second", "Third"]


def test_a_whole_word_comes_before_a_longer_one(app: Flask) -> None:
    make_tool("codex", name="Codex")
    make_tool("mistral-code", name="Mistral Code")
    search_index.reindex_all()
    assert found("code") == ["Mistral Code", "Codex"]


@pytest.mark.parametrize("text", ["hugging", "developer", "old-name", "receipts", "smolvlm2", "2b", "SMOLVLM2-2B"])
def test_maker_category_alias_and_description_are_searched_too(app: Flask, text: str) -> None:
    category = make_category("developer-tools")
    make_tool(
        "huggingface-smolvlm2-2b",
        aliases=("old-name",),
        name="SmolVLM2-2B",
        maker="Hugging Face",
        category_id=category.id,
        description="Reads **receipts**.",
    )
    make_tool("other", name="Other")
    search_index.reindex_all()
    assert found(text) == ["SmolVLM2-2B"]


@pytest.mark.parametrize(
    ("name", "text"), [("Café Straße", "cafe strasse"), ("Cafe", "CAFÉ"), ("Ｆｕｌｌ", "full"), ("5 ㎒", "mhz")]
)
def test_accents_and_case_do_not_matter(app: Flask, name: str, text: str) -> None:
    make_tool("a", name=name)
    search_index.reindex_all()
    assert found(text) == [name]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_whatever_a_visitor_types_is_only_text(app: Flask, text: str) -> None:
    make_tool("mistral-code", name="Mistral Code", description="SQL's worst: '; \"quoted\" \\ back")
    search_index.reindex_all()
    assert found(text) in ([], ["Mistral Code"])


def test_a_text_without_a_letter_or_digit_finds_nothing(app: Flask) -> None:
    make_tool("mistral-code")
    search_index.reindex_all()
    assert found("?!") == []


def test_the_longest_text_asks_for_a_bounded_number_of_words(app: Flask) -> None:
    many = " ".join(f"w{number}" for number in range(5_000))
    compiled = search.matching(many).compile(db.engine)
    assert len(compiled.params) < 100


def test_a_description_of_any_size_can_be_indexed(app: Flask) -> None:
    make_tool("big", name="Big", description=" ".join(f"{number:x}{'ü' * 60}" for number in range(20_000)))
    search_index.reindex_all()
    assert found("big") == ["Big"]


@pytest.mark.parametrize(
    ("name", "texts"),
    [
        ("深度求索人工智能模型", ["深", "模型", "人工智能", "求索人", "智能 深度", "深度求索人工智能模型", "模"]),
        ("日本語コード補完ツール", ["日本語", "コード", "補完", "ツール", "ド"]),
        ("GPT模型2代", ["gpt", "模型", "2", "GPT模型"]),
        ("ผู้ช่วยเขียนโค้ด", ["เขียน", "โค้ด", "ช่วยเขียน"]),
        ("한국어모델은", ["모델", "한국어", "모델 한국어"]),
        ("𠮷野家の検索", ["𠮷野", "検索"]),
    ],
)
def test_words_are_found_inside_a_run_without_spaces(app: Flask, name: str, texts: list[str]) -> None:
    make_tool("a", name="Latin only", description=f"It is called {name}。")
    make_tool("b", name=name)
    make_tool("c", name="Other", description="別的東西 อื่น 다른")
    search_index.reindex_all()
    for text in texts:
        assert found(text) == [name, "Latin only"], text


@pytest.mark.parametrize(
    ("run", "inside"),
    [
        ("ꆈꌠꁱꂷ", "ꁱꂷ"),  # Yi
        ("ꦲꦏ꧀ꦱꦫꦗꦮ", "ꦗꦮ"),  # Javanese
        ("ᨲᩫ᩠ᩅᨾᩮᩬᩥᨦ", "ᨾᩮᩬᩥᨦ"),  # Tai Tham
        ("ᮃᮊ᮪ᮞᮛᮞᮥᮔ᮪ᮓ", "ᮞᮥᮔ᮪ᮓ"),  # Sundanese
        ("ᬅᬓ᭄ᬱᬭᬩᬮᬶ", "ᬩᬮᬶ"),  # Balinese
        ("𛀁𛀂𛀃𛀄", "𛀃𛀄"),  # old kana
        ("ㄱㄴㄷㄹ", "ㄷㄹ"),  # bare jamo
        ("ꨀꨇꩉꨕꨛ", "ꨕꨛ"),  # Cham
        ("𗀀𗀁𗀂𗀃", "𗀂𗀃"),  # Tangut
        ("ᨅᨔᨕᨘᨁᨗ", "ᨕᨘᨁᨗ"),  # Buginese
        ("ꤰꤱꤲꤳ", "ꤲꤳ"),  # Rejang
        ("ᜀᜁᜂᜃ", "ᜂᜃ"),  # Tagalog
        ("𑜀𑜁𑜂𑜃", "𑜂𑜃"),  # Ahom
        ("人〻之〱", "〻之"),  # marks of repetition
    ],
)
def test_words_are_found_inside_a_run_of_rarer_scripts(app: Flask, run: str, inside: str) -> None:
    make_tool("a", name="Named", tagline=run)
    search_index.reindex_all()
    assert found(f"{inside} {run}") == found(inside) == ["Named"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("ភាសា\u200bខ្មែរ", "ភាសាខ្មែរ"),  # Khmer and its neighbours mark in this way where a line may break
        ("ภาษา\u200bไทย", "ษาไทย"),
        ("Hyphen\u00adation", "hyphenation"),
        ("می\u200cخواهم", "میخواهم"),
        ("Open\u2060AI", "openai"),
        ("\u200eCode\u200f", "code"),
    ],
)
def test_characters_that_show_nothing_do_not_matter(app: Flask, name: str, text: str) -> None:
    make_tool("a", name=name)
    search_index.reindex_all()
    assert found(f"{name} {text}") == found(text) == [name]


def test_pieces_that_stand_apart_are_no_word(app: Flask) -> None:
    make_tool("a", name="東京と京都")
    search_index.reindex_all()
    assert found("東京都") == []


def test_a_long_description_without_spaces_can_be_indexed(app: Flask) -> None:
    make_tool("big", name="Big", description="".join(map(chr, range(0x4E00, 0x4E00 + 20_000))))
    search_index.reindex_all()
    assert found("big") == ["Big"]


def test_reindexing_one_tool_replaces_what_was_indexed(app: Flask) -> None:
    renamed, other = make_tool("a", name="Before"), make_tool("b", name="Before too")
    search_index.reindex_all()
    renamed.name = "After"
    other.name = "After too"
    db.session.flush()
    search_index.reindex([renamed.id])
    assert found("before") == ["After too"]
    assert found("after") == ["After"]


def test_reindexing_forgets_a_tool_that_is_gone(app: Flask) -> None:
    gone = make_tool("a", name="Gone")
    id = gone.id
    search_index.reindex([id])
    db.session.delete(gone)
    db.session.flush()
    search_index.reindex([id])
    make_tool("b", id=id, name="Successor")
    assert found("gone") == []


def test_reindexing_takes_as_many_statements_however_many_tools(app: Flask, statements: StatementCount) -> None:
    ids = [make_tool(f"tool-{number}").id for number in range(20)]
    before = len(statements)
    search_index.reindex(ids)
    search_index.reindex_all()
    assert len(statements) - before == 4 + 5


def test_searching_takes_one_statement(app: Flask, statements: StatementCount) -> None:
    make_tool("mistral-code")
    search_index.reindex_all()
    before = len(statements)
    found("mistral code for developers")
    assert len(statements) - before == 1


def test_of_too_many_tools_those_with_the_word_in_their_name_are_ranked_first(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(4):
        make_tool(f"a-{number}", name=f"A{number}", description="It edits code.")
    make_tool("tagged", name="Tagged", tagline="Code for all.")
    make_tool("code-editor", name="Code Editor")
    search_index.reindex_all()
    everything = found("code")
    for most in (1, 2, 4):
        monkeypatch.setattr(search, "MAX_RANKED", most)
        assert found("code") == everything[:most]
        assert set(found_first("code")) == set(everything)
    for most in (1, 2, 4):
        monkeypatch.setattr(search, "MAX_COUNTED", most - 1)
        assert found("code") == found_first("code") == everything[:most]
    holding = sa.select(sa.func.count()).select_from(tool).where(search.is_in(tool.c.id, "code"))
    assert db.session.scalar(holding) == len(everything) == 6


def test_a_search_says_how_many_match_of_which_it_ranks_the_best(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(5):
        make_tool(f"code-{number}", name=f"Code {number}")
    search_index.reindex_all()
    monkeypatch.setattr(search, "MAX_RANKED", 2)
    assert db.session.scalars(sa.select(search.matching("code").c.total)).all() == [5, 5]
    monkeypatch.setattr(search, "MAX_COUNTED", 3)
    assert db.session.scalars(sa.select(search.matching("code").c.total)).all() == [4, 4]


def test_whole_words_are_found_before_unfinished_ones_and_the_name_before_the_rest(app: Flask) -> None:
    for name, texts in (
        ("A", {"description": "A coder."}),
        ("B", {"description": "It is code."}),
        ("C", {"tagline": "For a coder"}),
        ("D", {"tagline": "For code"}),
        ("The Coder", {}),
        ("The Code", {}),
    ):
        make_tool(name.lower().replace(" ", "-"), name=name, **texts)
    search_index.reindex_all()
    assert found_first("code") == ["The Code", "The Coder", "D", "C", "B", "A"]


@pytest.mark.parametrize("text", ["code", "the code"])
def test_what_is_public_later_or_not_at_all_is_found_by_editors_alone(app: Flask, text: str) -> None:
    moments = {"draft": None, "now": NOW, "soon": NOW + timedelta(seconds=1), "once": NOW - timedelta(days=9)}
    for number, (name, published_at) in enumerate(moments.items()):
        make_tool(name, name=f"The Code, {name}", published_at=published_at, position=number)
    search_index.reindex_all()
    assert found_first(text, public_at=NOW) == ["The Code, now", "The Code, once"]
    hits = search.matching(text, public_at=NOW)
    assert db.session.execute(sa.select(hits.c.place, hits.c.total).order_by(hits.c.place)).all() == [(1, 2), (3, 2)]
    assert found(text) == [f"The Code, {name}" for name in moments]


def test_a_tool_that_is_unpublished_is_not_found_from_that_moment(app: Flask) -> None:
    once = make_tool("code", name="Code")
    search_index.reindex_all()
    assert found_first("code", public_at=NOW) == ["Code"]
    once.published_at = None
    db.session.flush()
    assert found_first("code", public_at=NOW) == []


def test_tools_that_may_not_be_found_take_no_place_among_those_that_are_ranked(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        make_tool(f"code-{number}", name=f"Code {number}", published_at=None)
    wanted = make_tool("wanted", name="Wanted", description="It edits code.")
    search_index.reindex_all()
    monkeypatch.setattr(search, "MAX_COUNTED", 0)
    hits = search.matching("code", public_at=NOW)
    found = db.session.execute(sa.select(hits.c.tool_id, hits.c.rank)).all()
    assert found == [(wanted.id, -2 * search.REST_WEIGHT)]


def test_of_too_many_tools_the_one_that_is_called_so_comes_first(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("Code 1", "Code 2", "Code", "Code 3"):
        make_tool(name.lower().replace(" ", "-"), name=name)
    search_index.reindex_all()
    monkeypatch.setattr(search, "MAX_RANKED", 1)
    assert found("code") == ["Code"]
    assert found_first("code") == ["Code", "Code 1", "Code 2", "Code 3"]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_the_best_are_read_first_however_the_planner_would_join_tools(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("Code 1", "Code 2", "Code"):
        make_tool(name.lower().replace(" ", "-"), name=name)
    search_index.reindex_all()
    monkeypatch.setattr(search, "MAX_RANKED", 1)
    hits = search.matching("code", public_at=NOW)
    for kind in ("hashjoin", "nestloop"):
        db.session.execute(sa.text(f"SET LOCAL enable_{kind} = off"))
    best = sa.select(tool.c.name).join(hits, hits.c.tool_id == tool.c.id).order_by(hits.c.rank)
    assert db.session.scalars(best.limit(1)).one() == "Code"


def test_a_tool_is_found_by_what_its_category_asks_for_and_it_has(app: Flask) -> None:
    category = make_category(facts={"self_host": "Can be self-hosted", "formats": "Model formats"})
    for name, self_host in (("Mine", "Yes"), ("Theirs", "No; in their cloud"), ("Unknown", "")):
        one = make_tool(name.lower(), name=name, category_id=category.id)
        for key, value in (("self_host", self_host), ("formats", "GGUF"), ("not_asked", "Kubernetes")):
            if value and name != "Unknown":
                make_fact(one, key, value)
    search_index.reindex_all()
    assert found("self-hosted") == ["Mine"]
    assert found("gguf") == ["Mine", "Theirs"]
    assert found("kubernetes") == []


def test_what_costs_nothing_or_nothing_to_start_with_is_found_as_free(app: Flask) -> None:
    for model in (PriceModel.FREE, PriceModel.FREEMIUM, PriceModel.PAID):
        make_price(make_tool(model, name=model.upper()), model)
    once = make_tool("once", name="Once")
    make_price(once, PriceModel.FREE, until=TODAY)
    make_price(once, PriceModel.PAID)
    search_index.reindex_all()
    assert found("free") == ["FREE", "FREEMIUM"]


def test_with_any_word_the_tools_that_hold_most_of_them_come_first(app: Flask) -> None:
    make_tool("agent", name="Agent")
    make_tool("crow", name="Crow", tagline="An agent for every terminal")
    make_tool("rest", name="Rest", description="An agent for every terminal")
    search_index.reindex_all()
    text = "what is the best terminal agent with pictures"
    hits = search.matching(text, any_word=True)
    assert db.session.scalars(sa.select(hits.c.tool_id).order_by(hits.c.rank)).all() == [2, 1]
    assert found(text) == []


@pytest.mark.parametrize("text", HOSTILE)
def test_whatever_a_visitor_types_is_only_words_of_which_any_may_match(app: Flask, text: str) -> None:
    make_tool("other", name="Other")
    search_index.reindex_all()
    hits = search.matching(text, any_word=True)
    assert db.session.scalars(sa.select(hits.c.tool_id)).all() == []


def test_a_word_longer_than_any_that_is_indexed_is_searched_for(app: Flask) -> None:
    make_tool("long", name="W" * 60)
    search_index.reindex_all()
    assert found("w" * 60) == ["W" * 60]


def test_a_tool_that_an_older_version_indexed_after_the_migration_is_indexed_again(app: Flask) -> None:
    for name in ("Left", "Kept"):
        make_tool(name.lower(), name=name, license="MIT")
    search_index.reindex_all()
    by_license = search.first_matching("", properties=[[property_word(Property.LICENSE, "MIT")]])
    version, index = content_version(), search_index.table_here(db.session.connection())
    db.session.execute(sa.delete(index).where(sa.literal_column(ID[db.engine.dialect.name]) == 1))
    assert db.session.scalars(by_license).all() == [2]
    assert search.reindex_left_out() == 1
    assert sorted(db.session.scalars(by_license)) == [1, 2]
    assert content_version() > version
    assert search.reindex_left_out() == 0
