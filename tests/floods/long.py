#!/usr/bin/env python3
"""The floods of run.py that take their time: a million keys in one room, and a million rooms. Each once with limits as shipped, and once
with limits that let all of them in. A healthy client in another room is served meanwhile, memory stays under what the limits come to,
what is over them is refused with the right words, and what was let in is on disk afterwards, and there again after a restart.

  floods/long.py --eddyd PATH [--count N] [--only NAME]

Some minutes, 3 GB of memory, 1 GB of disk. `./tests/run floods-long`. Loopback only."""

import argparse
import collections
import itertools
import json
import os
import re
import resource
import select
import socket
import sqlite3
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "protocol")]

import client  # noqa: E402
import session  # noqa: E402
from daemon import Daemon  # noqa: E402
from run import EVERY, MIB, Healthy, pss  # noqa: E402

ROOM, KEY = 5120, 1024  # bytes that one may take at most, with its message: see README.md
BEGIN = 48 * MIB  # the daemon itself, what waits for the disk besides (plugins.sqlite.queue is 64 MiB, and is added)
QUEUE = 64 * MIB
SHIPPED = {"rooms": 100000, "keys": 10000}  # limits
SLOWEST = 0.5  # seconds that the loop may work on other things while the healthy client waits
PARALLEL = 200


def ask_for_rooms(daemon, count):
    """POST /new, `count` times. How often each status came, and a body of each."""
    request = b"POST /new HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"
    statuses, bodies = collections.Counter(), {}
    poll, streams, begun, ended = select.epoll(), {}, 0, 0
    while ended < count:
        while begun < count and len(streams) < PARALLEL:
            stream = socket.socket()
            stream.setblocking(False)
            stream.connect_ex(daemon.address)
            begun += 1
            streams[stream.fileno()] = stream
            poll.register(stream.fileno(), select.EPOLLOUT)
        for fd, event in poll.poll(5):
            stream = streams[fd]
            try:
                if event & select.EPOLLOUT:
                    stream.send(request)
                    poll.modify(fd, select.EPOLLIN)
                    continue
                answer = stream.recv(4096)
            except OSError:
                answer = b""
            status = answer[9:12].decode() or "none"
            statuses[status] += 1
            if status not in bodies:
                bodies[status] = answer.partition(b"\r\n\r\n")[2].decode(errors="replace")
            poll.unregister(fd)
            stream.close()
            del streams[fd]
            ended += 1
    return statuses, bodies


def push_keys(daemon, count):
    """A room with `count` pushes, each to a key of its own. The room, what came back by type, and an error."""
    at_hand = session.Session(daemon)
    at_hand.patience = 60
    room = at_hand.new_room()
    one = at_hand.connect(room)
    heard, error, rest = collections.Counter(), "", b""

    def take(wait):
        nonlocal rest, error
        while select.select([one.socket], [], [], wait)[0]:
            data = one.socket.recv(1 << 18)
            if not data:
                raise client.Ended()
            whole, brace, rest = (rest + data).rpartition(b"}")
            whole += brace
            heard["push"] += whole.count(b'"type":"push"')
            heard["error"] += whole.count(b'"type":"error"')
            error = error or (re.search(rb'\{"type":"error"[^}]*\}', whole) or [b""])[0].decode()
            wait = 0

    one.socket.setblocking(False)
    at = 0
    while at < count or heard["push"] + heard["error"] < count:
        data = b""
        if at < count:
            data = b"".join(client.frame(client.TEXT, b'{"type":"push","key":"%d","action":{"type":"append"},"value":0}' % n)
                            for n in range(at, min(at + 500, count)))
            at = min(at + 500, count)
        while data:
            try:
                data = data[one.socket.send(data):]
            except BlockingIOError:
                take(0.01)
        take(0 if at < count else 1)
    at_hand.close()
    return room, heard, error


# ---- what is played ------------------------------------------------------------------------------------------------


class Watched(Healthy):
    """Knows besides what the loop did while it waited: that it had no core is no fault of its own."""

    def __init__(self, daemon):
        super().__init__(daemon)
        self.stat = f"/proc/{daemon.process.pid}/task/{daemon.process.pid}/schedstat"
        self.worked = 0.0

    def run(self):
        try:
            for seq in itertools.count(1):
                began, before = time.monotonic(), self.loop_ran()
                self.sender.push("k", seq, action="relay")
                heard = json.loads(self.reader.receive(20)[1])
                assert heard == {"type": "push", "key": "k", "value": seq, "seq": seq}, heard
                self.slowest = max(self.slowest, time.monotonic() - began)
                self.worked = max(self.worked, self.loop_ran() - before)
                self.count = seq
                if self.over.wait(EVERY):
                    return
        except Exception as error:  # it is told by whoever waits for this thread
            self.wrong = f"after {self.count} messages: {type(error).__name__} {error}"

    def loop_ran(self):
        with open(self.stat) as file:
            return int(file.read().split()[0]) / 1e9


class Look(threading.Thread):
    """The most memory of the daemon."""

    def __init__(self, daemon):
        super().__init__(daemon=True)
        self.daemon_, self.most, self.over = daemon, pss(daemon), threading.Event()
        self.start()

    def run(self):
        while not self.over.wait(0.1):
            try:
                self.most = max(self.most, pss(self.daemon_))
            except OSError:
                return


def check(condition, *what):
    if not condition:
        raise AssertionError(" ".join(map(str, what)))


