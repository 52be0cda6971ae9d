"""An SMTP server in another process: strict about lines, it keeps what it accepts and misbehaves as it is told.

As a program: `python -m tests.smtp_server FOLDER PORT` serves until it is killed.
"""

import asyncio
import json
import os
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from email import message_from_string, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

CHECKOUT = Path(__file__).parent.parent
AN_HOUR_SECONDS = 3600.0
EVERYONE = "*"


@dataclass(frozen=True)
class Behaviour:
    """How the server behaves. Recipients are named by address, or all of them by "*"."""

    rcpt: dict[str, str] = field(default_factory=dict)  # recipient: the reply to RCPT TO
    dot: dict[str, str] = field(default_factory=dict)  # recipient: the reply to the final dot
    mail: str = ""  # the reply to MAIL FROM
    banner: str = ""  # instead of the greeting, after which it closes
    greylists: bool = False  # 450 to the first try for each recipient
    drop_every: int = 0  # close after so many messages of one connection
    drop_before_dot: list[str] = field(default_factory=list)  # close instead of answering DATA
    drop_in_body: list[str] = field(default_factory=list)  # close while the body comes in
    drop_after_dot: list[str] = field(default_factory=list)  # keep the message, then close without a reply
    hang_before_dot: list[str] = field(default_factory=list)  # never answer DATA
    hang_after_dot: list[str] = field(default_factory=list)  # keep the message, then never answer
    latency: float = 0.0  # seconds before each reply
    smtputf8: bool = True
    pipelining: bool = True
    lets_data_through: bool = False  # asks for the message of which no recipient was accepted
    keeps_bodies: bool = True  # without, only a line is logged for each message
    certificate: str = ""  # a file with key and certificate: offers STARTTLS
    life: int = 0  # a new number makes the server forget what it accepted


@dataclass(frozen=True)
class Received:
    """A message that the server accepted."""

    number: int
    connection: int
    sender: str
    recipient: str
    at: float
    raw: bytes

    @property
    def message(self) -> EmailMessage:
        return message_from_string(self.raw.decode(), EmailMessage, policy=policy.SMTP)

    @property
    def text(self) -> str:
        return body_of(self.message, "plain")

    @property
    def html(self) -> str:
        return body_of(self.message, "html")


def body_of(message: EmailMessage, subtype: str) -> str:
    part = message.get_body((subtype,))
    assert isinstance(part, EmailMessage), f"no {subtype} part"
    return str(part.get_content()).replace("\r\n", "\n")


