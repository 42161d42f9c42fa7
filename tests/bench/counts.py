#!/usr/bin/env python3
"""Instructions of one push (count_push.c under callgrind) against the table of counts.txt.

Counts are repeatable where times are not: the same binary takes the same number, whatever else the machine does. Another
compiler or C library gives another number, so the table says which it was made with, and with others it is only shown.

  counts.py --build FOLDER             compares; more than 3 % up is a failure
  counts.py --build FOLDER --update    writes the table anew
"""

import argparse
import glob
import os
import platform
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
TABLE = os.path.join(HERE, "counts.txt")
PUSHES = 64
MOST = 1.03


def made_with():
    compiler = subprocess.run(["cc", "-dumpfullversion"], capture_output=True, text=True, check=True).stdout.strip()
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        wide = "avx2" if " avx2 " in file.read() else "no avx2"  # the C library chooses its functions by that
    return f"{platform.machine()}, {wide}, cc {compiler}, {' '.join(platform.libc_ver())}"


def count(program):
    """Case to instructions per push."""
    with tempfile.TemporaryDirectory() as folder:
        command = ["valgrind", "--tool=callgrind", "--combine-dumps=no",
                   f"--callgrind-out-file={folder}/out", program]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
        if done.returncode:
            sys.exit(f"count_push under callgrind ended with {done.returncode}:\n{done.stderr[-2000:]}")
        counts = {}
        for name in glob.glob(f"{folder}/out*"):
            with open(name, encoding="utf-8") as file:
                text = file.read()
            case = re.search(r"^desc: Trigger: Client Request: (.*)$", text, re.M)
            total = re.search(r"^(?:totals|summary): (\d+)", text, re.M)
            if case and total:
                counts[case[1]] = int(total[1]) // PUSHES
        return {case: counts.get(case, 0) for case in done.stdout.splitlines()}


def read_table():
    with open(TABLE, encoding="utf-8") as file:
        lines = [line.rstrip("\n") for line in file if not line.startswith("#")]
    return lines[0], {case: int(number) for number, case in (line.strip().split("  ", 1) for line in lines[1:])}


def write_table(counts):
    with open(TABLE, "w", encoding="utf-8") as file:
        file.write("# Instructions of one push; written by tests/bench/counts.py --update, compared by ./tests/run counts.\n")
        file.write(f"{made_with()}\n")
        file.writelines(f"{number:>8}  {case}\n" for case, number in counts.items())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", required=True)
    parser.add_argument("--update", action="store_true")
    options = parser.parse_args()
    counts = count(os.path.join(options.build, "count_push"))
    if options.update:
        write_table(counts)
        return
    made, table = read_table()
    same, passed, failed = made == made_with(), 0, 0
    for case, number in counts.items():
        before = table.get(case, 0)
        good = 0 < number and (not same or number <= before * MOST)
        passed, failed = passed + good, failed + (not good)
        change = f"{100 * (number / before - 1):+.1f} %" if before else "new"
        print(f"{'ok' if good else 'not ok'} {case}: {number} instructions, {change}")
    if not same:
        print(f"(the table is of {made}, this is {made_with()}: nothing is judged)")
    if set(table) - set(counts):
        failed += 1
        print(f"not ok cases that are gone: {', '.join(sorted(set(table) - set(counts)))}")
    print(f"{passed} passed, {failed} failed")
    sys.exit(failed > 0)


main()
