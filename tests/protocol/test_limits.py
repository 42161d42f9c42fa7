"""Every limit, at its edge: what just fits passes, what does not gets an error that names the limit."""

import json
import time

import client
import values
from client import TEXT
from suite import test


def sized(encoding, size):
    """A push of exactly `size` bytes."""
    message = {"type": "push", "key": "k", "action": {"type": "replace"}, "value": ""}
    for fill in range(size):
        message["value"] = "x" * fill
        data = values.to_bytes(encoding, message)
        if len(data) == size:
            return data, "x" * fill
    raise ValueError(size)


def refused(call, *arguments, **more):
    try:
        call(*arguments, **more)
    except client.Refused as error:
        return error.response
    raise AssertionError("it was not refused")


def names_limit(response, statuses, limit):
    text = json.loads(response.body)["error"]
    assert response.status in statuses and limit in text, f"{response.status} {text}"


# ---- one message ---------------------------------------------------------------------------------------------------


@test("limit message: exactly fits", {"limits.message": 1000})
def message_fits(t):
    a = t.connect(t.new_room())
    data, text = sized(t.encoding, 1000)
    opcode = TEXT if t.encoding == "json" else client.BINARY
    a.send_frame(opcode, data)
    a.expect({"type": "push", "key": "k", "value": text, "seq": 1})
    a.send_frame(opcode, data[:300], fin=False)
    a.send_frame(client.PING, b"between")
    a.send_frame(0, data[300:600], fin=False)
    a.send_frame(0, data[600:])
    a.expect({"type": "push", "key": "k", "value": text, "seq": 2})
    assert a.pongs == [b"between"], a.pongs


def ends_with(connection, code, word=None):
    try:
        while True:
            connection.receive()
    except client.Ended as ended:
        assert ended.code == code, f"{ended}, where {code} was expected"
        assert word is None or word in ended.reason, f"the reason {ended.reason!r} does not name {word}"


@test("limit message: one byte more is closed with 1009", {"limits.message": 1000})
def message_over(t):
    room = t.new_room()
    a, other = t.connect(room), t.connect(room)
    a.send_frame(TEXT if t.encoding == "json" else client.BINARY, sized(t.encoding, 1001)[0])
    ends_with(a, 1009, "limits.message")
    other.nothing()


@test("limit message: in fragments it is closed with 1009", {"limits.message": 1000})
def message_fragments(t):
    a = t.connect(t.new_room())
    data = sized(t.encoding, 1001)[0]
    opcode = TEXT if t.encoding == "json" else client.BINARY
    a.send_frame(opcode, data[:500], fin=False)
    a.send_frame(0, data[500:], fin=False)  # more could follow, but there is too much already
    ends_with(a, 1009)


@test("limit message: a frame that announces too much is closed at once", {"limits.message": 1000}, encodings=("json",))
def message_announced(t):
    for length in (1 << 17, 1 << 40, (1 << 63) - 1):
        a = t.connect(t.new_room())
        a.send_frame(TEXT, b"x" * 10, length=length)
        ends_with(a, 1009)


@test("limit message: over HTTP 413", {"limits.message": 1000})
def message_http(t):
    path = f"/room/{t.new_room()}/send"
    headers = {"Content-Type": "application/" + t.encoding}
    response = t.http("POST", path, sized(t.encoding, 1000)[0], headers)
    assert response.status == 200, response.body
    names_limit(t.http("POST", path, sized(t.encoding, 1001)[0], headers), [413], "limits.message")
    # The length alone is enough: nothing needs to be sent.
    stream = t.stream()
    stream.send(client.request_bytes("POST", path, t.daemon.host, {**headers, "Content-Length": "100000000000"}, None))
    names_limit(client.read_response(stream), [413], "limits.message")


@test("limit depth: at the edge", {"limits.depth": 10})
def depth(t):
    room = t.new_room()
    a = t.connect(room)
    a.push("k", {"$deep": 9}, "replace")
    a.expect({"type": "push", "key": "k", "value": {"$deep": 9}, "seq": 1})
    a.push("k", {"$deep": 10}, "replace")
    a.expect_error("limits.depth")
    a.get("k")
    a.expect({"type": "init", "key": "k", "data": [{"value": {"$deep": 9}, "seq": 1}]})


@test("limit depth: the message and its action count", {"limits.depth": 1})
def depth_one(t):
    a = t.connect(t.new_room())
    a.nothing()
    a.push("k", 1)
    a.expect_error("limits.depth")
    a.say({"type": "get", "key": "k"})
    a.expect({"type": "init", "key": "k", "data": []})


