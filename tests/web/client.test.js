// eddy-client against the real daemon or an original server, and in one room with the published client.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as cborX from 'cbor-x';
import WebSocket from 'ws';
import {
  Connection,
  EddyError,
  Presence,
  SharedReducer,
  SharedState,
  connect,
  createRoom,
  debounce,
  joinRoom,
  sendHttp,
  uniqueClientId,
} from 'eddy-client';
import { Daemon, EDDYD, HEAD, ORIGINAL, closing, published, sleep, until } from './harness.js';

const driftdb = published();
const daemon = await Daemon.start({
  'namespaces.counter.policy': 'counter',
  'namespaces.quick.policy': 'default',
  'namespaces.quick.knobs.debounce_key': 'thin/*',
  'namespaces.quick.knobs.debounce_every': '50ms',
});
const FAST = { reconnect: { min: 20 } };

/** So many connections of ours in a new room, and the room. */
async function together(t, count, { space = '', ...options } = {}) {
  const room = await createRoom(daemon.api + space);
  const all = Array.from({ length: count }, () => closing(t, connect(room, { ...FAST, ...options })));
  await Promise.all(all.map(({ ready }) => ready));
  return [...all, room];
}
async function publishedIn(t, room, cbor = false) {
  const db = closing(t, new driftdb.DbConnection());
  await db.connect(room.socket_url, cbor);
  return db;
}
/** What is used, until the end of the test. */
function using(t, store) {
  t.after(store.subscribe(() => {}));
  return store;
}
const list = (state, action) => [...state, action];
const counter = (n, action) => n + (action === 'increment' ? 1 : -1);

test('rooms: made, found; errors have their status; a message over HTTP', async () => {
  for (const api of [daemon.api, `${daemon.api}/`]) {
    const room = await createRoom(api);
    assert.deepEqual(await joinRoom(api, room.room), room);
  }
  await assert.rejects(
    joinRoom(ORIGINAL ? daemon.api : `${daemon.api}/db/counter`, 'nothing'), // the others make what is asked for
    (error) => error instanceof EddyError && error.code === 'http' && error.status === 404,
  );
  await assert.rejects(createRoom('http://127.0.0.1:1'));
  const room = await createRoom(daemon.api);
  assert.deepEqual(await sendHttp(room.http_url, { type: 'ping', nonce: 5 }), { type: 'pong', nonce: 5 });
  const push = { type: 'push', key: 'k', action: { type: 'append' }, value: [1] };
  assert.equal(await sendHttp(room.http_url, push), null);
  assert.deepEqual(await sendHttp(room.http_url, push), { type: 'stream_size', key: 'k', size: 2 });
  await assert.rejects(sendHttp(room.http_url, { type: 'shout' }), { code: 'http' });
});

test('rooms: in a namespace, with a policy', EDDYD, async () => {
  const api = `${daemon.api}/db/counter`;
  const spaced = await createRoom(api);
  assert.deepEqual(await joinRoom(api, spaced.room), spaced);
  const room = await createRoom(daemon.api, { policy: 'counter' });
  await assert.rejects(
    sendHttp(room.http_url, { type: 'push', key: 'counter', action: { type: 'append' }, value: 1 }),
    { code: 'http' },
  );
  await assert.rejects(createRoom(`${daemon.api}/db/nothing`), { status: 404 });
  await assert.rejects(joinRoom(api, 'nothing'), { status: 404 });
});

