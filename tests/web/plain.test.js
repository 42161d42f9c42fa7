// Servers that do not know eddy.v1, as an original DriftDB server is one: what they lose, and what they do not take. The
// original itself plays tests/original; here `mock.js` does as it does.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SharedReducer, SharedState, connect } from 'eddy-client';
import WebSocket from 'ws';
import { broken, closing, until } from './harness.js';
import { Mock } from './mock.js';

const FAST = { reconnect: { min: 10, max: 50 } };
const join = (t, mock, options) => closing(t, connect(mock.url, { ...FAST, ...options }));
const list = (state, action) => [...state, action];
const of = (mock, type) => mock.received.filter((message) => message.type === type);
const using = (t, store) => (t.after(store.subscribe(() => {})), store);

/** Does not tell `ws` that a push to this room is back, while `losing` says so. */
function lossy(mock) {
  const lossy = { losing: false };
  mock.before = (one) => {
    const { say } = one;
    one.lossy ??= one.say = (message) => (lossy.losing && message.type === 'push') || say(message);
    return false;
  };
  return lossy;
}

test('reducer: few actions at once: what is beyond 32 messages an original server loses', async (t) => {
  const mock = await Mock.start('plain');
  const a = join(t, mock);
  const shared = using(t, new SharedReducer(a, 'r', { initial: [], reducer: list, compact: false }));
  await a.ready;
  let most = 0;
  let waiting = 0;
  mock.before = (_, { type }) => {
    waiting = type === 'push' ? waiting + 1 : 0;
    most = Math.max(most, waiting);
    return false;
  };
  const all = Array.from({ length: 100 }, (_, n) => n);
  await Promise.all(all.map(shared.dispatch));
  assert.equal(most, 8);
  assert.deepEqual(shared.value, all);
  assert.deepEqual(
    (await a.get('r')).map(({ value }) => value.apply),
    all,
  );
});

test('reducer: under eddy.v1 there is no such bound', async (t) => {
  const mock = await Mock.start();
  const a = join(t, mock);
  const shared = using(t, new SharedReducer(a, 'r', { initial: [], reducer: list }));
  await a.ready;
  mock.before = (_, { type }) => type === 'push'; // answers none
  for (let n = 0; n < 100; n++) shared.dispatch(n);
  await until('all came', () => of(mock, 'push').length === 100);
});

test('reducer: actions of which the echo was lost are asked for, once for all of them', async (t) => {
  const mock = await Mock.start('plain');
  const a = join(t, mock);
  const shared = using(t, new SharedReducer(a, 'r', { initial: [], reducer: list, compact: false }));
  const shown = [];
  t.after(shared.subscribe((value) => shown.push(value.length)));
  await shared.dispatch('first');
  const losing = lossy(mock);
  losing.losing = true;
  await Promise.all([shared.dispatch('a'), shared.dispatch('b'), shared.dispatch('c')]);
  losing.losing = false;
  await until('it is in step', () => of(mock, 'get').length === 2);
  await shared.dispatch('last');
  assert.deepEqual(shared.value, ['first', 'a', 'b', 'c', 'last']);
  assert.deepEqual(shown, [...shown].sort(), 'it flickered');
  assert.equal(of(mock, 'get').length, 2);
});

test('reducer: what a policy dropped is undone', async (t) => {
  const mock = await Mock.start('plain');
  const a = join(t, mock);
  const shared = using(t, new SharedReducer(a, 'r', { initial: [], reducer: list }));
  await shared.dispatch('kept');
  mock.before = (_, { type }) => type === 'push';
  await shared.dispatch('dropped');
  await until('it is undone', () => shared.value.length === 1);
});

test('state: a value of which the echo was lost stays, one that was dropped does not', async (t) => {
  const mock = await Mock.start('plain');
  const a = join(t, mock);
  const shared = using(t, new SharedState(a, 's', { initial: 0, settle: 50, debounce: false }));
  const shown = [];
  t.after(shared.subscribe((value) => shown.push(value)));
  await a.ready;
  await a.testLatency();
  const losing = lossy(mock);
  losing.losing = true;
  shared.set('lost on the way back');
  await until('it is asked for', () => of(mock, 'get').length === 2);
  losing.losing = false;
  await a.testLatency();
  assert.deepEqual(shown, ['lost on the way back']);
  mock.before = (_, { type }) => type === 'push';
  shared.set('dropped');
  await until('it is back', () => shared.value === 'lost on the way back');
});

test('a server that knew eddy.v1 and was away for a moment is offered it again', async (t) => {
  const mock = await Mock.start();
  const a = join(t, mock);
  await a.ready;
  assert.ok(a.v1);
  mock.protocol = 'strict'; // as a handshake fails where nobody is
  mock.http.prependListener('upgrade', ({ headers }) => {
    if (!headers['sec-websocket-protocol']) mock.protocol = 'eddy.v1'; // it is there again, just as one tries without
  });
  await broken(a, () => mock.cut());
  await until('it is back', () => a.status.connected);
  assert.ok(a.v1, `${mock.handshakes}`);
});

test('a server that knew eddy.v1 and is an original one now', async (t) => {
  const mock = await Mock.start();
  const a = join(t, mock);
  await a.ready;
  mock.protocol = 'strict';
  await broken(a, () => mock.cut());
  await until('it is back', () => a.status.connected && !a.v1);
  const { length } = mock.handshakes;
  await a.push('k', 1);
  assert.equal(mock.handshakes.length, length);
});

test('cbor, imported: byte strings have no tag, which an original server would end the connection for', async (t) => {
  const mock = await Mock.start('plain');
  const sent = [];
  class Recorded extends WebSocket {
    send(data) {
      sent.push(data);
      super.send(data);
    }
  }
  mock.before = () => true;
  const a = join(t, mock, { cbor: true, protocol: 'plain', WebSocket: Recorded });
  await a.ready;
  a.push('k', { bytes: Uint8Array.of(1, 2, 3) }, 'append', { ack: false });
  await until('it is said', () => sent.length);
  assert.ok(Buffer.from(sent[0]).includes(Buffer.from('43010203', 'hex')));
  assert.ok(!Buffer.from(sent[0]).includes(Buffer.from('d840', 'hex')), Buffer.from(sent[0]).toString('hex'));
});
