"""A reader at a browser, who also notices what a person would not see: errors, violations, foreign requests."""

import itertools
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Locator, Page, Request, expect

from tests.browser.site import Site

_networks = itertools.count(1)
REPORT_VIOLATIONS = """
addEventListener("securitypolicyviolation", (event) =>
  console.error(`policy violated: ${event.violatedDirective} by ${event.blockedURI || event.sourceFile}`));
"""


def new_network() -> str:
    """Return an address in a network that no reader has used yet."""
    number = next(_networks)
    return f"198.{18 + number // 250 % 2}.{number % 250}.7"


class Ballot:
    """One tool's ballot on a page."""

    def __init__(self, page: Page, slug: str) -> None:
        self.page = page
        self.form = page.locator(f"#ballot-{slug}")
        self.ship = page.locator(f"#ship-{slug}")
        self.skip = page.locator(f"#skip-{slug}")
        self.take_back = self.form.get_by_role("button", name="Take it back")
        self.notice = self.form.get_by_role("alert")
        self.live = page.locator("[aria-live=polite]", has=self.form)

    def shows(self, ship: int, skip: int) -> None:
        """Expect these counts on the ovals."""
        expect(self.ship).to_have_text(f"SHIP {ship}")
        expect(self.skip).to_have_text(f"SKIP {skip}")

    def says(self, words: str) -> None:
        """Expect these words where a screen reader is told of what has changed."""
        expect(self.live).to_contain_text(words)

    def is_pressed(self, oval: Locator, pressed: bool = True) -> None:
        expect(oval).to_have_attribute("aria-pressed", "true" if pressed else "false")


class Reader:
    """A new browser profile and one page; `complaints` holds what should not have happened and was not expected."""

    def __init__(self, context: BrowserContext, site: Site) -> None:
        self.site = site
        self.context = context
        self.complaints: list[str] = []
        self.statuses: list[int] = []
        self._expected: tuple[str, ...] = ()
        self._host = urlsplit(site.url).netloc
        context.add_init_script(REPORT_VIOLATIONS)
        context.on("console", self._note_console)
        context.on("weberror", lambda error: self._complain(f"page error: {error.error}"))
        context.on("request", self._note_request)
        context.on(
            "response", lambda answer: self.statuses.append(answer.status) if self._is_vote(answer.url) else None
        )
        self.page = context.new_page()

    def opens(self, path: str) -> Page:
        self.page.goto(self.site.url + path)
        return self.page

    def ballot(self, slug: str) -> Ballot:
        return Ballot(self.page, slug)

    def expects(self, *parts: str) -> None:
        """Let console errors pass that hold one of these: a browser reports every failed request there."""
        self._expected += parts

    def cookies(self) -> dict[str, Any]:
        return {cookie["name"]: cookie for cookie in self.context.cookies()}

    def _note_console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self._complain(f"console {message.type}: {message.text} ({message.location.get('url')})")

    def _note_request(self, request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme != "data" and address.netloc != self._host:
            self._complain(f"request to another host: {request.url}")

    def _complain(self, complaint: str) -> None:
        if not any(part in complaint for part in self._expected):
            self.complaints.append(complaint)

    @staticmethod
    def _is_vote(url: str) -> bool:
        return urlsplit(url).path.endswith("/vote")
