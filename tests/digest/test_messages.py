"""Copies: each a whole message, read back as a mail program reads it."""

import re
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage

import pytest
from flask import Flask
from hypothesis import example, given
from hypothesis import strategies as st

from tests.conftest import ON_ONE_DATABASE, StatementCount
from tests.digest.weekly import a_turn, a_week, an_old_tool, drafted, writing
from tests.makers import NOW, make_category, make_comparison, make_subscriber, make_tool, make_votes
from tests.web.visitor import read_html
from verdicts.digest import editing, freezing
from verdicts.digest.blocks import LEAVE_PLACEHOLDER, PREFERENCES_PLACEHOLDER, Block
from verdicts.digest.messages import MessageBuilder, Recipient, encode_block, load_message_builder
from verdicts.digest.models import BlockKind
from verdicts.extensions import db
from verdicts.mailing.addresses import InvalidAddress
from verdicts.newsletter.models import Subscriber
from verdicts.newsletter.queries import SubscriberChoices
from verdicts.newsletter.tokens import Purpose, TokenContent, leave_token, preferences_token, read_token

HOSTILE = '<script>alert(1)</script> & "quotes" \'\u202e\u2066 {{ 7 * 7 }} <!--cut--> =?utf-8?q?x?= .\r\n.\r\nBcc: x@y'


def frozen() -> int:
    found = drafted()
    with writing():
        freezing.freeze(found.id, NOW)
    return found.id


def recipient(subscriber: Subscriber, **choices: frozenset[int]) -> Recipient:
    return Recipient(subscriber.id, subscriber.address or "", subscriber.generation, SubscriberChoices(**choices))


def read(raw: bytes | None) -> EmailMessage:
    assert raw is not None
    message = message_from_bytes(raw, policy=policy.SMTP)
    assert isinstance(message, EmailMessage)
    assert not message.defects
    assert not any(part.defects for part in message.walk())
    return message


def part(message: EmailMessage, kind: str) -> str:
    found = message.get_body((kind,))
    assert found is not None
    return str(found.get_content())


@pytest.fixture
def ann(app: Flask) -> Subscriber:
    return make_subscriber("ann@example.org")


@pytest.fixture
def builder(ann: Subscriber) -> MessageBuilder:
    a_week()
    return load_message_builder(frozen())