for (const [how, cbor] of [
  ['json', false],
  // An original server takes no tags; in Node cbor-x has one for a Uint8Array unless it is told not to.
  ['cbor, passed', ORIGINAL ? new cborX.Encoder({ useRecords: false, tagUint8Array: false }) : cborX],
  ['cbor, imported', true],
]) {
  test(`push, subscribe, get: the four actions [${how}]`, cbor ? HEAD : {}, async (t) => {
    const [a, b] = await together(t, 2, { cbor });
    const heard = [];
    const sizes = [];
    b.subscribe('k', ({ value, seq }) => heard.push([value, seq]));
    a.subscribe(
      'k',
      () => {},
      (size) => sizes.push(size),
    );
    await b.testLatency();
    for (const [value, action] of [
      ['r', 'relay'],
      [{ deep: [1, null, true] }, 'append'],
      ['x', 'append'],
      ['y', { type: 'append' }],
    ]) {
      await a.push('k', value, action);
    }
    await a.push('k', 'base', { type: 'compact', seq: 3 });
    assert.deepEqual(await b.get('k'), [
      { value: 'base', seq: 3 },
      { value: 'y', seq: 4 },
    ]);
    assert.deepEqual(await b.get('k', 3), [{ value: 'y', seq: 4 }]);
    await a.push('k', 'only', 'replace');
    assert.deepEqual(await b.get('k'), [{ value: 'only', seq: 5 }]);
    assert.deepEqual(heard, [
      ['r', 1],
      [{ deep: [1, null, true] }, 2],
      ['x', 3],
      ['y', 4],
      ['only', 5],
    ]);
    assert.deepEqual(sizes.slice(0, 2), [2, 3]);
    const bytes = Uint8Array.from({ length: 300 }, (_, i) => i & 255);
    await a.push('bytes', { bytes, big: 2 ** 40 });
    const [{ value }] = await b.get('bytes');
    if (cbor) assert.deepEqual([value.bytes.constructor.name, [...value.bytes]], ['Uint8Array', [...bytes]]);
    assert.equal(value.big, 2 ** 40);
  });
}

test('connect: to a URL, a room, a function; options.WebSocket; what cannot be is final', async (t) => {
  const room = await createRoom(daemon.api);
  for (const source of [
    room,
    room.socket_url,
    room.socket_url.replace('ws', 'http'),
    async () => room,
    () => room.socket_url,
  ]) {
    const a = closing(t, connect(source, FAST));
    await a.ready;
    assert.equal(a.url, room.socket_url);
    const { debugUrl, connected, state } = a.status;
    assert.deepEqual(
      [debugUrl, connected, state],
      [`${daemon.api}/console/?url=${encodeURIComponent(room.socket_url)}`, true, 'connected'],
    );
  }
  const global = globalThis.WebSocket;
  t.after(() => (globalThis.WebSocket = global));
  globalThis.WebSocket = undefined;
  await closing(t, connect(room, { ...FAST, WebSocket })).ready;
  for (const [source, code] of [
    [room, undefined],
    [() => joinRoom(`${daemon.api}/db/counter`, 'none'), 404],
    [`ws://x/#${room}`, undefined],
  ]) {
    if (code === undefined && source !== room) globalThis.WebSocket = global; // a URL that no WebSocket takes
    const a = closing(t, connect(source, FAST));
    await assert.rejects(a.ready, { code: 'closed' });
    assert.deepEqual([a.status.state, a.status.reason, a.status.code], ['closed', 'refused', code]);
  }
});

test('connection: not before open(), again after disconnect(); what is subscribed stays', async (t) => {
  const room = await createRoom(daemon.api);
  const a = closing(t, new Connection(room, FAST));
  const states = [];
  a.statusListener.addListener(({ state, reason }) => states.push(reason ? `${state}: ${reason}` : state));
  const heard = [];
  a.subscribe('k', ({ value }) => heard.push(value));
  const early = a.push('k', 'early');
  await sleep(50);
  assert.deepEqual(states, []);
  await a.open();
  await early;
  a.disconnect();
  await sendHttp(room.http_url, { type: 'push', key: 'k', action: { type: 'append' }, value: 'meanwhile' });
  await a.open();
  await a.push('k', 'late');
  assert.deepEqual(heard, ['early', 'meanwhile', 'late']);
  assert.deepEqual(states, [
    'connecting',
    'connected',
    'closed: disconnected',
    'connecting: disconnected',
    'connected',
  ]);
});

test('latency: in ms, null where there is no connection', async (t) => {
  const [a] = await together(t, 1);
  const ms = await a.testLatency();
  assert.ok(ms > 0 && ms < 5000, `${ms}`);
  assert.equal((await Promise.all([a.testLatency(), a.testLatency()])).includes(null), false);
  a.disconnect();
  assert.equal(await a.testLatency(), null);
});

test('send: messages as the protocol has them', async (t) => {
  const [a] = await together(t, 1);
  await a.send({ type: 'push', key: 'k', action: { type: 'append' }, value: 1 });
  assert.deepEqual(await a.send({ type: 'get', key: 'k' }), [{ value: 1, seq: 1 }]);
  const pong = new Promise((resolve) =>
    a.messageListener.addListener((message) => message.type === 'pong' && resolve(message)),
  );
  a.send({ type: 'ping', nonce: 12345 });
  assert.deepEqual(await pong, { type: 'pong', nonce: 12345 });
});

