"""The transcoding table of protocol.md, both ways: what a receiver of the other encoding gets."""

import struct

from suite import test


def double(number):
    return "fb" + struct.pack(">d", number).hex()


# What was sent as JSON, and the bytes that a CBOR receiver gets; or the value, where its form is left open.
TO_CBOR = {
    "null": ("null", "f6"),
    "true": ("true", "f5"),
    "false": ("false", "f4"),
    "zero": ("0", "00"),
    "23 is one byte": ("23", "17"),
    "24 is two": ("24", "1818"),
    "2^16": ("65536", "1a00010000"),
    "2^53 + 1": ("9007199254740993", "1b0020000000000001"),
    "2^64 - 1": ("18446744073709551615", "1bffffffffffffffff"),
    "2^64 is a double": ("18446744073709551616", double(2.0 ** 64)),
    "-1": ("-1", "20"),
    "-2^63": ("-9223372036854775808", "3b7fffffffffffffff"),
    "-2^64": ("-18446744073709551616", "3bffffffffffffffff"),
    "-2^64 - 1 is a double": ("-18446744073709551617", double(-2.0 ** 64)),
    "thirty digits are a double": ("123456789012345678901234567890", double(123456789012345678901234567890.0)),
    "1.0 is a half": ("1.0", "f93c00"),
    "1e2 is a half": ("1e2", "f95640"),
    "-0 is a half": ("-0", "f98000"),
    "-0.0 is a half": ("-0.0", "f98000"),
    "65504.0 is the greatest half": ("65504.0", "f97bff"),
    "65505.0 is a single": ("65505.0", "fa477fe100"),
    "2^-24 is the least half": ("5.960464477539063e-8", "f90001"),
    "0.1 is a double": ("0.1", double(0.1)),
    "1.1e308": ("1.1e308", double(1.1e308)),
    "1e400 is infinite": ("1e400", "f97c00"),
    "-1e400 is infinite": ("-1e400", "f9fc00"),
    "5e-324": ("5e-324", double(5e-324)),
    "text": ('"a\\u00e9\\n\\ud83d\\ude00\\u0000/"', "6a61c3a90af09f9880002f"),
    "empty text": ('""', "60"),
    "array": ("[1, [] ,\"x\"]", "8301806178"),
    "object in its order": ('{"b": 1, "a": {"": null}}', "a26162016161a160f6"),
    "a member given twice": ('{"a":1,"a":2}', "a2616101616102"),
    "300 elements": ("[" + ",".join(["0"] * 300) + "]", [0] * 300),
}

# What was sent as CBOR, and the text that a JSON receiver gets. A number: whatever its text, it must read as that.
TO_JSON = {
    "null": ("f6", "null"),
    "undefined": ("f7", "null"),
    "a simple value without a name": ("e0", "null"),
    "simple value 255": ("f8ff", "null"),
    "true": ("f5", "true"),
    "2^64 - 1": ("1bffffffffffffffff", "18446744073709551615"),
    "-2^64": ("3bffffffffffffffff", "-18446744073709551616"),
    "a longer form": ("1b0000000000000001", "1"),
    "half": ("f93e00", 1.5),
    "the least half": ("f90001", 2.0 ** -24),
    "single": ("fa3dcccccd", struct.unpack(">f", bytes.fromhex("3dcccccd"))[0]),
    "double": (double(0.1), "0.1"),
    "the greatest double": (double(1.7976931348623157e308), 1.7976931348623157e308),
    "the least double": (double(5e-324), 5e-324),
    "a double that is integral": (double(2.0 ** 60), 2.0 ** 60),
    "a half that is integral": ("f93c00", 1.0),
    "NaN": ("f97e00", "null"),
    "infinity": ("f97c00", "null"),
    "minus infinity in a double": (double(float("-inf")), "null"),
    "byte string": ("43000aff", "[0,10,255]"),
    "empty byte string": ("40", "[]"),
    "byte string in pieces": ("5f42010241034 0ff".replace(" ", ""), "[1,2,3]"),
    "text": ("6a61c3a90af09f9880002f", '"aé\\n😀\\u0000/"'),
    "text in pieces": ("7f6161606162ff", '"ab"'),
    "empty text in pieces": ("7fff", '""'),
    "quotes and backslashes": ("63225c0b", '"\\"\\\\\\u000b"'),
    "tag": ("c11a514b67b0", "1363896240"),
    "tags in one another": ("d9d9f7c18101", "[1]"),
    "bignum": ("c2420100", "[1,0]"),
    "a tagged key": ("a1c0616101", '{"a":1}'),
    "array of indefinite length": ("9f01ff", "[1]"),
    "map of indefinite length": ("bf616101ff", '{"a":1}'),
    "empty map": ("a0", "{}"),
    "key: integer": ("a10102", '{"1":2}'),
    "key: negative integer": ("a12002", '{"-1":2}'),
    "key: null": ("a1f602", '{"null":2}'),
    "key: true": ("a1f502", '{"true":2}'),
    "key: half": ("a1f93e0002", '{"1.5":2}'),
    "key: NaN": ("a1f97e0002", '{"null":2}'),
    "key: byte string": ("a142010202", '{"[1,2]":2}'),
    "key: array with a text": ("a1820161610 2".replace(" ", ""), '{"[1,\\"a\\"]":2}'),
    "key: map": ("a1a161610202", '{"{\\"a\\":2}":2}'),
    "key: text in pieces": ("a17f61616162ff02", '{"ab":2}'),
}


@test("transcode to cbor", table=TO_CBOR, encodings=(None,))
def to_cbor(t, text, expected):
    room = t.new_room()
    sender, receiver = t.connect(room, "json"), t.connect(room, "cbor")
    sender.push("k", {"$json": text}, "replace")
    wanted = {"$cbor": expected} if isinstance(expected, str) else expected
    receiver.expect({"type": "push", "key": "k", "value": wanted, "seq": 1})
    receiver.get("k")
    receiver.expect({"type": "init", "key": "k", "data": [{"value": wanted, "seq": 1}]})


@test("transcode to json", table=TO_JSON, encodings=(None,))
def to_json(t, data, expected):
    room = t.new_room()
    sender, receiver = t.connect(room, "cbor"), t.connect(room, "json")
    sender.push("k", {"$cbor": data}, "replace")
    wanted = {"$json": expected} if isinstance(expected, str) else {"$number": expected}
    receiver.expect({"type": "push", "key": "k", "value": wanted, "seq": 1})
    receiver.get("k")
    receiver.expect({"type": "init", "key": "k", "data": [{"value": wanted, "seq": 1}]})


@test("transcode keys and escapes", encodings=(None,))
def keys(t):
    """The key of a message is text to both, however it was written."""
    room = t.new_room()
    sender, receiver = t.connect(room, "json"), t.connect(room, "cbor")
    sender.send_frame(1, b'{"type":"push","key":"\\u00e9\\ud83d\\ude00\\u0000","action":{"type":"relay"},"value":1}')
    receiver.expect({"type": "push", "key": "é😀\0", "value": 1, "seq": 1})
    sender.expect({"type": "push", "key": "é😀\0", "value": 1, "seq": 1})
