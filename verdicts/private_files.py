"""Keeps what the site writes for its own user alone: addresses, keys and votes are in these files."""

import os
import stat
from pathlib import Path

PRIVATE_UMASK = 0o077

_inherited: list[int] = []


def protect(folder: Path) -> None:
    """Create the instance folder for its owner alone, or make it so, and let this process write only such files.

    A folder that others could enter until now is closed with all that is in it. Raises OSError where it cannot be made.
    """
    set_umask()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder == Path(folder.anchor) or folder.stat().st_mode & stat.S_ISVTX:  # such as /tmp: not ours alone
        return
    was_open = _close(folder)
    for parent, folders, files in os.walk(folder):
        for name in (*folders, *files):
            _close(Path(parent, name))
        if not was_open:
            return


def set_umask() -> None:
    """Let this process, and those that it starts, create files and folders for their owner alone."""
    previous = os.umask(PRIVATE_UMASK)
    if not _inherited:
        _inherited.append(previous)


def usual_mode() -> int:
    """Return the mode of files that a command writes where its user asks: what the umask of their shell allows."""
    return 0o666 & ~(_inherited[0] if _inherited else PRIVATE_UMASK)


def _close(path: Path) -> bool:
    """Take away what others may do with a file or folder; say whether they could do anything."""
    try:
        mode = path.lstat().st_mode
        if stat.S_ISLNK(mode) or not mode & PRIVATE_UMASK:
            return False
        path.chmod(stat.S_IMODE(mode) & ~PRIVATE_UMASK)
    except OSError:  # somebody else's, or gone meanwhile
        return False
    return True
