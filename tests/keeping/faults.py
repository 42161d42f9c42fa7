#!/usr/bin/env python3
"""A real daemon that keeps rooms on a disk that fails and comes back, in a database with a page that is damaged, and in one of
another schema. Prints ok/not ok lines, and closes 'N passed, N failed'."""

import argparse
import json
import os
import random
import re
import select
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "protocol"))

import client  # noqa: E402
from daemon import SANITIZER, Daemon  # noqa: E402
from disk import FAULTS, Disk  # noqa: E402
from load import WINDOW, Player, Wire  # noqa: E402

SECONDS = client.PATIENCE  # for anything to happen
NOT_KEPT = "the room cannot be kept at the moment"


def check(condition, *what):
    if not condition:
        raise AssertionError(" ".join(map(str, what)))


class World:
    """A daemon on a database and a disk, and players in rooms of it."""

    def __init__(self, program, durability, rooms=3, **knobs):
        self.folder = tempfile.TemporaryDirectory(prefix="eddyd-faults-")
        self.path = os.path.join(self.folder.name, "eddy.db")
        self.program, self.chance = program, random.Random(os.urandom(8))
        self.disk = Disk(self.folder.name, self.path, program)
        self.knobs = {"plugins.sqlite.path": self.path, "plugins.sqlite.durability": durability,
                      "plugins.sqlite.interval": {"snapshot": "300ms"}.get(durability, "0s"), **knobs}
        self.players = [Player(number, tolerant=True) for number in range(rooms)]
        self.start()

    def start(self):
        self.daemon = Daemon(self.program, self.knobs, patience=SECONDS, env=self.disk.env)

    def join(self):
        for player in self.players:
            wrong = player.begin(self.daemon)
            check(not wrong, wrong)

    def play(self, seconds, until=lambda: False):
        """Load for so long, or until that is true."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and not until():
            for player in self.players:
                player.play(self.chance)
            self.hear()

    def hear(self):
        wires = {wire: player for player in self.players for wire in (player.sender, player.listener)}
        for wire in select.select(list(wires), [], [], 0.005)[0]:
            wrong = wires[wire].hear(wire)
            check(wrong is not None, "a connection ended:", self.daemon.log()[-3000:])
            check(not wrong, wrong)

    def quiet(self):
        """Until every push was answered, on both sides."""
        end = time.monotonic() + SECONDS
        while any(p.waiting or p.places.get(id(p.listener), 0) < len(p.room.heard) for p in self.players):
            check(time.monotonic() < end, "pushes without an answer:", self.daemon.log()[-3000:])
            self.hear()
        for player in self.players:
            player.accepted()

    def written(self):
        """Waits until what was pushed before is on disk, in whatever way it is kept there. When it had been pushed."""
        since = time.monotonic()
        for _ in range(2):  # each is in a commit of its own, so behind the first all that was there before it
            mark = f"mark {self.chance.getrandbits(64):x}"
            push(self.daemon, "marks", mark)
            end = time.monotonic() + SECONDS
            while not any(mark.encode() in on_disk(self.path + more) for more in ("", "-wal")):
                check(time.monotonic() < end, "it is not written:", self.daemon.log()[-3000:])
                time.sleep(0.02)
        return since

    def heard(self):
        return sum(len(player.room.heard) for player in self.players)

    def errors(self):
        return [error for player in self.players for error in player.errors]

    def kill(self):
        self.daemon.process.kill()
        self.daemon.process.wait()
        for player in self.players:
            player.end()
        check(not SANITIZER.search(self.daemon.log()), self.daemon.log()[-4000:])
        self.daemon.folder.cleanup()

    def judge(self, lost_since=float("inf")):
        for player in self.players:
            wrong, lost = player.judge(self.daemon, lost_since)
            check(not wrong, wrong)
            check(lost == 0 or lost_since < float("inf"), lost, "heard messages are lost")

    def close(self):
        for player in self.players:
            player.end()
        wrong = self.daemon.finish()
        self.folder.cleanup()
        check(not wrong, wrong)


def on_disk(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except FileNotFoundError:
        return b""


def wait(condition, world):
    end = time.monotonic() + SECONDS
    while not condition():
        check(time.monotonic() < end, "it does not come to this:", world.daemon.log()[-3000:])
        time.sleep(0.01)


def ask(daemon, method, path, message=None):
    body = None if message is None else json.dumps(message).encode()
    answer = client.http(daemon.address, method, path, daemon.host, body=body, patience=SECONDS)
    return answer.status, json.loads(answer.body or b"null")


def push(daemon, room, value, key="log"):
    ask(daemon, "GET", f"/db/auto/room/{room}")  # it begins, where it is new
    answer = ask(daemon, "POST", f"/db/auto/room/{room}/send", {**PUSH, "key": key, "value": value})
    check(answer[0] == 200, answer)


PUSH = {"type": "push", "key": "log", "action": {"type": "append"}, "value": [0, ""]}


# ---- a disk that fails and comes back ----


def refuses(world):
    """Nobody can push, whatever the way, and everybody is told so; what waits is heard by nobody."""
    def told():
        for player in world.players:
            player.window = player.waiting + (0 if player.errors else 8)  # beyond those that wait for the disk
        return all(player.errors for player in world.players)
    world.play(SECONDS, told)
    heard = world.heard()
    check(all(player.errors for player in world.players), "nobody is told:", world.daemon.log()[-3000:])
    world.play(0.2)
    check(set(world.errors()) == {NOT_KEPT}, set(world.errors()))
    check(world.heard() == heard, world.heard() - heard, "messages were heard that are not on disk")
    answer = ask(world.daemon, "POST", "/db/auto/room/room-0/send", PUSH)
    check(answer == (503, {"error": NOT_KEPT}), answer)
    newcomer = Wire(world.daemon, "room-0", "json")
    newcomer.say(PUSH)
    check(newcomer.feed() == [{"type": "error", "message": NOT_KEPT}], "a newcomer is told nothing")
    newcomer.socket.close()
    check(ask(world.daemon, "POST", "/db/auto/new", {})[0] == 503, "a room begins that cannot be kept")
    check(ask(world.daemon, "GET", "/db/auto/room/room-0")[0] == 200)


def goes_on(world):
    """All are heard at once, until the numbers are used up that were reserved when there still was a disk."""
    heard = world.heard()
    world.play(SECONDS, lambda: world.disk.get("hits"))
    world.play(SECONDS, lambda: world.heard() > heard + 100)
    check(world.heard() > heard + 100, "only", world.heard() - heard, "were heard while the disk failed")
    check(set(world.errors()) <= {NOT_KEPT}, set(world.errors()))


def works_again(world):
    def all_pushed():
        return all(len(p.room.heard) > heard for p, heard in before)
    before = [(player, len(player.room.heard)) for player in world.players]
    for player in world.players:
        player.window = WINDOW
    world.play(SECONDS, all_pushed)
    check(all_pushed(), "a room does not come back:", world.daemon.log()[-3000:])
    world.play(SECONDS, lambda: ask(world.daemon, "POST", "/db/auto/new", {})[0] == 200)
    check(ask(world.daemon, "POST", "/db/auto/new", {})[0] == 200, "no room begins:", world.daemon.log()[-3000:])
    world.quiet()


def a_failing_disk(program, durability, fault):
    world = World(program, durability)
    world.join()
    world.play(0.2)
    began = time.monotonic()
    for _ in range(2):  # it may fail more than once
        for player in world.players:
            player.errors = []
        world.disk.fail(fault)
        (refuses if durability == "sync" else goes_on)(world)
        check(world.disk.get("hits") > 0, "the disk was not asked for anything")
        world.disk.mend()
        works_again(world)
    warnings = len(re.findall("rooms cannot be written", world.daemon.log()))
    check(1 <= warnings <= 2 + (time.monotonic() - began) / 10, warnings, "warnings")
    world.judge()  # while it runs
    world.written()
    world.kill()
    world.start()
    world.judge()
    world.close()


def killed_while_it_fails(program, durability, fault):
    world = World(program, durability)
    world.join()
    world.play(0.2)
    written = world.written()
    world.play(0.2)
    world.disk.fail(fault)
    (refuses if durability == "sync" else goes_on)(world)
    world.kill()
    world.disk.mend()
    world.start()
    world.judge(float("inf") if durability == "sync" else written)  # pushes were refused from some one on
    world.join()  # and no number comes twice
    world.close()


def hung_up_while_it_ends(program):
    """A log is rotated, or a terminal closed, while what was pushed last is still being written."""
    world = World(program, "batch", rooms=0)
    push(world.daemon, "a", 1)
    world.disk.fail("write")
    push(world.daemon, "a", 2)
    world.daemon.terminate()
    wait(lambda: "every connection is closed" in world.daemon.log(), world)
    hits = world.disk.get("hits")
    wait(lambda: world.disk.get("hits") > hits, world)  # it waits for the disk by now, and for nothing else
    world.daemon.process.send_signal(signal.SIGHUP)
    time.sleep(0.1)
    world.disk.mend()
    wrong = world.daemon.finish()
    check(not wrong, wrong)
    world.start()
    check(state_of(world.daemon, "a") == [1, 2], state_of(world.daemon, "a"))
    world.close()


# ---- a slow disk ----


def nobody_is_slow_for_a_slow_disk(program):
    """More is pushed than a connection may have waiting, on a disk that takes its time."""
    world = World(program, "sync", **{"limits.queue": "64KiB"})
    world.join()
    world.disk.set(slow_us=3000)
    world.play(SECONDS, lambda: all(player.errors for player in world.players))
    check(all("limits.queue allows" in error for error in world.errors()), set(world.errors()))
    check(all(player.errors for player in world.players), "it was not bounded")
    heard = world.heard()
    world.play(SECONDS, lambda: world.heard() > heard)
    check(world.heard() > heard, "nothing goes on")
    world.play(0.5)
    world.disk.set(slow_us=0)
    works_again(world)  # a connection that had been closed would be seen
    world.judge()
    world.close()


# ---- damage ----


def damage(path, like, which):
    """Writes rubbish over a page of a table or an index."""
    db = sqlite3.connect(path)
    db.execute("PRAGMA journal_mode = DELETE")
    size = db.execute("PRAGMA page_size").fetchone()[0]
    pages = db.execute("SELECT pageno FROM dbstat WHERE name = ? AND pagetype = 'leaf' ORDER BY path", (like,)).fetchall()
    db.close()
    with open(path, "r+b") as file:
        file.seek((pages[which][0] - 1) * size)
        file.write(b"\xa5" * size)


def state_of(daemon, name):
    """A room's values, or the status that it is refused with."""
    status, answer = ask(daemon, "POST", f"/db/auto/room/{name}/send", {"type": "get", "key": "log", "seq": 0})
    return [entry["value"] for entry in answer["data"]] if status == 200 else status


