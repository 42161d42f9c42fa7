#!/usr/bin/env python3
"""What an idle connection costs the daemon: resident bytes, before and after so many are opened. `tests/run bench idle`."""

import argparse
import json
import os
import resource
import sys
import time

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "protocol"))

import client  # noqa: E402
from daemon import Daemon  # noqa: E402


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--eddyd", required=True)
    parser.add_argument("--connections", type=int, default=5000)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    figures = []
    for _ in range(options.runs):
        daemon = Daemon(os.path.realpath(options.eddyd), {"limits.connections": options.connections + 100})
        room = json.loads(client.http(daemon.address, "POST", "/new", daemon.host).body)["room"]

        def connect():
            return client.WebSocket(daemon.address, f"/room/{room}/connect", daemon.host)

        first = [connect() for _ in range(100)]  # what is allocated once is there by then
        before = daemon.memory()
        others = []
        for _ in range(options.connections):
            others.append(connect())
            others[-1].send_frame(client.TEXT, b'{"type":"get","key":"k","seq":null}')
        time.sleep(1)
        figures.append((daemon.memory() - before) / options.connections)
        for one in first + others:
            one.close()
        wrong = daemon.finish()
        if wrong:
            sys.exit(wrong)
    figures.sort()
    print(f"{options.connections} connections in one room, each subscribed to a key: bytes of the daemon's memory each, "
          f"median {figures[len(figures) // 2]:.0f} ({figures[0]:.0f} to {figures[-1]:.0f} in {len(figures)} runs)")


if __name__ == "__main__":
    main()
