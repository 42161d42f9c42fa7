// What the published driftdb 1.0.12 gets wrong: each test plays the same against it, where it must go wrong, and
// against ours.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { Presence, SharedReducer, SharedState, connect, createRoom } from 'eddy-client';
import { Daemon, ORIGINAL, PATIENCE, Proxy, broken, closing, published, sleep, until } from './harness.js';

const { DbConnection, PresenceListener, Reducer, StateListener } = published();
const daemon = await Daemon.start();
const QUIET = 150; // ms; in which what does not come would have come

const newRoom = async () => (await createRoom(daemon.api)).socket_url;

/** Both clients by one set of names. */
const theirs = {
  async connect(t, url) {
    const db = closing(t, new DbConnection());
    await db.connect(url);
    return db;
  },
  append: (db, key, value) => db.send({ type: 'push', key, action: { type: 'append' }, value }),
  /** All that was sent has been heard: their one latency test at a time will do for it. */
  barrier: (db) => db.testLatency(),
  reducer(db, reducer, initialValue) {
    const shared = { value: initialValue };
    const listener = new Reducer({ db, key: 'r', reducer, initialValue, callback: (value) => (shared.value = value) });
    listener.subscribe();
    return Object.assign(shared, { dispatch: listener.dispatch });
  },
  state(db, initial) {
    const shared = { value: initial };
    const listener = new StateListener({ db, key: 's', callback: (value) => (shared.value = value) });
    listener.subscribe();
    return Object.assign(shared, { set: listener.setStateOptimistic });
  },
};
const ours = {
  async connect(t, url) {
    const db = closing(t, connect(url, { reconnect: { min: 20 } }));
    await db.ready;
    return db;
  },
  append: (db, key, value) => db.push(key, value),
  barrier: (db) => db.testLatency(),
  reducer(db, reducer, initial) {
    const shared = new SharedReducer(db, 'r', { reducer, initial });
    shared.subscribe(() => {});
    return shared;
  },
  state(db, initial) {
    const shared = new SharedState(db, 's', { initial });
    shared.subscribe(() => {});
    return shared;
  },
};
const clients = { theirs, ours };

/** The same for both; `run` gives what it came to, and is told which it is. */
function both(name, run, wrong, right) {
  test(`${name}: the published client`, async (t) => assert.deepEqual(await run(t, theirs), wrong));
  test(`${name}: ours`, async (t) => assert.deepEqual(await run(t, ours), right));
}

both(
  'what was pushed while the connection was gone arrives',
  async (t, client) => {
    const url = await newRoom();
    const proxy = await Proxy.start(daemon.port);
    const a = await client.connect(t, proxy.url(url));
    const b = await client.connect(t, url);
    const heard = [];
    a.subscribe('k', ({ value }) => heard.push(value));
    await client.barrier(a);
    await client.append(b, 'k', 'before');
    await until('a hears', () => heard.length === 1);
    await broken(a, () => proxy.offline());
    await client.append(b, 'k', 'meanwhile');
    await client.barrier(b);
    await proxy.online();
    await until('a is back', () => a.status.connected);
    await client.append(b, 'k', 'after');
    if (client === theirs && ORIGINAL === 'head') await sleep(QUIET);
    else await until('a hears again', () => heard.includes('after'));
    return heard;
  },
  ORIGINAL === 'head' ? ['before'] : ['before', 'after'], // there nothing comes that was not asked for on this connection
  ['before', 'meanwhile', 'after'],
);

both(
  'pages whose actions cross come to the same state',
  async (t, client) => {
    const url = await newRoom();
    const proxy = await Proxy.start(daemon.port);
    const a = await client.connect(t, proxy.url(url));
    const b = await client.connect(t, url);
    const append = (state, action) => [...state, action];
    const [one, two] = [a, b].map((db) => client.reducer(db, append, []));
    await client.barrier(a);
    await client.barrier(b);
    proxy.stall('up'); // what a does is shown there, and b's comes to the room first
    one.dispatch('a');
    two.dispatch('b');
    await until('a hears of b', () => one.value.includes('b'));
    proxy.release();
    await until('b hears of a', () => two.value.includes('a'));
    await client.barrier(a);
    await sleep(QUIET);
    return { a: one.value, b: two.value };
  },
  { a: ['b'], b: ['b', 'a'] },
  { a: ['b', 'a'], b: ['b', 'a'] },
);

