#!/usr/bin/env python3
"""eddyd as a service of a systemd that is real: a Debian in a folder, booted by systemd-nspawn with a network of its own, in which
README.md and etc/README.md are followed by the letter (the commands are taken from there). Root only; it installs
systemd-container and debootstrap where they are missing, and takes some minutes and 700 MB the first time, half a minute later on.
Prints ok/not ok lines, and closes 'N passed, N failed'."""

import argparse
import ctypes
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time
import traceback

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(HERE.parent / "protocol"))

import client  # noqa: E402

ADDRESS, HOST = ("127.0.0.1", 8080), "127.0.0.1:8080"
INCLUDE = "systemd,systemd-sysv,dbus,sudo,openssl"
DROP_IN = "/etc/systemd/system/eddyd.service.d/override.conf"  # where `systemctl edit eddyd` puts what is written there
CONFIG = "/usr/local/etc/eddy/eddy.lua"

TESTS = []


def test(function):
    TESTS.append(function)
    return function


def check(condition, *what):
    if not condition:
        raise AssertionError(" ".join(map(str, what)))


def until(condition, seconds, what):
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        check(time.monotonic() < deadline, what)
        time.sleep(0.05)
    return value


# ---- the machine ---------------------------------------------------------------------------------------------------


def make_image(folder):
    """A fresh Debian with what this machine's own apt has; once."""
    if (folder / "etc" / "os-release").exists():
        return
    mirror = subprocess.run(["apt-get", "indextargets", "--format", "$(REPO_URI)"], check=True, capture_output=True,
                            text=True).stdout.split()[0]
    making = folder.with_name(folder.name + ".making")
    shutil.rmtree(making, ignore_errors=True)
    making.parent.mkdir(parents=True, exist_ok=True)
    code = re.search(r"VERSION_CODENAME=(\w+)", pathlib.Path("/etc/os-release").read_text())[1]
    subprocess.run(["debootstrap", "--variant=minbase", f"--include={INCLUDE}", code, str(making), mirror], check=True,
                   stdout=subprocess.DEVNULL)
    making.rename(folder)


def put_sources(folder):
    """As a clone has them: what git knows, as it stands here."""
    names = subprocess.run(["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"], check=True,
                           capture_output=True).stdout.split(b"\0")
    target = folder / "root" / "eddyd"
    keep = target / "build"
    for entry in target.iterdir() if target.exists() else []:
        if entry != keep:
            shutil.rmtree(entry) if entry.is_dir() and not entry.is_symlink() else entry.unlink()
    for name in filter(None, names):
        source, to = ROOT / os.fsdecode(name), target / os.fsdecode(name)
        if source.is_file():
            to.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, to)


def commands():
    """What the section on systemd of etc/README.md has you type, without its comments: to install, to start, to upgrade."""
    text = (ROOT / "etc" / "README.md").read_text()
    section = re.search(r"## As a service of systemd\n(.*?)\n## ", text, re.S)[1]
    first, second = ([re.sub(r"\s+#.*", "", line) for line in block.splitlines()]
                     for block in re.findall(r"```\n(.*?)```", section, re.S))
    start = [at for at, line in enumerate(first) if "systemctl" in line][0]
    check(second[0] == "git pull", second)
    return first[:start], first[start:], second[1:]


