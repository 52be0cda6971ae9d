"""The proxies of deploy/: their files are run with another port and certificate."""

import http.client
import os
import re
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from http.cookies import Morsel, SimpleCookie
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.faults.readers import Response
from tests.faults.serving import wait_until
from tests.postgres import free_port
from verdicts.config import CHECKOUT

HOST = "verdicts.example"
NAMES = ("caddy", "nginx")
SECONDS_TO_START = 20
DEPLOY = CHECKOUT / "deploy"
HEADER = f"Host: {HOST}\r\nSec-Fetch-Site: same-origin\r\n".encode()
FORM = HEADER + b"Content-Type: application/x-www-form-urlencoded\r\n"
HALVES = {
    "heads": b"GET / HTTP/1.1\r\n" + HEADER + b"X-",
    "bodies": b"POST /tools/claude-code/vote HTTP/1.1\r\n" + FORM + b"Content-Length: 12\r\n\r\nverdict",
    "uploads": b"POST /admin/catalogue HTTP/1.1\r\n" + FORM + b"Content-Length: 2000000\r\n\r\ncsrf_token",
    "events": b"POST /newsletter/bounces/x HTTP/1.1\r\n" + HEADER + b"Content-Length: 900000\r\n\r\n{",
}
_DOCUMENTED_UPSTREAM = "127.0.0.1:8000"
_DOCUMENTED_SERVER = rf"(?m)^ *server {re.escape(_DOCUMENTED_UPSTREAM)}.*$"
# Of what is not the site, as Debian sets it.
_NGINX = """
{user}
daemon off;
pid {folder}/nginx.pid;
worker_processes auto;
events {{ worker_connections 768; }}
http {{
    access_log off;
    {temporary}
    {documented}
}}
"""
_TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


@dataclass(frozen=True)
class Proxy:
    """A proxy with the documented configuration, in front of a site. `check` is its own test of that file."""

    name: str
    port: int
    folder: Path
    check: tuple[str, ...]
    command: tuple[str, ...]

    def run_check(self) -> subprocess.CompletedProcess[str]:
        return subprocess.run(self.check, env=self._environ(), capture_output=True, text=True, timeout=30, check=False)

    def start(self) -> "subprocess.Popen[bytes]":
        """Start the proxy in a process group of its own, and return it once it accepts connections."""
        log = self.folder / "proxy.log"
        with log.open("ab") as output:
            process = subprocess.Popen(
                self.command, env=self._environ(), stdout=output, stderr=subprocess.STDOUT, process_group=0
            )
        wait_until(lambda: process.poll() is not None or self._accepts(), SECONDS_TO_START)
        assert process.poll() is None, log.read_text()
        return process

    @contextmanager
    def running(self) -> Iterator[None]:
        """Run the proxy until the block ends. It accepts connections when the block begins."""
        process = self.start()
        try:
            yield
        finally:
            process.terminate()
            process.wait(timeout=20)

    def connect(self, source: str = "127.0.0.1") -> ssl.SSLSocket:
        """Open a connection over TLS, from an address of the loopback network."""
        plain = socket.create_connection(("127.0.0.1", self.port), timeout=30, source_address=(source, 0))
        return self._tls.wrap_socket(plain, server_hostname=HOST)

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.folder / "certificate.pem")

    def _accepts(self) -> bool:
        try:
            self.connect().close()
        except OSError:
            return False
        return True

    def _environ(self) -> dict[str, str]:
        return {"PATH": os.environ["PATH"], "HOME": str(self.folder)}


@dataclass
class Browser:
    """A browser that reaches the site through the proxy. It keeps the cookies it gets; `attributes` holds theirs."""

    proxy: Proxy
    source: str = "127.0.0.1"
    attributes: "dict[str, Morsel[str]]" = field(default_factory=dict)

    def get(self, path: str, **headers: str) -> Response:
        return self._send("GET", path, None, headers)

    def post(self, path: str, body: bytes, **headers: str) -> Response:
        """Send a form, and send it again where the site asks for it."""
        response = self._send("POST", path, body, headers)
        again = response.headers["Location"].removeprefix(f"https://{HOST}") if response.status == 307 else None
        return self._send("POST", again, body, headers) if again else response

    @property
    def cookie_header(self) -> str:
        return "; ".join(f"{name}={morsel.value}" for name, morsel in self.attributes.items())

    def _send(self, method: str, path: str, body: bytes | None, more: Mapping[str, str]) -> Response:
        headers = {"Host": HOST, "Sec-Fetch-Site": "same-origin", "Cookie": self.cookie_header}
        headers |= {"Content-Type": "application/x-www-form-urlencoded"} if body else {}
        headers |= {name.replace("_", "-"): value for name, value in more.items()}
        connection = http.client.HTTPConnection(HOST, timeout=60)  # one of HTTPS would read all certificates first
        connection.sock = self.proxy.connect(self.source)
        with closing(connection):
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            for line in response.headers.get_all("Set-Cookie", []):
                self.attributes |= dict(SimpleCookie(line))
            return Response(response.status, response.headers, response.read())


