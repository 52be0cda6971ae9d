"""A visitor with a browser's manners, who looks at every page with an inspector's eye."""

import contextvars
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, field
from datetime import timedelta
from functools import lru_cache
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit
from xml.etree import ElementTree as ET

from flask import Flask
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.routing import RequestRedirect
from werkzeug.test import Client, TestResponse

from verdicts.extensions import db
from verdicts.web.caching import PUBLIC, cache_of
from verdicts.web.headers import HEADERS, HSTS

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
BLOCKS = {
    "p",
    "div",
    "ul",
    "ol",
    "li",
    "dl",
    "dt",
    "dd",
    "tr",
    "td",
    "th",
    "caption",
    "section",
    "header",
    "footer",
    "nav",
}
BLOCKS |= {
    "h1",
    "h2",
    "h3",
    "h4",
    "blockquote",
    "form",
    "details",
    "summary",
    "option",
    "svg",
    "br",
    "article",
    "button",
}
LOADED = {
    ("script", "src"),
    ("link", "href"),
    ("img", "src"),
    ("img", "srcset"),
    ("source", "src"),
    ("source", "srcset"),
    ("iframe", "src"),
    ("video", "src"),
    ("audio", "src"),
    ("object", "data"),
    ("embed", "src"),
    ("image", "href"),
    ("use", "href"),
}
HX_METHODS = {f"hx-{method.lower()}": method for method in ("GET", "POST", "PUT", "PATCH", "DELETE")}
REFERENCES = {"for", "form", "aria-labelledby", "aria-describedby", "aria-controls", "list"}
SUSPECT = {"script", "style", "iframe", "object", "embed", "base"}
RUN = re.compile(r"\s*(javascript|data|vbscript):", re.IGNORECASE)
JINJA = re.compile(r"\{\{|\{%|\{#|Undefined")
FOR_OTHER_SITES = {"Cross-Origin-Resource-Policy": "cross-origin"}
LONG_ENOUGH_TO_FORGET = timedelta(days=2).total_seconds()  # longer than the page cache serves anything


class BadPage(AssertionError):
    """A page breaks a rule that holds for all pages."""


_ATTRIBUTES = r"""(?:\s+[^\s=>"'/]+(?:="[^"]*"|='[^']*')?)*"""
_ATTRIBUTE = re.compile(r"""([^\s=>"'/]+)(?:="([^"]*)"|='([^']*)')?""")
# Markup as our own templates write it: any other "<" is a fault.
_MARKUP = re.compile(
    rf"<(?:(?P<raw>script|style)(?P<of_raw>{_ATTRIBUTES})>(?P<content>.*?)</(?P=raw)>"
    rf"|(?P<start>[a-z][a-z0-9-]*)(?P<of_start>{_ATTRIBUTES})\s*(?P<alone>/)?>"
    r"|/(?P<end>[a-z][a-z0-9-]*)>|!--.*?-->|!(?P<doctype>doctype[^>]*)>)",
    re.DOTALL | re.IGNORECASE,
)


@lru_cache(maxsize=16)  # a page is checked, and then asked for its fields; nobody changes a tree
def read_html(text: str) -> tuple[ET.Element, str]:
    """Return a document's tree and its doctype; raise BadPage where it is not well nested.

    It is as strict as our own templates are, and takes a third of the time of html.parser.
    """
    builder = ET.TreeBuilder()
    builder.start("document", {})
    open_tags: list[str] = []
    doctype, at = "", 0
    for found in _MARKUP.finditer(text):
        _read_data(builder, text[at : found.start()])
        at = found.end()
        if tag := found["start"]:
            builder.start(tag, _attributes_of(tag, found["of_start"]))
            if tag in VOID or found["alone"]:
                builder.end(tag)
            else:
                open_tags.append(tag)
        elif tag := found["end"]:
            if not open_tags or open_tags.pop() != tag:
                raise BadPage(f"</{tag}> closes nothing after {open_tags}")
            builder.end(tag)
        elif tag := found["raw"]:
            builder.start(tag, _attributes_of(tag, found["of_raw"]))
            builder.data(found["content"])
            builder.end(tag)
        doctype = found["doctype"] or doctype
    _read_data(builder, text[at:])
    if open_tags:
        raise BadPage(f"never closed: {open_tags}")
    builder.end("document")
    return builder.close(), doctype


