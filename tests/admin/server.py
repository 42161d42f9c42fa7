"""eddyd with an admin socket in a folder of its own, and callers of it: bare HTTP, and eddyctl."""

import contextlib
import http.client
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import time
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests/protocol"))

import client  # noqa: E402
import session  # noqa: E402
from daemon import Daemon  # noqa: E402

SECONDS = client.PATIENCE  # for anything to happen
BUILD = None  # set by run.py


def check(condition, *what):
    if not condition:
        raise AssertionError(" ".join(map(str, what)) or "it does not hold")


def eventually(function, *what):
    """Waits until `function` gives something true, and gives that."""
    end = time.monotonic() + SECONDS
    while not (result := function()):
        check(time.monotonic() < end, "it does not come:", *what)
        time.sleep(0.02)
    return result


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body
        self.json = json.loads(body) if body else None

    def error(self, status, like):
        check(self.status == status and list(self.json) == ["error"], self.status, self.body)
        check(like in self.json["error"], f"no {like!r} in", self.json["error"])


def query(**arguments):
    return "?" + urllib.parse.urlencode(arguments) if arguments else ""


class Server:
    """A daemon, with the knobs that a test wants. `t` makes rooms and connections, `get` and `post` are admin calls."""

    def __init__(self, options=None, rooms=None):
        """`rooms`: {NAME: TEXT} of scripts besides the shipped ones, in a folder of its own."""
        options = {"admin.listen": "unix:admin.sock", **(options or {})}
        self.scripts = None
        if rooms is not None:
            self.scripts = pathlib.Path(os.environ.get("TMPDIR", "/tmp")) / f"eddyd-admin-{os.getpid()}-{id(self)}"
            shutil.copytree(ROOT / "scripts", self.scripts)
            for name, text in rooms.items():
                self.script(name, text)
            options["scripts"] = str(self.scripts)
        self.daemon = Daemon(str(BUILD / "eddyd"), options, patience=SECONDS)
        self.folder = pathlib.Path(self.daemon.folder.name)
        self.socket = str(self.folder / "admin.sock")
        self.t = session.Session(self.daemon)

    def script(self, name, text):
        (self.scripts / "rooms" / f"{name}.lua").write_text(text)

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        self.t.close()
        wrong = self.daemon.finish()
        if self.scripts:
            shutil.rmtree(self.scripts)
        if not kind:
            check(wrong is None, wrong)

    def connection(self):
        sock = socket.socket(socket.AF_UNIX)
        sock.settimeout(SECONDS)
        sock.connect(self.socket)
        return sock

    def call(self, method, path, body=None, headers=None, address=None):
        if address:
            conn = http.client.HTTPConnection(*address, timeout=SECONDS)
        else:
            conn = http.client.HTTPConnection("localhost", timeout=SECONDS)
            conn.sock = self.connection()
        with contextlib.closing(conn):
            conn.request(method, path, body, headers or {})
            answer = conn.getresponse()
            return Answer(answer.status, answer.headers, answer.read())

    def get(self, path, **arguments):
        return self.call("GET", path + query(**arguments))

    def post(self, path, **body):
        return self.call("POST", path, json.dumps(body).encode() if body else b"")

    def follow(self, path, headers=None):
        """A WebSocket on the admin socket."""

        class Local(session.Connection):
            def __init__(self, server):  # as client.WebSocket does it, on a unix socket
                self.patience, self.buffer, self.encoding = SECONDS, bytearray(), "json"
                self.pings, self.pongs, self.answer_pings = [], [], True
                self.socket = server.connection()
                asked = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13",
                         "Sec-WebSocket-Key": "MDEyMzQ1Njc4OWFiY2RlZg==", **(headers or {})}
                self.send(client.request_bytes("GET", path, "x", asked, None))
                self.response = client.read_response(self)
                if self.response.status != 101:
                    self.close()
                    raise client.Refused(self.response)

        connection = Local(self)
        self.t.open.append(connection)
        return connection

    def ctl(self, *words, status=0, env=None, reach=True):
        """eddyctl: what it says on stdout; its exit status must be this one."""
        command = [str(BUILD / "eddyctl"), *(["-s", self.socket] if reach else []), *words]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=SECONDS * 3,
                              env={**os.environ, **(env or {})})
        check(done.returncode == status, words, "gave", done.returncode, done.stdout, done.stderr)
        if status:
            check(done.stdout == "" and done.stderr.startswith("eddyctl: ") and done.stderr.endswith("\n"), done.stderr)
            return done.stderr
        check(done.stderr == "", done.stderr)
        return done.stdout
