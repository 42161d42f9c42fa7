"""One daemon on several addresses: IPv4, IPv6, and a socket in the file system."""

import socket

import client
from suite import test

CALL = b"GET /room/%s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


def ask(family, address, room):
    with socket.socket(family) as connection:
        connection.settimeout(client.PATIENCE)
        connection.connect(address)
        connection.sendall(CALL % room.encode())
        answer = b""
        while data := connection.recv(65536):
            answer += data
        return answer


@test("listen: IPv6", {"listen": "[::1]:0"}, encodings=(None,), alone="daemon")
def ipv6(t):
    """Any free port: the daemon says which it has become."""
    line = next(line for line in t.daemon.log().splitlines() if "listens on" in line)
    port = int(line.split("[::1]:")[1].split('"')[0].split(",")[0])
    answer = ask(socket.AF_INET6, ("::1", port), t.new_room())
    assert answer.startswith(b"HTTP/1.1 200 "), answer[:200]
    room = t.new_room()
    a, b = t.connect(room, "json"), client.WebSocket(("::1", port), f"/room/{room}/connect", "x")
    a.push("k", 1)
    assert b.receive()[1] == b'{"type":"push","key":"k","value":1,"seq":1}'
    b.close()


@test("listen: a socket in the file system", {"listen": "unix:{folder}/sock"}, encodings=(None,), alone="daemon")
def unix(t):
    answer = ask(socket.AF_UNIX, t.daemon.folder.name + "/sock", t.new_room())
    assert answer.startswith(b"HTTP/1.1 200 "), answer[:200]
