"""Text that an editor types into a form is never run, in no admin page and in no public one."""

import re
from xml.etree import ElementTree as ET

import pytest
from flask import Flask

from tests.conftest import ON_ONE_SHARED_DATABASE
from tests.makers import make_category, make_comparison, make_reviewer, make_tool
from tests.web.admin.admin_client import AdminClient, fields_of, make_account
from tests.web.corpus import HOSTILE_TEXTS
from tests.web.visitor import read_html
from verdicts.staff.models import Role

HARMLESS = "Plain words of no harm"
MARKDOWN = {"p", "em", "strong", "a", "ul", "ol", "li", "code", "pre", "blockquote", "br"}
SHORT = {"plans-0-per": 40, "releases-0-version": 60, "reviews-0-tool_version": 60, "headline": 60, "facts-0-key": 40}
NOT_FREE = {
    "csrf_token",
    "version",
    "slug",
    "aliases",
    "category",
    "kind",
    "website",
    "launched_on",
    "featured",
    "facts-0-key",
    "releases-0-on",
    "reviews-0-reviewer",
    "reviews-0-verdict",
    "reviews-0-basis",
    "reviews-0-reviewed_on",
    "model",
    "amount",
    "currency",
    "period",
    "source",
    "checked_on",
    "tools-0",
    "tools-1",
    "tools-2",
    "tools-3",
    "choose_if-0-tool",
    "choose_if-1-tool",
    "choose_if-1-when",
}
Shape = set[tuple[str, tuple[str, ...]]]
LISTS = ("", "/trail", "/tools", "/tools/reviews", "/categories", "/reviewers", "/comparisons")
OF_A_REFUSAL = {"p", "div", "h2", "ul", "li", "a", "input", "textarea", "select", "label"}


class World:
    """A site with one record of each kind, and an admin who types the same text everywhere."""

    def __init__(self, app: Flask) -> None:
        make_account("root", Role.ADMIN)
        self.root = AdminClient(app)
        self.root.logs_in("root")
        category = make_category("editors", facts={"offline": "Runs offline"})
        wren, finch = make_tool("wren", category_id=category.id), make_tool("finch", category_id=category.id)
        self.paths = {
            "category": f"/admin/categories/{category.id}",
            "reviewer": f"/admin/reviewers/{make_reviewer('builder').id}",
            "tool": f"/admin/tools/{wren.id}",
            "panel": f"/admin/tools/{wren.id}/panel",
            "price": f"/admin/tools/{wren.id}/price",
            "comparison": f"/admin/comparisons/{make_comparison(wren, finch).id}",
        }
        self.histories = [f"/admin/history/{kind}/{re.findall('[0-9]+', path)[0]}" for kind, path in self.paths.items()]
        self.forms: dict[str, dict[str, str]] = {}  # as they were read since they were last sent
        self.type_everywhere(HARMLESS)
        refused = [self.root.fills(path, "refit").text for path in self.paths.values()]
        self.known: Shape = set().union(*(shape(page) for page in [*self.pages(), *self.lists(), *refused]))

    def type_everywhere(self, text: str) -> list[str]:
        """Fill every free field of every form, and return the pages of those that were refused."""
        answers = []
        for kind, path in self.paths.items():
            form = self.forms.pop(path, None) or self.root.form(path)
            typed = {name: text[: SHORT.get(name, 80)] for name in form if name not in NOT_FREE and not _is_given(name)}
            fixed = {"reviews-0-verdict": "ship", "choose_if-0-tool": "wren"}
            told = {
                name: value for name, value in fixed.items() if name in form or (kind, name[:7]) == ("panel", "reviews")
            }
            answers.append(self.root.sends(path, form | typed | told))
        return [answer.text for answer in answers if answer.status_code != 303]

    def pages(self) -> list[str]:
        """Return each record's form, and the preview of its public page."""
        forms = {path: self.root.gets(path).text for path in self.paths.values()}
        self.forms = {path: fields_of(html) for path, html in forms.items()}
        return [*forms.values(), *(self.root.sends(path, form, "preview").text for path, form in self.forms.items())]

    def lists(self) -> list[str]:
        """Return what else shows records: lists, histories, the activity log, and where one publishes or deletes."""
        ways = [*(f"/admin{path}" for path in LISTS), *self.histories, self.paths["tool"] + "/publication"]
        return [self.root.gets(path).text for path in ways]


