// What is known of a room: its keys, what each retains, what was said of late, who is there. Views look at it when
// `changed` says so. It holds a bounded number of bytes: what is older goes.
import { Link } from './link.js';
import { Series } from './series.js';
import { readMessage } from './wire.js';

const HELD_MAX = 64 << 20; // bytes of values, of all keys
const ITEMS_MAX = 5000; // messages of one key
const FEED_MAX = 2000; // entries of the feed
const FEED_BYTES = 16 << 20;
const HEAVY = 2 << 20; // bytes a second of whole streams, over some seconds: too dear
const OVER = 5; // so many seconds
const AGAIN_AFTER = [10000, 300000]; // ms until whole streams are tried again, from the first time to the last
const TOO_SLOW = 1013; // a close code
const READ_EVERY = 2000; // ms; where streams are asked for one by one
const MINUTES = 5;

const same = (a, b) => a.length === b.length && a.every((byte, at) => byte === b[at]);

export class Room {
  /** @param {ReturnType<import('./address.js').roomOf>} address */
  constructor(address, { cbor, exact = true, changed, told }) {
    Object.assign(this, { address, cbor, exact, changed, told });
    this.status = { state: 'connecting' };
    this.messages = new Series(MINUTES * 60);
    this.latency = new Series(MINUTES * 60);
    this.messages.values.fill(0);
    this.ping = null;
    this.actions = new Map(); // by number: what the admin interface told of a push before it came
    this.#forget();
    this.#connect();
  }

