// A connection to a room: what is subscribed to, what was pushed and not yet answered, and how both survive a
// reconnect.
/**
 * @import { ConnectionOptions, Item, MembersEvent, MessageToRoom, PushAction, PushOptions, Source, SubscribeOptions }
 *   from './index.js'
 */
import { Link } from './link.js';
import { EddyError, Signal, guarded, noop, quiet } from './util.js';

/**
 * One who listens to a key; `ready`: it was told all that the key retained once, and since then everything in order.
 * @typedef {SubscribeOptions & { listener: (item: Item) => void, ready: boolean }} Subscription
 * A key; the number up to which all who are ready have had everything; whether pushes go on from there, on this very
 * connection; and what is to be done with each `init` that is still to come, in order.
 * @typedef {{ key: string, subs: Set<Subscription>, seq: number, live: boolean,
 *             inits: ((items: Item[]) => void)[] }} Topic
 * @typedef {{ message: any, ack: boolean, resolve: (seq?: number | null) => void, reject: (error: unknown) => void }}
 *   Push
 */

/** @param {Topic} topic */
const readyOf = ({ subs }) => [...subs].filter(({ ready }) => ready);

export class Connection extends Link {
  /** This connection's id in the room; of eddy.v1. @type {number | undefined} */
  member;
  /** Who is connected, while somebody listens. @type {number[]} */
  members = [];

  /** @type {Map<string, Topic>} */
  #topics = new Map();
  /** @type {Push[]} */
  #queue = [];
  /** @type {Map<number, Push>} */
  #sent = new Map();
  #pushes = 0;
  /** @type {Promise<unknown> | undefined} */
  #fence;
  /** @type {Map<number, (ms: number | null) => void>} */
  #pings = new Map();
  #nonce = 0;
  /** @type {Signal<MembersEvent>} */
  #watchers = new Signal();
  #epoch = '';
  #seq = 0; // all that is `ready` has had everything up to here
  #resuming = false;
  #top = 0; // the highest number that came on this very connection

  // What the room says.