def _is_given(name: str) -> bool:
    return name.endswith(("-source", "-checked_on", "-currency", "-period", "-amount", "-wording_only"))


def shape(html: str) -> Shape:
    """Return what a page is made of: each kind of element with the names of its attributes, whatever they hold."""
    tree, _ = read_html(html)
    return {(each.tag, tuple(sorted(_names(each)))) for each in tree.iter()}


def _names(element: ET.Element) -> set[str]:
    return set(element.attrib) - {"selected", "checked", "open", "hidden", "tabindex", "autofocus"}


def is_ours(tag: str, names: tuple[str, ...]) -> bool:
    """Say whether an element may be new on a page: it is Markdown's, or a refusal's."""
    if tag in MARKDOWN and set(names) <= {"href", "rel"}:
        return True
    return tag in OF_A_REFUSAL and not any(name.startswith(("on", "style", "src")) for name in names)


def intruders(page: str, known: Shape) -> list[object]:
    links = [each.get("href", "/") for each in read_html(page)[0].iter("a")]
    run = [href for href in links if not href.startswith(("/", "#", "http://", "https://"))]
    return [part for part in shape(page) - known if not is_ours(*part)] + run


@pytest.fixture(scope="module")
def world(shared_app: Flask) -> World:
    return World(shared_app)


@ON_ONE_SHARED_DATABASE
@pytest.mark.parametrize("text", HOSTILE_TEXTS)
def test_no_text_adds_anything_to_a_page_but_text(world: World, text: str) -> None:
    refused = world.type_everywhere(text)
    assert [intruders(page, world.known) for page in [*world.pages(), *refused] if intruders(page, world.known)] == []


@ON_ONE_SHARED_DATABASE
def test_no_text_adds_anything_to_lists_histories_and_the_activity_log(world: World) -> None:
    for text in HOSTILE_TEXTS[:8]:
        world.type_everywhere(text)
    assert [intruders(page, world.known) for page in world.lists() if intruders(page, world.known)] == []


@ON_ONE_SHARED_DATABASE
def test_what_is_typed_live_comes_back_as_harmless_markup(world: World) -> None:
    for text in HOSTILE_TEXTS:
        tree, _ = read_html(world.root.posts("/admin/markdown", of="quote", quote=text).text)
        assert {each.tag for each in tree.iter()} <= MARKDOWN | {"document"}
        assert all(each.get("href", "https://").startswith(("http://", "https://")) for each in tree.iter())


@ON_ONE_SHARED_DATABASE
def test_no_text_adds_anything_to_the_page_that_shows_strangers_what_they_sent(shared_app: Flask) -> None:
    stranger = AdminClient(shared_app)
    token = stranger.token()

    def shown(text: str) -> str:
        answer = stranger.posts("/admin/tools/new", token=token, name=text, **{"plans-0-name": text})
        assert answer.status_code == 401
        return answer.text

    known = shape(shown(HARMLESS))
    assert [text for text in HOSTILE_TEXTS if text.strip("\0") == text and intruders(shown(text), known)] == []


@ON_ONE_SHARED_DATABASE
def test_no_text_adds_anything_to_the_page_of_a_deleted_record(world: World) -> None:
    def shown(text: str) -> str:
        fields = {"name": text, "description": text, "facts-0-label": text}
        answer = world.root.posts("/admin/categories/9999", **fields)
        assert answer.status_code == 404
        return answer.text

    known = shape(shown(HARMLESS))
    assert [text for text in HOSTILE_TEXTS if "\0" not in text and intruders(shown(text), known)] == []
