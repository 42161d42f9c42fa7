// eddy-react in a page (jsdom) against the real daemon or an original server, and driftdb-react beside it.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { JSDOM } from 'jsdom';
import { Daemon, EDDYD, ORIGINAL, Proxy, published, sleep, until } from './harness.js';
import { Mock } from './mock.js';

const NativeWebSocket = globalThis.WebSocket;
const { window } = new JSDOM('<div id="root"></div>', { url: 'http://page.test/game?a=1', pretendToBeVisual: true });
for (const name of ['window', 'document', 'sessionStorage', 'location', 'history', 'navigator']) {
  Object.defineProperty(globalThis, name, {
    value: name === 'window' ? window : window[name],
    configurable: true,
    writable: true,
  });
}
globalThis.WebSocket = NativeWebSocket;
globalThis.IS_REACT_ACT_ENVIRONMENT = false;

const require = createRequire(import.meta.url);
const { createElement: h, StrictMode, Fragment, useEffect } = require('react');
const { createRoot } = require('react-dom/client');
const { renderToString } = require('react-dom/server');
const ours = await import('eddy-react');
const { connect, createRoom, sendHttp } = await import('eddy-client');
const theirs = published('driftdb-react');

const daemon = await Daemon.start();
const ROOM = '_driftdb_room';

/** A page with this in it; its text, and another thing to show. */
function page(t, element) {
  const div = document.body.appendChild(document.createElement('div'));
  const root = createRoot(div);
  const errors = [];
  const onError = ({ error }) => errors.push(error);
  window.addEventListener('error', onError);
  root.render(element);
  t.after(async () => {
    root.unmount();
    await sleep(10);
    window.removeEventListener('error', onError);
    assert.deepEqual(errors, []);
  });
  return {
    div,
    text: () => div.textContent,
    show: (other) => root.render(other),
    click: (name) =>
      div.querySelector(`[name=${name}]`).dispatchEvent(new window.MouseEvent('click', { bubbles: true })),
  };
}
const provider = (room, ...children) =>
  h(ours.RoomProvider, { api: daemon.api, room: room.room, options: { reconnect: { min: 20 } } }, ...children);
const counter = (n, action) => n + action;

/** All hooks at once, by either package. */
function All({ of, name }) {
  const [count, dispatch] = of.useSharedReducer('count', counter, 0);
  const [state, setState] = of.useSharedState('state', 0);
  const peers = of.usePresence('__presence', { name });
  const status = of.useConnectionStatus();
  const latency = of.useLatency();
  const id = of.useUniqueClientId();
  const names = Object.values(peers).map(({ value }) => value.name);
  return h(
    Fragment,
    null,
    h(
      'b',
      null,
      `${count}|${state}|${names}|${status.connected}|${latency !== null}|${!!id}`,
    ),
    h('button', { name: 'more', onClick: () => dispatch(1) }),
    h('button', { name: 'twice', onClick: () => (setState((n) => n + 1), setState((n) => n + 1)) }),
    h(of.StatusIndicator),
    h(of.RoomQRCode),
  );
}

test('the names are those of driftdb-react', () => {
  const missing = Object.keys(theirs).filter(
    (name) => typeof ours[name] !== typeof theirs[name] && name !== '__esModule',
  );
  assert.deepEqual(missing, []);
});

test('RoomQRCode: of a server at a path, and a namespace', async (t) => {
  const mock = await Mock.start();
  const server = mock.url.replace('/room/mock/connect', '/some/prefix');
  const connection = connect(`${server}/db/name/room/mock/connect`);
  t.after(() => connection.disconnect());
  const a = page(t, h(ours.RoomQRCode, { connection }));
  await until('it shows', () => a.div.querySelector('img'));
  const picture = `${server.replace('ws', 'http')}/qrcode?url=${encodeURIComponent(location.href)}`;
  assert.equal(a.div.querySelector('img').src, picture);
});

for (const [strict, Around] of [
  ['', Fragment],
  [' in StrictMode', StrictMode],
]) {
  test(`all hooks${strict}: a page sees another`, async (t) => {
    const room = await createRoom(daemon.api);
    const a = page(t, h(Around, null, provider(room, h(All, { of: ours, name: 'a' }))));
    const other = connect(room);
    t.after(() => other.disconnect());
    await until('connected', () => a.text().startsWith('0|0||true|true|true'));
    await until('and how quick', () => /Connected \(ui\) \(\d+ ms\)$/.test(a.text()));
    assert.match(a.div.querySelector('a').href, new RegExp(`^${daemon.api}/console/\\?url=ws`));
    assert.equal(a.div.querySelector('img').src, `${daemon.api}/qrcode?url=${encodeURIComponent(location.href)}`);
    a.click('more');
    a.click('more');
    a.click('twice');
    await until('it shows', () => a.text().startsWith('2|2|'));
    await until('the room has it', async () => (await other.get('state'))[0]?.value.v === 2);
    assert.deepEqual(
      (await other.get('count')).map(({ value }) => value.apply),
      [1, 1],
    );
    await other.push('count', { apply: 5, i: 'x' });
    await other.push('state', { v: 'theirs', i: 'x' }, 'replace');
    await other.push('__presence', { client: 'x', value: { name: 'ben' } }, 'relay');
    await until('the others show', () => a.text().startsWith('7|theirs|ben|'));
  });
}

