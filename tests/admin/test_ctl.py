"""eddyctl: each command, its exit statuses, its screen, and what is made from its tables."""

import fcntl
import json
import os
import pty
import re
import select
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import termios
import threading
import time

import server
from server import ROOT, SECONDS, Server, check, eventually


def _lines(text):
    return [json.loads(line) for line in text.splitlines()]


def status():
    with Server() as s:
        out = s.ctl("status")
        check(f"pid {s.daemon.process.pid}, serving for" in out and "other (default)" in out, out)
        check(json.loads(s.ctl("status", "--json"))["pid"] == s.daemon.process.pid, "json")


def rooms():
    with Server() as s:
        ids = sorted(s.t.new_room() for _ in range(3))
        s.t.connect(ids[1])
        names = [f"default/{id}" for id in ids]
        check(s.ctl("rooms", "--names").split() == names, "names")
        check([room["room"] for room in _lines(s.ctl("rooms", "--json"))] == names, "json")
        check(s.ctl("rooms", "-q", ids[2]).split() == names[2:], "a pattern")
        check(s.ctl("rooms", "-q", "--sort", "members", "--limit", "1").split() == names[1:2], "sorted, one")
        table = s.ctl("rooms").splitlines()
        check(table[0].split() == ["MEMBERS", "KEYS", "MESSAGES", "BYTES", "MSGS/S", "ROOM"] and len(table) == 4, table)
        check(s.ctl("rooms", "no*such").splitlines() == table[:1], "an empty table")
        check("name, members or rate" in s.ctl("rooms", "--sort", "age", status=1), "sort")
        s.ctl("rooms", "--limit", "0", status=2)
        s.ctl("rooms", "--limit", "x", status=2)


def a_full_disk():
    """What could not be written is no success, and is said; also where it was not the last of it."""
    with Server() as s:
        room = s.t.new_room()
        for wide in 1, 10_000:
            s.ctl("push", f"default/{room}", "key", json.dumps("x" * wide))
            for words in ["status"], ["rooms", "--json"], ["get", f"default/{room}", "key", "--json"]:
                with open("/dev/full", "w") as full:
                    done = subprocess.run([str(server.BUILD / "eddyctl"), "-s", s.socket, *words], stdout=full, stderr=subprocess.PIPE,
                                          text=True, timeout=SECONDS * 3)
                check(done.returncode == 3 and "No space left on device" in done.stderr, words, wide, done)


def lists_of_many_pages():
    with Server() as s:
        id = s.t.new_room()
        a = s.t.connect(id)
        a.get("-", None)
        for i in range(2100):
            a.push(f"key{i}", i)
        a.nothing()
        keys = s.ctl("keys", id, "--names").split()
        check(len(keys) == 2101 and len(set(keys)) == 2101, len(keys))
        check(len(s.ctl("keys", id, "key1*", "-q", "--limit", "1005").split()) == 1005, "limit")


def a_room():
    with Server() as s:
        id = s.t.new_room(base="/db/other")
        a = s.t.connect(id, base="/db/other")
        a.push("k", 1)
        a.hear()
        out = s.ctl("room", f"other/{id}")
        host, port = a.socket.getsockname()
        check(f"other/{id}" in out and "1 messages of 1 keys" in out and f"{host}:{port}" in out, out)
        facts, member = _lines(s.ctl("room", f"other/{id}", "--json"))
        check(facts["seq"] == 1 and member["id"] == 1, facts, member)
        check("no such room" in s.ctl("room", id, status=1), "another namespace")
        check("no such namespace" in s.ctl("room", f"nope/{id}", status=1), "namespace")


