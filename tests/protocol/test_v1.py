"""eddy.v1 with real connections that break, readers that stall, and a daemon that ends."""

import random
import threading
import time

import client
from daemon import PLUGINS
from suite import test
from test_limits import soon_enough

OFFER = {"Sec-WebSocket-Protocol": "eddy.v1"}
KEYS = ["log", "state", "cursor", "mixed"]


def join_v1(t, room, encoding=None, **more):
    connection = t.connect(room, encoding, headers=OFFER, **more)
    hello = connection.hear().plain()
    assert hello["type"] == "hello" and hello["protocol"] == "eddy.v1", hello
    return connection, hello


# ---- resume --------------------------------------------------------------------------------------------------------


class Returner:
    """A client that loses its connection again and again, and puts its streams together from what it is told."""

    def __init__(self, t, room, encoding, seed):
        self.t, self.room, self.encoding, self.dice = t, room, encoding, random.Random(seed)
        self.epoch, self.seen = "0" * 16, 0
        self.start = {key: 0 for key in KEYS}  # the number that its stream was last begun anew at
        self.stream = {key: [] for key in KEYS}
        self.recovered = self.begun = self.missed = 0

    def add(self, key, seq, value):
        assert not self.stream[key] or seq > self.stream[key][-1][0], f"{key}: {seq} behind {self.stream[key][-1]}"
        self.stream[key].append((seq, value))

    def resumed(self, answer):
        assert [entry["key"] for entry in answer["keys"]] == KEYS
        for entry in answer["keys"]:
            if entry["recovered"]:
                self.recovered += 1
                self.missed += len(entry["data"])
                assert all(item["seq"] > self.seen for item in entry["data"]), "what it had already comes again"
            else:
                self.begun += 1
                self.start[entry["key"]] = answer["seq"]
                self.stream[entry["key"]] = []
            for item in entry["data"]:
                self.add(entry["key"], item["seq"], item["value"])
        self.epoch, self.seen = answer["epoch"], answer["seq"]

    def once(self, until):
        """One connection; true where it has seen the last number."""
        connection, _ = join_v1(self.t, self.room, self.encoding)
        connection.say({"type": "resume", "epoch": self.epoch, "seq": self.seen, "keys": KEYS})
        left, answered = self.dice.randrange(1, 400), False  # messages that it hears of this one
        while self.seen < until and left:
            message = connection.hear().plain()
            if message["type"] == "resumed":
                self.resumed(message)
                answered = True
            elif answered:  # before, it was told everything, as one is who has asked for nothing; the answer has it again
                self.add(message["key"], message["seq"], message["value"])
                self.seen = message["seq"]
            left -= 1
        connection.close()  # with what else is on its way
        return self.seen >= until

    def run(self, until, failures):
        try:
            while not self.once(until):
                time.sleep(self.dice.random() * 0.03)
        except Exception as error:
            failures.append(error)
            raise


def push_all_sorts(t, room, number, count, failures):
    dice = random.Random(number)
    try:
        connection = t.connect(room, "cbor" if number % 2 else "json")
        connection.get("-", None)
        for i in range(count):
            key = dice.choice(("log", "log", "log", "state", "cursor", "mixed"))
            action = {"log": "append", "state": "replace", "cursor": "relay",
                      "mixed": dice.choice(("append", "append", "append", "relay", "replace"))}[key]
            if key == "cursor" and dice.random() < 0.9:
                key, action = "log", "append"
            connection.push(key, [number, i], action)
            if i % 50 == 0:
                time.sleep(0.02)
            if key == "log" and i % 400 == 399:
                connection.push("log", "up to here", "compact", seq=max(1, i - 200))
    except Exception as error:
        failures.append(error)
        raise


@test("v1 resume: who comes and goes under load has what one has who never left", encodings=(None,))
def under_load(t):
    recovered = missed = begun = 0
    for _ in range(5):  # on a busy machine few come back before all is said
        more = come_and_go(t)
        recovered, missed, begun = recovered + more[0], missed + more[1], begun + more[2]
        if recovered > 10 and missed > 50 and begun > 6 * len(KEYS):
            return
    raise AssertionError((recovered, missed, begun))


def come_and_go(t):
    """How many keys were recovered, how many messages with these, and how many keys were begun anew."""
    writers, each = 4, 1000
    until, room, failures = writers * each, t.new_room(), []
    watcher, _ = join_v1(t, room, "json")
    for key in KEYS:
        watcher.get(key, None)
    watcher.nothing()
    returners = [Returner(t, room, "cbor" if i % 2 else "json", i) for i in range(6)]
    threads = [threading.Thread(target=returner.run, args=(until, failures)) for returner in returners]
    threads += [threading.Thread(target=push_all_sorts, args=(t, room, i, each, failures)) for i in range(writers)]
    for thread in threads:
        thread.start()
    whole = {key: [] for key in KEYS}
    seq = 0
    while seq < until:
        message = watcher.hear(4 * t.patience).plain()
        seq = message["seq"]
        whole[message["key"]].append((seq, message["value"]))
    for thread in threads:
        thread.join(20 * t.patience)
    assert not failures, failures
    for returner in returners:
        for key in KEYS:
            start = returner.start[key]
            have, want = ([item for item in stream if item[0] > start] for stream in (returner.stream[key], whole[key]))
            assert have == want, f"{key} from {start} on: {len(have)} messages, where {len(want)} were said"
    return [sum(getattr(returner, name) for returner in returners) for name in ("recovered", "missed", "begun")]


