// eddy.v1, against a server that does as its description says; and servers that do not know it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EddyError, Presence, SharedReducer, SharedState, connect, createRoom } from 'eddy-client';
import { Daemon, Proxy, broken, closing, sleep, until } from './harness.js';
import { Mock } from './mock.js';

const FAST = { reconnect: { min: 10, max: 50 } };
const join = (t, mock, options) => closing(t, connect(mock.url, { ...FAST, ...options }));
const list = (state, action) => [...state, action];
const of = (mock, type) => mock.received.filter((message) => message.type === type);

test('hello: the connection knows its member id and that the server speaks eddy.v1', async (t) => {
  const mock = await Mock.start();
  const a = join(t, mock);
  await a.ready;
  assert.deepEqual(mock.handshakes, ['eddy.v1']);
  assert.equal(a.v1, true);
  assert.equal(a.status.protocol, 'eddy.v1');
  assert.equal(a.member, 1);
});

test('a server at a path, and a namespace: where its console is', async (t) => {
  const mock = await Mock.start();
  const server = mock.url.replace('/room/mock/connect', '/some/room/prefix');
  for (const path of ['/room/mock/connect', '/db/name/room/mock/connect', '/room/mock/connect?a=b/c']) {
    const a = closing(t, connect(server + path, FAST));
    await a.ready;
    const console = `${server.replace('ws', 'http')}/console/?url=${encodeURIComponent(server + path)}`;
    assert.equal(a.status.debugUrl, console);
  }
});

for (const protocol of ['plain', 'strict']) {
  test(`a server that does not know eddy.v1 (${protocol}): once more without, and it works`, async (t) => {
    const mock = await Mock.start(protocol);
    const a = join(t, mock);
    const heard = [];
    a.subscribe('k', ({ value }) => heard.push(value));
    await a.ready;
    assert.deepEqual(mock.handshakes, ['eddy.v1', undefined]);
    assert.deepEqual([a.v1, a.status.protocol, a.member], [false, 'plain', undefined]);
    assert.equal(await a.push('k', 1), undefined);
    assert.deepEqual(heard, [1]);
    assert.equal(of(mock, 'push')[0].id, undefined, 'it was sent what it does not know');
    // What such a server would take offence at is not said.
    a.subscribe('other', () => {})();
    a.onMembers(() => {})();
    assert.equal(await a.push('k', 2), undefined);
    assert.deepEqual(heard, [1, 2]);
    assert.deepEqual([...new Set(mock.received.map(({ type }) => type))].sort(), ['get', 'ping', 'push']);
    // And it is offered again the next time: the server may be another one by then.
    mock.protocol = 'eddy.v1';
    mock.cut();
    await until('it is back', () => a.v1);
    assert.equal(await a.push('k', 3), 3);
  });
}

test('a server that is back between two handshakes of one attempt: eddy.v1 all the same', async (t) => {
  const mock = await Mock.start();
  const a = join(t, mock);
  await a.ready;
  mock.handshakes.length = 0;
  mock.away = 3; // after three failures an attempt ends with a handshake that does not offer it: that one succeeds
  await broken(a, () => mock.cut());
  await until('it is back', () => a.status.connected);
  assert.deepEqual(mock.handshakes, ['eddy.v1', 'eddy.v1', 'eddy.v1', undefined, 'eddy.v1']);
  assert.deepEqual([a.v1, a.status.protocol], [true, 'eddy.v1']);
  // And one that has indeed become another is taken as it is.
  mock.protocol = 'strict';
  mock.cut();
  await until('it is plain', () => a.status.connected && !a.v1);
});

test('protocol plain: it is not offered', async (t) => {
  const mock = await Mock.start();
  const a = join(t, mock, { protocol: 'plain' });
  await a.ready;
  assert.deepEqual([mock.handshakes, a.v1], [[undefined], false]);
});

