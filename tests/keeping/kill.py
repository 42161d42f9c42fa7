#!/usr/bin/env python3
"""Kills the daemon with SIGKILL at random moments under load, starts it again on the same database, and compares what it kept
with what clients had heard. sync: nothing that anybody heard is missing. batch: what is missing is a suffix no longer than
the batch time. In both: no number comes twice, and every stream is exactly what the actions make of it.
Prints ok/not ok lines, and closes 'N passed, N failed'. 20 kills are for every day, --kills 200 for the long run."""

import argparse
import json
import os
import random
import select
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "protocol"))

import client  # noqa: E402
import model  # noqa: E402
import values  # noqa: E402
from daemon import Daemon  # noqa: E402

KEYS = ["chat", "state", "log"]
WINDOW = 32
SLACK = 0.25  # seconds that a busy machine may add to the batch time


def plain(node):
    value = node.value
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list) else value


class Wire:
    """A connection that is read without waiting."""

    def __init__(self, daemon, room, encoding):
        path = f"/db/auto/room/{room}/connect" + ("?cbor=true" if encoding == "cbor" else "")
        self.socket = client.WebSocket(daemon.address, path, daemon.host, encoding, patience=20)
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
    """One room: who pushes, and one who listens in the other encoding."""

    def __init__(self, number):
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
        self.skip = 1  # the relay, on the listener's side
        self.room.seq, self.room.first = first, first + 1
        self.room.pushes, self.room.heard, self.waiting = [], [], 0
        self.expected = []
        self.places = {}
        return wrong

    def push(self, chance):
        action = chance.choices(["append", "relay", "replace", "compact"], [60, 25, 5, 10])[0]
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
        while self.waiting < WINDOW and len(messages) < WINDOW:
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
            if self.expected[index] != (message["key"], message["value"]):
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

    def end(self):
        self.sender.socket.close()
        self.listener.socket.close()


def run_once(daemon, players, chance):
    """Load until it is killed. What is wrong, or ''; and when it was killed."""
    wires = {wire: player for player in players for wire in (player.sender, player.listener)}
    kill_at = time.monotonic() + chance.uniform(0.02, 0.5)
    killed_at = None
    wrong = ""
    while wires and not wrong:
        if killed_at is None and time.monotonic() >= kill_at:
            # In the very moment in which somebody is about to hear something: if it is not safe by now, it is lost.
            select.select(list(wires), [], [], 0.2)
            killed_at = time.monotonic()
            daemon.process.kill()
            daemon.process.wait()
        if killed_at is None:
            for player in players:
                player.play(chance)
        for wire in select.select(list(wires), [], [], 0.002)[0]:
            heard = wires[wire].hear(wire)
            if heard is None:
                del wires[wire]
                if killed_at is None:
                    wrong = "a connection ended before the kill"
            wrong = wrong or heard or ""
    return wrong, killed_at


def slow_down(folder, us):
    """Daemons started from now on have a disk that takes so long for each write."""
    shim = os.path.join(folder, "slow_disk.so")
    source = os.path.join(HERE, "slow_disk.c")
    subprocess.run(["cc", "-shared", "-fPIC", "-D_GNU_SOURCE", "-O1", "-o", shim, source, "-ldl"], check=True)
    os.environ["LD_PRELOAD"], os.environ["SLOW_DISK_US"] = shim, str(us)


def run(program, durability, kills, seed, rooms):
    """Yields (name, what is wrong or '')."""
    chance = random.Random(seed)
    folder = tempfile.TemporaryDirectory(prefix="eddyd-kill-")
    interval = {"sync": 0, "batch": 0.05, "snapshot": 0.3}[durability]
    options = {"plugins.sqlite.path": os.path.join(folder.name, "eddy.db"), "plugins.sqlite.durability": durability}
    if durability == "snapshot":
        options["plugins.sqlite.interval"] = "300ms"
    players = [Player(number) for number in range(rooms)]
    pushes = heard = lost = deaths = 0
    wrong = ""
    began = time.monotonic()
    daemon = Daemon(program, options, patience=20)
    while not wrong and deaths < kills:
        for player in players:
            wrong = wrong or player.begin(daemon)
        if not wrong:
            wrong, killed_at = run_once(daemon, players, chance)
        for player in players:
            player.end()
        if wrong:
            break
        deaths += 1
        daemon.folder.cleanup()
        daemon = Daemon(program, options, patience=20)
        lost_since = float("inf") if durability == "sync" else killed_at - interval - SLACK
        for player in players:
            trouble, missing = player.judge(daemon, lost_since)
            wrong = wrong or trouble
            pushes += len(player.room.pushes)
            heard += len(player.room.heard)
            lost += missing
    if wrong:
        wrong += f"\nseed {seed}, kill {deaths}\n" + daemon.log()[-2000:]
    ended = daemon.finish()
    print(f"# {durability}: {deaths} kills, {pushes} pushes, {heard} heard, of these {lost} lost, "
          f"{time.monotonic() - began:.0f} s")
    if durability == "sync" and lost and not wrong:
        wrong = f"{lost} messages that were heard are lost"
    few = "" if heard > 50 * deaths else f"only {heard} messages were heard in {deaths} runs"
    yield f"{durability}: what was heard is there, no number comes twice, streams are what the actions make", wrong or few
    yield f"{durability}: it ends as it should after the last kill", ended or ""
    folder.cleanup()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--eddyd", required=True)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--slow", type=int, default=300, metavar="US", help="microseconds for each write; 0: as the disk is")
    parser.add_argument("--rooms", type=int, default=6)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    parser.add_argument("--durability", nargs="*", default=["sync", "batch", "snapshot"])
    options = parser.parse_args()
    passed = failed = 0
    shim = tempfile.TemporaryDirectory(prefix="eddyd-kill-")
    if options.slow:
        slow_down(shim.name, options.slow)
    for durability in options.durability:
        for name, wrong in run(options.eddyd, durability, options.kills, options.seed, options.rooms):
            if wrong:
                failed += 1
                print(f"not ok {name}\n{wrong}", flush=True)
            else:
                passed += 1
                print(f"ok {name}", flush=True)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
