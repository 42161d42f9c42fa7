// What networks and servers do to connections: killed, restarted, cut, stalled, half open, away for ten seconds. What
// needs no eddyd is played against an original server too.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Presence, SharedReducer, SharedState, connect, createRoom, joinRoom } from 'eddy-client';
import { Daemon, EDDYD, ORIGINAL, Proxy, broken, closing, sleep, until } from './harness.js';

const FAST = { reconnect: { min: 20, max: 200 } };
const list = (state, action) => [...state, action];
const using = (t, store) => (t.after(store.subscribe(() => {})), store);
const newRoom = async (daemon) => (await createRoom(daemon.api)).socket_url;
/** A room that is made by connecting to it, also after a restart that kept none. */
const named = (daemon, room) => `ws://127.0.0.1:${daemon.port}/room/${room}/connect`;

const SQLITE = { 'plugins.sqlite.path': 'eddy.db', 'plugins.sqlite.durability': 'sync' };
for (const [how, options, protocol] of [
  ['nothing kept', {}, 'auto'],
  ['kept by sqlite', SQLITE, 'auto'],
  ['kept by sqlite, no eddy.v1', SQLITE, 'plain'],
]) {
  test(`the daemon is killed in mid work, twice, and every page comes to one state by itself (${how})`, EDDYD, async (t) => {
    const daemon = await Daemon.start(options);
    const pages = ['a', 'b', 'c'].map((name) => {
      const db = closing(t, connect(named(daemon, 'killed'), { ...FAST, protocol }));
      const shared = using(t, new SharedReducer(db, 'r', { initial: [], reducer: list }));
      const state = using(t, new SharedState(db, 's', { initial: 0 }));
      return { name, db, shared, state };
    });
    await pages[0].db.ready;
    // Without eddy.v1 nobody can always tell that a room was begun anew: README.md, "What it does not do".
    if (options !== SQLITE && !pages[0].db.v1) return t.skip('this eddyd does not speak eddy.v1');
    let working = true;
    const work = pages.map(async ({ name, shared, state }) => {
      const all = [];
      for (let n = 1; working; n++) {
        all.push(shared.dispatch(`${name}${n}`));
        state.set(`${name}${n}`);
        await sleep(7);
      }
      return Promise.all(all); // none is refused, and none hangs
    });
    for (let kill = 0; kill < 2; kill++) {
      await sleep(150);
      await daemon.kill();
      await sleep(100);
      await daemon.run();
      await until('all are back', () => pages.every(({ db }) => db.status.connected));
    }
    await sleep(150);
    working = false;
    const done = (await Promise.all(work)).map(({ length }) => length);
    const [one, ...others] = pages;
    await until('all have the same', () =>
      others.every(
        ({ shared, state }) =>
          `${shared.value}` === `${one.shared.value}` && state.value === one.state.value && shared.settled,
      ),
    );
    const late = using(
      t,
      new SharedReducer(closing(t, connect(named(daemon, 'killed'))), 'r', { initial: [], reducer: list }),
    );
    await until('a newcomer too', () => `${late.value}` === `${one.shared.value}`);
    if (options === SQLITE) {
      // Each action once and only once, in the order of its page.
      for (const [at, { name }] of pages.entries()) {
        const own = one.shared.value.filter((action) => action.startsWith(name));
        assert.deepEqual(
          own,
          Array.from({ length: done[at] }, (_, n) => `${name}${n + 1}`),
        );
      }
    }
  });
}

for (const protocol of ['auto', 'plain']) {
  test(`connections that are cut again and again in mid work: each action once, in order (${protocol})`, async (t) => {
    const daemon = await Daemon.start();
    const url = await newRoom(daemon);
    const proxy = await Proxy.start(daemon.port);
    const pages = ['a', 'b'].map((name) => {
      const db = closing(t, connect(proxy.url(url), { ...FAST, protocol }));
      return { name, db, shared: using(t, new SharedReducer(db, 'r', { initial: [], reducer: list, compact: false })) };
    });
    const all = [];
    for (let n = 1; n <= 100; n++) {
      for (const { name, shared } of pages) all.push(shared.dispatch(`${name}${n}`));
      if (n % 20 === 0) proxy.cut();
      await sleep(5);
    }
    await Promise.all(all);
    await until('both have all', () => pages.every(({ shared }) => shared.value.length === 200));
    assert.deepEqual(pages[0].shared.value, pages[1].shared.value);
    for (const name of ['a', 'b']) {
      assert.deepEqual(
        pages[0].shared.value.filter((action) => action.startsWith(name)),
        Array.from({ length: 100 }, (_, n) => `${name}${n + 1}`),
      );
    }
  });
}

