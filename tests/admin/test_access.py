"""Who may ask, from where, and what becomes of those who ask for nonsense."""

import json
import os
import pathlib
import re
import socket
import stat
import subprocess
import tempfile
import time

import client
import server
from server import ROOT, SECONDS, Server, check, eventually

KEY = "correct-horse-battery"


def _bearer(key):
    return {"Authorization": f"Bearer {key}"}


def _tcp(s):
    port = re.search(r"admin interface on 127.0.0.1:(\d+)", s.daemon.log())[1]
    return "127.0.0.1", int(port)


def _eddyd(*arguments, env=None, cwd="/"):
    command = [str(server.BUILD / "eddyd"), "-s", f"scripts={ROOT}/scripts", *arguments]
    return subprocess.run(command, cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=SECONDS,
                          env=env)


def a_unix_socket_is_its_owners():
    with Server() as s:
        mode = os.stat(s.socket)
        check(stat.S_ISSOCK(mode.st_mode) and stat.S_IMODE(mode.st_mode) == 0o600, oct(mode.st_mode))
        check(s.call("GET", "/status", headers=_bearer("any")).status == 200, "a key does no harm")
        check("Access-Control-Allow-Origin" not in s.get("/status").headers, "no page of a browser may read this")
        path = s.socket
        s.daemon.terminate()
        s.daemon.process.wait(SECONDS)
        check(not os.path.exists(path), "it is left behind")


def tcp_needs_the_key():
    with Server({"admin.listen": "127.0.0.1:0", "admin.key": KEY}) as s:
        address = _tcp(s)
        for headers in ({}, _bearer("wrong-horse-battery"), _bearer(KEY[:-1]), _bearer(KEY + "x"), _bearer(""),
                        {"Authorization": KEY}, {"Authorization": f"Basic {KEY}"}, {"Authorization": "Bearer"}):
            answer = s.call("GET", "/status", headers=headers, address=address)
            answer.error(401, "Bearer KEY")
            check(answer.headers["WWW-Authenticate"] == "Bearer", headers)
            s.call("GET", "/nope", headers=headers, address=address).error(401, "Bearer KEY")
        for headers in (_bearer(KEY), {"Authorization": f"bearer {KEY}"}):
            check(s.call("GET", "/status", headers=headers, address=address).status == 200, headers)
        check(s.t.http("GET", "/status").status == 404 and s.t.http("GET", "/admin/status").status == 404, "public")
        check(s.call("POST", "/new", b"", _bearer(KEY), address).status == 404, "it serves nothing else")
        check(KEY not in s.daemon.log(), "the key is in the log")


def public_only_where_it_is_said_so():
    with Server({"admin.public": "true", "admin.key": KEY}) as s:
        check(s.t.http("GET", "/admin/status").status == 401, "without the key")
        answer = s.t.http("GET", "/admin/status", headers=_bearer(KEY))
        check(answer.status == 200 and json.loads(answer.body)["state"] == "serving", answer.body)
        check("access-control-allow-origin" not in answer.headers, answer.headers)
        check(s.t.http("GET", "/administrator").status == 404, "another page")
        check(s.t.http("POST", "/new").status == 200, "the others are as they were")
        out = s.ctl("--url", f"http://{s.daemon.host}/admin", "--key", KEY, "status", "--json", reach=False)
        check(json.loads(out)["pid"] == s.daemon.process.pid, out)


