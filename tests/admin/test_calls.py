"""Each call of core/admin/README.md."""

import json
import pathlib
import time

import client
from server import SECONDS, Server, check, eventually


def status_says_what_it_is():
    with Server({"admin.key": "0123456789abcdef"}) as s:
        a = s.t.connect(s.t.new_room())
        a.push("k", 1)
        a.hear()
        now = s.get("/status").json
        check(now["pid"] == s.daemon.process.pid and now["state"] == "serving", now)
        check(now["rooms"] == 1 and now["members"] == 1 and now["connections"] >= 1, now)
        check(now["messages_in"] == 1 and now["messages_out"] == 1 and now["memory_bytes"] > 1 << 20, now)
        check(abs(now["time_ms"] / 1000 - time.time()) < SECONDS and 0 < now["uptime_ms"] < SECONDS * 1000, now)
        check([space["name"] for space in now["namespaces"]] == ["default", "auto", "other"], now["namespaces"])
        check(now["plugins"] == [] and now["log"] == "info" and now["version"].count(".") == 2, now)
        check("0123456789abcdef" not in json.dumps(now), "the key is told")


def rooms_are_listed_page_by_page():
    with Server() as s:
        ids = [s.t.new_room() for _ in range(5)] + ["x" + s.t.new_room(base="/db/other") for _ in range(2)]
        names = sorted([f"default/{id}" for id in ids[:5]] + [f"other/{id[1:]}" for id in ids[5:]])
        found, arguments = [], {}
        while True:
            page = s.get("/rooms", limit=2, **arguments).json
            check(len(page["rooms"]) <= 2 and page["rooms_in_memory"] == 7, page)
            found += [room["room"] for room in page["rooms"]]
            if "next" not in page:
                break
            arguments = {"after": page["next"]}
        check(found == names, found, names)
        check([room["room"] for room in s.get("/rooms", match="other/*").json["rooms"]] == names[5:], "pattern")
        check([room["room"] for room in s.get("/rooms", match=ids[0]).json["rooms"]] == [f"default/{ids[0]}"], "part")
        check(s.get("/rooms", match="nothing").json["rooms"] == [], "none")
        s.get("/rooms", sort="age").error(400, "name, members or rate")
        s.get("/rooms", limit=1001).error(400, "limit")
        s.get("/rooms", limit="-1").error(400, "limit")
        s.get("/rooms", after="x").error(400, "after")
        s.get("/rooms", size=1).error(400, "the query")
        s.get("/rooms", match="x" * 300).error(400, "match")


def rooms_are_sorted_by_members_and_rate():
    with Server() as s:
        quiet, busy = s.t.new_room(), s.t.new_room()
        for _ in range(3):
            s.t.connect(quiet)
        a = s.t.connect(busy)
        rows = s.get("/rooms", sort="members").json["rooms"]
        check([row["members"] for row in rows] == [3, 1] and "in" not in rows[0], rows)
        s.get("/rooms", sort="rate")

        def measured():
            a.push("k", 1, "relay")
            rows = s.get("/rooms", sort="rate").json["rooms"]
            return rows if rows[0].get("in", 0) > 0 else time.sleep(0.3)

        rows = eventually(measured)
        check(rows[0]["room"] == f"default/{busy}", rows)
        check(rows[0]["in"] == rows[0]["out"] and rows[1]["in"] == 0, rows)
        # Pages go on behind a row, by value and name.
        first = s.get("/rooms", sort="members", limit=1).json
        second = s.get("/rooms", sort="members", limit=1, after=first["next"]).json
        check(first["rooms"][0]["members"] == 3 and second["rooms"][0]["members"] == 1 and "next" not in second, second)


def many_rooms_are_gone_through_in_pieces():
    """More than are looked at in one turn; while others come, and while those who asked go."""
    with Server() as s:
        base = "/db/auto/room/"
        for i in range(1300):
            check(s.t.http("GET", f"{base}r{i:04}").status == 200, i)
        found, arguments = [], {"limit": 1000, "match": "auto/r*"}
        while True:
            page = s.get("/rooms", **arguments).json
            found += [room["room"] for room in page["rooms"]]
            for i in range(30):
                s.t.http("GET", f"{base}more{len(found)}-{i}")
            if "next" not in page:
                break
            arguments["after"] = page["next"]
        check(found == [f"auto/r{i:04}" for i in range(1300)], len(found))
        for i in range(40):
            sock = s.connection()
            sock.sendall(b"GET /rooms?limit=1000 HTTP/1.1\r\nHost: x\r\n\r\n")
            if i % 2:
                time.sleep(0.002)
            sock.close()
        check(s.get("/rooms", limit=1).status == 200, "it goes on")


