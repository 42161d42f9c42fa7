"""Rates: of a connection, of an address, of a namespace; and that they count for whom they should."""

import json
import time

import client
from client import PING, TEXT
from suite import test
from test_limits import ends_with, refused

PROXY = {"proxies": "127.0.0.1"}


def told(response):
    return json.loads(response.body)["error"]


def too_fast(response, limit):
    assert response.status == 429 and limit in told(response), f"{response.status} {told(response)}"
    assert int(response.headers["retry-after"]) >= 1, response.headers


# ---- of a connection -----------------------------------------------------------------------------------------------


@test("rate message_rate: a burst passes, one error for all that is over it, the connection stays",
      {"limits.message_rate": "100/h burst 5"})
def message_rate(t):
    room = t.new_room()
    a, other = t.connect(room), t.connect(room)
    began = time.monotonic()
    for i in range(500):
        a.push("k", i)
    for i in range(5):
        a.expect({"type": "push", "key": "k", "value": i, "seq": i + 1})
        if i:
            a.expect({"type": "stream_size", "key": "k", "size": i + 1})
        other.expect({"type": "push", "key": "k", "value": i, "seq": i + 1})
    a.expect_error(r"limits\.message_rate allows: \d+ refused")
    other.nothing()  # nobody else heard of the rest, and another connection has a bucket of its own
    errors = 0
    try:
        while True:
            a.expect_error(timeout=0.3)
            errors += 1
    except client.Silence:
        pass
    # At most one a second since the first, and one for what was refused behind the last of them.
    assert errors <= 2 + time.monotonic() - began, f"{errors} errors more in {time.monotonic() - began:.1f} s"


@test("rate message_rate: of a refused message under eddy.v1, its beginning is looked at for an id",
      {"limits.message_rate": "1/h", "limits.excess": 0}, encodings=("json",))
def message_rate_id(t):
    a = t.connect(t.new_room(), headers={"Sec-WebSocket-Protocol": "eddy.v1"})
    assert a.hear().plain()["type"] == "hello"
    push = {"type": "push", "key": "k", "action": {"type": "relay"}}

    def refused_push(*members):
        a.send_frame(TEXT, json.dumps({name: value for member in members for name, value in member.items()}).encode())

    a.push("k", 0, action="relay")
    assert a.hear().plain()["type"] == "push"
    refused_push({"id": "first"}, push, {"value": "x" * 500000})
    refused_push(push, {"value": "x" * 500}, {"id": "small"})
    refused_push(push, {"value": "x" * 500000}, {"id": "too late"})
    refused_push(push, {"value": 0}, {"id": "behind"})
    errors = []
    while not errors or errors[-1].get("id") != "behind":
        errors.append(a.hear().plain())
        assert errors[-1]["type"] == "error" and errors[-1]["code"] == "rate", errors
    ids = [error.get("id") for error in errors if error.get("id") is not None]
    assert ids == ["first", "small", "behind"], errors


@test("rate message_rate: it goes on when there is time for it", {"limits.message_rate": "20/s burst 1"})
def message_rate_again(t):
    a = t.connect(t.new_room())
    a.nothing()
    deadline = time.monotonic() + 4 * t.patience
    while True:
        a.say({"type": "ping", "nonce": 7})
        answer = a.hear().plain()
        if answer["type"] == "pong":
            break
        assert answer["type"] == "error" and time.monotonic() < deadline
        time.sleep(1.1)


@test("rate byte_rate: bytes of messages", {"limits.byte_rate": "1KiB/h burst 5KiB"})
def byte_rate(t):
    a = t.connect(t.new_room())
    for i in range(6):
        a.push("k", "x" * 1000, action="relay")
    for i in range(4):
        a.expect({"type": "push", "key": "k", "value": "x" * 1000, "seq": i + 1})
    a.expect_error(r"limits\.byte_rate")