def a_damaged_page(program, table, which):
    world = World(program, "sync", rooms=0)
    names = [f"room-{i}-{'x' * 100}" for i in range(60)]  # some pages of them
    for name in names:
        push(world.daemon, name, [name, "x" * 2000])
    world.daemon.finish()
    damage(world.path, table, {"first": 0, "last": -1}[which])
    for _ in range(2):  # what is refused stays as it was
        world.start()
        states = {name: state_of(world.daemon, name) for name in names}
        bad = [name for name in names if states[name] == 503]
        check(0 < len(bad) < 60, len(bad), "of 60 are refused")
        check(all(name in bad or states[name] == [[name, "x" * 2000]] for name in names), "a room is not what it was")
        for name in bad:
            try:
                Wire(world.daemon, name, "json")
                raise AssertionError("a room that cannot be read lets somebody in")
            except client.Refused as refused:
                check(refused.response.status == 503, refused)
            check(ask(world.daemon, "POST", f"/db/auto/room/{name}/send", PUSH)[0] == 503)
        check(re.search("room auto/room-[0-9]+.*malformed", world.daemon.log()), world.daemon.log())
        good = next(name for name in names if name not in bad)
        push(world.daemon, good, 1, "other")
        wrong = world.daemon.finish()
        check(not wrong, wrong)
    world.folder.cleanup()


