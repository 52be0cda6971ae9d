"""The benchmark runs, and every measurement is answered."""

import json
import os
import re
import sys
from pathlib import Path

import pytest

from benchmarks import results
from benchmarks.memory import IS_KNOWN
from benchmarks.mixed import SHARES
from benchmarks.sizes import FIRST_SEARCHES, LISTS, PAGES
from tests.conftest import DATABASES
from tests.postgres import PostgresServer
from tests.programs import run

PATIENCE = 300.0  # seconds: half a minute's work, which other tests on a slow machine make minutes
SHORT = "from benchmarks.__main__ import main; main(rounds=1, seconds=0.25, readers=20, tries=2, server='{server}')"
SIZES = (
    "import json; from benchmarks import sizes; from benchmarks.__main__ import environment;"
    " print(json.dumps(sizes.main(environment, 150, rounds=1, uncounted=1, server='{server}')))"
)

MIXED = (
    "import json; from benchmarks import mixed; from benchmarks.__main__ import environment, fill;"
    " from pathlib import Path; from tempfile import TemporaryDirectory; from verdicts import config\n"
    "with TemporaryDirectory() as folder:\n"
    "    environ = environment(Path(folder)); fill(config.load(environ))\n"
    "    print(json.dumps(mixed.main(environ, minutes=0.1, reports=1)))"
)


@pytest.mark.parametrize("database", DATABASES)
def test_pages_of_a_small_and_a_large_catalogue_are_compared(
    request: pytest.FixtureRequest, tmp_path: Path, database: str
) -> None:
    server = request.getfixturevalue("postgres").url("").rstrip("/") if database == "postgresql" else ""
    code = SIZES.format(server=server)
    status, printed = run("-c", code, instance=tmp_path, seconds=PATIENCE, TMPDIR=str(tmp_path))
    assert status == 0, printed
    table = dict(re.findall(r"^(\S.*?) +\d+\.\d +\d+\.\d +(\d+\.\d\d)$", printed, re.MULTILINE))
    ratios = json.loads(printed.splitlines()[-1])
    assert table.keys() == ratios.keys() == {*PAGES, *FIRST_SEARCHES, *LISTS}
    assert all(ratio > 0 for ratio in ratios.values())
    added = r"\d+" if IS_KNOWN else "unknown"
    assert re.search(rf"^The export of 150 tools takes {added} MB of memory$", printed, re.MULTILINE)
    assert list(tmp_path.iterdir()) == []


def test_what_was_measured_is_stored_with_the_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(results, "FOLDER", tmp_path / "results")
    with results.stored("rates") as figures:
        sys.stdout.write("a page 1.00\n")
        figures["a page"] = 1.0
    assert capsys.readouterr().out == "a page 1.00\n"
    stored = json.loads((tmp_path / "results" / "rates.json").read_text())
    assert stored["figures"] == {"a page": 1.0}
    assert stored["machine"]["processors"] == str(os.cpu_count())
    assert (tmp_path / "results" / "rates.txt").read_text().endswith("\n\na page 1.00\n")


def test_the_benchmark_prints_a_rate_and_a_ratio_for_every_measurement(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    server = postgres.url("").rstrip("/")
    code = SHORT.format(server=server)
    status, printed = run("-c", code, instance=tmp_path, seconds=PATIENCE, TMPDIR=str(tmp_path))
    assert status == 0, printed
    lines = re.findall(r"^(\S.*?) +([\d,]+\.\d) +(\d+\.\d\d)(?: +\d\.\d\d)? +\d+\.\d%$", printed, re.MULTILINE)
    assert len(lines) == 12
    assert all(float(rate.replace(",", "")) > 0 for _, rate, _ in lines), printed
    assert lines[0][2] == "1.00"
    sent = re.findall(r"^(\d) ms +([\d,]+) +([\d,]+) +\d+\.\d\d +([\d,]+) +\d+\.\d\d$", printed, re.MULTILINE)
    assert [latency for latency, *_ in sent] == ["5", "1", "0"], printed
    assert all(int(rate.replace(",", "")) > 0 for _, *rates in sent for rate in rates), printed
    assert re.search(r"^the page of the site +[\d,]+ +\d+\.\d\d$|^not measured: nginx is not installed$", printed, re.M)
    compared = re.findall(r"^(.+), 2 tries.* a known address \d+\.\d\d ms, an unknown one\n\d+\.\d\d ms", printed, re.M)
    assert compared == ["A sign-up", "A log-in", "A new password"], printed
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not IS_KNOWN, reason="this system does not tell a process's memory")
def test_mixed_load_is_answered_and_the_memory_of_each_worker_is_printed(tmp_path: Path) -> None:
    status, printed = run("-c", MIXED, instance=tmp_path, seconds=PATIENCE, TMPDIR=str(tmp_path))
    assert status == 0, printed
    rows = re.findall(r"^ +(\d\.\d) +([\d,]+) +\d\.\d\d% +(\d+\.\d) +(\d+\.\d)$", printed, re.MULTILINE)
    assert [row[0] for row in rows] == ["0.0", "0.1"], printed
    assert int(rows[-1][1].replace(",", "")) > len(SHARES)
    assert json.loads(printed.splitlines()[-1]) == {"worker 1": float(rows[-1][2]), "worker 2": float(rows[-1][3])}