def push_get_trim_drop():
    with Server() as s:
        id = s.t.new_room()
        key = "a b&c=d,+%/ä\"'"
        check(s.ctl("push", id, key, '{"n": 12345678901234567890123}') == "#1\n", "push")
        check(s.ctl("push", id, key, "2", "--action", "append", "--json") == '{"seq":2}\n', "json")
        out = s.ctl("get", id, key)
        check(re.fullmatch(r'#1 +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d  \{"n": 12345678901234567890123\}\n#2 .*  2\n', out), out)
        check([m["seq"] for m in _lines(s.ctl("get", id, key, "--json"))] == [1, 2], "json")
        check(s.ctl("push", id, key, "[]", "--action", "compact", "--seq", "1") == "#2\n", "compact")
        check(_lines(s.ctl("get", id, key, "--json"))[0]["value"] == [], "compacted")
        check(s.ctl("push", id, "k", "--action", "replace", "--", "-5") == "#3\n", "a minus")
        check(s.ctl("drop", id, key, "2") == "dropped 1\n", "drop")
        s.ctl("drop", id, key, "2", status=1)
        check(s.ctl("trim", id, "k", "--keep", "0") == "dropped 1\n", "trim")
        check("no such key" in s.ctl("get", id, "k", status=1), "gone")
        check("not JSON" in s.ctl("push", id, "k", "hello", status=2), "no JSON")
        s.ctl("push", id, "k", "1", "--seq", "1", status=2)
        s.ctl("push", id, "k", "1", "--action", "compact", status=2)
        s.ctl("push", id, "k", "1", "--action", "burn", status=1)
        s.ctl("trim", id, "k", status=2)
        s.ctl("trim", id, "k", "--keep", "1", "--upto", "1", status=2)
        s.ctl("drop", id, "k", "one", status=2)


def policy_kick_close_delete():
    with Server(rooms={"one": "return {}\n"}) as s:
        id = s.t.new_room()
        check(s.ctl("policy", id).startswith("policy       default, version 1, 0 failures\n"), "policy")
        check(s.ctl("policy", id, "one").startswith("policy       one, version 1"), "moved")
        check(json.loads(s.ctl("policy", id, "--json"))["name"] == "one", "json")
        check("no such policy" in s.ctl("policy", id, "nope", status=1), "unknown")
        a, b, c = (s.t.connect(id) for _ in range(3))
        check(s.ctl("kick", id, "1") == "disconnected member 1\n" and a.end_code() == 1008, "kick")
        s.ctl("kick", id, "77", status=1)
        s.ctl("kick", id, "x", status=2)
        check(s.ctl("close", id) == "members disconnected: 2\n" and b.end_code() == c.end_code() == 1001, "close")
        eventually(lambda: s.get(f"/rooms/default/{id}").json["members"] == 0)
        check(s.ctl("delete", id) == "deleted; members disconnected: 0\n", "delete")
        s.ctl("room", id, status=1)


def reload_log_drain():
    with Server({"namespaces.other.policy": "mine"}, {"mine": "return {}\n"}) as s:
        s.t.new_room(base="/db/other")
        check(s.ctl("reload") == "configuration loaded again: 0 changed, 0 wait for a restart\npolicies: 0 loaded anew\n", "reload")
        check(s.ctl("log", "debug") == "log level debug\n", "log")
        check("error, warn, info or debug" in s.ctl("log", "loud", status=1), "a wrong level")
        check(s.ctl("drain") == "draining; members to go: 0\n", "drain")
        check(s.daemon.process.wait(SECONDS) == 0, "exit status")
        check("no daemon answers at" in s.ctl("status", status=3), "gone")


def usage():
    with Server() as s:
        for words in ([], ["nope"], ["room"], ["room", "a", "b"], ["status", "x"], ["--nope"], ["-s"], ["room", "--sort"],
                      ["status", "--sort", "name"], ["top", "-d", "0"], ["top", "-n", "x"], ["tail", "x", "-n", "0"],
                      ["--url", "ftp://x", "status"], ["--url", "https://", "status"], ["--url", "x", "status"],
                      ["--url", "http://x", "--insecure", "status"], ["--ca", "x", "status"], ["--url", "http://", "status"],
                      ["-s", "", "status"], ["-s", "x" * 200, "status"]):
            s.ctl(*words, status=2)
        help_ = s.ctl("--help")
        for name in ("status", "tail", "top", "--json", "--socket"):
            check(name in help_, name)
        check(re.fullmatch(r"eddyctl \d+\.\d+\.\d+\n", s.ctl("--version")), "version")


