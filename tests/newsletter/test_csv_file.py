"""CSV files: consent is required, every fault is listed, and no spreadsheet program runs a cell."""

import csv
from datetime import UTC, datetime
from io import StringIO

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import ON_ONE_DATABASE
from tests.makers import NOW
from verdicts.newsletter.csv_file import COLUMNS, MAX_FAULTS, Consent, InvalidCsv, read, write
from verdicts.texts import is_blank

pytestmark = [ON_ONE_DATABASE, pytest.mark.usefixtures("app")]

HEAD = "email,consent_source,consent_at\n"
MARCH = datetime(2026, 3, 1, tzinfo=UTC)


def faults_of(text: str) -> list[str]:
    with pytest.raises(InvalidCsv) as refused:
        read(text, NOW)
    return refused.value.faults


def only(text: str) -> Consent:
    (consent,) = read(text, NOW)
    return consent


def test_a_line_says_who_agreed_where_and_when() -> None:
    consent = only(f"{HEAD}ann@example.org,Fair in Lyon,2026-03-01\n")
    assert (consent.address.text, consent.source, consent.at) == ("ann@example.org", "Fair in Lyon", MARCH)


def test_a_source_keeps_the_marks_of_arabic_and_hebrew_keyboards() -> None:
    assert only(f"{HEAD}ann@example.org,שלום\u200f,2026-03-01\n").source == "שלום\u200f"


@pytest.mark.parametrize(
    "moment", ["2026-03-01", "2026-03-01T00:00:00", "2026-03-01T00:00:00Z", "2026-03-01T01:00:00+01:00"]
)
def test_moments_are_read_as_iso_8601_in_utc_unless_they_say_otherwise(moment: str) -> None:
    assert only(f"{HEAD}ann@example.org,Fair,{moment}\n").at == MARCH


@pytest.mark.parametrize(
    "text",
    [
        "\ufeffemail,consent_source,consent_at\r\nann@example.org,Fair,2026-03-01\r\n",
        'Consent_At , EMAIL,name,consent_source\n2026-03-01,ann@example.org,Ann,"Fair"\n',
        f'{HEAD}\n"ann@example.org","Fair","2026-03-01"\n,,\n',
        f"{HEAD}ann@example.org,Fair,2026-03-01",
        "\ufeffsep=;\r\nemail;consent_source;consent_at\r\nann@example.org;Fair;2026-03-01\r\n",
        f"\n,,\n{HEAD}ann@example.org,Fair,2026-03-01\n",
    ],
    ids=[
        "byte order mark and CRLF",
        "other columns and order",
        "quotes and empty lines",
        "no last line end",
        "Excel's first line",
        "empty lines before the head",
    ],
)
def test_files_as_programs_write_them_are_read(text: str) -> None:
    consent = only(text)
    assert (consent.address.text, consent.source, consent.at) == ("ann@example.org", "Fair", MARCH)


@pytest.mark.parametrize("sign", [";", "\t"])
def test_semicolons_and_tabs_separate_too(sign: str) -> None:
    text = sign.join(["name", "email", "consent_source", "consent_at"]) + "\r\n"
    text += sign.join(["Lee, Ann", "ann@example.org", '"Fair, Lyon"', "2026-03-01"]) + "\r\n"
    consent = only("\ufeff" + text)
    assert (consent.address.text, consent.source, consent.at) == ("ann@example.org", "Fair, Lyon", MARCH)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize(
    ("before", "line"),
    [
        ("", 2),
        ("\n\n", 4),
        ('ann@example.org,"Fair\nin\nLyon",2026-03-01\n', 2),
        ('"a\nb",Fair,2026-03-01\n', 2),
        ("ann@example.org,Fair\u2028Lyon,2026-03-01\n", 2),
        ("ann@example.org,Fair,2026-03-01\n", 3),
    ],
)
def test_a_fault_is_at_the_line_that_an_editors_program_shows(before: str, line: int, end: str) -> None:
    text = f"{HEAD}{before}nobody,Fair,2026-03-01\n".replace("\n", end)
    assert faults_of("\ufeff" + text)[0].startswith(f"line {line}: ")