def _read_data(builder: ET.TreeBuilder, data: str) -> None:
    if "<" in data:
        raise BadPage(f"no markup of ours: {data[data.index('<') :][:60]!r}")
    builder.data(unescape(data))


def _attributes_of(tag: str, attributes: str) -> dict[str, str]:
    pairs = _ATTRIBUTE.findall(attributes)
    read = {name: unescape(double or single) for name, double, single in pairs}
    if len(read) < len(pairs):
        raise BadPage(f"<{tag}> states an attribute twice: {[name for name, *_ in pairs]}")
    return read


def words_of(element: ET.Element) -> str:
    """Return an element's text as one line with single spaces; blocks stand apart, as they do when drawn."""
    return " ".join("".join(_pieces_of(element)).split())


def _pieces_of(element: ET.Element) -> Iterator[str]:
    apart = " " if element.tag in BLOCKS else ""
    yield apart + (element.text or "")
    for child in element:
        yield from _pieces_of(child)
        yield child.tail or ""
    yield apart


@dataclass(frozen=True)
class Page:
    """An answer: its status, headers and body, and for HTML its tree."""

    path: str
    response: TestResponse
    tree: ET.Element
    doctype: str

    @property
    def status(self) -> int:
        return self.response.status_code

    @property
    def headers(self) -> Any:
        return self.response.headers

    @property
    def html(self) -> str:
        return self.response.get_data(as_text=True)

    @property
    def words(self) -> str:
        return words_of(self.body)

    @property
    def body(self) -> ET.Element:
        found = self.tree.find(".//body")
        return self.tree if found is None else found

    @property
    def main(self) -> ET.Element:
        found = self.tree.find(".//main")
        return self.tree if found is None else found

    def all(self, tag: str, css: str = "", within: ET.Element | None = None) -> list[ET.Element]:
        """Return the elements with this tag and, if given, this class."""
        found = (self.tree if within is None else within).iter(tag)
        return [each for each in found if not css or css in each.get("class", "").split()]

    def one(self, tag: str, css: str = "", within: ET.Element | None = None) -> ET.Element:
        found = self.all(tag, css, within)
        assert len(found) == 1, f"{len(found)} <{tag} class={css!r}> on {self.path}"
        return found[0]

    def texts(self, tag: str, css: str = "", within: ET.Element | None = None) -> list[str]:
        return [words_of(each) for each in self.all(tag, css, within)]

    def by_id(self, id: str) -> ET.Element:
        found = [each for each in self.tree.iter() if each.get("id") == id]
        assert found, f"no #{id} on {self.path}"
        return found[0]

    def links(self) -> list[str]:
        """Return where the page's own links lead, without their fragments, as paths of ours."""
        hrefs = [each.get("href", "") for each in self.tree.iter("a")]
        return [href.partition("#")[0] for href in hrefs if href.startswith("/")]


@dataclass
class Clock:
    """A clock that a test moves."""

    now: float = 1_000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Cookie:
    value: str
    secure: bool
    attributes: dict[str, str]


