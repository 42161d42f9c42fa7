"""Bad messages: each gets an error, changes no room, costs no connection and no memory."""

import itertools
import json
import time

import client
import values
from client import BINARY, TEXT
from suite import test

PUSH = '{"type":"push","key":"k","action":{"type":"append"},"value":%s}'

BAD_JSON = {
    "nothing": b"",
    "white space": b"  \n",
    "a word": b"hello",
    "a number": b"12",
    "an array": b"[]",
    "null": b"null",
    "a text": b'"push"',
    "an empty object": b"{}",
    "no closing brace": b'{"type":"ping"',
    "bytes behind it": b'{"type":"ping"}x',
    "two messages": b'{"type":"ping"}{"type":"ping"}',
    "a NUL behind it": b'{"type":"ping"}\0',
    "a comma too many": b'{"type":"ping",}',
    "a comma too few": b'{"type":"ping" "nonce":1}',
    "single quotes": b"{'type':'ping'}",
    "a name without quotes": b'{type:"ping"}',
    "a byte order mark": b'\xef\xbb\xbf{"type":"ping"}',
    "UTF-16": '{"type":"ping"}'.encode("utf-16-le"),
    "CBOR in a text frame": values.to_cbor({"type": "ping"}),
    **{f"value {text[:40]}": (PUSH % text).encode("utf-8", "surrogatepass") for text in (
        "", "nul", "nulll", "True", "NaN", "Infinity", "-Infinity", "-", "+1", ".5", "1.", "01", "-01", "0x10", "1e",
        "1e+", "1_000", "1.2.3", "[1,]", "[,]", "[1 2]", "[1", "]", '{"a":}', '{"a"}', '{1:2}', '{"a":1,}', '"',
        '"a', '"\\"', '"\\x"', '"\\u12"', '"\\u12g4"', '"\\U0001"', '"\t"', '"\x01"', '"\n"', '"\x00"',
        "// no\n1", "/**/1", "1;",
        '"\\ud800"', '"\\ud800\\ud800"', '"\\udc00"', '"\\ud83dx"', '"\\ude00\\ud83d"', "\u00a01")},
    **{f"UTF-8 {data.hex()}": (PUSH % '"%s"').encode().replace(b"%s", data) for data in (
        b"\x80", b"\xc0\x80", b"\xc1\xbf", b"\xc3", b"\xc3(", b"\xe0\x80\x80", b"\xe2\x82", b"\xed\xa0\x80",
        b"\xed\xb0\x80", b"\xf0\x80\x80\x80", b"\xf0\x9f\x98", b"\xf4\x90\x80\x80", b"\xf8\x88\x80\x80\x80", b"\xfe",
        b"\xff")},
    "bad UTF-8 in a key": b'{"type":"get","key":"\xff"}',
    "bad UTF-8 in a name that nobody knows": b'{"type":"ping","\xff":1}',
    "a lone surrogate in a key": b'{"type":"get","key":"\\ud800"}',
    "bad UTF-8 outside of a text": b'{"type":"ping"\xff}',
}

HEAD = "a4 6474797065 6470757368 636b6579 616b 66616374696f6e a1 6474797065 66617070656e64 6576616c7565 "

BAD_CBOR = {
    "nothing": "",
    "a number": "01",
    "an array": "80",
    "an empty map": "a0",
    "bytes behind it": "a1 6474797065 6470696e67 00",
    "JSON in a binary frame": b'{"type":"ping"}'.hex(),
    "a map that is cut off": "a2 6474797065 6470696e67",
    "a key without a value": "bf 6474797065 6470696e67 6161 ff",
    "a map without an end": "bf 6474797065 6470696e67",
    "2^64 - 1 members": "bb ffffffffffffffff 6474797065",
    "2^63 members": "bb 8000000000000000 6474797065",
    "a name that is no text": "a2 01 02",
    **{f"value {data}": HEAD + data for data in (
        "", "18", "19 00", "1a 000000", "1b 00000000000000", "1c", "1d", "1e", "1f", "3c", "3d", "3e", "3f", "5c", "5d",
        "5e", "7c", "7d", "7e", "9c", "9d", "9e", "bc", "bd", "be", "dc 00", "dd 00", "de 00", "df 00", "fc", "fd",
        "fe", "ff", "f8 00", "f8 1f", "f8", "f9 00", "fa 000000", "fb 00000000000000",
        "42 00", "5b ffffffffffffffff", "5b 8000000000000000 00", "5b 00000000ffffffff 00", "5f", "5f 41 00",
        "5f 6161 ff", "5f 5f ff ff", "5f 01 ff", "61", "7b ffffffffffffffff", "7f 4100 ff", "7f 7f ff ff", "7f 6161",
        "61 80", "61 ff", "62 c080", "63 eda080", "64 f4908080", "7f 61c3 61a9 ff",
        "81", "82 00", "9b ffffffffffffffff", "9b 8000000000000000", "9b 0000000100000000 00", "9f", "9f 00",
        "a1", "a1 00", "bb ffffffffffffffff", "bb 8000000000000000", "bf", "bf 00", "bf 00 ff", "bf ff00", "81 ff",
        "a1 00 ff", "c0", "c0 ff", "db ffffffffffffffff", "00 00", "81" * 5000 + "00", "c1" * 5000 + "00", "9f" * 5000,
        "bf" * 5000, "d9d9f7" * 100000 + "00")},
    "bad UTF-8 in a key": "a2 6474797065 63676574 636b6579 61ff",
    "bad UTF-8 in a name that nobody knows": "a2 6474797065 6470696e67 61ff 00",
}