@test("v1 resume: as many keys as there may be, in one answer", {"limits.keys": 2000})
def many_keys(t):
    room = t.new_room()
    a, hello = join_v1(t, room)
    a.get("k0", None)
    for i in range(2000):
        a.push(f"k{i}", i, "replace")
    a.expect({"type": "push", "key": "k0", "value": 0, "seq": 1})
    a.nothing()
    b, _ = join_v1(t, room)
    b.say({"type": "resume", "epoch": hello["epoch"], "seq": 1000, "keys": [f"k{i}" for i in range(2000)]})
    keys = b.hear().plain()["keys"]
    assert [entry["recovered"] for entry in keys] == [True] * 2000
    assert [len(entry["data"]) for entry in keys] == [0] * 1000 + [1] * 1000
    a.push("k1999", "on", "relay")
    b.expect({"type": "push", "key": "k1999", "value": "on", "seq": 2001})


# ---- slow readers --------------------------------------------------------------------------------------------------


def stalled(t, room):
    slow = t.connect(room, receive_buffer=4096)
    slow.nothing()
    return slow


def read_to_the_end(connection, seqs):
    while True:
        message = connection.hear().value
        seqs.append(message["seq"].value)
        if message["key"].value == "end":
            return


def caught_up(t, seqs, count):
    """The one who reads is at most a few messages behind: a slow one must not be what holds up this test."""
    deadline = time.monotonic() + 4 * t.patience
    while len(seqs) < count:
        assert time.monotonic() < deadline, "one who reads is told no more"
        time.sleep(0.0005)

# Where rooms are kept, what waits for the disk has the same limit, which these set low.
unplugged = test if not PLUGINS else lambda *_, **__: lambda function: function


@unplugged("slow conflate: the latest of what was replaced, and every append, in order",
      {"limits.queue": "256KiB", "namespaces.default.slow": "conflate"})
def conflate(t):
    room = t.new_room()
    slow = stalled(t, room)
    writer, reader = t.connect(room), t.connect(room)
    writer.get("-", None)
    others = []
    reading = threading.Thread(target=read_to_the_end, args=(reader, others))
    reading.start()
    before, appends, last, fill = t.daemon.memory(), [], {}, "x" * 20000
    for i in range(1500):  # 30 MB
        key = f"state {i % 3}"
        writer.push(key, [i, fill], "replace")
        last[key] = i
        if i % 100 == 0:
            writer.push("log", i)
            appends.append(i)
            if len(appends) > 1:
                writer.expect({"type": "stream_size", "key": "log", "size": len(appends)})
        if i % 10 == 0:
            writer.push("cursor", i, "relay")
        if i % 5 == 0:
            caught_up(t, others, i + 1)
    writer.nothing()
    grown = t.daemon.memory() - before
    writer.push("end", 0)
    reading.join(4 * t.patience)
    assert others == list(range(1, len(others) + 1)) and len(others) > 1600, "one who reads got less for it"
    assert grown < 16 << 20, f"{grown >> 20} MiB for a queue of 256 KiB"
    heard, seqs = {}, []
    while "end" not in heard:
        message = slow.hear().plain()
        heard.setdefault(message["key"], []).append((message["seq"], message["value"]))
        seqs.append(message["seq"])
    assert seqs == sorted(set(seqs)), "out of order"
    assert [value for _, value in heard["log"]] == appends, "an append is missing"
    assert {key: items[-1][1][0] for key, items in heard.items() if key.startswith("state")} == last
    assert len(seqs) < 1500, "nothing was left out: the test does not test"


@unplugged("slow conflate: closed where appends alone are too many",
      {"limits.queue": "256KiB", "namespaces.default.slow": "conflate"}, encodings=("json",))
def conflate_appends(t):
    soon_enough(lambda: many_appends(t))


def many_appends(t):
    room = t.new_room()
    slow = stalled(t, room)
    writer = t.connect(room)
    writer.get("-", None)
    for i in range(120):
        writer.push(f"k{i}", "x" * 50000)
    writer.nothing()
    seqs = []
    try:
        while True:
            seqs.append(slow.hear().value["seq"].value)
    except client.Ended as ended:
        assert ended.code == 1013 and "limits.queue" in ended.reason, ended
    assert seqs == list(range(1, len(seqs) + 1)) and len(seqs) < 120, seqs


# ---- the end -------------------------------------------------------------------------------------------------------


@test("v1 reconnect: who speaks it is told when to come back, before the close", alone="daemon")
def reconnect(t):
    room = t.new_room()
    a, _ = join_v1(t, room)
    b = t.connect(room)
    a.nothing(), b.nothing()
    t.daemon.terminate()
    a.expect({"type": "reconnect", "delay_ms": {"$any": True}, "spread_ms": {"$any": True}})
    assert a.end_code() == 1001
    try:
        b.hear()
        raise AssertionError("a message for one who does not speak eddy.v1")
    except client.Ended as ended:
        assert ended.code == 1001, ended
    status = t.daemon.process.wait(timeout=6 * t.patience)
    assert status == 0, f"exit status {status}"
