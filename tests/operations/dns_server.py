"""A tiny DNS server for tests: it answers TXT questions about the names of one zone, over UDP on loopback."""

import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import Thread

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
from dns.resolver import Resolver


@contextmanager
def serving_dns(texts: Mapping[str, list[str]]) -> Iterator[Resolver]:
    """Yield a resolver that asks a server with these TXT records until the block ends.

    A name exists where a longer one does (RFC 8020), and all others do not.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        thread = Thread(target=_serve, args=(server, texts))
        thread.start()
        resolver = Resolver(configure=False)
        resolver.nameservers, resolver.port = ["127.0.0.1"], server.getsockname()[1]
        try:
            yield resolver
        finally:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stop:
                stop.sendto(b"", server.getsockname())
            thread.join()


def _serve(server: socket.socket, texts: Mapping[str, list[str]]) -> None:
    while True:
        wire, client = server.recvfrom(4096)
        if not wire:
            return
        query = dns.message.from_wire(wire)
        name = query.question[0].name.to_text(omit_final_dot=True)
        response = dns.message.make_response(query)
        response.flags |= dns.flags.AA
        if records := texts.get(name):
            response.answer.append(dns.rrset.from_text(f"{name}.", 60, "IN", "TXT", *(f'"{each}"' for each in records)))
        elif not any(each == name or each.endswith(f".{name}") for each in texts):
            response.set_rcode(dns.rcode.NXDOMAIN)
        server.sendto(response.to_wire(), client)