def a_room_says_what_it_holds():
    with Server() as s:
        id = s.t.new_room()
        a = s.t.connect(id)
        for i in range(3):
            a.push("a", i)
        a.push("b", "x" * 98, "replace")
        room = eventually(lambda: (r := s.get(f"/rooms/default/{id}").json)["seq"] == 4 and r)
        check(room["room"] == f"default/{id}" and room["namespace"] == "default" and room["id"] == id, room)
        check((room["keys"], room["messages"], room["bytes"], room["members"]) == (2, 4, 103, 1), room)
        check(room["kept"] is False and room["watchers"] == 0 and room["idle_ms"] == 24 * 3600 * 1000, room)
        check(room["policy"] == {"name": "default", "version": 1, "failures": 0, "knobs": {}}, room["policy"])
        s.get("/rooms/default/nope").error(404, "no such room")
        s.get("/rooms/nope/" + id).error(404, "no such namespace")
        s.get("/rooms/default").error(404, "no such call")
        s.get(f"/rooms/default/{id}/nope").error(404, "no such call")
        s.get("/rooms/default/" + "x" * 200).error(404, "no such room")


def keys_are_listed_page_by_page():
    with Server() as s:
        id = s.t.new_room()
        a = s.t.connect(id)
        names = ["a", "b/1", "b/2", "", "ä&=,+ %", '"\\']
        for name in names:
            a.push(name, 1)
            a.push(name, 2)
        for _ in range(18):
            a.hear()  # twelve pushes, six sizes
        a.get("a", None)
        a.nothing()
        path = f"/rooms/default/{id}/keys"
        found, arguments = [], {}
        while True:
            page = s.get(path, limit=4, **arguments).json
            found += page["keys"]
            if "next" not in page:
                break
            arguments = {"after": page["next"]}
        check([key["key"] for key in found] == names and page["total"] == 6, found)
        check(found[0] == {"key": "a", "messages": 2, "bytes": 2, "first": 1, "last": 2, "subscribers": 1}, found[0])
        check([k["key"] for k in s.get(path, match="b/*").json["keys"]] == ["b/1", "b/2"], "match")
        s.get(path, after="gone").error(409, "begin again")


def members_are_told_with_their_addresses():
    with Server({"limits.queue": "32MiB"}) as s:
        id = s.t.new_room()
        a, b = s.t.connect(id, "cbor"), s.t.connect(id, "json", receive_buffer=4096)
        a.get("only", None)
        a.nothing()
        for _ in range(12):
            a.push("k", "x" * 900000, "relay")
        a.nothing()
        path = f"/rooms/default/{id}/members"
        stalled = eventually(lambda: [m for m in s.get(path).json["members"] if m["queued_bytes"]])
        check(stalled[0]["id"] == 2 and stalled[0]["blocked"] and stalled[0]["encoding"] == "json", stalled)
        page = s.get(path).json
        members = {member["id"]: member for member in page["members"]}
        check(page["total"] == 2 and len(members) == 2, page)
        for number, connection in ((1, a), (2, b)):
            host, port = connection.socket.getsockname()
            check(members[number]["address"] == f"{host}:{port}", members)
            check(abs(members[number]["since_ms"] / 1000 - time.time()) < SECONDS, members)
        check(members[1]["encoding"] == "cbor" and members[1]["keys"] == 1 and "keys" not in members[2], members)
        pages = [s.get(path, limit=1, offset=i).json for i in range(3)]
        check([len(page["members"]) for page in pages] == [1, 1, 0], pages)
        check([page.get("next") for page in pages] == [1, None, None], pages)
        check(s.get(f"/rooms/default/{id}").json["queued_bytes"] > 1000000, "queued")


