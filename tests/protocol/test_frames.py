"""Bytes that are no proper WebSocket, and no proper HTTP: a close that says so, and nobody else notices."""

import json
import time

import client
import values
from client import BINARY, CLOSE, PING, PONG, TEXT, frame
from suite import test

PUSH = b'{"type":"push","key":"k","action":{"type":"append"},"value":1}'

# What RFC 6455 forbids a client, and the code of the close that it gets.
BREACHES = {
    "unmasked text": (1002, [frame(TEXT, PUSH, masked=False)]),
    "unmasked ping": (1002, [frame(PING, b"", masked=False)]),
    "unmasked, empty": (1002, [frame(TEXT, b"", masked=False)]),
    "RSV1": (1002, [frame(TEXT, PUSH, rsv=4)]),
    "RSV2": (1002, [frame(TEXT, PUSH, rsv=2)]),
    "RSV3": (1002, [frame(TEXT, PUSH, rsv=1)]),
    "RSV1 on a ping": (1002, [frame(PING, b"", rsv=4)]),
    **{f"opcode {opcode}": (1002, [frame(opcode, PUSH[:100])]) for opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15)},
    "a continuation without a start": (1002, [frame(0, PUSH)]),
    "a continuation without a start that goes on": (1002, [frame(0, PUSH, fin=False)]),
    "a continuation behind a whole message": (1002, [frame(TEXT, b'{"type":"ping"}'), frame(0, PUSH)]),
    "a text inside a fragmented text": (1002, [frame(TEXT, PUSH[:9], fin=False), frame(TEXT, PUSH)]),
    "a binary inside a fragmented text": (1002, [frame(TEXT, PUSH[:9], fin=False), frame(BINARY, b"\xa0")]),
    "a ping of 126 bytes": (1002, [frame(PING, b"x" * 126)]),
    "a ping of 70,000 bytes": (1002, [frame(PING, b"x" * 70000)]),
    "a pong of 126 bytes": (1002, [frame(PONG, b"x" * 126)]),
    "a close of 126 bytes": (1002, [frame(CLOSE, b"\x03\xe8" + b"x" * 124)]),
    "a fragmented ping": (1002, [frame(PING, b"x", fin=False)]),
    "a fragmented close": (1002, [frame(CLOSE, b"\x03\xe8", fin=False)]),
    "a close of one byte": (1002, [frame(CLOSE, b"\x03")]),
    **{f"a close with {code}": (1002, [frame(CLOSE, code.to_bytes(2, "big"))])
       for code in (0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535)},
    "a length of 2^63": (1002, [frame(TEXT, b"x", length=1 << 63)]),
    "a length of 2^64 - 1": (1002, [frame(BINARY, b"x", length=(1 << 64) - 1)]),
}

# Ends of a connection that need no answer.
ENDS = {
    "in the middle of a frame": [frame(TEXT, PUSH)[:20]],
    "in the middle of a frame's head": [frame(TEXT, PUSH)[:1]],
    "in the middle of a fragmented message": [frame(TEXT, PUSH[:20], fin=False)],
    "with a close in the middle of a fragmented message": [frame(TEXT, PUSH[:20], fin=False),
                                                           frame(CLOSE, b"\x03\xe8")],
    "with a close that nobody reads": [frame(CLOSE, b"\x03\xe8")],
    "at once": [],
}

