#!/usr/bin/env python3
"""The load generator's own test: it has to find every fault of a server that is broken on purpose, and none in eddyd.
tests/bench/load/selfcheck.py --build FOLDER"""

import argparse
import concurrent.futures
import json
import os
import subprocess
import sys
import threading

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, HERE)
sys.path.insert(0, os.path.join(HERE, "..", "..", "protocol"))

from broken import Broken, pack  # noqa: E402
from daemon import Daemon  # noqa: E402

AT = 40  # the message that goes wrong
held = {}


def once(change):
    """A fault of one message, for the second connection (place 1)."""
    def fault(server, number, place, frames):
        if number < AT or place != 1 or not frames or held.setdefault(server, number) != number:
            return frames
        return change(frames)
    return fault


def everywhere(change):
    return lambda server, number, place, frames: change(frames) if number == AT else frames


def swap(server, number, place, frames):
    """One connection hears two messages the wrong way around."""
    if place != 1 or number not in (AT, AT + 1):
        return frames
    if number == AT:
        held[server] = frames
        return []
    return frames + held.pop(server)


def again(frames):
    """The same value under a new number."""
    message = json.loads(frames[0])
    message["seq"] += 1000000
    return frames + [pack(message)]


def uninvited(server, number, place, frames):
    """Who did not ask for k00 hears of it."""
    if number != AT or "k00" in server.clients[place].keys:
        return frames
    return [pack({"type": "push", "key": "k00", "value": "~00000.00.0000000000~", "seq": number}), *frames]


def hang_up(server, number, place, frames):
    if number == AT and place == 1:
        server.drop(server.clients[1])
        return []
    return frames


PLAIN = "--members 4 --publishers 2 --window 4"
KEYED = "--members 4 --publishers 2 --window 4 --keys 4 --subscribe 2"
CASES = [  # what it is, arguments, fault, numbering, what has to be said ("": nothing is wrong)
    ("a good server", PLAIN, None, None, ""),
    ("a good server, several keys", KEYED, None, None, ""),
    ("a good server, open loop", PLAIN + " --rate 500", None, None, ""),
    ("numbers with gaps", PLAIN, None, lambda seq: seq * 3, ""),
    ("lost for one", PLAIN, once(lambda frames: []), None, "lost|another order"),
    ("lost for one, several keys", KEYED, once(lambda frames: []), None, "lost|another order"),
    ("lost for all", PLAIN, everywhere(lambda frames: []), None, "lost"),
    ("twice for one", PLAIN, once(lambda frames: frames * 2), None, "doubled"),
    ("twice for all, renumbered", PLAIN, everywhere(again), None, "doubled"),
    ("another order for one", PLAIN, swap, None, "lost|doubled|order|seq does not rise"),
    ("numbers that repeat", PLAIN, None, lambda seq: seq - (seq == AT), "seq does not rise"),
    ("numbers that fall", PLAIN, None, lambda seq: seq - 10 * (seq == AT), "seq does not rise"),
    ("another number for one", PLAIN, once(lambda frames: [frames[0].replace('"seq":4', '"seq":5')]), None, "lost|order|seq does not rise"),
    ("another value for one", PLAIN, once(lambda frames: [frames[0].replace("abc", "abd", 1)]), None, "not the bytes"),
    ("a value that nobody sent", PLAIN, everywhere(lambda frames: [frames[0].replace("~0", "~9", 1)]), None, "not what was sent"),
    ("a message ahead of its time", PLAIN, everywhere(lambda frames: [frames[0].replace(".0000", ".9000", 1)]), None, "lost"),
    ("a key that was not asked for", KEYED, uninvited, None, "not asked for"),
    ("a connection closed", PLAIN, hang_up, None, "closed a connection"),
    ("an error", PLAIN, once(lambda frames: ['{"type":"error","message":"no"}']), None, "the server says"),
]
EDDYD = [  # scenarios that have to pass against the daemon
    ("flow, JSON and CBOR, keys", "flow --members 10 --publishers 3 --cbor 50 --keys 5 --subscribe 2 --size 200"),
    ("flow, large values", "flow --members 5 --size 60000 --window 4"),
    ("flow, folds", "flow --rooms 5 --members 4 --action append --fold 20"),
    ("flow, bystanders, stalled, open loop", "flow --members 10 --idle 50 --stalled 3 --rate 300 --action replace"),
    ("connects", "connects --idle 200 --members 50"),
    ("idle", "idle --idle 100 --members 50"),
    ("close", "close --idle 200 --members 50"),
    ("newcomer", "newcomer --retained 500"),
]


SECONDS = 0.3, 3  # where nothing has come in the first, on a busy machine, the second


def generate(load, port, arguments, seconds, pid=None):
    command = [load, *arguments.split(), "--port", str(port), "--seconds", str(seconds), "--warmup", "0.1", "--sleep", "1"]
    env = {**os.environ, "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"}  # it ends without tidying up
    return subprocess.run(command + (["--pid", str(pid)] if pid else []), capture_output=True, text=True, timeout=60, env=env)


def judge_broken(load, case):
    what, arguments, fault, number, expected = case
    server = Broken(fault, number)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    for seconds in [10] if expected else SECONDS:  # a fault ends it
        done = generate(load, server.port, "flow " + arguments, seconds)
        if done.returncode or json.loads(done.stdout)["deliveries"] > 0:
            break
    server.ended = True
    thread.join()
    if not expected:
        good = done.returncode == 0 and json.loads(done.stdout)["deliveries"] > 0
    else:
        good = done.returncode == 1 and any(word in done.stderr for word in expected.split("|"))
    return what, None if good else f"status {done.returncode}, expected {expected!r}: {done.stderr.strip()[:400]}{done.stdout[:200]}"


def judge_eddyd(load, eddyd, case):
    what, arguments = case
    daemon = Daemon(eddyd, {})
    for seconds in SECONDS:
        done = generate(load, daemon.address[1], arguments, seconds, daemon.process.pid)
        if done.returncode or json.loads(done.stdout).get("deliveries", 1) > 0:
            break
    wrong = daemon.finish()
    if done.returncode:
        return what, f"status {done.returncode}: {done.stderr.strip()[:400]}"
    report = json.loads(done.stdout)
    if report.get("deliveries", 1) == 0:
        wrong = "it heard nothing"
    return what, wrong


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True, help="the folder with eddyd and eddy_load")
    given = parser.parse_args()
    load, eddyd = (os.path.join(os.path.realpath(given.build), name) for name in ("eddy_load", "eddyd"))
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        jobs = [pool.submit(judge_eddyd, load, eddyd, case) for case in EDDYD] + [pool.submit(judge_broken, load, case) for case in CASES]
        results = [job.result() for job in jobs]
    for what, wrong in results:
        print(f"ok {what}" if not wrong else f"not ok {what}: {wrong}")
    failed = sum(bool(wrong) for _, wrong in results)
    print(f"{len(results) - failed} passed, {failed} failed")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
