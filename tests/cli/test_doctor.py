"""`flask doctor`: words for people, JSON for programs, and an exit status for both."""

import json
from pathlib import Path

import pytest
from flask import Flask

from tests.conftest import ON_ONE_DATABASE
from verdicts.operations import checks
from verdicts.operations.checks import Check
from verdicts.operations.checks.results import fault, ok, warning

pytestmark = ON_ONE_DATABASE
SOUND: dict[str, Check] = {
    "first": lambda _here: ok("All is well."),
    "second": lambda _here: warning("Hm.", "Look."),
}


def test_all_is_said_in_words_and_a_warning_is_no_fault(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "CHECKS", SOUND)
    done = app.test_cli_runner().invoke(args=["doctor"])
    assert done.exit_code == 0
    assert [line.split() for line in done.output.splitlines()] == [
        ["ok", "first", "All", "is", "well."],
        ["WARNING", "second", "Hm."],
        ["→", "Look."],
    ]


def test_programs_read_the_same_as_json_and_a_fault_exits_with_1(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "CHECKS", SOUND | {"third": lambda _here: fault("Broken.", "Mend it.")})
    done = app.test_cli_runner().invoke(args=["doctor", "--json"])
    found = json.loads(done.output)
    assert (done.exit_code, found["ok"]) == (1, False)
    assert found["checks"][-1] == {"name": "third", "status": "fault", "words": "Broken.", "remedy": "Mend it."}


def test_every_check_can_be_made_of_a_new_installation(app: Flask, tmp_path: Path) -> None:
    done = app.test_cli_runner().invoke(args=["doctor", "--json"])
    found = {each["name"]: each for each in json.loads(done.output)["checks"]}
    assert found.keys() == checks.CHECKS.keys()
    assert [each["words"] for each in found.values() if "itself failed" in each["words"]] == []
    assert [name for name, each in found.items() if each["status"] == "fault"] == ["address"]  # nobody serves it
