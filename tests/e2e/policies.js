// What the shipped policies do for pages that know nothing of them: the published npm package `driftdb`, unchanged, through a
// real eddyd. Run by main.js.
'use strict';

const assert = require('assert/strict');
const { Peer, sleep, until } = require('./harness');

const GRACE = 700; // ms; as in `options`

/** Settings of the daemon that these tests want. */
exports.options = {
  'namespaces.counter.policy': 'counter',
  'namespaces.chat.policy': 'chat',
  'namespaces.chat.knobs.burst': 3,
  'namespaces.chat.knobs.burst_time': '1h',
  'namespaces.tictactoe.policy': 'tictactoe',
  'namespaces.whiteboard.policy': 'whiteboard',
  'namespaces.whiteboard.knobs.cursor_every': '40ms',
  'namespaces.whiteboard.knobs.cursor_grace': `${GRACE}ms`,
  'namespaces.default.knobs.presence_timeout': '60s', // so that it is the connection's end that counts
  'namespaces.default.knobs.presence_grace': `${GRACE}ms`,
  'namespaces.default.knobs.debounce_key': 'thin/*',
  'namespaces.default.knobs.debounce_every': '50ms',
};

const FOLD = 30; // of reducers, where a policy says nothing else
const NEVER = 1e9; // a page that never compacts

const counter = (n, action) => n + (action === 'increment' ? 1 : -1);
const board = (state, op) => {
  const { [op.id]: _, ...rest } = state;
  return op.erase ? rest : { ...rest, [op.id]: op.shape };
};

// As a page of tic-tac-toe has it: it believes whatever it is told.
const game = (state, action) => {
  if (action.type === 'reset') return initialGame;
  const squares = [...state.board];
  squares[action.index] = state.xIsNext ? 1 : 0;
  return { ...state, board: squares, xIsNext: !state.xIsNext, [state.xIsNext ? 'xPlayer' : 'oPlayer']: action.player };
};
const initialGame = { board: Array(9).fill(null), xIsNext: true, xPlayer: null, oPlayer: null, winner: null };

const tests = [];
exports.tests = tests;

/** For both encodings. */
function test(name, run) {
  for (const cbor of [false, true])
    tests.push({ name: `policies: ${name} [${cbor ? 'cbor' : 'json'}]`, run: (t) => run({ ...t, cbor }) });
}

/** A new room of a namespace, and these pages in it. */
async function together({ daemon, cbor }, space, ...pages) {
  const room = await pages[0].newRoom(`${daemon.api}/db/${space}`);
  for (const page of pages) await page.connect('db', room.socket_url, cbor);
  return room;
}

/** What the room retains of a key. */
const retained = async (page, room, key) => (await page.http(room.http_url, { type: 'get', key, seq: 0 })).data;

/** The names in the first init that somebody is sent who comes now. */
let newcomers = 0;
async function newcomer({ a, cbor }, room, key) {
  const name = `newcomer ${++newcomers}`;
  await a.connect(name, room.socket_url, cbor);
  await a.hear(name);
  await a.subscribe(name, key);
  const heard = await until('an init', () => a.seen(`${name}/messages`), (all) => all.some(({ type }) => type === 'init'));
  await a.disconnect(name);
  return heard.find(({ type }) => type === 'init').data.map(({ value }) => value.client).sort();
}

/** One more page, for as long as `run` takes. */
async function withPage(run) {
  const page = new Peer(false);
  try {
    return await run(page);
  } finally {
    if (page.child.connected) page.end();
  }
}

test('three pages count, and come to the same number; the room folds', (t) => withPage(async (c) => {
  const pages = [t.a, t.b, c];
  const room = await together(t, 'counter', ...pages);
  for (const page of pages) await page.reduce('db', 'counter', counter.toString(), 0, NEVER);
  await t.a.hear('db');
  let longest = 0;
  for (let round = 0; round < 10; round++) {
    await Promise.all(pages.map((page) => page.dispatch('db', 'counter', Array(5).fill('increment'))));
    await t.b.dispatch('db', 'counter', ['decrement']);
    longest = Math.max(longest, (await retained(t.a, room, 'counter')).length);
  }
  const all = 10 * (3 * 5 - 1);
  for (const page of pages) await until('the same number', () => page.seen('db/counter'), (n) => n === all);
  longest = Math.max(longest, (await retained(t.a, room, 'counter')).length);
  assert.ok(longest < FOLD, `${longest} messages were retained`);
  // It stays so: nothing is still on its way that would change it.
  await sleep(400);
  for (const page of pages) assert.equal(await page.seen('db/counter'), all);
  const sizes = (await t.a.seen('db/messages')).filter(({ type }) => type === 'stream_size').map(({ size }) => size);
  assert.ok(Math.max(0, ...sizes) <= FOLD, `the pages were told of ${Math.max(...sizes)} messages`);
  // And for who comes later.
  await t.a.connect('late', room.socket_url, t.cbor);
  await t.a.reduce('late', 'counter', counter.toString(), 0, NEVER);
  await until('a newcomer', () => t.a.seen('late/counter'), (n) => n === all);
}));