@test("rate byte_rate: a message larger than the burst passes, those after it wait", {"limits.byte_rate": "1KiB/h"})
def byte_rate_large(t):
    a = t.connect(t.new_room())
    a.push("k", "x" * 5000, action="relay")
    a.push("k", 1, action="relay")
    a.expect({"type": "push", "key": "k", "value": "x" * 5000, "seq": 1})
    a.expect_error(r"limits\.byte_rate")


@test("rate excess: who goes on is closed with 1008", {"limits.message_rate": "1/h", "limits.excess": 50})
def excess(t):
    a = t.connect(t.new_room())
    a.nothing()
    for i in range(49):
        a.push("k", i)
    a.expect_error("limits.message_rate")
    a.push("k", 50)
    ends_with(a, 1008, "limits.excess")


@test("rate excess 0: nobody is closed", {"limits.message_rate": "1/h", "limits.excess": 0}, encodings=("json",))
def excess_off(t):
    a = t.connect(t.new_room())
    a.nothing()
    for i in range(3000):
        a.push("k", i)
    a.expect_error("limits.message_rate")
    time.sleep(1.1)  # one is told once a second
    a.push("k", 0)
    a.expect_error("refused")


@test("rate message_rate: pings of the WebSocket count, too", {"limits.message_rate": "1/h burst 3", "limits.excess": 100},
      encodings=("json",))
def pings_count(t):
    a = t.connect(t.new_room())
    a.send(client.frame(PING, b"x") * 20)
    a.expect_error("limits.message_rate")
    assert a.pongs == [b"x"] * 3, a.pongs
    a.send(client.frame(PING, b"x") * 100)
    ends_with(a, 1008, "limits.excess")


@test("pings: of many that come at once the first ones and the last are answered", encodings=("json",))
def many_pings(t):
    a = t.connect(t.new_room())
    a.send(b"".join(client.frame(PING, b"%d" % i) for i in range(2000)))
    a.nothing()
    assert a.pongs[0] == b"0" and a.pongs[-1] == b"1999", a.pongs[-1:]
    few = t.connect(t.new_room())
    few.send(b"".join(client.frame(PING, b"%d" % i) for i in range(10)))
    few.nothing()
    assert few.pongs == [b"%d" % i for i in range(10)], few.pongs


# ---- of a namespace ------------------------------------------------------------------------------------------------


@test("rate total_rate: all clients of a namespace together, HTTP too", {"namespaces.other.total_rate": "1/h burst 3"},
      alone="daemon", encodings=("json",))
def total_rate(t):
    room = t.new_room("/db/other")
    a, b = t.connect(room, base="/db/other"), t.connect(room, base="/db/other")
    a.nothing()
    b.nothing()
    ping = json.dumps({"type": "ping"}).encode()
    path = f"/db/other/room/{room}/send"
    assert t.http("POST", path, ping).status == 200
    too_fast(t.http("POST", path, ping), "total_rate")
    b.say({"type": "ping"})
    b.expect_error("total_rate")
    elsewhere = t.connect(t.new_room())
    elsewhere.nothing()


@test("rate room_rate: new rooms of a namespace, by /new and by connecting",
      {"namespaces.auto.room_rate": "1/h burst 3", "namespaces.auto.create_on_connect": "true"}, alone="daemon",
      encodings=(None,))
def room_rate(t):
    room = t.new_room("/db/auto")
    t.connect("one", "json", base="/db/auto")
    assert t.http("GET", "/db/auto/room/two").status == 200
    too_fast(t.http("POST", "/db/auto/new"), "room_rate")
    too_fast(refused(t.connect, "three", "json", base="/db/auto"), "room_rate")
    t.connect(room, "json", base="/db/auto")  # one that there is
    t.new_room()


# ---- of an address -------------------------------------------------------------------------------------------------


@test("rate address_connections: at once, from one address; then 429", {"limits.address_connections": 3}, alone="daemon",
      encodings=(None,))
