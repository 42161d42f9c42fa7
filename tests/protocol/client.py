"""A client on a bare socket: HTTP/1.1 calls and WebSocket frames, byte by byte where a test wants that."""

import base64
import hashlib
import os
import socket
import ssl
import struct
import time

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
PATIENCE = 30  # seconds, for anything to come: the machine may be busy with other things, or stand still for a while


# A certificate's file: everything goes over TLS, and whoever listens has it.
CERTIFICATE = os.environ.get("EDDY_TEST_TLS")
TLS = ssl.create_default_context(cafile=CERTIFICATE) if CERTIFICATE else None


class Ended(Exception):
    """The daemon ended the connection: `code` of its close frame, or None where the bytes just stopped."""

    def __init__(self, code=None, reason=""):
        super().__init__(f"closed with {code} {reason}".rstrip() if code else "ended without a close frame")
        self.code, self.reason = code, reason


class Silence(Exception):
    """Nothing came in time."""


class Response:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body


class Stream:
    """A TCP connection with a buffer and deadlines."""

    def __init__(self, address, patience, receive_buffer=None):
        self.patience = patience
        self.buffer = bytearray()
        self.socket = socket.socket(socket.AF_INET6 if ":" in address[0] else socket.AF_INET)
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(patience)
        self.socket.connect(address)
        if TLS:
            self.socket = TLS.wrap_socket(self.socket, server_hostname="localhost")
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, data):
        self.socket.settimeout(self.patience)
        self.socket.sendall(data)

    def more(self, deadline):
        left = deadline - time.monotonic()
        if left <= 0:
            raise Silence()
        self.socket.settimeout(left)
        try:
            data = self.socket.recv(65536)
        except (socket.timeout, TimeoutError):
            raise Silence() from None
        except (ConnectionError, ssl.SSLError):
            data = b""
        if not data:
            raise Ended()
        self.buffer += data

    def take(self, n, deadline):
        while len(self.buffer) < n:
            self.more(deadline)
        data = bytes(self.buffer[:n])
        del self.buffer[:n]
        return data

    def until(self, mark, deadline):
        while (end := self.buffer.find(mark)) < 0:
            self.more(deadline)
        return self.take(end + len(mark), deadline)

    def ended(self, timeout=None):
        """Waits for the daemon to end the connection; what it said until then."""
        deadline = time.monotonic() + (timeout or self.patience)
        try:
            while True:
                self.more(deadline)
        except Ended:
            return bytes(self.buffer)

    def close(self):
        self.socket.close()


class UnixStream(Stream):
    """The same through a unix socket."""

    def __init__(self, path, patience):
        self.patience = patience
        self.buffer = bytearray()
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(patience)
        self.socket.connect(path)


# ---- HTTP ----------------------------------------------------------------------------------------------------------


def read_response(stream, method="GET"):
    deadline = time.monotonic() + stream.patience
    lines = stream.until(b"\r\n\r\n", deadline).decode("latin-1").split("\r\n")
    status = int(lines[0].split(" ")[1])
    headers = {}
    for line in lines[1:]:
        name, _, value = line.partition(":")
        if name:
            headers[name.lower()] = value.strip()
    body = b""
    if method != "HEAD" and status not in (101, 204, 304):
        body = read_body(stream, headers, deadline)
    return Response(status, headers, body)


def read_body(stream, headers, deadline):
    if "content-length" in headers:
        return stream.take(int(headers["content-length"]), deadline)
    if headers.get("transfer-encoding") == "chunked":
        body = b""
        while size := int(stream.until(b"\r\n", deadline), 16):
            body += stream.take(size, deadline)
            stream.take(2, deadline)
        stream.take(2, deadline)
        return body
    return stream.ended()


def request_bytes(method, path, host, headers, body):
    lines = [f"{method} {path} HTTP/1.1"]
    headers = {"Host": host, **headers}
    if body is not None and "Content-Length" not in headers:
        headers["Content-Length"] = str(len(body))
    lines += [f"{name}: {value}" for name, value in headers.items() if value is not None]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + (body or b"")


