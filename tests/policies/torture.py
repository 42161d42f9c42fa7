#!/usr/bin/env python3
"""The scripts of tests/lua/torture as policies of rooms in one real daemon: at file level, in push, in commit and in a timer, each
in a new room that shares its Lua state with a healthy one, and the daemon with a healthy room of another policy. What each
script tries fails; the healthy rooms' messages go on; no call holds the daemon longer than twice its time budget; its memory
stays bounded, and it ends as asked.  Prints ok/not ok lines, and closes 'N passed, N failed'."""

import os
import pathlib
import re
import statistics
import sys
import time

from bench import HERE, Bench, check, main

import client

SCRIPTS = HERE.parent / "lua" / "torture"
BUDGET_MS = 20  # policies.call
CAP = 8 << 20  # policies.memory
REFUSED_MAX = 2  # in all, of a room in the same Lua state: a call that meets the state full may fail once
# What the daemon may hold beyond that: the state that is given up while its rooms move to a new one, and one in which the room
# that is to blame begins again.
STATES = 3
# To give a state up it is collected as a whole first, and freed in the end: that goes beyond the budget of the call that did it.
GIVEN_UP_MS = 150
BESIDES = 32 << 20
CALLS_MAX = 1000  # of a script that takes more than one call
REPEATS = 3  # of what seemed to take too long

POLICY = """local eddy = require "eddy"
local print = nil -- the one thing that a policy has, and a bare script has not
local knobs = eddy.knobs {{ at_file_level = "" }}
local scripts = {{}}
{scripts}
if knobs.at_file_level ~= "" then scripts[knobs.at_file_level]() end

local again = {{}}
local count = 0

-- Some scripts return a function, which takes more than one call.
local function torture(name)
  local result = (again[name] or scripts[name])()
  if not again[name] and type(result) == "function" then again[name] = result end
  return again[name] ~= nil
end

return {{
  {{ key = "push", push = function(room, msg)
      msg.value = torture(msg.value) and "more" or "escaped"
      return msg
    end }},
  {{ key = "commit", commit = function(room, msg)
      if msg.own then return end
      room:push("commit", torture(msg.value) and "more" or "escaped")
    end }},
  {{ key = "timer", commit = function(room, msg)
      if msg.own then return end
      local name = msg.value
      room:after(0, function() room:push("timer", torture(name) and "more" or "escaped") end)
    end }},
  {{ key = "healthy", push = function(room, msg)
      count = count + 1
      local fine, why = pcall(error, "caught")
      assert(not fine and why == "caught" and ("n%d"):format(count):match("%d+") == tostring(count))
      return msg
    end }},
}}
"""
CALM = 'require("eddy").knobs { at_file_level = "" }\nreturn {}\n'
OTHER = """local seen = {}
return { { key = "healthy", push = function(room, msg)
  seen[#seen + 1] = ("%d"):format(msg.value)
  if #seen > 100 then table.remove(seen, 1) end
  return msg
end } }
"""


def names():
    return sorted(path.stem for path in SCRIPTS.glob("*.lua"))


def policy():
    functions = []
    for name in names():
        text = (SCRIPTS / f"{name}.lua").read_text()
        functions.append(f"scripts.{name} = function(...)\n{text}\nend\n")
    return POLICY.format(scripts="".join(functions))