test('ack: a push resolves to its number, to null where it was dropped, and rejects with the code', async (t) => {
  const mock = await Mock.start();
  mock.before = (one, { type, key, id }) => {
    if (type !== 'push') return false;
    if (key === 'drop') one.say({ type: 'ack', id, seq: null });
    if (key === 'no') one.say({ type: 'error', message: 'not you', code: 'refused', id });
    return key === 'drop' || key === 'no';
  };
  const a = join(t, mock);
  const errors = [];
  a.errorListener.addListener((error) => errors.push(error));
  const all = [
    a.push('k', 'x'),
    a.push('drop', 'x'),
    a.push('k', 'y', 'replace'),
    a.push('k', 'z', { type: 'compact', seq: 2 }),
  ];
  assert.deepEqual(await Promise.all(all), [1, null, 2, 2]);
  await assert.rejects(
    a.push('no', 'x'),
    (error) => error instanceof EddyError && error.code === 'refused' && error.message === 'not you',
  );
  assert.deepEqual(errors, [], 'it was told twice');
  assert.equal(await a.push('k', 1, 'relay', { ack: false }), undefined);
  await a.testLatency();
  assert.equal(of(mock, 'push').at(-1).id, undefined);
});

test('resume: what was missed arrives, and with nothing to recover all begins anew', async (t) => {
  const mock = await Mock.start();
  const a = join(t, mock);
  const heard = [];
  const resets = [];
  const synced = [];
  a.subscribe('log', ({ value }) => heard.push(value));
  a.subscribe('log', () => {}, {
    reset: (items) => resets.push(items.map(({ value }) => value)),
    sync: (live) => synced.push(live),
  });
  await a.push('log', 1);
  const away = async (change) => {
    await broken(a, () => {
      mock.cut();
      change();
    });
    await until('it is back', () => a.status.connected && synced.at(-1));
  };
  await away(() => [2, 3].forEach((value) => mock.push('log', value, { type: 'append' })));
  assert.deepEqual([heard, resets, synced], [[1, 2, 3], [[]], [true, false, true]]);
  assert.deepEqual(of(mock, 'resume').at(-1), { type: 'resume', epoch: mock.epoch, seq: 1, keys: ['log'] });
  assert.equal(of(mock, 'get').length, 2, 'it asked for all again');
  // A relay was missed: what is retained comes again, but the plain listener has had it.
  await away(() => {
    mock.push('log', 'lost', { type: 'relay' });
    mock.push('log', 4, { type: 'append' });
  });
  assert.deepEqual(
    [heard, resets.at(-1)],
    [
      [1, 2, 3, 4],
      [1, 2, 3, 4],
    ],
  );
  // Another room under the same name, whose numbers begin anew.
  await away(() => {
    mock.renew();
    mock.push('log', 'new', { type: 'append' });
  });
  assert.deepEqual([heard.at(-1), resets.at(-1)], ['new', ['new']]);
  assert.equal(await a.push('log', 'newer'), 2);
  assert.equal(heard.at(-1), 'newer');
  await away(() => mock.push('log', 'newest', { type: 'append' }));
  assert.deepEqual([heard.at(-1), resets.length], ['newest', 3]);
});

test('resume: what was not answered yet is asked for, not resumed', async (t) => {
  const mock = await Mock.start();
  mock.push('late', 'x', { type: 'append' });
  mock.push('k', 'y', { type: 'append' });
  let swallow = true;
  mock.before = (_, { type, key }) => type === 'get' && key === 'late' && swallow;
  const a = join(t, mock);
  const heard = [];
  a.subscribe('k', ({ value }) => heard.push(value));
  a.subscribe('late', ({ value }) => heard.push(value));
  await until('one is there', () => heard.length === 1);
  mock.cut();
  swallow = false;
  await until('both', () => heard.length === 2);
  assert.deepEqual(heard, ['y', 'x']);
  assert.deepEqual(of(mock, 'resume').at(-1).keys, ['k']);
});

test('resume: from the number that the room had, where nothing was heard since', async (t) => {
  const mock = await Mock.start();
  for (const key of ['k', 'other', 'other']) mock.push(key, 'x', { type: 'append' });
  const a = join(t, mock);
  const resets = [];
  a.subscribe('k', () => {}, { reset: (items) => resets.push(items.length) });
  await a.ready;
  await a.testLatency();
  await broken(a, () => mock.cut());
  await until('it resumes', () => of(mock, 'resume').length);
  await a.testLatency();
  assert.deepEqual([of(mock, 'resume')[0].seq, resets], [3, [1]]);
});