def test_records_of_several_lines_count_as_many() -> None:
    text = f'{HEAD}"x\ny",Fair,2026-03-01\nnobody,Fair,2026-03-01\n"unclosed\n'
    assert [fault.split(":")[0] for fault in faults_of(text)] == ["line 5"]
    assert [fault.split(":")[0] for fault in faults_of(text.rpartition('"')[0])] == ["line 2", "line 4"]


@pytest.mark.parametrize("head", ["", "email\n", "address,source,at\n", "email|consent_source|consent_at\n"])
def test_a_head_that_lacks_a_column_is_refused(head: str) -> None:
    (fault,) = faults_of(f"{head}ann@example.org,Fair,2026-03-01\n")
    assert fault.startswith("line 1: the head must name email, consent_source, consent_at; it lacks")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("ann@example.org,,2026-03-01", "consent_source must say where"),
        ("ann@example.org,Fair \u202ein Lyon,2026-03-01", "consent_source must say where"),
        ("ann@example.org,   ,2026-03-01", "consent_source must say where"),
        (f"ann@example.org,{'x' * 201},2026-03-01", "consent_source must say where"),
        ("ann@example.org,Fair,", "is no date"),
        ("ann@example.org,Fair,yesterday", "is no date"),
        ("ann@example.org,Fair,2026-02-30", "is no date"),
        ("ann@example.org,Fair,2026-12-01", "is yet to come"),
        ("ann@example.org,Fair", "2 cells"),
        ("ann,Fair,2026-03-01", "email 'ann': An email address has an @"),
        (",Fair,2026-03-01", "Type your email address"),
    ],
)
def test_every_fault_is_named_with_its_line(line: str, words: str) -> None:
    (fault,) = faults_of(f"{HEAD}ben@example.org,Fair,2026-03-01\n{line}\n")
    assert fault.startswith("line 3: ")
    assert words in fault


def test_all_faults_are_named_up_to_a_number() -> None:
    faults = faults_of(HEAD + "x,y,z\n" * (MAX_FAULTS + 5))
    assert len(faults) == MAX_FAULTS + 1
    assert faults[-1] == "and 5 more"


@pytest.mark.parametrize("text", [f'{HEAD}"ann', f'{HEAD}"a"b,c,d\n', f"{HEAD}{'x' * 200_000},y,z\n"])
def test_what_is_no_csv_is_refused(text: str) -> None:
    assert "this is no CSV" in faults_of(text)[0]


def test_an_address_that_stands_twice_is_read_once_and_first() -> None:
    text = f"{HEAD}Ann@example.org,First,2026-03-01\nann@EXAMPLE.org,Second,2026-03-01\n"
    assert only(text).source == "First"


@pytest.mark.parametrize("cell", ["=1+1", "+tag@example.org", "-2", "@cmd", "\ttab", "'=1+1", "''"])
def test_no_cell_begins_so_that_a_spreadsheet_program_runs_it(cell: str) -> None:
    _, line = write([(cell, cell, MARCH)]).splitlines()
    for written in next(csv.reader(StringIO(line)))[:2]:
        assert written == f"'{cell}"


def test_the_head_names_the_columns() -> None:
    assert write([]) == ",".join(COLUMNS) + "\n"


LOCAL_PARTS = st.text("abcz0=+-'_{}|~.", min_size=1, max_size=20)
SOURCES = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=50).filter(
    lambda text: not is_blank(text)
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(local=LOCAL_PARTS.filter(lambda text: not text.startswith(".") and ".." not in text), source=SOURCES)
def test_what_was_written_is_read_as_it_was(local: str, source: str) -> None:
    address = f"{local.rstrip('.') or 'x'}@example.org"
    consent = only(write([(address, source, MARCH)]))
    assert (consent.address.text, consent.source, consent.at) == (address, source, MARCH)


def test_a_moment_before_all_calendars_is_a_fault_of_its_line() -> None:
    text = "email,consent_source,consent_at\nann@example.org,form,0001-01-01T00:00:00+14:00\n"
    with pytest.raises(InvalidCsv, match="line 2: consent_at"):
        read(text, NOW)
