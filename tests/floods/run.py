#!/usr/bin/env python3
"""Floods a real eddyd, each in one way, and looks at two things: a healthy client in another room is served, and the
daemon's memory stays under what its limits add up to. See README.md.

  floods/run.py --eddyd PATH [--seconds S] [--only NAME]

S is how long each flood lasts (2); 60 is the long run. Loopback only.
"""

import argparse
import itertools
import json
import os
import re
import resource
import socket
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "protocol"))

import client  # noqa: E402
import session  # noqa: E402
from client import PING, TEXT  # noqa: E402
from daemon import Daemon  # noqa: E402

KIB, MIB = 1 << 10, 1 << 20
EVERY = 0.02      # the healthy client's pushes
LATENCY_MOST = 5.0  # seconds, of the healthy client's slowest; the floods share its two processors, so this is no measurement

# Small ones, so that a flood reaches them; what each kind of thing costs beside its payload is in core/README.md and
# core/net/README.md, doubled here for what malloc and growing buffers add.
LIMITS = {"limits.connections": 600, "limits.rooms": 2000, "limits.room_bytes": 4 * MIB, "limits.stream_bytes": 4 * MIB,
          "limits.room_messages": 5000, "limits.keys": 2000, "limits.queue": 2 * MIB, "limits.message": MIB}
CONNECTION, ROOM, KEY, MESSAGE = 2 * KIB, 4 * KIB, KIB, 512
SLACK = 32 * MIB  # of the daemon itself: buffers that all share, a Lua state (policies.memory), the room of a turn


def bound(connections=0, heads=0, messages=0, queues=0, rooms=0, full_rooms=0):
    """What may be in use at most: connections; of them with half a head, with half a message, with a full queue; rooms, and
    rooms that are full."""
    room = LIMITS["limits.room_bytes"] + LIMITS["limits.keys"] * KEY + LIMITS["limits.room_messages"] * MESSAGE
    return (SLACK + connections * CONNECTION + heads * 2 * 8 * KIB + messages * 2 * LIMITS["limits.message"]
            + queues * 2 * LIMITS["limits.queue"] + rooms * ROOM + full_rooms * 2 * room)


def pss(daemon):
    with open(f"/proc/{daemon.process.pid}/smaps_rollup") as file:
        return int(re.search(r"^Pss:\s+(\d+) kB", file.read(), re.M).group(1)) * 1024


class Healthy(threading.Thread):
    """Two in a room of their own: one pushes, the other has to hear all of it, in order and soon."""

    def __init__(self, daemon):
        super().__init__(daemon=True)
        self.at_hand = session.Session(daemon)
        self.at_hand.patience = 20
        room = self.at_hand.new_room()
        self.sender, self.reader = self.at_hand.connect(room), self.at_hand.connect(room)
        self.reader.get("k", None)
        self.reader.nothing()
        self.over, self.wrong, self.slowest, self.count = threading.Event(), None, 0.0, 0

    def run(self):
        try:
            for seq in itertools.count(1):
                began = time.monotonic()
                self.sender.push("k", seq, action="relay")
                heard = json.loads(self.reader.receive(20)[1])
                assert heard == {"type": "push", "key": "k", "value": seq, "seq": seq}, heard
                self.slowest = max(self.slowest, time.monotonic() - began)
                self.count = seq
                if self.over.wait(EVERY):
                    return
        except Exception as error:  # it is told by whoever waits for this thread
            self.wrong = f"after {self.count} messages: {type(error).__name__} {error}"

    def finish(self):
        self.over.set()
        self.join(30)
        self.at_hand.close()
        return self.wrong


def until(seconds):
    end = time.monotonic() + seconds
    return iter(lambda: time.monotonic() < end, False)


def bare(daemon):
    stream = socket.socket()
    stream.setblocking(False)
    stream.connect_ex(daemon.address)
    return stream


def drain(stream):
    try:
        while stream.recv(1 << 16):
            pass
    except OSError:
        pass


def put(stream, data):
    """As much as goes at once; False where the connection has gone."""
    try:
        stream.send(data)
    except BlockingIOError:
        pass
    except OSError:
        return False
    return True


# ---- the floods: each a generator that yields often, and ends; it says how much it did --------------------------------