test("what cannot be sent is the pusher's error, and the rest goes on", async (t) => {
  const [a] = await together(t, 1);
  const loop = {};
  loop.loop = loop;
  await assert.rejects(a.push('k', loop), TypeError);
  await assert.rejects(a.push('k', 1n), TypeError);
  await a.push('k', undefined);
  assert.deepEqual(
    (await a.get('k')).map(({ value }) => value),
    [null],
  );
});

test('reducer: hundreds of crossing actions of three pages, and a newcomer, come to one state', async (t) => {
  const [a, b, c, room] = await together(t, 3);
  const all = [a, b, c].map((db) => using(t, new SharedReducer(db, 'r', { initial: [], reducer: list })));
  const sent = [];
  for (let round = 0; round < 20; round++) {
    for (const [who, shared] of all.entries())
      for (let n = 0; n < 5; n++) sent.push(shared.dispatch(`${who}:${round}:${n}`));
    if (round % 3) await sleep(1);
  }
  await Promise.all(sent);
  await Promise.all([a, b, c].map((db) => db.testLatency()));
  const [one, two, three] = all.map(({ value }) => value);
  assert.equal(one.length, 300);
  assert.deepEqual(two, one);
  assert.deepEqual(three, one);
  const late = using(t, new SharedReducer(closing(t, connect(room)), 'r', { initial: [], reducer: list }));
  await until('a newcomer', () => late.value.length === 300);
  assert.deepEqual(late.value, one);
  const { data } = await sendHttp(room.http_url, { type: 'get', key: 'r' });
  assert.ok(data.length < 200, `${data.length} are retained`);
});

test("reducer: what it throws is thrown, and what throws for others' actions is skipped", async (t) => {
  const [a] = await together(t, 1);
  const reducer = (n, action) => {
    if (action === 'bad') throw new Error('bad');
    return n + action;
  };
  const shared = using(t, new SharedReducer(a, 'r', { initial: 0, reducer }));
  await a.testLatency();
  assert.throws(() => shared.dispatch('bad'), /bad/);
  const { error } = console;
  t.after(() => (console.error = error));
  console.error = () => {};
  await a.push('r', { apply: 'bad', i: 'other' });
  await a.push('r', { apply: 2, i: 'other' });
  await shared.dispatch(3);
  assert.equal(shared.value, 5);
  assert.equal((await a.get('r')).length, 3, 'the bad one was sent');
});

test('reducer: one that changes the state that it is given, with clone', async (t) => {
  const [a, b] = await together(t, 2);
  const reducer = (state, action) => {
    state.push(action);
    return state;
  };
  const initial = [];
  const [one, two] = [a, b].map((db) =>
    using(t, new SharedReducer(db, 'r', { initial, reducer, clone: structuredClone })),
  );
  await Promise.all([a.testLatency(), b.testLatency()]);
  await Promise.all([one.dispatch(1), two.dispatch(2), one.dispatch(3)]);
  await Promise.all([a.testLatency(), b.testLatency()]);
  assert.deepEqual([...one.value].sort(), [1, 2, 3]);
  assert.deepEqual(two.value, one.value);
  assert.deepEqual(initial, []);
});

test("reducer: the room's referee refuses, and the page is right again", EDDYD, async (t) => {
  const [a, b] = await together(t, 2, { space: '/db/counter' });
  const [one, two] = [a, b].map((db) => using(t, new SharedReducer(db, 'counter', { initial: 0, reducer: counter })));
  const errors = [];
  for (const db of [a, b]) db.errorListener.addListener((error) => errors.push(error.message));
  await Promise.all([one.dispatch('increment'), two.dispatch('increment')]);
  const refused = await one.dispatch('explode').then(
    () => undefined,
    (error) => error,
  );
  await until('it is undone', () => one.value === 2);
  await until('it is told why', () => refused?.code || errors.length);
  await two.dispatch('decrement');
  await until('they go on', () => one.value === 1 && two.value === 1);
  for (let n = 0; n < 100; n++) (n % 2 ? one : two).dispatch('increment');
  await until('to the end', () => one.value === 101 && two.value === 101);
});