def unreachable():
    with Server() as s, tempfile.TemporaryDirectory() as folder:
        check("is it running?" in s.ctl("-s", f"{folder}/none", "status", status=3, reach=False), "no socket")
        check("no daemon answers" in s.ctl("--url", "http://127.0.0.1:1", "status", status=3, reach=False), "no port")
        out = s.ctl("--url", f"http://{s.daemon.host}", "status", status=1, reach=False)
        check("nothing here" in out, "the public port", out)
        with server.socket.create_server(("127.0.0.1", 0)) as other:  # something else that answers
            process = subprocess.Popen([str(server.BUILD / "eddyctl"), "--url",
                                        f"http://127.0.0.1:{other.getsockname()[1]}", "status"],
                                       stderr=subprocess.PIPE, text=True)
            peer, _ = other.accept()
            peer.recv(1000)
            peer.sendall(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")
            peer.close()
            _, err = process.communicate(timeout=SECONDS)
            check(process.returncode == 3 and "is not the admin interface" in err, err)


def over_tcp():
    key = "correct-horse-battery"
    with Server({"admin.listen": "127.0.0.1:0", "admin.key": key}) as s:
        url = "http://" + re.search(r"admin interface on ([\d.:]+)", s.daemon.log())[1]
        check("needs the key" in s.ctl("--url", url, "status", status=1, reach=False), "no key")
        check(s.ctl("--url", url + "/", "--key", key, "rooms", reach=False), "a key")
        check(s.ctl("--url", url, "status", reach=False, env={"EDDY_ADMIN_KEY": key}), "from the environment")


def _certificate(folder, name, san):
    """A key and a certificate that vouches for itself, for these names; its file."""
    path = f"{folder}/{name}.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                    "-subj", f"/CN={name}", "-addext", f"subjectAltName={san}", "-keyout", f"{folder}/{name}.key", "-out", path],
                   check=True, capture_output=True)
    return path