  #forget() {
    this.keys = new Map();
    this.feed = [];
    this.feedBytes = 0;
    this.feedDropped = 0;
    this.held = 0;
    this.members = [];
    this.member = this.seq = this.epoch = null;
    this.ready = false; // all that was there at the beginning has come
    this.shown = false; // streams were told of: the namespace lets us look
    this.version = 0;
  }

  #connect() {
    this.ready = false;
    this.heavy = { at: Date.now(), bytes: 0 };
    this.link = new Link(
      this.address.socket,
      { cbor: this.cbor, debug: this.exact },
      {
        message: (message) => this.#heard(message),
        status: (status) => {
          this.status = status;
          this.ever ||= status.state === 'connected';
          if (status.state === 'waiting' && !this.ever) this.#missing();
          if (status.code === TOO_SLOW) this.#tooBusy();
          if (status.state === 'connected') {
            this.ready = false;
            this.turn = (this.turn ?? 0) + 1;
          }
          if (status.state !== 'connected') this.members = [];
          this.changed('status');
        },
      },
    );
  }

  /** Where it cannot be reached from the beginning: is there such a room at all? A WebSocket does not say. */
  async #missing() {
    const answer = await fetch(this.address.http).catch(() => null);
    if (answer?.status !== 404 || this.ever) return;
    this.link.close();
    this.status = { state: 'closed', text: 'there is no such room' };
    this.changed('status');
  }

  /** Another encoding, or another way to look: from the beginning. */
  again(how) {
    Object.assign(this, how);
    this.link.close();
    this.#forget();
    this.changed('keys');
    this.#connect();
  }

  close() {
    this.link.close();
  }

  #heard(message) {
    switch (message.type) {
      case 'hello':
        if (this.epoch !== null && this.epoch !== message.epoch) this.told('The room was begun anew: another epoch.');
        Object.assign(this, { member: message.member, epoch: message.epoch, seq: message.seq });
        return this.changed('status');
      case 'init':
        return this.#init(message);
      case 'push':
        return this.#push(message);
      case 'pong':
        // The first one had to wait for all that was there.
        if (message.ms !== null && !message.begin) {
          this.ping = message.ms;
          this.latency.set(message.ms);
        }
        if (message.begin) {
          this.ready = true;
          this.#vanished();
          this.link.ping(); // one that tells something
          this.changed('keys');
        }
        return this.changed('ping');
      case 'members':
        this.members = message.members;
        return this.changed('members');
      case 'join':
        this.members = [...this.members.filter((id) => id !== message.member), message.member];
        return this.changed('members');
      case 'leave':
        this.members = this.members.filter((id) => id !== message.member);
        return this.changed('members');
      case 'error':
        if (message.id === undefined) this.told(`The server says: ${message.message}`, 'bad');
        return;
      case 'reconnect':
        return this.told('The server is about to close: this page comes back by itself.');
      case 'unreadable':
        return this.told(`A message could not be read: ${message.text}`, 'bad');
    }
  }

  // ---- keys ----

  #stream(key) {
    let stream = this.keys.get(key);
    if (!stream) {
      stream = { key, items: [], bytes: 0, total: 0, older: 0, pushes: 0, changed: 0, stale: !this.exact };
      this.keys.set(key, stream);
      this.changed('keys');
    }
    return stream;
  }

  #item(key, { seq, value }, at) {
    const known = this.actions.get(seq);
    return { key, seq, value: value.slice(), cbor: this.cbor, at, action: known?.action, member: known?.member };
  }

  /** All that a key retains: from a debug connection after each change, or asked for. */
  #init({ key, items = [], size }) {
    const fresh = this.#take(this.#stream(key), items);
    this.#weigh(size);
    this.shown = true;
    if (fresh.length && this.ready) {
      this.messages.add(fresh.length);
      for (const item of fresh) this.#say(item);
    }
    this.#count();
    this.changed('stream', key);
  }

  /** Puts what a key retains now in the place of what it did; what is new of it. */
  #take(stream, items) {
    const { key, items: old } = stream;
    const at = this.ready ? Date.now() : null;
    const next = [];
    const fresh = [];
    const heldFrom = stream.total > old.length ? (old[0]?.seq ?? Infinity) : 0; // what is before it is not new
    let added = 0;
    let i = 0;
    const skipped = Math.max(0, items.length - ITEMS_MAX);
    for (let n = skipped; n < items.length; n++) {
      const item = items[n];
      while (i < old.length && old[i].seq < item.seq) i++;
      const there = i < old.length && old[i].seq === item.seq;
      if (there && (n > 0 || same(old[i].value, item.value))) next.push(old[i++]);
      else {
        i += Number(there);
        const known = !there && item.seq < heldFrom;
        next.push(this.#item(key, item, known ? null : at));
        if (known) continue;
        added += Number(!there);
        fresh.push(next.at(-1));
      }
    }
    // Of those that it retained, be they held here or not.
    const gone = Math.max(0, stream.total + added - items.length);
    const lastOld = old.at(-1)?.seq ?? 0;
    for (const item of this.ready && this.exact ? fresh : []) {
      const added = item.seq > lastOld;
      item.action ??= !added ? 'compact' : next.length === 1 && old.length ? 'replace' : 'append';
    }
    if (!fresh.length && gone && this.ready) this.#say({ key, action: 'trim', gone, at, value: null, seq: null });
    stream.items = next;
    stream.total = items.length;
    stream.older = skipped;
    stream.stale = false;
    stream.turn = this.turn;
    this.held -= stream.bytes;
    stream.bytes = next.reduce((sum, { value }) => sum + value.length, 0);
    this.held += stream.bytes;
    if (fresh.length || gone) {
      stream.changed = at ?? stream.changed;
      stream.pushes += fresh.length;
      this.seq = Math.max(this.seq ?? 0, next.at(-1)?.seq ?? 0);
    }
    this.#bound();
    return fresh;
  }

  /** A broadcast. On a debug connection it is of a relay; elsewhere nobody says of what. */
  #push(message) {
    const stream = this.#stream(message.key);
    const item = this.#item(message.key, message, Date.now());
    item.action ??= this.exact && this.shown ? 'relay' : 'push';
    stream.changed = item.at;
    stream.relay = item;
    stream.pushes++;
    if (!this.exact) {
      stream.stale = true;
      this.#weigh(stream.bytes + item.value.length); // what it would be
    }
    this.seq = Math.max(this.seq ?? 0, item.seq);
    this.messages.add(1);
    this.#say(item);
    this.#count();
    if (this.exact && !this.shown) this.#doubt(message.key);
    this.changed('stream', message.key);
  }

  /** Keys that a connection before this one knew, and this one was not told of. */
  #vanished() {
    if (!this.exact || !this.shown) return;
    for (const [key, stream] of this.keys) if (stream.total && stream.turn !== this.turn) this.#take(stream, []);
  }

  /** Where a namespace does not let us look at all its keys (debug = false), a push is all that there is to hear. */
  async #doubt(key) {
    if (this.doubted) return;
    this.doubted = true;
    const items = await this.read(key);
    if (!items) this.doubted = false; // the next push tells
    if (items?.length && this.exact && !this.shown) this.#lighten('This namespace has debug = false');
  }

  #lighten(why) {
    if (!this.exact) return;
    this.light = `${why}: broadcasts are shown as they come, and what a key retains is asked for when you look at it.`;
    this.told(this.light);
    this.#look(false);
  }

  /** Too busy now is not too busy for ever: in a while it is tried again, each time later, unless it went well for long. */
  #tooBusy() {
    if (!this.exact) return;
    const went = Date.now() - (this.wholeSince ?? 0);
    this.wait = this.wait && went < 4 * this.wait ? Math.min(2 * this.wait, AGAIN_AFTER[1]) : AGAIN_AFTER[0];
    this.#lighten('The room is too busy for whole streams');
    this.againAt = Date.now() + this.wait;
  }

  /** Whole streams again; by hand, or as the room has calmed down. */
  whole() {
    if (this.exact) return;
    this.wholeSince = Date.now();
    this.againAt = this.doubted = 0;
    this.#look(true);
  }

  #look(exact) {
    this.exact = exact;
    this.link.close();
    for (const stream of this.keys.values()) Object.assign(stream, { stale: !exact, readAt: 0 });
    this.#connect();
    this.changed('keys');
  }

  /** Called every second or so. */
  tick() {
    if (this.againAt && Date.now() > this.againAt && this.ready && this.#heaviness() < HEAVY / 4) this.whole();
  }

  /** Bytes a second of whole streams, those of late counting more. */
  #heaviness() {
    const now = Date.now();
    this.heavy.bytes *= Math.exp((this.heavy.at - now) / 1000 / OVER);
    this.heavy.at = now;
    return this.heavy.bytes / OVER;
  }

  /** Whole streams after each change are for people who look, not for what is large. */
  #weigh(bytes) {
    if (!this.ready) return;
    this.#heaviness();
    this.heavy.bytes += bytes;
    if (this.heavy.bytes > HEAVY * OVER) this.#tooBusy();
  }

  /** Something was taken from the key. Where whole streams are told of, this is, too. */
  outdated(key) {
    if (!this.exact) this.#stream(key).stale = true;
  }

  /** Asks for what a key retains, as a call of its own. Null where that failed. */
  async read(key) {
    const stream = this.#stream(key);
    if (stream.reading || Date.now() - (stream.readAt ?? 0) < READ_EVERY) return null;
    const { link } = this;
    stream.reading = true;
    stream.readAt = Date.now();
    try {
      const type = this.cbor ? 'application/cbor' : 'application/json';
      const answer = await fetch(`${this.address.http}/send`, {
        method: 'POST',
        headers: { 'Content-Type': type },
        body: this.cbor ? getInCbor(key) : JSON.stringify({ type: 'get', key }),
      });
      if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
      const { items } = readMessage(this.cbor ? await answer.arrayBuffer() : await answer.text());
      // What comes over the connection is newer, where all does.
      if (items && link === this.link && !(this.exact && this.shown)) {
        this.#take(stream, items);
        this.#count();
        this.changed('stream', key);
      }
      return items ?? null;
    } catch (error) {
      if (this.status.state === 'connected')
        this.told(`What ${key} retains could not be read: ${error.message}`, 'bad');
      return null;
    } finally {
      stream.reading = false;
    }
  }

  /** Whether the key still retains this one, as far as we know. */
  holds({ key, seq, value }) {
    const items = this.keys.get(key)?.items ?? [];
    for (let i = items.length - 1; i >= 0 && items[i].seq >= seq; i--) if (items[i].value === value) return true;
    return false;
  }

  // ---- what was said ----

  #say(entry) {
    this.feed.push(entry);
    this.feedBytes += entry.value?.length ?? 0;
    while (this.feed.length > FEED_MAX || (this.feedBytes > FEED_BYTES && this.feed.length > 1)) {
      this.feedBytes -= this.feed.shift().value?.length ?? 0;
      this.feedDropped++;
    }
  }

  #count() {
    this.version++;
  }

  #bound() {
    while (this.held > HELD_MAX) {
      const largest = [...this.keys.values()].reduce((a, b) => (a.bytes > b.bytes ? a : b));
      if (largest.items.length < 2) return;
      const gone = largest.items.splice(0, Math.ceil(largest.items.length / 4));
      const bytes = gone.reduce((sum, { value }) => sum + value.length, 0);
      largest.older += gone.length;
      largest.bytes -= bytes;
      this.held -= bytes;
    }
  }

  /** What the admin interface says of a push: who, and how. It may come before the push itself, or after it. */
  explain({ seq, key, action, member }) {
    if (action === 'compact') return;
    this.actions.set(seq, { action, member });
    if (this.actions.size > FEED_MAX) this.actions.delete(this.actions.keys().next().value);
    const mark = (list) => {
      for (let i = list.length - 1; i >= 0 && i > list.length - 200; i--)
        if (list[i].seq === seq) Object.assign(list[i], { action, member });
    };
    mark(this.feed);
    const stream = this.keys.get(key);
    if (stream) mark(stream.items);
    this.changed('stream', key);
  }
}

/** {"type": "get", "key": KEY} */
function getInCbor(key) {
  const text = (what) => {
    const bytes = new TextEncoder().encode(what);
    const { length } = bytes;
    return length < 24 ? [0x60 + length, ...bytes] : [0x79, length >> 8, length & 255, ...bytes];
  };
  return Uint8Array.from([0xa2, ...text('type'), ...text('get'), ...text('key'), ...text(key)]);
}
