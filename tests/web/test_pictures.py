"""Pictures for other sites: whatever a name is made of, it is fitted, and drawn again only when it changes."""

from io import BytesIO

import pytest
from flask import Flask
from PIL import Image

from tests.conftest import ON_ONE_DATABASE, ON_ONE_SHARED_DATABASE, StatementCount
from tests.makers import make_review, make_reviewer, make_tool
from tests.web import rich
from tests.web.visitor import Visitor
from verdicts.catalog.kinds import Verdict
from verdicts.web import drawing, limits, pictures
from verdicts.web.caching import cache_of
from verdicts.web.drawing import Card, CardRow, drawable
from verdicts.web.page_stores import MAX_BYTES, StoreName

MARKS = (Verdict.SHIP, Verdict.SKIP, None, Verdict.SHIP)
REVIEWERS = ("Builder", "Skeptic", "Futurist", "Founder")
PICTURES = ["/og/tools/alpha.png", "/og/compare/alpha-vs-beta.png", "/og/compare/alpha-vs-beta-vs-gamma.png"]


@pytest.fixture(scope="module")
def visitor(shared_app: Flask) -> Visitor:
    rich.build()
    return Visitor(shared_app)


@pytest.fixture(autouse=True)
def _nothing_is_drawn_yet() -> None:
    pictures.draw.cache_clear()


def card(name: str, rows: int = 2, reviewers: int = 4) -> Card:
    marks = (MARKS * 5)[:reviewers]
    row = CardRow(name, marks, "2 of 4")
    return Card(
        "Verdicts",
        "Which one?",
        f"{name} vs {name}",
        f"{name} leads.",
        (REVIEWERS * 5)[:reviewers],
        (row,) * rows,
        "4 AI voices.",
    )


def opened(png: bytes) -> Image.Image:
    with Image.open(BytesIO(png), formats=["PNG"]) as image:
        return image.convert("RGB")


@pytest.mark.parametrize("path", PICTURES)
@ON_ONE_SHARED_DATABASE
def test_a_picture_is_a_png_that_other_sites_may_show(visitor: Visitor, path: str) -> None:
    answer = visitor.reads(path)
    assert answer.headers["Content-Type"] == "image/png"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert answer.headers["Cache-Control"].startswith("public")
    assert opened(answer.response.get_data()).size == (1200, 630)
    assert len(answer.response.get_data()) < 100_000


@pytest.mark.parametrize("path", ["/tools/alpha", "/compare/alpha-vs-beta", "/compare/alpha-vs-beta-vs-gamma"])
@ON_ONE_SHARED_DATABASE
def test_pages_name_their_picture_and_describe_themselves(visitor: Visitor, path: str) -> None:
    page = visitor.reads(path)
    named = {each.get("property") or each.get("name"): each.get("content") or "" for each in page.all("meta")}
    assert named["og:title"] == page.texts("title")[0]
    assert named["og:description"] == named["description"]
    assert named["og:url"] == f"http://verdicts.test{path}"
    assert named["twitter:card"] == "summary_large_image"
    assert named["og:image:alt"]
    picture = visitor.reads(named["og:image"].removeprefix("http://verdicts.test"))
    size = opened(picture.response.get_data()).size
    assert size == (int(named["og:image:width"]), int(named["og:image:height"]))


@ON_ONE_SHARED_DATABASE
def test_other_pages_have_a_card_too(visitor: Visitor) -> None:
    named = {each.get("property") or each.get("name"): each.get("content") for each in visitor.reads("/").all("meta")}
    assert named["twitter:card"] == "summary"
    assert str(named["og:image"]).startswith("http://verdicts.test/static/img/")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/og/tools/nobody.png", 404),
        ("/og/compare/alpha-vs-nobody.png", 404),
        ("/og/compare/alpha.png", 400),
        ("/og/compare/alpha-vs-alpha.png", 400),
        ("/og/compare/beta-vs-alpha.png", 301),
    ],
)
@ON_ONE_SHARED_DATABASE
def test_only_tools_that_can_be_compared_have_a_picture(visitor: Visitor, path: str, status: int) -> None:
    assert visitor.reads(path, status).status == status


