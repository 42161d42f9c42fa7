#!/usr/bin/env python3
"""What TLS costs the daemon, beside plain connections, in one run: connects, memory of idle connections, deliveries in one room, per
second of the daemon's processor time. The clients are Python's, which wait for nobody and so hold nothing up but themselves.
`./tests/run bench tls`; half a minute."""

import argparse
import json
import os
import re
import resource
import ssl
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "protocol"))

import client  # noqa: E402
from daemon import Daemon  # noqa: E402

TICK = os.sysconf("SC_CLK_TCK")
BATCH = 16  # messages at once
KEYS = {"TLS, P-256": ["ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"], "TLS, RSA 2048": ["rsa:2048"]}


def pss(pid):
    with open(f"/proc/{pid}/smaps_rollup") as file:
        return int(re.search(r"^Pss:\s+(\d+) kB", file.read(), re.M).group(1)) * 1024


def cpu(pid):
    """Seconds, as precisely as the kernel has them."""
    with open(f"/proc/{pid}/schedstat") as file:
        return int(file.read().split()[0]) / 1e9


def certificate(folder, kind):
    """Of the kind in KEYS; the client's module is told to use it."""
    os.makedirs(folder)
    subprocess.run(["openssl", "req", "-x509", "-newkey", *KEYS[kind], "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
                    "subjectAltName=DNS:localhost", "-keyout", f"{folder}/key.pem", "-out", f"{folder}/cert.pem"],
                   check=True, stderr=subprocess.DEVNULL)
    client.CERTIFICATE = f"{folder}/cert.pem"
    client.TLS = ssl.create_default_context(cafile=client.CERTIFICATE)


def measure(given):
    daemon = Daemon(os.path.realpath(given.eddyd), {"limits.connections": given.connections + 200})
    pid = daemon.process.pid
    room = json.loads(client.http(daemon.address, "POST", "/new", daemon.host).body)["room"]
    busy = json.loads(client.http(daemon.address, "POST", "/new", daemon.host).body)["room"]

    def connect(room, key):
        one = client.WebSocket(daemon.address, f"/room/{room}/connect", daemon.host, patience=30)
        one.send_frame(client.TEXT, json.dumps({"type": "get", "key": key, "seq": None}).encode())
        return one

    idle = [connect(room, "k") for _ in range(100)]  # what is allocated once is there by then
    time.sleep(0.5)
    memory, spent = pss(pid), cpu(pid)
    idle += [connect(room, "k") for _ in range(given.connections)]
    time.sleep(0.5)
    connects = given.connections / (cpu(pid) - spent)
    memory = (pss(pid) - memory) / given.connections

    hearers = [connect(busy, "k") for _ in range(given.hearers)]
    publisher = connect(busy, "none")
    push = json.dumps({"type": "push", "key": "k", "action": {"type": "relay"}, "value": "x" * given.size}).encode()
    batch = client.frame(client.TEXT, push) * BATCH
    time.sleep(0.5)
    spent, begun, count = cpu(pid), time.monotonic(), 0
    while time.monotonic() - begun < given.seconds:
        publisher.socket.sendall(batch)
        for one in hearers:
            heard = b""
            while heard.count(b'"seq":') < BATCH or not heard.endswith(b"}"):
                heard += one.socket.recv(1 << 20)
        count += BATCH * len(hearers)
    deliveries = count / (cpu(pid) - spent)
    for one in idle + hearers + [publisher]:
        one.close()
    wrong = daemon.finish()
    if wrong:
        sys.exit(wrong)
    return connects, memory, deliveries


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--eddyd", required=True)
    parser.add_argument("--connections", type=int, default=1000)
    parser.add_argument("--hearers", type=int, default=50)
    parser.add_argument("--size", type=int, default=64, help="bytes of a value")
    parser.add_argument("--seconds", type=float, default=4)
    given = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    print(f"{'':14} {'connects/s':>12} {'bytes, idle':>12} {'deliveries/s':>13}   (per second of the daemon's processor time; one room of "
          f"{given.hearers}, {given.size} bytes)")
    with tempfile.TemporaryDirectory(prefix="eddyd-tls-") as folder:
        for i, kind in enumerate(["plain", *KEYS]):
            client.TLS = client.CERTIFICATE = None
            if kind in KEYS:
                certificate(os.path.join(folder, str(i)), kind)
            connects, memory, deliveries = measure(given)
            print(f"{kind:14} {connects:12,.0f} {memory:12,.0f} {deliveries:13,.0f}", flush=True)


if __name__ == "__main__":
    main()
