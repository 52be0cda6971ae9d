"""How many files a worker may have open, and so how many connections."""

import resource
from contextlib import suppress

MAX_CONNECTIONS = 1000  # of a worker
OTHER_DESCRIPTORS = 160  # of a worker: each thread may have a file or a connection open to Redis or the database
MIN_CONNECTIONS = 90


class TooFewDescriptors(Exception):
    """This process may open fewer files than a worker needs."""


def raise_descriptor_limit() -> int:
    """Let this process and its workers open as many files as they need. Return how many connections a worker may have.

    A worker that has no descriptor left can answer nobody, so it must stop accepting connections before.
    """
    needed = MAX_CONNECTIONS + OTHER_DESCRIPTORS
    soft, hard = (
        needed if limit == resource.RLIM_INFINITY else limit for limit in resource.getrlimit(resource.RLIMIT_NOFILE)
    )
    if soft < needed:
        with suppress(ValueError, OSError):  # a sandbox may forbid it
            resource.setrlimit(resource.RLIMIT_NOFILE, (min(needed, hard), hard))
            soft = min(needed, hard)
    if soft < MIN_CONNECTIONS + OTHER_DESCRIPTORS:
        raise TooFewDescriptors(
            f"The site may open only {soft} files at once, and needs {MIN_CONNECTIONS + OTHER_DESCRIPTORS} at least: "
            "raise `ulimit -n`, or LimitNOFILE= of its unit."
        )
    return min(needed, soft) - OTHER_DESCRIPTORS