test('state: writers at once end equal, fast ones end with their last, functions see the value that is', async (t) => {
  const [a, b, room] = await together(t, 2);
  const [one, two] = [a, b].map((db) => using(t, new SharedState(db, 's', { initial: 0 })));
  await Promise.all([a.testLatency(), b.testLatency()]);
  for (let n = 1; n <= 200; n++) {
    one.set(`a${n}`);
    two.set(`b${n}`);
    if (n % 20 === 0) await sleep(3);
  }
  await until('they are equal', () => one.value === two.value && /^.200$/.test(one.value));
  one.set(10);
  await until('both', () => two.value === 10);
  two.set((n) => n + 1);
  two.set((n) => n + 1);
  assert.equal(two.value, 12);
  await until('both', () => one.value === 12);
  const { data } = await sendHttp(room.http_url, { type: 'get', key: 's' });
  assert.deepEqual(
    data.map(({ value }) => value.v),
    [12],
  );
  const late = using(t, new SharedState(closing(t, connect(room)), 's', { initial: 0 }));
  await until('a newcomer', () => late.value === 12);
});

test("state: through the room's own debounce, without flicker", EDDYD, async (t) => {
  const [a, b] = await together(t, 2, { space: '/db/quick' });
  const [one, two] = [a, b].map((db) => using(t, new SharedState(db, 'thin/s', { initial: 0, debounce: false })));
  await Promise.all([a.testLatency(), b.testLatency()]);
  const shown = [];
  t.after(one.subscribe((value) => shown.push(value)));
  for (let n = 1; n <= 50; n++) one.set(n);
  await until('b has the last', () => two.value === 50);
  await a.testLatency();
  assert.deepEqual(
    shown,
    Array.from({ length: 50 }, (_, n) => n + 1),
  );
});

test('state: what was held back when it ends is sent', async (t) => {
  const [a, b] = await together(t, 2);
  const one = new SharedState(a, 's', { initial: 0, debounce: { wait: 10000 } });
  const end = one.subscribe(() => {});
  const two = using(t, new SharedState(b, 's', { initial: 0 }));
  await Promise.all([a.testLatency(), b.testLatency()]);
  one.set(1);
  one.set(2);
  await until('the first', () => two.value === 1);
  end();
  await until('the last', () => two.value === 2);
});

test('presence: each sees the others, changes, and their going; a value of null is a farewell', async (t) => {
  const [a, b, c] = await together(t, 3);
  const options = { key: 'who', interval: 100, timeout: 5000 };
  const one = using(t, new Presence(a, { ...options, clientId: 'a', value: { x: 1 } }));
  const two = new Presence(b, { ...options, clientId: 'b', value: { x: 2 }, farewell: true });
  const three = using(t, new Presence(c, { ...options, clientId: 'c' })); // looks on
  const end = two.subscribe(() => {});
  await until('all see', () => one.value.b && two.value.a && three.value.a && three.value.b);
  assert.deepEqual([Object.keys(one.value), one.value.b.value], [['b'], { x: 2 }]);
  two.set({ x: 3 });
  await until('it moved', () => one.value.b.value.x === 3);
  const seen = one.value;
  const { lastSeen } = seen.b;
  await until('it is said again', () => one.value.b.lastSeen > lastSeen);
  assert.equal(one.value, seen, 'a value that is said again is no change');
  end();
  await until('b has said goodbye', () => !one.value.b, 4000); // not after its 5000
  for (const value of [null, 5, {}, { client: 'x' }, { client: 7, value: 1 }, []]) a.push('who', value, 'relay');
  await a.testLatency();
  assert.deepEqual([one.value, Object.keys(three.value)], [{}, ['a']]);
});

test('presence: a changing value is sent at most each wait, and its last in the end', async (t) => {
  const [a, b] = await together(t, 2);
  const heard = [];
  b.subscribe('who', ({ value }) => heard.push(value.value));
  const one = using(t, new Presence(a, { key: 'who', clientId: 'a', value: 0, interval: 60000, debounce: 50 }));
  await b.testLatency();
  await until('the first', () => heard.length);
  const began = Date.now();
  for (let n = 1; n <= 60; n++) {
    one.set(n);
    await sleep(2);
  }
  const took = Date.now() - began;
  await until('the last', () => heard.at(-1) === 60);
  assert.ok(heard.length >= 3 && heard.length <= took / 50 + 4, `${heard.length} in ${took} ms`);
});

