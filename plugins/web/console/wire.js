// A frame of the server to a message. Values stay bytes: subarrays of the frame, to be copied by who keeps them.
import { CborNode } from './cbor.js';
import { JsonNode, jsonBytes } from './json.js';

const PLAIN_MAX = 1 << 20; // bytes of what is taken apart as a whole: ids, texts, lists of members

const text = (what) => typeof what === 'string';
const number = (what) => typeof what === 'number';
/** What a message must have to be one: whoever answers may be any server. */
const NEEDED = {
  push: [
    ['key', text],
    ['seq', number],
    ['value', Boolean],
  ],
  init: [
    ['key', text],
    ['items', Array.isArray],
  ],
  hello: [['member', number]],
  members: [['members', Array.isArray]],
  error: [['message', text]],
};

const part = (node) => node.bytes.subarray(node.at, node.end);

function itemOf(node) {
  const item = { seq: 0, value: new Uint8Array() };
  for (const { label, node: what } of node.parts()) {
    if (label === 'seq') item.seq = what.plain();
    if (label === 'value') item.value = part(what);
  }
  return item;
}

/**
 * { type, size, ...members }; `value` is bytes, `items` of an init, and `data` of each key of what was resumed, is a list
 * of { seq, value }. Throws where it is no message.
 * @param {string | ArrayBuffer} data
 */
export function readMessage(data) {
  const cbor = typeof data !== 'string';
  const bytes = cbor ? new Uint8Array(data) : jsonBytes(data);
  const message = { type: '', size: bytes.length, cbor };
  for (const { label, node } of (cbor ? new CborNode(bytes) : new JsonNode(bytes)).parts()) {
    if (label === 'value') message.value = part(node);
    else if (label === 'data' && node.kind === 'array')
      message.items = [...node.parts()].map(({ node: one }) => itemOf(one));
    else if (node.size < PLAIN_MAX && label !== '__proto__') message[label] = node.plain();
  }
  const lacking = NEEDED[message.type]?.find(([name, kind]) => !kind(message[name]));
  if (lacking || typeof message.type !== 'string' || !message.type)
    throw new Error(`it has no ${lacking?.[0] ?? 'type'}`);
  return message;
}

/** The value of a message, to look at. */
export const nodeOf = (bytes, cbor) => (cbor ? new CborNode(bytes) : new JsonNode(bytes));
