// One room of a server that speaks eddy.v1 as its description has it, or does not, or gets it wrong as a test wants it.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { after } from 'node:test';
import { WebSocketServer } from 'ws';

export class Mock {
  epoch = 'a'.repeat(16);
  seq = 0;
  streams = new Map(); // key -> { items, lost }
  lost = 0; // for keys without a stream
  connections = new Set();
  received = []; // all that clients said
  members = 0;
  away = 0; // so many handshakes come to nothing, as if nobody was there
  /** May deal with a message itself: true. */
  before = () => false;

  /** `protocol`: eddy.v1; plain (an offered one is ignored); strict (an offered one is refused). */
  static async start(protocol = 'eddy.v1') {
    const mock = new Mock();
    mock.protocol = protocol;
    mock.http = createServer();
    mock.wss = new WebSocketServer({ noServer: true, handleProtocols: () => mock.protocol === 'eddy.v1' && 'eddy.v1' });
    mock.handshakes = [];
    mock.http.on('upgrade', (request, socket, head) => {
      const offered = request.headers['sec-websocket-protocol'];
      mock.handshakes.push(offered);
      socket.on('error', () => {});
      if (mock.away > 0) return void (mock.away--, socket.destroy());
      if (mock.protocol === 'strict' && offered)
        return socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n');
      mock.wss.handleUpgrade(request, socket, head, (ws) => mock.enter(ws));
    });
    mock.http.listen(0, '127.0.0.1');
    await once(mock.http, 'listening');
    mock.url = `ws://127.0.0.1:${mock.http.address().port}/room/mock/connect`;
    after(() => mock.end());
    return mock;
  }

  end() {
    this.cut();
    this.http.close();
  }
  cut() {
    for (const { ws } of this.connections) ws.terminate();
  }
  /** As after a restart that kept nothing. */
  renew() {
    this.epoch = 'b'.repeat(16);
    this.seq = this.lost = 0;
    this.streams.clear();
  }

  enter(ws) {
    const connection = { ws, v1: ws.protocol === 'eddy.v1', keys: new Set(), member: ++this.members, say: null };
    connection.say = (message) => ws.readyState === 1 && ws.send(JSON.stringify(message));
    this.connections.add(connection);
    ws.on('close', () => {
      this.connections.delete(connection);
      this.tellMembers({ type: 'leave', member: connection.member });
    });
    ws.on('error', () => {});
    ws.on('message', (data) => this.hear(connection, JSON.parse(data)));
    this.tellMembers({ type: 'join', member: connection.member });
    if (connection.v1) {
      connection.say({
        type: 'hello',
        protocol: 'eddy.v1',
        member: connection.member,
        epoch: this.epoch,
        seq: this.seq,
      });
    }
  }

  tellMembers(message) {
    for (const one of this.connections) if (one.watches && one.member !== message.member) one.say(message);
  }

  stream(key) {
    if (!this.streams.has(key)) this.streams.set(key, { items: [], lost: this.lost });
    return this.streams.get(key);
  }

  hear(connection, message) {
    this.received.push(message);
    if (this.before(connection, message)) return;
    const { say, v1 } = connection;
    switch (message.type) {
      case 'get':
        connection.keys.add(message.key);
        if (message.seq !== null) {
          const data = this.stream(message.key).items.filter(({ seq }) => seq > (message.seq ?? 0));
          say({ type: 'init', key: message.key, data });
        }
        break;
      case 'ping':
        say({ type: 'pong', nonce: message.nonce ?? null });
        break;
      case 'push': {
        const seq = this.push(message.key, message.value, message.action);
        const { length } = this.stream(message.key).items;
        if (length > 1) say({ type: 'stream_size', key: message.key, size: length });
        if (v1 && message.id !== undefined) say({ type: 'ack', id: message.id, seq });
        break;
      }
      case 'resume':
        if (v1) say(this.resume(connection, message));
        break;
      case 'members':
        connection.watches = message.subscribe !== false;
        if (v1 && connection.watches)
          say({ type: 'members', members: [...this.connections].map(({ member }) => member) });
        break;
      case 'unsubscribe':
        if (v1) connection.keys.delete(message.key);
        else connection.ws.close(1008, 'unknown message'); // as an original server would
        break;
      default:
        say({ type: 'error', message: `unknown type ${message.type}` });
    }
  }

  push(key, value, action) {
    const stream = this.stream(key);
    if (action.type === 'compact') {
      const gone = stream.items.filter(({ seq }) => seq <= action.seq);
      stream.lost = Math.max(stream.lost, ...gone.map(({ seq }) => seq));
      stream.items = [{ value, seq: action.seq }, ...stream.items.filter(({ seq }) => seq > action.seq)];
      return action.seq;
    }
    const seq = ++this.seq;
    if (action.type === 'replace') {
      stream.lost = Math.max(stream.lost, ...stream.items.map((item) => item.seq));
      stream.items = [{ value, seq }];
    } else if (action.type === 'append') {
      stream.items.push({ value, seq });
    } else {
      stream.lost = seq;
    }
    for (const one of this.connections) {
      if (!one.keys.size || one.keys.has(key)) one.say({ type: 'push', key, value, seq });
    }
    return seq;
  }

  resume(connection, { epoch, seq, keys }) {
    return {
      type: 'resumed',
      epoch: this.epoch,
      seq: this.seq,
      keys: keys.map((key) => {
        connection.keys.add(key);
        const { items, lost } = this.stream(key);
        const recovered = epoch === this.epoch && lost <= seq;
        return { key, recovered, data: recovered ? items.filter((item) => item.seq > seq) : items };
      }),
    };
  }
}
