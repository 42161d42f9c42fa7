"""Messages as bytes: a JSON and a CBOR codec that keep, beside each value, the very bytes it was read from.

Written for the tests, so that what the daemon says is judged by code that shares nothing with it, to the byte. Both
readers are strict: what is not well-formed raises Malformed, and so does CBOR in a longer form than needed, except
where the bytes are a value that some client sent.
"""

import json
import math
import re
import struct


class Malformed(Exception):
    pass


class Node:
    """A value as it was read. `value` is a scalar, a list of nodes, or a dict of nodes; `raw` its bytes."""

    __slots__ = ("value", "raw")

    def __init__(self, value, raw):
        self.value, self.raw = value, raw

    def plain(self):
        if isinstance(self.value, dict):
            return {key: node.plain() for key, node in self.value.items()}
        if isinstance(self.value, list):
            return [node.plain() for node in self.value]
        return self.value


class Tag:
    """CBOR tag; equal to another of the same number and content."""

    def __init__(self, number, content):
        self.number, self.content = number, content

    def __eq__(self, other):
        return isinstance(other, Tag) and (self.number, self.content) == (other.number, other.content)

    def __repr__(self):
        return f"Tag({self.number}, {self.content!r})"


UNDEFINED = type("Undefined", (), {"__repr__": lambda self: "undefined"})()

# ---- writing -------------------------------------------------------------------------------------------------------
# A value is what json.loads gives, with three forms besides:
#   {"$json": TEXT, "$cbor": HEX}   these very bytes, by the encoding at hand
#   {"$times": [TEXT, N]}           the text N times
#   {"$deep": N}                    N arrays in one another


def expand(value):
    """The forms that mean a plain value, replaced by it."""
    if isinstance(value, dict):
        if set(value) == {"$times"}:
            return value["$times"][0] * value["$times"][1]
        return {key: expand(item) for key, item in value.items()}
    if isinstance(value, list):
        return [expand(item) for item in value]
    return value


def exact(value):
    return isinstance(value, dict) and bool(value) and set(value) <= {"$json", "$cbor"}


