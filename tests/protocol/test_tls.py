"""Over TLS (the suite tls): peers that begin a handshake and do not end it, or end a session in odd ways. Others are served
meanwhile, and what the daemon took for them is given back."""

import os
import select
import socket
import ssl
import subprocess
import time

import client
from suite import test

EACH = 40
SOON = {"limits.upgrade": "1s", "limits.connections": 1000}


def client_hello():
    """The first bytes of a handshake, as a client of today sends them."""
    out = ssl.MemoryBIO()
    context = ssl.create_default_context(cafile=client.CERTIFICATE)
    session = context.wrap_bio(ssl.MemoryBIO(), out, server_hostname="localhost")
    try:
        session.do_handshake()
    except ssl.SSLWantReadError:
        pass
    return out.read()


def descriptors(t):
    return len(os.listdir(f"/proc/{t.daemon.process.pid}/fd"))


def given_back(t, before):
    deadline = time.monotonic() + 4 * t.patience
    while descriptors(t) > before:
        assert time.monotonic() < deadline, f"{descriptors(t)} descriptors, and {before} before"
        time.sleep(0.05)


def served(t):
    assert t.http("GET", "/healthz").status == 200


def bare(t, data):
    stream = socket.create_connection(t.daemon.address, t.patience)
    stream.sendall(data)
    return stream


def all_end(t, streams):
    """Each of them is closed from the other side; as it ends whatever was sent there first is read."""
    deadline = time.monotonic() + 4 * t.patience
    open_ones = {stream.fileno(): stream for stream in streams}
    while open_ones:
        assert time.monotonic() < deadline, f"{len(open_ones)} of {len(streams)} are open"
        for stream in select.select(list(open_ones.values()), [], [], 0.1)[0]:
            try:
                data = stream.recv(65536)
            except OSError:
                data = b""
            if not data:
                del open_ones[stream.fileno()]
                stream.close()


if client.TLS:

    @test("TLS handshakes that stop: nothing, half a hello, after the hello; they end in time, others are served", SOON,
          alone="daemon", encodings=(None,))
    def stops(t):
        served(t)
        before = descriptors(t)
        hello = client_hello()
        streams = [bare(t, data) for data in (b"", hello[:1], hello[:5], hello[: len(hello) // 2], hello) for _ in range(EACH)]
        for _ in range(20):
            served(t)
        all_end(t, streams)
        given_back(t, before)

    @test("TLS handshakes a byte at a time: they end in time, too", SOON, alone="daemon", encodings=(None,))
    def byte_by_byte(t):
        served(t)
        before = descriptors(t)
        hello = client_hello()
        streams = {bare(t, b""): 0 for _ in range(EACH)}
        began = time.monotonic()
        while streams:
            assert time.monotonic() - began < 4 * t.patience, f"{len(streams)} go on"
            for stream in list(streams):
                try:
                    stream.sendall(hello[streams[stream] % len(hello):][:1])
                    streams[stream] += 1
                except OSError:
                    del streams[stream]
                    stream.close()
            served(t)
        given_back(t, before)

    @test("TLS garbage: who speaks no TLS is closed at once, not when time is over", {"limits.upgrade": "1h"}, alone="daemon",
          encodings=(None,))
    def garbage(t):
        served(t)
        before = descriptors(t)
        hello = client_hello()
        kinds = [b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\0" * 600, b"\xff" * 600, os.urandom(600), hello[:10] + b"\xff" * 600,
                 b"\x16\x03\x01\xff\xff" + b"x" * 600, b"\x15\x03\x01\x00\x02\x02\x28", b"\x80\x2e\x01\x00\x02" + b"\0" * 50]
        streams = [bare(t, kind) for kind in kinds for _ in range(EACH)]
        for stream in streams:
            try:
                stream.shutdown(socket.SHUT_WR)
            except OSError:  # closed already
                pass
        served(t)
        all_end(t, streams)
        given_back(t, before)

    @test("TLS limits.connections: as many as that, for all that each takes three descriptors", {"limits.connections": 700},
          alone="daemon", encodings=(None,))
    def connections(t):
        room = t.new_room()
        everyone = [t.connect(room, "json") for _ in range(690)]
        served(t)
        everyone[0].push("k", 1, action="relay")
        everyone[-1].expect({"type": "push", "key": "k", "value": 1, "seq": 1})

    @test("TLS garbage after the handshake ends the session, and its connection", alone="daemon", encodings=(None,))
    def garbage_inside(t):
        served(t)
        before = descriptors(t)
        one = t.connect(t.new_room(), "json")
        other = t.connect(t.new_room(), "json")
        raw = socket.socket(fileno=os.dup(one.socket.fileno()))
        raw.sendall(b"\x17\x03\x03\x00\x20" + b"x" * 32)  # a record that nobody has encrypted
        all_end(t, [raw])
        other.nothing()
        t.close()
        given_back(t, before)

    @test("TLS close_notify: answered; and an end without one is an end, too", alone="daemon", encodings=(None,))
    def close_notify(t):
        served(t)
        before = descriptors(t)
        room = t.new_room()
        for how in ("notify", "notify", "shut", "reset"):
            one = t.connect(room, "json")
            one.nothing()
            if how == "notify":
                one.socket.settimeout(2 * t.patience)
                one.socket.unwrap().close()  # waits for the other's
            elif how == "shut":
                os.close(one.socket.detach())
            else:
                one.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                os.close(one.socket.detach())
            t.open.remove(one)
        served(t)
        given_back(t, before)

    @test("TLS renegotiation is refused; others are served", alone="daemon", encodings=(None,))
    def renegotiation(t):
        served(t)
        before = descriptors(t)
        address = "%s:%d" % t.daemon.address
        peer = subprocess.Popen(["openssl", "s_client", "-tls1_2", "-connect", address], stdin=subprocess.PIPE,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        try:
            said = b""
            while b"Verify return code" not in said:  # the handshake is over
                data = os.read(peer.stdout.fileno(), 65536)
                assert data, said
                said += data
            peer.stdin.write(b"R\n")
            peer.stdin.flush()
            rest = peer.communicate(timeout=6 * t.patience)[0]
        finally:
            peer.kill()
            peer.wait()
        assert b"RENEGOTIATING" in rest and (b"no renegotiation" in rest or b"handshake failure" in rest), rest
        served(t)
        given_back(t, before)