test('offline for ten seconds: the page catches up, and the others with what it did meanwhile', async (t) => {
  const daemon = await Daemon.start();
  const url = await newRoom(daemon);
  const proxy = await Proxy.start(daemon.port);
  const make = (address) => {
    const db = closing(t, connect(address)); // with the knobs as they are
    return {
      db,
      shared: using(t, new SharedReducer(db, 'r', { initial: [], reducer: list })),
      state: using(t, new SharedState(db, 's', { initial: '' })),
      log: [],
    };
  };
  const a = make(proxy.url(url));
  const b = make(url);
  a.db.subscribe('log', ({ value }) => a.log.push(value));
  await a.shared.dispatch('first');
  await until('both', () => b.shared.value.length === 1);
  await broken(a.db, () => proxy.offline());
  a.state.set('while offline');
  const own = Array.from({ length: 5 }, (_, n) => a.shared.dispatch(`a${n}`));
  const queued = a.db.push('log', 'queued');
  for (let n = 0; n < 50; n++) {
    b.shared.dispatch(`b${n}`); // so that the key is compacted meanwhile
    b.db.push('log', n);
    await sleep(200);
  }
  const { state, reason, retryIn } = a.db.status;
  assert.ok(/waiting|connecting/.test(state) && reason === 'unreachable', `${state} ${reason}`);
  assert.ok(retryIn <= 15000, `${retryIn}`);
  await proxy.online();
  globalThis.dispatchEvent?.(new Event('online'));
  await until('it is back', () => a.db.status.connected);
  await Promise.all([...own, queued]);
  await until('they are equal', () => a.shared.value.length === 56 && `${a.shared.value}` === `${b.shared.value}`);
  assert.equal(a.shared.value[0], 'first');
  assert.deepEqual(a.shared.value.slice(-5), ['a0', 'a1', 'a2', 'a3', 'a4']);
  await until('the state', () => b.state.value === 'while offline' && a.state.value === 'while offline');
  await until('the log', () => a.log.length === 51);
  assert.deepEqual(
    a.log.slice(0, 50),
    Array.from({ length: 50 }, (_, n) => n),
  );
});

test('a connection that is half open: noticed by the heartbeat, and what was said into it is said again', async (t) => {
  const daemon = await Daemon.start();
  const url = await newRoom(daemon);
  const proxy = await Proxy.start(daemon.port);
  const a = closing(
    t,
    connect(proxy.url(url), { ...FAST, heartbeat: { interval: 200, timeout: 1000 } }),
  );
  const b = closing(t, connect(url, FAST));
  const [one, two] = [a, b].map((db) => using(t, new SharedReducer(db, 'r', { initial: [], reducer: list })));
  await one.dispatch('before');
  const reasons = [];
  a.statusListener.addListener(({ state, reason }) => state === 'waiting' && reasons.push(reason));
  for (const ways of [['up', 'down'], ['down'], ['up']]) {
    let dispatched;
    await broken(a, () => {
      proxy.stall(...ways);
      dispatched = one.dispatch(`into ${ways}`);
    });
    proxy.cut(); // what was held is lost
    await dispatched;
    assert.equal(one.value.filter((action) => action === `into ${ways}`).length, 1);
  }
  assert.equal(reasons[0], 'silent');
  await until('both', () => `${one.value}` === `${two.value}` && one.value.length === 4);
  // One that is merely idle stays.
  reasons.length = 0;
  await sleep(700);
  assert.deepEqual([reasons, a.status.connected], [[], true]);
});

test('a handshake that is never answered: given up in time, tried again', async (t) => {
  const daemon = await Daemon.start();
  const url = await newRoom(daemon);
  const proxy = await Proxy.start(daemon.port);
  proxy.stall('up');
  const a = closing(t, connect(proxy.url(url), { ...FAST, timeout: 150 }));
  await until('it is given up', () => a.status.reason === 'timeout');
  proxy.release();
  await a.ready;
});

