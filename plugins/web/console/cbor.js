// CBOR (RFC 8949), in the same way as json.js: looked at in place, so that byte strings, tags and undefined are seen.

const decoder = new TextDecoder();
const INDEFINITE = 31;
const [UNSIGNED, NEGATIVE, BYTES, TEXT, ARRAY, MAP, TAG] = [0, 1, 2, 3, 4, 5, 6];

/** What a value begins with: its kind, its number (a BigInt where it must be), and where it goes on. */
function head(bytes, at) {
  const first = bytes[at] ?? 0xf7;
  const major = first >> 5;
  const info = first & 31;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = info < 24 || info > 27 ? 0 : 1 << (info - 24);
  if (at + 1 + length > bytes.length) return { major: 7, info: 23, value: 23, at: bytes.length }; // cut off
  let value = info;
  if (length === 1) value = view.getUint8(at + 1);
  else if (length === 2) value = view.getUint16(at + 1);
  else if (length === 4) value = view.getUint32(at + 1);
  else if (length === 8) {
    value = view.getBigUint64(at + 1);
    if (value <= Number.MAX_SAFE_INTEGER) value = Number(value);
  }
  return { major, info, value, at: at + 1 + length };
}

/** Behind the value that begins at `at`. */
function skip(bytes, at) {
  const left = [1]; // of each level, how many are still to come; Infinity: until a break
  while (left.length) {
    if (at >= bytes.length) return bytes.length;
    const top = left.length - 1;
    if (left[top] === 0 || (left[top] === Infinity && bytes[at] === 0xff)) {
      if (left.pop() === Infinity) at++;
      continue;
    }
    left[top]--;
    const { major, info, value, at: behind } = head(bytes, at);
    const many = info === INDEFINITE ? Infinity : Number(value);
    at = behind;
    if (major === BYTES || major === TEXT) many === Infinity ? left.push(many) : (at += many);
    else if (major === ARRAY) left.push(many);
    else if (major === MAP) left.push(many * 2);
    else if (major === TAG) left.push(1);
  }
  return Math.min(at, bytes.length);
}

function half(bits) {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (exponent ? 2 ** (exponent - 15) * (1 + fraction / 1024) : (2 ** -14 * fraction) / 1024);
}

const MAJORS = ['number', 'number', 'bytes', 'string', 'array', 'object', 'tag'];
const SIMPLE = { 20: 'boolean', 21: 'boolean', 22: 'null', 23: 'undefined', 25: 'number', 26: 'number', 27: 'number' };

/** A float as JavaScript writes it, told from an integer. */
const float = (number) => (Number.isInteger(number) && Math.abs(number) < 1e21 ? `${number}.0` : String(number));
const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

/** A value, from `at` to `end` of `bytes`: as JsonNode. */
export class CborNode {
  constructor(bytes, at = 0, end = skip(bytes, at)) {
    this.bytes = bytes;
    this.at = at;
    this.end = end;
    this.head = head(bytes, at);
  }

  get size() {
    return this.end - this.at;
  }

  get kind() {
    const { major, info } = this.head;
    return MAJORS[major] ?? SIMPLE[info] ?? 'simple';
  }

  get nested() {
    return this.kind === 'object' || this.kind === 'array' || this.kind === 'tag';
  }

  /** The number of a tag. */
  get tag() {
    return this.head.value;
  }

  /** Of a byte string or a text: how many bytes it has. */
  get length() {
    if (this.head.info !== INDEFINITE) return Number(this.head.value);
    let length = 0;
    for (const chunk of this.#chunks()) length += chunk.length;
    return length;
  }

  *#chunks() {
    for (let at = this.head.at; at < this.end && this.bytes[at] !== 0xff;) {
      const end = skip(this.bytes, at);
      if (end <= at) return;
      yield new CborNode(this.bytes, at, end);
      at = end;
    }
  }