@test("limit depth: 128 by default, also for members that nobody knows")
def depth_default(t):
    a = t.connect(t.new_room())
    a.push("k", {"$deep": 127}, "replace")
    a.expect({"type": "push", "key": "k", "value": {"$deep": 127}, "seq": 1})
    for value in (128, 5000, 200000):
        a.push("k", {"$deep": value}, "replace")
        a.expect_error("deep|depth")
        a.say({"type": "ping", "extra": {"$deep": value}})
        a.expect_error("deep|depth")
    a.nothing()


@test("limit key: bytes of a key", {"limits.key": 8})
def key(t):
    a = t.connect(t.new_room())
    for name in ("12345678", "éééé", "😀😀"):
        a.push(name, 1, "relay")
        a.expect({"type": "push", "key": name, "value": 1, "seq": {"$any": True}})
    for name in ("123456789", "ééééx", "x" * 100000):
        for message in ({"type": "push", "action": {"type": "relay"}, "value": 1}, {"type": "get"},
                        {"type": "unsubscribe"}):
            a.say({**message, "key": name})
            a.expect_error("limits.key")
    if t.encoding == "json":  # what counts is what the escapes stand for
        a.send_frame(TEXT, b'{"type":"get","seq":null,"key":"%s\\u0038"}' % (b"\\u0031" * 7))
        a.send_frame(TEXT, b'{"type":"get","seq":null,"key":"%s\\u00e9"}' % (b"\\u0031" * 7))
        a.expect_error("limits.key")
    a.nothing()


# ---- what a room retains -------------------------------------------------------------------------------------------


def quiet(t):
    """A connection that hears no broadcast."""
    a = t.connect(t.new_room())
    a.get("-", None)
    return a


@test("limit key: over HTTP 413", {"limits.key": 8})
def key_http(t):
    path, kind = f"/room/{t.new_room()}/send", {"Content-Type": "application/" + t.encoding}
    for name, status in (("12345678", 200), ("123456789", 413)):
        message = {"type": "push", "key": name, "action": {"type": "append"}, "value": 1}
        response = t.http("POST", path, values.to_bytes(t.encoding, message), kind)
        assert response.status == status, (response.status, response.body)
        if status == 413:
            names_limit(response, [413], "limits.key")


@test("limit keys: of a room", {"limits.keys": 3})
def keys(t):
    a = t.connect(t.new_room())
    for i, name in enumerate(("x", "y", "z"), 1):
        a.push(name, i)
        a.expect({"type": "push", "key": name, "value": i, "seq": i})
    a.push("w", 4)
    a.expect_error("limits.keys")
    a.push("x", 5, "replace")
    a.expect({"type": "push", "key": "x", "value": 5, "seq": 4})
    a.get("w")
    a.expect_error("limits.keys")
    a.nothing()


@test("limit keys: what retains nothing does not count for ever", {"limits.keys": 3})
def keys_vacant(t):
    a = t.connect(t.new_room())
    for i in range(1, 11):
        a.push(f"k{i}", i, "relay")
        a.expect({"type": "push", "key": f"k{i}", "value": i, "seq": i})
    for i in range(10):
        a.get(f"g{i}", None)
        a.say({"type": "unsubscribe", "key": f"g{i}"})
    a.nothing()


@test("limit room_messages: retained in a room", {"limits.room_messages": 4})
def room_messages(t):
    a = t.connect(t.new_room())
    for i, name in enumerate(("x", "y", "z", "w"), 1):
        a.push(name, i)
        a.expect({"type": "push", "key": name, "value": i, "seq": i})
    for name in ("x", "new"):
        a.push(name, 0)
        a.expect_error("limits.room_messages")
    a.push("new", 0, "replace")
    a.expect_error("limits.room_messages")
    a.push("x", 5, "relay")
    a.expect({"type": "push", "key": "x", "value": 5, "seq": 5})
    a.push("x", 6, "replace")
    a.expect({"type": "push", "key": "x", "value": 6, "seq": 6})
    a.get("x")
    a.expect({"type": "init", "key": "x", "data": [{"value": 6, "seq": 6}]})


