"""flask catalog import and export."""

import json
import os
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import Result
from flask import Flask

from tests.apps import pooled_app
from tests.conftest import ON_ONE_DATABASE
from tests.curation.files import BARE, a_file, a_tool, as_bytes, imported
from tests.makers import NOW, make_tool
from verdicts.catalog.content_version import content_version
from verdicts.catalog.models import Tool
from verdicts.cli import files
from verdicts.curation.transfer.exporting import export
from verdicts.extensions import db
from verdicts.staff import audit


def run(app: Flask, *arguments: str, stdin: bytes | None = None) -> Result:
    db.session.rollback()  # the command shares this test's session, and begins a transaction of its own
    return app.test_cli_runner().invoke(args=["catalog", *arguments], input=stdin)


def tools_stored() -> int:
    db.session.rollback()
    count = db.session.scalar(sa.select(sa.func.count()).select_from(Tool)) or 0
    db.session.rollback()
    return count


def test_a_file_is_imported_and_counted(app: Flask) -> None:
    result = run(app, "import", str(BARE))
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "categories: 1 new, 0 changed, 0 unchanged",
        "reviewers: 4 new, 0 changed, 0 unchanged",
        "tools: 2 new, 0 changed, 0 unchanged",
        "reviews: 8 new, 0 changed, 0 unchanged",
        "comparisons: 1 new, 0 changed, 0 unchanged",
    ]
    assert tools_stored() == 2


@ON_ONE_DATABASE
def test_the_same_file_again_says_that_nothing_changed(app: Flask) -> None:
    run(app, "import", str(BARE))
    result = run(app, "import", str(BARE))
    assert (result.exit_code, result.stdout.splitlines()[-1]) == (0, "The catalogue says all of this already.")


def test_a_dry_run_says_what_would_change_and_stores_nothing(app: Flask) -> None:
    before = content_version()
    db.session.rollback()
    result = run(app, "import", str(BARE), "--dry-run")
    assert result.exit_code == 0
    assert 'new tool Mistral Code ("mistral-code")' in result.stdout
    assert result.stdout.endswith("Nothing was stored: this was a dry run.\n")
    assert tools_stored() == 0
    assert content_version() == before


def test_an_import_is_in_the_log_with_each_record_and_the_same_file_again_is_not(app: Flask) -> None:
    tool = make_tool("aider", tagline="Old.").id
    file = as_bytes({"format": "verdicts-catalogue/1", "tools": [a_tool("aider", name="Aider", tagline="New.")]})
    for _ in range(2):
        assert run(app, "import", "-", stdin=file).exit_code == 0
    entries = [(each.actor, each.action, each.kind, each.record, each.record_id) for each in audit.search()]
    assert entries == [
        (audit.COMMAND_LINE, "imported", "catalogue", "standard input", None),
        (audit.COMMAND_LINE, "changed", "tool", "aider", tool),
    ]
    assert [each.changes for each in audit.search()] == [
        {"tools": [None, "0 new, 1 changed"]},
        {"tagline": ["Old.", "New."]},
    ]


@ON_ONE_DATABASE
def test_a_dry_run_is_not_in_the_log(app: Flask) -> None:
    run(app, "import", str(BARE), "--dry-run")
    assert audit.search() == []
    run(app, "import", str(BARE))
    assert audit.search()[0].record == BARE.name


@ON_ONE_DATABASE
def test_a_dry_run_says_which_tool_an_address_of_before_leads_to(app: Flask) -> None:
    make_tool("ex-keep", aliases=("ex-drop",))
    output = run(app, "import", "-", "--dry-run", stdin=as_bytes(a_file(a_tool("ex-drop", tagline="Small.")))).stdout
    assert 'tool Ex Keep ("ex-keep", named "ex-drop" in the file): name, tagline' in output.splitlines()


@pytest.mark.parametrize("name", ["catalogue.yaml", "catalogue.YML"])
@ON_ONE_DATABASE
def test_an_export_named_so_is_yaml_and_comes_back_as_it_was(app: Flask, tmp_path: Path, name: str) -> None:
    run(app, "import", str(BARE))
    file = tmp_path / name
    assert run(app, "export", str(file)).exit_code == 0
    assert file.read_text().startswith("format: verdicts-catalogue/1\n")
    assert "already" in run(app, "import", str(file)).stdout


