"""A small server of the protocol, JSON only, that does one thing wrong: for the generator's own test. Not for measuring."""

import base64
import hashlib
import json
import selectors
import socket
import struct

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def pack(message):
    """As JSON.stringify does, and eddyd: the generator looks for `"type":"` and `"seq":`."""
    return json.dumps(message, separators=(",", ":"))


class Client:
    def __init__(self, sock):
        self.socket, self.inbox, self.upgraded, self.keys = sock, b"", False, set()

    def send(self, text):
        payload = text.encode()
        head = bytes([0x81, len(payload)]) if len(payload) < 126 else b"\x81\x7e" + struct.pack("!H", len(payload))
        try:
            self.socket.sendall(head + payload)
        except OSError:
            pass  # the generator has seen enough


class Broken:
    """`fault(server, message_number, client, frames)` may change what one client is sent for one message: a list of texts."""

    def __init__(self, fault=None, number=None):
        self.fault, self.number = fault, number or (lambda seq: seq)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.listener, selectors.EVENT_READ)
        self.clients, self.seq = [], 0
        self.ended = False

    def run(self):
        while not self.ended:
            for key, _ in self.selector.select(0.05):
                if key.fileobj is self.listener:
                    sock = self.listener.accept()[0]
                    self.clients.append(Client(sock))
                    self.selector.register(sock, selectors.EVENT_READ, self.clients[-1])
                else:
                    self.read(key.data)

    def drop(self, client):
        if client not in self.clients:
            return  # it was, in the same round of the selector
        self.selector.unregister(client.socket)
        self.clients.remove(client)
        client.socket.close()

    def read(self, client):
        try:
            data = client.socket.recv(65536)
        except OSError:
            data = b""
        if not data:
            self.drop(client)
            return
        client.inbox += data
        if client.upgraded:
            self.frames(client)
        elif b"\r\n\r\n" in client.inbox:
            self.http(client)

    def http(self, client):
        head, client.inbox = client.inbox.split(b"\r\n\r\n", 1)
        if head.startswith(b"POST"):
            body = pack({"room": "r", "socket_url": f"ws://127.0.0.1:{self.port}/room/r/connect"})
            client.socket.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body.encode())
            return
        key = next(line.split(b":")[1].strip() for line in head.split(b"\r\n") if line.lower().startswith(b"sec-websocket-key"))
        accept = base64.b64encode(hashlib.sha1(key + GUID).digest())
        client.socket.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                              b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n")
        client.upgraded = True

    def frames(self, client):
        while len(client.inbox) >= 6:
            size, at = client.inbox[1] & 127, 2
            if size == 126:
                size, at = struct.unpack("!H", client.inbox[2:4])[0], 4
            if len(client.inbox) < at + 4 + size:
                return
            mask, data = client.inbox[at:at + 4], client.inbox[at + 4:at + 4 + size]
            client.inbox = client.inbox[at + 4 + size:]
            self.message(client, json.loads(bytes(byte ^ mask[i % 4] for i, byte in enumerate(data))))

    def message(self, client, message):
        if message["type"] == "get":
            client.keys.add(message["key"])
            client.send(pack({"type": "init", "key": message["key"], "data": []}))
            return
        self.seq += 1
        text = pack({"type": "push", "key": message["key"], "value": message["value"], "seq": self.number(self.seq)})
        for place, to in enumerate(list(self.clients)):
            frames = [text] if message["key"] in to.keys else []
            if self.fault:
                frames = self.fault(self, self.seq, place, frames)
            for frame in frames:
                to.send(frame)