def check_refuses_what_is_not_safe():
    cases = {
        ("admin.listen=127.0.0.1:0",): "admin.listen: a TCP address needs admin.key",
        ("admin.public=true",): "admin.public: this needs admin.key",
        ("admin.key=short",): "admin.key: a key is 16 to 256 printable characters",
        ("admin.key=has a space in its middle",): "printable",
        ("admin.listen=nowhere",): "HOST:PORT",
        ("admin.lisen=auto",): "did you mean admin.listen?",
    }
    for settings, wrong in cases.items():
        arguments = [word for setting in settings for word in ("-s", setting)]
        done = _eddyd(*arguments, "--check")
        check(done.returncode == 1 and wrong in done.stderr, settings, done.stderr)
    good = _eddyd("-s", "admin.listen=127.0.0.1:0", "-s", f"admin.key={KEY}", "--check")
    check(good.returncode == 0, good.stderr)
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "eddy.lua"
        path.write_text('return {\n  admin = { listen = "127.0.0.1:9",\n    key = "secret" },\n}\n')
        done = _eddyd("-c", str(path), "--check")
        check(f"{path}:3: admin.key: " in done.stderr and "secret" not in done.stderr, done.stderr)


def the_place_of_the_socket():
    """The runtime folder of the service; one that another daemon has is left to it."""
    with tempfile.TemporaryDirectory() as folder:
        runtime = pathlib.Path(folder) / "run"
        env = {**os.environ, "RUNTIME_DIRECTORY": str(runtime)}
        with tempfile.TemporaryFile("w+") as log:
            command = [str(server.BUILD / "eddyd"), "-s", f"scripts={ROOT}/scripts", "-l", "127.0.0.1:0"]
            first, second = None, None
            try:
                first = subprocess.Popen(command, env=env, stderr=log, cwd=folder)
                eventually(lambda: (runtime / "admin.sock").exists())
                second = subprocess.Popen(command, env=env, stderr=log, cwd=folder)
                eventually(lambda: log.seek(0) == 0 and log.read().count("listens on") == 2)
                log.seek(0)
                said = log.read()
                check("level=warn" in said and "for the admin interface" in said, said)
                check((runtime / "admin.sock").exists(), "the first one's is still there")
            finally:
                for process in (second, first):
                    if process:
                        process.terminate()
                        check(process.wait(SECONDS) == 0, "exit status")
        off = {name: value for name, value in os.environ.items() if name != "XDG_RUNTIME_DIR"}
        off["RUNTIME_DIRECTORY"] = str(pathlib.Path(folder) / "there/is/none")
        process = subprocess.Popen(command, env=off, stderr=subprocess.PIPE, cwd=folder, text=True)
        said = ""
        while "listens on" not in said:
            line = process.stderr.readline()
            check(line, said)
            said += line
        process.terminate()
        check(process.wait(SECONDS) == 0 and "no admin interface" in said, said)
        process.stderr.close()


def an_explicit_place_must_be_there():
    done = _eddyd("-l", "127.0.0.1:0", "-s", "admin.listen=unix:/nonexistent/folder/s")
    check(done.returncode == 1 and "/nonexistent/folder/s" in done.stderr, done.stderr)


def off_is_off():
    with Server({"admin.listen": "off"}) as s:
        check(not os.path.exists(s.socket) and "admin interface on" not in s.daemon.log(), "it is there")
        check("no daemon answers at" in s.ctl("status", status=3), "eddyctl")


def an_operator_gets_in_when_all_is_full():
    with Server({"limits.connections": 2}) as s:
        id = s.t.new_room()
        eventually(lambda: s.get("/status").json["connections"] == 1)  # the call above is gone
        first, _ = s.t.connect(id), s.t.connect(id)
        check(s.t.http("GET", "/healthz").status == 503, "it is full")
        check(s.get("/status").json["members"] == 2, "status")
        s.ctl("kick", id, "1")
        check(first.end_code() == 1008, "kicked")
        first.close()
        eventually(lambda: s.t.http("GET", "/healthz").status == 200)


def methods():
    with Server() as s:
        s.post("/status").error(405, "GET")
        s.get("/drain").error(405, "POST")
        s.get("/reload").error(405, "POST")
        head = s.call("HEAD", "/status")
        check(head.status == 200 and head.body == b"" and int(head.headers["Content-Length"]) > 100, head.headers)
        for method in ("PUT", "DELETE", "OPTIONS", "CONNECT", "TRACE"):
            check(s.call(method, "/status").status == 405, method)
        check(s.get("/status").json["state"] == "serving", "nothing was drained")


