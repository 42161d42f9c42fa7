// Two pages that use the published npm package `driftdb`, unchanged, through a real eddyd. Run by ./run.
'use strict';

const assert = require('assert/strict');
const { Daemon, PATIENCE, Peer, TcpProxy, until } = require('./harness');
const policies = require('./policies');

const tests = [];
/** `not`: the original servers with which it goes wrong; README.md says why. */
const test = (name, run, not = []) => tests.push({ name, run, not });

/** Both pages in a new room. */
async function together({ a, b, daemon }, cbor = false) {
  const room = await a.newRoom(daemon.api);
  await Promise.all([a.connect('db', room.socket_url, cbor), b.connect('db', room.socket_url, cbor)]);
  return room;
}

test('client id: one for each page', async ({ a, b }) => {
  const [one, again] = await a.clientId();
  const [other] = await b.clientId();
  assert.equal(again, one);
  assert.notEqual(other, one);
});

test('api: newRoom and getRoom agree', async ({ a, b, daemon }) => {
  const room = await a.newRoom(daemon.api);
  assert.deepEqual(await b.getRoom(daemon.api, room.room), room);
  assert.deepEqual(await b.getRoom(`${daemon.api}/`, room.room), room);
  assert.equal(room.socket_url, `ws://127.0.0.1:${daemon.port}/room/${room.room}/connect`);
});

for (const cbor of [false, true]) {
  const how = cbor ? 'cbor' : 'json';
  const not = cbor ? ['release'] : [];

  test(`state: what one page sets the other sees [${how}]`, async (t) => {
    const { a, b } = t;
    const room = await together(t, cbor);
    await a.state('db', 'shared');
    await b.state('db', 'shared');
    await a.setState('db', 'shared', { title: 'one', list: [1, 2.5, null] });
    await until('b sees it', () => b.seen('db/shared'), (value) => value?.title === 'one');
    assert.deepEqual(await b.seen('db/shared'), { title: 'one', list: [1, 2.5, null] });
    await b.setState('db', 'shared', { title: 'two' });
    await until('a sees it', () => a.seen('db/shared'), (value) => value?.title === 'two');
    // A page that comes later.
    await a.connect('late', room.socket_url, cbor);
    await a.state('late', 'shared');
    await until('a newcomer sees it', () => a.seen('late/shared'), (value) => value?.title === 'two');
    // Faster than its debounce: the last one wins.
    for (let i = 0; i < 20; i++) await a.setState('db', 'shared', { title: `fast ${i}` });
    await until('b sees the last', () => b.seen('db/shared'), (value) => value?.title === 'fast 19');
  }, not);

  test(`reducer: both pages come to the same state, and the stream is compacted [${how}]`, async (t) => {
    const { a, b } = t;
    const room = await together(t, cbor);
    await a.reducer('db', 'sum', 10);
    await b.reducer('db', 'sum', 10);
    let count = 0;
    for (let round = 0; round < 4; round++) {
      for (const page of [a, b]) {
        await page.dispatch('db', 'sum', Array.from({ length: 8 }, () => ++count));
        for (const other of [a, b])
          await until('all actions', () => other.seen('db/sum'), (state) => state?.order.length === count);
      }
    }
    const expected = { sum: (count * (count + 1)) / 2, order: Array.from({ length: count }, (_, i) => i + 1) };
    assert.deepEqual(await a.seen('db/sum'), expected);
    assert.deepEqual(await b.seen('db/sum'), expected);
    const get = () => a.http(room.http_url, { type: 'get', key: 'sum', seq: 0 });
    const stream = await until('compacted', get, ({ data }) => data[0].value.reset !== undefined && data.length < 30);
    assert.ok(stream.data.length < count, `${stream.data.length} retained of ${count}`);
    if (!t.daemon.original) // which keeps both, where two pages compact at once
      assert.ok(stream.data.slice(1).every((item) => item.value.reset === undefined), 'two bases');
    await a.connect('late', room.socket_url, cbor);
    await a.reducer('late', 'sum', 10);
    const late = await until('a newcomer', () => a.seen('late/sum'), (state) => state?.order.length === count);
    assert.deepEqual(late, expected);
  }, not);

  test(`presence: each sees the other, and sees it go [${how}]`, async (t) => {
    const { a, b } = t;
    await together(t, cbor);
    await a.presence('db', 'ann', { x: 1 });
    await b.presence('db', 'ben', { x: 2 });
    await until('a sees ben', () => a.seen('db/presence'), (all) => all?.ben?.value.x === 2);
    await until('b sees ann', () => b.seen('db/presence'), (all) => all?.ann?.value.x === 1);
    await a.updatePresence('db', { x: 3 });
    await until('b sees ann move', () => b.seen('db/presence'), (all) => all?.ann?.value.x === 3);
    assert.deepEqual(Object.keys(await a.seen('db/presence')), ['ben'], 'a sees itself');
    await b.leavePresence('db');
    await b.disconnect('db');
    await until('ben is gone', () => a.present('db'), (all) => all.ben === undefined);
    await a.leavePresence('db');
  }, not);

  test(`latency: a ping is answered [${how}]`, async (t) => {
    await together(t, cbor);
    const ms = await t.a.latency('db');
    assert.ok(ms > 0 && ms < PATIENCE, `${ms} ms`);
  }, not);

  test(`reconnect: a page goes on receiving without asking again [${how}]`, async (t) => {
    const { a, b, proxy, daemon } = t;
    const room = await a.newRoom(daemon.api);
    await a.connect('db', room.socket_url.replace(`:${daemon.port}`, `:${proxy.port}`), cbor);
    await b.connect('db', room.socket_url, cbor);
    await a.subscribe('db', 'k');
    const push = (value) => b.send('db', { type: 'push', key: 'k', action: { type: 'append' }, value });
    const hears = (value) =>
      until(`a hears ${value}`, () => a.seen('db/k'), (all) => all.some((item) => item.value === value));
    await push('before');
    await hears('before');
    for (const value of ['after', 'after again']) { // each time it adds its query to the URL once more
      const before = (await a.seen('db')).statuses.length;
      proxy.cut();
      await until('it is back', () => a.seen('db'), ({ statuses }) => statuses.slice(before).includes(true));
      await push(value);
      await hears(value);
      const ms = await a.latency('db');
      assert.ok(ms > 0, 'no pong after the reconnect');
    }
    await a.send('db', { type: 'push', key: 'k', action: { type: 'append' }, value: 'from a' });
    await hears('from a');
    if (cbor) { // it is still sent CBOR
      await push({ bytes: Uint8Array.of(1, 2, 3) });
      const all = await until('bytes', () => a.seen('db/k'), (items) => items.length === 5);
      assert.ok(all.pop().value.bytes instanceof Uint8Array, 'bytes are no bytes after the reconnect');
    }
    const seqs = (await a.seen('db/k')).map((item) => item.seq);
    assert.deepEqual(seqs, cbor ? [1, 2, 3, 4, 5] : [1, 2, 3, 4], 'missing or double');
  }, ['head', ...not]);
}

