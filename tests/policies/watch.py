#!/usr/bin/env python3
"""Files of a policy that change in all the ways in which editors, people and deployments change them, under the daemon's real
file watcher; and rooms that ask for a policy by its name.  Prints ok/not ok lines, and closes 'N passed, N failed'."""

import os
import pathlib
import re
import shutil
import sys
import time

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "protocol"))

from bench import Bench, check, main  # noqa: E402
from client import Ended  # noqa: E402

# What a room answers: the version of its policy.
VERSION = "return {{ push = function(room, msg) msg.value = {!r} return msg end }}\n"
MODULE = "local saying = require({!r})\nreturn {{ push = function(room, msg) msg.value = saying return msg end }}\n"
LATER = "return {{ push = function(room, msg) msg.value = require({!r}) return msg end }}\n"
CALM = 0.4  # seconds in which what the watcher would do is done: it waits 50 ms
TESTS = []


def test(function):
    TESTS.append(function)
    return function


class Files:
    """A folder of scripts, a daemon on it, and one room of the policy `it`, which says its version."""

    def __init__(self, bench):
        self.bench = bench
        self.rooms = bench.scripts / "rooms"
        self.path = self.rooms / "it.lua"
        self.set("first")
        self.daemon = bench.start({"namespaces.it.policy": "it"})
        self.room = bench.room("it")
        self.expect("first")

    def set(self, version, path=None):
        (path or self.path).write_text(VERSION.format(version))

    def replace(self, version):
        self.put(VERSION.format(version))

    def put(self, text):
        """In one moment: nothing else of it is ever to be seen."""
        new = self.rooms / ".it.lua.swp"
        new.write_text(text)
        os.replace(new, self.path)

    def said(self, *patterns):
        """Until the log has it."""
        end = time.monotonic() + self.bench.patience
        for pattern in patterns:
            while not re.search(pattern, self.bench.log()):
                check(time.monotonic() < end, f"no {pattern} in {self.bench.log()[-600:]}")
                time.sleep(0.02)

    def version(self):
        return self.bench.ask(self.room)

    def expect(self, version):
        """The room comes to this version, and stays there."""
        end = time.monotonic() + self.bench.patience
        while (now := self.version()) != version:
            check(time.monotonic() < end, f"version {now!r} is at work, not {version!r}: {self.bench.log()[-600:]}")
            time.sleep(0.02)

    def stays(self, version):
        end = time.monotonic() + CALM
        while time.monotonic() < end:
            now = self.version()
            check(now == version, f"version {now!r} has come to work")
            time.sleep(0.05)

    def loads(self):
        """How many versions were loaded, and how many were not."""
        log = self.bench.log()
        return log.count("policy it: version"), log.count("policy it does not load")


@test
def written_in_place(files):
    files.set("second")
    files.expect("second")
    files.set("third")
    files.expect("third")


@test
def written_in_two_halves(files):
    text = VERSION.format("whole")
    with open(files.path, "w") as file:  # empty at first: no policy
        file.write(text[:30])
        file.flush()
        files.said("policy it does not load")
        check(files.version() == "first", "half a file was put to work")
        file.write(text[30:])
    files.expect("whole")


@test
def written_in_two_halves_quickly(files):
    text = VERSION.format("whole")
    with open(files.path, "w") as file:
        file.write(text[:30])
        file.flush()
        time.sleep(0.005)
        file.write(text[30:])
    files.expect("whole")
    loaded, failed = files.loads()
    # On a machine that stands still for 50 ms in between, the half may have been seen: then it was not put to work.
    check(loaded == 1 and failed <= 1, f"it was loaded {loaded} times, and {failed} times not")


@test
def replaced_by_rename(files):
    for version in ("second", "third"):
        files.replace(version)
        files.expect(version)


@test
def renamed_away_and_back(files):
    """As editors do that keep a backup."""
    for version in ("second", "third"):
        os.rename(files.path, files.rooms / "it.lua~")
        files.set(version)
        files.expect(version)


@test
def deleted_and_written_again(files):
    files.path.unlink()
    files.said(r"policy it does not load.*it\.lua: No such file")
    files.stays("first")
    files.set("again")
    files.expect("again")


