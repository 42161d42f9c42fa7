"""Clients that load rooms, and know what must be in them."""

import json
import os
import sys
import time

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "protocol"))

import client  # noqa: E402
import model  # noqa: E402
import values  # noqa: E402

KEYS = ["chat", "state", "log"]
WINDOW = 32


def plain(node):
    value = node.value
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list) else value


class Wire:
    """A connection that is read without waiting."""

    def __init__(self, daemon, room, encoding):
        path = f"/db/auto/room/{room}/connect" + ("?cbor=true" if encoding == "cbor" else "")
        self.socket = client.WebSocket(daemon.address, path, daemon.host, encoding)
        self.raw, self.buffer, self.encoding = self.socket.socket, self.socket.buffer, encoding

    def fileno(self):
        return self.raw.fileno()

    def say(self, *messages):
        opcode = client.BINARY if self.encoding == "cbor" else client.TEXT
        self.raw.settimeout(20)
        self.raw.sendall(b"".join(client.frame(opcode, values.to_bytes(self.encoding, m)) for m in messages))

    def feed(self):
        """What has arrived, as messages; None at the end."""
        self.raw.settimeout(20)
        try:
            data = self.raw.recv(1 << 18)
        except ConnectionError:
            data = b""
        self.buffer += data
        messages, at = [], 0
        while len(self.buffer) >= at + 2:
            length, head = self.buffer[at + 1], at + 2
            if length >= 126:
                size = 2 if length == 126 else 8
                length, head = int.from_bytes(self.buffer[head : head + size], "big"), head + size
            if len(self.buffer) < head + length:
                break
            payload = bytes(self.buffer[head : head + length])
            if self.buffer[at] & 15 in (client.TEXT, client.BINARY):
                messages.append(json.loads(payload) if self.encoding == "json" else plain(values.from_bytes("cbor", payload)))
            at = head + length
        del self.buffer[:at]
        return messages if data or messages else None

    def ask(self, message, wanted):
        """The next message of a type, after saying this."""
        self.say(message)
        while (messages := self.feed()) is not None:
            for answer in messages:
                if answer["type"] == wanted:
                    return answer
                assert answer["type"] != "error", answer
        raise AssertionError("the connection ended")


class Player:
    """One room: who pushes, and one who listens in the other encoding. `tolerant`: pushes may be refused, and none is a compact,
    so that what is heard is what was accepted."""

    def __init__(self, number, tolerant=False):
        self.tolerant = tolerant
        self.errors = []  # texts, since it began
        self.window = WINDOW  # pushes that may be without an answer
        self.encoding = "cbor" if number % 2 else "json"
        self.room = model.Room(f"room-{number}")
        self.count = 0

    def found(self, daemon):
        """What the room retains, and its next number, which a relay uses up."""
        wire = Wire(daemon, self.room.name, self.encoding)
        found = {}
        for key in KEYS:
            data = wire.ask({"type": "get", "key": key, "seq": 0}, "init")["data"]
            found[key] = [(entry["seq"], entry["value"]) for entry in data]
        wire.socket.close()
        return found

    def begin(self, daemon):
        """Connects, and learns where the numbers are."""
        self.sender = Wire(daemon, self.room.name, self.encoding)
        self.listener = Wire(daemon, self.room.name, "json" if self.encoding == "cbor" else "cbor")
        relay = {"type": "push", "key": "begin", "action": {"type": "relay"}, "value": 0}
        wrong = ""
        first = self.sender.ask(relay, "push")["seq"]
        if first <= self.room.seq:
            wrong = f"{self.room.name}: number {first} again, {self.room.seq} was heard before"
        self.room.seq, self.room.first = first, first + 1
        self.room.pushes, self.room.heard, self.waiting = [], [], 0
        self.expected = []  # of the pushes, what is to be heard
        self.errors = []
        self.places = {}
        return wrong

    def push(self, chance):
        action = chance.choices(["append", "relay", "replace", "compact"], [60, 25, 5, 0 if self.tolerant else 10])[0]
        key, compact_seq = chance.choice(KEYS), None
        if action == "compact":
            mine = [seq for seq, heard_key, _, _ in self.room.heard[-200:] if heard_key == key]
            if not mine:
                return None
            compact_seq = chance.choice(mine[-20:])
        self.count += 1
        value = [self.count, "x" * chance.choice([0, 3, 50, 500, 3000])]
        self.room.pushes.append((action, key, value, compact_seq, time.monotonic()))
        how = {"type": action} if compact_seq is None else {"type": action, "seq": compact_seq}
        if compact_seq is None:
            self.waiting += 1
            self.expected.append((key, value))
        return {"type": "push", "key": key, "action": how, "value": value}

    def play(self, chance):
        messages = []
        while self.waiting < self.window and len(messages) < WINDOW:
            message = self.push(chance)
            if message:
                messages.append(message)
        try:
            self.sender.say(*messages)
        except OSError:
            pass  # it has been killed meanwhile

    def hear(self, wire):
        """What is wrong with what came, or ''; None at the end."""
        messages = wire.feed()
        if messages is None:
            return None
        now = time.monotonic()
        for message in messages:
            if message["type"] == "error" and self.tolerant:
                self.errors.append(message["message"])
                self.waiting -= 1
                continue
            if message["type"] == "error":
                return f"{self.room.name}: {message['message']}"
            if message["type"] != "push" or message["key"] == "begin":
                continue
            index = message["seq"] - self.room.first
            if wire is self.sender:
                self.waiting -= 1
            place = self.places.get(id(wire), 0)
            if index != place:
                return f"{self.room.name}: number {message['seq']} where {self.room.first + place} was due"
            self.places[id(wire)] = place + 1
            said = (message["key"], message["value"])
            while self.tolerant and index < len(self.expected) and self.expected[index] != said:
                del self.expected[index]  # it was refused
            if index >= len(self.expected) or self.expected[index] != said:
                return f"{self.room.name}: {message} is not what was pushed"
            if index == len(self.room.heard):
                self.room.heard.append((message["seq"], message["key"], message["value"], now))
                self.room.seq = message["seq"]
        return ""

    def judge(self, daemon, lost_since):
        """Compares what was kept; heard after `lost_since` may be lost. (what is wrong or '', heard messages that were lost)"""
        must = sum(1 for entry in self.room.heard if entry[3] < lost_since)
        at_least, numbered = 0, 0
        for index, push in enumerate(self.room.pushes):
            if numbered == must:
                break
            numbered += push[0] != "compact"
            at_least = index + 1
        try:
            found = self.found(daemon)
        except client.Refused as refused:
            return f"{self.room.name}: {refused}", 0
        done = self.room.settle(found, at_least)
        if done is None:
            return f"{self.room.name}: {must} of {len(self.room.heard)} heard must be there; no prefix makes what is", 0
        kept = sum(1 for push in self.room.pushes[:done] if push[0] != "compact")
        return "", max(0, len(self.room.heard) - kept)

    def accepted(self):
        """Once all pushes were answered: those that were refused are forgotten."""
        heard = {value[0] for _, _, value, _ in self.room.heard}
        self.room.pushes = [push for push in self.room.pushes if push[2][0] in heard]

    def end(self):
        self.sender.socket.close()
        self.listener.socket.close()
