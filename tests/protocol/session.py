"""What one test has in its hands: a daemon, an encoding, its own rooms and its own connections."""

import json
import secrets

import client
import values
from client import BINARY, TEXT


class Connection(client.WebSocket):
    """A WebSocket that speaks messages."""

    def say(self, message):
        """Sends a message in the connection's own encoding."""
        data = values.to_bytes(self.encoding, message)
        self.send_frame(BINARY if self.encoding == "cbor" else TEXT, data)

    def hear(self, timeout=None):
        """The next message, as a node (see values.py)."""
        opcode, payload = self.receive(timeout)
        wanted = BINARY if self.encoding == "cbor" else TEXT
        assert opcode == wanted, f"a frame with opcode {opcode} on a connection that asked for {self.encoding}"
        return values.from_bytes(self.encoding, payload)

    def expect(self, message, names=None, timeout=None):
        values.match(self.encoding, message, self.hear(timeout), {} if names is None else names)

    def expect_error(self, like="", timeout=None):
        self.expect({"type": "error", "message": {"$like": like}}, timeout=timeout)

    def nothing(self):
        """Proves that no message is on its way, by a ping that is answered first. Also a barrier: what was said before
        has been done."""
        nonce = secrets.randbits(32)
        self.say({"type": "ping", "nonce": nonce})
        self.expect({"type": "pong", "nonce": nonce})

    def push(self, key, value, action="append", **more):
        self.say({"type": "push", "key": key, "action": {"type": action, **more}, "value": value})

    def get(self, key, seq=0):
        self.say({"type": "get", "key": key, "seq": seq})


class Session:
    def __init__(self, daemon, encoding="json", base=""):
        self.daemon, self.encoding, self.base = daemon, encoding, base
        self.patience = daemon.patience
        self.open = []

    def http(self, method, path, body=None, headers=None, host=None):
        return client.http(self.daemon.address, method, path, host or self.daemon.host, headers, body, self.patience)

    def new_room(self, base=None, options=None):
        body = None if options is None else json.dumps(options).encode()
        response = self.http("POST", (self.base if base is None else base) + "/new", body)
        assert response.status == 200, f"POST /new: {response.status} {response.body[:200]!r}"
        return json.loads(response.body)["room"]

    def stream(self):
        """A bare TCP connection."""
        stream = client.Stream(self.daemon.address, self.patience)
        self.open.append(stream)
        return stream

    def connect(self, room, encoding=None, query=None, base=None, path=None, headers=None, receive_buffer=None):
        encoding = encoding or self.encoding
        parts = [part for part in ("cbor=true" if encoding == "cbor" else "", query) if part]
        path = path or f"{self.base if base is None else base}/room/{room}/connect"
        if parts:
            path += "?" + "&".join(parts)
        connection = Connection(self.daemon.address, path, self.daemon.host, encoding, headers, self.patience,
                                receive_buffer)
        self.open.append(connection)
        return connection

    def close(self):
        for stream in self.open:
            stream.close()
        self.open = []