@ON_ONE_DATABASE
def test_a_former_slug_leads_to_the_picture(app: Flask) -> None:
    make_tool("alpha", aliases=("zeta",))
    make_tool("beta")
    visitor = Visitor(app)
    assert visitor.reads("/og/tools/zeta.png", 301).headers["Location"] == "/og/tools/alpha.png"
    assert visitor.reads("/og/compare/beta-vs-zeta.png", 301).headers["Location"] == "/og/compare/alpha-vs-beta.png"


@pytest.mark.parametrize(
    ("name", "drawn"),
    [
        ("Claude Code", "Claude Code"),
        ("Zürich Æon № 1", "Zürich Æon No 1"),
        ("Čedok Škola", "Cedok Skola"),
        ("Robot 🤖 Copilot 👩‍💻", "Robot Copilot"),
        ("通義千問", "a-slug"),
        ("Qwen 通义", "a-slug"),
        ("مساعد الكود", "a-slug"),
        ("עוזר קוד", "a-slug"),
        ("Яндекс GPT", "a-slug"),
        ("🤖", "a-slug"),
        ("Ｆｕｌｌ", "Full"),
        ("", "a-slug"),
    ],
)
def test_a_name_that_our_fonts_cannot_draw_becomes_the_slug(name: str, drawn: str) -> None:
    assert drawable(name, "a-slug") == drawn


@pytest.mark.parametrize("rows", [1, 2, 3, 4])
@pytest.mark.parametrize("name", ["A", "Claude Code", "W" * 120, "A name of many short words " * 4])
def test_every_name_stays_within_the_picture(name: str, rows: int) -> None:
    image = opened(drawing.draw(card(name, rows)))
    margin = image.crop((1142, 20, 1200, 630)).getcolors()
    assert margin is not None
    assert len(margin) == 1, "something is drawn beyond the right margin"


@pytest.mark.parametrize("reviewers", [0, 1, 5, 6, 12, 13, 20])
def test_a_panel_of_any_size_is_drawn(reviewers: int) -> None:
    assert opened(drawing.draw(card("Claude Code", reviewers=reviewers))).size == (1200, 630)


@ON_ONE_DATABASE
def test_a_picture_is_drawn_again_only_when_it_changes(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[Card] = []
    monkeypatch.setattr(drawing, "draw", lambda card: drawn.append(card) or b"png")
    tool, visitor = make_tool("alpha"), Visitor(app)
    for _ in range(3):
        visitor.reads("/og/tools/alpha.png")
    assert len(drawn) == 1
    make_review(tool, make_reviewer(), "ship")
    visitor.reads("/og/tools/alpha.png")
    assert [each.rows[0].count for each in drawn] == ["—", "1 of 1"]


@ON_ONE_DATABASE
def test_one_network_has_so_many_pictures_drawn_in_a_minute(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawing, "draw", lambda _card: b"png")
    most = int(limits.PICTURES_LIMIT.split()[0])
    for number in range(most + 1):
        make_tool(f"tool-{number}")
    visitor = Visitor(app)
    for number in range(most):
        visitor.reads(f"/og/tools/tool-{number}.png")
    refused = visitor.reads(f"/og/tools/tool-{most}.png", 429)
    assert int(refused.headers["Retry-After"]) <= 61
    visitor.reads("/og/tools/tool-0.png")  # which is drawn already
    Visitor(app, "203.0.113.9").reads(f"/og/tools/tool-{most}.png")


@ON_ONE_DATABASE
def test_while_another_picture_is_drawn_one_waits_and_is_then_refused(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_tool("alpha")
    monkeypatch.setattr(drawing, "WAIT_SECONDS", 0)
    with drawing._drawing:
        assert Visitor(app).reads("/og/tools/alpha.png", 503).headers["Retry-After"]


@ON_ONE_DATABASE
def test_pictures_push_no_page_out_of_the_cache(app: Flask) -> None:
    make_tool("alpha")
    Visitor(app).reads("/og/tools/alpha.png")
    stores = cache_of(app)._stores
    assert [name for name, store in stores.items() if store.keys()] == [StoreName.PICTURES]
    assert MAX_BYTES[StoreName.PICTURES] <= 8 * 1024 * 1024


def test_a_picture_takes_its_number_of_statements(app: Flask, statements: StatementCount) -> None:
    rich.build()
    visitor, counts = Visitor(app), {}
    for path in PICTURES:
        before = len(statements)
        visitor.reads(path)
        counts[path] = statements.of_pages(before)
    assert list(counts.values()) == [2, 3, 3]