# Every member of every message, of a wrong type or missing.
WRONG = [1, -1, 1.5, True, None, [], {}, "no"]
GOOD = {
    "push relay": {"type": "push", "key": "k", "action": {"type": "relay"}, "value": 1},
    "push append": {"type": "push", "key": "k", "action": {"type": "append"}, "value": 1},
    "push replace": {"type": "push", "key": "k", "action": {"type": "replace"}, "value": 1},
    "push compact": {"type": "push", "key": "k", "action": {"type": "compact", "seq": 1}, "value": 1},
    "get": {"type": "get", "key": "k", "seq": 0},
    "ping": {"type": "ping", "nonce": 1},
    "unsubscribe": {"type": "unsubscribe", "key": "k"},
}
# What each member may be of the above; all else is wrong.
FITS = {"key": ["no"], "seq": [1, None], "nonce": [1, None], "value": WRONG, "type": [], "action": [],
        "action.type": [], "action.seq": [1]}


def same(one, other):
    return type(one) is type(other) and one == other


def wrong_messages():
    for name, message in GOOD.items():
        for member in [*message, "action.type", "action.seq"]:
            at = message
            for part in member.split(".")[:-1]:
                at = at.get(part, {})
            last = member.split(".")[-1]
            if last not in at:
                continue
            for value in WRONG:
                if any(same(value, fit) for fit in FITS[member]):
                    continue
                changed = json.loads(json.dumps(message))
                target = changed if at is message else changed["action"]
                target[last] = value
                yield f"{name}: {member} is {json.dumps(value)}", changed
            if member not in ("seq", "nonce"):
                changed = json.loads(json.dumps(message))
                del (changed if at is message else changed["action"])[last]
                yield f"{name}: no {member}", changed
    yield "unknown action", {"type": "push", "key": "k", "action": {"type": "prepend"}, "value": 1}
    yield "unknown type", {"type": "set", "key": "k", "value": 1}
    yield "a type of the server's", {"type": "init", "key": "k", "data": []}
    yield "a type in capitals", {"type": "PING"}
    yield "a fraction as seq", {"type": "get", "key": "k", "seq": 0.5}
    yield "a negative seq", {"type": "get", "key": "k", "seq": -3}
    yield "a text as seq", {"type": "get", "key": "k", "seq": "0"}
    yield "a seq beyond 64 bits", {"type": "get", "key": "k", "seq": {"$json": "18446744073709551616",
                                                                      "$cbor": "c249010000000000000000"}}
    yield "a seq of 1e300", {"type": "get", "key": "k", "seq": 1e300}
    yield "a negative nonce", {"type": "ping", "nonce": -1}


class Room:
    """A room with something in it, a witness, and a connection to misbehave on."""

    def __init__(self, t):
        self.room = t.new_room()
        self.witness = t.connect(self.room)
        self.witness.push("k", "before", "replace")
        self.witness.expect({"type": "push", "key": "k", "value": "before", "seq": 1})
        self.bad = t.connect(self.room)
        self.bad.get("-", None)

    def check(self):
        """Nothing has changed, and all are served."""
        self.bad.nothing()
        self.witness.nothing()
        self.witness.say({"type": "get", "key": "k"})
        self.witness.expect({"type": "init", "key": "k", "data": [{"value": "before", "seq": 1}]})
        self.bad.push("k", "after", "replace")
        self.witness.expect({"type": "push", "key": "k", "value": "after", "seq": 2})


