// How a test uses the console: rooms that others are in, and what the page shows of them.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import http from 'node:http';
import { after } from 'node:test';
import { until } from './harness.js';

export const KEY = 'correct-horse-battery';
export const SETTINGS = {
  'namespaces.default.debug': true,
  'namespaces.blind.debug': false,
  'namespaces.game.policy': 'tictactoe',
  'namespaces.game.debug': true,
  'namespaces.chat.policy': 'chat',
  'namespaces.chat.debug': true,
  'admin.public': true,
  'admin.key': KEY,
};

/** A room, and what others do in it, over HTTP. */
export class Others {
  static async begin(scene, space = '', options = {}) {
    const others = new Others();
    others.api = scene.daemon.api;
    const body = JSON.stringify(options);
    const made = await fetch(`${others.api}${space ? `db/${space}/` : ''}new`, { method: 'POST', body });
    Object.assign(others, await made.json());
    others.name = `${space || 'default'}/${others.room}`;
    return others;
  }

  /** A value, or JSON as it is to be sent. */
  async push(key, value, action = 'append', { json = JSON.stringify(value) } = {}) {
    const answer = await fetch(this.http_url, {
      method: 'POST',
      body: `{"type":"push","key":${JSON.stringify(key)},"action":{"type":"${action}"},"value":${json}}`,
    });
    assert.equal(answer.status, 200, await answer.text());
  }

  /** What an operator does to the room. */
  async admin(what, body) {
    const answer = await fetch(`${this.api}admin/rooms/${this.name}/${what}`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${KEY}` },
      body: JSON.stringify(body),
    });
    assert.equal(answer.status, 200, await answer.text());
  }

  /** Bytes of CBOR. */
  async pushCbor(key, hex) {
    const text = (what) => (0x60 + what.length).toString(16) + Buffer.from(what).toString('hex');
    const head = `a4${text('type')}${text('push')}${text('key')}${text(key)}${text('action')}a1${text('type')}${text('append')}${text('value')}`;
    const answer = await fetch(this.http_url, {
      method: 'POST',
      headers: { 'Content-Type': 'application/cbor' },
      body: Buffer.from(head + hex.replaceAll(' ', ''), 'hex'),
    });
    assert.equal(answer.status, 200, await answer.text());
  }

  /** Somebody with a connection, in a page of its own; ends with that page. */
  async join(scene) {
    const page = await scene.page('console/');
    await page.evaluate(
      (url) =>
        new Promise((resolve, reject) => {
          globalThis.socket = new WebSocket(url, 'eddy.v1');
          globalThis.heard = [];
          socket.onmessage = ({ data }) => heard.push(JSON.parse(data));
          socket.onopen = resolve;
          socket.onerror = reject;
          socket.onclose = ({ code }) => (globalThis.closeCode = code);
        }),
      this.socket_url,
    );
    return page;
  }
}

/** The console, at a room or not. */
export async function visit(scene, room, options) {
  const page = await scene.page(
    `console/${room ? `?url=${encodeURIComponent(room.socket_url ?? room)}` : ''}`,
    options,
  );
  page.on('dialog', (dialog) => scene.troubles.push(`an alert: ${dialog.message()}`));
  if (!room) return page;
  await page.waitForSelector('#state[data-state=connected]');
  // It measures how quick the room is once it has been told all that there is: from then on what comes is news.
  await until('it knows what there is', () => page.textContent('#latency'));
  return page;
}

export const keys = (page) => page.locator('.keyrow .name').allTextContents();
export const keyRow = (page, name) =>
  page.locator('.keyrow', { has: page.locator('.name').getByText(name, { exact: true }) });
/** The messages in sight: number, action, key, preview. */
export const messages = (page) =>
  page.$$eval('.message', (rows) =>
    [...rows]
      .sort((a, b) => a.index - b.index)
      .map((row) =>
        ['seq', 'act', 'key', 'preview'].map((part) => row.querySelector(`.${part}`).textContent).join(' '),
      ),
  );
export const shows = (page, what) =>
  until(`a message ${what}`, async () => {
    const all = await messages(page);
    if (!all.some((one) => one.includes(what))) throw new Error(all.slice(-3).join(' | '));
    return true;
  });
/** The lines of the tree that is shown. */
export const lines = (page) =>
  page.$$eval('.tree .line, .tree .rest', (all) =>
    all.filter((one) => one.getClientRects().length).map((one) => one.textContent),
  );
export const facts = (page) =>
  page.$$eval('.inspector .facts > div', (all) =>
    Object.fromEntries(all.map((one) => [one.children[0].textContent, one.children[1].textContent])),
  );

/** Pushes by hand; what the page says then. */
export async function push(page, key, json, action = 'append') {
  await page.fill('#push-key', key);
  await page.selectOption('#push-action', action);
  await page.fill('#push-value', json);
  await page.click('#push-button');
  return until('an answer to the push', async () => {
    const said = await page.textContent('#push-said');
    return said && said !== '…' ? said : null;
  });
}

/** Connects a page to the admin interface. */
export async function unlock(page, { key = KEY, base } = {}) {
  await page.click('#admin-button');
  const dialog = page.locator('dialog');
  if (base) await dialog.locator('#admin-base').fill(base);
  await dialog.locator('#admin-key').fill(key);
  await dialog.locator('button.main').click();
}
export const unlocked = (page) => page.waitForSelector('#admin-button.on');

/**
 * A server of WebSockets that knows no subprotocol, as DriftDB's own: `said` is called with what a client says and a
 * function that answers. Texts of up to 64 KiB, whole.
 */
export async function plainServer(said) {
  const server = http.createServer((_, answer) =>
    answer.writeHead(200, { 'Access-Control-Allow-Origin': '*' }).end('{}'),
  );
  const sockets = new Set();
  server.on('upgrade', ({ headers }, socket) => {
    sockets.add(socket);
    const magic = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
    const accept = crypto
      .createHash('sha1')
      .update(headers['sec-websocket-key'] + magic)
      .digest('base64');
    const lines = [
      'HTTP/1.1 101 Switching Protocols',
      'Upgrade: websocket',
      'Connection: Upgrade',
      `Sec-WebSocket-Accept: ${accept}`,
    ];
    socket.write(`${lines.join('\r\n')}\r\n\r\n`);
    const say = (message) => {
      const text = Buffer.from(typeof message === 'string' ? message : JSON.stringify(message));
      const length = text.length < 126 ? [text.length] : [126, text.length >> 8, text.length & 255];
      socket.write(Buffer.concat([Buffer.from([0x81, ...length]), text]));
    };
    let bytes = Buffer.alloc(0);
    socket.on('error', () => {});
    socket.on('data', (data) => {
      bytes = Buffer.concat([bytes, data]);
      while (bytes.length > 6) {
        const long = (bytes[1] & 127) === 126;
        const length = long ? bytes.readUInt16BE(2) : bytes[1] & 127;
        const at = long ? 8 : 6;
        if (bytes.length < at + length) return;
        const text = Buffer.from(bytes.subarray(at, at + length)).map((byte, i) => byte ^ bytes[at - 4 + (i % 4)]);
        if ((bytes[0] & 15) === 1) said(JSON.parse(text.toString()), say);
        bytes = bytes.subarray(at + length);
      }
    });
    said({ type: 'open' }, say);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const end = () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  };
  after(end);
  return { port: server.address().port, end };
}
