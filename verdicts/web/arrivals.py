"""What has arrived of a request, while it is collected without occupying a thread."""

import re

from verdicts.config import MAX_REQUEST_BYTES

HEAD_SECONDS = 10.0
BODY_SECONDS = 20.0
UPLOAD_BYTES_PER_SECOND = 32 * 1024  # a larger body has a second more for so many bytes
MAX_HEAD_BYTES = 64 * 1024  # gunicorn refuses a longer one
MAX_SHORT_HEAD_BYTES = 2 * 1024  # which is answered within a millisecond, whatever it holds

_HEAD_END = b"\r\n\r\n"
_LENGTH = re.compile(rb"^content-length:[ \t]*([0-9]{1,15})[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
_CHUNKED = re.compile(rb"^transfer-encoding:.*chunked", re.IGNORECASE | re.MULTILINE)
_CLOSES = re.compile(rb"^connection:[^\r\n]*close", re.IGNORECASE | re.MULTILINE)
_READS = re.compile(rb"(?:GET|HEAD) (\S+) ")
_PROBES = re.compile(rb"(?:GET|HEAD) /(?:livez|readyz|metrics) ")
_EXPECTS = re.compile(rb"^expect:[ \t]*100-continue", re.IGNORECASE | re.MULTILINE)


class Arrival:
    """The bytes of one request, and when the rest must have come (`deadline`, seconds of a monotonic clock).

    It only decides when a thread gets the request; gunicorn parses it. A request that is read differently there waits
    a little longer, or is read within the limits of BoundedSocket.
    """

    def __init__(self, now: float) -> None:
        self.data = bytearray()
        self.deadline = now + HEAD_SECONDS
        self.is_expecting = False  # the client waits for "100 Continue" before it sends its body
        self._head_end = 0
        self._length: int | None = None  # of the body; None where it comes in chunks
        self._next_chunk = 0

    def add(self, data: bytes, now: float) -> None:
        searched = max(0, len(self.data) - len(_HEAD_END))
        self.data += data
        if not self._head_end and (end := self.data.find(_HEAD_END, searched)) >= 0:
            self._read_head(end + len(_HEAD_END), now)

    @property
    def is_form(self) -> bool:
        """Whether the request is one that may write."""
        return self.data.startswith(b"POST ")

    @property
    def target(self) -> str:
        """What a GET or HEAD asks for that has nothing but a short head; "" for any other request."""
        if self._length != 0 or not len(self.data) == self._head_end <= MAX_SHORT_HEAD_BYTES:
            return ""
        found = _READS.match(self.data)
        return found[1].decode("latin-1") if found else ""

    @property
    def is_probe(self) -> bool:
        """Whether it asks how the site is, which must be answered when much else is refused."""
        return _PROBES.match(self.data) is not None

    @property
    def may_go_on(self) -> bool:
        """Whether the connection may stay open after it, unparsed: nobody may doubt where a next request begins."""
        head = bytes(self.data[: self._head_end]).lower()
        return (
            head.startswith((b"get ", b"post "))  # the client of a HEAD would take our body for the next response
            and len(self.data) == self._head_end + (self._length or 0)
            and head.count(b"content-length") == len(_LENGTH.findall(head)) <= 1
            and b"transfer-encoding" not in head
            and b" http/1.1\r\n" in head
            and not _CLOSES.search(head)
        )

    @property
    def is_ready(self) -> bool:
        """Whether a thread may have it: all of it has come, or its body is too large to be collected."""
        if not self._head_end:
            return len(self.data) > MAX_HEAD_BYTES
        if self._length is not None and self._length > MAX_REQUEST_BYTES:
            return True
        size = len(self.data) - self._head_end
        return size > MAX_REQUEST_BYTES or (self._has_last_chunk() if self._length is None else size >= self._length)

    def _read_head(self, end: int, now: float) -> None:
        head = bytes(self.data[:end])
        length = _LENGTH.search(head)
        self._head_end = self._next_chunk = end
        self._length = None if _CHUNKED.search(head) else int(length[1]) if length else 0
        self.is_expecting = _EXPECTS.search(head) is not None
        surplus = max(0, (self._length or 0) - MAX_REQUEST_BYTES)
        self.deadline = now + BODY_SECONDS + surplus / UPLOAD_BYTES_PER_SECOND

    def _has_last_chunk(self) -> bool:
        """Say whether the body's last chunk has come; also where the chunks are malformed, for gunicorn to refuse."""
        while (line_end := self.data.find(b"\r\n", self._next_chunk)) >= 0:
            try:
                size = int(bytes(self.data[self._next_chunk : line_end]).partition(b";")[0], 16)
            except ValueError:
                return True
            if size <= 0:
                return size < 0 or self.data.find(_HEAD_END, line_end) >= 0
            if line_end + 2 + size + 2 > len(self.data):
                return False
            self._next_chunk = line_end + 2 + size + 2
        return False