test('a refused action is undone on the page that sent it', async (t) => {
  const { a, b } = t;
  const room = await together(t, 'counter', a, b);
  for (const page of [a, b]) await page.reduce('db', 'counter', counter.toString(), 0, NEVER);
  await a.hear('db');
  await a.dispatch('db', 'counter', ['increment', 'increment']);
  await until('both', () => b.seen('db/counter'), (n) => n === 2);
  await a.dispatch('db', 'counter', ['explode']); // to this page's reducer: one less
  await until('an error', () => a.seen('db/messages'), (all) => all.some(({ type }) => type === 'error'));
  await until('it is undone', () => a.seen('db/counter'), (n) => n === 2);
  assert.equal((await a.seen('db/counter/shown')).slice(2).shift(), 1, 'the page has not shown it');
  const errors = (await a.seen('db/messages')).filter(({ type }) => type === 'error');
  assert.deepEqual(errors.map(({ message }) => message), ['a counter knows increment and decrement']);
  assert.equal(await b.seen('db/counter'), 2);
  assert.ok((await retained(a, room, 'counter')).every(({ value }) => value.apply !== 'explode'), 'it is retained');
  await b.dispatch('db', 'counter', ['increment']);
  for (const page of [a, b]) await until('they go on', () => page.seen('db/counter'), (n) => n === 3);
});

test('the referee takes back a move out of turn', async (t) => {
  const { a, b } = t;
  await together(t, 'tictactoe', a, b);
  for (const page of [a, b]) await page.reduce('db', 'tictactoe', game.toString(), initialGame, NEVER);
  await a.dispatch('db', 'tictactoe', [{ type: 'move', index: 4, player: 'ann' }]);
  await until('b sees it', () => b.seen('db/tictactoe'), (state) => state?.board[4] === 1);
  await a.dispatch('db', 'tictactoe', [{ type: 'move', index: 0, player: 'ann' }]);
  const shown = () => a.seen('db/tictactoe/shown');
  await until('the page shows it, and it is undone', shown,
              (all) => all.some((state) => state.board[0] === 0) && all.at(-1).board[0] === null);
  await b.dispatch('db', 'tictactoe', [{ type: 'move', index: 0, player: 'ben' }]);
  for (const page of [a, b]) {
    const { board: squares } = await until('they go on', () => page.seen('db/tictactoe'), ({ oPlayer }) => oPlayer === 'ben');
    assert.deepEqual(squares, [0, null, null, null, 1, null, null, null, null]);
  }
});

// Whoever acts at that moment has not seen yet that the other's move is taken back.
test('a move that crosses what the referee takes back is shown all the same', async (t) => {
  const { a, b } = t;
  await together(t, 'tictactoe', a, b);
  for (const page of [a, b]) await page.reduce('db', 'tictactoe', game.toString(), initialGame, NEVER);
  await a.dispatch('db', 'tictactoe', [{ type: 'move', index: 4, player: 'ann' }]);
  await until('b sees it', () => b.seen('db/tictactoe'), (state) => state?.board[4] === 1);
  await Promise.all([
    a.dispatch('db', 'tictactoe', [{ type: 'move', index: 4, player: 'ann' }]), // taken, whoever's turn it is
    b.dispatch('db', 'tictactoe', [{ type: 'move', index: 0, player: 'ben' }]),
  ]);
  for (const page of [a, b])
    await until('they agree', () => page.seen('db/tictactoe'),
                ({ board: squares, oPlayer }) => oPlayer === 'ben' && squares.join() === '0,,,,1,,,,');
});