def to_json(value):
    if exact(value):
        return value["$json"]
    if isinstance(value, dict):
        if set(value) == {"$deep"}:
            return "[" * value["$deep"] + "]" * value["$deep"]
        return "{" + ",".join(json.dumps(k, ensure_ascii=False) + ":" + to_json(v) for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(to_json(item) for item in value) + "]"
    return json.dumps(value, ensure_ascii=False)


def cbor_head(major, number):
    major <<= 5
    if number < 24:
        return bytes([major | number])
    for info, form, top in ((24, ">B", 8), (25, ">H", 16), (26, ">I", 32), (27, ">Q", 64)):
        if number < 1 << top:
            return bytes([major | info]) + struct.pack(form, number)
    raise ValueError(number)


def to_cbor(value):
    if exact(value):
        return bytes.fromhex(value["$cbor"])
    if value is None:
        return b"\xf6"
    if isinstance(value, bool):
        return b"\xf5" if value else b"\xf4"
    if isinstance(value, int):
        return cbor_head(0, value) if value >= 0 else cbor_head(1, -1 - value)
    if isinstance(value, float):
        return b"\xfb" + struct.pack(">d", value)
    if isinstance(value, str):
        text = value.encode()
        return cbor_head(3, len(text)) + text
    if isinstance(value, bytes):
        return cbor_head(2, len(value)) + value
    if isinstance(value, list):
        return cbor_head(4, len(value)) + b"".join(to_cbor(item) for item in value)
    if isinstance(value, dict):
        if set(value) == {"$deep"}:
            return b"\x81" * (value["$deep"] - 1) + b"\x80"
        return cbor_head(5, len(value)) + b"".join(to_cbor(k) + to_cbor(v) for k, v in value.items())
    raise TypeError(f"no CBOR for {value!r}")


def to_bytes(encoding, value):
    value = expand(value)
    return to_cbor(value) if encoding == "cbor" else to_json(value).encode()


# ---- reading -------------------------------------------------------------------------------------------------------

JSON_SPACE = re.compile(r"[ \t\n\r]*")
JSON_STRING = re.compile(r'"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"')
JSON_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?")
JSON_WORDS = {"true": True, "false": False, "null": None}


def json_space(text, at):
    return JSON_SPACE.match(text, at).end()


def json_node(text, at):
    at = start = json_space(text, at)
    first = text[at:at + 1]
    if first in ("{", "["):
        value, at = json_container(text, at + 1, first == "{")
    elif match := JSON_STRING.match(text, at):
        value, at = json.loads(match.group()), match.end()
    elif match := JSON_NUMBER.match(text, at):
        at = match.end()
        value = int(match.group()) if match.group(1) is None and match.group(2) is None else float(match.group())
    else:
        word = next((word for word in JSON_WORDS if text.startswith(word, at)), None)
        if word is None:
            raise Malformed(f"no JSON value at {at} of {text[:200]!r}")
        value, at = JSON_WORDS[word], at + len(word)
    return Node(value, text[start:at].encode()), at


def json_container(text, at, is_object):
    value, close, first = ({}, "}", True) if is_object else ([], "]", True)
    while True:
        at = json_space(text, at)
        if text.startswith(close, at):
            if not first and text[:at].rstrip()[-1] == ",":
                raise Malformed(f"a comma too many at {at}")
            return value, at + 1
        if not first:
            if text[at:at + 1] != ",":
                raise Malformed(f"no comma at {at}")
            at += 1
        first = False
        if is_object:
            key, at = json_node(text, at)
            at = json_space(text, at)
            if not isinstance(key.value, str) or text[at:at + 1] != ":":
                raise Malformed(f"no member at {at}")
            value[key.value], at = json_node(text, at + 1)
        else:
            item, at = json_node(text, at)
            value.append(item)


def from_json(data):
    text = data.decode("utf-8", "strict")
    node, at = json_node(text, 0)
    if json_space(text, at) != len(text):
        raise Malformed(f"bytes behind the value at {at}")
    return node


def cbor_take(data, at, n):
    if at + n > len(data):
        raise Malformed("cut off")
    return data[at:at + n], at + n


def cbor_read_head(data, at):
    """(major, info, number or None where indefinite, the end)"""
    byte, at = cbor_take(data, at, 1)
    major, info = byte[0] >> 5, byte[0] & 31
    if info < 24:
        return major, info, info, at
    if info < 28:
        raw, at = cbor_take(data, at, 1 << (info - 24))
        return major, info, int.from_bytes(raw, "big"), at
    if info == 31 and major in (2, 3, 4, 5, 7):
        return major, info, None, at
    raise Malformed(f"reserved head {byte.hex()}")


def cbor_string(data, at, major, number):
    if number is not None:
        raw, at = cbor_take(data, at, number)
        return (raw.decode("utf-8", "strict") if major == 3 else raw), at
    parts = []
    while data[at:at + 1] != b"\xff":
        inner, _, length, at = cbor_read_head(data, at)
        if inner != major or length is None:
            raise Malformed("a chunk of another kind")
        part, at = cbor_string(data, at, major, length)
        parts.append(part)
    return ("" if major == 3 else b"").join(parts), at + 1


def cbor_items(data, at, count):
    items = []
    while data[at:at + 1] != b"\xff" if count is None else len(items) < count:
        item, at = cbor_node(data, at)
        items.append(item)
    return items, at + (count is None)


def cbor_simple(info, number, raw):
    if info == 25:
        return struct.unpack(">e", raw)[0]
    if info == 26:
        return struct.unpack(">f", raw)[0]
    if info == 27:
        return struct.unpack(">d", raw)[0]
    if info == 24 and number < 32 or info == 31:
        raise Malformed("a simple value that must not be")
    return {20: False, 21: True, 22: None}.get(number, UNDEFINED)


def cbor_node(data, at):
    start = at
    major, info, number, at = cbor_read_head(data, at)
    if major == 0:
        value = number
    elif major == 1:
        value = -1 - number
    elif major in (2, 3):
        value, at = cbor_string(data, at, major, number)
    elif major == 4:
        value, at = cbor_items(data, at, number)
    elif major == 5:
        items, at = cbor_items(data, at, None if number is None else number * 2)
        if len(items) % 2:
            raise Malformed("a key without a value")
        value = {(k.value if isinstance(k.value, (str, int, float)) else repr(k.plain())): v
                 for k, v in zip(items[::2], items[1::2])}
    elif major == 6:
        content, at = cbor_node(data, at)
        value = Tag(number, content.plain())
    else:
        value = cbor_simple(info, number, data[start + 1:at])
    return Node(value, bytes(data[start:at])), at


def from_cbor(data):
    node, at = cbor_node(data, 0)
    if at != len(data):
        raise Malformed("bytes behind the item")
    return node


def from_bytes(encoding, data):
    try:
        return from_cbor(data) if encoding == "cbor" else from_json(data)
    except (UnicodeDecodeError, RecursionError) as error:
        raise Malformed(str(error)) from error


# ---- comparing -----------------------------------------------------------------------------------------------------
# An expected value is what was described above, and besides:
#   {"$any": true}       whatever it is
#   {"$like": REGEX}     a text in which this is found
#   {"$number": N}       what reads as this double, be it written as an integer or not
#   {"$save": NAME}      whatever it is, kept under this name: ${NAME} in later steps


class Mismatch(AssertionError):
    pass


def same_scalar(expected, got):
    if type(expected) is not type(got):
        return False
    if isinstance(expected, float):
        return expected == got and math.copysign(1, expected) == math.copysign(1, got) or expected != expected != got
    return expected == got


def match(encoding, expected, node, names, path="message"):
    def wrong(what, got):
        raise Mismatch(f"{path}: expected {what}, got {got}")

    if isinstance(expected, dict) and set(expected) == {"$times"}:
        expected = expand(expected)
    if exact(expected):
        wanted = to_bytes(encoding, expected)
        if node.raw != wanted:
            wrong(*((wanted.hex(), node.raw.hex()) if encoding == "cbor" else (wanted.decode(), node.raw.decode())))
    elif isinstance(expected, dict) and len(expected) == 1 and next(iter(expected)).startswith("$"):
        form, argument = next(iter(expected.items()))
        if form == "$like":
            if not isinstance(node.value, str) or not re.search(argument, node.value):
                wrong(f"a text like {argument!r}", repr(node.plain()))
        elif form == "$number":
            if type(node.value) not in (int, float) or float(node.value) != argument:
                wrong(f"the number {argument}", repr(node.plain()))
        elif form == "$save":
            names[argument] = node.plain()
        elif form == "$deep":
            if node.raw != to_bytes(encoding, expected):
                wrong(f"{argument} arrays", node.raw[:80])
        elif form != "$any":
            raise ValueError(f"{form} is no form")
    elif isinstance(expected, dict):
        if not isinstance(node.value, dict) or set(node.value) != set(expected):
            wrong(json.dumps(expected)[:300], repr(node.plain())[:300])
        for key, item in expected.items():
            match(encoding, item, node.value[key], names, f"{path}.{key}")
    elif isinstance(expected, list):
        if not isinstance(node.value, list) or len(node.value) != len(expected):
            wrong(json.dumps(expected)[:300], repr(node.plain())[:300])
        for i, item in enumerate(expected):
            match(encoding, item, node.value[i], names, f"{path}[{i}]")
    elif not same_scalar(expected, node.value):
        wrong(repr(expected)[:300], repr(node.plain())[:300])
