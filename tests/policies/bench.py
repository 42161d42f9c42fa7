"""A daemon on a copy of the scripts that a test may change, and rooms of it."""

import argparse
import json
import os
import pathlib
import shutil
import sys
import tempfile

HERE = pathlib.Path(os.path.realpath(__file__)).parent
sys.path.insert(0, str(HERE.parent / "protocol"))

import client  # noqa: E402
from daemon import Daemon  # noqa: E402
from session import Session  # noqa: E402


def check(condition, what):
    if not condition:
        raise AssertionError(what)


class Bench:
    def __init__(self, program, patience):
        self.program, self.patience = program, patience
        self.folder = tempfile.TemporaryDirectory(prefix="eddyd-policies-")
        self.scripts = pathlib.Path(self.folder.name) / "scripts"
        shutil.copytree(HERE.parent.parent / "scripts", self.scripts)
        self.daemon = self.session = None

    def start(self, options=None):
        self.daemon = Daemon(self.program, {"scripts": self.scripts, **(options or {})}, patience=self.patience)
        self.session = Session(self.daemon)
        return self.daemon

    def log(self):
        return self.daemon.log()

    def new(self, options, base="/db/it"):
        """POST /new: its status and what it said."""
        response = self.session.http("POST", base + "/new", json.dumps(options).encode())
        return response.status, response.body.decode()

    def room(self, space, policy=None):
        """A connection to a new room of a namespace."""
        room = self.session.new_room(f"/db/{space}", {"policy": policy} if policy else None)
        return self.session.connect(room, base=f"/db/{space}")

    def ask(self, connection, key="k", value=0):
        """What everybody hears of a value that is relayed; or what its sender is told instead."""
        connection.push(key, value, "relay")
        message = self.hear(connection)
        check(message["type"] in ("push", "error"), f"a {message}")
        return message["value"] if message["type"] == "push" else message["message"]

    def hear(self, connection):
        """The next message, as json has it."""
        return json.loads(connection.receive(self.patience)[1])

    def end(self):
        """What was wrong with the way the daemon ended, or None."""
        wrong = None
        if self.daemon:
            self.session.close()
            wrong = self.daemon.finish()
            self.daemon = None
        self.folder.cleanup()
        return wrong


def main(suite, run):
    """`run` yields (name, what is wrong or '') for each test."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--eddyd", required=True)
    parser.add_argument("--patience", type=float, default=client.PATIENCE, help="seconds for what should take a moment")
    options = parser.parse_args()
    passed = failed = 0
    for name, wrong in run(os.path.realpath(options.eddyd), options.patience):
        print(f"not ok {suite}: {name}: {wrong}" if wrong else f"ok {suite}: {name}", flush=True)
        failed += bool(wrong)
        passed += not wrong
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)
