#!/usr/bin/env python3
"""eddyd under load, beside other servers that speak the same protocol: ./tests/run bench load [OPTION]...

One table, a row per scenario, with what has to hold. Server on one core, generator on another; in each round the servers take
turns; medians, and half the distance of the quartiles. A run that was disturbed is repeated. See README.md here."""

import argparse
import json
import os
import signal
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, os.path.join(HERE, "load"))

import machine  # noqa: E402
import servers  # noqa: E402
from rows import ROWS, RIVALS, middle  # noqa: E402

REPEATS, REPEATS_LONG = 3, 1  # of a disturbed run; of one that takes a new server, and so is long
WARM, WARM_AGAIN = 1.5, 0.3  # seconds, for a new server (those with a compiler need it) and for one that was measured before
BUSY_LEAST = 0.7  # in a closed loop, of the busier of server and generator
OWN_LEAST = 0.9
COLUMNS = ("eddyd", "bun", "uws", "ws", "bare")


class Bench:
    def __init__(self, given):
        self.given = given
        self.cores = machine.two_cores()
        self.commands, self.missing = servers.commands(given.eddyd)
        self.commands = {name: command for name, command in self.commands.items() if name not in given.without}
        self.load = os.path.join(os.path.dirname(given.eddyd), "eddy_load")
        self.results = {}  # row -> label -> [report]
        self.disturbed = {}  # row -> [why]

    def start(self, variant):
        return servers.Server(variant.server, self.commands[variant.server], self.cores[0], variant.options)

    def generate(self, row, variant, running, timed):
        """What eddy_load reports, and why it is not to be believed."""
        watch = machine.Watch(self.cores, running.pid)
        before = os.times()
        done = subprocess.run(["taskset", "-c", str(self.cores[1]), self.load, variant.arguments[0], *timed, *variant.arguments[1:],
                               "--port", str(running.port), "--pid", str(running.pid)], capture_output=True, text=True, timeout=300)
        after = os.times()
        if done.returncode:
            raise SystemExit(f"{row.name}, {variant.label}: {done.stderr.strip()}\n{running.log()[-1000:]}")
        report = json.loads(done.stdout)
        used = sum(after[:4]) - sum(before[:4])  # the generator, and what this program took
        return report, watch.judge(used) or self.lazy(row, report)

    def lazy(self, row, report):
        """The generator looks for input without ever sleeping, so it has all of its core, unless somebody else is there."""
        had = report["own_cpu"] / report["seconds"] if "own_cpu" in report else 1
        if had < OWN_LEAST:
            return f"the generator had only {had:.0%} of its core"
        if row.closed:
            busiest = max(report["server_cpu"], report["own_cpu"] - report["own_waiting"]) / report["seconds"]
            if busiest < BUSY_LEAST:
                return f"neither server nor generator was busy for more than {busiest:.0%} of the time"
        return None

    def believed(self, row, variant, running):
        """Of a server that runs already, or of a new one each time."""
        timed = ["--seconds", str(self.given.seconds), "--warmup", str(WARM_AGAIN if running else WARM)]
        repeats = REPEATS if running else REPEATS_LONG
        for attempt in range(repeats + 1):
            one = running or self.start(variant)
            try:
                report, why = self.generate(row, variant, one, timed)
            finally:
                if not running:
                    one.stop()
            if not why:
                return report
            print(f"# {row.name}, {variant.label}: disturbed: {why}{'; again' if attempt < repeats else ''}", file=sys.stderr, flush=True)
        self.disturbed.setdefault(row.name, []).append(f"{variant.label}: {why}")
        return report

    def rounds(self, row, variants, count):
        """Each variant once a round, nobody always first. Their servers run side by side (who is not measured sleeps) where
        a row allows it: then a round is short, and what disturbs the machine disturbs all alike."""
        found = {variant.label: [] for variant in variants}
        running = {}
        try:
            for variant in variants if row.session else []:
                running[variant.label] = self.start(variant)
                self.generate(row, variant, running[variant.label], ["--seconds", str(WARM), "--warmup", "0"])
            for turn in range(count):
                shift = turn % len(variants)
                for variant in variants[shift:] + variants[:shift]:
                    if variant.server == "ws" and turn:
                        continue  # it is far behind: once will do
                    found[variant.label].append(self.believed(row, variant, running.get(variant.label)))
        finally:
            for server in running.values():
                server.stop()
        return found

    def saturation(self):
        """What the better rival (or eddyd, where there is none) can do, in messages a second."""
        known = self.results.get("fan100") or {}
        if not any(known.get(name) for name in RIVALS):
            row = next(row for row in ROWS if row.name == "fan100")
            known = self.rounds(row, [one for one in row.variants(self.commands) if one.server in ("eddyd", *RIVALS)], 3)
        there = [name for name in RIVALS if known.get(name)] or ["eddyd"]
        return max(middle(known[name], "per_second") for name in there) / 100

    def run(self, row):
        variants = row.variants(self.commands)
        if row.share:
            rate = f"{self.saturation() * row.share:.0f}"
            variants = [variant._replace(arguments=[*variant.arguments, "--rate", rate]) for variant in variants]
        count = self.given.rounds if row.session else (self.given.rounds + 2) // 3
        self.results[row.name] = self.rounds(row, variants, count)