test('whiteboard: shapes are the same for all, before and after folds', async (t) => {
  const { a, b } = t;
  const room = await together(t, 'whiteboard', a, b);
  for (const page of [a, b]) await page.reduce('db', 'shapes', board.toString(), {}, NEVER);
  for (let i = 0; i < 50; i++) {
    const page = i % 2 ? a : b;
    await page.dispatch('db', 'shapes', [{ id: `s${i % 7}`, shape: { x: i } }]);
  }
  await a.dispatch('db', 'shapes', [{ id: 's0', erase: true }]);
  // A newcomer knows what the room holds; the pages come to that, though each saw its own first.
  await until('all are in', () => a.latency('db'), (ms) => ms > 0);
  await until('all are in', () => b.latency('db'), (ms) => ms > 0);
  await a.connect('late', room.socket_url, t.cbor);
  await a.reduce('late', 'shapes', board.toString(), {}, NEVER);
  const text = async (page, name) => JSON.stringify(Object.entries((await page.seen(`${name}/shapes`)) ?? {}).sort());
  const all = async () => [await text(a, 'late'), await text(a, 'db'), await text(b, 'db')];
  const [state] = await until('the same board', all, ([one, two, three]) => one === two && two === three && one !== '[]');
  assert.ok(JSON.parse(state).length >= 6, state);
  assert.ok((await retained(a, room, 'shapes')).length < FOLD);
});

test('a newcomer is told of everyone in its first init', (t) => withPage(async (c) => {
  const { a, b } = t;
  const room = await together(t, 'default', a, b, c);
  await b.presence('db', 'ben', { x: 2 });
  await c.presence('db', 'cleo', { x: 3 });
  await until('both are there', () => retained(a, room, '__presence'), (all) => all.length === 2);
  assert.deepEqual(await newcomer(t, room, '__presence'), ['ben', 'cleo']);
  // And to the page itself.
  await a.connect('late', room.socket_url, t.cbor);
  await a.presence('late', 'ann', { x: 1 });
  const all = await until('both', () => a.seen('late/presence'), (seen) => seen?.ben && seen.cleo);
  assert.deepEqual([all.ben.value, all.cleo.value], [{ x: 2 }, { x: 3 }]);
}));

test('a page whose process is killed is gone after its grace', (t) => withPage(async (c) => {
  const { a, b } = t;
  const room = await together(t, 'default', a, b, c);
  await b.presence('db', 'ben', { x: 2 });
  await c.presence('db', 'cleo', { x: 3 });
  await until('both are there', () => retained(a, room, '__presence'), (all) => all.length === 2);
  const gone = new Promise((resolve) => c.child.once('exit', resolve));
  const since = Date.now();
  process.kill(c.child.pid, 'SIGKILL');
  await gone;
  const soon = await newcomer(t, room, '__presence');
  if (Date.now() - since < GRACE) assert.deepEqual(soon, ['ben', 'cleo'], 'it was not given its grace');
  await sleep(GRACE + 300 - (Date.now() - since));
  await until('cleo is gone', () => newcomer(t, room, '__presence'), (names) => names.join() === 'ben');
}));

test('who reconnects within the grace does not flicker', async (t) => {
  const { a, b, daemon, proxy } = t;
  for (let tries = 1; ; tries++) {
    const room = await together(t, 'default', a);
    await b.connect('db', room.socket_url.replace(`:${daemon.port}`, `:${proxy.port}`), t.cbor);
    await b.presence('db', 'ben', { x: 2 });
    await until('ben is there', () => retained(a, room, '__presence'), (all) => all.length === 1);
    const looks = [];
    let done = false;
    const looking = (async () => {
      for (; !done; await sleep(10)) looks.push(await retained(a, room, '__presence'));
    })();
    const since = Date.now();
    proxy.cut();
    await b.disconnect('db'); // the package would wait for a second, which is more than the grace
    await b.leavePresence('db');
    await b.connect('again', room.socket_url, t.cbor);
    await b.presence('again', 'ben', { x: 3 });
    await b.latency('again'); // the room has heard it
    const took = Date.now() - since;
    await sleep(2 * GRACE);
    done = true;
    await looking;
    if (took >= GRACE && tries < 10) continue; // on a busy machine: once more
    assert.ok(took < GRACE, `to reconnect takes ${took} ms, ten times`);
    for (const all of looks) assert.deepEqual(all.map(({ value }) => value.client), ['ben'], 'he was gone for a moment');
    assert.deepEqual(looks.at(-1)[0].value.value, { x: 3 });
    return;
  }
});