test('resume refused: everything is asked for again', async (t) => {
  const mock = await Mock.start();
  mock.before = (one, { type }) => type === 'resume' && (one.say({ type: 'error', message: 'no', code: 'rate' }), true);
  const a = join(t, mock);
  a.errorListener.addListener(() => {});
  let items;
  a.subscribe('k', () => {}, { reset: (all) => (items = all) });
  await a.push('k', 1);
  mock.cut();
  items = undefined;
  await until('it begins anew', () => items);
  assert.deepEqual(items, [{ value: 1, seq: 1 }]);
});

test('a second listener is told all from the beginning, the first nothing twice', async (t) => {
  const mock = await Mock.start();
  const a = join(t, mock);
  const heard = { one: [], two: [] };
  a.subscribe('k', ({ value }) => heard.one.push(value));
  await a.push('k', 1);
  const end = a.subscribe('k', ({ value }) => heard.two.push(value));
  await a.push('k', 2);
  assert.deepEqual(heard, { one: [1, 2], two: [1, 2] });
  assert.deepEqual(await a.get('k', 1), [{ value: 2, seq: 2 }]);
  end();
  await a.push('k', 3);
  assert.deepEqual(heard, { one: [1, 2, 3], two: [1, 2] });
  assert.equal(of(mock, 'unsubscribe').length, 0, 'the first one still listens');
});

test('get: once, leaves no subscription behind, and fails in time', async (t) => {
  const mock = await Mock.start();
  mock.push('k', 'x', { type: 'append' });
  const a = join(t, mock);
  assert.deepEqual(await a.get('k'), [{ value: 'x', seq: 1 }]);
  await a.testLatency();
  assert.deepEqual(
    of(mock, 'unsubscribe').map(({ key }) => key),
    ['k'],
  );
  mock.before = (_, { type }) => type === 'get';
  const b = join(t, mock, { timeout: 200 });
  await b.ready;
  await assert.rejects(b.get('k'), { code: 'timeout' });
});

test('unsubscribe and subscribe again at once', async (t) => {
  const mock = await Mock.start();
  mock.push('k', 'x', { type: 'append' });
  const a = join(t, mock);
  await a.ready;
  const heard = { one: [], two: [] };
  a.subscribe('k', ({ value }) => heard.one.push(value))();
  a.subscribe('k', ({ value }) => heard.two.push(value));
  await a.push('k', 'y');
  assert.deepEqual(heard, { one: [], two: ['x', 'y'] });
});

test('members: the list, who comes and who goes, and again after a reconnect', async (t) => {
  const mock = await Mock.start();
  const a = join(t, mock);
  const events = [];
  const end = a.onMembers((event) => events.push(event));
  await until('the list', () => events.length);
  const b = join(t, mock);
  await until('b has come', () => a.members.length === 2);
  b.disconnect();
  await until('b has gone', () => a.members.length === 1);
  assert.deepEqual(events, [
    { type: 'members', member: undefined, members: [1] },
    { type: 'join', member: 2, members: [1, 2] },
    { type: 'leave', member: 2, members: [1] },
  ]);
  mock.cut();
  await until('the list again', () => events.length === 4);
  assert.deepEqual([events[3].members, a.member], [[3], 3]);
  end();
  await a.testLatency();
  assert.deepEqual(of(mock, 'members').at(-1), { type: 'members', subscribe: false });
});

test('reconnect hint: it comes back when it was told to', async (t) => {
  const mock = await Mock.start();
  const a = join(t, mock, { reconnect: { min: 5000 } });
  await a.ready;
  const told = [];
  a.statusListener.addListener((status) => told.push(status));
  await broken(a, () => {
    for (const one of mock.connections) {
      one.say({ type: 'reconnect', delay_ms: 100, spread_ms: 50 });
      one.ws.close(1001, 'restart');
    }
  });
  await until('it is back', () => a.status.connected);
  const { reason, code, message, retryIn } = told.find(({ state }) => state === 'waiting');
  assert.deepEqual([reason, code, message], ['draining', 1001, 'restart']);
  assert.ok(retryIn >= 100 && retryIn <= 150, `${retryIn}`);
});