# ---- whose database it is ----


def refused_at_start(program, path):
    """What it says."""
    with tempfile.TemporaryDirectory() as folder:
        config = os.path.join(folder, "eddy.lua")
        with open(config, "w") as file:
            file.write("return {}\n")
        command = [program, "-c", config, "-l", "127.0.0.1:0", "-s", f"plugins.sqlite.path={path}",
                   "-s", f"scripts={os.path.join(HERE, '../../scripts')}"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS)
        check(done.returncode == 1, done.returncode, done.stderr)
        return done.stderr


def a_newer_schema(program):
    world = World(program, "batch", rooms=0)
    world.daemon.finish()
    db = sqlite3.connect(world.path)
    known = db.execute("PRAGMA user_version").fetchone()[0]
    db.execute("PRAGMA user_version = 99")
    db.close()
    with open(world.path, "rb") as file:
        before = file.read()
    said = refused_at_start(program, world.path)
    check(f"it was written by a newer eddyd: its schema is 99, and this one knows up to {known}" in said, said)
    with open(world.path, "rb") as file:
        check(file.read() == before, "it was changed")
    world.folder.cleanup()


def an_older_schema(program):
    """From before there were segments, with a room in it: it is brought to today's, and the room is as it was."""
    world = World(program, "batch", rooms=0)
    world.daemon.finish()
    db = sqlite3.connect(world.path)
    known = db.execute("PRAGMA user_version").fetchone()[0]
    db.executescript("""
        DROP TABLE segments;
        CREATE TABLE messages (room INTEGER NOT NULL, key BLOB NOT NULL, seq INTEGER NOT NULL, encoding INTEGER NOT NULL,
          is_base INTEGER NOT NULL, time INTEGER NOT NULL, value BLOB NOT NULL, PRIMARY KEY (room, key, seq)) WITHOUT ROWID;
        DELETE FROM rooms;
        ALTER TABLE rooms DROP COLUMN epoch;
        ALTER TABLE rooms DROP COLUMN lost;
        INSERT INTO rooms (id, name, policy, seq, created, touched, expires) VALUES (3, 'auto/a', 'default', 9, 0, 0, 0);
        INSERT INTO messages VALUES (3, CAST('log' AS BLOB), 7, 0, 1, 5, CAST('"base"' AS BLOB));
        INSERT INTO messages VALUES (3, CAST('log' AS BLOB), 9, 1, 0, 6, x'6463626f72');
        PRAGMA user_version = 1""")
    world.start()
    check(state_of(world.daemon, "a") == ["base", "cbor"], state_of(world.daemon, "a"))
    push(world.daemon, "a", 1)
    check(state_of(world.daemon, "a") == ["base", "cbor", 1], state_of(world.daemon, "a"))
    world.daemon.finish()
    check(db.execute("PRAGMA user_version").fetchone()[0] == known)
    check(db.execute("SELECT sum(count) FROM segments").fetchone()[0] == 3)
    db.close()
    world.folder.cleanup()


