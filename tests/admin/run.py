#!/usr/bin/env python3
"""The admin interface and eddyctl against the real daemon.  tests/admin/run.py --build FOLDER [--only GLOB]"""

import argparse
import concurrent.futures
import fnmatch
import importlib
import pathlib
import sys
import time
import traceback

import server


def tests():
    """The functions of test_*.py whose name does not begin with a line, in order."""
    for path in sorted(pathlib.Path(__file__).parent.glob("test_*.py")):
        module = importlib.import_module(path.stem)
        for name, function in vars(module).items():
            if getattr(function, "__module__", None) == path.stem and not name.startswith("_") and callable(function):
                yield f"{path.stem[5:]}: {name.replace('_', ' ')}", function


def play(name, function):
    began = time.monotonic()
    try:
        function()
        return True, f"ok {name}", time.monotonic() - began
    except Exception as error:  # anything: the next test is none the worse
        where = traceback.format_exc() if not isinstance(error, AssertionError) else traceback.format_exc(limit=-2)
        return False, f"not ok {name}: {type(error).__name__}: {error}\n{where}", time.monotonic() - began


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", required=True, metavar="FOLDER", type=pathlib.Path)
    parser.add_argument("--only", metavar="GLOB", default="*")
    parser.add_argument("-v", action="store_true", dest="verbose", help="times")
    args = parser.parse_args()
    server.BUILD = args.build.resolve()
    chosen = [(name, function) for name, function in tests() if fnmatch.fnmatch(name, args.only)]
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        for good, text, seconds in pool.map(lambda test: play(*test), chosen):
            print(text + (f"  # {seconds:.2f} s" if args.verbose else ""), flush=True)
            failed += not good
    print(f"{len(chosen) - failed} passed, {failed} failed")
    return 1 if failed or not chosen else 0


if __name__ == "__main__":
    sys.exit(main())