test('pushes on their way when the connection breaks are rejected; queued ones are sent', async (t) => {
  const mock = await Mock.start();
  mock.before = (_, { key }) => key === 'never';
  const a = join(t, mock);
  await a.ready;
  const lost = a.push('never', 1);
  mock.cut();
  await assert.rejects(lost, { code: 'connection_lost' });
  const queued = a.push('k', 2); // not yet noticed, or waiting: it is not lost
  assert.equal(await queued, 1);
});

test('reducer: a refused action is undone, a dropped one too; what was lost on the way is sent again', async (t) => {
  const mock = await Mock.start();
  let deal = () => false;
  mock.before = (one, message) => message.type === 'push' && deal(one, message);
  const a = join(t, mock);
  const shared = new SharedReducer(a, 'r', { initial: [], reducer: list });
  const shown = [];
  t.after(shared.subscribe((state) => shown.push(state)));
  await a.ready;
  await a.testLatency();
  shown.length = 0;
  assert.equal(await shared.dispatch('one'), 1);
  deal = (one, { id }) => (one.say({ type: 'error', message: 'no', code: 'refused', id }), true);
  await assert.rejects(shared.dispatch('refused'), { code: 'refused' });
  deal = (one, { id }) => (one.say({ type: 'ack', id, seq: null }), true);
  assert.equal(await shared.dispatch('dropped'), null);
  assert.deepEqual(shared.value, ['one']);
  assert.deepEqual(shown, [['one'], ['one', 'refused'], ['one'], ['one', 'dropped'], ['one']]);
  // Heard, but the connection broke before it was said so: not sent again. Not heard: sent again. In order, both.
  deal = (one, { value, key, action }) => {
    if (value.apply === 'heard') mock.push(key, value, action);
    if (value.apply === 'unheard') {
      deal = () => false;
      one.ws.terminate();
    }
    return true;
  };
  let all;
  await broken(a, () => (all = [shared.dispatch('heard'), shared.dispatch('unheard')]));
  const late = shared.dispatch('late');
  assert.deepEqual(shared.value, ['one', 'heard', 'unheard', 'late']);
  await Promise.all([...all, late]);
  assert.deepEqual(shared.value, ['one', 'heard', 'unheard', 'late']);
  assert.deepEqual(
    mock.stream('r').items.map(({ value }) => value.apply),
    ['one', 'heard', 'unheard', 'late'],
  );
  assert.equal(shared.settled, true);
});

test('reducer: an action that costs the connection each time is given up', async (t) => {
  const mock = await Mock.start();
  mock.before = (one, { type, value }) => type === 'push' && value.apply === 'huge' && (one.ws.close(1009), true);
  const a = join(t, mock);
  const shared = new SharedReducer(a, 'r', { initial: [], reducer: list });
  t.after(shared.subscribe(() => {}));
  await assert.rejects(shared.dispatch('huge'), { code: 'connection_lost' });
  assert.equal(of(mock, 'push').length, 3);
  assert.deepEqual(shared.value, []);
});

test('reducer: compacted beyond the threshold, one at a time, and never where switched off', async (t) => {
  for (const [compact, folded] of [
    [5, true],
    [false, false],
  ]) {
    const mock = await Mock.start();
    const a = join(t, mock);
    const shared = new SharedReducer(a, 'r', { initial: 0, reducer: (sum, n) => sum + n, compact });
    t.after(shared.subscribe(() => {}));
    await Promise.all(Array.from({ length: 20 }, () => shared.dispatch(1)));
    assert.equal(shared.value, 20);
    await a.testLatency();
    const { items } = mock.stream('r');
    assert.equal(items.length < 20, folded, `${items.length}`);
    assert.equal(items.filter(({ value }) => value.reset !== undefined).length, folded ? 1 : 0);
    const late = new SharedReducer(join(t, mock), 'r', { initial: 0, reducer: (sum, n) => sum + n });
    t.after(late.subscribe(() => {}));
    await until('a newcomer', () => late.value === 20);
  }
});