@test
def touched(files):
    os.utime(files.path)
    with open(files.path, "r+") as file:  # as it was, at any moment
        file.write(VERSION.format("first"))
    files.replace("first")
    (files.rooms / "other.lua").write_text("return {}")
    (files.rooms / "notes.txt").write_text("nothing to do with it")
    files.stays("first")
    check(files.loads() == (0, 0), f"it was loaded again: {files.bench.log()[-600:]}")


@test
def broken_version(files):
    files.path.write_text("local a = 1\nlocal b = = 2\nreturn {}\n")
    files.said(r"level=error .*policy it does not load.*rooms/it\.lua:2:")
    files.stays("first")
    files.set("mended")
    files.expect("mended")


@test
def broken_in_open(files):
    files.path.write_text("return {\n  open = function()\n    error('not today')\n  end }\n")
    files.said(r"policy it does not load.*rooms/it\.lua:3: not today")
    files.stays("first")


@test
def broken_is_said_once(files):
    """A change elsewhere is no reason to try the broken version, and to tell of it, again."""
    files.put("return {{{\n")
    files.said("policy it does not load")
    for n in range(5):
        (files.rooms / "other.lua").write_text(f"return {{}} -- {n}\n")
        time.sleep(0.15)
    check(files.loads()[1] == 1, f"it was told {files.loads()[1]} times")


@test
def policies_that_are_new(files):
    status, _ = files.bench.new({"policy": "newcomer"})
    check(status == 400, f"a policy that there is not yet: {status}")
    files.set("new", files.rooms / "newcomer.lua")
    check(files.bench.ask(files.bench.room("it", "newcomer")) == "new", "it is not at work")
    room = files.bench.room("it", "newcomer")
    files.set("newer", files.rooms / "newcomer.lua")
    end = time.monotonic() + files.bench.patience
    while files.bench.ask(room) != "newer":
        check(time.monotonic() < end, "a change of it goes unnoticed")
    check(files.version() == "first", "the other policy has changed as well")


@test
def policies_that_cannot_be_had(files):
    for name in ("unknown", "", "../it", "it.lua", "a/b", "x" * 65):
        status, said = files.bench.new({"policy": name})
        check(status == 400 and "no such policy" in said, f"{name!r}: {status} {said}")
    for options in ({"policy": 5}, {"policy": None}, {"police": "it"}, ["it"]):
        status, said = files.bench.new(options)
        check(status == 400, f"{options}: {status} {said}")


@test
def policy_that_is_broken(files):
    path = files.rooms / "broken.lua"
    path.write_text("return {\n  oops\n")
    for _ in range(3):
        status, said = files.bench.new({"policy": "broken"})
        check(status == 500 and "broken" in said and "oops" not in said, f"{status} {said}")
    check("rooms/broken.lua:" in files.bench.log(), "the log does not say where")
    files.set("mended", path)
    check(files.bench.ask(files.bench.room("it", "broken")) == "mended", "it is not at work")


@test
def part_of_the_library(files):
    part = files.bench.scripts / "lib" / "saying.lua"
    part.write_text("return 'from a part'\n")
    files.path.write_text(MODULE.format("saying"))
    files.expect("from a part")
    part.write_text("return 'from a better part'\n")
    files.expect("from a better part")
    part.write_text("return 'half\n")
    files.said("lib/saying.lua:1:")
    files.stays("from a better part")


@test
def module_in_a_folder_below(files):
    folder = files.rooms / "below"
    folder.mkdir()
    (folder / "saying.lua").write_text("return 'from below'\n")
    files.path.write_text(MODULE.format("below.saying"))
    files.expect("from below")
    for n in range(2):
        (folder / "saying.lua").write_text(f"return 'from below {n}'\n")
        files.expect(f"from below {n}")


@test
def module_that_comes_later(files):
    files.path.write_text(LATER.format("later.saying"))
    # What is required in push is not looked for before.
    end = time.monotonic() + files.bench.patience
    while "failed" not in str(files.version()):
        check(time.monotonic() < end, "it works without its module")
    (files.rooms / "later").mkdir()
    (files.rooms / "later" / "saying.lua").write_text("return 'late'\n")
    files.expect("late")