@test("limit stream_messages: retained of a key", {"limits.stream_messages": 3})
def stream_messages(t):
    a = quiet(t)
    for i in range(1, 4):
        a.push("k", i)
        if i > 1:
            a.expect({"type": "stream_size", "key": "k", "size": i})
    a.push("k", 4)
    a.expect_error("limits.stream_messages")
    a.push("other", 4)
    a.nothing()
    a.push("k", "12", "compact", seq=2)
    a.expect({"type": "stream_size", "key": "k", "size": 2})
    a.push("k", 5)
    a.expect({"type": "stream_size", "key": "k", "size": 3})
    a.get("k")
    a.expect({"type": "init", "key": "k", "data": [
        {"value": "12", "seq": 2}, {"value": 3, "seq": 3}, {"value": 5, "seq": 5}]})


@test("limit room_bytes: of values retained in a room", {"limits.room_bytes": 100})
def room_bytes(t):
    a = quiet(t)
    value = "x" * 48  # 50 bytes in either encoding
    a.push("x", value)
    a.push("y", value)
    a.nothing()
    a.push("z", 0)
    a.expect_error("limits.room_bytes")
    a.push("x", value + "x", "replace")
    a.expect_error("limits.room_bytes")
    a.push("x", "", "replace")
    a.push("z", 0)
    a.nothing()
    a.push("w", value * 100, "relay")
    a.nothing()


@test("limit stream_bytes: of values retained of a key", {"limits.stream_bytes": 100})
def stream_bytes(t):
    a = quiet(t)
    value = "x" * 48
    a.push("k", value)
    a.push("k", value)
    a.expect({"type": "stream_size", "key": "k", "size": 2})
    a.push("k", 0)
    a.expect_error("limits.stream_bytes")
    a.push("k", "x" * 99, "replace")
    a.expect_error("limits.stream_bytes")
    a.push("other", value)
    a.nothing()
    a.push("k", "", "compact", seq=2)
    a.nothing()
    a.push("k", value)
    a.expect({"type": "stream_size", "key": "k", "size": 2})


@test("limit of a namespace: it overrides the general one", {"limits.key": 8, "namespaces.other.limits.key": 4})
def namespace(t):
    a, b = t.connect(t.new_room()), t.connect(t.new_room("/db/other"), base="/db/other")
    for connection, longest in ((a, 8), (b, 4)):
        connection.push("x" * longest, 1, "relay")
        connection.expect({"type": "push", "key": "x" * longest, "value": 1, "seq": 1})
        connection.push("x" * (longest + 1), 1, "relay")
        connection.expect_error("limits.key")


# ---- how many ------------------------------------------------------------------------------------------------------


@test("limit rooms", {"limits.rooms": 3}, encodings=(None,), alone="daemon")
def rooms(t):
    for _ in range(3):
        t.new_room()
    names_limit(t.http("POST", "/new"), [503], "limits.rooms")
    names_limit(refused(t.connect, "another", base="/db/auto"), [503], "limits.rooms")


@test("limit members: connections of a room", {"limits.members": 2})
def members(t):
    room = t.new_room()
    a, b = t.connect(room), t.connect(room)
    names_limit(refused(t.connect, room), [403, 503], "limits.members")
    t.connect(t.new_room())
    response = t.http("POST", f"/room/{room}/send", b'{"type":"ping"}')
    assert response.status == 200, "an HTTP call is no connection of the room"
    a.send_frame(client.CLOSE, b"\x03\xe8")
    assert a.end_code() == 1000
    t.connect(room).nothing()
    b.nothing()


def until_let_in(t, room):
    """A connection, once there is a place."""
    deadline = time.monotonic() + t.patience
    while True:
        try:
            return t.connect(room)
        except client.Refused:
            assert time.monotonic() < deadline, "the place of a connection that has gone stays taken"
            time.sleep(0.02)


@test("limit connections: in all", {"limits.connections": 4}, encodings=(None,), alone="daemon")
def connections(t):
    room = t.new_room()
    all_of_them = [until_let_in(t, room) for _ in range(4)]  # the connections of the calls before may still be there
    names_limit(refused(t.connect, room), [503], "limits.connections")
    names_limit(t.http("GET", "/healthz"), [503], "limits.connections")
    for connection in all_of_them:
        connection.nothing()
    all_of_them[0].close()
    until_let_in(t, room).nothing()


# ---- slow and silent ones ------------------------------------------------------------------------------------------


GIVEN_UP = 5  # seconds: so long after it was closed, one who does not read is given up, and never told why (core/net/sweep.c)


def soon_enough(play):
    """Once more where it took so long, on a busy machine, that its slow reader was given up before it came to read."""
    for last in (False, False, True):
        began = time.monotonic()
        try:
            return play()
        except AssertionError:
            if last or time.monotonic() - began < GIVEN_UP:
                raise


@test("limit queue: a reader that does not read is closed with 1013", {"limits.queue": "256KiB"})
def queue(t):
    soon_enough(lambda: slow_and_closed(t))