test('state: what was dropped comes back after a while, refused at once; held back is no flicker', async (t) => {
  const mock = await Mock.start();
  let deal = () => false;
  mock.before = (one, message) => message.type === 'push' && deal(one, message);
  const a = join(t, mock);
  const errors = [];
  a.errorListener.addListener(({ code }) => errors.push(code));
  const shared = new SharedState(a, 's', { initial: 0, debounce: false, settle: 500 });
  const shown = [];
  t.after(shared.subscribe((value) => shown.push(value)));
  await a.ready;
  await a.testLatency();
  shared.set(1);
  await until('the room has it', () => mock.seq === 1);
  deal = (one, { id }) => (one.say({ type: 'error', message: 'no', code: 'refused', id }), true);
  shared.set(2);
  await until('it is taken back', () => shared.value === 1);
  deal = (one, { id }) => (one.say({ type: 'ack', id, seq: null }), true);
  shared.set(3);
  await until('it is taken back', () => shared.value === 1);
  deal = (one, { id, key, value, action }) => {
    one.say({ type: 'ack', id, seq: null });
    setTimeout(() => mock.push(key, value, action), 20);
    return true;
  };
  shared.set(4);
  await sleep(700);
  assert.deepEqual([shown, errors], [[1, 2, 1, 3, 1, 4], ['refused']]);
});

test('state: what was on its way and is older than what others did meanwhile is not sent again', async (t) => {
  const mock = await Mock.start();
  let swallow = false;
  mock.before = (_, { type }) => type === 'push' && swallow;
  const a = join(t, mock);
  const shared = new SharedState(a, 's', { initial: '', debounce: false });
  t.after(shared.subscribe(() => {}));
  await a.ready;
  await a.testLatency();
  const meanwhile = async (change) => {
    swallow = true;
    shared.set('mine');
    await a.testLatency();
    swallow = false;
    await broken(a, () => {
      mock.cut();
      change();
    });
    await until('it is back', () => a.status.connected);
    await a.testLatency(); // resumed
    await a.testLatency(); // and what is said then has been heard
  };
  await meanwhile(() => mock.push('s', { v: 'other', i: 'x' }, { type: 'replace' }));
  assert.deepEqual([shared.value, mock.stream('s').items[0].value.v], ['other', 'other']);
  await meanwhile(() => {});
  assert.deepEqual([shared.value, mock.stream('s').items[0].value.v], ['mine', 'mine']);
});

test('presence: whose connection goes is gone after the grace, who comes back in time was never away', async (t) => {
  const mock = await Mock.start();
  const options = { interval: 10000, timeout: 60000, grace: 1000 };
  const watch = (name) => new Presence(join(t, mock), { ...options, clientId: name, value: name });
  const [a, b, c] = ['a', 'b', 'c'].map(watch);
  const told = [];
  for (const one of [b, c]) t.after(one.subscribe(() => {}));
  await until('they are connected', () => mock.connections.size === 3);
  t.after(
    a.subscribe((all) => {
      const names = Object.keys(all).sort().join();
      if (told.at(-1) !== names) told.push(names);
    }),
  );
  await a.connection.testLatency();
  b.set('b!'); // so that a, who came later, hears of them
  c.set('c!');
  await until('a sees both', () => told.at(-1) === 'b,c');
  [...mock.connections].find(({ member }) => member === b.connection.member).ws.terminate();
  c.connection.disconnect();
  await until('c is gone', () => told.at(-1) === 'b');
  await sleep(200);
  assert.deepEqual(told.slice(-2), ['b,c', 'b'], 'b flickered');
});

test('bounds: the queue drops what the knob says, a reducer takes no more actions than that', async (t) => {
  const mock = await Mock.start();
  for (const [drop, kept] of [
    ['newest', [1, 2]],
    ['oldest', [2, 3]],
  ]) {
    mock.renew();
    const a = join(t, mock, { queue: { max: 2, drop } });
    const all = [1, 2, 3].map((value) => a.push('k', value));
    const results = await Promise.allSettled(all);
    assert.deepEqual(
      mock.stream('k').items.map(({ value }) => value),
      kept,
    );
    assert.deepEqual(
      results.filter(({ status }) => status === 'rejected').map(({ reason }) => reason.code),
      ['queue_full'],
    );
    a.disconnect();
    await assert.rejects(a.push('k', 4), { code: 'not_connected' });
    const shared = new SharedReducer(a, 'r', { initial: [], reducer: list });
    t.after(shared.subscribe(() => {}));
    shared.dispatch(1);
    shared.dispatch(2);
    await assert.rejects(shared.dispatch(3), { code: 'queue_full' });
    assert.deepEqual(shared.value, [1, 2]);
  }
});