def over_tls():
    key = "correct-horse-battery"
    with tempfile.TemporaryDirectory() as folder:
        own, other = _certificate(folder, "own", "DNS:localhost"), _certificate(folder, "other", "DNS:localhost,IP:127.0.0.1")
        with Server({"tls.listen": "127.0.0.1:0", "tls.certificate": own, "tls.key": f"{folder}/own.key", "admin.key": key,
                     "admin.public": "true"}) as s:
            port = re.search(r"TLS 127\.0\.0\.1:(\d+)", s.daemon.log())[1]
            url, id = f"https://localhost:{port}/admin", s.t.new_room()

            def ask(*words, at=url, status=0):
                return s.ctl("--url", at, "--key", key, *words, reach=False, status=status)

            check("serving" in ask("--ca", own, "status"), "the right certificate")
            check("serving" in ask("--insecure", "status"), "any certificate")
            check(id in ask("--ca", own, "-q", "rooms"), "the list of rooms")
            check("is not to be trusted: self-signed" in ask("status", status=3), "nobody vouches for it")
            check("is not to be trusted" in ask("--ca", other, "status", status=3), "somebody else vouches")
            by_number = f"https://127.0.0.1:{port}/admin"
            check("is not to be trusted: IP address mismatch" in ask("--ca", own, "status", at=by_number, status=3), "of another name")
            check("serving" in ask("--insecure", "status", at=by_number), "whatever its name")
            check("no certificate in it" in ask("--ca", f"{folder}/none", "status", status=2), "no file")
            check("no TLS with 127.0.0.1:" in ask("--insecure", "status", at=f"https://{s.daemon.host}/admin", status=3), "no TLS there")
            check("ended the connection" in ask("status", at=f"http://localhost:{port}/admin", status=3), "and the other way round")
            follower = subprocess.Popen([str(server.BUILD / "eddyctl"), "--url", url, "--ca", own, "--key", key, "tail", id, "-n", "2", "--json"],
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            large = "x" * 100000  # more than one record of TLS
            eventually(lambda: s.get(f"/rooms/default/{id}").json["watchers"] == 1)
            for _ in range(2):
                ask("--ca", own, "push", id, "k", f'"{large}"')
            out, err = follower.communicate(timeout=SECONDS)
            lines = [json.loads(line) for line in out.splitlines()]
            check(follower.returncode == 0 and [line["value"] for line in lines] == [large] * 2, follower.returncode, err, len(out))
            check(large in ask("--ca", own, "--json", "--limit", "1", "get", id, "k"), "a large answer")


def tail():
    with Server() as s:
        id = s.t.new_room()

        def begin(*words):
            process = subprocess.Popen([str(server.BUILD / "eddyctl"), "-s", s.socket, "tail", id, *words],
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            return process

        all_, one, raw = begin("-n", "3"), begin("b", "-n", "1"), begin("--json")
        eventually(lambda: s.get(f"/rooms/default/{id}").json["watchers"] == 3)
        a = s.t.connect(id)
        a.push("a", [1, "x"])
        a.push("b", "\x1b[31m\n", "relay")
        a.push("a", 10 ** 21, "replace")
        for _ in range(3):
            a.hear()
        out, err = all_.communicate(timeout=SECONDS)
        lines = out.splitlines()
        check(all_.returncode == 0 and not err and len(lines) == 3, out, err)
        check(re.fullmatch(r'\d\d:\d\d:\d\d\.\d{3} #1 +\d+ +append +a  \[1, ?"x"\]', lines[0]), lines[0])
        check("\x1b" not in out and "relay" in lines[1], out)
        out, _ = one.communicate(timeout=SECONDS)
        check(one.returncode == 0 and out.count("\n") == 1 and " b  " in out, out)
        s.ctl("delete", id)  # who follows is told, and ends
        out, err = raw.communicate(timeout=SECONDS)
        check([h["key"] for h in _lines(out)] == ["a", "b", "a"], out)
        check(raw.returncode == 1 and "the room has ended" in err, err)
        check("no such room" in s.ctl("tail", id, status=1), "no room")


def tail_answers_pings():
    with Server({"limits.ping_interval": "200ms", "limits.ping_timeout": "3s"}) as s:
        id = s.t.new_room()
        process = subprocess.Popen([str(server.BUILD / "eddyctl"), "-s", s.socket, "tail", id, "-n", "1"],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        eventually(lambda: s.get(f"/rooms/default/{id}").json["watchers"] == 1)
        time.sleep(4)  # silent for longer than it may be
        s.ctl("push", id, "k", "1")
        out, err = process.communicate(timeout=SECONDS)
        check(process.returncode == 0 and "append" in out, out, err)


class _Screen:
    """eddyctl on a terminal of its own."""

    def __init__(self, s, *words, columns=80, lines=24):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
            program = str(server.BUILD / "eddyctl")
            os.execv(program, [program, "-s", s.socket, *words])
        self.said = b""

    def more(self, seconds=0.2):
        ready, _, _ = select.select([self.fd], [], [], seconds)
        try:
            more = os.read(self.fd, 65536) if ready else b""
        except OSError:  # the other end is closed
            more = b""
        self.said += more
        return more

    def until(self, like):
        end = time.monotonic() + SECONDS
        while not re.search(like, self.said):
            check(time.monotonic() < end, like, "does not come:", self.said[-1000:])
            self.more()

    def end(self):
        end = time.monotonic() + SECONDS
        while True:
            self.more(0.05)
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                while self.more(0.05):
                    pass
                os.close(self.fd)
                return os.waitstatus_to_exitcode(status)
            if time.monotonic() > end:
                os.kill(self.pid, signal.SIGKILL)
            check(time.monotonic() < end + 5, "it does not end")


def _shown(said, columns, lines):
    """What the last whole screen looks like."""
    frames = said.split(b"\x1b[H")
    text = re.sub(rb"\x1b\[[?0-9;]*[a-zA-Z]", b"", frames[-2] if len(frames) > 2 else frames[-1]).decode()
    rows = text.replace("\r", "").split("\n")
    check(len(rows) <= lines and all(len(row) <= columns for row in rows), rows)
    return rows


def top_on_a_terminal():
    with Server() as s:
        ids = [s.t.new_room() for _ in range(30)]
        a = s.t.connect(ids[7])
        screen = _Screen(s, "top", "-d", "0.5")
        end = time.monotonic() + SECONDS
        while not re.search(rb"\n *[1-9]\d* +[1-9]\d* +1 .*" + ids[7].encode(), screen.said):  # it is busy, and says so
            a.push("k", 1, "relay")
            screen.more(0.1)
            check(time.monotonic() < end, screen.said[-2000:])
        screen.until(rb"(?s)\x1b\[H.*\x1b\[H")
        rows = _shown(screen.said, 80, 24)
        check(rows[0].startswith("eddyd serving for") and "rooms 30" in rows[0], rows)
        check(rows[3].split() == ["IN/S", "OUT/S", "MEMBERS", "QUEUED", "BYTES", "ROOM"], rows)
        check(len([row for row in rows if "default/" in row]) == 19, rows)
        os.write(screen.fd, b"xq")
        check(screen.end() == 0, "exit status")
        check(screen.said.count(b"\x1b[?1049h") == screen.said.count(b"\x1b[?1049l") == 1, "the screen is given back")
        check(screen.said.rstrip().endswith(b"\x1b[?25h\x1b[?1049l"), screen.said[-50:])


def top_ends_with_the_server_and_signals():
    with Server() as s:
        screen = _Screen(s, "top", "-d", "0.2", columns=40, lines=8)
        screen.until(rb"IN/S")
        _shown(screen.said, 40, 8)
        os.kill(screen.pid, signal.SIGTERM)
        check(screen.end() == 0 and b"\x1b[?1049l" in screen.said, "a signal")
        screen = _Screen(s, "top", "-d", "0.2")
        screen.until(rb"ROOM")
        s.daemon.terminate()
        check(screen.end() == 3 and b"answers no longer" in screen.said.split(b"\x1b[?1049l")[1], screen.said[-200:])


def top_without_a_terminal():
    with Server() as s:
        id = s.t.new_room()
        out = s.ctl("top", "-n", "2", "-d", "0.1")
        check("\x1b" not in out and out.count("IN/S") == 2 and out.count(id) == 2, out)
        screens = _lines(s.ctl("top", "--json", "-n", "2", "-d", "0.1"))
        check(len(screens) == 2 and screens[1]["rooms"][0]["room"] == f"default/{id}", screens)
        s.ctl("top", "-s", "/nonexistent", status=3, reach=False)


class _Liar:
    """A server that answers every connection with these bytes, and then ends it; `hold`: does not end it."""

    def __init__(self, answer, hold=False):
        self.answer, self.hold, self.held = answer, hold, []
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = "http://127.0.0.1:%d" % self.socket.getsockname()[1]
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        while True:
            try:
                connection, _ = self.socket.accept()
                connection.recv(65536)
                connection.sendall(self.answer)
            except OSError:
                return
            if self.hold:
                self.held.append(connection)
            else:
                connection.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        self.thread.join()
        for connection in self.held:
            connection.close()


def _json(body):
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n" + body


UPGRADED = b"HTTP/1.1 101 Switching Protocols\r\n\r\n"


def servers_that_lie():
    """What answers need not be eddyd: no byte of it reaches the terminal as a command, and none costs more than it is long."""
    def ask(url, *words):
        command = [str(server.BUILD / "eddyctl"), "--url", url, *words]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS)
        said = done.stdout + done.stderr
        check(not re.search(rb"[\x00-\x09\x0b-\x1f\x7f]", said), words, "sends commands:", said)
        check(done.returncode in (0, 1, 3), words, done.returncode, said[-3000:])
        return done.returncode, said

    hidden = b"\x9b\x1b[31mx\xc3\x1bc"  # behind bytes that begin a character
    frame = b"\x81" + bytes([len(hidden)]) + hidden
    close = b"\x88" + bytes([len(hidden) + 2]) + b"\x03\xe8" + hidden
    with _Liar(UPGRADED + frame + close) as liar:
        ask(liar.url, "tail", "x")
        status, said = ask(liar.url, "tail", "x", "--json")
        check(status == 1 and b"[31mx" in said, status, said)
    with _Liar(UPGRADED + b"\x81\x7f" + b"\x7f" * 8 + b"x" * 100, hold=True) as liar:
        status, said = ask(liar.url, "tail", "x")
        check(status == 3 and b"is not the admin interface" in said, status, said)
    wild = b'{"uptime_ms":-1e300,"time_ms":1e300,"rooms":1e308,"members":-0.0,"pid":1e999,"state":"\\u001b[31m","namespaces":[1,{}],' \
           b'"touched_ms":1e300,"policy":{"load_failure":{"text":"\\u009b31m","time_ms":-1e300}},"messages":3,"keys":[],"next":""}'
    with _Liar(_json(wild)) as liar:
        for words in (["status"], ["rooms"], ["room", "x"], ["keys", "x"], ["get", "x", "k"], ["policy", "x"], ["top", "-n", "1", "-d", "0.1"]):
            ask(liar.url, *words)


def manual_pages():
    """Made, without a warning, and naming all that there is."""
    pages = {page: (server.BUILD / "manual" / page).read_text() for page in ("eddyd.8", "eddyctl.1", "eddy.lua.5")}
    for page in pages:
        command = ["groff", "-man", "-ww", "-Tutf8", "-z", str(server.BUILD / "manual" / page)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS)
        check(done.returncode == 0 and not done.stdout and not done.stderr, page, done.stderr)
        if shutil.which("mandoc"):
            done = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", str(server.BUILD / "manual" / page)],
                                  capture_output=True, text=True, timeout=SECONDS)
            check(done.returncode == 0, page, done.stdout)
    plain = {page: text.replace("\\-", "-") for page, text in pages.items()}
    listed = subprocess.run([str(server.BUILD / "eddyd"), "--knobs"], capture_output=True, text=True, timeout=SECONDS)
    for name in re.findall(r"^([a-z][\w.]*)$", listed.stdout, re.M):
        check(name.startswith("plugins.") or f"\\fB{name}\\fR" in plain["eddy.lua.5"], name)
    helped = subprocess.run([str(server.BUILD / "eddyd"), "--help"], capture_output=True, text=True, timeout=SECONDS)
    for name in re.findall(r"--[a-z-]+", helped.stdout):
        check(name in plain["eddyd.8"], name)
    with Server() as s:
        for name in re.findall(r"^  (\w+) |(--\w+)", s.ctl("--help"), re.M):
            check("".join(name) in plain["eddyctl.1"], name)


def completion():
    script = f"source {server.BUILD}/manual/completion\n"

    def complete(*words):
        ask = (f"COMP_WORDS=({' '.join(words)}) COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))\n_eddyctl\n"
               'printf "%s\\n" "${COMPREPLY[@]}"\n')
        env = {**os.environ, "PATH": f"{server.BUILD}:{os.environ['PATH']}"}
        done = subprocess.run(["bash", "-c", script + ask], capture_output=True, text=True, timeout=SECONDS, env=env)
        check(done.returncode == 0 and not done.stderr, done.stderr)
        return done.stdout.split()

    with Server() as s:
        id = s.t.new_room()
        check(complete("eddyctl", "ro") == ["rooms", "room"], "commands")
        check(complete("eddyctl", "push", "--ac") == ["--action"], "options")
        check(complete("eddyctl", "push", "--action", "re") == ["relay", "replace"], "actions")
        check(complete("eddyctl", "log", "w") == ["warn"], "levels")
        check(complete("eddyctl", "-s", s.socket, "room", "def") == [f"default/{id}"], "rooms")
    with tempfile.TemporaryDirectory() as folder:
        names = [f"$(touch {folder}/ran)", f"`touch {folder}/ran`", "default/;reboot", "default/fine"]
        with _Liar(_json(json.dumps({"rooms": [{"room": name} for name in names]}).encode())) as liar:
            check(complete("eddyctl", "--url", liar.url, "room", "''") == ["default/fine"], "names that a server makes up")
        check(not os.listdir(folder), "a server's word was carried out")
