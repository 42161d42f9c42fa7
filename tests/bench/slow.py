#!/usr/bin/env python3
"""One subscriber of 200 stops reading, for a minute, while the other 199 are under full load: once with `slow = "close"`, once
with "conflate", and without such a one before and after. Latency of the others and the daemon's memory beside each other; and whether
the one has, once it reads again, the latest value of every replaced key and every append, in order, or was closed with 1013
and heard everything up to there.
`./tests/run slow`; some 4.5 minutes. Closes 'N passed, N failed'; the latency fails only where it is half as long again, as a
machine that is busy otherwise moves it by more than this looks for: the figures are what counts."""

import argparse
import json
import os
import shutil
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path[:0] = [os.path.join(HERE, "load"), os.path.join(HERE, "..", "protocol")]

import client  # noqa: E402
import machine  # noqa: E402
import servers  # noqa: E402

MIB = 1 << 20
QUEUE = 4 * MIB  # limits.queue as shipped
KEYS = 10  # that are replaced
EVERY = 0.05  # seconds: each of them, and an append
NOISE = 1.5
SLACK = {"close": MIB, "conflate": 0}  # of memory: a receiver's ranges in the room's log, which all who are slow share


class Aside(threading.Thread):
    """Replaces keys and appends to a stream beside the load, until told to end; knows what it said."""

    def __init__(self, server, room):
        super().__init__(daemon=True)
        self.wire = client.WebSocket(("127.0.0.1", server.port), f"/room/{room}/connect", "x", patience=20)
        self.say(type="get", key="nothing", seq=None)
        self.over, self.last, self.appends = threading.Event(), {}, 0

    def say(self, **message):
        self.wire.send_frame(client.TEXT, json.dumps(message).encode())

    def push(self, key, action, value):
        self.say(type="push", key=key, action={"type": action}, value=value)

    def run(self):
        while not self.over.wait(EVERY):
            self.turn("x" * 100)

    def turn(self, fill):
        for key in range(KEYS):
            self.last[f"state {key}"] = self.last.get(f"state {key}", 0) + 1
            self.push(f"state {key}", "replace", [self.last[f"state {key}"], fill])
        self.push("log", "append", self.appends)
        self.appends += 1

    def end(self):
        self.over.set()
        self.join()
        self.turn("the last")
        self.push("end", "append", 0)


def admin(server, path):
    stream = client.UnixStream(os.path.join(server.folder.name, "admin.sock"), 20)
    try:
        stream.send(client.request_bytes("GET", path, "x", {}, None))
        return json.loads(client.read_response(stream).body)
    finally:
        stream.close()


