"""Readers, voters and people who sign up, all at once and through the proxy, and what became of what they sent."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from itertools import count, cycle
from urllib.parse import urlencode

from tests.faults.ballots import VERDICTS, Voter
from tests.faults.conftest import PAGE, TOOLS
from tests.faults.proxies import Browser, Proxy
from tests.faults.readers import NO_RESPONSE, Response

PAGES = (PAGE, "/", f"/tools/{TOOLS[0]}", "/rankings")
PAUSE_BETWEEN_SIGNUPS = 0.1
MOST_PATIENCE_SECONDS = 1.0  # less than Retry-After asks for, so that more is tried


class MixedLoad:
    """Sends requests until it is told to stop. It counts the answers, and keeps the voters."""

    def __init__(self, proxy: Proxy, *, voters: int, readers: int, pause: float = 0.0) -> None:
        self.voters: list[Voter[Browser]] = []
        self.signed_up: set[str] = set()
        self.counts: Counter[str] = Counter()
        self.slowest: dict[str, float] = {}
        self.without_retry_after: list[str] = []
        self._proxy = proxy
        self._pause = pause  # of each client before each request
        self._actions = [self._vote] * voters + [self._read] * readers + [self._sign_up]
        self._numbers = count(1)
        self._verdicts = cycle(VERDICTS)
        self._lock = threading.Lock()
        self._stopped = threading.Event()

    def __str__(self) -> str:
        return (
            ", ".join(f"{what}: {number}" for what, number in sorted(self.counts.items()))
            + "; slowest: "
            + (", ".join(f"{what} {seconds:.1f} s" for what, seconds in sorted(self.slowest.items())))
        )

    @property
    def statuses(self) -> set[str]:
        return {what.split()[1] for what in self.counts}

    @contextmanager
    def running(self) -> Iterator[None]:
        """Let everybody act again and again until the block ends. Raises what went wrong in a thread."""
        with ThreadPoolExecutor(len(self._actions)) as threads:
            running = [threads.submit(self._repeat, action) for action in self._actions]
            try:
                yield
            finally:
                self._stopped.set()
        for each in running:
            each.result()

    def _repeat(self, action: Callable[[Browser], None]) -> None:
        while not self._stopped.is_set():
            action(self._new_browser())

    def _new_browser(self) -> Browser:
        """Return a browser with an address of its own, so that no limit stops it."""
        with self._lock:
            number = next(self._numbers)
        return Browser(self._proxy, f"127.{1 + number // 62500}.{number // 250 % 250}.{1 + number % 250}")

    def is_voting_possible(self) -> bool:
        """Let one more reader vote, and say whether that was acknowledged at once."""
        return self._cast(self._new_voter(self._new_browser()), TOOLS[0], "ship")

    def _vote(self, browser: Browser) -> None:
        """Vote for each tool, and then otherwise for the first one. What is not acknowledged is sent again."""
        voter = self._new_voter(browser)
        for tool in (*TOOLS, TOOLS[0]):
            with self._lock:
                verdict = next(self._verdicts)
            while not self._stopped.is_set() and not self._cast(voter, tool, verdict):
                pass

    def _new_voter(self, browser: Browser) -> Voter[Browser]:
        voter = Voter(browser)
        with self._lock:
            self.voters.append(voter)
        return voter

    def _cast(self, voter: Voter[Browser], tool: str, verdict: str) -> bool:
        voter.may_stand[tool].add(verdict)
        form = urlencode({"verdict": verdict}).encode()
        answer = self._send("vote", lambda: voter.reader.post(f"/tools/{tool}/vote", form))
        is_acknowledged = bool(answer and answer.is_acknowledged)
        if is_acknowledged:
            voter.may_stand[tool] = {verdict}
        return is_acknowledged

    def _read(self, browser: Browser) -> None:
        for page in PAGES:
            self._send("page", partial(browser.get, page))
        self._send("search", lambda: browser.get(f"/tools?q={browser.source}"))

    def _sign_up(self, browser: Browser) -> None:
        address = f"{browser.source}@readers.example"
        answer = self._send(
            "sign-up", lambda: browser.post("/newsletter/subscribe", urlencode({"email": address}).encode())
        )
        if answer and answer.is_acknowledged:
            self.signed_up.add(address)
        self._stopped.wait(PAUSE_BETWEEN_SIGNUPS)

    def _send(self, what: str, request: Callable[[], Response]) -> Response | None:
        """Send a request, and wait for as long as its answer says where it is refused."""
        self._stopped.wait(self._pause)
        began = time.monotonic()
        try:
            answer = request()
        except NO_RESPONSE:
            self._note(what, "lost", began)
            time.sleep(0.1)
            return None
        self._note(what, str(answer.status), began)
        if answer.status >= 500:
            if not answer.retry_after:
                self.without_retry_after.append(f"{what} {answer.status}")
            self._stopped.wait(min(answer.retry_after, MOST_PATIENCE_SECONDS))
        return answer

    def _note(self, what: str, outcome: str, began: float) -> None:
        with self._lock:
            self.counts[f"{what} {outcome}"] += 1
            self.slowest[what] = max(self.slowest.get(what, 0.0), time.monotonic() - began)