@dataclass
class Visitor:
    """Visits pages, sends forms, keeps cookies, and checks every answer against the rules for all pages.

    Each visit comes days after the one before, as the page cache sees it, so every page is made anew; `hurried=True`
    leaves its clock alone.
    """

    app: Flask
    address: str = "127.0.0.1"
    base_url: str = ""
    keeps_cookies: bool = True
    hurried: bool = False
    cookies: dict[str, Cookie] = field(default_factory=dict)
    hops: list[TestResponse] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.base_url = self.base_url or self.app.config["SETTINGS"].base_url
        self.cache = cache_of(self.app)
        if not isinstance(self.cache._clock, Clock):
            self.cache._clock = Clock()
        self.clock: Clock = self.cache._clock

    # What a visitor does

    def reads(self, path: str, status: int = 200, *, htmx: bool = False, **headers: str) -> Page:
        """Get a page, follow no redirect, and check it."""
        return self._check("GET", path, self.opens("GET", path, htmx=htmx, headers=headers), status, htmx)

    def sends(
        self, path: str, form: Mapping[str, str], status: int = 200, *, htmx: bool = False, **headers: str
    ) -> Page:
        """Post a form as a page of ours does, follow no redirect, and check the answer."""
        response = self.opens("POST", path, htmx=htmx, form=form, headers=headers)
        return self._check("POST", path, response, status, htmx)

    def votes(self, slug: str, verdict: str, status: int = 200, *, htmx: bool = False, **headers: str) -> Page:
        """Send a ballot and follow wherever the answer leads, as a browser does; `hops` keeps the way."""
        method, path, form = "POST", f"/tools/{slug}/vote", {"verdict": verdict}
        self.hops = []
        for _ in range(5):
            response = self.opens(method, path, htmx=htmx, form=form if method == "POST" else None, headers=headers)
            self.hops.append(response)
            if response.status_code not in {301, 302, 303, 307, 308}:
                return self._check(method, path, response, status, htmx)
            self._check(method, path, response, response.status_code, htmx)
            path = _path_of(urljoin(path, response.headers["Location"]))
            method = method if response.status_code in {307, 308} else "GET"
        raise BadPage(f"{slug}: redirected without an end")

    def opens(
        self,
        method: str,
        path: str,
        *,
        htmx: bool = False,
        form: Mapping[str, str] | None = None,
        headers: Mapping[str, str | None] | None = None,
        **rest: Any,
    ) -> TestResponse:
        """Send one request as a browser would and keep the cookies of the answer; check nothing.

        `headers` are named as Python arguments (`sec_fetch_site`); None leaves out what would be sent otherwise.
        """
        if not self.hurried:
            self.clock.now += LONG_ENOUGH_TO_FORGET
        sent: dict[str, str | None] = {"cookie": self._cookie_header(), "hx_request": "true" if htmx else None}
        if method != "GET":
            sent |= {"origin": self.base_url} | ({"sec_fetch_site": "same-origin"} if self._is_https else {})
        sent |= headers or {}
        response = self._request(
            path,
            method=method,
            base_url=self.base_url,
            headers={name.replace("_", "-"): value for name, value in sent.items() if value},
            environ_overrides={"REMOTE_ADDR": self.address},
            **({"data": form} if form is not None else {}),
            **rest,
        )
        self._keep_cookies(response)
        return response

    # How a browser works

    @property
    def _is_https(self) -> bool:
        return self.base_url.startswith("https:")

    def _request(self, path: str, **options: Any) -> TestResponse:
        # Without a context of our own: a request must begin with no application and no database session at hand.
        db.session.rollback()
        client = Client(self.app, TestResponse, use_cookies=False)
        return contextvars.Context().run(client.open, path, buffered=True, **options)

    def _cookie_header(self) -> str | None:
        sent = [f"{name}={each.value}" for name, each in self.cookies.items() if self._is_https or not each.secure]
        return "; ".join(sent) or None

    def _keep_cookies(self, response: TestResponse) -> None:
        for line in response.headers.getlist("Set-Cookie"):
            pair, *parts = line.split("; ")
            name, _, value = pair.partition("=")
            attributes = {key.lower(): value for key, _, value in (part.partition("=") for part in parts)}
            secure = "secure" in attributes
            is_kept = not secure or self._is_https
            if name.startswith("__Host-"):
                is_kept = is_kept and secure and attributes.get("path") == "/" and "domain" not in attributes
            if self.keeps_cookies and is_kept:
                self.cookies[name] = Cookie(value, secure, attributes)

    # What an inspector looks at

    def _check(self, method: str, path: str, response: TestResponse, status: int, htmx: bool) -> Page:
        is_ours = _is_html(response) and not 300 <= response.status_code < 400  # a redirect's words are Werkzeug's
        tree, doctype = read_html(response.get_data(as_text=True)) if is_ours else (ET.Element("none"), "")
        page = Page(path, response, tree, doctype)
        assert page.status == status, f"{method} {path}: {page.status} instead of {status}: {page.words[:300]}"
        check_headers(page, method, self.app)
        if is_ours:
            is_fragment = htmx or path.startswith("/votes/mine")
            for fault in faults_of(page, self.app, is_fragment):
                raise BadPage(f"{method} {path} ({page.status}): {fault}")
        return page


