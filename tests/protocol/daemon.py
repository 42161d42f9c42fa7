"""eddyd as a child process: started on a free port, watched, ended with SIGTERM, its exit judged."""

import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import client

# Plugins that every daemon is to have, as Lua: what a suite passes with must not change with them.
PLUGINS = os.environ.get("EDDY_TEST_PLUGINS", "")

CONFIG = """-- What the protocol tests run with, unless a case says otherwise with -s.
return {
  scripts = "%s",
  plugins = { %s },
  namespaces = {
    default = { debug = true },
    other = {},
    auto = { create_on_connect = true },
  },
}
""" % (os.path.realpath(os.path.join(os.path.dirname(__file__), "..", "..", "scripts")), PLUGINS)

SANITIZER = re.compile(r"(?:Address|Leak|Thread|UndefinedBehavior)Sanitizer|runtime error:|==\d+== ERROR")
VALGRIND = ["valgrind", "--quiet", "--leak-check=full", "--errors-for-leak-kinds=definite", "--error-exitcode=99"]


def reserved_port():
    """A socket that holds a free port without listening: nobody else is given that port, and a daemon may still listen on it."""
    reservation = socket.socket()
    reservation.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    reservation.bind(("127.0.0.1", 0))
    return reservation


class Daemon:
    def __init__(self, program, options=None, valgrind=False, patience=client.PATIENCE, env=None):
        self.env = env or {}  # besides what is there
        self.patience = patience * (10 if valgrind else 1)
        self.valgrind = valgrind
        self.folder = tempfile.TemporaryDirectory(prefix="eddyd-test-")
        self.log_path = os.path.join(self.folder.name, "log")
        config = os.path.join(self.folder.name, "eddy.lua")
        with open(config, "w") as file:
            file.write(CONFIG)
        self.options = dict(options or {})
        self.listen = self.options.pop("listen", "").replace("{folder}", self.folder.name).split()  # besides the port
        self.reservation = reserved_port()
        self.address = self.reservation.getsockname()
        self.host = "%s:%d" % self.address
        command = (VALGRIND if valgrind else []) + [program, "-c", config]
        if client.TLS:
            key = os.path.join(os.path.dirname(client.CERTIFICATE), "key.pem")
            command += ["-l", "127.0.0.1:0", "-s", f"tls.listen={self.host}"]
            self.certificate = os.path.join(self.folder.name, "cert.pem")  # its own: a test may break it
            shutil.copy(client.CERTIFICATE, self.certificate)
            command += ["-s", f"tls.certificate={self.certificate}", "-s", f"tls.key={key}"]
        else:
            command += ["-l", self.host]
        for address in self.listen:
            command += ["-l", address]
        for name, value in self.options.items():
            command += ["-s", f"{name}={value}"]
        if not self.start(command):
            self.reservation.close()
            raise RuntimeError("eddyd did not start: " + self.log()[-2000:])

    def start(self, command):
        # A small quarantine: with the usual one, what a sanitized daemon frees would stay in its memory.
        env = {**os.environ, "ASAN_OPTIONS": "quarantine_size_mb=1:" + os.environ.get("ASAN_OPTIONS", ""), **self.env}
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=env,
                                            cwd=self.folder.name)
        deadline = time.monotonic() + 4 * self.patience
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                return False
            try:
                if client.http(self.address, "GET", "/healthz", self.host, patience=self.patience).status == 200:
                    return True
            except (OSError, client.Ended, client.Silence):
                pass
            time.sleep(0.02)
        self.process.kill()
        self.process.wait()
        return False

    def log(self):
        with open(self.log_path, errors="replace") as file:
            return file.read()

    def alive(self):
        return self.process.poll() is None

    def terminate(self):
        self.process.send_signal(signal.SIGTERM)

    @property
    def sanitized(self):
        """Whether it was built with AddressSanitizer."""
        with open(f"/proc/{self.process.pid}/maps") as file:
            return "libasan" in file.read()

    def memory(self):
        """Resident bytes."""
        with open(f"/proc/{self.process.pid}/status") as file:
            return int(re.search(r"VmRSS:\s+(\d+) kB", file.read()).group(1)) * 1024

    def finish(self):
        """Ends it where it still runs, and says what is wrong with the way it ended; None where nothing is."""
        wrong = None
        if self.alive():
            self.terminate()
        try:
            status = self.process.wait(timeout=6 * self.patience)
            if status != 0:
                wrong = f"exit status {status}"
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            wrong = "it had to be killed: SIGTERM did not end it"
        self.reservation.close()
        log = self.log()
        if SANITIZER.search(log) or (self.valgrind and "==" in log):
            wrong = (wrong or "it exited") + " with a report"
        if wrong:
            wrong += "\n" + log[-6000:]
        self.folder.cleanup()
        return wrong
