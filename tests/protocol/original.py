#!/usr/bin/env python3
"""Plays the cases of cases/*.json that are about the original protocol against an original DriftDB server, and compares
where it answers otherwise with the table of ORIGINAL.md: a case that differs and is not in it fails, and one that is in it
and does not differ, too. --list prints what differs instead."""

import argparse
import concurrent.futures
import json
import os
import re
import subprocess
import sys
import threading
import time

import client
import player
import session
import values
from daemon import reserved_port

HERE = os.path.dirname(os.path.abspath(__file__))
TABLE = os.path.join(HERE, "ORIGINAL.md")
FILES = ("10_http.json", "11_urls.json", "20_messages.json", "30_improved.json", "50_exact.json", "60_wild.json")


class Original:
    """A server of its own for each case: a case may hang or panic it."""

    def __init__(self, program, patience):
        self.patience = patience
        self.reservation = reserved_port()
        self.address = self.reservation.getsockname()
        self.host = "%s:%d" % self.address
        self.process = subprocess.Popen([program, "--port", str(self.address[1])], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if not self.serves():
            self.finish()
            raise RuntimeError("the original server did not start")

    def serves(self):
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                client.http(self.address, "GET", "/room/none", self.host)
                return True
            except (OSError, client.Ended, client.Silence):
                time.sleep(0.01)
        return False

    def finish(self):
        self.process.kill()
        self.process.wait()
        self.reservation.close()


class Translated(session.Connection):
    """What is heard by eddyd's rule: everything before the first get, then what was asked for, each message once."""

    def listen(self, keys, release):
        self.asked, self.seen, self.release = set(), set(), release
        if not release:  # which sends nothing that was not asked for
            for key in keys:
                self.say({"type": "get", "key": key, "seq": None})

    def receive(self, timeout=None):
        while True:
            opcode, payload = super().receive(timeout)
            try:
                message = values.from_bytes(self.encoding, payload).plain()
            except values.Malformed:
                return opcode, payload
            if isinstance(message, dict) and message.get("type") == "push" and hasattr(self, "asked"):
                if self.asked and message["key"] not in self.asked or message["seq"] in self.seen:
                    continue
                self.seen.add(message["seq"])
            return opcode, payload


class Player(player.Player):
    """Translates who hears what, where it is told to, so that what else differs is seen."""

    def __init__(self, at_hand, case, release, translate):
        super().__init__(at_hand)
        self.keys = set(re.findall(r'"key": "((?:[^"\\]|\\.)*)"', json.dumps(case["steps"])))
        self.keys = [json.loads(f'"{key}"') for key in sorted(self.keys)]
        self.release, self.translate = release, translate

    def connect(self, step):
        super().connect(step)
        connection = self.connections.get(step["connect"])
        if not connection or "debug" in step.get("query", "") + step.get("path", ""):
            return
        if self.translate:
            connection.__class__ = Translated
            connection.listen(self.keys, self.release)
        connection.nothing()  # it is in the room, and what the others push is behind this

    def send(self, step):
        message, connection = step["send"], self.on(step)
        if isinstance(connection, Translated) and message.get("type") == "get" and isinstance(message.get("key"), str):
            connection.asked.add(message["key"])
            if self.release and "seq" in message and message["seq"] is None:
                return  # it sends all of the room to everybody; and ends the connection of who says this
        super().send(step)


def of_eddyd_alone(case, encoding):
    text = json.dumps(case["steps"])
    return (case["options"] or case["file"] not in FILES or case.get("base") or re.search(r'/db/|"base"|"offer"|healthz', text)
            or case["name"].startswith("http new: options") or (encoding == "cbor" and '"http"' in text and '"message"' in text))


def tests(release):
    for case in player.load(os.path.join(HERE, "cases")):
        for encoding in case["encodings"]:
            if not of_eddyd_alone(case, encoding) and not (release and encoding == "cbor"):
                yield case, encoding


def play(program, case, encoding, release, translate, patience):
    """Why it went otherwise; None where it did not."""
    server = Original(program, patience)
    at_hand = session.Session(server, encoding)
    try:
        Player(at_hand, case, release, translate).play(case["steps"])
    except Exception as error:
        return player.describe(error)
    finally:
        at_hand.close()
        server.finish()
    return None


def difference(*how, patience):
    """"" where it answers as eddyd does; "heard" where only who hears what is otherwise; or what else is."""
    if play(*how, False, patience) is None:
        return "", ""
    reason = play(*how, True, patience)
    return ("heard", "") if reason is None else ("other", reason)


# ---- what no case of ours says, as no server should ----


def endless_pongs(t):
    a = t.connect(t.new_room())
    a.send_frame(client.PING, b"x")
    total, end = 0, time.monotonic() + 20
    while total < 100000:
        assert time.monotonic() < end, f"{total} bytes only"
        a.more(time.monotonic() + 10)
        total += len(a.buffer)
        a.buffer.clear()


def deaf_after_a_pong(t):
    a = t.connect(t.new_room())
    a.nothing()
    a.send_frame(client.PONG, b"x")
    a.say({"type": "ping", "nonce": 1})
    try:
        a.hear(2)
    except client.Silence:
        return
    raise AssertionError("it answers")


def queue_of_32(t):
    a = t.connect(t.new_room())
    a.get("k")
    a.expect({"type": "init", "key": "k", "data": []})
    message = values.to_bytes(t.encoding, {"type": "push", "key": "k", "action": {"type": "append"}, "value": 1})
    a.send(client.frame(client.TEXT, message) * 300)
    heard = 0
    try:
        while True:
            heard += a.hear(2).plain()["type"] == "push"
    except client.Silence:
        assert 0 < heard < 300, f"{heard} came"


KNOWN = {
    "a WebSocket ping is answered with pongs without end": endless_pongs,
    "a WebSocket pong makes the connection deaf": deaf_after_a_pong,
    "what is beyond 32 messages for a connection is lost": queue_of_32,
}


def known(program):
    for name, check in KNOWN.items():
        server = Original(program, 5)
        at_hand = session.Session(server, "json")
        try:
            check(at_hand)
            yield name, None
        except Exception as error:
            yield name, player.describe(error)
        finally:
            at_hand.close()
            server.finish()


def table(release):
    """{title: letters} of ORIGINAL.md: `| name | release | head |`; "as ours" is no letter. In a name, [cbor] is for that
    encoding alone."""
    rows = {}
    with open(TABLE) as file:
        for line in file:
            cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip())[1:-1]]
            if len(cells) == 3 and cells[0].startswith("`"):
                letters = cells[1 if release else 2]
                name = cells[0].strip("`").replace("\\|", "|")
                if letters:
                    rows[name] = set(re.findall(r"[A-Z]", letters))
    return rows


