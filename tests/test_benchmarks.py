"""The benchmark runs, and every measurement is answered."""

import json
import re
from pathlib import Path

from benchmarks.sizes import PAGES
from tests.programs import run

SHORT = "from benchmarks.__main__ import main; main(rounds=1, seconds=0.25, readers=20, tries=2)"
SIZES = (
    "from benchmarks import sizes; from benchmarks.__main__ import environment; sizes.main(environment, 150, rounds=1)"
)


def test_pages_of_a_small_and_a_large_catalogue_are_compared(tmp_path: Path) -> None:
    status, printed = run("-c", SIZES, instance=tmp_path, TMPDIR=str(tmp_path))
    assert status == 0, printed
    table = dict(re.findall(r"^(\S.*?) +\d+\.\d +\d+\.\d +(\d+\.\d\d)$", printed, re.MULTILINE))
    ratios = json.loads(printed.splitlines()[-1])
    assert table.keys() == ratios.keys() == PAGES.keys()
    assert all(ratio > 0 for ratio in ratios.values())
    assert list(tmp_path.iterdir()) == []


def test_the_benchmark_prints_a_rate_and_a_ratio_for_every_measurement(tmp_path: Path) -> None:
    status, printed = run("-c", SHORT, instance=tmp_path, TMPDIR=str(tmp_path))
    assert status == 0, printed
    lines = re.findall(r"^(\S.*?) +([\d,]+\.\d) +(\d+\.\d\d) +\d+\.\d%$", printed, re.MULTILINE)
    assert len(lines) == 9
    assert all(float(rate.replace(",", "")) > 0 for _, rate, _ in lines), printed
    assert lines[0][2] == "1.00"
    sent = re.findall(r"^(\d) ms +([\d,]+) +([\d,]+) +\d+\.\d\d +([\d,]+) +\d+\.\d\d$", printed, re.MULTILINE)
    assert [latency for latency, *_ in sent] == ["5", "1", "0"], printed
    assert all(int(rate.replace(",", "")) > 0 for _, *rates in sent for rate in rates), printed
    assert re.search(r"^the page of the site +[\d,]+ +\d+\.\d\d$|^not measured: nginx is not installed$", printed, re.M)
    compared = re.findall(r"^(.+), 2 tries.* a known address \d+\.\d\d ms, an unknown one\n\d+\.\d\d ms", printed, re.M)
    assert compared == ["A sign-up", "A log-in", "A new password"], printed
    assert list(tmp_path.iterdir()) == []
