"""SIGTERM: connections are closed with 1001 after what was queued, and the exit status is 0."""

import re
import signal
import time

import client
from suite import test


def exit_status(t):
    return t.daemon.process.wait(timeout=6 * t.patience)


DRAIN = {"drain": "1h"}  # who waits for that, waits for longer than any test


@test("", DRAIN, table={"sigterm: connections are closed with 1001, exit status 0": (signal.SIGTERM,),
                 "sigint: the same": (signal.SIGINT,)}, alone="daemon")
def sigterm(t, number):
    room = t.new_room()
    connections = [t.connect(room) for _ in range(3)]
    connections[0].get("k", None)
    connections[1].push("k", "last")
    connections[0].expect({"type": "push", "key": "k", "value": "last", "seq": 1})
    t.daemon.process.send_signal(number)
    for connection in connections:
        code = connection.end_code()
        assert code == 1001, f"closed with {code}"
    status = exit_status(t)
    assert status == 0, f"exit status {status}"


@test("sighup: nobody notices; a certificate that is broken changes nothing", encodings=("json",), alone="daemon")
def sighup(t):
    room = t.new_room()
    connection = t.connect(room)
    connection.get("-", None)
    connection.push("k", "before")
    whole = client.CERTIFICATE and open(client.CERTIFICATE).read()
    for text in (None, "no certificate", whole):
        if client.CERTIFICATE and text:
            with open(t.daemon.certificate, "w") as file:
                file.write(text)
        said = len(t.daemon.log())
        t.daemon.process.send_signal(signal.SIGHUP)
        deadline = time.monotonic() + t.patience
        while not re.search("the configuration was not taken|configuration loaded again", t.daemon.log()[said:]):
            assert time.monotonic() < deadline, f"it is not said to be dealt with: {t.daemon.log()[said:]}"
            time.sleep(0.02)
        connection.nothing()
        t.connect(room).nothing()
    log = t.daemon.log()
    assert ("the configuration was not taken" in log) == bool(client.CERTIFICATE), log[-2000:]
    assert "configuration loaded again: 0 changed" in log, log[-2000:]


@test("sigterm: with nobody connected it ends at once", DRAIN, encodings=(None,), alone="daemon")
def sigterm_idle(t):
    t.new_room()
    t.daemon.terminate()
    status = exit_status(t)
    assert status == 0, f"exit status {status}"


@test("sigterm: what is queued is delivered before the close", DRAIN, encodings=(None,), alone="daemon")
def sigterm_queue(t):
    room = t.new_room()
    reader, writer = t.connect(room, "json", receive_buffer=4096), t.connect(room, "json")
    writer.get("-", None)
    for _ in range(30):
        writer.push("k", "x" * 100000, "relay")
    writer.nothing()
    t.daemon.terminate()
    seqs = []
    try:
        while True:
            seqs.append(reader.hear().value["seq"].value)
    except client.Ended as ended:
        assert ended.code == 1001, ended
    assert seqs == list(range(1, 31)), f"{len(seqs)} of 30 pushes came"
    assert exit_status(t) == 0


@test("sigterm: who does not read holds it up no longer than drain allows",
      {"drain": "500ms", "limits.queue": "64MiB"}, encodings=(None,), alone="daemon")
def sigterm_stuck(t):
    room = t.new_room()
    t.connect(room, "json", receive_buffer=4096)
    writer = t.connect(room, "json")
    writer.get("-", None)
    for _ in range(200):
        writer.push("k", "x" * 100000, "relay")
    writer.nothing()
    half = t.stream()
    half.send(b"GET / HTTP/1.1\r\nHo")
    began = time.monotonic()
    t.daemon.terminate()
    status = exit_status(t)
    assert status == 0, f"exit status {status}"
    assert time.monotonic() - began < t.patience, "it took longer than drain"


@test("sigterm: while draining nobody new is let in", {**DRAIN, "limits.queue": "64MiB"}, encodings=(None,),
      alone="daemon")
def sigterm_refuses(t):
    room = t.new_room()
    reader, writer = t.connect(room, "json", receive_buffer=4096), t.connect(room, "json")
    asking = []  # requests that have begun, and are finished while it drains
    for method, path in (("GET", "/healthz"), ("POST", "/new"), ("GET", f"/room/{room}")):
        data = client.request_bytes(method, path, t.daemon.host, {}, None)
        asking.append((t.stream(), data[4:]))
        asking[-1][0].send(data[:4])
    writer.get("-", None)
    for _ in range(200):
        writer.push("k", "x" * 100000, "relay")
    writer.nothing()
    t.daemon.terminate()
    deadline = time.monotonic() + t.patience
    while "shutting down" not in t.daemon.log():
        assert time.monotonic() < deadline, "it does not begin to end"
        time.sleep(0.02)
    for stream, rest in asking:
        stream.send(rest)
        response = client.read_response(stream)
        assert response.status == 503 and b"error" in response.body, (response.status, response.body)
        assert 1 <= int(response.headers["retry-after"]) <= 3601, response.headers
    try:
        t.connect(room, "json")
        raise AssertionError("a connection was let in")
    except client.Refused as refused:
        assert refused.response.status == 503 and refused.response.headers["retry-after"], refused.response.headers
    assert t.http("GET", "/healthz").status == 503  # who asks anew is told, too
    code = reader.end_code(4 * t.patience)
    assert code == 1001, code
    assert exit_status(t) == 0
