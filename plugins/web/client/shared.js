// What a shared state and a shared reducer have in common: a key, and what this page said on it that has not come back
// yet.
/** @import { Connection, PushAction } from './index.js' */
import { Store, noop, randomId } from './util.js';

/**
 * One thing that was said here: its number, how often it was sent, whether it is on its way now.
 * @typedef {{ n: number, sent: number, on: boolean }} Said
 */

/**
 * Whoever extends it has `item`, for the next one; `reset`, for all that there is; `again`, for being in step with the
 * room, for the first time or once more; and perhaps `size`.
 * @template T
 * @extends {Store<T>}
 */
export class Shared extends Store {
  /** @protected Tells this page's own from those of others. */
  id = randomId();
  /** @protected */
  n = 0;
  /** @protected Whether it is in step with the room. */
  live = false;
  #end = noop;

  /**
   * @param {Connection} connection
   * @param {string} key
   * @param {T} initial
   */
  constructor(connection, key, initial) {
    super(initial);
    this.connection = connection;
    this.key = key;
  }

  /** @protected */
  start() {
    this.#end = this.connection.subscribe(this.key, (item) => /** @type {any} */ (this).item(item), {
      size: (size) => /** @type {any} */ (this).size?.(size),
      reset: (items) => /** @type {any} */ (this).reset(items),
      sync: (live) => {
        this.live = live;
        if (live) /** @type {any} */ (this).again();
      },
    });
  }

  /** @protected */
  stop() {
    this.live = false;
    this.#end();
  }

  /**
   * What was dealt with, and has not come back: the room dropped it; or an original server, which loses what is too much
   * at once, lost the answer. Then there is more to ask for than this.
   * @protected
   */
  renew() {
    if (!this.live) return; // it will be asked for, or is already
    this.live = false;
    this.#end();
    this.start();
  }

  /**
   * Says it. Where the connection breaks meanwhile, what comes when it is back shows whether it was heard: see again().
   * @protected
   * @param {Said} one
   * @param {object} value
   * @param {PushAction} action
   * @param {(error: any, seq?: number | null) => void} over
   */
  async post(one, value, action, over) {
    one.on = true;
    one.sent++;
    try {
      over(undefined, await this.connection.push(this.key, { ...value, i: this.id, n: one.n }, action));
    } catch (/** @type {any} */ error) {
      one.on = false;
      if (error.code !== 'connection_lost' || one.sent > 2) over(error); // three times at most, where it costs connections
    }
  }
}