GARBAGE = {
    "zeros": b"\0" * 1000,
    "TLS": bytes.fromhex("16030100c8010000c40303") + bytes(range(200)),
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0",
    "a line of words": b"hello there\r\n\r\n",
    "no version": b"GET /\r\n\r\n",
    "an endless word": b"x" * 100000,
    "high bytes": bytes(range(128, 256)) * 40,
    "line feeds": b"\n" * 5000,
    "an unknown method": b"BREW /pot HTTP/1.1\r\nHost: x\r\n\r\n",
    "a header without a colon": b"GET /healthz HTTP/1.1\r\nHost: x\r\nnothing here\r\n\r\n",
    "a NUL in a header": b"GET /healthz HTTP/1.1\r\nHost: x\r\nX: a\0b\r\n\r\n",
    "a NUL in the path": b"GET /\0 HTTP/1.1\r\nHost: x\r\n\r\n",
    "10,000 headers": b"GET /healthz HTTP/1.1\r\nHost: x\r\n" + b"".join(b"X-%d: y\r\n" % i for i in range(10000))
                      + b"\r\n",
    "the same header 10,000 times": b"GET /healthz HTTP/1.1\r\nHost: x\r\n" + b"Cookie: y\r\n" * 10000 + b"\r\n",
    "a path that climbs": b"GET /../../../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n",
    "an escaped NUL in the path": b"GET /room/a%00b HTTP/1.1\r\nHost: x\r\n\r\n",
    "a bad escape in the path": b"GET /room/%zz HTTP/1.1\r\nHost: x\r\n\r\n",
    "two lengths": b"POST /new HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 5\r\n\r\n{}",
    "a length that is no number": b"POST /new HTTP/1.1\r\nHost: x\r\nContent-Length: many\r\n\r\n{}",
    "a negative length": b"POST /new HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n{}",
    "a length beyond 64 bits": b"POST /new HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999999\r\n\r\n{}",
    "a bad chunk": b"POST /new HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
    "an upgrade without a key": b"GET /room/%s/connect HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
                                b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\r\n",
    "an upgrade with an old version": b"GET /room/%s/connect HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
                                      b"Connection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
                                      b"Sec-WebSocket-Version: 7\r\n\r\n",
    "an upgrade to something else": b"GET /room/%s/connect HTTP/1.1\r\nHost: x\r\nUpgrade: h2c\r\n"
                                    b"Connection: Upgrade\r\n\r\n",
    "an upgrade of no path": b"GET HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
    "an upgrade of an empty path": b"GET  HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
    "an upgrade of another path": b"GET /new HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                                  b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n",
}


# Nobody can say of these whether there is more to come: they end when the time for a request is over.
SLOW = {"zeros", "TLS", "an endless word", "high bytes", "line feeds"}


class Others:
    """A room with a connection that must not notice anything."""

    def __init__(self, t):
        self.t, self.room = t, t.new_room()
        self.witness = t.connect(self.room, "json")

    def check(self):
        self.witness.nothing()  # no push came through, so the room is as it was
        response = self.t.http("POST", f"/room/{self.room}/send", b'{"type":"get","key":"k"}')
        assert response.body == b'{"type":"init","key":"k","data":[]}', response.body


@test("breach", table=BREACHES, encodings=(None,))
def breach(t, code, frames):
    others = Others(t)
    a = t.connect(others.room, "json")
    a.send(b"".join(frames))
    got = a.end_code()
    assert got == code, f"closed with {got}, where {code} was expected"
    others.check()


@test("breach: byte by byte", encodings=(None,))
def breach_slowly(t):
    others = Others(t)
    for frames in (BREACHES["RSV1"][1], BREACHES["opcode 3"][1], BREACHES["unmasked text"][1]):
        a = t.connect(others.room, "json")
        try:
            for byte in frames[0]:
                a.send(bytes([byte]))
        except OSError:
            pass
        code = a.end_code()
        assert code in (None, 1002), code  # None: bytes sent after its end may have swept the close frame away
    others.check()


@test("end", table={name: (frames,) for name, frames in ENDS.items()}, encodings=(None,))
def end(t, frames):
    others = Others(t)
    for _ in range(20):
        a = t.connect(others.room, "json")
        if frames:
            a.send(b"".join(frames))
        a.close()
    others.check()


@test("garbage", {"limits.upgrade": "2s"}, table={name: (data,) for name, data in GARBAGE.items()}, encodings=(None,))
def garbage(t, data):
    """An error or an end, never an upgrade or a silence that lasts."""
    others = Others(t)
    stream = t.stream()
    try:
        stream.send(data.replace(b"%s", others.room.encode()))
        response = client.read_response(stream)
        assert response.status >= 400, f"answered with {response.status}"
    except (client.Ended, ConnectionError):
        pass
    except client.Silence:
        raise AssertionError("no answer, and no end") from None
    others.check()


@test("target", table={name: (target,) for name, target in {
    "a bad escape": b"/healthz?a=%zz", "a NUL": b"/healthz?a=%00", "no path": b"*", "of a proxy": b"http://x/healthz",
    "many parts": b"/healthz?" + b"a=b&" * 200}.items()}, encodings=(None,))
