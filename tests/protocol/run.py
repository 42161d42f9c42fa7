#!/usr/bin/env python3
"""Plays the protocol against a real eddyd: the cases of cases/*.json, and the tests of test_*.py. See README.md."""

import argparse
import concurrent.futures
import fnmatch
import glob
import importlib
import os
import sys
import threading
import time
import traceback

import client
import player
import session
from daemon import Daemon

HERE = os.path.dirname(os.path.abspath(__file__))


class Test:
    """One thing to play, once: `run` is given a daemon that was started with `options`."""

    def __init__(self, name, encoding, options, run, alone=False):
        self.name, self.encoding, self.options, self.run, self.alone = name, encoding, options, run, alone

    @property
    def title(self):
        return f"{self.name} [{self.encoding}]" if self.encoding else self.name


def case_tests():
    for case in player.load(os.path.join(HERE, "cases")):
        for encoding in case["encodings"]:
            yield Test(case["name"], encoding, case["options"],
                       lambda daemon, case=case, encoding=encoding: player.play(case, daemon, encoding))


def python_tests():
    """Functions that `suite.test` has marked, in the files test_*.py."""
    for path in sorted(glob.glob(os.path.join(HERE, "test_*.py"))):
        module = importlib.import_module(os.path.basename(path)[:-3])
        for function in vars(module).values():
            for name, encoding, options, alone, arguments in getattr(function, "plays", []):
                def run(daemon, function=function, encoding=encoding, arguments=arguments):
                    at_hand = session.Session(daemon, encoding or "json")
                    try:
                        function(at_hand, *arguments)
                    finally:
                        at_hand.close()
                yield Test(name, encoding, options, run, alone)


class Report:
    def __init__(self, verbose):
        self.lock, self.verbose, self.passed, self.failed = threading.Lock(), verbose, 0, 0

    def add(self, title, reason, seconds):
        with self.lock:
            if reason is None:
                self.passed += 1
                print(f"ok {title}" + (f"  # {seconds:.2f} s" if self.verbose else ""), flush=True)
            else:
                self.failed += 1
                first, _, rest = reason.partition("\n")
                print(f"not ok {title}: {first}", flush=True)
                for line in rest.splitlines():
                    print("    " + line, flush=True)


def play_one(test, daemon, report):
    began, reason = time.monotonic(), None
    try:
        if not daemon.alive():
            raise AssertionError("the daemon is gone")
        test.run(daemon)
    except Exception as error:  # whatever it was, the other tests go on
        reason = player.describe(error)
        if report.verbose:
            reason += "\n" + traceback.format_exc()
    report.add(test.title, reason, time.monotonic() - began)


def play_group(args, options, tests, report):
    """The tests that want the same daemon."""
    label = " ".join(f"{name}={value}" for name, value in sorted(options.items())) or "defaults"
    began = time.monotonic()
    try:
        daemon = Daemon(args.eddyd, options, args.valgrind, args.patience)
    except Exception as error:
        for test in tests:
            report.add(test.title, f"no daemon ({label}): {error}", 0)
        return
    try:
        with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
            list(pool.map(lambda test: play_one(test, daemon, report), [t for t in tests if not t.alone]))
        for test in (t for t in tests if t.alone):
            play_one(test, daemon, report)
    finally:
        report.add(f"daemon ends well: {label}", daemon.finish(), time.monotonic() - began)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--eddyd", required=True, metavar="PATH", help="the daemon to test")
    parser.add_argument("--only", metavar="GLOB", help="only tests whose name matches")
    parser.add_argument("--valgrind", action="store_true", help="run the daemon under valgrind")
    parser.add_argument("--patience", type=float, default=client.PATIENCE, metavar="SECONDS", help="how long to wait for an answer")
    parser.add_argument("--jobs", type=int, default=4, help="tests at a time on one daemon, and daemons at a time")
    parser.add_argument("-v", action="store_true", dest="verbose", help="times, and where a test failed")
    args = parser.parse_args()
    args.eddyd = os.path.abspath(args.eddyd)
    if not os.access(args.eddyd, os.X_OK):
        print(f"not ok: there is no {args.eddyd}\n0 passed, 1 failed")
        return 1

    groups = {}
    for test in [*case_tests(), *python_tests()]:
        if args.only and not fnmatch.fnmatch(test.name, args.only):
            continue
        options = {name: str(value) for name, value in test.options.items()}
        key = (tuple(sorted(options.items())), test.title if test.alone == "daemon" else None)
        groups.setdefault(key, (options, []))[1].append(test)
    report = Report(args.verbose)
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        for done in [pool.submit(play_group, args, options, tests, report) for options, tests in groups.values()]:
            done.result()
    if not report.passed + report.failed:
        print(f"not ok: no test matches {args.only}")
        report.failed = 1
    print(f"{report.passed} passed, {report.failed} failed")
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main())
