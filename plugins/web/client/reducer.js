// A state that changes by actions, the same for everybody: the room puts the actions in order. One's own show at once,
// on top of what the room has so far, and are put on top again whenever something of others comes in between.
/** @import { Connection, Item, SharedReducerOptions } from './index.js' */
import { Shared } from './shared.js';
import { EddyError, guarded, noop, quiet } from './util.js';

/**
 * An action that was shown, and has not come back from the room yet; `on`: it is on its way.
 * @template A
 * @typedef {{ n: number, action: A, sent: number, on: boolean, done: (error?: unknown, seq?: number | null) => void }}
 *   Pending
 */

/**
 * On the wire `{ apply: action, i: who }` with append and `{ reset: state }`, as the published client has it; and `n`,
 * which tells which of one's own it is, and `seen`, the last `n` of each page that a state comprises.
 * @template S, A
 * @typedef {{ apply?: A, reset?: S, seen?: Record<string, number | undefined>, i?: string, n?: number }} Message
 */

/**
 * @template S, A
 * @extends {Shared<S>}
 */
export class SharedReducer extends Shared {
  /** What the room's messages come to. @type {S} */
  #confirmed;
  #seq = 0;
  /** @type {Record<string, number | undefined>} */
  #seen = {};
  /** In the order in which they were dispatched. @type {Pending<A>[]} */
  #pending = [];
  #compacting = false;

  /**
   * @param {Connection} connection
   * @param {string} key
   * @param {SharedReducerOptions<S, A>} options
   */
  constructor(connection, key, options) {
    super(connection, key, options.initial);
    this.options = options;
    this.#confirmed = this.#copy(options.initial);
  }

  /** Whether the room has heard all that is shown. */
  get settled() {
    return !this.#pending.length;
  }

  /**
   * Shows what comes of it at once; what the reducer throws is thrown.
   * @param {A} action
   * @returns {Promise<number | null | undefined>} as push; rejected where the room refused it, and then it is undone
   */
  dispatch = (action) => {
    /** @type {Pending<A> | undefined} */
    let pending;
    const promise = quiet(
      new Promise((/** @type {(seq?: number | null) => void} */ resolve, reject) => {
        if (this.#pending.length >= this.connection.options.queue.max) return reject(new EddyError('queue_full'));
        pending = {
          n: ++this.n,
          action,
          sent: 0,
          on: false,
          done: (error, seq) => (error ? reject(error) : resolve(seq)),
        };
      }),
    );
    if (pending) {
      const state = this.options.reducer(this.#copy(this.value), action);
      this.#pending.push(pending);
      this.show(state);
      if (this.live) this.again();
    }
    return promise;
  };

  /** @protected */
  stop() {
    for (const pending of this.#pending) if (!pending.sent) this.#send(pending); // there is nobody left to do it later
    super.stop();
  }

  /** @protected */
  again() {
    // To an original server few at once: it loses what it has for a connection beyond 32 messages, and each of these
    // comes back, with a size.
    for (const pending of this.#pending.slice(0, this.connection.v1 ? Infinity : 8)) if (!pending.on) this.#send(pending);
  }

  /** @protected @param {Item[]} items */
  reset(items) {
    this.#confirmed = this.#copy(this.options.initial);
    this.#seq = 0;
    this.#seen = {};
    for (const item of items) this.#apply(item);
    this.#rebase();
  }

  /** @protected @param {Item} item */
  item(item) {
    if (!this.#apply(item)) this.#rebase();
  }

  /** @template T @param {T} state @returns {T} */
  #copy(state) {
    return this.options.clone ? this.options.clone(state) : state;
  }

  /**
   * The next step that the room has taken.
   * @param {Item} item
   * @returns {boolean} whether it is what this page shows already
   */
  #apply({ seq, value }) {
    const { apply, reset, seen, i = '', n } = /** @type {Message<S, A>} */ (Object(value));
    this.#seq = seq;
    if (reset !== undefined) {
      this.#confirmed = reset;
      this.#seen = { ...seen };
    } else if (apply !== undefined) {
      guarded(() => (this.#confirmed = this.options.reducer(this.#confirmed, apply)));
      delete this.#seen[i]; // the latest last
      this.#seen[i] = n;
    }
    // Those before it that have not come never will.
    let own = 0;
    for (; this.#pending[0]?.n <= /** @type {number} */ (this.#seen[this.id]); own++) {
      const first = /** @type {Pending<A>} */ (this.#pending.shift());
      first.done(undefined, first.n === n ? seq : undefined);
    }
    return own === 1 && i === this.id;
  }

  #rebase() {
    let state = this.#copy(this.#confirmed);
    for (const { action } of this.#pending) guarded(() => (state = this.options.reducer(state, action)));
    this.show(state);
  }

  /** @param {Pending<A>} pending */
  #send(pending) {
    this.post(pending, { apply: pending.action }, 'append', (error, seq) => {
      const at = this.#pending.indexOf(pending);
      if (at >= 0) {
        this.#pending.splice(at, 1);
        error || seq !== undefined ? this.#rebase() : this.renew();
      }
      pending.done(error, seq);
      if (this.live) this.again();
    });
  }

  /** @protected @param {number} size of what the room retains of the key */
  async size(size) {
    const { compact = 30 } = this.options;
    if (!compact || size <= compact || !this.live || this.#compacting) return;
    this.#compacting = true;
    // What it comprises of the 100 pages that acted last.
    const value = { reset: this.#confirmed, seen: Object.fromEntries(Object.entries(this.#seen).slice(-100)) };
    await this.connection.push(this.key, value, { type: 'compact', seq: this.#seq }).catch(noop);
    this.#compacting = false;
  }
}