def as_many_rooms_as_may_be_kept(program):
    world = World(program, "batch", 0, **{"plugins.sqlite.max_rooms": 3})
    daemon = world.daemon
    answers = [ask(daemon, "POST", "/db/auto/new", {}) for _ in range(10)]
    check([status for status, _ in answers] == [200] * 3 + [503] * 7, answers)
    check("as many rooms as the server may keep" in answers[-1][1]["error"], answers[-1])
    push(daemon, answers[0][1]["room"], 1)
    refused = [line for line in daemon.log().splitlines() if "plugins.sqlite.max_rooms has been reached" in line]
    check(len(refused) == 1, refused)
    check(not daemon.finish())
    world.start()
    check(ask(world.daemon, "POST", "/db/auto/new", {})[0] == 503, "a restart has made place")
    check(state_of(world.daemon, answers[0][1]["room"]) == [1])
    check(not world.daemon.finish())
    world.folder.cleanup()


def tests():
    yield (as_many_rooms_as_may_be_kept,)
    for durability, faults in (("sync", FAULTS), ("batch", ["full", "write"]), ("snapshot", ["full"])):
        for fault in faults:
            yield a_failing_disk, durability, fault
    yield killed_while_it_fails, "sync", "full"
    yield killed_while_it_fails, "sync", "sync"
    yield killed_while_it_fails, "batch", "write"
    yield (hung_up_while_it_ends,)
    yield (nobody_is_slow_for_a_slow_disk,)
    for table in ("segments", "sqlite_autoindex_rooms_1", "rooms"):
        yield a_damaged_page, table, "first"
    yield a_damaged_page, "rooms", "last"  # where the greatest id is
    yield (a_newer_schema,)
    yield (an_older_schema,)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--eddyd", required=True)
    parser.add_argument("--only", default="", help="tests whose name has this in it")
    options = parser.parse_args()
    passed = failed = 0
    for function, *arguments in tests():
        name = " ".join([function.__name__.replace("_", " "), *arguments])
        if options.only not in name:
            continue
        began = time.monotonic()
        try:
            function(os.path.abspath(options.eddyd), *arguments)
            passed += 1
            print(f"ok {name}  # {time.monotonic() - began:.1f} s", flush=True)
        except Exception as error:  # whatever it was, the other tests go on
            failed += 1
            print(f"not ok {name}: {type(error).__name__}: {error}", flush=True)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