def check_headers(page: Page, method: str, app: Flask) -> None:
    """Check what holds for every answer: the security headers exactly, no cookie for reading, no foreign redirect."""
    is_for_other_sites = page.path.startswith("/og/") and page.headers.get("Content-Type") == "image/png"
    for name, value in (HEADERS | (FOR_OTHER_SITES if is_for_other_sites else {})).items():
        assert page.headers.getlist(name) == [value], f"{name} on {page.path}: {page.headers.getlist(name)}"
    https = app.config["SETTINGS"].is_https
    assert page.headers.getlist("Strict-Transport-Security") == ([HSTS] if https else [])
    assert page.headers.get("Server") is None or "Python" not in page.headers["Server"]
    assert len(page.headers.getlist("Cache-Control")) == 1, f"Cache-Control on {page.path}"
    if method in {"GET", "HEAD"}:
        assert "Set-Cookie" not in page.headers, f"a cookie for reading {page.path}"
    if "Set-Cookie" in page.headers or page.status >= 400:
        assert page.headers["Cache-Control"] == "no-store"
    if page.headers["Cache-Control"] == PUBLIC:
        assert "Cookie" not in page.headers.get("Vary", "")
    if location := page.headers.get("Location"):
        target = urlsplit(location)
        own = urlsplit(app.config["SETTINGS"].base_url)
        assert target.netloc in {"", own.netloc}, f"{page.path} leads off the site: {location}"
        assert not location.startswith("/\\"), f"{page.path} leads off the site: {location}"


def faults_of(page: Page, app: Flask, is_fragment: bool) -> Iterator[str]:
    """Yield what is wrong with a page or fragment, in words."""
    yield from (_fragment_faults(page) if is_fragment else _page_faults(page))
    ids = Counter(each.attrib["id"] for each in page.tree.iter() if "id" in each.attrib)
    yield from (f"#{id} stands {count} times" for id, count in ids.items() if count > 1)
    if found := JINJA.search(page.html):
        yield f"unresolved template: {page.html[found.start() : found.start() + 60]}"
    for element in page.tree.iter():
        if element.tag in SUSPECT:
            yield from _element_faults(element)
        if element.attrib:
            yield from _inline_faults(element)
            yield from _reference_faults(element, ids.keys(), is_fragment)
            yield from _address_faults(element, page, app)


def _page_faults(page: Page) -> Iterator[str]:
    if page.doctype.lower() != "doctype html":
        yield f"doctype {page.doctype!r}"
    roots = [each for each in page.tree if isinstance(each.tag, str)]
    if [each.tag for each in roots] != ["html"] or roots[0].get("lang") != "en":
        yield "not one <html lang=en>"
    for tag in ("head", "body", "title", "h1", "main"):
        if (count := len(list(page.tree.iter(tag)))) != 1:
            yield f"{count} <{tag}>"
    for tag in ("title", "h1"):
        if any(not words_of(each) for each in page.tree.iter(tag)):
            yield f"<{tag}> is empty"


def _fragment_faults(page: Page) -> Iterator[str]:
    for tag in ("html", "head", "title", "h1", "main"):
        if list(page.tree.iter(tag)):
            yield f"a fragment holds <{tag}>"


