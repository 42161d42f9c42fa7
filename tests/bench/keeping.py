#!/usr/bin/env python3
"""What keeping rooms costs: ./tests/bench/keeping.py --eddyd PATH [--rooms 100000]

- start: a database of so many rooms of ten messages each: how long until it serves, and its memory then.
- cold: a first `get` in rooms that are not in memory; and the memory after that.
- sync: clients in as many rooms that push one message each and wait for it: messages and commits a second, pushes per commit.
Nothing is judged."""

import argparse
import os
import re
import select
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "protocol"))

import client  # noqa: E402
import daemon as daemons  # noqa: E402
from daemon import Daemon  # noqa: E402

daemons.CONFIG = daemons.CONFIG.replace("plugins = {", "plugins = { metrics = {},", 1)

def connect(daemon, room):
    return client.WebSocket(daemon.address, f"/db/auto/room/{room}/connect", daemon.host, patience=20)


def fill(program, path, rooms):
    """By import: lines of rooms with ten messages each."""
    command = [program, "--import", "-s", f"plugins.sqlite.path={path}"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as importing:
        for i in range(rooms):
            lines = [f'{{"room":"auto/r{i}","policy":"default","seq":10,"created":0,"expires":0}}']
            for seq in range(1, 11):
                value = f'{{\\"n\\":{seq},\\"text\\":\\"a message of a usual length, say\\"}}'
                lines.append(f'{{"key":"k","seq":{seq},"time":0,"base":false,"json":"{value}"}}')
            importing.stdin.write("\n".join(lines) + "\n")
        importing.stdin.write(f'{{"end":{rooms}}}\n')
    assert importing.returncode == 0, "the rooms could not be imported"


def start_and_cold(program, path, rooms, options):
    fill(program, path, rooms)
    began = time.monotonic()
    daemon = Daemon(program, options)
    serving = time.monotonic() - began
    memory = daemon.memory()
    times = []
    for i in range(0, rooms, max(1, rooms // 500)):
        began = time.monotonic()
        socket = connect(daemon, f"r{i}")
        connected = time.monotonic()
        socket.send_frame(client.TEXT, b'{"type":"get","key":"k","seq":0}')
        assert socket.receive()[1].count(b'"seq"') == 10
        times.append((time.monotonic() - began, time.monotonic() - connected))
        socket.close()
    whole = sorted(t[0] * 1000 for t in times)
    print(f"start     {rooms} rooms: serves after {serving * 1000:.0f} ms, {memory / 1e6:.1f} MB; file {os.path.getsize(path) / 1e6:.0f} MB")
    print(f"cold get  connect, load and init: median {statistics.median(whole):.2f} ms, p99 {whole[len(whole) * 99 // 100]:.2f} ms, "
          f"worst {whole[-1]:.2f} ms; {len(whole)} rooms, then {daemon.memory() / 1e6:.1f} MB")
    print("#", daemon.finish() or "ended well")


def commits(daemon):
    text = client.http(daemon.address, "GET", "/metrics", daemon.host).body.decode()
    found = re.search(r"^eddy_sqlite_commits_total (\S+)", text, re.M)
    return float(found.group(1)) if found else float("nan")


def pushes(program, options, rooms, seconds):
    daemon = Daemon(program, options)
    sockets = [connect(daemon, f"p{i}") for i in range(rooms)]
    by_socket = {socket.socket: socket for socket in sockets}
    commits_before = commits(daemon)
    frame = client.frame(client.TEXT, b'{"type":"push","key":"k","action":{"type":"replace"},"value":"a message of a usual length"}')
    for socket in sockets:
        socket.send(frame)
    done, began, times = 0, time.monotonic(), {s: time.monotonic() for s in sockets}
    waits = []
    while (now := time.monotonic()) < began + seconds:
        for ready in select.select(list(by_socket), [], [], 1)[0]:
            socket = by_socket[ready]
            socket.receive()
            waits.append(time.monotonic() - times[socket])
            done += 1
            times[socket] = time.monotonic()
            socket.send(frame)
    seconds = time.monotonic() - began
    rate, committed = done / seconds, commits(daemon) - commits_before
    for socket in sockets:
        socket.close()
    waits.sort()
    print(f"push      {options['plugins.sqlite.durability']}, {rooms} rooms: {rate:.0f}/s, {committed / seconds:.0f} commits/s, "
          f"{done / max(1, committed):.1f} pushes per commit, heard after {statistics.median(waits) * 1000:.2f} ms "
          f"(p99 {waits[len(waits) * 99 // 100] * 1000:.2f})")
    daemon.finish()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--eddyd", required=True)
    parser.add_argument("--rooms", type=int, default=100000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="eddyd-bench-") as folder:
        path = os.path.join(folder, "eddy.db")
        options = {"plugins.sqlite.path": path, "plugins.sqlite.durability": "sync"}
        start_and_cold(given.eddyd, path, given.rooms, options)
        for durability in ("sync", "batch"):
            for rooms in (1, 50, 400):
                options["plugins.sqlite.durability"] = durability
                options["plugins.sqlite.path"] = os.path.join(folder, f"{durability}{rooms}.db")
                pushes(given.eddyd, options, rooms, 3)


if __name__ == "__main__":
    sys.exit(main())
