// One value on one key that everybody may set; the last one that the room heard counts, and everybody ends with that.
/** @import { Connection, Item, SharedStateOptions } from './index.js' */
import { debounce } from './debounce.js';
import { Shared } from './shared.js';

/**
 * On the wire `{ v: value, i: who }` with replace, as the published client has it, and `n`, which tells one's own
 * apart.
 * @template T
 * @extends {Shared<T>}
 */
export class SharedState extends Shared {
  /** What the room has. @type {T} */
  #confirmed;
  #seq = 0;
  /**
   * What was set here, and has not come back from the room yet.
   * @type {{ n: number, v: T, sent: number, on: boolean } | undefined}
   */
  #mine;
  /** @type {ReturnType<typeof debounce>} */
  #debounced;

  /**
   * @param {Connection} connection
   * @param {string} key
   * @param {SharedStateOptions<T>} options
   */
  constructor(connection, key, options) {
    super(connection, key, options.initial);
    this.options = options;
    this.#confirmed = options.initial;
    this.#debounced = debounce(() => {
      if (this.live) this.#send(); // else when it is
    }, options.debounce);
  }

  /** @param {T | ((value: T) => T)} value */
  set = (value) => {
    const v = typeof value === 'function' ? /** @type {(value: T) => T} */ (value)(this.value) : value;
    this.#mine = { n: ++this.n, v, sent: 0, on: false };
    this.show(v);
    this.#debounced.call();
  };

  /** What is held back is sent now. */
  flush() {
    this.#debounced.flush();
  }

  /** @protected */
  stop() {
    this.#debounced.cancel();
    if (this.#mine && !this.#mine.sent) this.#send(); // there is nobody left to do it later
    super.stop();
  }

  /** @protected */
  again() {
    this.#debounced.cancel();
    this.#send();
  }

  /** @protected @param {Item[]} items */
  reset(items) {
    this.#confirmed = this.options.initial;
    for (const item of items) this.item(item);
    this.#look();
  }

  /** @protected @param {Item} item */
  item({ seq, value }) {
    if (Object(value) !== value) return; // none of ours
    const { v, i, n = Infinity } = /** @type {{ v: T, i?: string, n?: number }} */ (value);
    const mine = this.#mine;
    this.#confirmed = v;
    // What was on its way when the connection broke may have been heard, and replaced by this: it is not sent once
    // more.
    if (mine && (i === this.id ? n >= mine.n : mine.sent && !mine.on && seq > this.#seq)) this.#mine = undefined;
    this.#seq = seq;
    this.#look();
  }

  #look() {
    this.show(this.#mine ? this.#mine.v : this.#confirmed);
  }

  #send() {
    const mine = this.#mine;
    if (!mine || mine.on) return;
    /** @param {boolean} [unsure] */
    const drop = (unsure) => {
      if (this.#mine !== mine) return;
      this.#mine = undefined;
      this.live && unsure ? this.renew() : this.#look();
    };
    this.post(mine, { v: mine.v }, 'replace', (error, seq) => {
      if (error) this.connection.fail(error);
      // Dealt with, and not come back: the room dropped it, or holds it back for a while.
      if (error || seq != null) drop();
      else if (this.#mine === mine) setTimeout(drop, this.options.settle ?? 1000, seq === undefined);
    });
  }
}
