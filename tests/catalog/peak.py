"""A program: reads each file it is given as a logo, prints what came of it, and by how many KB the peak has grown.

The peak is the kernel's VmHWM: what getrusage calls a process's peak begins with that of the process that started it.
"""

import sys
from pathlib import Path

from benchmarks.memory import memory_kb
from tests.catalog.pictures import encoded, plain
from verdicts.catalog import logos


def outcome(data: bytes) -> str:
    try:
        logos.reencode(data)
    except logos.PictureFault as fault:
        return type(fault).__name__
    return "Picture"


if __name__ == "__main__":
    for kind in logos.FORMATS:  # what each decoder needs once
        outcome(encoded(plain(), kind))
    before = memory_kb("self", "VmHWM")
    for path in sys.argv[1:]:
        print(outcome(Path(path).read_bytes()), memory_kb("self", "VmHWM") - before)  # noqa: T201