def a_member_is_disconnected():
    with Server() as s:
        id = s.t.new_room()
        a, b = s.t.connect(id), s.t.connect(id)
        check(s.post(f"/rooms/default/{id}/kick", member=1).json == {"member": 1}, "kick")
        check(a.end_code() == 1008, "not closed")
        b.nothing()
        s.post(f"/rooms/default/{id}/kick", member=9).error(404, "no such member")
        s.post(f"/rooms/default/{id}/kick", member="1").error(400, "member")
        s.post(f"/rooms/default/{id}/kick", member=-1).error(400, "member")
        s.post(f"/rooms/default/{id}/kick").error(400, "body")


def a_stream_is_read_with_its_bytes():
    with Server() as s:
        id = s.t.new_room()
        a, c = s.t.connect(id), s.t.connect(id, "cbor")
        a.send_frame(1, b'{"type":"push","key":"k","action":{"type":"append"},"value":[ 1.50, 123456789012345678901 ]}')
        a.hear()
        c.push("k", {"x": [1, None]})
        path = f"/rooms/default/{id}/stream"
        eventually(lambda: s.get(path, key="k").status == 200 and s.get(path, key="k").json["total"] == 2)
        answer = s.get(path, key="k")
        check(b'"encoding":"json","value":[ 1.50, 123456789012345678901 ]}' in answer.body, answer.body)
        first, second = answer.json["messages"]
        check((first["seq"], second["seq"], second["value"]) == (1, 2, {"x": [1, None]}), second)
        check(second["encoding"] == "cbor", second)
        check(abs(first["time_ms"] / 1000 - time.time()) < SECONDS, first)
        one = s.get(path, key="k", limit=1).json
        check(len(one["messages"]) == 1 and one["next"] == 1, one)
        two = s.get(path, key="k", after=one["next"]).json
        check([m["seq"] for m in two["messages"]] == [2] and "next" not in two, two)
        s.get(path).error(400, "no key")
        s.get(path, key="none").error(404, "no such key")
        s.get(path, key="k", after="x").error(400, "after")


def an_answer_is_bounded():
    with Server() as s:
        id = s.t.new_room()
        for _ in range(4):
            push = {"type": "push", "key": "k", "action": {"type": "append"}, "value": "x" * 600000}
            check(s.call("POST", f"/rooms/default/{id}/push", json.dumps(push).encode()).status == 200, "push")
        page = s.get(f"/rooms/default/{id}/stream", key="k").json
        check([m["seq"] for m in page["messages"]] == [1, 2] and page["next"] == 2, page["total"])


def a_push_is_heard_and_judged():
    refusing = "return { key = 'no', push = function(room, msg, member) return nil, 'not ' .. tostring(member) end }\n"
    with Server({"namespaces.other.policy": "refusing", "namespaces.other.limits.message": "1KiB"},
                {"refusing": refusing}) as s:
        id = s.t.new_room(base="/db/other")
        path = f"/rooms/other/{id}/push"
        a = s.t.connect(id, base="/db/other")

        def push(key="k", value=1, action="append", **more):
            return s.post(path, type="push", key=key, action={"type": action, **more}, value=value)

        check(push().json == {"seq": 1}, "push")
        a.expect({"type": "push", "key": "k", "value": 1, "seq": 1})
        check(push(action="compact", seq=1, value=2).json == {"seq": 1}, "compact")
        push("no").error(403, "not nil")
        push(action="compact", seq=9).error(400, "cannot compact")
        push("x" * 2000).error(413, "limits.message")
        push("x" * 600).error(413, "limits.key")
        s.call("POST", path, b'{"type":"push"').error(400, "byte")
        s.call("POST", path, b"").error(400, "")
        s.post(path, type="ping").error(400, "no push")
        a.nothing()