class SmtpServer:
    """The server as a test sees it: it starts and stops it, tells it how to behave, and reads what it accepted."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port: int = probe.getsockname()[1]
        self._process: subprocess.Popen[str] | None = None
        self._life = 0
        folder.mkdir(parents=True, exist_ok=True)

    @property
    def settings(self) -> dict[str, str]:
        """The environment variables that make an installation send through this server."""
        return {"MAIL_SERVER": "127.0.0.1", "MAIL_PORT": str(self.port)}

    def behave(self, **changes: Any) -> None:
        """Behave in this way from the next command on, and otherwise as usual."""
        path = self.folder / "behaviour.json"
        unfinished = path.with_suffix(".part")
        unfinished.write_text(json.dumps(asdict(Behaviour(**changes, life=self._life))))
        unfinished.rename(path)

    def forget(self) -> None:
        """Run, behave as usual, and forget all messages. This takes less time than another server."""
        for path in [*self.folder.glob("*.eml"), self.folder / "accepted.jsonl"]:
            path.unlink(missing_ok=True)
        self._life += 1
        self.behave()
        if self._process is None:
            self.start()

    def start(self) -> None:
        with (self.folder / "server.log").open("a") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.smtp_server", str(self.folder), str(self.port)],
                cwd=CHECKOUT,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        assert self._process.stdout
        assert self._process.stdout.readline() == "listening\n", (self.folder / "server.log").read_text()

    def stop(self) -> None:
        if self._process:
            self._process.kill()
            self._process.communicate(timeout=10)
            self._process = None

    def received(self) -> list[Received]:
        """Return the accepted messages, oldest first."""
        return [self._read(line) for line in self._lines()]

    def accepted(self) -> int:
        """Return how many messages were accepted."""
        path = self.folder / "accepted.jsonl"
        return path.read_bytes().count(b"\n") if path.exists() else 0

    def recipients(self) -> list[str]:
        return [each["recipient"] for each in self._lines()]

    def wait_for(self, count: int, seconds: float = 60) -> list[Received]:
        """Return the accepted messages once there are `count`; fail when that takes too long."""
        give_up_at = time.monotonic() + seconds
        while self.accepted() < count:
            assert time.monotonic() < give_up_at, f"only {self.accepted()} of {count} messages arrived"
            time.sleep(0.02)
        return self.received()

    def _lines(self) -> list[dict[str, Any]]:
        path = self.folder / "accepted.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def _read(self, line: dict[str, Any]) -> Received:
        path = self.folder / f"{line['number']:06}.eml"
        return Received(**line, raw=path.read_bytes() if path.exists() else b"")


@contextmanager
def smtp_server(folder: Path, **behaviour: Any) -> Iterator[SmtpServer]:
    """Run a server until the block ends."""
    server = SmtpServer(folder)
    server.behave(**behaviour)
    server.start()
    try:
        yield server
    finally:
        server.stop()


# From here on: what runs in the other process


class Handler:
    """Answers as the behaviour says. All connections share it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._behaviour, self._read_at = Behaviour(), -1
        self._begin()

    def _begin(self) -> None:
        self.connections = 0
        self._accepted = len(self._log.read_text().splitlines()) if self._log.exists() else 0
        self._greylisted: set[str] = set()

    @property
    def _log(self) -> Path:
        return self.folder / "accepted.jsonl"

    @property
    def behaviour(self) -> Behaviour:
        changed_at = (self.folder / "behaviour.json").stat().st_mtime_ns
        if changed_at != self._read_at:
            before, self._read_at = self._behaviour, changed_at
            self._behaviour = Behaviour(**json.loads((self.folder / "behaviour.json").read_text()))
            if self._behaviour.life != before.life:
                self._begin()
        return self._behaviour

    async def handle_EHLO(  # noqa: N802  # aiosmtpd names it
        self, _server: "Server", session: Session, _envelope: Envelope, hostname: str, replies: list[str]
    ) -> list[str]:
        session.host_name = hostname
        return [*replies[:-1], *(["250-PIPELINING"] if self.behaviour.pipelining else []), replies[-1]]

    async def handle_MAIL(  # noqa: N802
        self, server: "Server", _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.behaviour.mail:
            return server.closing_if_421(self.behaviour.mail)
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 OK"

    async def handle_RCPT(  # noqa: N802
        self, server: "Server", _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if reply := answer_for(address, self.behaviour.rcpt):
            return server.closing_if_421(reply)
        if self.behaviour.greylists and address not in self._greylisted:
            self._greylisted.add(address)
            return "450 4.2.0 greylisted, try again later"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: "Server", _session: Session, envelope: Envelope) -> str:  # noqa: N802
        recipient = envelope.rcpt_tos[0]
        if reply := answer_for(recipient, self.behaviour.dot):
            return server.closing_if_421(reply)
        self._keep(server, envelope)
        if matches(recipient, self.behaviour.hang_after_dot):
            await asyncio.sleep(AN_HOUR_SECONDS)
        if matches(recipient, self.behaviour.drop_after_dot):
            server.close_now()
            await asyncio.sleep(AN_HOUR_SECONDS)
        if self.behaviour.drop_every and server.messages % self.behaviour.drop_every == 0:
            server.close_soon()
        return f"250 2.0.0 kept as {self._accepted}"

    def _keep(self, server: "Server", envelope: Envelope) -> None:
        self._accepted += 1
        server.messages += 1
        assert isinstance(envelope.content, bytes)
        if self.behaviour.keeps_bodies:
            (self.folder / f"{self._accepted:06}.eml").write_bytes(envelope.content)
        line = {"number": self._accepted, "connection": server.number, "sender": envelope.mail_from}
        line |= {"recipient": envelope.rcpt_tos[0], "at": time.time()}
        with self._log.open("a") as log:
            log.write(json.dumps(line) + "\n")


class Server(SMTP):
    """One connection."""

    def __init__(self, handler: Handler) -> None:
        behaviour = handler.behaviour
        super().__init__(
            handler,
            enable_SMTPUTF8=behaviour.smtputf8,
            hostname="smtp.test",
            tls_context=tls_context(behaviour.certificate),
            loop=asyncio.get_running_loop(),
        )
        handler.connections += 1
        self.handler, self.number, self.messages = handler, handler.connections, 0
        self.is_closing = False

    def closing_if_421(self, reply: str) -> str:
        if reply.startswith("421"):
            self.close_soon()
        return reply

    def close_soon(self) -> None:
        """Close right after the next reply, before more is read."""
        self.is_closing = True

    def close_now(self) -> None:
        if self.transport:
            self.transport.close()

    async def push(self, status: Any) -> None:
        if latency := self.handler.behaviour.latency:
            await asyncio.sleep(latency)
        if str(status).startswith("220 smtp.test") and (banner := self.handler.behaviour.banner):
            await super().push(banner)
            self.close_now()
            return
        await super().push(status)
        if self.is_closing:
            self.close_now()

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802
        recipient = self.envelope.rcpt_tos[0] if self.envelope and self.envelope.rcpt_tos else ""
        if matches(recipient, self.handler.behaviour.hang_before_dot):
            await asyncio.sleep(AN_HOUR_SECONDS)
        if matches(recipient, self.handler.behaviour.drop_before_dot):
            self.close_now()
            return
        lets_through = self.handler.behaviour.lets_data_through and not recipient
        if lets_through or matches(recipient, self.handler.behaviour.drop_in_body):
            await self.push("354 Go on")
            await self._reader.readline()
            self.close_now()
            return
        await super().smtp_DATA(arg)


def answer_for(recipient: str, answers: dict[str, str]) -> str | None:
    return answers.get(recipient) or answers.get(EVERYONE)


def matches(recipient: str, recipients: list[str]) -> bool:
    return recipient in recipients or EVERYONE in recipients


def tls_context(certificate: str) -> ssl.SSLContext | None:
    if not certificate:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


async def serve(folder: Path, port: int) -> None:
    handler = Handler(folder)
    listener = await asyncio.get_running_loop().create_server(lambda: Server(handler), "127.0.0.1", port)
    os.write(1, b"listening\n")
    await listener.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), int(sys.argv[2])))