class Machine:
    NSPAWN = ["systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--console=pipe", "--resolv-conf=copy-host"]

    def __init__(self, folder, log):
        self.folder, self.log = folder, log
        self.nspawn = None

    def before(self, command):
        """Runs a command in it while it is not booted, with this machine's network."""
        done = subprocess.run([*self.NSPAWN, "-D", str(self.folder), "-a", "/bin/bash", "-c", f"cd /root/eddyd && {command}"],
                              stdout=self.log, stderr=self.log, stdin=subprocess.DEVNULL)
        check(done.returncode == 0, f"{command}: status {done.returncode}; {self.log.name}")

    def boot(self):
        self.nspawn = subprocess.Popen([*self.NSPAWN, "-D", str(self.folder), "-b", "--private-network"], stdout=self.log,
                                       stderr=self.log, stdin=subprocess.DEVNULL, start_new_session=True)
        self.leader = until(self.first, client.PATIENCE, "nspawn began nothing")
        # Its network is this process's from here on.
        with open(f"/proc/{self.leader}/ns/net") as network:
            check(ctypes.CDLL(None, use_errno=True).setns(network.fileno(), 0) == 0, "setns")
        until(lambda: self.run("systemctl is-system-running", check=False)[1].strip() in ("running", "degraded"), 60, "it does not boot")

    def first(self):
        """The number of the machine's own process 1."""
        for child in pathlib.Path(f"/proc/{self.nspawn.pid}/task/{self.nspawn.pid}/children").read_text().split():
            try:
                if pathlib.Path(f"/proc/{child}/comm").read_text() == "systemd\n":
                    return child
            except OSError:
                pass
        return None

    def run(self, command, check=True):
        """(status, output) of a command in it."""
        done = subprocess.run(["nsenter", "-t", self.leader, "-m", "-u", "-i", "-n", "-p", "env", "-i",
                               "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "TERM=xterm",
                               "bash", "-c", f"cd /root/eddyd 2>/dev/null; {command}"],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if check and done.returncode:
            raise AssertionError(f"{command}: status {done.returncode}\n{done.stdout[-2000:]}")
        return done.returncode, done.stdout

    def show(self, *names):
        lines = self.run("systemctl show eddyd -p " + ",".join(names))[1].splitlines()
        return dict(line.split("=", 1) for line in lines)

    def pid(self):
        """The service's main process, in this process's numbers."""
        inside = self.show("MainPID")["MainPID"]
        for status in pathlib.Path("/proc").glob("[0-9]*/status"):
            try:
                text = status.read_text()
            except OSError:
                continue
            numbers = re.search(r"^NSpid:\s+\d+\s+(\d+)$", text, re.M)
            if numbers and numbers[1] == inside and text.startswith("Name:\teddyd"):
                return int(status.parent.name), text
        return None, ""

    def journal(self):
        return self.run("journalctl -u eddyd -o cat --no-pager")[1]

    def override(self, *lines):
        self.run(f"mkdir -p {os.path.dirname(DROP_IN)}; rm -f {DROP_IN}")
        if lines:
            (self.folder / DROP_IN[1:]).write_text("[Service]\n" + "\n".join(lines) + "\n")
        self.run("systemctl daemon-reload; systemctl restart eddyd")

    def configure(self, old, new):
        path = self.folder / CONFIG[1:]
        text = path.read_text()
        check(old in text, f"{CONFIG} has no {old!r}")
        path.write_text(text.replace(old, new, 1))

    def end(self):
        if self.nspawn:
            self.nspawn.send_signal(signal.SIGTERM)  # as a power button
            try:
                self.nspawn.wait(timeout=30)
            except subprocess.TimeoutExpired:
                self.nspawn.kill()
                self.nspawn.wait()


class Page(client.WebSocket):
    """A client of eddy.v1."""

    def __init__(self, room, address=ADDRESS):
        super().__init__(address, f"/room/{room}/connect", HOST, headers={"Sec-WebSocket-Protocol": "eddy.v1"})
        self.hello = self.next("hello")

    def say(self, **message):
        self.send_frame(client.TEXT, json.dumps(message).encode())

    def next(self, kind):
        while (message := json.loads(self.receive()[1]))["type"] != kind:
            check(message["type"] != "error", message)
        return message

    def append(self, value):
        self.say(type="push", id=1, key="k", action={"type": "append"}, value=value)
        return self.next("ack")["seq"]


def new_room():
    return json.loads(client.http(ADDRESS, "POST", "/new", HOST, body=b"").body)["room"]


def status_of(path="/healthz", address=ADDRESS):
    try:
        return client.http(address, "GET", path, HOST).status
    except (OSError, client.Ended, client.Silence):
        return 0


# ---- what is promised ----------------------------------------------------------------------------------------------


@test
def it_starts_and_says_when_it_serves(machine):
    machine.run("systemctl disable --now eddyd 2>/dev/null; rm -rf /var/lib/private/eddy /var/lib/eddy", check=False)
    install, start, upgrade = commands()
    machine.run(start[0])
    check(status_of() == 200, "enable --now has returned, and it does not serve")  # Type=notify
    shown = machine.show("ActiveState", "Type", "StatusText", "WatchdogUSec")
    check(shown == {"ActiveState": "active", "Type": "notify", "StatusText": "listens on 127.0.0.1:8080", "WatchdogUSec": "30s"}, shown)
    check("listens on 127.0.0.1:8080" in machine.run("systemctl status eddyd --no-pager")[1])
    check(machine.run("systemctl is-enabled eddyd")[1].strip() == "enabled")


@test
def it_is_nobody_and_sees_little(machine):
    _, text = machine.pid()
    uid = int(re.search(r"^Uid:\s+(\d+)", text, re.M)[1])
    check(uid >= 61184, "not a dynamic user", uid)
    for line in ["NoNewPrivs:\t1", "Seccomp:\t2", "CapEff:\t0000000000000000", "CapBnd:\t0000000000000000"]:
        check(line in text, line, text)
    check(machine.run("stat -L -c %U /var/lib/eddy/eddy.db")[1].strip() not in ("root", "nobody"))
    level = float(re.search(r"Overall exposure level for eddyd.service: ([\d.]+)", machine.run("systemd-analyze security eddyd --no-pager")[1])[1])
    print(f"# systemd-analyze security: {level}")
    check(level <= 1.5, "exposure", level)
    # In its own view of the file system nothing can be written but its folders.
    main = machine.show("MainPID")["MainPID"]
    for folder, fine in [("/usr", 0), ("/etc", 0), ("/root", 0), ("/var/lib/eddy", 1), ("/run/eddyd", 1), ("/var/log/eddy", 1)]:
        status, _ = machine.run(f"nsenter -t {main} -m touch {folder}/mark", check=False)
        check((status == 0) == bool(fine), folder, status)


@test
def eddyctl_works_as_it_is(machine):
    room = new_room()
    page = Page(room)
    page.append(1)
    check("serving" in machine.run("eddyctl status")[1])
    check(room in machine.run("sudo eddyctl top -n 2 -d 0.2")[1], "top does not show the room")
    check("[1]" in machine.run(f"eddyctl get {room} k --json")[1] or '"value":1' in machine.run(f"eddyctl get {room} k --json")[1])
    check(machine.run("sudo -u nobody eddyctl status", check=False)[0] == 3, "everybody may ask")
    page.close()


@test
def a_reload_closes_nothing(machine):
    page = Page(new_room())
    machine.configure('-- drain = "5s",', 'drain = "2s",')
    machine.run("sudo systemctl reload eddyd")
    until(lambda: re.search(r"drain: .*2s", machine.journal()), client.PATIENCE, "the journal does not say what changed")
    machine.configure('drain = "2s",', 'drian = "2s",')
    machine.run("systemctl reload eddyd")
    until(lambda: "did you mean drain" in machine.journal(), client.PATIENCE, "the journal does not say what is wrong")
    machine.configure('drian = "2s",', 'drain = "2s",')
    machine.run("systemctl reload eddyd")
    check(page.append(1) == 1 and machine.show("ActiveState")["ActiveState"] == "active")
    page.close()


@test
def the_watchdog_restarts_what_hangs(machine):
    machine.override("WatchdogSec=1s")
    room = new_room()
    page = Page(room)
    page.append("kept")
    time.sleep(3)  # it says that it lives, and is left alone
    pid, _ = machine.pid()
    check(page.append("kept too") == 2)
    time.sleep(0.5)  # more than batch takes
    os.kill(pid, signal.SIGSTOP)
    until(lambda: machine.pid()[0] not in (None, pid) and status_of() == 200, client.PATIENCE, "it was not restarted")
    check("Watchdog timeout" in machine.journal())
    page = Page(room)
    page.say(type="get", key="k", seq=0)
    check([item["value"] for item in page.next("init")["data"]] == ["kept", "kept too"])
    page.close()
    machine.override()


@test
def an_upgrade_keeps_rooms_and_their_clients(machine):
    room = new_room()
    page, other = Page(room), Page(room)
    seen = page.append("before")
    page.close()
    other.append("missed")
    sources = machine.folder / "root" / "eddyd" / "CMakeLists.txt"
    sources.write_text(re.sub(r"(project\(eddy VERSION )[\d.]+", r"\g<1>99.0.1", sources.read_text()))
    config = (machine.folder / CONFIG[1:]).read_text()
    _, _, (build, restart) = commands()
    machine.run(build)  # while the old one runs
    check((machine.folder / CONFIG[1:]).read_text() == config and (machine.folder / (CONFIG[1:] + ".new")).exists())
    check("99.0.1" not in machine.run("eddyctl status")[1] and other.append("missed too") == seen + 2)
    other.say(type="get", key="k", seq=0)
    machine.run(restart)
    check("99.0.1" in machine.run("eddyctl status")[1], "it is the old one")
    hint = other.next("reconnect")
    check(hint["delay_ms"] >= 0 and other.end_code() == 1001, hint)
    back = Page(room)
    check(back.hello["epoch"] == page.hello["epoch"], "another epoch")
    back.say(type="resume", epoch=page.hello["epoch"], seq=seen, keys=["k"])
    answer = back.next("resumed")["keys"][0]
    check(answer == {"key": "k", "recovered": True,
                     "data": [{"value": "missed", "seq": seen + 1}, {"value": "missed too", "seq": seen + 2}]}, answer)
    back.close()


@test
def a_stop_is_a_drain(machine):
    pages = [Page(new_room()) for _ in range(16)]
    began = time.monotonic()
    stop = subprocess.Popen(["nsenter", "-t", machine.leader, "-m", "-u", "-i", "-n", "-p", "systemctl", "stop", "eddyd"])
    until(lambda: status_of() == 503, 2, "healthz does not say 503")
    check("draining" in machine.run("eddyctl status")[1])
    times = []
    for page in reversed(pages):
        page.next("reconnect")
        check(page.end_code() == 1001)
        times.append(time.monotonic() - began)
    check(stop.wait(timeout=20) == 0)
    took = time.monotonic() - began
    print(f"# drain = 2s: closes from {min(times):.2f} to {max(times):.2f} s, stopped after {took:.2f} s")
    check(1.5 < max(times) < 3 and took < 5 and max(times) - min(times) > 1, times, took)
    shown = machine.show("ActiveState", "Result")
    check(shown == {"ActiveState": "inactive", "Result": "success"}, shown)
    machine.run("systemctl start eddyd")


@test
def ports_below_1024(machine):
    lines = re.search(r"`(AmbientCapabilities=\w+)` and `(CapabilityBoundingSet=\w+)`, with `(PrivateUsers=\w+)`",
                      (ROOT / "etc" / "README.md").read_text())
    machine.configure('listen = "127.0.0.1:8080"', 'listen = "127.0.0.1:80"')
    machine.override(*lines.groups())
    check(status_of(address=("127.0.0.1", 80)) == 200)
    machine.run(f"rm {DROP_IN}; systemctl daemon-reload")
    check(machine.run("systemctl restart eddyd", check=False)[0] == 1 and "cannot listen on 127.0.0.1:80: Perm" in machine.journal())
    machine.configure('listen = "127.0.0.1:80"', 'listen = "127.0.0.1:8080"')
    machine.run("systemctl reset-failed eddyd; systemctl restart eddyd")


@test
def a_socket_unit(machine):
    (machine.folder / "etc/systemd/system/eddyd.socket").write_text("[Socket]\nListenStream=127.0.0.1:80\n")
    machine.run("systemctl stop eddyd; systemctl daemon-reload; systemctl start eddyd.socket")
    check(status_of(address=("127.0.0.1", 80)) == 200, "whoever comes starts it")
    check(status_of() == 0, "it listens where the configuration says, too")
    machine.run("systemctl stop eddyd.socket eddyd; rm /etc/systemd/system/eddyd.socket; systemctl daemon-reload; systemctl start eddyd")


@test
def a_certificate_as_a_credential(machine):
    machine.run("cd /root && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost "
                "-addext subjectAltName=DNS:localhost -keyout key.pem -out cert.pem && chmod 600 key.pem")
    folder = "/run/credentials/eddyd.service"
    machine.configure("return {\n", f'return {{\n  tls = {{ listen = "127.0.0.1:8443", certificate = "{folder}/cert.pem", key = "{folder}/key.pem" }},\n')
    machine.override("LoadCredential=key.pem:/root/key.pem", "LoadCredential=cert.pem:/root/cert.pem")
    out = machine.run("echo | openssl s_client -connect 127.0.0.1:8443 -servername localhost -CAfile /root/cert.pem 2>&1")[1]
    check("Verify return code: 0" in out, out[-1500:])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", default=str(ROOT / "build" / "systemd"), help="where the Debian is, or is made")
    parser.add_argument("--only", default="", help="a part of a test's name")
    options = parser.parse_args()
    folder = pathlib.Path(options.folder).resolve() / "machine"
    passed = failed = 0
    make_image(folder)
    put_sources(folder)
    log = open(folder.parent / "log", "w")
    machine = Machine(folder, log)
    try:
        machine.before(f"rm -rf {os.path.dirname(CONFIG)} {os.path.dirname(DROP_IN)}")
        for command in commands()[0]:
            machine.before(command)
        machine.boot()
        for function in TESTS:
            if options.only not in function.__name__:
                continue
            try:
                function(machine)
                passed += 1
                print(f"ok systemd {function.__name__}", flush=True)
            except Exception:
                failed += 1
                print(f"not ok systemd {function.__name__}\n{traceback.format_exc()}\n{machine.journal()[-3000:]}", flush=True)
    finally:
        machine.end()
        log.close()
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
