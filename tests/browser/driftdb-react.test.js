// The published driftdb-react, as it is, in pages of somebody else's: all its hooks and components against the daemon, in
// JSON and in binary. It is installed by tests/web, bundled here with the page.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import { createRequire } from 'node:module';
import path from 'node:path';
import { after, before } from 'node:test';
import { agree, scene, text, until } from './harness.js';

const VERSION = '1.0.12';
const PAGE = '<!doctype html><meta charset="utf-8"><title>all hooks</title><div id="root"></div><script src="page.js"></script>';
const here = path.dirname(new URL(import.meta.url).pathname);
const web = path.resolve(here, '../web');

/** What tests/web/run would install, where it has not. */
function install() {
  const lock = fs.readFileSync(path.join(web, 'package-lock.json'));
  const stamp = path.join(web, 'node_modules/.installed');
  if (fs.existsSync(stamp) && lock.equals(fs.readFileSync(stamp))) return;
  execFileSync('npm', ['ci', '--no-audit', '--no-fund', '--fetch-retries', '5'], { cwd: web, stdio: 'pipe' });
  fs.writeFileSync(stamp, lock);
}

async function bundle() {
  const esbuild = createRequire(path.join(web, 'package.json'))('esbuild');
  const { outputFiles } = await esbuild.build({
    entryPoints: [path.join(here, 'driftdb-react.page.js')],
    nodePaths: [path.join(web, 'node_modules')],
    define: { 'process.env.NODE_ENV': '"production"' },
    bundle: true,
    write: false,
    logLevel: 'error',
  });
  return outputFiles[0].text;
}

