#!/usr/bin/env python3
"""Clients of eddy.v1 that come back after their room was unloaded, or the daemon stopped or killed: what a resume calls recovered
is all that was broadcast since, to the message; what it does not is what a get gives. Prints ok/not ok lines, and closes
'N passed, N failed'."""

import argparse
import json
import os
import random
import sqlite3
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "protocol"))

import client  # noqa: E402
from daemon import Daemon  # noqa: E402

KEYS = ["moves", "state", "cursor", "log", "none"]


class Page:
    """A client of eddy.v1, in JSON."""

    def __init__(self, daemon):
        self.wire = client.WebSocket(daemon.address, "/db/auto/room/one/connect", daemon.host,
                                     headers={"Sec-WebSocket-Protocol": "eddy.v1"})
        self.hello = self.until("hello")

    def say(self, message):
        self.wire.send_frame(client.TEXT, json.dumps(message).encode())

    def until(self, kind, others=None):
        """The next message of a type; pushes before it go to `others`."""
        while True:
            message = json.loads(self.wire.receive()[1])
            if message["type"] == kind:
                return message
            assert message["type"] != "error", message
            if message["type"] == "push" and others is not None:
                others.append(message)

    def push(self, action, key, value, heard, **more):
        """Until it is acknowledged, which is behind its broadcast."""
        self.say({"type": "push", "id": 1, "key": key, "action": {"type": action, **more}, "value": value})
        return self.until("ack", heard)["seq"]

    def resume(self, epoch, seq):
        self.say({"type": "resume", "epoch": epoch, "seq": seq, "keys": KEYS})
        return self.until("resumed")

    def get(self, key):
        self.say({"type": "get", "key": key, "seq": 0})
        return self.until("init")["data"]

    def close(self):
        self.wire.close()


class Story:
    """One room and its database, over many starts of the daemon."""

    def __init__(self, program, durability, how, seed):
        self.program, self.durability, self.chance = program, durability, random.Random(seed)
        self.folder = tempfile.TemporaryDirectory(prefix="eddyd-resume-")
        self.path = os.path.join(self.folder.name, "eddy.db")
        self.heard = []  # every push that was broadcast
        self.count = 0
        self.knobs = {"plugins.sqlite.path": self.path, "plugins.sqlite.durability": durability, "drain": "0s"}
        if how == "unloaded":
            self.knobs["namespaces.auto.unload"] = "50ms"
        if durability == "snapshot":
            self.knobs["plugins.sqlite.interval"] = "300ms"
        self.start()

    def start(self):
        self.daemon = Daemon(self.program, self.knobs)

    def play(self, pushes):
        """Somebody pushes; at the end everything was broadcast."""
        page = Page(self.daemon)
        for _ in range(pushes):
            self.count += 1
            which = self.chance.choice(["moves", "moves", "state", "cursor", "log"])
            action, more = {"moves": "append", "state": "replace", "cursor": "relay", "log": "append"}[which], {}
            logged = [push["seq"] for push in self.heard if push["key"] == "log"]
            if which == "log" and logged and self.chance.random() < 0.3:
                action, more = "compact", {"seq": self.chance.choice(logged)}
            page.push(action, which, self.count, self.heard, **more)
        epoch = page.hello["epoch"]
        page.close()
        return epoch

    def away(self, how):
        """The room leaves memory, in one of several ways. What is wrong with that, or ''."""
        wrong = ""
        if how == "unloaded":
            deadline = time.monotonic() + 20
            while not self.settled():
                if time.monotonic() > deadline:
                    return "it was not unloaded"
                time.sleep(0.02)
            return ""
        if how == "killed":
            self.daemon.process.kill()
            self.daemon.process.wait()
            self.daemon.folder.cleanup()
        else:
            wrong = self.daemon.finish() or ""
        self.start()
        return wrong

    def settled(self):
        with sqlite3.connect(self.path, timeout=20) as database:
            row = database.execute("SELECT epoch != 0 AND lost IS NOT NULL FROM rooms").fetchone()
        database.close()
        return bool(row and row[0])

    def judge(self, how, epoch, seq):
        """What is wrong with what somebody is told who had seen `seq`."""
        page = Page(self.daemon)
        answer = page.resume(epoch, seq)
        same = answer["epoch"] == epoch
        if page.hello["epoch"] != answer["epoch"]:
            return "hello and resumed have different epochs"
        if same != (how != "killed" or self.durability == "sync"):
            return f"{how}: the epoch is {'the same' if same else 'another'}"
        if same and answer["seq"] < self.heard[-1]["seq"]:
            return f"{how}: the room is at {answer['seq']}, {self.heard[-1]['seq']} was heard"
        recovered = set()
        for entry in answer["keys"]:
            key, data = entry["key"], entry["data"]
            if entry["recovered"]:
                recovered.add(key)
                want = [{"value": push["value"], "seq": push["seq"]} for push in self.heard
                        if push["key"] == key and push["seq"] > seq]
            else:
                want = page.get(key)
            if data != want:
                return f"{how}, since {seq}: of {key} it says {entry}, and {want} was due"
        if how == "killed" and recovered:
            return f"killed: {recovered} are recovered"
        retained = any(push["key"] == "moves" for push in self.heard)  # else it is among the keys of which less is known
        if how != "killed" and retained and "moves" not in recovered:
            return f"{how}: moves were only ever appended, and are not recovered"
        page.close()
        return ""

    def end(self):
        wrong = self.daemon.finish() or ""
        self.folder.cleanup()
        return wrong


def run(program, durability, seed, rounds):
    """Yields (name, what is wrong or '')."""
    for how in ["unloaded", "stopped", "killed"]:
        story = Story(program, durability, how, seed)
        wrong = ""
        for _ in range(rounds):
            story.play(story.chance.randrange(1, 20))
            seen = story.heard[-1]["seq"]
            epoch = story.play(story.chance.randrange(1, 20))
            wrong = wrong or story.away(how) or story.judge(how, epoch, seen)
            if how == "killed" and durability != "sync":
                story.heard = []  # what is missing of it is another test's; it must not come up again
            if wrong:
                break
        ended = story.end()
        wrong = wrong or ended
        yield f"{durability}: {how}: a resume gives what was missed, to the message", wrong and f"{wrong}\nseed {seed}"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--eddyd", required=True)
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    options = parser.parse_args()
    passed = failed = 0
    for durability in ["sync", "batch", "snapshot"]:
        for name, wrong in run(options.eddyd, durability, options.seed, options.rounds):
            passed, failed = passed + (not wrong), failed + bool(wrong)
            print(f"not ok {name}\n{wrong}" if wrong else f"ok {name}", flush=True)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
