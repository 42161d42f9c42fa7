"""Which pages of a browser may use the admin interface, and what such a page may do."""

import base64
import json
import pathlib
import signal

import client
import session
from server import SECONDS, Server, check, eventually
from test_access import KEY, _bearer, _eddyd, _tcp

PAGE = "http://console.example:8080"
STRANGERS = ("http://evil.example", "https://console.example:8080", "http://console.example", "null",
             PAGE + ".evil.example", "http://" + "x" * 400)
LISTED = {"admin.listen": "127.0.0.1:0", "admin.key": KEY, "admin.origins": f"{PAGE},https://*.example.org"}


def _asked(page, key=KEY):
    return {"Origin": page, **(_bearer(key) if key else {})}


def _offer(key, *others):
    """As a browser's WebSocket sends it: new WebSocket(url, ['eddy.tail', 'eddy.key.' + base64url(key)])"""
    text = base64.urlsafe_b64encode(key.encode()).decode().rstrip("=")
    return {"Sec-WebSocket-Protocol": ", ".join([*others, "eddy.key." + text])}


def _follow(s, address, path, headers, host=None):
    connection = session.Connection(address, path, host or "%s:%d" % address, "json", headers, SECONDS)
    s.t.open.append(connection)
    return connection


def _refused(*arguments, **more):
    try:
        _follow(*arguments, **more)
    except client.Refused as refused:
        return refused.response
    check(False, "it is let in")


def who_is_listed_may_read_the_answers():
    with Server(LISTED) as s:
        address = _tcp(s)
        for page in (PAGE, "https://a.example.org"):
            for method, path, body, status in (("GET", "/status", None, 200), ("GET", "/rooms", None, 200),
                                               ("POST", "/log", b'{"level":"info"}', 200), ("GET", "/nope", None, 404)):
                answer = s.call(method, path, body, _asked(page), address)
                check(answer.status == status, page, path, answer.body)
                check(answer.headers["Access-Control-Allow-Origin"] == page and answer.headers["Vary"] == "Origin", page)
            for key in (None, "wrong-horse-battery"):
                answer = s.call("GET", "/status", headers=_asked(page, key), address=address)
                answer.error(401, "Bearer KEY")
                check(answer.headers["Access-Control-Allow-Origin"] == page, "the page must see what is wrong")
        plain = s.call("GET", "/status", headers=_bearer(KEY), address=address)
        check(plain.status == 200 and "Access-Control-Allow-Origin" not in plain.headers, "who is no browser")
        check(plain.headers["Vary"] == "Origin", "what a cache keeps is not for everybody")


def a_preflight_needs_no_key():
    with Server(LISTED) as s:
        address = _tcp(s)
        asks = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,content-type"}
        answer = s.call("OPTIONS", "/rooms/default/x/push", headers={**asks, **_asked(PAGE, None)}, address=address)
        check(answer.status == 204 and answer.body == b"", answer.status)
        check(answer.headers["Access-Control-Allow-Origin"] == PAGE, answer.headers)
        check({"GET", "POST"} <= set(answer.headers["Access-Control-Allow-Methods"].split(", ")), answer.headers)
        check({"authorization", "content-type"} <= set(answer.headers["Access-Control-Allow-Headers"].split(", ")),
              answer.headers)
        for page in STRANGERS[:4]:
            answer = s.call("OPTIONS", "/status", headers={**asks, **_asked(page, None)}, address=address)
            check(answer.status == 403 and "Access-Control-Allow-Origin" not in answer.headers, page)
        check(s.call("OPTIONS", "/status", address=address).status == 405, "of no page")


def strangers_may_not_even_with_the_key():
    for options in (LISTED, {"admin.listen": "127.0.0.1:0", "admin.key": KEY}):
        with Server(options) as s:
            address = _tcp(s)
            for page in (*STRANGERS, *([] if "admin.origins" in options else [PAGE])):
                for method, path, body in (("GET", "/status", None), ("POST", "/log", b'{"level":"error"}'),
                                           ("POST", "/drain", b"")):
                    answer = s.call(method, path, body, _asked(page), address)
                    answer.error(403, "admin.origins")
                    check("Access-Control-Allow-Origin" not in answer.headers, page)
            facts = s.call("GET", "/status", headers=_bearer(KEY), address=address).json
            check(facts["log"] == "info" and facts["state"] == "serving", "something was done for a stranger", facts)