test('client id: the same again, one for each key', () => {
  assert.equal(uniqueClientId(), uniqueClientId());
  assert.notEqual(uniqueClientId('other'), uniqueClientId());
  assert.ok(uniqueClientId().length >= 16);
});

test('debounce: leading, trailing, maxWait', async () => {
  const run = async (options, pauses) => {
    const ran = [];
    let n = 0;
    const { call, flush } = debounce(() => ran.push(n), options);
    for (const pause of [0, ...pauses]) {
      await sleep(pause);
      n++;
      call();
    }
    await sleep(0);
    const before = [...ran];
    flush();
    return [before, ran];
  };
  assert.deepEqual(await run({ wait: 1000 }, [0, 0]), [[1], [1, 3]]);
  assert.deepEqual(await run(1000, [0]), [[1], [1, 2]]);
  assert.deepEqual(await run({ wait: 1000, leading: false }, [0]), [[], [2]]);
  assert.deepEqual(await run({ wait: 1000, trailing: false }, [0]), [[1], [1]]);
  assert.deepEqual(await run(false, [0, 0]), [
    [1, 2, 3],
    [1, 2, 3],
  ]);
  assert.deepEqual((await run({ wait: 1000, maxWait: 30 }, [0, 60, 0]))[0].slice(0, 2), [1, 2]);
  assert.deepEqual(await run({ wait: 10 }, [30, 30]), [
    [1, 2, 3],
    [1, 2, 3],
  ]);
});

for (const cbor of [false, true]) {
  test(`with the published client in one room [${cbor ? 'cbor' : 'json'}]`, cbor ? HEAD : {}, async (t) => {
    const [a, room] = await together(t, 1, { cbor: cbor && cborX });
    const b = await publishedIn(t, room, cbor);
    // Reducer.
    const ours = using(t, new SharedReducer(a, 'r', { initial: [], reducer: list, compact: 10 }));
    const theirs = { shown: [] };
    const reducer = new driftdb.Reducer({
      db: b,
      key: 'r',
      reducer: list,
      initialValue: [],
      sizeThreshold: 12,
      callback: (state) => (theirs.shown = state),
    });
    reducer.subscribe();
    await b.testLatency();
    for (let n = 1; n <= 60; n++) {
      n % 2 ? ours.dispatch(n) : reducer.dispatch(n);
      // One at a time: where actions cross, the published one goes wrong, see bugs.test.js.
      await until(`both have ${n}`, () => ours.settled && ours.value.length === n && theirs.shown.length === n);
    }
    await until('both have all', () => ours.value.length === 60 && theirs.shown.length === 60);
    assert.deepEqual(ours.value, theirs.shown);
    assert.ok((await a.get('r')).length <= 20, 'it was not compacted');
    const late = new driftdb.Reducer({
      db: b,
      key: 'r',
      reducer: list,
      initialValue: [],
      callback: (state) => (theirs.late = state),
    });
    late.subscribe();
    await until('a published newcomer', () => theirs.late?.length === 60);
    // State.
    const state = using(t, new SharedState(a, 's', { initial: '' }));
    const listener = new driftdb.StateListener({ db: b, key: 's', callback: (value) => (theirs.state = value) });
    listener.subscribe();
    await b.testLatency();
    state.set({ from: 'ours' });
    await until('theirs sees ours', () => theirs.state?.from === 'ours');
    listener.setStateOptimistic({ from: 'theirs' });
    await until('ours sees theirs', () => state.value.from === 'theirs');
    // Presence.
    const presence = using(t, new Presence(a, { clientId: 'ours', value: { x: 1 }, interval: 200 }));
    const other = new driftdb.PresenceListener({
      db: b,
      clientId: 'theirs',
      initialState: { x: 2 },
      maxPresenceInterval: 200,
      callback: (all) => (theirs.present = all),
    });
    other.subscribe();
    t.after(() => other.destroy());
    await until('both are seen', () => presence.value.theirs && theirs.present?.ours);
    assert.deepEqual([presence.value.theirs.value, theirs.present.ours.value], [{ x: 2 }, { x: 1 }]);
    presence.set({ x: 3 });
    other.updateState({ x: 4 });
    await until('both moved', () => presence.value.theirs.value.x === 4 && theirs.present.ours.value.x === 3);
  });
}
