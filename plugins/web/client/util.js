// What the other files share.

/**
 * What goes wrong: `code` is for programs, `message` for people; of what the client itself says, README.md says more.
 */
export class EddyError extends Error {
  /**
   * @param {string} code
   * @param {string} [message]
   * @param {number} [status] of HTTP, where there was one
   */
  constructor(code, message = code, status) {
    super(message);
    this.name = 'EddyError';
    this.code = code;
    this.status = status;
  }
}

/**
 * Those who want to hear of something. One that throws keeps nobody else from hearing.
 * @template T
 */
export class Signal {
  /** @type {Set<(event: T) => void>} */
  listeners = new Set();

  /**
   * @param {(event: T) => void} listener
   * @returns {() => unknown} takes it away again
   */
  addListener(listener) {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** @param {(event: T) => void} listener */
  removeListener(listener) {
    this.listeners.delete(listener);
  }

  /** @param {T} event */
  dispatch(event) {
    for (const listener of [...this.listeners]) guarded(listener, event);
  }
}

/**
 * Calls what is not ours: what it throws is told, and stops nothing.
 * @template {any[]} A
 * @param {(...args: A) => unknown} call
 * @param {A} args
 */
export function guarded(call, ...args) {
  try {
    call(...args);
  } catch (error) {
    console.error(error);
  }
}

/**
 * A value that pages look at: whoever extends it has `start`, for its first subscriber, and `stop`, after its
 * last. Made for useSyncExternalStore too.
 * @template T
 */
export class Store {
  /** @type {Signal<T>} */
  #changed = new Signal();

  /** @param {T} value */
  constructor(value) {
    this.value = value;
  }

  /** The value as it is now. */
  get = () => this.value;

  /**
   * @param {(value: T) => void} listener is called after each change
   * @returns {() => void} ends it
   */
  subscribe = (listener) => {
    const { listeners } = this.#changed;
    if (!listeners.size) /** @type {any} */ (this).start();
    listeners.add(listener);
    return () => {
      if (listeners.delete(listener) && !listeners.size) /** @type {any} */ (this).stop();
    };
  };

  /**
   * @protected
   * @param {T} value
   */
  show(value) {
    if (Object.is(value, this.value)) return;
    this.value = value;
    this.#changed.dispatch(value);
  }
}

/** A short random text: tells this page's own messages from those of others. */
export const randomId = () => Math.random().toString(36).slice(2, 12);
export const noop = () => {};

/**
 * A promise that may fail without ending the program of who does not look at it.
 * @template T
 * @param {Promise<T>} promise
 */
export function quiet(promise) {
  promise.catch(noop);
  return promise;
}