@ON_ONE_DATABASE
def test_a_copy_has_every_header_a_newsletter_needs(builder: MessageBuilder, ann: Subscriber) -> None:
    message = read(builder.build(recipient(ann), NOW))
    leave = leave_token(ann.id, ann.generation)
    told = {name: message[name] for name in message if name not in {"Message-ID", "X-Verdicts-Delivery"}}
    assert told == {
        "To": "ann@example.org",
        "Date": "Sun, 22 Nov 2026 12:00:00 +0000",
        "From": "Verdicts <verdicts@verdicts.test>",
        "Subject": "Alpha: the Skeptic says SHIP now, and more",
        "List-Id": "<digest.verdicts.test>",
        "Precedence": "bulk",
        "Auto-Submitted": "auto-generated",
        "MIME-Version": "1.0",
        "Content-Type": message["Content-Type"],
        "List-Unsubscribe": f"<http://verdicts.test/newsletter/leave/{leave}>, "
        f"<mailto:verdicts@verdicts.test?subject=leave%20{leave}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
    assert message.get_content_type() == "multipart/alternative"
    assert [each.get_content_type() for each in message.iter_parts()] == ["text/plain", "text/html"]


def test_the_message_id_is_always_the_same_for_one_subscriber_and_never_for_two(
    builder: MessageBuilder, ann: Subscriber
) -> None:
    ben = make_subscriber("ben@example.org")
    ids = [read(builder.build(recipient(each), NOW))["Message-ID"] for each in (ann, ann, ben)]
    assert ids[0] == ids[1] != ids[2]
    assert re.fullmatch(r"<[0-9a-f]{40}@verdicts\.test>", ids[0])


@ON_ONE_DATABASE
def test_the_delivery_is_known_by_a_signed_header(builder: MessageBuilder, ann: Subscriber) -> None:
    token = read(builder.build(recipient(ann), NOW))["X-Verdicts-Delivery"]
    assert read_token(Purpose.BOUNCE, token) == TokenContent(ann.id, 1)


def test_both_parts_link_to_the_readers_own_pages(builder: MessageBuilder, ann: Subscriber) -> None:
    message = read(builder.build(recipient(ann), NOW))
    for kind in ("plain", "html"):
        body = part(message, kind)
        assert f"http://verdicts.test/newsletter/leave/{leave_token(ann.id, 1)}" in body
        assert f"http://verdicts.test/newsletter/preferences/{preferences_token(ann.id, 1)}" in body
        assert "http://verdicts.test/digest/2026-w47" in body
        assert "@@" not in body


@ON_ONE_DATABASE
def test_two_copies_differ_in_their_tokens_and_addresses_only(builder: MessageBuilder, ann: Subscriber) -> None:
    ben = make_subscriber("ben@example.org")
    copies = []
    for each in (ann, ben):
        raw = builder.build(recipient(each), NOW)
        assert raw is not None
        text = raw.decode().replace(str(each.address), "ADDRESS")
        copies.append(re.sub(r"[a-z2-7]{40}|[0-9a-f]{40}", "TOKEN", text))
    assert copies[0] == copies[1]


def test_the_parts_of_a_copy_say_the_same_and_the_html_is_whole(builder: MessageBuilder, ann: Subscriber) -> None:
    message = read(builder.build(recipient(ann), NOW))
    text, html = part(message, "plain"), part(message, "html")
    tree, doctype = read_html(html)
    assert doctype == "DOCTYPE html"
    for words in ("It reads receipts now.", "Up by half.", "Beta", "SKIP", "SHIP"):
        assert words in text
        assert words in html
    assert "$20 / month to $30 / month" in text
    assert [each.get("href") for each in tree.iter("a") if not (each.get("href") or "").startswith("http")] == []


@ON_ONE_DATABASE
def test_nothing_is_loaded_and_nobody_is_watched(builder: MessageBuilder, ann: Subscriber) -> None:
    html = part(read(builder.build(recipient(ann), NOW)), "html")
    tree, _ = read_html(html)
    assert {each.tag for each in tree.iter()} & {"img", "link", "script", "iframe", "object", "form", "input"} == set()
    assert "url(" not in html
    for link in (each.get("href", "") for each in tree.iter("a")):
        assert link.startswith("http://verdicts.test/"), link
        assert "?" not in link


def test_styles_stand_in_the_elements_and_dark_mode_in_the_head(builder: MessageBuilder, ann: Subscriber) -> None:
    html = part(read(builder.build(recipient(ann), NOW)), "html")
    head, _, body = html.partition("</head>")
    assert "prefers-color-scheme: dark" in head
    assert "max-width: 480px" in head
    assert '<span class="ship" style="' in body
    assert 'content="light dark"' in head


@ON_ONE_DATABASE
def test_a_copy_holds_only_what_was_chosen(ann: Subscriber) -> None:
    _, chat, _, _ = a_week()
    builder = load_message_builder(frozen())
    everything = part(read(builder.build(recipient(ann), NOW)), "plain")
    assert "CHAT" in everything
    assert "ALPHA (Code)" in everything
    only = part(read(builder.build(recipient(ann, categories=frozenset([chat.id])), NOW)), "plain")
    assert "CHAT" in only
    assert "Code" not in only
    assert "Alpha" not in only


def test_who_chose_nothing_of_it_gets_no_copy(builder: MessageBuilder, ann: Subscriber) -> None:
    assert builder.build(recipient(ann, categories=frozenset([99])), NOW) is None


@pytest.mark.parametrize("address", ["a\r\nBcc: x@example.org", "ann@example.org\0", "not an address", ""])
@ON_ONE_DATABASE
def test_an_address_that_no_header_can_hold_is_refused(builder: MessageBuilder, address: str) -> None:
    with pytest.raises(InvalidAddress):
        builder.build(Recipient(1, address, 1), NOW)


def test_an_address_of_another_script_stands_in_the_header_as_it_is(builder: MessageBuilder) -> None:
    raw = builder.build(Recipient(1, "jörg@bücher.example", 1), NOW)
    assert raw is not None
    assert "To: jörg@xn--bcher-kva.example\r\n".encode() in raw


@ON_ONE_DATABASE
def test_no_line_is_longer_than_mail_allows_and_all_end_alike(builder: MessageBuilder, ann: Subscriber) -> None:
    raw = builder.build(recipient(ann), NOW)
    assert raw is not None
    lines = raw.split(b"\r\n")
    assert not any(b"\n" in line or b"\r" in line for line in lines)
    body = raw.partition(b"\r\n\r\n")[2].split(b"\r\n")
    assert max(map(len, body)) <= 76
    assert max(map(len, lines)) <= 998


@ON_ONE_DATABASE
def test_no_line_of_a_copy_begins_with_a_dot(app: Flask, ann: Subscriber) -> None:
    dots = " .".join(["." * 70] * 2)
    a_turn(an_old_tool("alpha"), reason=f"..{dots}")
    found = drafted()
    with writing():
        editing.update_text(found.id, intro=f".\n\n..\n{dots} " * 5, subject=dots)
        freezing.freeze(found.id, NOW)
    raw = load_message_builder(found.id).build(recipient(ann), NOW)
    assert raw is not None
    assert dots in part(read(raw), "plain")
    assert not re.search(rb"(?m)^\.", raw)


def test_hostile_words_stay_words(app: Flask, ann: Subscriber) -> None:
    tool = make_tool("alpha", name=HOSTILE[:80], tagline=HOSTILE)
    make_votes(tool, ship=range(3))
    make_comparison(tool, an_old_tool("beta"), headline="<b>x</b><!--cut-->")
    found = drafted()
    with writing():
        editing.update_text(found.id, intro=f"{HOSTILE} [x](javascript:alert(1)) {LEAVE_PLACEHOLDER}")
        freezing.freeze(found.id, NOW)
    message = read(load_message_builder(found.id).build(recipient(ann), NOW))
    html = part(message, "html")
    tree, _ = read_html(html)
    assert not list(tree.iter("script"))
    assert not list(tree.iter("b"))
    assert "49" not in html
    assert "javascript:" not in {each.get("href", "")[:11] for each in tree.iter("a")}
    assert message["Bcc"] is None
    assert "<script>alert(1)</script>" in part(message, "plain")


@pytest.mark.parametrize(
    "subject",
    [
        "Zwei Änderungen: „SKIP“ 🛑",
        "x" * 200,
        "One, two, three " * 12,
        "Изменение вердикта и новые цены для инструментов " * 4,
        "二つの判定が変わり 新しい価格 " * 10,
        "=?utf-8?q?not_encoded?=",
    ],
)
@ON_ONE_DATABASE
def test_any_subject_arrives_as_it_was_written(app: Flask, ann: Subscriber, subject: str) -> None:
    a_week()
    found = drafted()
    with writing():
        freezing.freeze(found.id, NOW, subject=subject.strip())
    raw = load_message_builder(found.id).build(recipient(ann), NOW)
    assert read(raw)["Subject"] == subject.strip()
    assert raw is not None
    head = raw.partition(b"\r\n\r\n")[0]
    assert head.isascii()
    assert all(len(word) <= 75 for word in re.findall(rb"=\?\S*", head))


@ON_ONE_DATABASE
@pytest.mark.parametrize("kind", ["changes", "new tools"])
def test_the_html_of_any_edition_is_below_what_gmail_cuts_and_the_rest_is_linked(
    app: Flask, ann: Subscriber, kind: str
) -> None:
    categories = [make_category(f"kind-{number}") for number in range(4)]
    for number in range(72):
        if kind == "changes":
            a_turn(an_old_tool(f"tool-{number}", categories[number % 4]), reason="Größer und schneller. " * 40)
        else:
            make_tool(f"tool-{number}", category_id=categories[number % 4].id, tagline="Größer und schneller. " * 40)
    found = drafted()
    with writing():
        editing.update_text(found.id, intro="Ein „kurzes“ Wort vorweg. " * 150)
        freezing.freeze(found.id, NOW)
    builder = load_message_builder(found.id)
    followed = frozenset(range(1, 60))
    for choices in ({}, {"categories": frozenset({categories[0].id}), "tools": followed}):
        raw = builder.build(recipient(ann, **choices), NOW)
        message = read(raw)
        assert raw is not None
        as_sent = raw.partition(b"Content-Type: text/html")[2]
        assert len(as_sent) < 100 * 1024
        text, html = part(message, "plain"), part(message, "html")
        for body in (text, html):
            assert f"/newsletter/leave/{leave_token(ann.id, 1)}" in body
            assert "http://verdicts.test/digest/2026-w47" in body
        tree, _ = read_html(html)
        assert ("More happened than one email holds" in html) == ("More happened than one email holds" in text)
        assert len(list(tree.iter("h2"))) > (20 if kind == "changes" else 3)
        assert ("More happened" in html) == (kind == "changes" or bool(choices))
        assert ("more</a>" in html) == (kind == "new tools")


@ON_ONE_DATABASE
def test_subject_and_preview_tell_the_first_news_of_each_readers_own_copy(
    builder: MessageBuilder, ann: Subscriber
) -> None:
    chat = next(block.category_id for block in builder.blocks if "Beta" in block.text)
    everything = read(builder.build(recipient(ann), NOW))
    only_chat = read(builder.build(recipient(ann, categories=frozenset({chat or 0})), NOW))
    assert everything["Subject"] == "Alpha: the Skeptic says SHIP now, and more"
    assert only_chat["Subject"] == "New: Beta"
    previews = [
        next(each for each in read_html(part(message, "html"))[0].iter("div") if each.get("class") == "preview").text
        for message in (everything, only_chat)
    ]
    assert previews == [
        "The Skeptic went from SKIP to SHIP on Alpha. It reads receipts now.",
        "Beta: new in the catalogue.",
    ]


@ON_ONE_DATABASE
def test_the_editors_words_come_first_and_their_subject_is_everyones(app: Flask, ann: Subscriber) -> None:
    _, chat, _, _ = a_week()
    found = drafted()
    with writing():
        editing.update_text(found.id, intro="A quiet week, but for Alpha.", subject="Receipts")
        freezing.freeze(found.id, NOW)
    builder = load_message_builder(found.id)
    for choices in ({}, {"categories": frozenset({chat.id})}):
        message = read(builder.build(recipient(ann, **choices), NOW))
        assert message["Subject"] == "Receipts"
        for kind in ("plain", "html"):
            body = part(message, kind).partition("<table")[2] or part(message, kind)  # after the preview
            intro = body.index("A quiet week")
            assert intro < body.index("/tools/")
            assert intro < min(body.index(tool) for tool in ("ALPHA", "Beta", "CHAT", "Chat", "Code") if tool in body)


@ON_ONE_DATABASE
def test_a_tool_stands_once_with_all_its_news(builder: MessageBuilder, ann: Subscriber) -> None:
    message = read(builder.build(recipient(ann), NOW))
    tree, _ = read_html(part(message, "html"))
    headings = ["".join(each.itertext()).strip() for level in ("h2", "h3") for each in tree.iter(level)]
    assert headings.count("Alpha") == 1
    text = part(message, "plain")
    assert text.index("ALPHA (Code)") < text.index("SKIP to SHIP") < text.index("$20 / month to") < text.index("CHAT")


@ON_ONE_DATABASE
def test_a_site_with_a_long_name_of_another_script_is_named_in_words_of_75_characters(
    app: Flask, ann: Subscriber
) -> None:
    name = "Вердикты об инструментах искусственного интеллекта"
    app.config["SETTINGS"] = app.config["SETTINGS"].model_copy(update={"site_name": name})
    blocks = [Block(kind, None, (), False, "x\n", "<p>x</p>\n") for kind in BlockKind]
    raw = MessageBuilder(1, "Subject", "a@b.example", blocks, "=_x").build(recipient(ann), NOW)
    assert raw is not None
    words = re.findall(rb"=\?\S*", raw.partition(b"\r\n\r\n")[0])
    assert len(words) > 1
    assert all(len(word) <= 75 for word in words)
    assert str(make_header(decode_header(b" ".join(words).decode()))) == name


def test_building_a_message_takes_no_statement(
    builder: MessageBuilder, ann: Subscriber, statements: StatementCount
) -> None:
    reader = recipient(ann)
    db.session.commit()
    before = len(statements)
    for _ in range(10):
        builder.build(reader, NOW)
    assert len(statements) == before


@ON_ONE_DATABASE
def test_a_long_address_of_the_site_leaves_the_links_whole(app: Flask, ann: Subscriber) -> None:
    base_url = f"https://{'a' * 600}.example"
    app.config["SETTINGS"] = app.config["SETTINGS"].model_copy(update={"base_url": base_url})
    blocks = [Block(kind, None, (), False, "x\n", "<p>x</p>\n") for kind in BlockKind]
    raw = MessageBuilder(1, "Subject", "a@b.example", blocks, "=_x").build(recipient(ann), NOW)
    assert raw is not None
    assert f"<https://{'a' * 600}.example/newsletter/leave/{leave_token(ann.id, 1)}>" in read(raw)["List-Unsubscribe"]
    assert max(map(len, raw.split(b"\r\n"))) <= 998


texts = st.lists(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=120)
    | st.sampled_from([LEAVE_PLACEHOLDER, PREFERENCES_PLACEHOLDER]),
    max_size=8,
).map("".join)


@given(st.lists(texts, max_size=3))
@example([f"{'.' * 200}\n.\n..x", f"x{LEAVE_PLACEHOLDER}.{PREFERENCES_PLACEHOLDER}..."])
def test_what_is_encoded_in_pieces_is_read_as_one(blocks: list[str]) -> None:
    whole = "".join(f"{text}\n" for text in blocks)
    raw = b"".join(piece for text in blocks for piece in encode_block(f"{text}\n"))
    head = b'Content-Type: text/plain; charset="utf-8"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n'
    message = message_from_bytes(head + raw, policy=policy.SMTP)
    decoded = message.get_payload(decode=True)
    assert isinstance(decoded, bytes)
    assert decoded.decode() == re.sub(r"\r\n?|\n", "\r\n", whole)
    assert all(len(line) <= 76 and not line.startswith(b".") for line in raw.split(b"\r\n"))
