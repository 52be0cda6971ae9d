"""A question that `flask doctor` asks the site from outside: what arrives of a request through all that stands between.

Question and answer are sealed under SECRET_KEY. So a stranger learns nothing, and the doctor knows who answered.
"""

import json
import secrets
from dataclasses import asdict, dataclass

from verdicts.secret_values import decrypt, encrypt

HEADER = "X-Verdicts-Probe"
_QUESTION, _ANSWER = "probe", "probe-answer"


@dataclass(frozen=True)
class Sighting:
    """A request as the site saw it. `forwarded` counts the addresses that proxies have stated."""

    nonce: str
    host: str
    scheme: str
    address: str
    forwarded: int
    proxy_hops: int


def create() -> tuple[str, str]:
    """Return a nonce, and the header's value that holds it."""
    nonce = secrets.token_hex(8)
    return nonce, encrypt(nonce, _QUESTION)


def open_question(value: str) -> str | None:
    """Return the nonce of a header's value, or None where it is no question of this installation."""
    return decrypt(value, _QUESTION)


def seal(sighting: Sighting) -> str:
    return encrypt(json.dumps(asdict(sighting)), _ANSWER)


def open_answer(value: str) -> Sighting | None:
    """Return what the site saw, or None where another installation has answered."""
    text = decrypt(value, _ANSWER)
    return Sighting(**json.loads(text)) if text else None