both(
  'two who set the same value at once end equal',
  async (t, client) => {
    const url = await newRoom();
    const proxy = await Proxy.start(daemon.port);
    const a = await client.connect(t, proxy.url(url));
    const b = await client.connect(t, url);
    const [one, two] = [a, b].map((db) => client.state(db, ''));
    await client.barrier(a);
    await client.barrier(b);
    proxy.stall('up', 'down');
    one.set('a');
    two.set('b');
    await client.barrier(b); // the room has b's
    proxy.release(); // and now a's, while b's is on its way to a
    await until('b hears of a', () => two.value === 'a');
    await client.barrier(a);
    await sleep(QUIET);
    return { a: one.value, b: two.value };
  },
  { a: 'b', b: 'a' },
  { a: 'a', b: 'a' },
);

both(
  'who has unsubscribed hears no more',
  async (t, client) => {
    const a = await client.connect(t, await newRoom());
    const heard = [];
    const listener = ({ value }) => heard.push(value);
    a.subscribe('k', listener);
    client.append(a, 'k', 1);
    await until('it is heard', () => heard.length === 1);
    a.unsubscribe('k', listener);
    client.append(a, 'k', 2);
    await client.barrier(a);
    await sleep(QUIET);
    return heard;
  },
  [1, 2],
  [1],
);

for (const [name, stays] of [
  ['theirs', false],
  ['ours', true],
]) {
  test(`who has disconnected stays so: ${name}`, async (t) => {
    const client = clients[name];
    const proxy = await Proxy.start(daemon.port);
    const a = await client.connect(t, proxy.url(await newRoom()));
    await broken(a, () => proxy.cut());
    a.disconnect(); // while it waits to connect again
    if (stays) await sleep(1300);
    else await until('it is back', () => a.status.connected); // the published client waits for a second
    assert.equal(proxy.sockets.size === 0, stays);
    assert.equal(a.status.connected, !stays);
  });
}

both(
  'a pong that is lost hangs no latency test',
  async (t, client) => {
    const proxy = await Proxy.start(daemon.port);
    const a = await client.connect(t, proxy.url(await newRoom()));
    proxy.stall('up');
    const first = a.testLatency();
    await sleep(20);
    await broken(a, () => proxy.cut()); // with the ping
    await until('it is back', () => a.status.connected);
    const wait = client === theirs ? 1000 : PATIENCE; // what hangs is no matter of time
    const hangs = async (test) => {
      const timer = new AbortController();
      const late = setTimeout(wait, 'hangs', { signal: timer.signal }).catch(() => {});
      const first = await Promise.race([test, late]);
      timer.abort();
      return first === 'hangs';
    };
    return { first: await hangs(first), next: await hangs(a.testLatency()) };
  },
  { first: true, next: true },
  { first: false, next: false },
);

test('who falls silent is told to be gone: the published client does not tell', async (t) => {
  const url = await newRoom();
  const [a, b] = [await theirs.connect(t, url), await theirs.connect(t, url)];
  const told = [];
  const options = { minPresenceInterval: 5, maxPresenceInterval: 50, initialState: 1 };
  const one = new PresenceListener({
    ...options,
    db: a,
    clientId: 'a',
    callback: (all) => told.push(Object.keys(all)),
  });
  const two = new PresenceListener({ ...options, db: b, clientId: 'b' });
  one.subscribe();
  two.subscribe();
  t.after(() => one.destroy());
  await until('b is seen', () => told.length);
  two.destroy();
  await until('b is forgotten', () => !one.presence.b);
  await sleep(QUIET);
  assert.deepEqual(told.at(-1), ['b']); // what the page shows
});

test('who falls silent is told to be gone: ours', async (t) => {
  const url = await newRoom();
  const [a, b] = [await ours.connect(t, url), await ours.connect(t, url)];
  const told = [];
  const options = { interval: 50, timeout: 2000, value: 1 };
  const one = new Presence(a, { ...options, clientId: 'a' });
  const two = new Presence(b, { ...options, clientId: 'b' });
  t.after(one.subscribe((all) => told.push(Object.keys(all))));
  const end = two.subscribe(() => {});
  await until('b is seen', () => told.length);
  end();
  await until('b is gone', () => told.at(-1).length === 0);
  assert.deepEqual(told, [['b'], []]);
});
