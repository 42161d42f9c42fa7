// The connection to a room: bytes are wanted as they come, so this is not eddy-client's. It offers eddy.v1, goes on
// without where a server does not know that, and comes back by itself.
import { readMessage } from './wire.js';

const PROTOCOL = 'eddy.v1';
const BEGIN = 0; // the nonce of the first ping of a connection
const PING_EVERY = 2000;
const SILENT_MAX = 15000;
const STABLE = 5000; // a connection that lasts so long was none that failed

export class Link {
  /** @param {{ message, status }} heard */
  constructor(socketUrl, { cbor, debug }, heard) {
    const query = [cbor && 'cbor=true', debug && 'debug=true'].filter(Boolean).join('&');
    this.url = socketUrl + (query ? `?${query}` : '');
    this.heard = heard;
    this.failures = 0;
    this.answers = new Map(); // of pushes, by id
    this.pings = new Map(); // when each was sent, by nonce
    this.count = 0;
    this.#dial(true);
    this.timer = setInterval(() => this.#beat(), PING_EVERY);
  }

  #dial(offer) {
    let opened = false;
    let socket;
    try {
      socket = offer ? new WebSocket(this.url, PROTOCOL) : new WebSocket(this.url);
    } catch (error) {
      this.close();
      return this.heard.status({ state: 'closed', text: error.message });
    }
    this.socket = socket;
    socket.binaryType = 'arraybuffer';
    this.heard.status({ state: 'connecting' });
    socket.onopen = () => {
      opened = true;
      this.openedAt = performance.now();
      this.known ||= !!socket.protocol;
      this.plain = !this.known;
      this.v1 = !!socket.protocol;
      this.asked = 0;
      this.heard.status({ state: 'connected', v1: this.v1 });
      if (this.v1) this.send({ type: 'members' });
      this.ping(BEGIN); // its pong comes behind all that the server says at first
    };
    socket.onmessage = ({ data }) => {
      this.asked = 0;
      let message;
      try {
        message = readMessage(data);
      } catch (error) {
        return this.heard.message({ type: 'unreadable', text: error.message, size: data.length ?? data.byteLength });
      }
      if (message.type === 'pong') return this.#pong(message);
      if (message.id !== undefined) this.#answered(message);
      this.heard.message(message);
    };
    socket.onclose = ({ code, reason }) => {
      if (socket !== this.socket) return;
      if (!opened && offer && !this.known) return this.#dial(false);
      this.pings.clear();
      for (const answer of this.answers.values()) answer({ type: 'lost' });
      this.answers.clear();
      if (opened && performance.now() - this.openedAt > STABLE) this.failures = 0;
      const wait = Math.min(10000, 500 * 2 ** this.failures++) * (0.6 + 0.4 * Math.random());
      this.heard.status({ state: 'waiting', code, text: reason, opened, retryIn: wait });
      if (this.closed) return; // by who was just told
      this.again = setTimeout(() => this.#dial(!this.plain), wait);
    };
  }

  #beat() {
    if (this.socket?.readyState !== WebSocket.OPEN) return;
    const now = performance.now();
    if (this.asked && now - this.asked > SILENT_MAX)
      this.socket.close(); // half open: the browser tells in its time
    else this.ping();
  }

  ping(nonce = ++this.count) {
    this.pings.set(nonce, performance.now());
    this.asked ||= performance.now(); // since when something should have been heard; a hidden page seldom asks
    this.send({ type: 'ping', nonce });
  }

  #pong({ nonce }) {
    const sent = this.pings.get(nonce);
    this.pings.delete(nonce);
    this.heard.message({
      type: 'pong',
      begin: nonce === BEGIN,
      ms: sent === undefined ? null : performance.now() - sent,
    });
  }

  #answered(message) {
    this.answers.get(message.id)?.(message);
    this.answers.delete(message.id);
  }

  send(message) {
    if (this.socket?.readyState !== WebSocket.OPEN) return false;
    this.socket.send(typeof message === 'string' ? message : JSON.stringify(message));
    return true;
  }

  /**
   * A push of this JSON, digit by digit. Resolves with the ack or the error of eddy.v1; with { type: 'sent' } where the
   * server is none that answers, { type: 'lost' } where the connection broke, { type: 'unsent' } where there is none.
   */
  push(key, action, json) {
    const id = `console-${++this.count}`;
    const rest = `"key":${JSON.stringify(key)},"action":${JSON.stringify(action)},"value":${json}}`;
    const sent = this.send(`{"type":"push",${this.v1 ? `"id":"${id}",` : ''}${rest}`);
    if (!sent) return Promise.resolve({ type: 'unsent' });
    if (!this.v1) return Promise.resolve({ type: 'sent' });
    return new Promise((resolve) => this.answers.set(id, resolve));
  }

  close() {
    this.closed = true;
    clearInterval(this.timer);
    clearTimeout(this.again);
    const { socket } = this;
    this.socket = null;
    for (const answer of this.answers.values()) answer({ type: 'lost' });
    socket?.close();
  }
}