def address_connections(t):
    room = t.new_room()
    a = t.connect(room, "json")
    t.connect(room, "json")
    t.connect(room, "json")
    too_fast(refused(t.connect, room, "json"), "address")
    too_fast(t.http("GET", f"/room/{room}"), "address")
    a.close()
    deadline = time.monotonic() + 2 * t.patience
    while t.http("GET", f"/room/{room}").status != 200:
        assert time.monotonic() < deadline, "a connection that has gone still counts"
        time.sleep(0.05)


@test("rate address_rate: new connections of one address, and the refused are counted",
      {"limits.address_rate": "1/h burst 20", "limits.upgrade": "1h"}, alone="daemon", encodings=(None,))
def address_rate(t):
    statuses = [t.http("GET", "/healthz").status for _ in range(25)]
    assert statuses[-1] == 429 and 4 <= statuses.count(429) <= 24 and statuses == sorted(statuses), statuses
    too_fast(t.http("GET", "/healthz"), "address")
    # More at once than are told so: they are closed, and nothing is kept for them.
    streams, ended = [], 0
    for _ in range(200):
        try:
            streams.append(t.stream())
        except OSError:  # over TLS, where a connection that is closed at once gets no handshake
            if not client.TLS:
                raise
            ended += 1
    deadline, news = time.monotonic() + t.patience, True
    while news or ended < 130:
        assert time.monotonic() < deadline, f"only {ended} were closed"
        news = False
        for stream in list(streams):
            try:
                stream.ended(0.01)
            except client.Silence:
                continue
            streams.remove(stream)
            ended, news = ended + 1, True
    assert t.daemon.alive() and ended <= 140, ended


@test("rate address_rooms: new rooms of one address", {"limits.address_rooms": "1/h burst 2"}, alone="daemon",
      encodings=(None,))
def address_rooms(t):
    room = t.new_room()
    t.new_room("/db/other")
    too_fast(t.http("POST", "/new"), "limits.address_rooms")
    t.connect(room, "json").nothing()
    metrics = t.http("GET", "/metrics")  # where the plugin is loaded
    assert metrics.status == 404 or b'\neddy_refusals_total{reason="rate"} 1\n' in metrics.body, metrics.body


@test("rate of addresses behind a listed proxy", {**PROXY, "limits.address_rooms": "1/h"}, alone="daemon",
      encodings=(None,))
def behind_proxy(t):
    def new(forwarded):
        response = t.http("POST", "/new", headers={"X-Forwarded-For": forwarded})
        if response.status == 429:
            too_fast(response, "limits.address_rooms")
        return response.status

    for forwarded, status in {
            "10.0.0.1": 200, "10.0.0.1 ": 429, "10.0.0.2": 200, "::ffff:10.0.0.2": 429,
            "2001:db8::1": 200, "2001:db8::2:3:4:5": 429, "2001:db8:0:1::1": 200,
            "1.2.3.4, 10.0.0.1": 429,  # what a client writes itself does not count
            "10.0.0.3, 127.0.0.1": 200, "10.0.0.3": 429,
            None: 200, "": 429, "nonsense": 429}.items():  # whom it does not say: the proxy itself
        assert new(forwarded) == status, (forwarded, status)
    # A proxy that adds a field of its own behind the client's
    stream = t.stream()
    stream.send(b"POST /new HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 10.9.9.9\r\nContent-Length: 0\r\n"
                b"X-Forwarded-For: 10.0.0.1\r\n\r\n")
    assert client.read_response(stream).status == 429


@test("rate of addresses: who is no listed proxy cannot say that it is others", {"limits.address_rooms": "1/h"},
      alone="daemon", encodings=(None,))
def no_proxy(t):
    assert t.http("POST", "/new", headers={"X-Forwarded-For": "10.0.0.1"}).status == 200
    assert t.http("POST", "/new", headers={"X-Forwarded-For": "10.0.0.2"}).status == 429


@test("rate address_connections: WebSockets behind a listed proxy", {**PROXY, "limits.address_connections": 1},
      alone="daemon", encodings=(None,))
