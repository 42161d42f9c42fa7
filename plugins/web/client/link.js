// One WebSocket after another to the same room: dialling, which protocol, signs of life, when to try again. What is
// said on it is connection.js's.
/**
 * @import { Codec, ConnectionOptions, MessageFromRoom, MessageToRoom, QueueOptions, Source, Status } from './index.js'
 */
import { EddyError, Signal, guarded, noop, quiet } from './util.js';

const PROTOCOL = 'eddy.v1';

/** Where the server of a room is, whatever path a proxy has put it at. @param {string} url of the room's socket */
const serverOf = (url) => url.replace(/^ws/, 'http').replace(/(\/db\/[^/]+)?\/room\/[^/]+\/connect.*/, '');

/** What an option of the same name, or a part of it, replaces. */
const defaults = {
  protocol: 'auto',
  timeout: 10000,
  reconnect: { min: 500, max: 15000, factor: 2, jitter: 0.7, attempts: Infinity, stable: 5000 },
  heartbeat: { interval: 15000, timeout: 10000 },
  queue: { max: 1000, drop: 'newest', buffered: 4 << 20 },
};

/**
 * The defaults, with what was given in their places; in groups too, where the group is not switched off.
 * @param {any} base
 * @param {any} [over]
 */
function merge(base, over = base) {
  if (typeof base !== 'object' || !over) return over;
  const all = { ...base, ...over };
  for (const name in base) all[name] = merge(base[name], over[name]);
  return all;
}

/**
 * @param {string} text
 * @param {unknown} cbor
 */
function socketUrl(text, cbor) {
  const url = new URL(text);
  url.protocol = url.protocol.replace('http', 'ws');
  if (cbor) url.searchParams.set('cbor', 'true');
  return url.href;
}

/** For Connection, which has what is called at each turn: opened, received, dropped, ended; and testLatency. */
export class Link {
  /** @type {Signal<Status>} */
  statusListener = new Signal();
  /** @type {Signal<MessageFromRoom>} */
  messageListener = new Signal();
  /** @type {Signal<EddyError>} */
  errorListener = new Signal();
  /** @type {Status} */
  status = { connected: false, state: 'idle' };
  /** The socket URL of the latest attempt. */
  url = '';

  /** @type {WebSocket | undefined} */
  #socket;
  #up = false; // messages may be sent
  #wanted = false; // between open() and disconnect()
  /** Of the attempt at hand; whoever holds an older one comes too late. */
  #turn = {};
  #failures = 0; // since a connection was stable
  #known = false; // whether this server ever spoke eddy.v1
  /** What a server that is about to close asks for. @type {{ delay_ms: number, spread_ms: number } | undefined} */
  #hint;
  #heard = 0; // when anything last came
  /** @type {any[]} */
  #timers = []; // all that is to end with the connection, or the wait for one
  /** @type {Codec | false | undefined} */
  #codec;

  /**
   * @param {Source} source
   * @param {ConnectionOptions} [options]
   */
  constructor(source, options = {}) {
    this.source = source;
    /**
     * @type {ConnectionOptions & typeof defaults & { queue: Required<QueueOptions>, reconnect: any, heartbeat: any }}
     */
    this.options = merge(defaults, options);
  }

  /** Resolves when the connection is open; rejects when it is closed for good instead. @returns {Promise<void>} */
  get ready() {
    return quiet(
      new Promise((/** @type {(value?: any) => void} */ resolve, reject) => {
        const look = (/** @type {Status} */ { connected, state, message }) => {
          if (connected) resolve();
          else if (state === 'closed') reject(new EddyError('closed', message));
          else return;
          off();
        };
        const off = this.statusListener.addListener(look);
        look(this.status);
      }),
    );
  }

  /** Whether the server answered with eddy.v1. */
  get v1() {
    return this.status.protocol === PROTOCOL;
  }