test('binary: a Uint8Array arrives as it was sent', async (t) => {
  const { a, b } = t;
  const room = await together(t, true);
  await b.subscribe('db', 'k');
  await b.connect('json', room.socket_url, false);
  await b.subscribe('json', 'k');
  const bytes = Uint8Array.from({ length: 300 }, (_, i) => i & 255);
  await until('subscribed', () => b.latency('json'), (ms) => ms > 0);
  await until('subscribed', () => b.latency('db'), (ms) => ms > 0);
  await a.send('db', { type: 'push', key: 'k', action: { type: 'append' }, value: { bytes } });
  const [item] = await until('b hears it', () => b.seen('db/k'), (all) => all.length === 1);
  assert.ok(item.value.bytes instanceof Uint8Array, `a ${item.value.bytes?.constructor?.name}`);
  assert.deepEqual(Uint8Array.from(item.value.bytes), bytes);
  const [plain] = await until('JSON hears it', () => b.seen('json/k'), (all) => all.length === 1);
  assert.deepEqual(plain.value.bytes, [...bytes]);
  // What is retained, to a newcomer.
  await a.connect('late', room.socket_url, true);
  await a.subscribe('late', 'k');
  const [late] = await until('a newcomer', () => a.seen('late/k'), (all) => all.length === 1);
  assert.deepEqual(Uint8Array.from(late.value.bytes), bytes);
}, ['release', 'head']);