def connects(daemon, seconds):
    """Connects at full speed from one address, and asks for something."""
    done, begun = 0, time.monotonic()
    for _ in until(seconds):
        streams = [bare(daemon) for _ in range(100)]
        time.sleep(max(0, begun + done / 10000 - time.monotonic()))  # 10,000 a second, or as many as go
        for stream in streams:
            put(stream, b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            stream.close()
        done += len(streams)
    return f"{done} connects, {done / (time.monotonic() - begun):.0f}/s"


def half_upgrades(daemon, seconds):
    """Upgrades that stop before their end, as many at once as go."""
    head = b"GET /room/x/connect HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nX: " + b"x" * 7000
    streams, done = [], 0
    for _ in until(seconds):
        if len(streams) >= 1500:
            streams.pop(0).close()
        stream = bare(daemon)
        streams.append(stream)
        done += put(stream, head)
    for stream in streams:
        stream.close()
    return f"{done} half heads"


def byte_by_byte(daemon, seconds):
    """Hundreds that send a byte at a time: of a request, and of a frame."""
    at_hand = session.Session(daemon)
    room = at_hand.new_room()
    sockets = [at_hand.connect(room) for _ in range(100)]
    for one in sockets:
        one.socket.setblocking(False)
        put(one.socket, client.frame(TEXT, b"", length=900 * KIB)[:14])
    heads = [bare(daemon) for _ in range(300)]
    rounds = 0
    for _ in until(seconds):
        for stream in heads:
            put(stream, b"G")
        for one in sockets:
            put(one.socket, b"x")
        rounds += 1
        time.sleep(min(1, seconds / 20))
    for stream in heads:
        stream.close()
    at_hand.close()
    return f"{rounds} bytes of each of 400"


def speak(daemon, seconds, data, count, rooms=1, read=True):
    """`count` WebSockets that send these frames at full speed. Who is closed comes again."""
    at_hand = session.Session(daemon)
    names = [at_hand.new_room() for _ in range(rooms)]
    open_ones, sent, again, offsets = [], 0, 0, {}
    for _ in until(seconds):
        while len(open_ones) < count:
            try:
                one = at_hand.connect(names[again % rooms])
            except (client.Refused, client.Ended, OSError):
                break
            one.socket.setblocking(False)
            open_ones.append(one)
            offsets[one] = 0
            again += 1
        for one in list(open_ones):
            try:
                taken = one.socket.send(memoryview(data)[offsets[one]:])
                offsets[one] = (offsets[one] + taken) % len(data)
                sent += taken
            except BlockingIOError:
                pass
            except OSError:
                open_ones.remove(one)
                at_hand.open.remove(one)
                one.close()
                continue
            if read:
                drain(one.socket)
    at_hand.close()
    return f"{sent / MIB:.1f} MiB on {again} connections"


def pings(daemon, seconds):
    return speak(daemon, seconds, client.frame(PING) * 20000, 4)


def pings_unread(daemon, seconds):
    return speak(daemon, seconds, client.frame(PING, b"x" * 100) * 2000, 8, read=False)


def large_messages(daemon, seconds):
    value = json.dumps({"type": "push", "key": "k", "action": {"type": "append"}, "value": "x" * (MIB - 200)}).encode()
    return speak(daemon, seconds, client.frame(TEXT, value), 8, rooms=2)


def large_unread(daemon, seconds):
    value = json.dumps({"type": "push", "key": "k", "action": {"type": "relay"}, "value": "x" * (MIB - 200)}).encode()
    return speak(daemon, seconds, client.frame(TEXT, value), 8, read=False)


def keys(daemon, seconds):
    """Ever new keys, each with its first message."""
    at_hand = session.Session(daemon)
    one = at_hand.connect(at_hand.new_room())
    one.socket.setblocking(False)
    number, most = 0, 1000000
    for _ in until(seconds):
        if number >= most:
            break
        data = b"".join(
            client.frame(TEXT, b'{"type":"push","key":"%d","action":{"type":"append"},"value":0}' % n, masked=True)
            for n in range(number, number + 500))
        number += 500
        while data:
            try:
                data = data[one.socket.send(data):]
            except BlockingIOError:
                drain(one.socket)
            except OSError:
                number = min(number, most)
                one = at_hand.connect(at_hand.new_room())
                one.socket.setblocking(False)
                break
        drain(one.socket)
    at_hand.close()
    return f"{number} keys"


def rooms(daemon, seconds):
    """Ever new rooms."""
    tries, made = 0, 0
    for _ in until(seconds):
        if tries >= 1000000:
            break
        try:
            made += client.http(daemon.address, "POST", "/new", "x").status == 200
        except (OSError, client.Ended, client.Silence):
            pass
        tries += 1
    return f"{tries} asked for, {made} made"


ALL, TWO = LIMITS["limits.connections"] + 64, 2
RATES = {"limits.address_rate": "2000/s", "limits.address_connections": 300, "limits.address_rooms": "20/s burst 50",
         "limits.message_rate": "500/s burst 1000", "limits.byte_rate": "2MiB/s burst 4MiB"}

# name, flood, options, bound of memory
FLOODS = [
    ("connects", connects, {}, bound(connections=ALL, heads=ALL)),
    ("connects, with rates", connects, RATES, bound(connections=ALL, heads=ALL)),
    ("half-open upgrades", half_upgrades, {}, bound(connections=ALL, heads=ALL)),
    ("half-open upgrades, with rates", half_upgrades, RATES, bound(connections=400, heads=400)),
    ("a byte at a time", byte_by_byte, {}, bound(connections=ALL, messages=100)),
    ("pings", pings, {}, bound(connections=10)),
    ("pings, with rates", pings, RATES, bound(connections=10)),
    ("pings, and nothing is read", pings_unread, {}, bound(connections=10)),
    ("large messages", large_messages, {}, bound(connections=10, messages=8, queues=8, full_rooms=TWO)),
    ("large messages, with rates", large_messages, RATES, bound(connections=10, messages=8, queues=8, full_rooms=TWO)),
    ("large messages, and nothing is read", large_unread, {}, bound(connections=10, messages=8, queues=8)),
    ("keys", keys, {}, bound(connections=10, queues=1, full_rooms=4)),
    ("rooms", rooms, {}, bound(connections=70, rooms=LIMITS["limits.rooms"])),
    ("rooms, with rates", rooms, RATES, bound(connections=70, rooms=LIMITS["limits.rooms"])),
]


def play(eddyd, name, flood, options, most, seconds):
    """None, or what is wrong; and what it says for itself."""
    daemon = Daemon(eddyd, {**LIMITS, **options})
    peak, over = [pss(daemon)], threading.Event()

    def watch():
        while not over.wait(0.05) and daemon.alive():
            try:
                peak[0] = max(peak[0], pss(daemon))
            except OSError:
                return

    watcher = threading.Thread(target=watch, daemon=True)
    wrong, said, healthy = None, "", None
    try:
        healthy = Healthy(daemon)
        healthy.start()
        watcher.start()
        said = flood(daemon, seconds)
        time.sleep(0.2)
        wrong = healthy.finish()
        if not wrong and healthy.slowest > LATENCY_MOST:
            wrong = f"the healthy client waited for {healthy.slowest:.1f} s"
        if not wrong and healthy.count < 2:
            wrong = "the healthy client was hardly served"
        sanitized = "sanitize" in eddyd  # shadow memory and redzones are not what is measured
        if not wrong and peak[0] > most and not sanitized:
            wrong = f"{peak[0] / MIB:.0f} MiB, where the limits come to {most / MIB:.0f}"
        log = len(daemon.log().splitlines())
        if not wrong and log > 100 + 20 * seconds:
            wrong = f"{log} lines of log"
        said += f"; slowest {healthy.slowest * 1000:.0f} ms of {healthy.count}, {peak[0] / MIB:.0f} of {most / MIB:.0f} MiB"
    except Exception as error:  # the others go on
        wrong = f"{type(error).__name__} {error}"
    finally:
        over.set()
        if healthy:
            healthy.finish()
        wrong = daemon.finish() or wrong
    return wrong, said


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--eddyd", required=True)
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--only", default="")
    args = parser.parse_args()
    args.eddyd = os.path.abspath(args.eddyd)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192), hard))
    passed, failed = 0, 0
    for name, flood, options, most in FLOODS:
        if args.only not in name:
            continue
        wrong, said = play(args.eddyd, name, flood, options, most, min(args.seconds, 600))
        passed, failed = passed + (not wrong), failed + bool(wrong)
        print(f"{'not ok' if wrong else 'ok'} flood of {name}: {said}{f': {wrong}' if wrong else ''}", flush=True)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
