"""As much of an IMAP server as reading a folder takes (RFC 9051), in a thread of its own."""

import re
import socketserver
import threading
from typing import Any


class ImapServer(socketserver.ThreadingTCPServer):
    """Serves one folder of messages; `folders` are the names it was asked for."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, messages: list[bytes], user: str, password: str) -> None:
        super().__init__(("127.0.0.1", 0), _Conversation)
        self.messages, self.login = messages, (user, password)
        self.seen: set[int] = set()
        self.folders: list[str] = []

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def __enter__(self) -> "ImapServer":
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *error: Any) -> None:
        self.shutdown()
        super().__exit__(*error)


class _Conversation(socketserver.StreamRequestHandler):
    server: ImapServer

    def handle(self) -> None:
        self.say("* OK ready")
        while line := self.rfile.readline().decode("latin-1").strip():
            tag, _, command = line.partition(" ")
            if not re.fullmatch(r"[A-Za-z0-9]+", tag):
                return  # a TLS greeting, for example
            self.say(f"{tag} {self.answer(command)}")

    def answer(self, command: str) -> str:
        word, _, rest = command.partition(" ")
        if word == "UID":
            word, _, rest = rest.partition(" ")
        act = getattr(self, f"on_{word.lower()}", None)
        return act(rest) if act else "BAD what?"

    def say(self, line: str) -> None:
        self.wfile.write(line.encode("latin-1") + b"\r\n")

    def on_capability(self, _rest: str) -> str:
        self.say("* CAPABILITY IMAP4rev1")
        return "OK done"

    def on_login(self, rest: str) -> str:
        given = tuple(part.strip('"') for part in rest.split(" "))
        return "OK welcome" if given == self.server.login else "NO wrong password"

    def on_select(self, rest: str) -> str:
        self.server.folders.append(rest.strip('"'))
        self.say(f"* {len(self.server.messages)} EXISTS")
        return "OK [READ-WRITE] open"

    def on_search(self, _rest: str) -> str:
        unseen = [str(1 + number) for number in range(len(self.server.messages)) if number not in self.server.seen]
        self.say(f"* SEARCH {' '.join(unseen)}".strip())
        return "OK found"

    def on_fetch(self, rest: str) -> str:
        uid = int(rest.split(" ")[0])
        message = self.server.messages[uid - 1]
        self.say(f"* {uid} FETCH (UID {uid} BODY[]<0> {{{len(message)}}}")
        self.wfile.write(message)
        self.say(")")
        return "OK fetched"

    def on_store(self, rest: str) -> str:
        assert rest.endswith(r"+FLAGS.SILENT (\Seen)"), rest
        self.server.seen.add(int(rest.split(" ")[0]) - 1)
        return "OK stored"

    def on_logout(self, _rest: str) -> str:
        self.say("* BYE")
        return "OK bye"