  /** @protected @param {any} hello */
  opened(hello) {
    this.#top = 0;
    this.member = hello?.member;
    const topics = [...this.#topics.values()];
    const old = topics.filter((topic) => readyOf(topic).length);
    if (!hello) {
      for (const topic of old) this.#ask(topic, topic.seq, (items) => this.#take(topic, readyOf(topic), items, items));
    } else if ((this.#resuming = old.length > 0)) {
      this.transmit({ type: 'resume', epoch: this.#epoch, seq: this.#seq, keys: old.map(({ key }) => key) });
    } else {
      this.#epoch = hello.epoch;
      this.#seq = hello.seq;
    }
    for (const topic of topics) for (const one of topic.subs) if (!one.ready) this.#begin(topic, one);
    if (this.#watchers.listeners.size && hello) this.transmit({ type: 'members' });
    this.#drain();
  }

  /** @protected @param {any} message */
  received(message) {
    const topic = this.#topics.get(message.key);
    switch (message.type) {
      case 'push':
        if (topic) this.#heard(topic, message);
        break;
      case 'init':
        topic?.inits.shift()?.(message.data);
        if (topic) this.#tidy(topic);
        break;
      case 'resumed':
        this.#resumed(message);
        break;
      case 'stream_size':
        topic?.subs.forEach(({ size }) => size && guarded(size, message.size));
        break;
      case 'pong':
        this.#pings.get(message.nonce)?.(performance.now());
        break;
      case 'ack':
        this.#settle(message.id)?.resolve(message.seq);
        break;
      case 'error': {
        const error = new EddyError(message.code ?? 'error', message.message);
        const push = this.#settle(message.id);
        if (push) push.reject(error);
        else {
          this.fail(error);
          if (this.#resuming) this.#renew(); // it does not resume: begin again
        }
        break;
      }
      case 'members':
      case 'join':
      case 'leave':
        this.#membersAre(message);
    }
  }

  /** @protected */
  dropped() {
    for (const topic of this.#topics.values()) {
      topic.inits = [];
      topic.live = false;
      for (const { sync } of topic.subs) sync?.(false);
      this.#tidy(topic);
    }
    for (const done of this.#pings.values()) done(null);
    const error = new EddyError('connection_lost');
    for (const { reject } of this.#sent.values()) reject(error);
    this.#sent.clear();
  }

  /** @protected @param {EddyError} error */
  ended(error) {
    for (const { reject } of this.#queue.splice(0)) reject(error);
  }

  // Subscriptions.

  /**
   * @param {string} key
   * @param {(item: Item) => void} listener is called for all that the key retains, then for each push, in order
   * @param {SubscribeOptions | ((size: number) => void)} [options] a function is `size`
   * @returns {() => void} ends it
   */
  subscribe(key, listener, options) {
    const more = typeof options === 'function' ? { size: options } : options;
    /** @type {Subscription} */
    const subscription = { ...more, listener, ready: false };
    const topic = this.#topic(key);
    topic.subs.add(subscription);
    if (this.status.connected) this.#begin(topic, subscription);
    return () => {
      if (topic.subs.delete(subscription)) this.#tidy(topic);
    };
  }

  /**
   * @param {string} key
   * @param {(item: Item) => void} listener as it was given to subscribe
   */
  unsubscribe(key, listener) {
    const topic = this.#topic(key);
    for (const one of topic.subs) if (one.listener === listener) topic.subs.delete(one);
    this.#tidy(topic);
  }

  /** @param {string} key */
  #topic(key) {
    let topic = this.#topics.get(key);
    if (!topic) this.#topics.set(key, (topic = { key, subs: new Set(), seq: 0, live: false, inits: [] }));
    return topic;
  }

  /**
   * Lets go of a key that nobody wants any more; a server that may not know `unsubscribe` is not told.
   * @param {Topic} topic
   */
  #tidy(topic) {
    if (topic.subs.size || topic.inits.length || this.#topics.get(topic.key) !== topic) return;
    this.#topics.delete(topic.key);
    if (this.v1) this.transmit({ type: 'unsubscribe', key: topic.key });
  }

  /**
   * @param {Topic} topic
   * @param {number} seq
   * @param {(items: Item[]) => void} then
   */
  #ask(topic, seq, then) {
    topic.inits.push(then);
    this.transmit({ type: 'get', key: topic.key, seq });
  }

  /**
   * @param {Topic} topic
   * @param {Subscription} subscription
   */
  #begin(topic, subscription) {
    this.#ask(topic, subscription.since ?? 0, (items) => {
      if (!topic.subs.has(subscription)) return;
      subscription.ready = true;
      this.#take(topic, [subscription], items, items, true);
    });
  }

  /**
   * These have all up to here now, and go on from here.
   * @param {Topic} topic
   * @param {Subscription[]} subs
   * @param {Item[]} items
   * @param {Item[]} fresh what of that they have not had
   * @param {boolean} [over] it is all that the key retains: they may begin anew
   */
  #take(topic, subs, items, fresh, over) {
    topic.live = true;
    const last = items.at(-1)?.seq ?? 0;
    topic.seq = Math.max(topic.seq, last);
    this.#top = Math.max(this.#top, last);
    for (const { listener, reset, sync } of subs) {
      if (over && reset) guarded(reset, items);
      else for (const { seq, value } of fresh) guarded(listener, { seq, value });
      if (sync) guarded(sync, true);
    }
  }

  /** @param {{ epoch: string, seq: number, keys: { key: string, recovered: boolean, data: Item[] }[] }} message */
  #resumed({ epoch, seq, keys }) {
    const renewed = epoch !== this.#epoch;
    this.#resuming = false;
    this.#epoch = epoch;
    this.#seq = seq;
    for (const { key, recovered, data } of keys) {
      const topic = this.#topics.get(key);
      if (!topic) continue;
      if (renewed) topic.seq = 0;
      this.#take(
        topic,
        readyOf(topic),
        data,
        data.filter((item) => item.seq > topic.seq),
        !recovered,
      );
    }
  }

  /**
   * @param {Topic} topic
   * @param {Item} item
   */
  #heard(topic, { seq, value }) {
    const fresh = seq > this.#top;
    if (!topic.live) return;
    if (fresh) this.#top = seq;
    if (seq <= topic.seq) {
      // An original server sends twice what was asked for twice. But what is ahead on this connection, and behind what
      // came on an earlier one, is of another room under the same name.
      if (fresh && !this.v1) this.#renew();
      return;
    }
    topic.seq = this.#seq = seq;
    for (const { listener } of readyOf(topic)) guarded(listener, { seq, value });
  }