def target(t, target):
    """An error as every other."""
    stream = t.stream()
    stream.send(b"GET " + target + b" HTTP/1.1\r\nHost: x\r\n\r\n")
    response = client.read_response(stream)
    assert response.status == 400 and list(json.loads(response.body)) == ["error"], (response.status, response.body)


@test("breaches and garbage: the daemon's memory is where it was", encodings=(None,), alone="daemon")
def memory(t):
    quick = [data for name, data in GARBAGE.items() if name not in SLOW]

    def misbehave(times):
        for _ in range(times):
            for _, frames in BREACHES.values():
                a = t.connect(others.room, "json")
                a.send(b"".join(frames))
                a.end_code()
                t.close()
            for data in quick:
                stream = t.stream()
                stream.send(data.replace(b"%s", others.room.encode()))
                t.close()  # without waiting for an answer

    others = Others(t)
    witness = others.witness
    t.open.remove(witness)
    misbehave(3)
    before = t.daemon.memory()
    misbehave(30)  # about 2,000 connections
    grown = t.daemon.memory() - before
    assert grown < (64 if t.daemon.valgrind else 4) << 20, f"{grown >> 10} KiB more"
    others.check()
    witness.close()


@test("half a request: it holds nobody up", {"limits.upgrade": "2s"}, encodings=(None,))
def half(t):
    others = Others(t)
    streams = [t.stream() for _ in range(200)]
    for stream in streams:
        stream.send(b"GET /room/x/connect HTTP/1.1\r\nHost: x\r\nUpgrade: webs")
    others.check()
    for _ in range(5):
        t.connect(others.room, "json").nothing()
    others.check()


@test("frame: fragments are joined, with pings in between")
def fragments(t):
    a = t.connect(t.new_room())
    data = values.to_bytes(t.encoding, {"type": "push", "key": "k", "action": {"type": "append"}, "value": 1})
    opcode = TEXT if t.encoding == "json" else BINARY
    for seq, size in enumerate((1, 2, 7, 50), 1):
        parts = [data[i:i + size] for i in range(0, len(data), size)]
        for i, part in enumerate(parts):
            a.send_frame(0 if i else opcode, part, fin=i == len(parts) - 1)
            if i % 5 == 0:
                a.send_frame(PING, b"p%d" % i)
        a.expect({"type": "push", "key": "k", "value": 1, "seq": seq})
        if seq > 1:
            a.expect({"type": "stream_size", "key": "k", "size": seq})
    assert b"p0" in a.pongs


@test("frame: empty fragments count for nothing")
def empty_fragments(t):
    a = t.connect(t.new_room(), "json")
    a.send_frame(TEXT, b"", fin=False)
    for part in (b'{"type":"ping",', b"", b'"nonce":5}'):
        a.send_frame(0, part, fin=False)
    a.send_frame(0, b"")
    a.expect({"type": "pong", "nonce": 5})


@test("frame: a text may be cut anywhere, in the middle of a character too", encodings=(None,))
def split_character(t):
    a = t.connect(t.new_room(), "json")
    data = '{"type":"push","key":"é😀","action":{"type":"relay"},"value":"é😀"}'.encode()
    for i in range(1, len(data)):
        a.send_frame(TEXT, data[:i], fin=False)
        a.send_frame(0, data[i:])
        a.expect({"type": "push", "key": "é😀", "value": "é😀", "seq": i})


@test("frame: every length, around the edges of the three forms")
def lengths(t):
    room = t.new_room()
    a = t.connect(room)
    for size in (0, 1, 50, 60, 61, 62, 63, 64, 65, 66, 67, 68, 69, 70, 125, 126, 127, 1023, 1024, 1025, 65400, 65470,
                 65480, 65535, 65536, 65537, 300000):
        a.push("k", "x" * size, "relay")
        a.expect({"type": "push", "key": "k", "value": "x" * size, "seq": {"$any": True}})


@test("frame: many in one write, and one in many writes", encodings=(None,))
def packing(t):
    a = t.connect(t.new_room(), "json")
    a.send(b"".join(frame(TEXT, b'{"type":"ping","nonce":%d}' % i) for i in range(500)))
    for i in range(500):
        a.expect({"type": "pong", "nonce": i})
    for byte in frame(TEXT, b'{"type":"ping","nonce":7}'):
        a.send(bytes([byte]))
    a.expect({"type": "pong", "nonce": 7})


