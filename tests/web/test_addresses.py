"""Templates name the same addresses as the code does."""

import pytest
from flask import Flask, url_for

from tests.conftest import ON_ONE_SHARED_DATABASE

pytestmark = ON_ONE_SHARED_DATABASE


@pytest.mark.parametrize(
    ("endpoint", "values"),
    [
        ("pages.front", {}),
        ("catalog.tool", {"slug": "alpha"}),
        ("catalog.tool", {"slug": "beta"}),
        ("comparisons.pick", {"tool": ["alpha", "beta"], "more": 1}),
        ("comparisons.pick", {"tool": ["beta", "alpha"], "more": None}),
        ("pages.method", {"_anchor": "leads"}),
    ],
)
def test_a_template_gets_the_address_that_url_for_gives(
    shared_app: Flask, endpoint: str, values: dict[str, object]
) -> None:
    in_templates = shared_app.jinja_env.globals["url_for"]
    with shared_app.test_request_context():
        expected = url_for(endpoint, **values)  # type: ignore[arg-type]
        assert [in_templates(endpoint, **values) for _ in range(2)] == [expected, expected]