@test
def folder_replaced(files):
    """As a whole: two renames, one behind the other. And once more, to see that the new one is watched."""
    for n in range(2):
        new = files.bench.scripts / "new"
        shutil.copytree(files.rooms, new)
        files.set(f"folder {n}", new / "it.lua")
        os.rename(files.rooms, files.bench.scripts / f"old-{n}")
        os.rename(new, files.rooms)
        files.expect(f"folder {n}")
    files.set("in the new one")
    files.expect("in the new one")
    files.set("in the old one", files.bench.scripts / "old-0" / "it.lua")
    files.stays("in the new one")


@test
def folder_deleted_and_made_again(files):
    """The new one may get the inode of the old one."""
    for n in range(3):
        shutil.rmtree(files.rooms)
        if n == 1:
            files.stays("folder 0")
        files.rooms.mkdir()
        files.set(f"folder {n}")
        files.expect(f"folder {n}")
        files.set(f"folder {n}, changed")
        files.expect(f"folder {n}, changed")
        files.replace(f"folder {n}")
        files.expect(f"folder {n}")


@test
def all_scripts_replaced(files):
    """The folder that the daemon was given."""
    scripts = files.bench.scripts
    for n, pause in enumerate((0, 0.3)):
        new = scripts.parent / "new"
        shutil.copytree(scripts, new)
        files.set(f"scripts {n}", new / "rooms" / "it.lua")
        os.rename(scripts, scripts.parent / f"old-{n}")
        time.sleep(pause)
        os.rename(new, scripts)
        files.expect(f"scripts {n}")
        files.set(f"scripts {n}, changed")
        files.expect(f"scripts {n}, changed")


@test
def symbolic_link_to_a_file(files):
    one, two = files.bench.scripts.parent / "one.lua", files.bench.scripts.parent / "two.lua"
    for version, path in (("one", one), ("two", two), ("one", one)):
        files.set(version, path)
        link = files.rooms / ".link"
        link.symlink_to(path)
        os.replace(link, files.path)
        files.expect(version)


@test
def symbolic_link_to_a_folder(files):
    """As volumes of configuration do: rooms -> data, data -> ..2026; and data is switched."""
    scripts = files.bench.scripts
    for n in range(3):
        folder = scripts / f"..{n}"
        folder.mkdir()
        files.set(f"data {n}", folder / "it.lua")
        if n == 0:
            shutil.rmtree(files.rooms)
            files.rooms.symlink_to("data")
        (scripts / ".link").symlink_to(folder.name)
        os.replace(scripts / ".link", scripts / "data")
        files.expect(f"data {n}")
    files.set("in place")
    files.expect("in place")


@test
def closed_as_it_comes_in(files):
    """It is told so in a close frame, and what it has sent already is nobody's."""
    files.put("local here = 0\n"
              "return { join = function(room, member)\n"
              "  here = here + 1\n"
              "  if here == 2 then member:send('why', 1) member:close('the room is full', 4001) end\n"
              "  if here == 3 then member:close() end\n"
              "end, push = function(room, msg) msg.value = here return msg end }\n")
    files.said("policy it: version")
    room = files.bench.session.new_room("/db/it")
    first = files.bench.session.connect(room, base="/db/it")
    for code, why in (4001, "the room is full"), (1008, "closed by the room's policy"):
        connection = files.bench.session.connect(room, base="/db/it")
        connection.push("k", "nobody's", "relay")
        try:
            while True:
                connection.receive()
        except Ended as ended:
            check((ended.code, ended.reason) == (code, why), f"{ended}")
    check(files.bench.ask(first, "k", 0) == 3, "a third was heard")


@test
def something_that_never_rests(files):
    """A file that is written all the time, every few milliseconds, does not keep a change from being noticed."""
    end = time.monotonic() + files.bench.patience
    noise = files.rooms / "noise.log"
    files.set("beside noise")
    while files.version() != "beside noise":
        noise.write_text(str(time.monotonic()))
        check(time.monotonic() < end, "the change goes unnoticed")
        time.sleep(0.005)


def run(program, patience):
    for function in TESTS:
        bench = Bench(program, patience)
        wrong = ""
        try:
            function(Files(bench))
        except Exception as error:  # anything: the next test is none the worse
            wrong = f"{type(error).__name__}: {error}"
        wrong = wrong or bench.end() or ""
        bench.end()
        yield function.__name__.replace("_", " "), wrong


if __name__ == "__main__":
    main("watch", run)