@ON_ONE_DATABASE
def test_an_export_that_could_not_be_read_back_is_refused(
    app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(app, "import", str(BARE))
    monkeypatch.setattr("verdicts.curation.transfer.exporting.MAX_YAML_SIZE", 100)
    refused = run(app, "export", str(tmp_path / "catalogue.yaml"))
    assert (refused.exit_code, list(tmp_path.glob("*.yaml"))) == (1, [])
    assert "export it as .json" in refused.output


@ON_ONE_DATABASE
def test_yaml_from_standard_input_is_imported(app: Flask) -> None:
    result = run(app, "import", "-", stdin=b"format: verdicts-catalogue/1\ntools:\n- {slug: a, name: A}\n")
    assert (result.exit_code, tools_stored()) == (0, 1)


@ON_ONE_DATABASE
def test_faults_go_to_standard_error_with_their_places(app: Flask, tmp_path: Path) -> None:
    path = tmp_path / "broken.json"
    path.write_bytes(as_bytes(a_file(a_tool("a", name=""), a_tool("b", category="toys"))))
    result = run(app, "import", str(path))
    assert (result.exit_code, result.stdout, tools_stored()) == (1, "", 0)
    assert result.stderr.splitlines() == [
        f"Error: {path} was refused and nothing stored: 2 errors.",
        "tools[0].name: Fill this in.",
        'tools[1].category: There is no category "toys". Choose one that exists.',
    ]


BROKEN = {
    "empty.yaml": b"",
    "bytes.json": b"\xff\xfe\x00\x01" * 100,
    "deep.json": b"[" * 200_000,
    "deep.yaml": b"- " * 200_000,
    "alias.yaml": b"a: &a [x]\nb: [*a, *a]\n",
    "list.json": b"[]",
    "scalar.yaml": b"words\n",
    "sections.json": b'{"format": [], "tools": {}, "reviewers": 1, "categories": null, "comparisons": "x"}',
    "items.json": b'{"format": "verdicts-catalogue/1", "tools": [null, [], {"slug": [], "aliases": [[], null]}, "x"]}',
    "refs.json": b'{"format": "verdicts-catalogue/1", "comparisons": [{"tools": [null, []], "choose_if": [0]}]}',
}


@pytest.mark.parametrize("name", BROKEN)
@ON_ONE_DATABASE
def test_no_broken_file_ends_in_a_traceback(app: Flask, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(BROKEN[name])
    result = run(app, "import", str(path))
    assert (result.exit_code, result.stdout, tools_stored()) == (1, "", 0)
    assert isinstance(result.exception, SystemExit)
    assert result.stderr.startswith(f"Error: {path} was refused and nothing stored: ")


@ON_ONE_DATABASE
def test_a_file_that_cannot_be_opened_is_reported_in_words(app: Flask, tmp_path: Path) -> None:
    missing = run(app, "import", str(tmp_path / "missing.json"))
    folder = run(app, "import", str(tmp_path))
    assert (missing.exit_code, folder.exit_code) == (1, 1)
    assert missing.stderr == f"Error: {tmp_path / 'missing.json'}: No such file or directory\n"
    assert folder.stderr == f"Error: {tmp_path}: Is a directory\n"


@ON_ONE_DATABASE
def test_a_file_without_permission_is_reported_in_words(
    app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_arguments: object, **_options: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(files.click, "open_file", refuse)
    result = run(app, "import", "secret.json")
    assert (result.exit_code, result.stderr) == (1, "Error: secret.json: Permission denied\n")


def test_a_locked_database_is_reported_in_words(app: Flask) -> None:
    with db.engine.connect().execution_options(sqlite_begin="IMMEDIATE") as other, other.begin():
        if other.dialect.name == "postgresql":
            other.execute(sa.text("LOCK TABLE tool"))
        result = run(app, "import", str(BARE))
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: The database is busy. Nothing was stored: ")
    assert tools_stored() == 0


@pytest.mark.parametrize("command", ["import", "export"])
def test_a_database_without_tables_is_reported_in_words_with_what_to_do(
    empty_database: str, tmp_path: Path, command: str
) -> None:
    path = tmp_path / "catalogue.json"
    path.write_bytes(as_bytes(a_file(a_tool())))
    before = path.read_bytes()
    with pooled_app(empty_database) as app:
        result = run(app, command, str(path))
    assert (result.exit_code, result.stdout, path.read_bytes()) == (1, "", before)
    assert result.stderr.splitlines() == [
        "Error: The database has no tables yet. Run `flask db upgrade` first (`make serve` and `make demo` do it too)."
    ]


def test_an_export_is_written_to_a_file_and_to_standard_output(app: Flask, tmp_path: Path) -> None:
    imported(a_file(a_tool(name="日本語")))
    text = export(NOW.replace(year=2100))
    path = tmp_path / "catalogue.json"
    assert run(app, "export", str(path)).exit_code == 0
    assert path.read_text(encoding="utf-8") == text
    assert run(app, "export", "-").stdout == text
    assert not [name for name in os.listdir(tmp_path) if name.startswith(".catalogue")]


def test_what_was_exported_can_be_imported(app: Flask, tmp_path: Path) -> None:
    run(app, "import", str(BARE))
    run(app, "export", str(tmp_path / "out.json"))
    result = run(app, "import", str(tmp_path / "out.json"))
    assert result.stdout.endswith("The catalogue says all of this already.\n")


@ON_ONE_DATABASE
def test_an_export_that_fails_leaves_the_old_file(app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    path = tmp_path / "catalogue.json"
    path.write_text("old")
    monkeypatch.setattr(files.os, "fsync", full)
    result = run(app, "export", str(path))
    assert (result.exit_code, result.stderr) == (1, f"Error: {path}: No space left on device\n")
    assert path.read_text() == "old"
    assert not (tmp_path / f".catalogue.json.{os.getpid()}").exists()


@ON_ONE_DATABASE
def test_an_export_keeps_the_old_files_permissions_and_links(app: Flask, tmp_path: Path) -> None:
    path, link = tmp_path / "catalogue.json", tmp_path / "link.json"
    path.write_text("old")
    path.chmod(0o640)
    link.symlink_to(path)
    run(app, "export", str(link))
    assert link.is_symlink()
    assert json.loads(path.read_text())["format"] == "verdicts-catalogue/1"
    assert path.stat().st_mode & 0o777 == 0o640


@ON_ONE_DATABASE
def test_an_export_into_a_folder_is_refused_in_words(app: Flask, tmp_path: Path) -> None:
    into = run(app, "export", str(tmp_path))
    below = run(app, "export", str(tmp_path / "missing" / "catalogue.json"))
    assert (into.exit_code, below.exit_code) == (1, 1)
    assert into.stderr == f"Error: {tmp_path}: Is a directory\n"
    assert below.stderr.endswith("catalogue.json: No such file or directory\n")


@ON_ONE_DATABASE
def test_an_export_into_a_device_does_not_replace_the_device(app: Flask) -> None:
    assert run(app, "export", os.devnull).exit_code == 0
    assert not Path(os.devnull).is_file()


@ON_ONE_DATABASE
def test_new_tools_may_become_drafts_and_the_dry_run_shows_both_values(app: Flask) -> None:
    make_tool("aider", name="Aider", tagline="Old.")
    file = as_bytes({"format": "verdicts-catalogue/1", "tools": [a_tool("wren"), a_tool("aider", tagline="New.")]})
    dry_run = run(app, "import", "-", "--as-drafts", "--dry-run", stdin=file).stdout.splitlines()
    assert 'new tool Wren ("wren")' in dry_run
    assert '  tagline: "Old." → "New."' in dry_run
    assert "drafts, not published: 1" in dry_run
    assert run(app, "import", "-", "--as-drafts", stdin=file).exit_code == 0
    published = db.session.execute(sa.select(Tool.name, Tool.published_at.is_not(None)).order_by(Tool.id))
    assert [tuple(each) for each in published] == [("Aider", True), ("Wren", False)]
    assert audit.search()[0].changes["drafts"] == [None, "1"]
