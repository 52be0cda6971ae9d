"""Whether a reply speaks of this site's sender, domain or server: then it says nothing of a reader's mailbox."""

import re
from collections.abc import Collection

_SENDER_PATTERN = re.compile(
    r"\bsenders?\b|\boriginator\b|\b(?:mail|envelope|header)[ -]?from\b|\bfrom:? ?(?:address|domain|header)\b"
    r"|\b(?:return|reverse)[ -]?path\b|\b(?:helo|ehlo)\b|\bclient host\b|\breverse dns\b"
    r"|\byour (?:own )?(?:(?:e-?mail|mail|sending) )?(?:domain|address|host(?:name)?|server|ip)\b(?! book| list)"
    r"|\b(?:absender|exp[ée]diteur|remitente|remetente|mittente|afzender)",
    re.IGNORECASE,
)


def speaks_of_sender(text: str) -> bool:
    """Return whether a reply's words are about the sender, or about who connects."""
    return _SENDER_PATTERN.search(text) is not None


def names_sender(text: str, senders: Collection[str], recipient: str) -> bool:
    """Return whether a reply names one of these addresses, or the domain of one alone. A host may stand among them.

    A domain that is the recipient's too tells nothing: "This user doesn't have a yahoo.com account".
    """
    return any(_names(text.lower(), sender.lower(), recipient.lower()) for sender in senders)


def _names(text: str, sender: str, recipient: str) -> bool:
    domain = sender.rpartition("@")[2]
    if "." not in domain or sender == recipient:
        return False
    names_domain = re.search(rf"(?<![\w@.-]){re.escape(domain)}(?!\.?[\w-])", text) is not None
    names_address = "@" in sender and re.search(rf"(?<![\w.+-]){re.escape(sender)}(?![\w-])", text) is not None
    return names_address or (names_domain and not recipient.endswith(f"@{domain}"))