  /** Begins to connect, and to stay connected; nothing where it does already. */
  open() {
    if (!this.#wanted) {
      this.#wanted = true;
      globalThis.addEventListener?.('online', this.#probe);
      globalThis.addEventListener?.('offline', this.#probe);
      this.reconnect();
    }
    return this.ready;
  }

  /** Connects anew, at once. */
  reconnect() {
    if (!this.#wanted) return void this.open();
    this.#failures = 0;
    this.#hangUp();
    this.#attempt();
  }

  /** Ends it, and it stays so until open(). */
  disconnect() {
    if (this.#wanted) this.#end({ reason: 'disconnected' });
  }

  /** @param {Partial<Status>} why */
  #end(why) {
    this.#wanted = false;
    globalThis.removeEventListener?.('online', this.#probe);
    globalThis.removeEventListener?.('offline', this.#probe);
    this.#hangUp();
    /** @type {any} */ (this).ended(new EddyError('closed', why.message));
    this.#tell({ state: 'closed', ...why });
  }

  /** @param {Omit<Status, 'connected'> & Partial<Status>} status */
  #tell(status) {
    this.status = { connected: false, ...status };
    this.statusListener.dispatch(this.status);
  }

  async #attempt() {
    const turn = (this.#turn = {});
    this.#tell({ ...this.status, state: 'connecting', connected: false });
    try {
      const { source, options } = this;
      const found = await (typeof source === 'function' ? source() : source);
      // An original server takes no tags, and Node's cbor-x puts one before a byte string unless it is told not to.
      const codec =
        options.cbor === true
          ? new (await import('cbor-x')).Encoder({ useRecords: false, tagUint8Array: false })
          : options.cbor;
      if (turn !== this.#turn) return;
      this.#codec = codec;
      this.url = socketUrl(/** @type {any} */ (found).socket_url ?? found, codec);
      this.#dial(options.protocol !== 'plain');
    } catch (/** @type {any} */ error) {
      if (turn !== this.#turn) return;
      const { status, message } = error;
      const final = /Syntax|Eddy/.test(error.name) && !(status >= 500 || status === 429); // not the network
      this.#lost({ reason: 'refused', code: status, message }, false, final);
    }
  }

  /**
   * A server that does not know eddy.v1 makes a handshake that offers it fail, as browsers see it: then once more
   * without. One that knew it may have come back between the two: then it is offered to whom we have reached.
   * @param {boolean} offer
   */
  #dial(offer) {
    const { options } = this;
    const Socket = options.WebSocket ?? globalThis.WebSocket;
    if (!Socket) throw new EddyError('no_websocket');
    /** @type {WebSocket} */
    const socket = offer ? new Socket(this.url, PROTOCOL) : new Socket(this.url);
    socket.binaryType = 'arraybuffer';
    this.#socket = socket;
    let opened = false;
    const timer = setTimeout(() => this.#lost({ reason: 'timeout' }, true), options.timeout);
    this.#timers.push(timer);

    /** @param {any} [hello] */
    const up = (hello) => {
      clearTimeout(timer);
      this.#up = true;
      this.#known ||= !!hello;
      const { reconnect, heartbeat } = options;
      this.#timers.push(
        reconnect && setTimeout(() => (this.#failures = 0), reconnect.stable),
        heartbeat && setInterval(() => this.#check(heartbeat.interval), heartbeat.interval),
      );
      const debugUrl = `${serverOf(this.url)}/console/?url=${encodeURIComponent(this.url)}`;
      this.status = { connected: true, state: 'connected', protocol: hello ? PROTOCOL : 'plain', debugUrl };
      /** @type {any} */ (this).opened(hello);
      if (this.#up) this.#tell(this.status);
    };
    socket.onopen = () => {
      opened = true;
      if (this.#known && !offer) {
        this.#known = false;
        this.reconnect();
      } else if (!socket.protocol) up();
    };
    socket.onmessage = ({ data }) => {
      this.#heard = Date.now();
      guarded(() => {
        const message =
          typeof data === 'string' ? JSON.parse(data) : /** @type {Codec} */ (this.#codec).decode(new Uint8Array(data));
        if (!this.#up && message.type === 'hello') up(message);
        if (!this.#up) return;
        if (message.type === 'reconnect') this.#hint = message;
        /** @type {any} */ (this).received(message);
        this.messageListener.dispatch(message);
      });
    };
    socket.onerror = noop; // a close follows
    socket.onclose = ({ code, reason: message }) => {
      clearTimeout(timer);
      if (socket !== this.#socket) return;
      if (!opened && offer && (!this.#known || this.#failures > 2)) return this.#dial(false);
      const reason = this.#hint ? 'draining' : !opened ? 'unreachable' : code === 1006 ? 'lost' : 'closed';
      this.#lost({ reason, code, message });
    };
  }

  /**
   * @param {Partial<Status>} why
   * @param {boolean} [dead] nothing is to be waited for
   * @param {boolean} [final] nor tried again
   */
  #lost(why, dead, final) {
    this.#hangUp(dead);
    const { reconnect } = this.options;
    if (final || !reconnect || ++this.#failures > reconnect.attempts) return this.#end(why);
    const { min, max, factor, jitter } = reconnect;
    const hint = this.#hint;
    this.#hint = undefined;
    const retryIn = hint
      ? hint.delay_ms + Math.random() * hint.spread_ms
      : Math.min(max, min * factor ** (this.#failures - 1)) * (1 - jitter * Math.random());
    this.#timers.push(setTimeout(() => this.#attempt(), retryIn));
    this.#tell({ state: 'waiting', retryIn, ...why });
  }

  /** @param {boolean} [dead] */
  #hangUp(dead) {
    this.#turn = {};
    for (const timer of this.#timers.splice(0)) clearTimeout(timer);
    const socket = /** @type {any} */ (this.#socket);
    this.#socket = undefined;
    if (socket) {
      socket.onopen = socket.onmessage = noop;
      socket[dead && socket.terminate ? 'terminate' : 'close'](); // of the package ws, which would wait for an answer
    }
    if (this.#up) {
      this.#up = false;
      /** @type {any} */ (this).dropped();
    }
  }

  /**
   * Where nothing was heard for `idle` ms, asks; and where nothing comes then either, the connection is given up.
   * @param {number} idle
   */
  #check(idle) {
    const { heartbeat } = this.options;
    const socket = this.#socket;
    const asked = Date.now();
    if (!heartbeat || asked - this.#heard < idle) return;
    /** @type {any} */ (this).testLatency(heartbeat.timeout).then(() => {
      if (this.#up && socket === this.#socket && this.#heard < asked) this.#lost({ reason: 'silent' }, true);
    });
  }

  /** The network came or went: no need to wait for a timer. */
  #probe = () => {
    if (this.status.state === 'waiting') this.reconnect();
    else this.#check(0);
  };

  /** How many bytes wait to be sent; infinitely many where nothing can be. */
  get pressure() {
    return this.#up ? /** @type {WebSocket} */ (this.#socket).bufferedAmount : Infinity;
  }

  /**
   * Says it now; false where that cannot be.
   * @param {MessageToRoom} message
   */
  transmit(message) {
    if (!this.#up) return false;
    const text = this.#codec ? this.#codec.encode(message) : JSON.stringify(message);
    this.#socket?.send(/** @type {any} */ (text));
    return true;
  }

  /** @param {EddyError} error that belongs to no call */
  fail(error) {
    if (this.errorListener.listeners.size) this.errorListener.dispatch(error);
    else console.warn(`eddy: ${error.message}`);
  }
}