def everybody_with_the_key():
    with Server({**LISTED, "admin.origins": "*"}) as s:
        address = _tcp(s)
        answer = s.call("GET", "/status", headers=_asked("https://any.example"), address=address)
        check(answer.status == 200 and answer.headers["Access-Control-Allow-Origin"] == "*", answer.headers)
        s.call("GET", "/status", headers=_asked("https://any.example", None), address=address).error(401, "KEY")


def check_refuses_origins_that_make_no_sense():
    cases = {
        ("admin.origins=*",): "admin.origins: this needs admin.key",
        ("admin.origins=https://example.org", "admin.listen=unix:x"): "admin.origins: this needs admin.key",
        ("admin.origins=https://example.org/", f"admin.key={KEY}"): "browsers send no path",
        ("admin.origins=example.org", f"admin.key={KEY}"): "SCHEME://HOST",
    }
    for settings, wrong in cases.items():
        done = _eddyd(*[word for setting in settings for word in ("-s", setting)], "--check")
        check(done.returncode == 1 and wrong in done.stderr, settings, done.stderr)
    good = _eddyd("-s", f"admin.key={KEY}", "-s", "admin.origins=*", "--check")
    check(good.returncode == 0, good.stderr)


def a_page_of_the_public_address_is_no_stranger():
    with Server({"admin.public": "true", "admin.key": KEY}) as s:
        port = s.daemon.address[1]

        def ask(page, host=None, key=KEY):
            return s.t.http("GET", "/admin/status", None, _asked(page, key), host)

        for host in (s.daemon.host, f"localhost:{port}", f"[::1]:{port}", f"LOCALHOST:{port}"):
            answer = ask(f"http://{host.lower()}", host)
            check(answer.status == 200 and "access-control-allow-origin" not in answer.headers, host)
            check(ask(f"http://{host.lower()}", host, None).status == 401, "but the key is asked for")
        # A name that its owner lets point here proves nothing, nor does a page of another port.
        for page, host in ((f"http://evil.example:{port}", f"evil.example:{port}"), ("http://1.evil", "1.evil"),
                           ("http://127.0.0.1:1", s.daemon.host), (f"http://{s.daemon.host}.evil", s.daemon.host),
                           ("http://evil.example", s.daemon.host), ("null", s.daemon.host)):
            answer = ask(page, host)
            check(answer.status == 403 and "admin.origins" in json.loads(answer.body)["error"], page, answer.body)
        check(s.t.http("POST", "/new", headers={"Origin": "http://evil.example"}).status == 200, "others are as they were")
        id = s.t.new_room()
        path = f"/admin/rooms/default/{id}/tail"
        own = _follow(s, s.daemon.address, path, {"Origin": f"http://{s.daemon.host}", **_offer(KEY, "eddy.tail")})
        check(own.response.headers["sec-websocket-protocol"] == "eddy.tail", own.response.headers)
        check(_refused(s, s.daemon.address, path, {"Origin": "http://evil.example", **_offer(KEY)}).status == 403, "tail")
    with Server({"admin.public": "true", "admin.key": KEY, "public_url": "https://rooms.example.org/base"}) as s:
        for host in ("rooms.example.org", "10.1.2.3:8080"):  # a proxy may pass on any Host
            page = _asked("https://rooms.example.org")
            check(s.t.http("GET", "/base/admin/status", None, page, host).status == 200, host)
        check(s.t.http("GET", "/admin/status", None, _asked("https://example.org"), "example.org").status == 403, "other")


def a_page_needs_the_key_on_the_unix_socket_too():
    """There a browser comes through a proxy only: who it is nobody has looked at."""
    with Server({"admin.listen": "unix:admin.sock", "admin.key": KEY, "admin.origins": PAGE}) as s:
        check(s.get("/status").status == 200, "eddyctl")
        s.call("GET", "/status", headers=_asked(PAGE, None)).error(401, "KEY")
        check(s.call("GET", "/status", headers=_asked(PAGE)).status == 200, "with the key")
        s.call("GET", "/status", headers=_asked("http://evil.example")).error(403, "admin.origins")
        path = f"/rooms/default/{s.t.new_room()}/tail"
        for headers, status in (({"Origin": PAGE}, 401), ({"Origin": "http://evil.example", **_offer(KEY)}, 403)):
            try:
                s.follow(path, headers)
                check(False, headers, "is let in")
            except client.Refused as refused:
                check(refused.response.status == status, headers, refused.response.status)
        s.follow(path, {"Origin": PAGE, **_offer(KEY, "eddy.tail")})
    with Server() as s:  # where there is no key, nobody has it
        s.call("GET", "/status", headers=_asked(PAGE)).error(403, "admin.origins")