def http(address, method, path, host, headers=None, body=None, patience=PATIENCE):
    stream = Stream(address, patience)
    try:
        stream.send(request_bytes(method, path, host, {"Connection": "close", **(headers or {})}, body))
        return read_response(stream, method)
    finally:
        stream.close()


# ---- WebSocket -----------------------------------------------------------------------------------------------------


class Refused(Exception):
    def __init__(self, response):
        super().__init__(f"the upgrade was answered with {response.status}: {response.body[:200]!r}")
        self.response = response


def frame(opcode, payload=b"", fin=True, masked=True, rsv=0, length=None):
    """The bytes of a frame. `length`: what its head says, where that is not the truth."""
    length = len(payload) if length is None else length
    head = bytes([(0x80 if fin else 0) | rsv << 4 | opcode])
    mask_bit = 0x80 if masked else 0
    if length < 126:
        head += bytes([mask_bit | length])
    elif length < 1 << 16:
        head += bytes([mask_bit | 126]) + struct.pack(">H", length)
    else:
        head += bytes([mask_bit | 127]) + struct.pack(">Q", length)
    if not masked:
        return head + payload
    key = os.urandom(4)
    return head + key + mask(key, payload)


def mask(key, payload):
    if not payload:
        return b""
    repeated = (key * (len(payload) // 4 + 1))[:len(payload)]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(repeated, "big")).to_bytes(len(payload), "big")


class WebSocket(Stream):
    """An upgraded connection. `encoding` is what it asked to receive, and what `send` encodes to."""

    def __init__(self, address, path, host, encoding="json", headers=None, patience=PATIENCE, receive_buffer=None):
        super().__init__(address, patience, receive_buffer)
        self.encoding = encoding
        self.pings = []  # payloads of the pings that came
        self.pongs = []
        self.answer_pings = True
        key = base64.b64encode(os.urandom(16))
        asked = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13",
                 "Sec-WebSocket-Key": key.decode(), **(headers or {})}
        try:
            self.send(request_bytes("GET", path, host, asked, None))
            self.response = read_response(self)
        except BaseException:
            self.close()
            raise
        if self.response.status != 101:
            self.close()
            raise Refused(self.response)
        accept = base64.b64encode(hashlib.sha1(key + MAGIC).digest()).decode()
        assert self.response.headers.get("sec-websocket-accept") == accept, "Sec-WebSocket-Accept is wrong"

    def send_frame(self, opcode, payload=b"", **how):
        self.send(frame(opcode, payload, **how))

    def receive(self, timeout=None):
        """The next data frame: (opcode, payload). Pings are answered on the way. Raises Ended at the end."""
        deadline = time.monotonic() + (timeout or self.patience)
        while True:
            head = self.take(2, deadline)
            assert not head[1] & 0x80, "the server masks"
            assert head[0] & 0xf0 == 0x80, f"a fragment, or a reserved bit: {head[0]:02x}"
            opcode, length = head[0] & 15, head[1]
            if length >= 126:
                length = int.from_bytes(self.take(2 if length == 126 else 8, deadline), "big")
            payload = self.take(length, deadline)
            if opcode == CLOSE:
                code = int.from_bytes(payload[:2], "big") if len(payload) >= 2 else 1005
                self.echo_close(payload[:2])
                raise Ended(code, payload[2:].decode("utf-8", "replace"))
            if opcode == PING:
                self.pings.append(payload)
                if self.answer_pings:
                    self.send_frame(PONG, payload)
            elif opcode == PONG:
                self.pongs.append(payload)
            else:
                assert opcode in (TEXT, BINARY), f"opcode {opcode}"
                return opcode, payload

    def echo_close(self, payload):
        """As RFC 6455, 5.5.1 wants it, where this end has not begun the closing itself; and no more from here."""
        try:
            self.send_frame(CLOSE, payload)
            self.socket.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # the daemon need not wait for it

    def end_code(self, timeout=None):
        """Reads to the end; the code of the close frame, or None."""
        deadline = time.monotonic() + (timeout or self.patience)
        try:
            while True:
                self.receive(max(0.001, deadline - time.monotonic()))
        except Ended as ended:
            return ended.code