  /** Of a byte string or a text: at most `max` of its bytes. */
  content(max = Infinity) {
    if (this.head.info !== INDEFINITE) return this.bytes.subarray(this.head.at, Math.min(this.end, this.head.at + max));
    const out = [];
    for (const chunk of this.#chunks()) {
      if (out.length >= max) break;
      for (const byte of chunk.content(max - out.length)) out.push(byte);
    }
    return Uint8Array.from(out);
  }

  text(max = Infinity) {
    const { major, info, value } = this.head;
    if (major === UNSIGNED) return String(value);
    if (major === NEGATIVE) return String(-1n - BigInt(value));
    if (major === TEXT) return decoder.decode(this.content(max * 4)).slice(0, max);
    if (major === BYTES) return hex(this.content(Math.ceil(max / 2))).slice(0, max);
    if (info === 25) return float(half(value));
    const view = new DataView(this.bytes.buffer, this.bytes.byteOffset + this.at);
    if (info === 26) return float(view.getFloat32(1));
    if (info === 27) return float(view.getFloat64(1));
    return { 20: 'false', 21: 'true', 22: 'null', 23: 'undefined' }[info] ?? `simple(${value})`;
  }

  *parts() {
    const { major, info, value, at: first } = this.head;
    let at = first;
    const pair = major === MAP;
    const many = major === TAG ? 1 : info === INDEFINITE ? Infinity : Number(value);
    for (let index = 0; index < many && at < this.end && this.bytes[at] !== 0xff; index++) {
      let label = major === TAG ? 'content' : index;
      let literal = false; // a name that is no text
      if (pair) {
        const key = new CborNode(this.bytes, at);
        literal = key.kind !== 'string';
        label = literal ? diagnostic(key, 200) : key.text();
        at = key.end;
      }
      const node = new CborNode(this.bytes, at);
      if (node.end <= at) return;
      yield { label, literal, node };
      at = node.end;
    }
  }

  count() {
    if (this.counted === undefined) {
      this.counted = 0;
      if (this.nested) for (const _ of this.parts()) this.counted++;
    }
    return this.counted;
  }

  plain() {
    switch (this.kind) {
      case 'object':
        return Object.fromEntries([...this.parts()].map(({ label, node }) => [label, node.plain()]));
      case 'array':
        return [...this.parts()].map(({ node }) => node.plain());
      case 'tag':
        return [...this.parts()][0]?.node.plain();
      case 'string':
        return this.text();
      case 'bytes':
        return this.content();
      case 'number':
        return Number(this.text());
      case 'boolean':
        return this.text() === 'true';
      default:
        return null;
    }
  }

  raw(max = Infinity) {
    return diagnostic(this, max);
  }
}

const DEPTH = 200;

/** In CBOR's diagnostic notation (RFC 8949, 8), up to about `max` characters. */
export function diagnostic(node, max = Infinity, pretty = false) {
  let out = '';
  const line = (depth) => (pretty ? `\n${'  '.repeat(depth)}` : '');
  const write = (one, depth) => {
    if (out.length > max) return;
    const { kind } = one;
    if (kind === 'string') out += JSON.stringify(one.text(max));
    else if (kind === 'bytes') out += `h'${one.text(max)}'`;
    else if (!one.nested) out += one.text();
    else if (depth > DEPTH) out += '…';
    else {
      const [open, close] = kind === 'array' ? '[]' : kind === 'object' ? '{}' : [`${one.tag}(`, ')'];
      out += open;
      let first = true;
      const bare = kind === 'tag';
      for (const { label, literal, node: part } of one.parts()) {
        if (out.length > max) break;
        if (!bare) out += (first ? '' : pretty ? ',' : ', ') + line(depth + 1);
        if (kind === 'object') out += `${literal ? label : JSON.stringify(label)}: `;
        write(part, bare ? depth : depth + 1);
        first = false;
      }
      if (!first && !bare) out += line(depth);
      out += close;
    }
  };
  write(node, 0);
  return out.slice(0, max);
}
