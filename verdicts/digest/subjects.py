"""What an edition's subject and preheader say: the first news that a copy holds, with its tool."""

from collections.abc import Sequence

from verdicts.comparisons.wording import number
from verdicts.digest.models import ItemKind
from verdicts.digest.news import NewsItem
from verdicts.mailing.addresses import is_one_line

MAX_PHRASE_LENGTH = 120
MAX_PREVIEW_LENGTH = 200


def phrase_of(item: NewsItem) -> str:
    """Return what a subject says of an item: "Alpha: the Skeptic says SHIP now"."""
    return _shorten(_phrase_of(item), MAX_PHRASE_LENGTH)


def preview_of(item: NewsItem) -> str:
    """Return what a mail program shows beside the subject: the item in a sentence or two."""
    return _shorten(_preview_of(item), MAX_PREVIEW_LENGTH)


def join_phrases(phrases: Sequence[str], changes: int) -> str:
    """Return the subject of news that begin with the first of these phrases; `changes` of the others are changes."""
    if changes:
        return f"{phrases[0]}, and {number(changes)} more {'change' if changes == 1 else 'changes'}"
    return f"{phrases[0]}, and more" if len(phrases) > 1 else phrases[0]


def reviewer_mention(name: str) -> str:
    """Return a reviewer's name inside a sentence: "the Builder" for "The Builder"."""
    return f"the {name[4:]}" if name.startswith("The ") else name


def _phrase_of(item: NewsItem) -> str:
    details = item.details
    match item.kind:
        case ItemKind.NEW_COMPARISON:
            return f"{' vs '.join(details['names'])}, side by side"
        case ItemKind.NEW_TOOL:
            return f"New: {details['tool']['name']}"
        case ItemKind.VERDICT_CHANGE:
            news = f"{reviewer_mention(details['reviewer'])} says {details['after'].upper()} now"
        case ItemKind.PRICE_MOVE:
            news = _price_move_of(details["before"], details["after"])
        case ItemKind.DISAGREEMENT:
            news = f"readers and the panel {'no longer differ' if details.get('has_ended') else 'differ'}"
        case ItemKind.VOTES:
            news = f"{details['ship']} ship, {details['skip']} skip this week"
    return f"{details['tool']['name']}: {news}"


def _price_move_of(before: str, after: str) -> str:
    """A price that became known, moved, or went with its tool; "" is one that is not known."""
    if not before:
        return f"{after} now"
    return f"{after}, was {before}" if after else f"no price any more, was {before}"


def _preview_of(item: NewsItem) -> str:
    details = item.details
    match item.kind:
        case ItemKind.NEW_COMPARISON:
            return f"{details['headline']} {details['sentence']}"
        case ItemKind.NEW_TOOL:
            panel = details["panel"]
            verdicts = f" {panel['ship']} of {panel['total']} ship it." if panel["total"] else ""
            return f"{details['tool']['name']}: {details['tagline'] or 'new in the catalogue'}.{verdicts}".replace(
                "..", "."
            )
        case ItemKind.VERDICT_CHANGE:
            turn = f"{details['before'].upper()} to {details['after'].upper()}"
            return f"{details['reviewer']} went from {turn} on {details['tool']['name']}. {details['reason']}"
        case ItemKind.PRICE_MOVE:
            return f"{_phrase_of(item)}. {details['reason']}"
        case _:
            return f"{_phrase_of(item)}."


def _shorten(text: str, length: int) -> str:
    """Return a text on one line, without what no header may hold, and not too long."""
    text = " ".join("".join(each if is_one_line(each) else " " for each in text).split())
    return text if len(text) <= length else f"{text[: length - 1].rstrip()}…"
