// Who is here, and what each of them shows: everybody says it now and then, and who falls silent is gone.
/** @import { Connection, Item, PresenceOptions } from './index.js' */
import { debounce } from './debounce.js';
import { Store, randomId } from './util.js';

/** @param {unknown} one @param {unknown} other */
const same = (one, other) => Object.is(one, other) || JSON.stringify(one) === JSON.stringify(other);

/**
 * `due`: when it is gone unless it says something; `m`: the member as which it came.
 * @template T
 * @typedef {Record<string, { value: T, lastSeen: number, due: number, m?: number }>} Seen
 */

/**
 * On the wire `{ client: id, value: anything }` as relays, as the published client has it; under eddy.v1 with `m`, the
 * member id of the connection, so that who loses it is gone after `grace`. A value of null says farewell.
 * @template T
 * @extends {Store<Seen<T>>}
 */
export class Presence extends Store {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #sweeper;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #keeper;
  /** @type {ReturnType<typeof debounce>} */
  #debounced;
  /** @type {(() => void)[]} */
  #ends = [];

  /**
   * @param {Connection} connection
   * @param {PresenceOptions<T>} [options]
   */
  constructor(connection, options = {}) {
    super({});
    this.connection = connection;
    this.options = { key: '__presence', interval: 1000, timeout: 5000, grace: 2000, equal: same, ...options };
    this.clientId = options.clientId ?? uniqueClientId();
    /** @type {T | undefined} */
    this.own = options.value;
    this.#debounced = debounce(() => this.#send(), options.debounce);
  }

  /** What the others see of this page; undefined: it only looks on. @param {T | undefined} value */
  set = (value) => {
    if (this.options.equal(value, this.own)) return;
    this.own = value;
    if (this.#ends.length) this.#debounced.call();
  };

  /** @protected */
  start() {
    const { key, grace } = this.options;
    const { connection } = this;
    this.#ends.push(connection.subscribe(key, (item) => this.#item(item), { sync: (live) => live && this.#send() }));
    if (grace === false) return;
    this.#ends.push(
      connection.onMembers(({ members }) => {
        for (const peer of Object.values(this.value)) {
          if (peer.m && !members.includes(peer.m)) peer.due = Math.min(peer.due, performance.now() + grace);
        }
        this.#sweep();
      }),
    );
  }

  /** @protected */
  stop() {
    this.#debounced.cancel();
    clearTimeout(this.#keeper);
    clearTimeout(this.#sweeper);
    this.#sweeper = undefined;
    if (this.options.farewell) this.#say(null);
    for (const end of this.#ends.splice(0)) end();
    this.value = {};
  }

  #send() {
    clearTimeout(this.#keeper);
    if (this.own === undefined) return;
    this.#say(this.own);
    this.#keeper = setTimeout(() => this.#send(), this.options.interval);
  }

  /** Now or never: what is late is of no use. @param {unknown} value */
  #say(value) {
    const message = { value, client: this.clientId, m: this.connection.member };
    this.connection.push(this.options.key, message, 'relay', { ack: false, queue: false });
  }

  /** @param {Item} item */
  #item({ value: said }) {
    const { client, value, m } = /** @type {{ client?: string, value?: T | null, m?: number }} */ (Object(said));
    if (typeof client !== 'string' || value === undefined || client === this.clientId) return;
    const { timeout, heartbeats, equal } = this.options;
    const before = Object.hasOwn(this.value, client) && this.value[client]; // not what all objects have
    const now = {
      value: /** @type {T} */ (value),
      lastSeen: Date.now(),
      due: value === null ? 0 : performance.now() + timeout,
      m,
    };
    if (before && (value === null || (!heartbeats && equal(before.value, value)))) Object.assign(before, now);
    else if (value !== null) this.show({ ...this.value, [client]: now });
    if (!this.#sweeper || value === null) this.#sweep(); // else it comes early enough
  }

  /** Lets go of those who are due, and comes again when the next one may be. */
  #sweep() {
    clearTimeout(this.#sweeper);
    this.#sweeper = undefined;
    const now = performance.now(); // a clock that nobody sets
    const all = Object.entries(this.value);
    const left = all.filter(([, { due }]) => due > now);
    if (left.length < all.length) this.show(Object.fromEntries(left));
    if (left.length) this.#sweeper = setTimeout(() => this.#sweep(), Math.min(...left.map(([, { due }]) => due)) - now);
  }
}

/** @type {Record<string, string>} */
const memory = {};

/**
 * An id of this tab, the same after a reload of it.
 * @param {string} [key] under which the session storage has it
 */
export function uniqueClientId(key = '_driftdb_client_id') {
  let storage = memory;
  try {
    storage = /** @type {any} */ (globalThis.sessionStorage ?? memory);
  } catch {
    // a page that may not have one
  }
  // A page that came by plain http from another host has no randomUUID.
  return (storage[key] ??= randomId() + randomId());
}