def sockets_behind_proxy(t):
    room = t.new_room()
    a = t.connect(room, "json", headers={"X-Forwarded-For": "10.0.0.1"})
    t.connect(room, "json", headers={"X-Forwarded-For": "10.0.0.2"})
    too_fast(refused(t.connect, room, "json", headers={"X-Forwarded-For": "10.0.0.1"}), "address")
    a.nothing()


@test("rate of addresses: a unix socket has none, unless a listed proxy says whose",
      {"listen": "unix:{folder}/plain.sock", "limits.address_rooms": "1/h", "proxies": "unix"}, alone="daemon",
      encodings=(None,))
def unix_socket(t):
    path = t.daemon.listen[0][len("unix:"):]

    def new(**headers):
        stream = client.UnixStream(path, t.patience)
        try:
            stream.send(client.request_bytes("POST", "/new", "x", headers, b""))
            return client.read_response(stream).status
        finally:
            stream.close()

    assert [new() for _ in range(5)] == [200] * 5
    assert [new(**{"X-Forwarded-For": "10.0.0.1"}) for _ in range(2)] == [200, 429]
    assert new() == 200


# ---- origins -------------------------------------------------------------------------------------------------------

SITE = {"namespaces.site.origins": "https://example.org,https://*.example.net,http://localhost:3000"}
ALLOWED = ("https://example.org", "https://a.b.example.net", "http://localhost:3000")
OTHERS = ("https://evil.org", "http://example.org", "https://example.net", "null", "https://example.org.evil.org")


def origin(text):
    return {"Origin": text} if text else {}


@test("origins: a namespace without a list is everybody's", SITE, encodings=(None,))
def origins_default(t):
    for text in ("https://evil.org", None):
        response = t.http("POST", "/new", headers=origin(text))
        assert response.status == 200 and response.headers["access-control-allow-origin"] == "*"
        assert "vary" not in response.headers
        t.connect(json.loads(response.body)["room"], "json", headers=origin(text)).nothing()


@test("origins: who is on the list is named", SITE, encodings=(None,))
def origins_named(t):
    room = t.new_room("/db/site")
    for text in ALLOWED:
        for method, path in (("POST", "/db/site/new"), ("GET", f"/db/site/room/{room}"), ("OPTIONS", "/db/site/new"),
                             ("GET", "/db/site/room/nowhere"), ("POST", f"/db/site/room/{room}/send")):
            response = t.http(method, path, b'{"type":"ping"}' if path.endswith("send") else None, origin(text))
            assert response.status in (200, 204, 404), response.status
            assert response.headers["access-control-allow-origin"] == text, response.headers
            assert response.headers["vary"] == "Origin", response.headers
        t.connect(room, "json", base="/db/site", headers=origin(text)).nothing()


@test("origins: who is not on it may neither call nor connect", SITE, encodings=(None,))
def origins_other(t):
    room = t.new_room("/db/site")
    for text in OTHERS:
        for method, path in (("POST", "/db/site/new"), ("GET", f"/db/site/room/{room}"),
                             ("POST", f"/db/site/room/{room}/send"), ("OPTIONS", "/db/site/new")):
            response = t.http(method, path, b'{"type":"ping"}' if path.endswith("send") else None, origin(text))
            assert response.status == (204 if method == "OPTIONS" else 403), (method, path, response.status)
            assert "access-control-allow-origin" not in response.headers, response.headers
            assert response.headers["vary"] == "Origin", response.headers
        response = refused(t.connect, room, "json", base="/db/site", headers=origin(text))
        assert response.status == 403 and "origin" in told(response), (response.status, response.body)


@test("origins: who sends none is no browser", SITE, encodings=(None,))
def origins_none(t):
    room = t.new_room("/db/site")
    response = t.http("GET", f"/db/site/room/{room}")
    assert response.status == 200 and "access-control-allow-origin" not in response.headers
    t.connect(room, "json", base="/db/site").nothing()