def messages_are_trimmed_and_dropped():
    with Server() as s:
        id = s.t.new_room()
        room = f"/rooms/default/{id}"
        for i in range(6):
            s.post(f"{room}/push", type="push", key="k", action={"type": "append"}, value=i)

        def left():
            return [m["seq"] for m in s.get(f"{room}/stream", key="k").json["messages"]]

        check(s.post(f"{room}/trim", key="k", upto=2).json == {"dropped": 2} and left() == [3, 4, 5, 6], "upto")
        check(s.post(f"{room}/trim", key="k", keep=3).json == {"dropped": 1} and left() == [4, 5, 6], "keep")
        check(s.post(f"{room}/trim", key="k", keep=9).json == {"dropped": 0}, "nothing to do")
        check(s.post(f"{room}/drop", key="k", seq=5).json == {"dropped": 1} and left() == [4, 6], "drop")
        s.post(f"{room}/drop", key="k", seq=5).error(404, "no message")
        s.post(f"{room}/drop", key="none", seq=5).error(404, "no such key")
        s.post(f"{room}/trim", key="k").error(400, "keep")
        s.post(f"{room}/trim", key="k", keep=1, upto=1).error(400, "keep")
        s.post(f"{room}/trim", key=1, keep=1).error(400, "key")
        check(s.post(f"{room}/trim", key="k", keep=0).json == {"dropped": 2}, "all")
        s.get(f"{room}/stream", key="k").error(404, "no such key")


TRIMS = """
return {
  commit = function(room, msg)
    if msg.key == "few" then room:trim("few", { messages = 2 }) end
    local seq = msg.seq
    if msg.key == "brief" then room:after(0.05, function() room:drop("brief", seq) end) end
    if msg.key == "all" then for key in pairs({ few = 1, all = 1 }) do room:trim(key, { messages = 0 }) end end
  end,
}
"""


def debug_connections_hear_what_goes():
    """Of an operator, of a policy at a push and at its time; others hear nothing of it."""
    with Server(rooms={"trims": TRIMS}) as s:
        id = s.t.new_room(options={"policy": "trims"})
        room = f"/rooms/default/{id}"
        lookers = [s.t.connect(id, query="debug=true"), s.t.connect(id, encoding="cbor", query="debug=true")]
        a = s.t.connect(id)
        a.get("none")
        a.hear()

        def told(key, *seqs):
            for looker in lookers:
                message = looker.hear().plain()
                check(message["type"] == "init" and message["key"] == key, message)
                check([item["seq"] for item in message["data"]] == list(seqs), message, "and not", seqs)

        for i in range(1, 4):
            s.post(f"{room}/push", type="push", key="k", action={"type": "append"}, value=i)
            told("k", *range(1, i + 1))
        s.post(f"{room}/trim", key="k", upto=1)
        told("k", 2, 3)
        s.post(f"{room}/drop", key="k", seq=3)
        told("k", 2)
        s.post(f"{room}/trim", key="k", keep=0)
        told("k")
        for seqs in [[4]], [[4, 5]], [[4, 5, 6], [5, 6]]:
            s.post(f"{room}/push", type="push", key="few", action={"type": "append"}, value=0)
            for some in seqs:
                told("few", *some)
        s.post(f"{room}/push", type="push", key="brief", action={"type": "replace"}, value=0)
        told("brief", 7)
        told("brief")  # by itself
        s.post(f"{room}/push", type="push", key="all", action={"type": "append"}, value=0)
        told("all", 8)
        for looker in lookers:
            gone = [looker.hear().plain(), looker.hear().plain()]
            check(sorted(message["key"] for message in gone) == ["all", "few"], gone)
            check(all(message["data"] == [] for message in gone), gone)
            looker.nothing()
        a.nothing()


def a_room_is_closed_and_deleted():
    with Server() as s:
        id = s.t.new_room()
        room = f"/rooms/default/{id}"
        a = s.t.connect(id)
        a.push("k", 1)
        a.hear()
        check(s.post(f"{room}/close").json == {"disconnected": 1} and a.end_code() == 1001, "close")
        check(s.get(room).json["messages"] == 1, "it retains")
        b = s.t.connect(id)
        tail = s.follow(f"{room}/tail")
        check(s.post(f"{room}/delete").json == {"disconnected": 1}, "delete")
        check(b.end_code() == 1001 and tail.end_code() == 1001, "closed")
        s.get(room).error(404, "no such room")
        s.post(f"{room}/delete").error(404, "no such room")
        check(s.t.http("GET", f"/room/{id}").status == 404, "and for clients")