def _raw(s, data, shut=True):
    """What comes back for these bytes."""
    sock = s.connection()
    try:
        sock.sendall(data)
        if shut:
            sock.shutdown(socket.SHUT_WR)
        said = b""
        while more := sock.recv(65536):
            said += more
        return said
    except ConnectionError:
        return said
    finally:
        sock.close()


def hostile_requests():
    with Server({"limits.header": "2KiB", "limits.upgrade": "2s", "limits.message": "64KiB"}) as s:
        id = s.t.new_room()
        big = b"POST /rooms/default/x/push HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n{"
        check(b" 413 " in _raw(s, big, shut=False).split(b"\r\n")[0], "too large, and said before it came")
        check(b" 431 " in _raw(s, b"GET /status HTTP/1.1\r\nX: " + b"x" * 5000 + b"\r\n\r\n"), "a head too large")
        check(b" 400 " in _raw(s, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"), "TLS")
        for rubbish in (b"GET /rooms/%00/%ff HTTP/1.1\r\nHost: x\r\n\r\n",
                        b"GET /rooms//../..//status HTTP/1.1\r\nHost: x\r\n\r\n",
                        b"GET /rooms?match=%00&limit=%ff HTTP/1.1\r\nHost: x\r\n\r\n",
                        b"GET /rooms?" + b"&" * 1000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
                        b"GET /rooms?limit HTTP/1.1\r\nHost: x\r\n\r\n",
                        b"GET /rooms?=1 HTTP/1.1\r\nHost: x\r\n\r\n",
                        b"GET /rooms?limit=1&limit=2&limit=" + b"9" * 300 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
                        b"GET * HTTP/1.1\r\nHost: x\r\n\r\n",
                        b"GET " + b"/" * 500 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
                        b"POST /log HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n{}}}}}",
                        b"POST /log HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                        b"POST /log HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                        b"Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\nSec-WebSocket-Version: 13\r\n\r\n",
                        b"HEAD /rooms HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                        b"Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\nSec-WebSocket-Version: 13\r\n\r\n"):
            said = _raw(s, rubbish).split(b"\r\n")[0]
            check(not said or int(said.split()[1]) < 500, rubbish[:60], said)
            check(s.get("/status").status == 200, rubbish[:60], "was the end of it")
        for body in (b"", b"[]", b"null", b'{"level":"info"} x', b'{"level":"info","level":"warn"}', b'{"level":5}',
                     b'{"other":1}', b"[" * 50000, b"\xff", b'{"level":"in\\u0000fo"}'):
            s.call("POST", "/log", body).error(400, "")
        check(s.call("POST", f"/rooms/default/{id}/push", b'{"a":' * 2000).status == 400, "deep")
        check(s.daemon.alive(), s.daemon.log()[-2000:])


def half_a_request_is_ended():
    with Server({"limits.upgrade": "1s"}) as s:
        began = time.monotonic()
        _raw(s, b"POST /log HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{", shut=False)
        check(time.monotonic() - began < SECONDS, "it waits for ever")


def a_crowd_is_turned_away():
    with Server() as s:
        crowd = [s.connection() for _ in range(100)]
        for sock in crowd:
            sock.close()

        def answered():
            try:
                return s.get("/status").status == 200
            except ConnectionError:  # the places of those who went are not free yet
                return False

        eventually(answered)


def a_watcher_who_talks():
    """It may speak the protocol, and gets answers; what is none ends it, as for others."""
    with Server({"limits.errors": 3}) as s:
        tail = s.follow(f"/rooms/default/{s.t.new_room()}/tail")
        tail.say({"type": "ping", "nonce": 1})
        tail.expect({"type": "pong", "nonce": 1})
        for _ in range(3):
            tail.send_frame(client.TEXT, b"rubbish")
        check(tail.end_code() == 1008, "it is closed")
        check(s.get("/status").status == 200, "it goes on")