def expected(rows, case, encoding):
    letters = rows.get(f"{case['name']} [{encoding}]", rows.get(case["name"], set()))
    return "" if not letters else "heard" if letters <= {"A", "B", "C"} else "other"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--which", required=True, choices=("release", "head"))
    parser.add_argument("--server", required=True, metavar="PATH")
    parser.add_argument("--only", metavar="TEXT", default="")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--jobs", type=int, default=4)
    args = parser.parse_args()
    release, lock = args.which == "release", threading.Lock()
    rows = {} if args.list else table(release)
    counts = {True: 0, False: 0}

    def one(test):
        case, encoding = test
        how = (os.path.abspath(args.server), case, encoding, release)
        wanted = expected(rows, case, encoding)
        got, reason = difference(*how, patience=1)
        if got != wanted and got:  # it may have been slow
            got, reason = difference(*how, patience=8)
        title = f"{case['name']} [{encoding}]"
        with lock:
            if args.list:
                if got:
                    print(f"{got}: {title}: {reason}", flush=True)
                return
            counts[got == wanted] += 1
            says = {"": "it answers as eddyd does", "heard": "who hears what is otherwise", "other": "it answers otherwise"}
            if got == wanted:
                print(f"ok {args.which}: {title}" + (f" # {says[got]}" if got else ""), flush=True)
            else:
                print(f"not ok {args.which}: {title}: {says[got]}, and ORIGINAL.md has another word: {reason}", flush=True)

    todo = [test for test in tests(release) if args.only in test[0]["name"]]
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        list(pool.map(one, todo))
    names = {name for case, encoding in tests(release) for name in (case["name"], f"{case['name']} [{encoding}]")}
    if not args.only and not args.list:
        for name, reason in known(os.path.abspath(args.server)):
            counts[reason is None] += 1
            print(f"not ok {args.which}: {name}: {reason}" if reason else f"ok {args.which}: {name}", flush=True)
        for name in sorted(set(rows) - names):
            print(f"not ok {args.which}: ORIGINAL.md has a row for `{name}`, which is not played", flush=True)
            counts[False] += 1
    print(f"{counts[True]} passed, {counts[False]} failed")
    return 1 if counts[False] else 0


if __name__ == "__main__":
    sys.exit(main())
