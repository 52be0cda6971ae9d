"""Whether a reply speaks of this site's sender, domain or server: then it says nothing of a reader's mailbox."""

import re

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


def names_sender(text: str, sender: str, recipient: str) -> bool:
    """Return whether a reply names the sender's address, or the sender's domain alone.

    A domain that is the recipient's too tells nothing: "This user doesn't have a yahoo.com account".
    """
    sender, recipient = sender.lower(), recipient.lower()
    domain = sender.rpartition("@")[2]
    if not domain or sender == recipient:
        return False
    named = rf"(?<![\w.+-]){re.escape(sender)}(?![\w-])"
    if not recipient.endswith(f"@{domain}"):
        named += rf"|(?<![\w@.-]){re.escape(domain)}(?!\.?[\w-])"
    return re.search(named, text.lower()) is not None