def find_program(name: str) -> str | None:
    """Return the path of a proxy's program; Debian puts nginx where only root's PATH looks."""
    return shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")


def find_or_skip(name: str) -> str:
    """Return the path of a proxy's program, or skip the test that needs it."""
    program = find_program(name)
    if program is None:
        if os.environ.get("CI"):
            pytest.fail(f"{name} is not installed; CI must not skip for want of a program")
        pytest.skip(f"{name} is not installed")
    return program


def make_proxy(name: str, program: str, folder: Path, *site_ports: int) -> Proxy:
    """Write the documented file with these ports of the site, and what it needs on this machine, into the folder."""
    port = free_port()
    _write_certificate(folder)
    path = folder / f"{name}.conf"
    if name == "caddy":
        path.write_text(caddyfile(folder, port, program, *site_ports))
        arguments = ("--config", str(path), "--adapter", "caddyfile")
        return Proxy(name, port, folder, (program, "validate", *arguments), (program, "run", *arguments))
    path.write_text(nginx_file(folder, port, *site_ports))
    command = (program, "-e", "stderr", "-p", str(folder), "-c", str(path))
    return Proxy(name, port, folder, (*command, "-t"), command)


def caddyfile(folder: Path, port: int, program: str, *site_ports: int) -> str:
    """Return the documented file with these ports, a certificate of the folder, and what this version of Caddy has."""
    text = (DEPLOY / "Caddyfile").read_text()
    version = subprocess.run([program, "version"], capture_output=True, text=True, timeout=30, check=True).stdout
    if not re.match(r"v?2\.[0-6]\.", version):
        text = text.replace("{$BUFFER_BODIES:buffer_requests}", "request_buffers 4MiB")
    here = f"admin off\n\thttps_port {port}\n\thttp_port {free_port()}\n\tdefault_bind 127.0.0.1"
    text = text.replace("{\n", f"{{\n\t{here}\n", 1)
    certificate = f"tls {folder}/certificate.pem {folder}/key.pem"
    text = re.sub(
        rf"(tcp/)?\{{\$UPSTREAM:{re.escape(_DOCUMENTED_UPSTREAM)}\}}",
        lambda found: " ".join(f"{found[1] or ''}127.0.0.1:{site_port}" for site_port in site_ports),
        text,
    )
    return text.replace(f"{HOST}}} {{\n", f"{HOST}}} {{\n\t{certificate}\n", 1)


def nginx_file(folder: Path, port: int, *site_ports: int) -> str:
    """Return the documented site within a whole configuration of nginx, which keeps all its files in the folder."""
    text = re.sub(r"\n *listen \[::\].*", "", (DEPLOY / "nginx.conf").read_text())
    text = text.replace("listen 443 ", f"listen 127.0.0.1:{port} ").replace("/var/cache", str(folder))
    text = re.sub(r"/etc/letsencrypt/\S+/fullchain.pem", f"{folder}/certificate.pem", text)
    text = re.sub(r"/etc/letsencrypt/\S+/privkey.pem", f"{folder}/key.pem", text)
    return _NGINX.format(
        user="user root;" if os.geteuid() == 0 else "",  # its workers must reach a folder that only we may read
        folder=folder,
        temporary=" ".join(f"{each}_temp_path {folder}/{each};" for each in _TEMPORARY),
        documented=re.sub(_DOCUMENTED_SERVER, lambda line: _servers(line[0], site_ports), text),
    )


def caddy_without_tls(text: str, port: int) -> str:
    """Return a configuration of Caddy for load generators: without TLS, and with networks that the client states."""
    text = re.sub(r"(?m)^\ttls .*\n", "", text).replace(f"{{$BASE_URL:https://{HOST}}}", f"http://127.0.0.1:{port}")
    stated = ("X-Forwarded-For {http.request.header.X-Forwarded-For}", "X-Forwarded-Proto https")
    fields = "".join(f"\n\t\theader_up {field}" for field in stated)
    return re.sub(r"(?m)^\treverse_proxy .*\{$", rf"\g<0>{fields}", text)


def without_tls(text: str) -> str:
    """Return a configuration of nginx for load generators: without TLS, and with networks that the client states."""
    text = re.sub(r"(?m)^ *ssl_.*\n", "", text).replace(" ssl;", ";")
    return text.replace("$scheme", "https").replace("$remote_addr", "$http_x_forwarded_for")


def _servers(line: str, site_ports: Iterable[int]) -> str:
    """Return the line that names the site once for each of its ports, as an operator adds lines for more sites."""
    return "\n".join(line.replace(_DOCUMENTED_UPSTREAM, f"127.0.0.1:{port}") for port in site_ports)


def _write_certificate(folder: Path) -> None:
    """Write a certificate for the documented host, which signs itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(days=1))
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
    certificate = builder.sign(key, hashes.SHA256())
    pem = serialization.Encoding.PEM
    (folder / "certificate.pem").write_bytes(certificate.public_bytes(pem))
    encoded = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "key.pem").write_bytes(encoded)
