"""Plays the cases of cases/*.json; README.md describes their form."""

import glob
import json
import os
import time

import client
import values
from session import Session

CASE = {"name", "says", "options", "encodings", "base", "steps"}


def load(folder):
    """Every case of every file, checked for names that nobody knows: a misspelt step must not pass for a test."""
    cases = []
    for path in sorted(glob.glob(os.path.join(folder, "*.json"))):
        with open(path) as file:
            content = json.load(file)
        unknown = set(content) - {"about", "options", "encodings", "cases"}
        for case in content["cases"]:
            unknown |= set(case) - CASE
            case["file"] = os.path.basename(path)
            case["options"] = {**content.get("options", {}), **case.get("options", {})}
            case.setdefault("encodings", content.get("encodings", ["json", "cbor"]))
            for step in case["steps"]:
                verbs = set(step) & set(STEPS)
                if len(verbs) != 1:
                    raise ValueError(f"{path}: {case['name']}: a step needs one verb: {step}")
                unknown |= set(step) - verbs - STEPS[verbs.pop()]
            cases.append(case)
        if unknown:
            raise ValueError(f"{path}: unknown {sorted(unknown)}")
    names = [case["name"] for case in cases]
    if len(names) != len(set(names)):
        raise ValueError(f"a case's name is there twice: {sorted(n for n in names if names.count(n) > 1)[0]}")
    return cases


class Player:
    def __init__(self, session):
        self.session = session
        self.names = {"host": session.daemon.host, "base": session.base}
        self.connections = {}

    def fill(self, value):
        """${name} in every text of a step."""
        if isinstance(value, str) and "${" in value:
            for name, text in self.names.items():
                value = value.replace("${%s}" % name, str(text))
            if "${" in value:
                raise ValueError(f"no such name: {value}")
        elif isinstance(value, dict):
            return {self.fill(key): self.fill(item) for key, item in value.items()}
        elif isinstance(value, list):
            return [self.fill(item) for item in value]
        return value

    def play(self, steps):
        if any("${room}" in json.dumps(step) or "connect" in step for step in steps):
            self.names["room"] = self.session.new_room()
        for number, step in enumerate(steps, 1):
            step = self.fill(step)
            verb = next(verb for verb in STEPS if verb in step)
            try:
                getattr(self, verb)(step)
            except (AssertionError, OSError, client.Ended, client.Silence, client.Refused, values.Malformed) as error:
                raise AssertionError(f"step {number} ({json.dumps(step)[:160]}): {describe(error)}") from error

    def on(self, step):
        return self.connections[step.get("on", "a")]

    # ---- the steps ----

    def new_room(self, step):
        self.names[step["new_room"]] = self.session.new_room(step.get("base"), step.get("with"))

    def connect(self, step):
        status = step.get("status", 101)
        headers = dict(step.get("headers", {}))
        if "offer" in step:
            headers["Sec-WebSocket-Protocol"] = step["offer"]
        try:
            connection = self.session.connect(step.get("room", self.names["room"]), step.get("encoding"),
                                              step.get("query"), step.get("base"), step.get("path"),
                                              headers)
        except client.Refused as refused:
            if refused.response.status != status:
                raise
            if status >= 400:
                check_error(refused.response, step.get("error", ""))
            return
        assert status == 101, f"upgraded, where {status} was expected"
        offered = [name.strip() for key, names in headers.items() if key.lower() == "sec-websocket-protocol"
                   for name in names.split(",")]
        agreed = connection.response.headers.get("sec-websocket-protocol")
        assert agreed == ("eddy.v1" if "eddy.v1" in offered else None), f"agreed on {agreed!r}, {offered} were offered"
        self.connections[step["connect"]] = connection

    def send(self, step):
        connection = self.on(step)
        encoding = step.get("as", connection.encoding)
        opcode = client.BINARY if encoding == "cbor" else client.TEXT
        connection.send_frame(opcode, values.to_bytes(encoding, step["send"]))

    def send_text(self, step):
        self.on(step).send_frame(client.TEXT, step["send_text"].encode())

    def send_binary(self, step):
        self.on(step).send_frame(client.BINARY, bytes.fromhex(step["send_binary"]))

    def send_frame(self, step):
        """{"opcode", "hex" or "text", "fin", "masked", "rsv", "length"}"""
        how = dict(step["send_frame"])
        payload = bytes.fromhex(how.pop("hex", "")) or how.pop("text", "").encode()
        self.on(step).send_frame(how.pop("opcode"), payload, **how)

    def send_bytes(self, step):
        self.on(step).send(bytes.fromhex(step["send_bytes"]))

    def expect(self, step):
        self.on(step).expect(step["expect"], self.names)

    def expect_error(self, step):
        self.on(step).expect_error(step["expect_error"])

    def expect_none(self, step):
        self.connections[step["expect_none"]].nothing()

    def expect_pong(self, step):
        """The connection's WebSocket pong with this payload (hex), before any message."""
        connection = self.on(step)
        connection.nothing()
        wanted = bytes.fromhex(step["expect_pong"])
        assert wanted in connection.pongs, f"no pong with {wanted!r}: {connection.pongs}"

    def expect_close(self, step):
        connection, code = self.on(step), step["expect_close"]
        try:
            message = connection.receive()
        except client.Ended as ended:
            assert code in (ended.code, "any"), f"{ended}, where {code} was expected"
            return
        raise AssertionError(f"a message, where a close with {code} was expected: {message[1][:200]!r}")

    def close(self, step):
        connection = self.connections[step["close"]]
        code = step.get("code", 1000)
        connection.send_frame(client.CLOSE, code.to_bytes(2, "big"))
        got = connection.end_code()
        assert got == code, f"closed with {got}, where the echo of {code} was expected"

    def sleep(self, step):
        time.sleep(step["sleep"])

    def drop(self, step):
        self.connections.pop(step["drop"]).close()

    def http(self, step):
        headers = dict(step.get("headers", {}))
        encoding = step.get("encoding", self.session.encoding)
        body = step["body"].encode() if "body" in step else bytes.fromhex(step["hex"]) if "hex" in step else None
        if "message" in step:
            body = values.to_bytes(encoding, step["message"])
            headers.setdefault("Content-Type", "application/cbor" if encoding == "cbor" else "application/json")
        status = step.get("status", 200)
        statuses = status if isinstance(status, list) else [status]
        deadline = time.monotonic() + self.session.patience
        while True:
            if "every" in step:
                time.sleep(step["every"])
            response = self.session.http(step["http"], step["path"], body, headers, step.get("host"))
            if response.status in statuses or "every" not in step or time.monotonic() > deadline:
                break
        assert response.status in statuses, \
            f"status {response.status}, where {status} was expected: {response.body[:200]!r}"
        for name, wanted in step.get("answer_headers", {}).items():
            got = response.headers.get(name.lower(), "")
            for value in wanted if isinstance(wanted, list) else [wanted]:
                assert value.lower() in got.lower(), f"{name} is {got!r}, where {value!r} was expected"
        if response.status >= 400:
            check_error(response, step.get("error", ""))
        elif "answer" in step:
            self.check_answer(response, step, encoding)

    def check_answer(self, response, step, encoding):
        kind = response.headers.get("content-type", "")
        wanted = "cbor" if "message" in step and encoding == "cbor" else "json"
        assert kind.startswith("application/" + wanted), f"the content type is {kind!r}"
        values.match(wanted, step["answer"], values.from_bytes(wanted, response.body), self.names, "answer")