def the_room(server, members):
    """Of the load, once all are in it."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        rooms = admin(server, "/rooms")["rooms"]
        if rooms and rooms[0]["members"] >= members:
            return rooms[0]["room"].split("/")[1]
        time.sleep(0.05)
    raise SystemExit("the load did not begin")


def read_again(slow):
    """What the slow one is told now: messages in order, and the code that it was closed with, if it was."""
    messages = []
    try:
        while True:
            message = json.loads(slow.receive(20)[1])
            if message["type"] == "push":
                messages.append(message)
                if message["key"] == "end":
                    return messages, None
    except client.Ended as ended:
        return messages, ended.code


def judge_slow(how, slow, aside):
    """What is wrong with what it hears once it reads again, or ''; and a line on it."""
    messages, code = read_again(slow)
    seqs = [message["seq"] for message in messages]
    if seqs != sorted(set(seqs)):
        return "out of order, or twice", ""
    if how == "close":
        gaps = seqs and seqs != list(range(seqs[0], seqs[0] + len(seqs)))
        if gaps or code not in (None, 1013):
            return "a gap before the close" if gaps else f"closed with {code}", ""
        return "", "closed with 1013" if code else "closed; 1013 did not get through to it in time"
    if code is not None:
        return f"closed with {code}", ""
    appends = [message["value"] for message in messages if message["key"] == "log"]
    if appends != list(range(aside.appends)):
        return f"{len(appends)} of {aside.appends} appends", ""
    last = {message["key"]: message["value"][0] for message in messages if message["key"].startswith("state")}
    if last != aside.last:
        return f"the latest values are {last}, and {aside.last} were said", ""
    left_out = seqs[-1] - seqs[0] + 1 - len(seqs)
    return "" if left_out else "nothing was left out: it was not slow", \
        f"{aside.appends} of {aside.appends} appends, {len(last)} of {len(last)} latest values; {left_out} messages were left out, {len(seqs)} heard"


def run(given, cores, how):
    """One run. `how`: None, without a slow one. A report, and what is wrong or ''."""
    command = [given.eddyd, "-c", os.path.join(servers.ROOT, "etc", "eddy.lua"), "-l", "127.0.0.1:0"]
    server = servers.Server("eddyd", command, cores[0], {"plugins.sqlite.path": "{folder}/eddy.db", "admin.listen": "unix:{folder}/admin.sock",
                                                         "namespaces.default.slow": how or "close", "drain": "0s"})
    members = 199
    watch = machine.Watch(cores, server.pid)
    before = os.times()
    load = subprocess.Popen(["taskset", "-c", str(cores[1]), os.path.join(os.path.dirname(given.eddyd), "eddy_load"), "flow",
                             "--members", str(members), "--size", str(given.size), "--warmup", str(given.warmup), "--seconds", str(given.seconds),
                             "--port", str(server.port), "--pid", str(server.pid)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    wrong = line = ""
    try:
        room = the_room(server, members)
        slow = client.WebSocket(("127.0.0.1", server.port), f"/room/{room}/connect", "x", patience=20, receive_buffer=4096) if how else None
        aside = Aside(server, room)  # it is there with and without a slow one
        aside.start()
        out, err = load.communicate(timeout=given.seconds + 60)
        after = os.times()
        disturbed = watch.judge(sum(after[:4]) - sum(before[:4]))
        if load.returncode:
            return None, f"{err.strip()}\n{server.log()[-2000:]}"
        report = json.loads(out)
        aside.end()
        if slow:
            wrong, line = judge_slow(how, slow, aside)
            slow.close()
        aside.wire.close()
    finally:
        if load.poll() is None:
            load.kill()
            load.wait()
        server.stop()
    report["slow"] = line
    report["disturbed"] = disturbed
    return report, wrong


def describe(label, report):
    latency = report["latency_us"]
    disturbed = f"; disturbed: {report['disturbed']}" if report["disturbed"] else ""
    print(f"{label}: p50 {latency['p50'] / 1000:.3f} ms, p99 {latency['p99'] / 1000:.2f} ms, {report['messages'] / report['seconds']:.0f} messages/s to "
          f"each, memory at most {report['resident_most'] / MIB:.1f} MiB{disturbed}" + (f"; it {'reads again: ' if report['slow'][0] != 'c' else 'was '}"
          f"{report['slow']}" if report["slow"] else ""), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--eddyd", required=True)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--warmup", type=float, default=1.5)
    parser.add_argument("--size", type=int, default=64, help="bytes of the load's values")
    given = parser.parse_args()
    given.eddyd = os.path.realpath(given.eddyd)
    if not shutil.which("taskset"):
        raise SystemExit("taskset is missing (Debian: util-linux)")
    cores = machine.two_cores()
    print(f"# {machine.describe(cores)}; {machine.own_network()}", flush=True)
    results, found = [], {}
    for label in ["none", "close", "conflate", "none again"]:
        report, wrong = run(given, cores, label if label in ("close", "conflate") else None)
        results.append((f"slow {label}: it has what it must have", wrong))
        if not report:
            break
        found[label] = report
        describe(label, report)
    if len(found) == 4:
        without = [found["none"]["latency_us"]["p50"], found["none again"]["latency_us"]["p50"]]
        memory = max(found["none"]["resident_most"], found["none again"]["resident_most"])
        print(f"# without it the median was {without[0] / 1000:.3f} and {without[1] / 1000:.3f} ms: {abs(without[0] - without[1]) / min(without):.1%} apart")
        for how in ["close", "conflate"]:
            ratio = found[how]["latency_us"]["p50"] * 2 / sum(without)
            more = found[how]["resident_most"] - memory
            print(f"# {how}: the others' median is {ratio:.3f} of that without, memory {more / MIB:+.1f} MiB (limits.queue: {QUEUE // MIB})")
            results.append((f"slow {how}: the others' median latency is as without", "" if ratio < NOISE else f"{ratio:.2f} of it"))
            results.append((f"slow {how}: memory grows by its queue limit at most", "" if more <= QUEUE + SLACK[how] else f"{more / MIB:.1f} MiB"))
    for name, wrong in results:
        print(f"not ok {name}\n{wrong}" if wrong else f"ok {name}")
    failed = sum(bool(wrong) for _, wrong in results)
    print(f"{len(results) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