def a_room_is_moved_to_another_policy():
    with Server(rooms={"one": "return {}\n", "bad": "return { open = function() error('oops') end }\n"}) as s:
        id = s.t.new_room()
        room = f"/rooms/default/{id}"
        check(s.post(f"{room}/policy", policy="one").json["policy"]["name"] == "one", "moved")
        check(s.get(room).json["policy"]["name"] == "one", "it stays")
        s.post(f"{room}/policy", policy="nope").error(404, "no such policy")
        s.post(f"{room}/policy", policy="../one").error(404, "no such policy")
        s.post(f"{room}/policy", policy="bad").error(403, "oops")
        s.post(f"{room}/policy", police="one").error(400, "policy")
        check(s.get(room).json["policy"]["name"] == "one", "it stays after all")


def failures_are_told_with_file_line_and_time():
    fails = "return {\n  push = function(room, msg)\n    error('oops ' .. msg.key)\n  end,\n}\n"
    with Server({"namespaces.other.policy": "fails"}, {"fails": fails}) as s:
        id = s.t.new_room(base="/db/other")
        room = f"/rooms/other/{id}"
        for _ in range(2):
            answer = s.post(f"{room}/push", type="push", key="k", action={"type": "append"}, value=1)
            answer.error(500, "(fails) has failed")
        policy = s.get(room).json["policy"]
        failure = policy["last_failure"]
        check(policy["failures"] == 2 and failure["file"] == "rooms/fails.lua" and failure["line"] == 3, policy)
        check("oops k" in failure["text"] and abs(failure["time_ms"] / 1000 - time.time()) < SECONDS, failure)

        s.script("fails", "return {\n  push = 5,\n\n")
        answer = eventually(lambda: (a := s.get(room)).json["policy"].get("load_failure") and a)
        policy = answer.json["policy"]
        check(policy["version"] == 1 and policy["load_failure"]["file"] == "rooms/fails.lua", policy)
        check(policy["load_failure"]["line"] >= 2, policy)
        s.script("fails", "return {}\n")
        eventually(lambda: s.get(room).json["policy"]["version"] > 1)
        check("load_failure" not in s.get(room).json["policy"], "it loads again")


def reload_reads_scripts_again():
    def answer(count):
        return f"configuration loaded again: 0 changed, 0 wait for a restart\npolicies: {count} loaded anew"

    with Server({"namespaces.other.policy": "mine"}, {"mine": "return {}\n"}) as s:
        id = s.t.new_room(base="/db/other")
        check(s.post("/reload").json == {"said": answer(0)}, "nothing to do")
        s.script("mine", "return { push = function(room, msg) return nil, 'no more' end }\n")
        said = s.post("/reload")  # before the watcher of files has come to it, or after
        check(said.status == 200 and said.json["said"] in [answer(0), answer(1)], said.body)
        check(s.get(f"/rooms/other/{id}").json["policy"]["version"] == 2, "it is there at once")
        s.script("mine", "return {")
        broken = s.post("/reload")
        check(broken.status == 409 and "policy mine: rooms/mine.lua:1: " in broken.json["error"], broken.body)
        failure = eventually(lambda: s.get(f"/rooms/other/{id}").json["policy"].get("load_failure"))
        check(failure["line"] == 1, failure)


def reload_reads_the_configuration_again():
    with Server() as s:
        config = pathlib.Path(s.daemon.folder.name) / "eddy.lua"
        whole = config.read_text()
        config.write_text(whole.replace("other = {}", "more = {}"))
        said = s.post("/reload").json["said"].split("\n")
        check(said[0] == "namespaces.more: new" and said[1].startswith("namespaces.other: taken out;") and len(said) == 4, said)
        names = [space["name"] for space in s.get("/status").json["namespaces"]]
        check("more" in names and "other" not in names, names)
        config.write_text(whole.replace("return {", "return {\n  lisen = 1,"))
        s.post("/reload").error(409, "eddy.lua:3: unknown name lisen; did you mean listen?")
        check(s.get("/status").status == 200, "it goes on")


