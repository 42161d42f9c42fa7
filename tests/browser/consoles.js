// How a test uses the console: rooms that others are in, and what the page shows of them.
import assert from 'node:assert/strict';
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
  static async begin(scene, space = '') {
    const others = new Others();
    others.api = scene.daemon.api;
    const made = await fetch(`${others.api}${space ? `db/${space}/` : ''}new`, { method: 'POST' });
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
  if (room) await page.waitForSelector('#state[data-state=connected]');
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