def slow_and_closed(t):
    room = t.new_room()
    slow = t.connect(room, receive_buffer=4096)
    slow.nothing()
    writer, reader = t.connect(room), t.connect(room)
    writer.get("-", None)
    chunk, total = "x" * 100000, 0
    # Beyond the limit and what the two sockets hold; but soon done, for a reader that goes on not reading is given up.
    while total < 7 << 20:
        writer.push("k", chunk, "relay")
        writer.nothing()
        assert len(reader.receive()[1]) > len(chunk)
        total += len(chunk)
    seqs = []
    try:
        while True:
            seqs.append(slow.hear().value["seq"].value)
    except client.Ended as ended:
        assert ended.code == 1013 and "limits.queue" in ended.reason, ended
    assert seqs == list(range(1, len(seqs) + 1)), "what came before the close has gaps"
    assert len(seqs) < total // len(chunk)
    reader.nothing()


@test("limit queue: what it asked for itself does not count", {"limits.queue": "64KiB"})
def queue_init(t):
    room = t.new_room()
    writer = t.connect(room)
    writer.get("-", None)
    chunk = "x" * 50000
    for i in range(200):
        writer.push("k", chunk)
        if i:
            writer.expect({"type": "stream_size", "key": "k", "size": i + 1})
    reader = t.connect(room, receive_buffer=4096)
    reader.get("k")
    time.sleep(0.2)
    data = reader.hear(4 * t.patience).plain()["data"]
    assert [item["seq"] for item in data] == list(range(1, 201))
    reader.nothing()


@test("limit upgrade: who does not finish a request in time is closed", {"limits.upgrade": "1s"}, encodings=(None,))
def upgrade(t):
    silent, half, slow = t.stream(), t.stream(), t.stream()
    room = t.new_room()
    open_one = t.connect(room, "json")
    half.send(b"GET /room/x/connect HTTP/1.1\r\nHost: x\r\nUpgr")
    began = time.monotonic()
    dripped = 0
    for byte in b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: " + b"x" * 200:
        try:
            slow.send(bytes([byte]))
        except OSError:
            break
        dripped += 1
        time.sleep(0.02)
    assert dripped < 230, "a request that comes a byte at a time went on for ever"
    for stream in (silent, half, slow):
        stream.ended(2 * t.patience)
    assert time.monotonic() - began < 10, "that is what it is by default"
    open_one.nothing()


@test("limit upgrade: a body that does not come", {"limits.upgrade": "400ms"}, encodings=(None,))
def upgrade_body(t):
    stream = t.stream()
    path = f"/room/{t.new_room()}/send"
    stream.send(client.request_bytes("POST", path, t.daemon.host, {"Content-Length": "100"}, None))
    stream.ended(2 * t.patience)


@test("limit ping_interval, ping_timeout: pings come, and who answers stays",
      {"limits.ping_interval": "150ms", "limits.ping_timeout": "2s"})
def pings(t):
    room = t.new_room()
    answering, silent = t.connect(room), t.connect(room)
    silent.answer_pings = False
    deadline = time.monotonic() + t.patience
    while True:  # the one answers for as long as the other is there
        assert time.monotonic() < deadline, "who does not answer stays"
        for connection in (answering, silent):
            try:
                connection.receive(0.05)
            except client.Silence:
                pass
            except client.Ended:
                assert connection is silent, "who answers was closed"
                assert len(answering.pings) >= 2, f"{len(answering.pings)} pings"
                answering.nothing()
                return


# ---- headers -------------------------------------------------------------------------------------------------------


@test("limit header: bytes of a request's headers", {"limits.header": "2KiB"}, encodings=(None,))
def header(t):
    response = t.http("GET", f"/room/{t.new_room()}", headers={"X-Long": "x" * 1000})
    assert response.status == 200, response.status
    for headers in ({"X-Long": "x" * 5000}, {f"X-{i}": "x" * 20 for i in range(200)}):
        stream = t.stream()
        try:
            stream.send(client.request_bytes("GET", "/new", t.daemon.host, headers, None))
            response = client.read_response(stream)
        except (client.Ended, ConnectionError):
            continue
        assert response.status in (400, 414, 431), response.status
    long_path = t.stream()
    try:
        long_path.send(client.request_bytes("GET", "/" + "x" * 5000, t.daemon.host, {}, None))
        assert client.read_response(long_path).status in (400, 404, 414, 431)
    except (client.Ended, ConnectionError):
        pass
    t.new_room()
