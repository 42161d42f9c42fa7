#!/usr/bin/env python3
"""Kills the daemon with SIGKILL at random moments under load, starts it again on the same database, and compares what it kept
with what clients had heard. sync: nothing that anybody heard is missing. batch: what is missing is a suffix no longer than
the batch time. In both: no number comes twice, and every stream is exactly what the actions make of it.
Prints ok/not ok lines, and closes 'N passed, N failed'. 20 kills are for every day, --kills 200 for the long run."""

import argparse
import os
import random
import select
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "protocol"))

from daemon import SANITIZER, Daemon  # noqa: E402
from disk import POWER, TEAR, Disk  # noqa: E402
from load import Player  # noqa: E402

SLACK = 0.5  # seconds that a busy machine may add to the interval; a disk that is slower adds what it takes, see slack()
LIVES = {"sync": 0.5, "batch": 1.5, "snapshot": 1.5}  # at most, in seconds: longer than what may be lost


def slack(disk):
    """A commit is some writes and a sync or two, and one of these takes as long as the disk wants."""
    return SLACK + 3 * disk.get("took_us") / 1e6


def end_it(daemon, disk, how, wires, chance):
    """Kills the daemon, and says when it was dead."""
    if how != "kill":
        disk.cut(TEAR if how == "torn" else POWER, chance.randrange(12), chance.randrange(1 << 31))
        return
    # In the very moment in which somebody is about to hear something: if it is not safe by now, it is lost.
    select.select(list(wires), [], [], 0.2)
    daemon.process.kill()


def run_once(daemon, disk, how, players, chance, lives):
    """Load until it is killed. What is wrong, or ''; and when it was killed."""
    wires = {wire: player for player in players for wire in (player.sender, player.listener)}
    kill_at = time.monotonic() + chance.uniform(0.02, lives)
    killed_at, told = None, False
    wrong = ""
    while wires and not wrong:
        if not told and time.monotonic() >= kill_at:
            end_it(daemon, disk, how, wires, chance)
            told = True
        if told and not killed_at and not daemon.alive():
            killed_at = time.monotonic()
        elif told and not killed_at and time.monotonic() > kill_at + 20:
            wrong = f"it lives on after a {how} disk"
        if not killed_at:
            for player in players:
                player.play(chance)
        for wire in select.select(list(wires), [], [], 0.002)[0]:
            heard = wires[wire].hear(wire)
            if heard is None:
                del wires[wire]
                if not told:
                    wrong = "a connection ended before the kill"
            wrong = wrong or heard or ""
    daemon.process.wait()
    return wrong, killed_at or time.monotonic()


def run(program, durability, options):
    """Yields (name, what is wrong or '')."""
    chance = random.Random(options.seed)
    folder = tempfile.TemporaryDirectory(prefix="eddyd-kill-")
    path = os.path.join(folder.name, "eddy.db")
    interval = {"sync": 0, "batch": 0.2, "snapshot": 0.3}[durability]
    knobs = {"plugins.sqlite.path": path, "plugins.sqlite.durability": durability}
    if durability == "snapshot":
        knobs["plugins.sqlite.interval"] = "300ms"
    disk = Disk(folder.name, path, program, options.slow, records=True)
    players = [Player(number) for number in range(options.rooms)]
    pushes = heard = lost = 0
    deaths = {how: 0 for how in options.how}
    wrong = ""
    began = time.monotonic()
    daemon = Daemon(program, knobs, env=disk.env)
    while not wrong and sum(deaths.values()) < options.kills:
        how = options.how[sum(deaths.values()) % len(options.how)]
        for player in players:
            wrong = wrong or player.begin(daemon)
        if not wrong:
            wrong, killed_at = run_once(daemon, disk, how, players, chance, LIVES[durability])
        for player in players:
            player.end()
        if SANITIZER.search(daemon.log()):
            wrong = wrong or "a sanitizer has found something"
        if wrong:
            break
        deaths[how] += 1
        disk.mend()
        slack_s = slack(disk)
        disk.set(took_us=0)
        daemon.folder.cleanup()
        daemon = Daemon(program, knobs, env=disk.env)
        lost_since = float("inf") if durability == "sync" else killed_at - interval - slack_s
        if how == "power" and durability != "sync":
            lost_since = 0  # README.md of the plugin: whatever the system has not written out by itself
        for player in players:
            trouble, missing = player.judge(daemon, lost_since)
            wrong = wrong or trouble
            pushes += len(player.room.pushes)
            heard += len(player.room.heard)
            lost += missing
    if wrong:
        wrong += f"\nseed {options.seed}, after {deaths}, then {how}\n" + daemon.log()[-4000:]
    ended = daemon.finish()
    print(f"# {durability}: {', '.join(f'{n} {how}' for how, n in deaths.items())}; {pushes} pushes, {heard} heard, of these "
          f"{lost} lost, {time.monotonic() - began:.0f} s")
    if durability == "sync" and lost and not wrong:
        wrong = f"{lost} messages that were heard are lost"
    few = "" if heard > options.few * sum(deaths.values()) else f"only {heard} messages were heard"
    yield f"{durability}: what was heard is there, no number comes twice, streams are what the actions make", wrong or few
    yield f"{durability}: it ends as it should after the last kill", ended or ""
    folder.cleanup()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--eddyd", required=True)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--how", nargs="*", default=["kill", "torn", "power"], choices=["kill", "torn", "power"],
                        help="in turn: SIGKILL; the same in the middle of a write; and all or part of what is not synced is lost")
    parser.add_argument("--slow", type=int, default=300, metavar="US", help="microseconds for each write; 0: as the disk is")
    parser.add_argument("--rooms", type=int, default=6)
    parser.add_argument("--few", type=int, default=20, help="so many messages must be heard for each kill, or it proves nothing")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    parser.add_argument("--durability", nargs="*", default=["sync", "batch", "snapshot"])
    options = parser.parse_args()
    passed = failed = 0
    for durability in options.durability:
        for name, wrong in run(options.eddyd, durability, options):
            if wrong:
                failed += 1
                print(f"not ok {name}\n{wrong}", flush=True)
            else:
                passed += 1
                print(f"ok {name}", flush=True)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
