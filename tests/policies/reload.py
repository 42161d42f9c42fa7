#!/usr/bin/env python3
"""Policies that change while rooms are at work, against the real daemon and its real file watcher: a thousand rooms are pushed
to without pause while the script is rewritten ten times a second, now and then with a version that does not load. No
message may be lost, doubled or out of order, no connection closed, and each message must have been judged by one whole
version. Prints ok/not ok lines, and closes 'N passed, N failed'."""

import argparse
import json
import os
import selectors
import shutil
import sys
import time

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "protocol"))

import client  # noqa: E402
from daemon import Daemon  # noqa: E402

# Two stages stamp the value with the version that they are of, and a third, in commit, says it again.
POLICY = """local version = {version}
return {{
  {{ push = function(room, msg)
      msg.value = {{ n = msg.value.n, first = version }}
      return msg
    end }},
  {{ push = function(room, msg)
      local value = msg.value
      value.second = version
      msg.value = value
      return msg
    end,
    commit = function(room, msg, member)
      if member then room:push("said", {{ n = msg.value.n, third = version }}) end
    end }},
}}
"""
BROKEN = ["return {{ push = function( }}", "return 5", "error('no')", "return {{ {{ open = function() while true do end end }} }}"]


class Room:
    """One connection, and one message of it at a time: the next goes out when the last has come back."""

    def __init__(self, daemon, number):
        answer = client.http(daemon.address, "POST", "/db/moving/new", daemon.host)
        room = json.loads(answer.body)["room"]
        self.socket = client.WebSocket(daemon.address, f"/db/moving/room/{room}/connect", daemon.host)
        self.raw = self.socket.socket
        self.buffer = bytearray(self.socket.buffer)
        self.sent = 0
        self.heard = []

    def send(self):
        self.sent += 1
        message = {"type": "push", "key": "k", "action": {"type": "relay"}, "value": {"n": self.sent}}
        self.raw.sendall(client.frame(client.TEXT, json.dumps(message).encode()))

    def feed(self):
        """True where the message at hand has come back whole (both of its pushes)."""
        data = self.raw.recv(65536)
        if not data:
            raise client.Ended()
        self.buffer += data
        whole = False
        while len(self.buffer) >= 2:
            length, at = self.buffer[1] & 127, 2
            if length == 126:
                length, at = int.from_bytes(self.buffer[2:4], "big"), 4
            if len(self.buffer) < at + length:
                break
            opcode, payload = self.buffer[0] & 15, bytes(self.buffer[at : at + length])
            del self.buffer[: at + length]
            if opcode == client.PING:
                self.raw.sendall(client.frame(client.PONG, payload))
                continue
            message = json.loads(payload)
            self.heard.append(message)
            whole = message["type"] != "push" or message["key"] == "said"
        return whole


def write(path, text):
    with open(path + ".new", "w") as file:
        file.write(text)
    os.replace(path + ".new", path)  # as editors do


def seen(room):
    """How many versions it has heard of."""
    return len({message["value"].get("third") for message in room.heard if message["key"] == "said"})


def judge(rooms):
    """What is wrong with what the rooms heard; '' where nothing is."""
    versions = set()
    for number, room in enumerate(rooms):
        seqs = [message.get("seq") for message in room.heard]
        if seqs != list(range(1, len(seqs) + 1)):
            return f"room {number}: numbers {seqs[:20]}...", versions
        pushes = [message["value"] for message in room.heard if message["key"] == "k"]
        said = [message["value"] for message in room.heard if message["key"] == "said"]
        if [value["n"] for value in pushes] != list(range(1, room.sent + 1)):
            return f"room {number}: sent {room.sent}, heard {len(pushes)}", versions
        for push, echo in zip(pushes, said, strict=True):
            if not push["first"] == push["second"] == echo["third"] or push["n"] != echo["n"]:
                return f"room {number}: {push} and {echo} are not of one version", versions
            versions.add(push["first"])
    return "", versions


def run(program, rooms_wanted, seconds):
    """Yields (name, what is wrong or '')."""
    folder = os.path.join(os.environ.get("TMPDIR", "/tmp"), f"eddyd-reload-{os.getpid()}")
    shutil.copytree(os.path.join(HERE, "..", "..", "scripts"), folder)
    path = os.path.join(folder, "rooms", "moving.lua")
    write(path, POLICY.format(version=1))
    daemon = Daemon(program, {"scripts": folder, "namespaces.moving.policy": "moving"})
    wrong = ""
    try:
        rooms = [Room(daemon, number) for number in range(rooms_wanted)]
        selector = selectors.DefaultSelector()
        for room in rooms:
            selector.register(room.raw, selectors.EVENT_READ, room)
            room.send()
        began = time.monotonic()
        version, turn, at, waiting = 1, 0, began, len(rooms)
        wanted = 2 * seconds  # versions at work; on a busy machine they take longer
        while waiting and time.monotonic() < began + seconds + 2 * client.PATIENCE:
            now = time.monotonic()
            running = now < began + seconds or (now < began + seconds + client.PATIENCE and seen(rooms[0]) < wanted)
            if running and now >= at:
                at += 0.1
                turn += 1
                if turn % 5 == 0:
                    write(path, BROKEN[turn // 5 % len(BROKEN)].format())
                else:
                    version += 1
                    write(path, POLICY.format(version=version))
            for key, _ in selector.select(0.02):
                if key.data.feed():
                    if running:
                        key.data.send()
                    else:
                        waiting -= 1
        wrong, versions = judge(rooms)
        messages = sum(len(room.heard) for room in rooms)
        yield "no message is lost, doubled or out of order, and each is judged by one whole version", wrong
        yield "every message came back", "" if not waiting else f"{waiting} rooms still wait"
        few = "" if len(versions) >= wanted else f"only {len(versions)} of {version} versions were seen at work"
        yield "the versions took turns", few
        # The last good version is what is at work in the end, also after a broken one.
        write(path, POLICY.format(version=9999))
        deadline = time.monotonic() + client.PATIENCE
        last = None
        while last != 9999 and time.monotonic() < deadline:
            rooms[0].send()
            rooms[0].raw.settimeout(client.PATIENCE)
            while not rooms[0].feed():
                pass
            last = rooms[0].heard[-1]["value"].get("third")
            time.sleep(0.05)
        yield "the newest version is at work in the end", "" if last == 9999 else f"version {last} is"
        lines = [line for line in daemon.log().splitlines() if "does not load" in line or "level=error" in line]
        yield "the log says what was broken", "" if any("moving" in line for line in lines) else "it says nothing"
        print(f"# {len(rooms)} rooms, {messages} messages, {len(versions)} versions at work in {seconds} s", flush=True)
        for room in rooms:
            room.raw.close()
    except (client.Ended, OSError) as error:
        yield "no connection is closed", f"{type(error).__name__} {error}"
    finally:
        end = daemon.finish()
        shutil.rmtree(folder, ignore_errors=True)
    yield "the daemon ends well", end or ""


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--eddyd", required=True)
    parser.add_argument("--rooms", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=10)
    options = parser.parse_args()
    passed = failed = 0
    for name, wrong in run(os.path.realpath(options.eddyd), options.rooms, options.seconds):
        print(f"not ok reload: {name}: {wrong}" if wrong else f"ok reload: {name}", flush=True)
        failed += bool(wrong)
        passed += not wrong
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
