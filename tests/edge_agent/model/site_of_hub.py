"""A site's root, issuing authority and page certificate, and a small HTTPS page that answers joins as it is told."""

import base64
import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

BEGINS = datetime(2020, 1, 1, tzinfo=UTC)
ENDS = datetime(2046, 1, 1, tzinfo=UTC)
SIGN_KEY = base64.b64encode(bytes(range(32))).decode()
PICTURE_KEY = base64.b64encode(bytes(range(1, 33))).decode()


def pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


class Authorities:
    """Root and issuing authority of one site."""

    def __init__(self, name: str = "riverside") -> None:
        self._root_key = ec.generate_private_key(ec.SECP256R1())
        self._issuing_key = ec.generate_private_key(ec.SECP256R1())
        self.root = self._signed(f"{name} root", f"{name} root", self._root_key, self._root_key, ca=1)
        self.issuing = self._signed(f"{name} issuing", f"{name} root", self._issuing_key, self._root_key, ca=0)
        self._issuing_name = f"{name} issuing"

    def device(self, device: str, public_key: Any) -> str:
        """Leaf and issuing certificate, PEM."""
        leaf = self._leaf(device, public_key, ExtendedKeyUsageOID.CLIENT_AUTH, None)
        return (pem(leaf) + pem(self.issuing)).decode()

    def page(self, host: str, folder: Path, *, begins: datetime = BEGINS, ends: datetime = ENDS) -> Path:
        """One PEM file of chain and key for the HTTPS page known as `host`."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = x509.SubjectAlternativeName([x509.DNSName(host)])
        leaf = self._leaf(host, key.public_key(), ExtendedKeyUsageOID.SERVER_AUTH, names, begins=begins, ends=ends)
        file = folder / f"page-{host}-{leaf.serial_number}.pem"
        file.write_bytes(key_pem(key) + pem(leaf) + pem(self.issuing))
        return file

    def _leaf(
        self,
        name: str,
        public_key: Any,
        use: Any,
        alternative: Any,
        *,
        begins: datetime = BEGINS,
        ends: datetime = ENDS,
    ) -> x509.Certificate:
        builder = self._begun(name, self._issuing_name, public_key, begins=begins, ends=ends)
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        builder = builder.add_extension(x509.ExtendedKeyUsage([use]), critical=False)
        if alternative is not None:
            builder = builder.add_extension(alternative, critical=False)
        return builder.sign(self._issuing_key, hashes.SHA256())

    def _signed(self, name: str, issuer: str, key: Any, by: Any, *, ca: int) -> x509.Certificate:
        builder = self._begun(name, issuer, key.public_key())
        return builder.add_extension(x509.BasicConstraints(ca=True, path_length=ca), critical=True).sign(
            by, hashes.SHA256()
        )

    @staticmethod
    def _begun(
        name: str, issuer: str, public_key: Any, *, begins: datetime = BEGINS, ends: datetime = ENDS
    ) -> x509.CertificateBuilder:
        def named(text: str) -> x509.Name:
            return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

        builder = x509.CertificateBuilder().subject_name(named(name)).issuer_name(named(issuer))
        builder = builder.public_key(public_key).serial_number(x509.random_serial_number())
        return builder.not_valid_before(begins).not_valid_after(ends)


Reply = Callable[[BaseHTTPRequestHandler, dict[str, Any]], None]


class JoinPage:
    """What was asked, and what is answered: each request takes the next reply, the last one stays."""

    def __init__(self, authorities: Authorities, *, broker: tuple[str, int] = ("broker.lan", 8883)) -> None:
        self.authorities = authorities
        self.asked: list[dict[str, Any]] = []
        self.replies: list[Reply] = [self.takes_in]
        self.broker = broker
        self.port = 0

    def answer(self, asked: dict[str, Any], **changes: Any) -> dict[str, Any]:
        request = x509.load_pem_x509_csr(asked["request"].encode())
        assert request.is_signature_valid
        assert [str(name.value) for name in request.subject] == [asked["device"]]
        return {
            "certificate": self.authorities.device(asked["device"], request.public_key()),
            "ca": pem(self.authorities.root).decode(),
            "site": "riverside",
            "device": asked["device"],
            "broker": {"host": self.broker[0], "port": self.broker[1]},
            "sign_key": SIGN_KEY,
            "picture_key": PICTURE_KEY,
            "page": f"https://localhost:{self.port}",
            **changes,
        }

    def takes_in(self, http: BaseHTTPRequestHandler, asked: dict[str, Any]) -> None:
        send(http, 201, self.answer(asked))

    def handle(self, http: BaseHTTPRequestHandler) -> None:
        assert http.path == "/api/v1/join"
        asked = json.loads(http.rfile.read(int(http.headers["Content-Length"])))
        self.asked.append(asked)
        reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        reply(http, asked)


def send(http: BaseHTTPRequestHandler, status: int, body: Any, **headers: str) -> None:
    content = json.dumps(body).encode()
    http.send_response(status)
    http.send_header("Content-Length", str(len(content)))
    for name, value in headers.items():
        http.send_header(name.replace("_", "-"), value)
    http.end_headers()
    http.wfile.write(content)


def refuses(status: int, detail: str, **headers: str) -> Reply:
    return lambda http, _asked: send(http, status, {"title": "x", "detail": detail}, **headers)


def cut_after(bytes_: int, page: JoinPage) -> Reply:
    """Promises all of a good answer, and hangs up after so many bytes of it."""

    def reply(http: BaseHTTPRequestHandler, asked: dict[str, Any]) -> None:
        content = json.dumps(page.answer(asked)).encode()
        http.send_response(201)
        http.send_header("Content-Length", str(len(content)))
        http.end_headers()
        http.wfile.write(content[:bytes_])
        http.close_connection = True

    return reply


@contextmanager
def served(page: JoinPage, certificate: Path) -> Iterator[JoinPage]:
    """Over HTTPS on a free port of localhost."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            page.handle(self)

        def log_message(self, *_: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_: Any) -> None:
            pass  # a client that does not trust us hangs up

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server = Server(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    page.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield page
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


NOT_YET = {"begins": datetime.now(UTC) + timedelta(days=30)}
OVER = {"ends": datetime.now(UTC) - timedelta(days=30)}
