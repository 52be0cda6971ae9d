"""The words by which mail servers say that a mailbox does not exist, for replies whose status code does not say it."""

import re

from verdicts.mailing.sender_words import speaks_of_sender

_WHO = r"(?:user|recipient|mailbox|mail box|account|address|addressee|alias|person|customer|local part)"
# Replies are kept with "…" in the place of the address.
_NAMED = r"(?: (?:for )?\S*[@<\[(\"'…]\S*)?"
_MISSING = (
    rf"\b(?:unknown|invalid|no such|non-?existent|inexistent)(?: or \w+)?(?: virtual| local| e-?mail| mail)* {_WHO}",
    rf"{_WHO}s?(?: name)?{_NAMED}(?: is| was| has been)?[ :]+(?:unknown|invalid|not found|not known|non-?existent)",
    rf"{_WHO}{_NAMED}(?: that you tried to reach)? (?:does not|doesn[’']?t|did not) exist",
    rf"{_WHO}{_NAMED} (?:no longer|not) exists?",
    rf"{_WHO}{_NAMED} is no longer (?:available|valid|active|in use)",
    rf"not (?:a )?(?:known|valid) {_WHO}",
    r"not our customer",
    r"\bcuda_nsu\b",  # Barracuda: "no such user"
    r"no mailbox here",
    r"no (?:account|mailbox|user) by that name",
    r"not listed in (?:the )?(?:domino directory|public name)",
    r"(?:does not|doesn[’']?t) have an? (?:\S+ )?account",
    r"disabled or discontinued",
    r"(?:550|5\.5\.0)[ -](?:5\.5\.0 )?(?:requested action not taken: )?mailbox unavailable",
    r"recipient address(?:es)? rejected ?: access denied",
    r"recip(?:ient)?notfound",
    r"unroute?able (?:mail )?(?:address|domain)",
    r"couldn[’']?t find any host (?:named|by that name)",
    r"host or domain name not found|domain(?: name)?(?: \S+)? (?:does not exist|not found)",
    r"no such domain|unknown domain|domainnonexistent",
)
_MISSING_PATTERN = re.compile("|".join(_MISSING), re.IGNORECASE)
# Words about the letter or a passing state: they win over the others.
_ELSE_PATTERN = re.compile(
    r"\b(?:spam|junk|virus|policy|block(?:ed|list)|blacklist\w*|reputation|dmarc|dkim|spf|quota|full|greylist\w*"
    r"|relay(?:ing)?(?!=)|authenticat\w*|rate limit\w*|temporar\w+|try again|timed? ?out)\b",
    re.IGNORECASE,
)
_REPLY_CODE = re.compile(r"(?<![\d.])([45])(?:\d\d(?=[ -])|\.\d{1,3}\.\d{1,3}\b)")
_WRAPPED_REPLY = re.compile(r"permanent failure for one or more\s+recipients\s+\([^\s()]*?:(.+)", re.DOTALL)


def says_mailbox_is_missing(text: str) -> bool | None:
    """Return whether a reply's words say that there is no such mailbox; None where they do not tell.

    False where they speak of the letter, of its sender, or of a passing state.
    """
    kinds = set(_REPLY_CODE.findall(text))
    if kinds == {"4"} or _ELSE_PATTERN.search(text) or speaks_of_sender(text):
        return False
    return True if _MISSING_PATTERN.search(" ".join(text.split())) else None


def find_wrapped_reply(text: str) -> str | None:
    """Return the reply that a Barracuda gateway passes on after words and a code of its own; None in any other text."""
    match = _WRAPPED_REPLY.search(text)
    return match[1] if match else None
