"""A program: reads each file it is given as a logo, prints what came of it, and by how many KB the peak has grown.

The peak is the kernel's VmHWM: what getrusage calls a process's peak begins with that of the process that started it.
"""

import sys
from pathlib import Path

from tests.catalog.pictures import encoded, plain
from verdicts.catalog import logos

STATUS = Path("/proc/self/status")


def peak() -> int:
    line = next(line for line in STATUS.read_text().splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1])


def outcome(data: bytes) -> str:
    try:
        logos.reencode(data)
    except logos.PictureFault as fault:
        return type(fault).__name__
    return "Picture"


if __name__ == "__main__":
    for kind in logos.FORMATS:  # what each decoder needs once
        outcome(encoded(plain(), kind))
    before = peak()
    for path in sys.argv[1:]:
        print(outcome(Path(path).read_bytes()), peak() - before)  # noqa: T201