class Torture:
    def __init__(self, bench):
        self.bench = bench
        rooms = bench.scripts / "rooms"
        (rooms / "hostile.lua").write_text(policy())
        (rooms / "calm.lua").write_text(CALM)
        (rooms / "other.lua").write_text(OTHER)
        options = {"policies.call": f"{BUDGET_MS}ms", "policies.memory": f"{CAP >> 20}MiB", "limits.errors": 1000000,
                   "namespaces.hostile.policy": "hostile", "namespaces.other.policy": "other"}
        for name in names():  # the policy of these namespaces loads; that of their rooms will be another
            options[f"namespaces.{name}.policy"] = "calm"
            options[f"namespaces.{name}.knobs.at_file_level"] = name
        self.daemon = bench.start(options)
        self.neighbour = bench.room("hostile")
        self.other = bench.room("other")
        self.beat = 0
        self.worst_ms = self.longest_ms = 0
        self.refused = 0  # messages of the neighbour
        self.given_up, self.given_up_ms = 0, 0  # states, and the CPU time of the worst call that led to it
        self.log = open(self.daemon.log_path, "rb")
        self.healthy()
        self.memory = self.most = self.daemon.memory()

    def cpu_ms(self):
        """The main thread's, to the nanosecond."""
        pid = self.daemon.process.pid
        return int(pathlib.Path(f"/proc/{pid}/task/{pid}/schedstat").read_text().split()[0]) / 1e6

    def healthy(self):
        """Each healthy room answers. The longest wait for one, in ms on the wall."""
        self.beat += 1
        began = time.monotonic()
        for room in (self.other, self.neighbour):
            room.push("healthy", self.beat, "relay")
        for room in (self.other, self.neighbour):
            message = self.bench.hear(room)
            if room is self.neighbour and message["type"] == "error" and self.refused < REFUSED_MAX:
                self.refused += 1  # the state that it shares was full just then; it goes on all the same
                room.push("healthy", self.beat, "relay")
                message = self.bench.hear(room)
            check(message.get("key") == "healthy" and message["value"] == self.beat, f"a healthy room heard {message}")
        return (time.monotonic() - began) * 1000

    def measured(self, act, answer):
        """act() sends something hostile; the healthy rooms are asked while it is at work; then answer() is waited for. Its
        result, and the CPU time that all of it took."""
        before = self.cpu_ms()
        act()
        self.longest_ms = max(self.longest_ms, self.healthy())
        result = answer()
        took = self.cpu_ms() - before
        self.most = max(self.most, self.daemon.memory())
        return result, took

    def gave_up(self):
        """Whether the log has told of a state that was given up, since this was last asked."""
        return b"is over its memory" in self.log.read()

    def call(self, room, name, way):
        """One call: 'refused', 'more' or 'escaped', and its CPU time."""

        def answer():
            message = self.bench.hear(room)
            if message["type"] == "error" or way == "push":
                return message.get("value", "refused")
            check(message["value"] == name, f"heard {message}")  # the push itself; then what came of it
            # Behind the echo of another push: what came of the first, or nothing.
            if way == "timer":
                time.sleep(0.002)
            room.push("fence", 0, "relay")
            while (message := self.bench.hear(room))["type"] == "push" and message["key"] == way:
                result.append(message["value"])
            check(message.get("key") == "fence", f"heard {message}")
            return result[0] if result else "refused"

        result = []
        return self.measured(lambda: room.push(way, name, "relay"), answer)

    def in_room(self, name, way):
        """The worst call's CPU time."""
        room = self.bench.room("hostile")
        worst = 0
        for _ in range(CALLS_MAX):
            result, took = self.call(room, name, way)
            if self.gave_up():  # that is more than the call
                self.given_up += 1
                self.given_up_ms = max(self.given_up_ms, took)
            else:
                worst = max(worst, took)
            check(result != "escaped", "it has returned")
            if result == "refused":
                room.close()
                return worst
        raise AssertionError(f"it has returned, {CALLS_MAX} times")

    def at_file_level(self, name):
        path = f"/db/{name}"
        stream = self.bench.session.stream()
        body = b'{"policy": "hostile"}'
        request = client.request_bytes("POST", path + "/new", self.daemon.host, {"Connection": "close"}, body)
        response, took = self.measured(lambda: stream.send(request), lambda: client.read_response(stream, "POST"))
        stream.close()
        # One that returns a function has done nothing yet; for it, that is all.
        later = response.status == 200 and re.search(r"^return function", (SCRIPTS / f"{name}.lua").read_text(), re.M)
        check(response.status == 500 or later, f"the room began: {response.status} {response.body}")
        return took

    def play(self, name, way, slowness):
        # A room that lacks memory when it begins, in a state that others have filled, is given a second try.
        tries = 2 if way == "file" else 1
        limit = 2 * BUDGET_MS * tries * slowness
        run = (lambda: self.at_file_level(name)) if way == "file" else (lambda: self.in_room(name, way))
        took = run()
        if took > limit:  # the machine may have been busy: what it takes is what it takes as a rule
            took = statistics.median([took] + [run() for _ in range(REPEATS - 1)])
        if took > self.worst_ms:
            self.worst_ms, self.worst_name = took, f"{name} in {way}"
        check(took <= limit, f"a call took {took:.1f} ms of CPU time as a rule")
        check(self.daemon.alive(), "the daemon is gone: " + self.bench.log()[-3000:])


def run(program, patience):
    bench = Bench(program, patience)
    torture = Torture(bench)
    # A sanitized daemon checks the clock at the same places, which are further apart for it.
    sanitized = b"__asan_init" in pathlib.Path(program).read_bytes()
    slowness = 3 if sanitized else 1
    began = time.monotonic()
    for way in ("file", "push", "commit", "timer"):
        wrong = []
        for name in names():
            try:
                torture.play(name, way, slowness)
            except (AssertionError, client.Ended, client.Silence, OSError) as error:
                wrong.append(f"{name}: {type(error).__name__} {error}")
            if not torture.daemon.alive():
                break
        yield f"{len(names())} scripts, in {way}", "\n    ".join(wrong)
        if not torture.daemon.alive():
            break
    print(f"# {time.monotonic() - began:.0f} s; the slowest took {torture.worst_ms:.1f} ms of CPU time as a rule "
          f"({torture.worst_name}); a healthy room waited for {torture.longest_ms:.0f} ms at most; "
          f"memory from {torture.memory >> 20} to {torture.most >> 20} MiB", flush=True)
    print(f"# {torture.given_up} states were given up, {torture.refused} messages of a room in the same state refused; a call that led to it took {torture.given_up_ms:.1f} ms at most", flush=True)
    long = torture.given_up_ms > GIVEN_UP_MS * slowness
    yield "a state is given up in time", f"it took {torture.given_up_ms:.1f} ms" if long else ""
    yield "states were given up", "" if torture.given_up else "none was: the scripts that fill them did not"
    few = "" if len(names()) >= 60 else f"there are {len(names())}"
    yield "there are 60 scripts or more", few
    bound = (STATES * CAP + BESIDES) * (3 if sanitized else 1)
    much = "" if torture.most - torture.memory < bound else f"it has grown by {torture.most - torture.memory} bytes"
    yield "its memory is bounded", much
    try:
        torture.healthy()
        yield "the healthy rooms are well", ""
    except Exception as error:
        yield "the healthy rooms are well", f"{type(error).__name__} {error}"
    if os.environ.get("ED_VERBOSE"):
        print(bench.log())
    yield "the daemon ends well", bench.end() or ""


if __name__ == "__main__":
    main("torture", run)