test('binary: Dates, undefined, big and small numbers arrive as they were sent', async (t) => {
  const { a, b } = t;
  await together(t, true);
  await b.subscribe('db', 'k');
  await until('subscribed', () => b.latency('db'), (ms) => ms > 0);
  const value = { date: new Date(1.7e12), none: undefined, big: 2 ** 40, huge: 1e300, small: -3, half: 0.5, nan: NaN };
  await a.send('db', { type: 'push', key: 'k', action: { type: 'append' }, value });
  const [item] = await until('b hears it', () => b.seen('db/k'), (all) => all.length === 1);
  assert.deepEqual(item.value, value);
}, ['release', 'head']);

test('http: HttpConnection pushes, gets and fails', async (t) => {
  const { a, b } = t;
  const room = await together(t);
  await b.subscribe('db', 'k');
  await until('subscribed', () => b.latency('db'), (ms) => ms > 0);
  const push = (value) => a.http(room.http_url, { type: 'push', key: 'k', action: { type: 'append' }, value });
  assert.equal(await push({ n: 1 }), null);
  assert.deepEqual(await push({ n: 2 }), { type: 'stream_size', key: 'k', size: 2 });
  const items = await until('b hears both', () => b.seen('db/k'), (all) => all.length === 2);
  assert.deepEqual(items, [{ value: { n: 1 }, seq: 1 }, { value: { n: 2 }, seq: 2 }]);
  assert.deepEqual(await a.http(room.http_url, { type: 'get', key: 'k', seq: 1 }),
                   { type: 'init', key: 'k', data: [{ value: { n: 2 }, seq: 2 }] });
  assert.deepEqual(await a.http(room.http_url, { type: 'ping', nonce: 5 }), { type: 'pong', nonce: 5 });
  await assert.rejects(a.http(room.http_url, { type: 'nothing' }), t.daemon.original ? /HTTP error 422/ : /HTTP error 400/);
  await assert.rejects(a.http(room.http_url.replace(room.room, 'x'.repeat(24)), { type: 'ping' }), /HTTP error 404/);
});

test('namespace: a base URL is all that a page needs', async ({ a, b, daemon }) => {
  const api = `${daemon.api}/db/default`;
  const room = await a.newRoom(api);
  assert.deepEqual(await b.getRoom(api, room.room), room);
  await a.connect('db', room.socket_url, false);
  await b.connect('db', room.socket_url, true);
  await a.state('db', 'k');
  await b.state('db', 'k');
  await a.setState('db', 'k', 'across encodings');
  await until('b sees it', () => b.seen('db/k'), (value) => value === 'across encodings');
}, ['release', 'head']);

async function main() {
  const args = process.argv.slice(2);
  const verbose = args.includes('-v');
  const program = args[args.indexOf('--eddyd') + 1];
  const which = args.includes('--original') ? args[args.indexOf('--original') + 1] : undefined;
  if (!args.includes('--eddyd') || !program) {
    console.log('usage: tests/e2e/run [--original WHICH] --eddyd PATH [-v]');
    process.exit(2);
  }
  let passed = 0;
  let failed = 0;
  const report = (name, error) => {
    error ? failed++ : passed++;
    console.log(error ? `not ok ${name}: ${String(error.message ?? error).replace(/\n/g, '\n    ')}` : `ok ${name}`);
    if (error && verbose) console.log(error.stack);
  };

  const daemon = new Daemon();
  const proxy = new TcpProxy();
  try {
    await daemon.start(program, which ? {} : policies.options, !!which);
    await proxy.start(daemon.port);
    for (const { name, run } of which ? tests.filter(({ not }) => !not.includes(which)) : [...tests, ...policies.tests]) {
      const t = { daemon, proxy, a: new Peer(verbose), b: new Peer(verbose) }; // two pages, fresh for each test
      await run(t).then(() => report(name), (error) => report(name, error));
      t.a.end();
      t.b.end();
    }
    proxy.stop();
    report('daemon ends well', await daemon.stop());
  } catch (error) {
    report('e2e', error);
    daemon.child?.kill('SIGKILL');
  }
  console.log(`${passed} passed, ${failed} failed`);
  process.exit(failed ? 1 : 0);
}

main();