def a_page_follows_a_room():
    """A browser's WebSocket sends no Authorization; what is offered as a subprotocol stands in no URL and no answer."""
    with Server({**LISTED, "admin.key": KEY + "~?>\u007e"}) as s:  # base64url with - and _
        key = s.daemon.options["admin.key"]
        address, id = _tcp(s), s.t.new_room()
        path = f"/rooms/default/{id}/tail"
        tail = _follow(s, address, path, {"Origin": PAGE, **_offer(key, "eddy.v1", "eddy.tail")})
        check(tail.response.headers["sec-websocket-protocol"] == "eddy.tail", tail.response.headers)
        a = s.t.connect(id)
        a.push("k", 1)
        check(json.loads(tail.receive()[1])["key"] == "k", "it hears")
        bare = _follow(s, address, path, _offer(key))  # no browser: it asks for nothing to be answered
        check("sec-websocket-protocol" not in bare.response.headers, bare.response.headers)
        _follow(s, address, path, _bearer(key))
        wrong = (_offer(key[:-1], "eddy.tail"), _offer(key + "x"), _offer(""), {"Sec-WebSocket-Protocol": "eddy.tail"},
                 {"Sec-WebSocket-Protocol": "eddy.key." + key}, {"Sec-WebSocket-Protocol": "eddy.key"})
        for headers in (*wrong, {**_bearer(key), **_offer("wrong-horse-battery")}):
            check(_refused(s, address, path, {"Origin": PAGE, **headers}).status == 401, headers)
        for page in STRANGERS:
            check(_refused(s, address, path, {"Origin": page, **_offer(key, "eddy.tail")}).status == 403, page)
        check(s.t.connect(id, headers={"Sec-WebSocket-Protocol": "eddy.tail"}).response.headers
              .get("sec-websocket-protocol") is None, "rooms know nothing of it")
        text = _offer(key)["Sec-WebSocket-Protocol"].split(".")[-1]
        check(key not in s.daemon.log() and text not in s.daemon.log(), "the key is in the log")


def the_list_is_read_again():
    with Server({"admin.listen": "127.0.0.1:0", "admin.key": KEY}) as s:
        address = _tcp(s)
        config = pathlib.Path(s.daemon.folder.name) / "eddy.lua"
        whole = config.read_text()
        for line, status in (("", 403), (f'admin = {{ origins = {{ "{PAGE}" }} }},', 200),
                             ('admin = { origins = "https://other.example" },', 403), ('admin = { origins = "*" },', 200),
                             ("", 403)):
            config.write_text(whole.replace("return {", "return {\n" + line))
            s.daemon.process.send_signal(signal.SIGHUP)
            eventually(lambda: s.call("GET", "/status", headers=_asked(PAGE), address=address).status == status, line)


def slow_members_are_counted():
    with Server({"limits.queue": "256KiB", "namespaces.other.slow": "conflate"}) as s:
        for base, space in (("", "default"), ("/db/other", "other")):
            id = s.t.new_room(base=base)
            a = s.t.connect(id, base=base)
            s.t.connect(id, base=base, receive_buffer=4096)
            a.get("-", None)
            path = f"/rooms/{space}/{id}"
            check(s.get(path).json["slow"] == 0 and s.get(path).json["conflated"] == 0, "before")
            for _ in range(120):
                a.push("k", "x" * 50000, "replace")
            a.nothing()
            facts = s.get(path).json
            closed = space == "default"
            check(facts["slow"] == (1 if closed else 0) and (facts["conflated"] > 0) != closed, facts)
            out = s.ctl("room", f"{space}/{id}")
            check(("1 closed, 0 messages left out" if closed else "0 closed, ") in out, out)
        whole = s.get("/status").json
        check(whole["slow"] == 1 and whole["conflated"] == facts["conflated"], whole)
        check(f"slow members 1 closed, {whole['conflated']} messages left out" in s.ctl("status"), "eddyctl status")
        s.ctl("room", f"default/{s.t.new_room()}")