def refuse_all(t, opcode, table):
    here = Room(t)
    silent = []
    for name, data in table.items():
        here.bad.send_frame(opcode, data)
        message = here.bad.hear().plain()
        if message["type"] != "error":
            silent.append(f"{name}: {message}")
        else:
            assert message["message"], name
        here.bad.nothing()  # so that bad messages never come so often in a row that they end the connection
    assert not silent, "; ".join(silent)
    here.check()


@test("bad json: an error each, nothing changed")
def bad_json(t):
    refuse_all(t, TEXT, BAD_JSON)


@test("bad cbor: an error each, nothing changed")
def bad_cbor(t):
    refuse_all(t, BINARY, {name: bytes.fromhex(data) for name, data in BAD_CBOR.items()})


@test("wrong types: for every member of every message")
def wrong_types(t):
    refuse_all(t, TEXT if t.encoding == "json" else BINARY,
               {name: values.to_bytes(t.encoding, message) for name, message in wrong_messages()})


@test("truncated: every prefix of every message is an error")
def truncated(t):
    messages = [values.to_bytes(t.encoding, message) for message in GOOD.values()]
    refuse_all(t, TEXT if t.encoding == "json" else BINARY,
               {f"{data!r} to {end}": data[:end] for data in messages for end in range(len(data))})


@test("bad messages over HTTP: 400 each, nothing changed")
def bad_http(t):
    room = t.new_room()
    path, kind = f"/room/{room}/send", {"Content-Type": "application/" + t.encoding}
    table = BAD_JSON if t.encoding == "json" else {name: bytes.fromhex(data) for name, data in BAD_CBOR.items()}
    wrong = []
    for name, data in table.items():
        response = t.http("POST", path, data, kind)
        if response.status != 400 or not json.loads(response.body)["error"]:
            wrong.append(f"{name}: {response.status} {response.body[:100]!r}")
    assert not wrong, "; ".join(wrong)
    a = t.connect(room)
    a.push("k", 1)
    a.expect({"type": "push", "key": "k", "value": 1, "seq": 1})


@test("bad messages: the daemon's memory is where it was", {"limits.errors": 1000000}, encodings=(None,),
      alone="daemon")
def memory(t):
    def rubbish(times):
        for _ in range(times):
            a = t.connect(room, "json")
            for opcode, table in ((TEXT, BAD_JSON.values()), (BINARY, cbor)):
                for data in table:
                    a.send_frame(opcode, data)
                    a.receive()
            a.close()

    room = t.new_room()
    cbor = [bytes.fromhex(data) for data in BAD_CBOR.values()]
    rubbish(3)
    before = t.daemon.memory()
    rubbish(25)  # about 5,000 messages
    grown = t.daemon.memory() - before
    assert grown < (64 if t.daemon.valgrind else 4) << 20, f"{grown >> 10} KiB more"
    assert t.http("GET", f"/room/{room}").status == 200


@test("connections and rooms: the daemon's memory is where it was", {"namespaces.auto.idle": "300ms"},
      encodings=(None,), alone="daemon")
def memory_rooms(t):
    numbers = itertools.count()

    def come_and_go(times):
        for _ in range(times):
            room = f"room-{next(numbers)}"  # which begins when the first one connects: it cannot be gone before
            a, b = (t.connect(room, encoding, base="/db/auto") for encoding in ("json", "cbor"))
            a.push("k", "x" * 2000)
            b.get("k")
            a.expect({"type": "push", "key": "k", "value": "x" * 2000, "seq": 1})
            b.hear()
            a.send_frame(TEXT, b'{"type":"pi', fin=False)  # goes in the middle of a message
            t.close()

    # How much there is at once depends on how fast the machine is, and what malloc was given stays with it: so there is
    # some round that takes nothing, as 700 of anything that leaks would. (sqlite's cache of pages fills up to 16 MiB.)
    grown, now = [], 0
    while not grown or grown[-1] > 1 << 19:
        assert len(grown) < 40, f"bytes more in each round: {grown}"
        come_and_go(700)
        time.sleep(0.6)  # until most of the rooms have gone
        before, now = now, t.daemon.memory()
        grown.append(now - before)