test('StrictMode: one connection, one presence, nothing twice; gone when it is unmounted', async (t) => {
  const room = await createRoom(daemon.api);
  const proxy = await Proxy.start(daemon.port);
  let made = 0;
  class Counted extends WebSocket {
    constructor(...args) {
      super(...args);
      made++;
    }
  }
  const options = { WebSocket: Counted, protocol: 'plain' };
  function Two() {
    const [count, dispatch] = ours.useSharedReducer('count', counter, 0);
    ours.usePresence('who', 'me', { interval: 60000 });
    return h('button', { name: 'more', onClick: () => dispatch(1) }, count);
  }
  const heard = [];
  const other = connect(room);
  t.after(() => other.disconnect());
  other.subscribe('who', ({ value }) => heard.push(value.value));
  await other.ready;
  await other.testLatency();
  const api = `http://127.0.0.1:${proxy.port}`;
  const a = page(t, h(StrictMode, null, h(ours.RoomProvider, { api, room: room.room, options }, h(Two))));
  await until('it is here', () => heard.length && proxy.sockets.size);
  a.click('more');
  await until('one', async () => (await other.get('count')).length === 1);
  await sleep(100);
  assert.deepEqual([a.text(), made, heard], ['1', 1, ['me']]);
  a.show(null);
  await until('it is gone', () => proxy.sockets.size === 0);
});

test("a new room is made once, goes into the page's address, and is found there", async (t) => {
  const base = ORIGINAL ? '' : '/db/default';
  const before = location.href;
  t.after(() => history.replaceState(null, '', before));
  const made = [];
  const real = globalThis.fetch;
  t.after(() => (globalThis.fetch = real));
  globalThis.fetch = (url, init) => (made.push(`${init?.method ?? 'GET'} ${new URL(url).pathname}`), real(url, init));
  const element = () =>
    h(StrictMode, null, h(ours.RoomProvider, { api: daemon.api + base }, h(All, { of: ours, name: 'a' })));
  const a = page(t, element());
  await until('connected', () => a.text().includes('|true|true|true'));
  const id = new URL(location.href).searchParams.get(ROOM);
  assert.equal(new URL(location.href).searchParams.get('a'), '1');
  assert.equal(made.filter((call) => call === `POST ${base}/new`).length, 1);
  const b = page(t, element());
  await until('connected', () => b.text().includes('|true|true|true'));
  a.click('more');
  await until('the same room', () => b.text().startsWith('1|'));
  assert.deepEqual([made.length, made.at(-1)], [2, `GET ${base}/room/${id}`]);
});

test('a page that comes while nobody serves connects when somebody does', EDDYD, async (t) => {
  const late = await Daemon.start();
  const room = await createRoom(late.api);
  await late.kill();
  const a = page(
    t,
    h(
      ours.RoomProvider,
      { api: late.api, room: room.room, options: { reconnect: { min: 20, max: 50 } } },
      h(All, { of: ours, name: 'a' }),
    ),
  );
  await sleep(100);
  assert.ok(a.text().startsWith('0|0||false|false|true'), a.text());
  await late.run(); // which makes rooms that are asked for
  await until('connected', () => a.text().startsWith('0|0||true|true|true'));
});

for (const [name, of, follows] of [
  ['driftdb-react', theirs, false],
  ['eddy-react', ours, true],
]) {
  test(`another room: ${follows ? 'the hooks are in it' : 'the hooks are in none'} (${name})`, async (t) => {
    const [one, two] = [await createRoom(daemon.api), await createRoom(daemon.api)];
    for (const [room, value] of [
      [one, 'one'],
      [two, 'two'],
    ]) {
      await sendHttp(room.http_url, {
        type: 'push',
        key: 's',
        action: { type: 'replace' },
        value: { v: value, i: 'x' },
      });
    }
    function State() {
      return of.useSharedState('s', 'none')[0];
    }
    const Provider = of.DriftDBProvider;
    const element = (room) => h(Provider, { api: daemon.api, room: room.room }, h(State));
    const a = page(t, element(one));
    await until('it is there', () => a.text() === 'one');
    a.show(element(two));
    if (follows) await until('the other', () => a.text() === 'two');
    else await sleep(500);
    await sendHttp(two.http_url, { type: 'push', key: 's', action: { type: 'replace' }, value: { v: 'two!', i: 'x' } });
    if (follows) await until('what comes there', () => a.text() === 'two!');
    else await sleep(300);
    assert.equal(a.text(), follows ? 'two!' : 'one');
    await sendHttp(one.http_url, { type: 'push', key: 's', action: { type: 'replace' }, value: { v: 'one!', i: 'x' } });
    await sleep(100);
    assert.equal(a.text(), follows ? 'two!' : 'one');
  });

  test(`setState with a function is given the state that is: ${follows ? 'yes' : 'no'} (${name})`, async (t) => {
    const room = await createRoom(daemon.api);
    const a = page(t, h(of.DriftDBProvider, { api: daemon.api, room: room.room }, h(All, { of, name: 'a' })));
    await until('connected', () => /\|true\|/.test(a.text()));
    a.click('twice');
    const expected = follows ? '0|2|' : '0|1|';
    await until('it shows', () => a.text().startsWith(expected));
  });
}