test('100 positions of a cursor in 100 ms leave as a handful, the last one among them', async (t) => {
  const { a, b } = t;
  const room = await together(t, 'whiteboard', a, b);
  await b.subscribe('db', 'cursor/p');
  await until('subscribed', () => b.latency('db'), (ms) => ms > 0);
  const positions = Array.from({ length: 100 }, (_, i) => ({ client: 'ann', value: { x: i } }));
  const took = await a.burst('db', 'cursor/p', 'relay', positions, 1);
  const heard = await until('the last', () => b.seen('db/cursor/p'), (all) => all.at(-1)?.value.value.x === 99);
  // The first, one each 40 ms of what it took, and the last.
  const most = Math.ceil(took / 40) + 2;
  assert.ok(heard.length >= 2 && heard.length <= most, `${heard.length} were heard in ${took} ms`);
  const xs = heard.map(({ value }) => value.value.x);
  assert.deepEqual(xs, [...xs].sort((one, other) => one - other), 'out of order');
  await sleep(150);
  assert.equal((await b.seen('db/cursor/p')).length, heard.length, 'something came behind the last');
  assert.deepEqual(await newcomer(t, room, 'cursor/p'), ['ann']);
});

test('default: knobs alone thin out a key, and appends are never held back', async (t) => {
  const { a, b } = t;
  const room = await together(t, 'default', a, b);
  for (const key of ['thin/r', 'thin/a', 'thick']) await b.subscribe('db', key);
  await until('subscribed', () => b.latency('db'), (ms) => ms > 0);
  const values = Array.from({ length: 100 }, (_, i) => i);
  const took = await a.burst('db', 'thin/r', 'replace', values, 1);
  await until('the last', () => b.seen('db/thin/r'), (all) => all.at(-1)?.value === 99);
  const heard = (await b.seen('db/thin/r')).length;
  assert.ok(heard <= Math.ceil(took / 50) + 2, `${heard} were heard in ${took} ms`);
  assert.deepEqual((await retained(a, room, 'thin/r')).map(({ value }) => value), [99]);
  // Appends: each and every one, and without delay, so all of them are before what is pushed next to another key.
  await a.burst('db', 'thin/a', 'append', values, 0);
  await a.burst('db', 'thick', 'relay', values, 0);
  await until('the last', () => b.seen('db/thick'), (all) => all.length === 100);
  const appended = await b.seen('db/thin/a');
  assert.deepEqual(appended.map(({ value }) => value), values);
  assert.ok(appended.at(-1).seq < (await b.seen('db/thick'))[0].seq, 'they were held back');
});

test('default: presence in a room that has stock state and reducers besides', async (t) => {
  const { a, b } = t;
  await together(t, 'default', a, b);
  for (const page of [a, b]) {
    await page.state('db', 'shared');
    await page.presence('db', page === a ? 'ann' : 'ben', { at: 1 });
  }
  await until('a sees ben', () => a.seen('db/presence'), (all) => all?.ben);
  await a.setState('db', 'shared', { n: 1 });
  await until('b sees the state', () => b.seen('db/shared'), (value) => value?.n === 1);
});

test('chat: nobody may say too much at once', async (t) => {
  const { a, b } = t;
  const room = await together(t, 'chat', a, b);
  for (const page of [a, b]) {
    await page.hear('db');
    await page.subscribe('db', 'chat');
  }
  const say = (page, name, text) =>
    page.send('db', { type: 'push', key: 'chat', action: { type: 'append' }, value: { name, text } });
  for (let i = 1; i <= 5; i++) await say(a, 'Ann', `${i}`);
  const told = (page) => async () => (await page.seen('db/messages')).filter(({ type }) => type === 'error').map((m) => m.message);
  const errors = await until('two errors', told(a), (all) => all.length === 2);
  assert.deepEqual(errors, ['not so fast', 'not so fast']);
  await say(b, 'Ben', 'hello'); // he has said nothing yet
  const heard = await until('hello', () => a.seen('db/chat'), (all) => all.at(-1)?.value.text === 'hello');
  assert.deepEqual(heard.map(({ value }) => value.text), ['1', '2', '3', 'hello']);
  assert.deepEqual(await told(b)(), []);
  assert.deepEqual((await retained(a, room, 'chat')).map(({ value }) => value.text), ['1', '2', '3', 'hello']);
});