# What each step may have besides its verb.
STEPS = {
    "new_room": {"base", "with"},
    "connect": {"room", "encoding", "query", "base", "path", "headers", "offer", "status", "error"},
    "send": {"on", "as"},
    "send_text": {"on"},
    "send_binary": {"on"},
    "send_frame": {"on"},
    "send_bytes": {"on"},
    "expect": {"on"},
    "expect_error": {"on"},
    "expect_none": set(),
    "expect_pong": {"on"},
    "expect_close": {"on"},
    "close": {"code"},
    "drop": set(),
    "sleep": set(),
    "http": {"path", "message", "encoding", "body", "hex", "headers", "host", "status", "answer", "answer_headers",
             "error", "every"},
}


def check_error(response, like):
    """Every error over HTTP is JSON, {"error": TEXT}, and pages of other origins may read it."""
    kind = response.headers.get("content-type", "")
    assert kind.startswith("application/json"), f"an error with content type {kind!r}: {response.body[:200]!r}"
    values.match("json", {"error": {"$like": like or "."}}, values.from_json(response.body), {}, "error")
    origin = response.headers.get("access-control-allow-origin")
    assert origin == "*", f"an error with Access-Control-Allow-Origin {origin!r}"


def describe(error):
    text = str(error)
    return text if isinstance(error, AssertionError) and text else f"{type(error).__name__} {text}".rstrip()


def play(case, daemon, encoding):
    session = Session(daemon, encoding, case.get("base", ""))
    try:
        Player(session).play(case["steps"])
    finally:
        session.close()
