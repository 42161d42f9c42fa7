"""Order: whoever listens, in whatever encoding, from whatever moment, hears the same sequence without a gap."""

import threading

import values
from client import BINARY, TEXT, frame
from suite import test

WRITERS, EACH = 8, 250


def writer(connection, number, failures):
    """Pushes as fast as the socket takes it; odd writers in CBOR."""
    try:
        for i in range(EACH):
            connection.push("k", [number, i])
    except OSError as error:
        failures.append(error)


def run(threads):
    for thread in threads:
        thread.start()
    return threads


def hear_pushes(connection, until, out):
    """Collects (seq, value) of pushes and inits until the given number of the last; stream_size is not asked for."""
    while not out or out[-1][0] < until:
        message = connection.hear().plain()
        if message["type"] == "push":
            out.append((message["seq"], tuple(message["value"])))
        elif message["type"] == "init":
            out.extend((item["seq"], tuple(item["value"])) for item in message["data"])
        elif message["type"] != "stream_size":
            raise AssertionError(f"unexpected {message}")


@test("order: eight connections push at once, all see one order with no gap", encodings=(None,))
def eight(t):
    room = t.new_room()
    writers = [t.connect(room, "cbor" if i % 2 else "json") for i in range(WRITERS)]
    readers = [t.connect(room, "json"), t.connect(room, "cbor")]
    for reader in readers:
        reader.get("k")
        reader.hear()
    failures, heard = [], [[] for _ in writers + readers]
    total = WRITERS * EACH
    threads = run([threading.Thread(target=writer, args=(w, i, failures)) for i, w in enumerate(writers)])
    listening = run([threading.Thread(target=hear_pushes, args=(c, total, out))
                     for c, out in zip(writers + readers, heard)])
    for thread in threads + listening:
        thread.join(20 * t.patience)
    assert not failures, failures
    for out in heard:
        assert [seq for seq, _ in out] == list(range(1, total + 1)), "a gap or a double"
        assert out == heard[0], "two orders"
    for number in range(WRITERS):
        mine = [i for _, (who, i) in heard[0] if who == number]
        assert mine == list(range(EACH)), "a writer's own order is not kept"


@test("order: a reader that joins in the middle sees init and pushes join", encodings=(None,))
def join(t):
    room = t.new_room()
    writers = [t.connect(room, "cbor" if i % 2 else "json") for i in range(WRITERS)]
    for w in writers:
        w.get("-", None)
    failures, heard, total = [], {}, WRITERS * EACH
    threads = run([threading.Thread(target=writer, args=(w, i, failures)) for i, w in enumerate(writers)])

    def reader(encoding, times):
        for number in range(times):
            out = heard[encoding, number] = []
            connection = t.connect(room, encoding)
            # With and without what came before the get: a connection that has sent none hears everything.
            connection.get("k")
            while (message := connection.hear().plain())["type"] != "init":
                assert message["type"] == "push"
            out.extend((item["seq"], tuple(item["value"])) for item in message["data"])
            if number == times - 1:
                hear_pushes(connection, total, out)
            else:
                for _ in range(3):
                    if out and out[-1][0] == total:
                        break
                    message = connection.hear().plain()
                    out.append((message["seq"], tuple(message["value"])))
            connection.close()

    readers = run([threading.Thread(target=reader, args=(encoding, 6)) for encoding in ("json", "cbor")])
    for thread in threads + readers:
        thread.join(20 * t.patience)
    assert not failures and len(heard) == 12, (failures, len(heard))
    last = heard["json", 5]
    assert [seq for seq, _ in last] == list(range(1, total + 1)), "a gap or a double"
    for out in heard.values():
        assert out == last[:len(out)], "init and pushes do not join"


@test("order: what a connection sends is done in order, its answers too")
def answers(t):
    a = t.connect(t.new_room())
    a.get("k")
    for i in range(100):
        a.push("k", i)
        a.say({"type": "ping", "nonce": i})
        a.get("k", i)
    a.expect({"type": "init", "key": "k", "data": []})
    for i in range(100):
        a.expect({"type": "push", "key": "k", "value": i, "seq": i + 1})
        if i:
            a.expect({"type": "stream_size", "key": "k", "size": i + 1})
        a.expect({"type": "pong", "nonce": i})
        a.expect({"type": "init", "key": "k", "data": [{"value": i, "seq": i + 1}]})


@test("order: HTTP and WebSocket share one order")
def http_and_socket(t):
    room = t.new_room()
    a = t.connect(room)
    a.get("k")
    a.expect({"type": "init", "key": "k", "data": []})
    for i in range(20):
        response = t.http("POST", f"/room/{room}/send",
                          b'{"type":"push","key":"k","action":{"type":"append"},"value":%d}' % i)
        assert response.status == 200
        a.expect({"type": "push", "key": "k", "value": i, "seq": i + 1})


@test("order: what changes who hears takes effect where it was sent, also within one write")
def one_write(t):
    a = t.connect(t.new_room())
    a.get("-", None)
    a.nothing()

    def together(*messages):
        opcode = BINARY if t.encoding == "cbor" else TEXT
        a.send(b"".join(frame(opcode, values.to_bytes(t.encoding, message)) for message in messages))

    def push(key, value):
        return {"type": "push", "key": key, "action": {"type": "replace"}, "value": value}

    together(push("k", 1), {"type": "get", "key": "k"}, push("k", 2))
    a.expect({"type": "init", "key": "k", "data": [{"value": 1, "seq": 1}]})
    a.expect({"type": "push", "key": "k", "value": 2, "seq": 2})
    together(push("k", 3), {"type": "unsubscribe", "key": "k"}, push("k", 4))
    a.expect({"type": "push", "key": "k", "value": 3, "seq": 3})
    a.nothing()
    # A connection that has sent no get hears everything, up to its first one.
    a = t.connect(t.new_room())
    together(push("x", 1), {"type": "get", "key": "y", "seq": None}, push("x", 2), push("y", 3))
    a.expect({"type": "push", "key": "x", "value": 1, "seq": 1})
    a.expect({"type": "push", "key": "y", "value": 3, "seq": 3})
    a.nothing()