def a_room_is_followed():
    counting = ("return { join = function(room, member) room:push('joins', 1, 'append') end,\n"
                "  push = function(room, msg) if msg.key == 'no' then return nil, 'no' end return msg end }\n")
    with Server({"namespaces.other.policy": "counting"}, {"counting": counting}) as s:
        id = s.t.new_room(base="/db/other")
        room = f"/rooms/other/{id}"
        tail = s.follow(f"{room}/tail")
        a = s.t.connect(id, "cbor", base="/db/other")
        a.get("none", None)
        a.push("k", [1])
        a.push("no", 1)
        a.push("k", 2, "relay")
        a.push("k", 3, "compact", seq=2)
        heard = [json.loads(tail.receive()[1]) for _ in range(4)]
        said = [("joins", "append", 1, 1), ("k", "append", 2, [1]), ("k", "relay", 3, 2), ("k", "compact", 2, 3)]
        check([(h["key"], h["action"], h["seq"], h["value"]) for h in heard] == said, heard)
        check(heard[1]["member"] and heard[0]["type"] == "tail", heard)
        check(abs(heard[0]["time_ms"] / 1000 - time.time()) < SECONDS, heard)
        facts = s.get(room).json
        check(facts["members"] == 1 and facts["watchers"] == 1, facts)
        check(s.get(f"{room}/members").json["total"] == 1, "it is no member")
        tail.close()
        eventually(lambda: s.get(room).json["watchers"] == 0)
        s.get(f"{room}/tail").error(426, "WebSocket")
        for path, status in (("/rooms/other/nope/tail", 404), ("/status", 200), ("/nope", 404)):
            try:
                s.follow(path)
                check(False, path, "is followed")
            except client.Refused as refused:
                check(refused.response.status == status, path, refused.response.status)


def who_follows_slowly_disturbs_nobody():
    with Server({"limits.queue": "256KiB"}) as s:
        id = s.t.new_room()
        tail = s.follow(f"/rooms/default/{id}/tail")
        a, b = s.t.connect(id), s.t.connect(id)
        a.get("-", None)
        for i in range(60):
            a.push("k", "x" * 50000, "relay")
            b.hear()
        check(tail.end_code() == 1013, "closed as slow")
        check(s.get(f"/rooms/default/{id}").json["members"] == 2, "and nobody else")


def the_log_level_is_set():
    with Server() as s:
        check(s.post("/log", level="error").json == {"log": "error"}, "set")
        check(s.get("/status").json["log"] == "error", "told")
        s.post("/log", level="loud").error(400, "error, warn, info or debug")
        s.post("/log", level=1).error(400, "level")
        before = s.daemon.log()
        s.post("/reload")
        check(s.daemon.log() == before, "it is quiet")
        s.post("/log", level="info")
        check("/log: 200" in s.daemon.log(), "and not any more")


def a_drain_is_watched():
    with Server({"drain": "10s"}) as s:
        id = s.t.new_room()
        reader, writer = s.t.connect(id, receive_buffer=4096), s.t.connect(id)
        writer.get("-", None)
        for _ in range(30):
            writer.push("k", "x" * 100000, "relay")
        writer.nothing()
        check(s.post("/drain").json == {"state": "draining", "members": 2}, "drain")
        check(s.get("/status").json["state"] == "draining", "it still answers")
        s.post("/drain").error(409, "already")
        writer.end_code()
        check(s.t.http("GET", "/healthz").status == 503, "clients are no longer served")
        while True:
            try:
                reader.receive()
            except client.Ended as ended:
                check(ended.code == 1001, ended)
                break
        check(s.daemon.process.wait(SECONDS) == 0, "exit status")


def rooms_that_are_kept_are_loaded():
    options = {"plugins.sqlite.path": "rooms.db", "namespaces.default.unload": "0"}
    with Server(options) as s:
        check(s.get("/status").json["plugins"] == ["sqlite"], "plugins")
        ids = [s.t.new_room(), s.t.new_room()]
        for id in ids:
            a = s.t.connect(id)
            a.push("k", 7)
            a.hear()
            s.post(f"/rooms/default/{id}/close")
            a.end_code()

        def unloaded():
            for id in ids:
                s.post(f"/rooms/default/{id}/close")
            return s.get("/status").json["rooms"] == 0

        eventually(unloaded)
        room = s.get(f"/rooms/default/{ids[0]}").json
        check(room["kept"] and room["messages"] == 1 and s.get("/status").json["rooms"] == 1, room)
        check(s.post(f"/rooms/default/{ids[1]}/delete").status == 200, "deleted without being in memory")
        s.get(f"/rooms/default/{ids[1]}").error(404, "no such room")
