"""Parts of a page that hang on the catalogue and the day alone, kept as HTML while these are the same.

A vote lets a comparison be rendered again, and most of it says what it said. In a template such a part is the block of
`{% call kept("its name") %}`. What hangs on votes, on a reader or on the request stands outside.
"""

from collections.abc import Callable, Hashable
from typing import Any

from markupsafe import Markup

from verdicts.catalog.kept import load_each
from verdicts.web.clock import today

MAX_BYTES = 2 * 1024 * 1024  # of each worker, as UTF-8: a string with one "’" takes twice as much

Render = Callable[[], str]
Keep = Callable[[str, Render], str]


def keep_by(page: str, key: Hashable, catalog_state: tuple[Any, ...]) -> Keep:
    """Return what keeps the parts of a page, by its own key. The state was read before all that the page shows.

    Call it before what hangs on the day is worked out: at midnight nothing of yesterday may be kept for today. Within a
    transaction that writes, as that of a preview, nothing is kept or taken.
    """
    state = catalog_state, today()

    def keep(part: str, caller: Render) -> str:
        whole_key = page, part, key
        parts = load_each("fragments", [whole_key], lambda _: {whole_key: caller().encode()}, state, MAX_BYTES)
        html = parts[whole_key].decode()
        return Markup(html)  # noqa: S704  # nosec B704  # rendered by a template

    return keep


def render(_part: str, caller: Render) -> str:
    """Keep nothing."""
    return caller()