test('eddy-react and driftdb-react pages in one room', async (t) => {
  const room = await createRoom(daemon.api);
  const element = (of, name) => h(of.DriftDBProvider, { api: daemon.api, room: room.room }, h(All, { of, name }));
  // Two tabs: the published one takes its id from the session, ours is told another.
  const a = page(t, element(theirs, 'theirs'));
  await until('connected', () => a.text().includes('|true|true|true'));
  const id = sessionStorage.getItem('_driftdb_client_id');
  sessionStorage.setItem('_driftdb_client_id', 'another');
  t.after(() => sessionStorage.setItem('_driftdb_client_id', id));
  const b = page(t, element(ours, 'ours'));
  await until('they see each other', () => a.text().includes('|ours|') && b.text().includes('|theirs|'));
  a.click('more');
  await until('both', () => b.text().startsWith('1|0|') && a.text().startsWith('1|0|'));
  b.click('more');
  b.click('twice');
  await until('both again', () => b.text().startsWith('2|2|') && a.text().startsWith('2|2|'));
});

test('options: of each hook, and the connection of another room', async (t) => {
  const [room, elsewhere] = [await createRoom(daemon.api), await createRoom(daemon.api)];
  const connection = connect(elsewhere);
  t.after(() => connection.disconnect());
  function Both() {
    const [here] = ours.useSharedState('s', 'none');
    const [there] = ours.useSharedState('s', 'none', { connection, debounce: false });
    const [list, dispatch] = ours.useSharedReducer(
      'r',
      (all, one) => [...all, one],
      'x',
      (x) => [x],
      { compact: false, connection },
    );
    const [sum] = ours.useSharedReducer('sum', counter, 5, { compact: 3 });
    const peers = ours.usePresence('who', 'me', {
      clientId: 'own',
      connection,
      interval: 100,
      timeout: 1000,
      grace: false,
    });
    return h(
      'button',
      { name: 'add', onClick: () => dispatch('y') },
      `${here}|${there}|${list}|${sum}|${Object.keys(peers)}`,
    );
  }
  const a = page(t, provider(room, h(Both)));
  await sendHttp(elsewhere.http_url, {
    type: 'push',
    key: 's',
    action: { type: 'replace' },
    value: { v: 'there', i: 'x' },
  });
  await sendHttp(room.http_url, { type: 'push', key: 's', action: { type: 'replace' }, value: { v: 'here', i: 'x' } });
  await until('both', () => a.text() === 'here|there|x|5|');
  a.click('add');
  await until('it is added', () => a.text() === 'here|there|x,y|5|');
  await connection.push('who', { client: 'ann', value: 1 }, 'relay');
  await until('ann is seen', () => a.text().endsWith('|ann'));
});

test('a reducer that is made anew at each render: the latest counts; another key: another state', async (t) => {
  const room = await createRoom(daemon.api);
  let current, dispatched;
  function Scaled({ by, name }) {
    const [sum, dispatch] = ours.useSharedReducer(name, (state, n) => state + n * by, 0);
    useEffect(() => void (current = by)); // behind the hook's own
    return h('button', { name: 'add', onClick: () => (dispatched = dispatch(1)) }, sum);
  }
  const element = (by, name) => provider(room, h(Scaled, { by, name }));
  const a = page(t, element(1, 'r'));
  await until('it is there', () => a.text() === '0');
  a.click('add');
  await until('one', () => a.text() === '1');
  await dispatched; // what the room puts in order is reduced by the reducer that is there then
  a.show(element(10, 'r'));
  await until('it is rendered', () => current === 10);
  a.click('add');
  await until('ten more', () => a.text() === '11');
  a.show(element(10, 'other'));
  await until('the other', () => a.text() === '0');
});

test('useDatabase: the connection, with the names of the published one; an error outside of a provider', async (t) => {
  const room = await createRoom(daemon.api);
  let db;
  const Use = () => ((db = ours.useDatabase()), null);
  page(t, provider(room, h(Use)));
  await until('it is there', () => db?.status.connected);
  for (const name of Object.keys(new (published().DbConnection)())) {
    if (/listener$/i.test(name)) assert.equal(typeof db[name]?.addListener, 'function', name);
  }
  for (const name of ['subscribe', 'unsubscribe', 'send', 'testLatency', 'disconnect'])
    assert.equal(typeof db[name], 'function', name);
  assert.throws(() => renderToString(h(Use)), /RoomProvider/);
});

test('on a server: what there is at first is rendered', () => {
  const keep = globalThis.window;
  delete globalThis.window;
  try {
    const html = renderToString(h(ours.RoomProvider, { api: daemon.api }, h(All, { of: ours, name: 'a' })));
    assert.match(html, /0\|0\|\|false\|false\|false/);
  } finally {
    globalThis.window = keep;
  }
});