@test("frame: a ping is answered with its payload", encodings=(None,))
def ping(t):
    a = t.connect(t.new_room(), "json")
    for payload in (b"", b"x", bytes(range(125))):
        a.send_frame(PING, payload)
    a.send_frame(PONG, b"nobody asked")
    a.nothing()
    assert a.pongs[-1:] == [bytes(range(125))], a.pongs  # RFC 6455, 5.5.3: the latest at least


@test("frame: a close is echoed", encodings=(None,))
def close(t):
    for code in (1000, 1001, 1003, 1007, 1011, 3000, 4999):
        a = t.connect(t.new_room(), "json")
        a.send_frame(CLOSE, code.to_bytes(2, "big") + b"why")
        got = a.end_code()
        assert got == code, f"{code} was answered with {got}"
    a = t.connect(t.new_room(), "json")
    a.send_frame(CLOSE)
    assert a.end_code() in (1000, 1005)


@test("frame: what comes behind a close is not read", encodings=(None,))
def behind_close(t):
    others = Others(t)
    a = t.connect(others.room, "json")
    a.send(frame(CLOSE, b"\x03\xe8") + frame(TEXT, PUSH))
    a.end_code()
    others.check()


@test("frames: a socket that takes a few bytes at a time gets whole frames, pongs between them, in order",
      {"limits.queue": "64MiB"})
def trickle(t):
    room = t.new_room()
    slow, writer = t.connect(room, receive_buffer=2048), t.connect(room)
    writer.get("-", None)
    sizes = [1, 30, 110, 127, 200, 3000, 9, 65000, 70000, 4, 150000, 12] * 30 # more than the two sockets hold
    for i, size in enumerate(sizes):
        # Two keys of which this reader hears both, and an answer to the writer between: ranges that do not touch.
        writer.push("ab"[i % 2], "x" * size, "relay")
        if i % 5 == 0:
            slow.send_frame(PING, b"p%d" % i)
    writer.nothing()
    for i, size in enumerate(sizes):
        if i % 10 == 0:
            time.sleep(0.002)
            slow.send_frame(PING, b"q")
        told = slow.hear(4 * t.patience).plain()
        assert (told["seq"], len(told["value"])) == (i + 1, size), (i, told["seq"], len(told["value"]))
    slow.nothing()
    assert slow.pongs and slow.pongs[-1] == b"q", slow.pongs  # of several, only the last need be answered
    slow.send_frame(CLOSE, b"\x03\xe8")
    assert slow.end_code() == 1000


@test("http: a connection goes on, or says that it closes and does", encodings=(None,))
def keep_alive(t):
    path = f"/room/{t.new_room()}/send"
    call = client.request_bytes("POST", path, t.daemon.host, {}, b'{"type":"ping","nonce":1}')
    stream = t.stream()
    stream.send(call + call)
    for _ in range(2):
        response = client.read_response(stream)
        assert (response.status, response.body) == (200, b'{"type":"pong","nonce":1}'), response.body
        if "close" in response.headers.get("connection", "").lower():
            rest = stream.ended()
            assert rest == b"", f"bytes behind the last answer: {rest[:100]!r}"
            return
    stream.send(client.request_bytes("GET", "/nothing", t.daemon.host, {}, None))
    assert client.read_response(stream).status == 404


@test("http: a body that comes a byte at a time", encodings=(None,))
def slow_body(t):
    path = f"/room/{t.new_room()}/send"
    body = b'{"type":"ping","nonce":9}'
    stream = t.stream()
    stream.send(client.request_bytes("POST", path, t.daemon.host, {"Content-Length": str(len(body))}, None))
    for byte in body:
        stream.send(bytes([byte]))
    assert client.read_response(stream).body == b'{"type":"pong","nonce":9}'


@test("http: HTTP/1.0 is served", encodings=(None,))
def http_1_0(t):
    stream = t.stream()
    stream.send(b"GET /room/%s HTTP/1.0\r\nHost: x\r\n\r\n" % t.new_room().encode())
    assert client.read_response(stream).status == 200
