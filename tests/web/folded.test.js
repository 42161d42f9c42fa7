// A reducer whose steps the room takes too (scripts/lib/reducer.lua): it folds, and resets, while a page has an action on
// its way and loses the connection. Each action counts once, as the room tells what it has seen of whom.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SharedReducer, connect, createRoom } from 'eddy-client';
import { Daemon, Proxy, closing, published, sleep, until } from './harness.js';

const FAST = { reconnect: { min: 20, max: 200 } };
const driftdb = published();
const step = (count, action) => count + (action === 'increment' ? 1 : -1);
const daemon = await Daemon.start({ 'namespaces.counter.policy': 'counter' });

function counter(t, url, options) {
  const db = closing(t, connect(url, { ...FAST, ...options }));
  const shared = new SharedReducer(db, 'counter', { initial: 0, reducer: step });
  t.after(shared.subscribe(() => {}));
  return { db, shared };
}

async function publishedCounter(t, url) {
  const db = new driftdb.DbConnection();
  t.after(() => db.disconnect());
  await db.connect(url);
  const page = { shown: 0 };
  const callback = (count) => (page.shown = count);
  const reducer = new driftdb.Reducer({ db, key: 'counter', reducer: step, initialValue: 0, callback });
  reducer.subscribe();
  await db.testLatency();
  return Object.assign(page, { dispatch: reducer.dispatch });
}

for (const protocol of ['auto', 'plain']) {
  test(`folded by the policy while an action was on its way: it counts once (${protocol})`, async (t) => {
    const proxy = await Proxy.start(daemon.port);
    const { socket_url: url } = await createRoom(`${daemon.api}/db/counter`);
    const a = counter(t, proxy.url(url), { protocol });
    const b = counter(t, url, { protocol });
    const theirs = await publishedCounter(t, url);
    const all = (wanted) =>
      until(`all have ${wanted}`, () => {
        const seen = [a.shared.value, b.shared.value, theirs.shown];
        return seen.every((count) => count === wanted) && a.shared.settled && b.shared.settled;
      });
    a.shared.dispatch('increment');
    await all(1);

    for (let round = 0; round < 3; round++) {
      const before = b.shared.value;
      // Heard, and then what the room says of it is lost; meanwhile others act, and it is folded.
      proxy.stall('down');
      const heard = a.shared.dispatch('increment');
      await until('it is heard', () => b.shared.value === before + 1);
      for (let n = 0; n < 40; n++) await b.shared.dispatch('increment');
      assert.ok(!a.shared.settled);
      const items = await b.db.get('counter');
      assert.ok(items.length < 30 && items[0].value.reset > before + 1, 'it was folded');
      proxy.cut();
      await heard;
      await all(before + 41);
      // Not heard: that comes once more.
      proxy.stall('up');
      const lost = a.shared.dispatch('decrement');
      await sleep(50);
      for (let n = 0; n < 40; n++) await b.shared.dispatch('increment');
      proxy.cut();
      await lost;
      await all(before + 80);
      // The published one in the same room begins from the same states.
      theirs.dispatch('increment');
      await all(before + 81);
    }
    const late = await publishedCounter(t, url);
    assert.equal(late.shown, b.shared.value);
  });
}

test('reset after a refusal while an action was on its way: it counts once', async (t) => {
  const proxy = await Proxy.start(daemon.port);
  const { socket_url: url } = await createRoom(`${daemon.api}/db/counter`);
  const a = counter(t, proxy.url(url));
  const b = counter(t, url);
  await a.shared.dispatch('increment');
  proxy.stall('down');
  const heard = a.shared.dispatch('increment');
  await until('it is heard', () => b.shared.value === 2);
  await assert.rejects(b.db.push('counter', { apply: 'explode', i: 'b' }), { code: 'refused' });
  await until('it was reset', async () => {
    const [{ value }] = await b.db.get('counter');
    return value.reset === 2;
  });
  proxy.cut();
  await heard;
  await until('both have it', () => a.shared.settled && a.shared.value === 2 && b.shared.value === 2);
  assert.equal((await b.db.get('counter')).at(-1).value.reset, 2, 'nothing came behind it');
});