test('hostile: what cannot be read, or makes no sense, ends nothing', async (t) => {
  const mock = await Mock.start();
  const a = join(t, mock);
  const errors = [];
  const { error } = console;
  t.after(() => (console.error = error));
  console.error = (what) => errors.push(what);
  const heard = [];
  a.subscribe('k', ({ value }) => {
    heard.push(value);
    throw new Error('a listener that fails');
  });
  const shared = [
    new SharedState(a, 'k', { initial: 0 }),
    new SharedReducer(a, 'k', { initial: 0, reducer: (n) => n }),
    new Presence(a, { key: 'k' }),
  ];
  for (const one of shared) t.after(one.subscribe(() => {}));
  await a.ready;
  for (const { ws } of mock.connections) {
    for (const text of [
      '{',
      'null',
      '[]',
      '{}',
      '{"type":"init","key":"k"}',
      '{"type":"resumed"}',
      '{"type":"ack","id":77,"seq":1}',
      '{"type":"pong","nonce":99}',
      '{"type":"stream_size","key":"q","size":3}',
    ])
      ws.send(text);
    ws.send(Buffer.from([1, 2, 3]));
  }
  for (const value of [null, 5, 'x', [], {}, { client: 5 }, { client: 'x' }, { apply: null }]) await a.push('k', value);
  assert.equal(heard.length, 8);
  // Each of them is told.
  assert.ok(errors.length >= 12 && errors.every((what) => what instanceof Error), `${errors.length}`);
});

test('the daemon itself: acks, resume, members, codes', async (t) => {
  const daemon = await Daemon.start({ 'namespaces.counter.policy': 'counter' });
  const proxy = await Proxy.start(daemon.port);
  const url = `ws://127.0.0.1:${proxy.port}/room/v1/connect`;
  const a = closing(t, connect(url, FAST));
  const b = closing(t, connect(url.replace(proxy.port, daemon.port), FAST));
  await Promise.all([a.ready, b.ready]);
  if (!a.v1) return t.skip('this eddyd does not speak eddy.v1');
  assert.notEqual(a.member, b.member);
  const events = [];
  t.after(b.onMembers(({ type, members }) => events.push(`${type} ${members.length}`)));
  const heard = [];
  const resets = [];
  a.subscribe('log', ({ value }) => heard.push(value));
  a.subscribe('log', () => {}, { reset: (items) => resets.push(items.map(({ value }) => value)) });
  assert.deepEqual([await a.push('log', 1), await a.push('log', 2, 'relay'), await a.push('log', 3)], [1, 2, 3]);
  const away = async (change) => {
    await broken(a, async () => {
      await proxy.offline();
      await change();
      await proxy.online();
    });
    await until('it is back', () => a.status.connected);
    await a.testLatency();
  };
  await away(() => b.push('log', 4));
  assert.deepEqual([heard, resets], [[1, 2, 3, 4], [[]]]);
  await away(async () => {
    await b.push('log', 'lost', 'relay');
    await b.push('log', 5);
  });
  assert.deepEqual(
    [heard, resets],
    [
      [1, 2, 3, 4, 5],
      [[], [1, 3, 4, 5]],
    ],
  );
  assert.deepEqual(events.filter((event) => event !== 'members 2').slice(0, 2), ['leave 1', 'join 2']);
  await away(async () => {
    await daemon.kill();
    await daemon.run();
  });
  assert.deepEqual(resets.at(-1), [], 'what is there no more');
  assert.equal(await a.push('log', 'new'), 1);
  assert.equal(heard.at(-1), 'new');
  const room = await createRoom(`${daemon.api}/db/counter`);
  const c = closing(t, connect(room, FAST));
  assert.equal(await c.push('counter', { apply: 'increment' }), 1);
  await assert.rejects(c.push('counter', { apply: 'explode' }), { code: 'refused' });
  assert.equal(await c.push('counter', { reset: 0 }, { type: 'compact', seq: 1 }), null, 'its policy drops it');
});
