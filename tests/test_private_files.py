"""What the site writes is for its own user alone, whatever the umask."""

import os
from pathlib import Path

from tests.programs import SETTINGS, run
from verdicts import private_files


def modes(folder: Path) -> set[str]:
    """Return each mode of the files and folders in a folder, and of itself."""
    paths = [folder, *folder.rglob("*")]
    return {f"{'folder' if path.is_dir() else 'file'} {path.stat().st_mode & 0o777:o}" for path in paths}


def test_a_folder_that_was_open_is_closed_with_all_that_is_in_it(tmp_path: Path) -> None:
    folder = tmp_path / "instance"
    (folder / "mailbox").mkdir(parents=True)
    for name in ("verdicts.sqlite3", "mailbox/letter.eml"):
        (folder / name).write_text("")
        (folder / name).chmod(0o664)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("")
    elsewhere.chmod(0o644)
    (folder / "link").symlink_to(elsewhere)
    for path in (folder, folder / "mailbox"):
        path.chmod(0o755)
    private_files.protect(folder)
    (folder / "link").unlink()
    assert modes(folder) == {"folder 700", "file 600"}
    assert elsewhere.stat().st_mode & 0o777 == 0o644


def test_a_folder_that_all_use_is_left_alone(tmp_path: Path) -> None:
    tmp_path.chmod(0o1777)
    private_files.protect(tmp_path)
    assert tmp_path.stat().st_mode & 0o7777 == 0o1777


def test_commands_write_private_files_in_the_instance_folder_and_usual_ones_elsewhere(tmp_path: Path) -> None:
    folder, elsewhere = tmp_path / "instance", tmp_path / "catalogue.json"
    before = os.umask(0o002)  # which closes little
    try:
        assert run("-m", "flask", "db", "upgrade", instance=folder, **SETTINGS)[0] == 0
        for file in (folder / "catalogue.json", elsewhere):
            assert run("-m", "flask", "catalog", "export", str(file), instance=folder, **SETTINGS)[0] == 0
    finally:
        os.umask(before)
    assert modes(folder) == {"folder 700", "file 600"}
    assert elsewhere.stat().st_mode & 0o777 == 0o664
