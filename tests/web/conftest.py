"""What every web test may ask for: a visitor, and a present that stands still."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from flask import Flask

from tests.apps import pooled_app
from tests.makers import NOW
from tests.web.visitor import Visitor

PRESENT = NOW + timedelta(minutes=5)


@pytest.fixture(scope="module", autouse=True)
def the_present() -> Iterator[time_machine.Traveller]:
    """Time stands still shortly after the makers' NOW."""
    with time_machine.travel(PRESENT, tick=False) as traveller:
        yield traveller


@pytest.fixture
def later(the_present: time_machine.Traveller) -> Iterator[Callable[[timedelta], None]]:
    """Lets time pass: `later(timedelta(hours=24))`."""
    yield the_present.shift
    the_present.move_to(PRESENT)


@pytest.fixture
def visitor(app: Flask) -> Visitor:
    return Visitor(app)


@pytest.fixture
def app_with(database_url: str, tmp_path: Path) -> Iterator[Callable[..., Flask]]:
    """Makes an application with other settings: `app_with(BASE_URL="https://verdicts.test")`."""
    with ExitStack() as stack:
        yield lambda **changes: stack.enter_context(pooled_app(database_url, **changes))