def in_database(path, query):
    database = sqlite3.connect(path)
    try:
        return database.execute(query).fetchone()[0]
    finally:
        database.close()


def rooms(daemon, count, limit):
    """What it says, and how many were let in; and what must hold once the daemon has ended."""
    began = time.monotonic()
    statuses, bodies = ask_for_rooms(daemon, count)
    took = time.monotonic() - began
    made = statuses["200"]
    fits = min(count, limit - 1)  # the healthy client has one
    check(set(statuses) <= {"200", "503"}, dict(statuses))
    check(made >= fits, f"{made} made, and {fits} fit")
    if made < count:
        check(f"as many rooms as limits.rooms allows ({limit})" in bodies["503"], bodies["503"])
    refused = f", {statuses['503']} refused: 503 {bodies['503']}" if statuses["503"] else ""
    id_ = json.loads(bodies["200"])["room"]

    def after(path):
        kept = in_database(path, "SELECT count(*) FROM rooms")
        check(kept == made + 1, f"{kept} rooms are kept, and {made + 1} were made")

    return f"{made} rooms in {took:.0f} s ({count / took:.0f} requests/s){refused}", made, id_, after


def keys(daemon, count, limit):
    began = time.monotonic()
    room, heard, error = push_keys(daemon, count)
    took = time.monotonic() - began
    fits = min(count, limit)
    check(heard["push"] == fits and heard["error"] == count - fits, dict(heard), error)
    if fits < count:
        check(f"as many keys as limits.keys allows ({limit})" in error, error)
    refused = f", {heard['error']} refused: {error}" if error else ""

    def after(path):
        kept = in_database(path, "SELECT sum(count) FROM segments")
        check(kept == fits, f"{kept} messages are kept, and {fits} were heard")

    return f"{fits} keys in {took:.0f} s ({count / took:.0f} pushes/s){refused}", fits, room, after


def play(eddyd, what, count, options, limit, each):
    """What it says for itself; raises where something is wrong."""
    folder = tempfile.TemporaryDirectory(prefix="eddyd-floods-")
    path = os.path.join(folder.name, "eddy.db")
    knobs = {"plugins.sqlite.path": path, "plugins.metrics.allow": "127.0.0.0/8", "drain": "0s", "plugins.sqlite.max_rooms": 0, **options}
    daemon = Daemon(eddyd, knobs, patience=60)
    look, said = Look(daemon), []
    try:
        healthy = Watched(daemon)
        healthy.start()
        before = pss(daemon)
        text, made, room, after = what(daemon, count, limit)
        said.append(text)
        time.sleep(1)
        now = pss(daemon)
        wrong = healthy.finish()
        check(not wrong, "the healthy client", wrong)
        most = BEGIN + QUEUE + min(count, limit) * each
        said.append(f"the healthy client waited for {healthy.slowest * 1000:.0f} ms at most, in which the loop ran for "
                    f"{healthy.worked * 1000:.0f} ms at most")
        said.append(f"memory {before / MIB:.0f}, {look.most / MIB:.0f} at most, then {now / MIB:.0f} MiB (limits come to {most / MIB:.0f})")
        check(healthy.worked < SLOWEST or "sanitize" in eddyd, *said)
        check(look.most < most or "sanitize" in eddyd, *said)
        check(len(daemon.log().splitlines()) < 200, "lines of log:", len(daemon.log().splitlines()))
        began = time.monotonic()
        daemon.terminate()
        check(daemon.process.wait(timeout=300) == 0, daemon.log()[-2000:])
        said.append(f"ended in {time.monotonic() - began:.1f} s")
        after(path)
        said.append(f"{os.path.getsize(path) / MIB:.0f} MiB on disk")
        daemon.folder.cleanup()
        began = time.monotonic()
        daemon = Daemon(eddyd, knobs, patience=60)
        started = time.monotonic() - began
        answer = client.http(daemon.address, "GET", f"/room/{room}", "x", patience=60)
        check(answer.status == 200, answer.status)
        said.append(f"started again in {started:.1f} s, the room is there {time.monotonic() - began - started:.2f} s later")
    finally:
        look.over.set()
        wrong = daemon.finish()
        folder.cleanup()
    check(not wrong, wrong)
    return "; ".join(said)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--eddyd", required=True)
    parser.add_argument("--count", type=int, default=1000000)
    parser.add_argument("--only", default="")
    given = parser.parse_args()
    given.eddyd = os.path.abspath(given.eddyd)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192), hard))
    count = given.count
    few = {name: min(limit, count // 2) for name, limit in SHIPPED.items()}
    plays = [
        ("keys, limits as shipped", keys, {"limits.keys": few["keys"]}, few["keys"], KEY),
        ("keys, all let in", keys, {"limits.keys": count, "limits.room_messages": count}, count, KEY),
        ("rooms, limits as shipped", rooms, {"limits.rooms": few["rooms"]}, few["rooms"], ROOM),
        ("rooms, all let in, and none leaves memory", rooms, {"limits.rooms": count + 10, "namespaces.default.unload": "0s"}, count + 10,
         ROOM),
    ]
    passed = failed = 0
    for name, what, options, limit, each in plays:
        if given.only not in name:
            continue
        try:
            print(f"ok flood of {count} {name}: {play(given.eddyd, what, count, options, limit, each)}", flush=True)
            passed += 1
        except Exception as error:  # the others go on
            print(f"not ok flood of {count} {name}: {type(error).__name__} {error}", flush=True)
            failed += 1
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
