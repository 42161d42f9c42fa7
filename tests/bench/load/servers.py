"""The servers that are compared, each on one core: eddyd as it is shipped, and the peers where npm brought them."""

import filecmp
import glob
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time

HERE = os.path.dirname(os.path.realpath(__file__))
ROOT = os.path.realpath(os.path.join(HERE, "..", "..", ".."))
PEERS = os.path.realpath(os.path.join(HERE, "..", "peers"))


class Server:
    """Started on a free port, in a folder of its own; `options` are eddyd's -s."""

    def __init__(self, name, command, core, options=None):
        self.name = name
        self.folder = tempfile.TemporaryDirectory(prefix="eddy-load-")
        self.log_path = os.path.join(self.folder.name, "log")
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(["taskset", "-c", str(core), *self.fill(command, options or {})],
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder.name)
        self.pid = self.process.pid  # taskset becomes the server
        try:
            self.port = self.wait()
        except RuntimeError:
            self.stop()
            raise

    def fill(self, command, options):
        command = [word.replace("{folder}", self.folder.name) for word in command]
        for name, value in options.items():
            command += ["-s", f"{name}={value}".replace("{folder}", self.folder.name)]
        return command

    def log(self):
        with open(self.log_path, errors="replace") as file:
            return file.read()

    def wait(self):
        """Until it listens, which the kernel tells: on which port."""
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and self.process.poll() is None:
            port = listening_port(self.pid)
            if port:
                return port
            time.sleep(0.02)
        raise RuntimeError(f"{self.name} did not start: {self.log()[-1000:]}")

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM if self.name.startswith("eddyd") else signal.SIGKILL)
            try:
                self.process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.folder.cleanup()


def listening_port(pid):
    """Of the one TCP socket that this process listens on."""
    inodes = set()
    try:
        for name in os.listdir(f"/proc/{pid}/fd"):
            try:
                inodes.add(os.readlink(f"/proc/{pid}/fd/{name}"))
            except OSError:
                pass
    except OSError:
        return None
    for table in ("tcp", "tcp6"):
        with open(f"/proc/{pid}/net/{table}") as file:
            for line in file.readlines()[1:]:
                words = line.split()
                if words[3] == "0A" and f"socket:[{words[9]}]" in inodes:
                    return int(words[1].rsplit(":", 1)[1], 16)
    return None


def install_peers():
    """None, or why there are none."""
    if not shutil.which("node") or not shutil.which("npm"):
        return "node and npm are missing"
    lock, stamp = os.path.join(PEERS, "package-lock.json"), os.path.join(PEERS, "node_modules", ".installed")
    if os.path.exists(stamp) and filecmp.cmp(lock, stamp, shallow=False):
        return None
    print("# installing the packages of tests/bench/peers (400 MB)", flush=True)
    done = subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=PEERS, capture_output=True, text=True)
    if done.returncode:
        return "npm ci failed: " + (done.stderr.strip().splitlines() or ["?"])[-1]
    shutil.copyfile(lock, stamp)
    return None


def bun_program():
    """Its own script moves it or leaves it, as npm lets that run or not."""
    for pattern in ("node_modules/@oven/*/bin/bun", "node_modules/bun/bin/bun.exe"):
        for path in glob.glob(os.path.join(PEERS, pattern)):
            if subprocess.run([path, "--version"], capture_output=True).returncode == 0:  # one built for AVX2 may not
                return path
    return None


def without_plugins(build):
    """The shipped configuration, less its plugins: the path of the file."""
    shipped, made = os.path.join(ROOT, "etc", "eddy.lua"), os.path.join(build, "bench_plain.lua")
    with open(shipped) as file:
        text, count = re.subn(r"\n  plugins = \{.*?\n  \},", "", file.read(), flags=re.DOTALL)
    if count != 1:
        raise SystemExit(f"{shipped}: no plugins found, to leave them out")
    with open(made, "w") as file:
        file.write(text)
    return made


def commands(eddyd):
    """Names to commands, and a list of what is missing and why."""
    build = os.path.dirname(eddyd)
    found = {"eddyd": [eddyd, "-c", os.path.join(ROOT, "etc", "eddy.lua"), "-l", "127.0.0.1:0"],
             "eddyd-plain": [eddyd, "-c", without_plugins(build), "-s", "scripts=" + os.path.join(ROOT, "scripts"), "-l", "127.0.0.1:0"],
             "bare": [os.path.join(build, "peer_bare")]}
    why = install_peers()
    if why:
        return found, [f"no peers: {why}"]
    missing = []
    bun = bun_program()
    if bun:
        found["bun"] = [bun, os.path.join(PEERS, "bun.js")]
    else:
        missing.append("no bun: its program does not run here")
    found["uws"] = ["node", os.path.join(PEERS, "uws.js")]
    found["ws"] = ["node", os.path.join(PEERS, "ws.js")]
    for name in ("uws", "ws"):
        module = "uwebsockets" if name == "uws" else "ws"
        tried = subprocess.run(["node", "-e", f"require('{module}')"], cwd=PEERS, capture_output=True, text=True)
        if tried.returncode:
            del found[name]
            missing.append(f"no {name}: " + (tried.stderr.strip().splitlines() or ["it does not load"])[-3])
    return found, missing