def _element_faults(element: ET.Element) -> Iterator[str]:
    if element.tag != "script":
        yield f"<{element.tag}>"
    elif element.get("type") == "application/ld+json":
        yield from _data_faults(element)
    elif not element.get("src") or words_of(element):
        yield "inline script"


def _inline_faults(element: ET.Element) -> Iterator[str]:
    if "style" in element.attrib:
        yield f"inline style in <{element.tag}>"
    for name, value in element.attrib.items():
        if name.startswith(("on", "hx-on")):
            yield f"{name} in <{element.tag}>"
        if name in {"href", "src", "action", "formaction"} and RUN.match(value):
            yield f"{name}={value!r}"


def _data_faults(element: ET.Element) -> Iterator[str]:
    """A block of data is no script, and holds nothing that could end it or be read as markup."""
    text = element.text or ""
    if set(element.attrib) != {"type"} or json.loads(text)["@context"] != "https://schema.org":
        yield "a block of data that is no JSON-LD"
    if set(text) & set("<>&"):
        yield "a block of data with markup in it"


def _reference_faults(element: ET.Element, ids: Set[str | None], is_fragment: bool) -> Iterator[str]:
    for name in element.attrib.keys() & REFERENCES:
        for id in element.attrib[name].split():
            if id not in ids:
                yield f"{name}={id!r} names nothing"
    href = element.get("href", "")
    if element.tag == "a" and href.startswith("#") and href[1:] not in ids and not is_fragment:
        yield f"{href} leads nowhere"


def _address_faults(element: ET.Element, page: Page, app: Flask) -> Iterator[str]:
    for name, value in element.attrib.items():
        if (element.tag, name) in LOADED:
            yield from _resource_faults(element, value, app)
    if element.tag == "a":
        yield from _link_faults(element, page, app)
    if element.tag == "form":
        method = element.get("method", "get").upper()
        yield from _route_faults(app, urljoin(page.path, element.get("action") or page.path), method)
    for name in element.attrib.keys() & HX_METHODS.keys():
        yield from _route_faults(app, urljoin(page.path, element.get(name)), HX_METHODS[name])


def _link_faults(link: ET.Element, page: Page, app: Flask) -> Iterator[str]:
    href = link.get("href")
    if href is None or urlsplit(href).scheme == "mailto":
        return
    if urlsplit(href).scheme or href.startswith("//"):
        if not {"nofollow", "noopener"} <= set(link.get("rel", "").split()):
            yield f"a link to another site without nofollow noopener: {href}"
        if urlsplit(href).scheme not in {"http", "https"}:
            yield f"a link that is no http(s): {href}"
    elif not href.startswith("#"):
        yield from _route_faults(app, urljoin(page.path, href), "GET")


def _resource_faults(element: ET.Element, value: str, app: Flask) -> Iterator[str]:
    base_url = app.config["SETTINGS"].base_url
    if element.get("rel") == "canonical":
        yield from () if value.startswith(f"{base_url}/") else (f"canonical {value!r} is not ours",)
    elif urlsplit(value).netloc or urlsplit(value).scheme:
        yield f"<{element.tag}> loads {value!r} from elsewhere"
    else:
        yield from _route_faults(app, value, "GET")


@lru_cache(maxsize=2000)  # the same few addresses stand on most pages
def _route_faults(app: Flask, address: str, method: str) -> tuple[str, ...]:
    """Return what is wrong with an address of ours: nothing, or one fault."""
    parts = urlsplit(address)
    try:
        endpoint, values = app.url_map.bind("verdicts.test").match(unquote(parts.path), method)
    except RequestRedirect:
        return ()
    except MethodNotAllowed:
        return (f"{address!r} does not take {method}",)
    except HTTPException:
        return (f"{address!r} leads nowhere",)
    if endpoint == "static" and not (Path(app.static_folder or "") / values["filename"]).is_file():
        return (f"there is no static file {values['filename']}",)
    return ()


def _is_html(response: TestResponse) -> bool:
    return response.mimetype == "text/html"


def _path_of(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path