  #renew() {
    this.#resuming = false;
    for (const topic of this.#topics.values()) {
      topic.live = false;
      topic.seq = 0;
      for (const subscription of readyOf(topic)) {
        subscription.ready = false;
        subscription.sync?.(false);
        this.#begin(topic, subscription);
      }
    }
  }

  /**
   * What a key retains behind the number `since`.
   * @param {string} key
   * @param {number} [since]
   * @returns {Promise<Item[]>}
   */
  get(key, since) {
    return new Promise((resolve, reject) => {
      const end = this.subscribe(key, noop, {
        since,
        reset(items) {
          clearTimeout(timer);
          end();
          resolve(items);
        },
      });
      const timer = setTimeout(() => {
        end();
        reject(new EddyError('timeout'));
      }, this.options.timeout);
    });
  }

  // Pushes.

  /**
   * @param {string} key
   * @param {unknown} value
   * @param {PushAction} [action]
   * @param {PushOptions} [options]
   * @returns {Promise<number | null | undefined>} its number; null where a policy dropped it; undefined where the
   *   server does not say: then it has dealt with it
   */
  push(key, value, action = 'append', { ack = true, queue = true } = {}) {
    const message = {
      type: 'push',
      key,
      action: typeof action === 'string' ? { type: action } : action,
      value: value ?? null,
    };
    return quiet(
      new Promise((/** @type {Push['resolve']} */ resolve, reject) => {
        const push = { message, ack, resolve, reject };
        if (!this.#queue.length && this.#send(push)) return;
        const { max, drop } = this.options.queue;
        if (!queue || this.status.state === 'closed') return reject(new EddyError('not_connected'));
        const length = this.#queue.push(push);
        if (length > max) this.#queue[drop === 'oldest' ? 'shift' : 'pop']()?.reject(new EddyError('queue_full'));
        if (length === 1) this.#drain();
      }),
    );
  }

  /** A message as the protocol has it; for those who come from the published client. @param {MessageToRoom} message */
  send(message) {
    const { type, key, value, action, seq } = /** @type {any} */ (message);
    return type === 'push'
      ? this.push(key, value, action)
      : type === 'get'
        ? this.get(key, seq)
        : this.transmit(message);
  }

  /** @param {Push} push */
  #send(push) {
    if (this.pressure > this.options.queue.buffered) return false;
    const id = ++this.#pushes;
    const { message, ack } = push;
    if (ack) this.#sent.set(id, push);
    try {
      this.transmit(ack && this.v1 ? { id, ...message } : message);
    } catch (error) {
      this.#sent.delete(id);
      push.reject(error);
      return true;
    }
    if (!ack) push.resolve();
    else if (!this.v1) this.#guard().then(() => this.#settle(id)?.resolve());
    return true;
  }

  #drain() {
    while (this.#queue.length && this.#send(this.#queue[0])) this.#queue.shift();
    if (this.#queue.length && this.status.connected) setTimeout(() => this.#drain(), 50);
  }

  /**
   * A server without acks has dealt with all that came before a ping when it answers that; one for all that is said at
   * once.
   */
  #guard() {
    return (this.#fence ??= (async () => {
      await undefined;
      this.#fence = undefined;
      return this.testLatency();
    })());
  }

  /** @param {number} id */
  #settle(id) {
    const push = this.#sent.get(id);
    this.#sent.delete(id);
    return push;
  }

  // Latency and members.

  /**
   * How long the server takes to answer, in ms; null where there is no connection, or no answer in time.
   * @param {number} [timeout] in ms
   * @returns {Promise<number | null>}
   */
  testLatency(timeout = this.options.timeout) {
    return new Promise((resolve) => {
      const nonce = ++this.#nonce;
      const began = performance.now();
      const done = (/** @type {number | null} */ now) => {
        clearTimeout(timer);
        this.#pings.delete(nonce);
        resolve(now && now - began);
      };
      const timer = setTimeout(done, timeout, null);
      this.#pings.set(nonce, done);
      if (!this.transmit({ type: 'ping', nonce })) done(null);
    });
  }

  /**
   * Who is connected to the room, now and after each change; only eddy.v1 says so.
   * @param {(event: MembersEvent) => void} listener
   * @returns {() => void} ends it
   */
  onMembers(listener) {
    const off = this.#watchers.addListener(listener);
    if (this.v1) this.transmit({ type: 'members' });
    return () => {
      off();
      if (!this.#watchers.listeners.size && this.v1) this.transmit({ type: 'members', subscribe: false });
    };
  }

  /** @param {any} message */
  #membersAre({ type, member, members }) {
    const others = this.members.filter((one) => one !== member);
    this.members = members ?? (type === 'join' ? [...others, member] : others);
    this.#watchers.dispatch({ type, member, members: this.members });
  }
}

/**
 * Connects to a room, and stays connected.
 * @param {Source} source a room, its socket URL, or a function that finds it out before each attempt
 * @param {ConnectionOptions} [options]
 */
export function connect(source, options) {
  const connection = new Connection(source, options);
  connection.open();
  return connection;
}
