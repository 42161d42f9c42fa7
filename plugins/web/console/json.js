// JSON as it came over the wire: bytes that are looked at where somebody looks, and never taken apart as a whole. So a
// value of a megabyte costs a megabyte, every digit is as it was sent, and no depth is too deep.

const decoder = new TextDecoder();
const encoder = new TextEncoder();

const [TAB, LF, CR, SPACE, QUOTE, COMMA, COLON, BACKSLASH] = [9, 10, 13, 32, 34, 44, 58, 92];
const [OPEN_ARRAY, CLOSE_ARRAY, OPEN_OBJECT, CLOSE_OBJECT] = [91, 93, 123, 125];

const blank = (byte) => byte === SPACE || byte === LF || byte === CR || byte === TAB;
const ends = (byte) => blank(byte) || byte === COMMA || byte === COLON || byte === CLOSE_ARRAY || byte === CLOSE_OBJECT;

function space(bytes, at) {
  while (at < bytes.length && blank(bytes[at])) at++;
  return at;
}

/** Behind the text whose opening quote is at `at`. */
function skipText(bytes, at) {
  for (at++; at < bytes.length; at++) {
    if (bytes[at] === BACKSLASH) at++;
    else if (bytes[at] === QUOTE) return at + 1;
  }
  return bytes.length;
}

/** Behind the value that begins at `at`. */
function skip(bytes, at) {
  let depth = 0;
  while (at < bytes.length) {
    const byte = bytes[at];
    if (byte === QUOTE) at = skipText(bytes, at);
    else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) (depth++, at++);
    else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) (depth--, at++);
    else if (depth) at++;
    else while (at < bytes.length && !ends(bytes[at])) at++;
    if (depth <= 0) break;
  }
  return at;
}

const ESCAPES = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };
const unescape = (text) =>
  text.replace(/\\(u[0-9a-fA-F]{4}|[^u])/g, (_, what) =>
    what.length > 1 ? String.fromCharCode(parseInt(what.slice(1), 16)) : (ESCAPES[what] ?? what),
  );

/** A value, from `at` to `end` of `bytes`. cbor.js has the same for CBOR. */
export class JsonNode {
  constructor(bytes, at = space(bytes, 0), end = skip(bytes, at)) {
    this.bytes = bytes;
    this.at = at;
    this.end = end;
  }

  /** Bytes that it takes. */
  get size() {
    return this.end - this.at;
  }

  get kind() {
    switch (this.bytes[this.at]) {
      case OPEN_OBJECT:
        return 'object';
      case OPEN_ARRAY:
        return 'array';
      case QUOTE:
        return 'string';
      case 116: // t
      case 102: // f
        return 'boolean';
      case 110: // n
        return 'null';
      default:
        return 'number';
    }
  }

  get nested() {
    return this.kind === 'object' || this.kind === 'array';
  }

  /** What a text says, a number is, ...: at most `max` characters of it. */
  text(max = Infinity) {
    const string = this.kind === 'string';
    const from = this.at + Number(string);
    const to = Math.min(this.end - Number(string), from + max * 6); // a character takes six bytes at most
    const text = decoder.decode(this.bytes.subarray(from, to));
    return (string ? unescape(text) : text).slice(0, max);
  }

  /** What it is made of: { label: a name or a number, node }. */
  *parts() {
    const object = this.kind === 'object';
    let at = space(this.bytes, this.at + 1);
    for (let index = 0; at < this.end - 1; index++) {
      let label = index;
      if (object) {
        const key = new JsonNode(this.bytes, at, skipText(this.bytes, at));
        label = key.text();
        at = space(this.bytes, space(this.bytes, key.end) + 1);
      }
      const end = skip(this.bytes, at);
      if (end <= at) return; // it is no JSON
      yield { label, node: new JsonNode(this.bytes, at, end) };
      at = space(this.bytes, space(this.bytes, end) + 1);
    }
  }

  count() {
    if (this.counted === undefined) {
      this.counted = 0;
      if (this.nested) for (const _ of this.parts()) this.counted++;
    }
    return this.counted;
  }

  /** As a value of JavaScript; for what is known to be small. */
  plain() {
    return JSON.parse(decoder.decode(this.bytes.subarray(this.at, this.end)));
  }

  /** The whole of it as it was sent. */
  raw(max = Infinity) {
    return decoder.decode(this.bytes.subarray(this.at, Math.min(this.end, this.at + max)));
  }
}

export const jsonBytes = (text) => encoder.encode(text);