test('nobody there: waits grow, are spread, and end where they are told to', async (t) => {
  const daemon = await Daemon.start();
  const url = await newRoom(daemon);
  const proxy = await Proxy.start(daemon.port);
  await proxy.offline();
  const waits = [];
  const a = closing(
    t,
    connect(proxy.url(url), { reconnect: { min: 10, max: 60, factor: 2, jitter: 0.5, attempts: 6 } }),
  );
  a.statusListener.addListener(({ state, retryIn }) => state === 'waiting' && waits.push(retryIn));
  await assert.rejects(a.ready, { code: 'closed' });
  assert.deepEqual([a.status.state, a.status.reason, waits.length], ['closed', 'unreachable', 6]);
  for (const [at, base] of [10, 20, 40, 60, 60, 60].entries())
    assert.ok(waits[at] > base / 2 && waits[at] <= base, `${waits}`);
  const once = closing(t, connect(proxy.url(url), { reconnect: false }));
  await assert.rejects(once.ready, { code: 'closed' });
});

test('a browser that says it is online again is not kept waiting', async (t) => {
  const daemon = await Daemon.start();
  const url = await newRoom(daemon);
  const proxy = await Proxy.start(daemon.port);
  await proxy.offline();
  const events = new EventTarget();
  globalThis.addEventListener = events.addEventListener.bind(events);
  globalThis.removeEventListener = events.removeEventListener.bind(events);
  t.after(() => (delete globalThis.addEventListener, delete globalThis.removeEventListener));
  const a = closing(t, connect(proxy.url(url), { reconnect: { min: 60000, max: 60000, jitter: 0 } }));
  await until('it waits', () => a.status.state === 'waiting');
  await proxy.online();
  events.dispatchEvent(new Event('online'));
  await a.ready;
  a.disconnect();
  events.dispatchEvent(new Event('online'));
  assert.equal(a.status.state, 'closed');
});

test('the daemon drains: closed with 1001, and back when it is there again', EDDYD, async (t) => {
  const daemon = await Daemon.start();
  const a = closing(t, connect(named(daemon, 'drain'), FAST));
  await a.ready;
  const told = [];
  a.statusListener.addListener(({ state, reason, code }) => state === 'waiting' && told.push([reason, code]));
  assert.equal(await daemon.kill('SIGTERM'), 0);
  await until('it is told', () => told.length);
  assert.equal(told[0][1], 1001);
  await daemon.run();
  await until('it is back', () => a.status.connected);
});

const GONE = { skip: !ORIGINAL && 'of original servers alone' };
test('an original server that is started again knows no rooms: who looks its room up is told so', GONE, async (t) => {
  const daemon = await Daemon.start();
  const room = await createRoom(daemon.api);
  const a = closing(t, connect(() => joinRoom(daemon.api, room.room), FAST));
  const b = closing(t, connect(room, FAST));
  await Promise.all([a.ready, b.ready]);
  await daemon.kill();
  await daemon.run();
  await until('a is told', () => a.status.state === 'closed');
  assert.deepEqual([a.status.reason, a.status.code], ['refused', 404]);
  await until('b is not', () => b.status.reason === 'unreachable');
  assert.match(b.status.state, /waiting|connecting/);
});

test('presence over a cut: the others do not see it flicker', async (t) => {
  const daemon = await Daemon.start();
  const url = await newRoom(daemon);
  const proxy = await Proxy.start(daemon.port);
  const a = closing(t, connect(url, FAST));
  const b = closing(t, connect(proxy.url(url), FAST));
  const told = [];
  const options = { interval: 100, timeout: 3000 };
  const one = new Presence(a, { ...options, clientId: 'a', value: 1 });
  t.after(one.subscribe((all) => told.push(Object.keys(all).join())));
  using(t, new Presence(b, { ...options, clientId: 'b', value: 2 }));
  await until('b is seen', () => told.length);
  for (let n = 0; n < 3; n++) {
    await broken(b, () => proxy.cut());
    await until('it is back', () => b.status.connected);
    await sleep(50);
  }
  assert.deepEqual(told, ['b']);
});

test('many pushes into a slow connection wait in order, and none is lost', async (t) => {
  const daemon = await Daemon.start();
  const room = await createRoom(daemon.api);
  const proxy = await Proxy.start(daemon.port);
  const a = closing(t, connect(proxy.url(room.socket_url), { ...FAST, queue: { max: 5000, buffered: 20000 } }));
  await a.ready;
  const value = 'x'.repeat(1000);
  const all = Array.from({ length: 3000 }, (_, n) => a.push('k', { n, value }, 'append'));
  await Promise.all(all);
  const items = await a.get('k');
  assert.deepEqual(
    items.map(({ value: { n } }) => n),
    Array.from({ length: 3000 }, (_, n) => n),
  );
});