let server;
before(async () => {
  install();
  const script = await bundle();
  server = http.createServer((request, response) => {
    const isScript = request.url.startsWith('/page.js');
    if (request.url.startsWith('/favicon')) return response.writeHead(204).end();
    response.writeHead(200, { 'Content-Type': isScript ? 'text/javascript' : 'text/html' });
    response.end(isScript ? script : PAGE);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
});
after(() => server?.close());

/** A page of `name`; in the room of `other`, or a new one. */
async function open(scene, name, { binary, other, api = scene.daemon.api } = {}) {
  const url = new URL(`http://127.0.0.1:${server.address().port}/`);
  url.search = new URLSearchParams({ name, api, ...(binary && { binary: 'true' }) });
  if (other) url.searchParams.set('_driftdb_room', new URL(other.url()).searchParams.get('_driftdb_room'));
  const page = await scene.page('about:blank');
  page.codes = [];
  page.frames = { text: 0, binary: 0 };
  page.on('websocket', (socket) => {
    page.socket = socket.url();
    for (const way of ['framesent', 'framereceived'])
      socket.on(way, ({ payload }) => page.frames[typeof payload === 'string' ? 'text' : 'binary']++);
  });
  // Where it has its QR codes made: ours makes the same.
  await page.route('https://api.jamsocket.live/**', async (route) => {
    const asked = route.request().url();
    page.codes.push(asked);
    const answer = await fetch(scene.daemon.api + asked.slice('https://api.jamsocket.live/'.length));
    await route.fulfill({
      status: answer.status,
      contentType: answer.headers.get('content-type'),
      body: Buffer.from(await answer.arrayBuffer()),
    });
  });
  await page.goto(url.href);
  await until(`${name} is connected`, async () => (await page.textContent('#connected')) === 'true');
  return page;
}

const shows = (page, row, wanted) =>
  until(`${row} is ${wanted}`, async () => {
    const seen = await page.textContent(`#${row}`);
    if (seen !== String(wanted)) throw new Error(seen);
    return true;
  });

async function allHooks(scene, how) {
  const ann = await open(scene, 'ann', how[0]);
  const bob = await open(scene, 'bob', { ...how[1], other: ann });
  const both = [ann, bob];

  // What they are, and by which way they speak.
  assert.equal(new URL(bob.url()).searchParams.get('_driftdb_room'), new URL(ann.url()).searchParams.get('_driftdb_room'));
  for (const page of both) {
    assert.equal(await page.textContent('#same'), 'true');
    assert.match(await page.textContent('#id'), /^[0-9a-f-]{36}$/);
    assert.equal(
      await page.textContent('#debug'),
      `https://ui.driftdb.com/?url=${encodeURIComponent(page.socket)}`,
    );
    assert.equal(await page.getAttribute('#status a', 'href'), await page.textContent('#debug'));
    assert.match(await page.textContent('#status'), /^DriftDB status: Connected/);
  }
  assert.notEqual(await ann.textContent('#id'), await bob.textContent('#id'));

  // Shared states: of a value, and of a function.
  await ann.evaluate(() => setTitle({ text: 'schön', list: [1, -2.5, null, true] }));
  await shows(bob, 'title', '{"text":"schön","list":[1,-2.5,null,true]}');
  await bob.evaluate(() => setTitle('by bob'));
  await shows(ann, 'title', '"by bob"');
  for (const [clicks, page] of [bob, ann, ann].entries()) {
    await page.evaluate((n) => setClicks(n), clicks + 1);
    for (const other of both) await shows(other, 'clicks', clicks + 1);
  }
  await bob.evaluate(() => setClicks((n) => n + 7)); // of the initial value: it never looks at the one of the room
  for (const other of both) await shows(other, 'clicks', 7);
  if (how.every(({ binary }) => binary)) {
    await bob.evaluate(() => setTitle(new Uint8Array([0, 255, 128])));
    await shows(ann, 'title', 'bytes 0,255,128');
  }

  // Reducers: one's own at once, in one order for all, folded by the pages; who comes late sees the same.
  await ann.evaluate(() => add(5));
  await shows(ann, 'tally', 105);
  await shows(bob, 'tally', 105);
  for (let i = 0; i < 40; i++) {
    const page = both[i % 2];
    await page.evaluate((i) => dispatch({ deposit: i, note: i % 10 ? '' : `note ${i}` }), i);
    await shows(both[(i + 1) % 2], 'account', await page.textContent('#account'));
  }
  const account = '{"sum":780,"notes":["note 0","note 10","note 20","note 30"]}';
  for (const page of both) await shows(page, 'account', account);

  const eve = await open(scene, 'eve', { ...how[0], other: ann });
  for (const row of ['account', 'tally', 'clicks', 'title']) await agree(row, [ann, bob, eve], text(`#${row}`));
  const { data } = await retained(scene, ann, 'account');
  assert.ok(data.length <= 31, `the pages have folded what was ${data.length}`);

  // Presence: who the others are, and what they show now.
  await shows(eve, 'peers', 'ann 7,bob 7');
  await eve.evaluate(() => setClicks(9));
  await shows(ann, 'peers', 'bob 9,eve 9');
  await shows(bob, 'peers', 'ann 9,eve 9');

  // Latency, of which there is a first one after five seconds.
  for (const page of both) {
    const ms = await until('a latency', async () => Number(await page.textContent('#latency')));
    assert.ok(ms > 0 && ms < 5000, `${ms} ms`);
    await until('it is shown', async () => /\(ui\)\(\d+ms\)/.test(await page.textContent('#status')));
  }

  // The QR code, of the page's own address.
  for (const page of both) {
    await until('a QR code', () => page.$eval('#code img', (image) => image.naturalWidth > 100));
    assert.deepEqual(
      page.codes.map((code) => new URL(code).search.slice('?url='.length)),
      [page.url()],
    );
  }

  for (const [i, page] of both.entries()) {
    const { text, binary } = page.frames;
    assert.ok(how[i].binary ? binary > 50 && !text : text > 50 && !binary, `frames: ${text} of text, ${binary} binary`);
  }
}

/** What the room retains of a key, asked for as a page would. */
async function retained(scene, page, key) {
  const room = new URL(page.url()).searchParams.get('_driftdb_room');
  const answer = await fetch(`${scene.daemon.api}room/${room}/send`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ type: 'get', key, seq: 0 }),
  });
  assert.ok(answer.ok);
  return answer.json();
}

scene(`driftdb-react ${VERSION}, unchanged: all hooks in JSON`, (scene) => {
  const { version } = createRequire(path.join(web, 'package.json'))('driftdb-react/package.json');
  assert.equal(version, VERSION);
  return allHooks(scene, [{}, {}]);
});
scene(`driftdb-react ${VERSION}, unchanged: all hooks in binary`, (scene) =>
  allHooks(scene, [{ binary: true }, { binary: true }]),
);
scene(`driftdb-react ${VERSION}, unchanged: JSON and binary in one room`, (scene) =>
  allHooks(scene, [{}, { binary: true }]),
);