def table(results, disturbed, notes):
    lines = [("scenario", *COLUMNS, "eddyd against", "target", "")]
    for row in ROWS:
        found = results.get(row.name)
        if not found or not found.get("eddyd"):
            continue
        cells, against, holds = row.judge(found)
        verdict = {None: "", True: "holds", False: "DOES NOT HOLD"}[holds] + (" (disturbed)" if row.name in disturbed else "")
        lines.append((f"{row.what} [{row.name}]", *(cells.get(name, "") for name in COLUMNS), against, row.target, verdict))
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    for number, line in enumerate(lines):
        print("| " + " | ".join(text.ljust(width) for text, width in zip(line, widths)) + " |")
        if number == 0:
            print("|" + "|".join("-" * (width + 2) for width in widths) + "|")
    for note in notes:
        print(f"# {note}")
    for name, whys in disturbed.items():
        print(f"# {name}, still disturbed when repeated: " + "; ".join(whys))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--eddyd", required=True)
    parser.add_argument("--only", help="these rows alone, with commas: " + ", ".join(row.name for row in ROWS))
    parser.add_argument("--rounds", type=int, default=9, help="9; a third of it where each round takes a new server")
    parser.add_argument("--seconds", type=float, default=1, help="of each run: 1")
    parser.add_argument("--without", default="", help="servers that are left out, with commas, such as ws,uws")
    parser.add_argument("--save", help="a file that the results are added to, and the table is made of")
    parser.add_argument("--show", help="just the table of such a file")
    given = parser.parse_args()
    given.eddyd = os.path.realpath(given.eddyd)
    given.without = given.without.split(",")
    saved = {"results": {}, "disturbed": {}, "notes": []}
    if os.path.exists(given.show or given.save or ""):
        with open(given.show or given.save) as file:
            saved = json.load(file)
    if given.show:
        table(saved["results"], saved["disturbed"], saved["notes"])
        return
    wanted = [row.name for row in ROWS] if not given.only else given.only.split(",")
    unknown = set(wanted) - {row.name for row in ROWS}
    if unknown:
        parser.error("no such row: " + ", ".join(sorted(unknown)))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended"))  # and its servers with it
    bench = Bench(given)
    network = machine.own_network()  # behind npm, which needs the other one
    for name in wanted:
        saved["results"].pop(name, None)
        saved["disturbed"].pop(name, None)
    bench.results, bench.disturbed = saved["results"], saved["disturbed"]
    saved["notes"] = [f"{time.strftime('%Y-%m-%d')}, {machine.describe(bench.cores)}", "k and M: per second of server CPU", network, *bench.missing]
    for row in ROWS:
        if row.name in wanted:
            began = time.monotonic()
            bench.run(row)
            print(f"# {row.name}: {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
            if given.save:
                with open(given.save, "w") as file:
                    json.dump(saved, file, indent=1)
    table(bench.results, bench.disturbed, saved["notes"])


if __name__ == "__main__":
    sys.exit(main())
