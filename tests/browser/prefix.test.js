// Behind a reverse proxy that has put the server at a path of its own: start page, demos, console and QR codes. The proxy
// knows nothing beyond that path, so a link that forgets it fails the test.
import assert from 'node:assert/strict';
import http from 'node:http';
import { KEY, keys, unlock, unlocked } from './consoles.js';
import { agree, freePort, scene, until } from './harness.js';
import { players } from './players.js';

const PREFIX = '/some/prefix';

/** A reverse proxy at PREFIX of this port. `strips`: it takes the prefix off, and says so, as X-Forwarded headers. */
async function mount(scene, port, strips) {
  const target = scene.daemon.port;
  const strangers = [];
  const onward = ({ method, url, headers }) => {
    if (!url.startsWith(`${PREFIX}/`)) return void strangers.push(`${method} ${url}`);
    const said = {
      ...headers,
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-proto': 'http',
      'x-forwarded-host': headers.host,
      'x-forwarded-prefix': PREFIX,
    };
    const path = strips ? url.slice(PREFIX.length) : url;
    return http.request({ port: target, host: '127.0.0.1', method, path, headers: strips ? said : { ...headers, host: `127.0.0.1:${target}` } });
  };
  const server = http.createServer((request, answer) => {
    const to = onward(request);
    if (!to) return answer.writeHead(404).end();
    to.on('error', () => answer.destroy());
    to.on('response', (from) => from.pipe(answer.writeHead(from.statusCode, from.headers)));
    request.pipe(to);
  });
  const sockets = new Set();
  server.on('upgrade', (request, socket) => {
    const to = onward(request);
    if (!to) return socket.destroy();
    to.on('error', () => socket.destroy());
    to.on('response', () => socket.destroy());
    to.on('upgrade', ({ rawHeaders }, far, first) => {
      const lines = rawHeaders.map((text, i) => (i % 2 ? `${text}\r\n` : `${text}: `)).join('');
      socket.write(`HTTP/1.1 101 Switching Protocols\r\n${lines}\r\n`);
      socket.write(first);
      for (const [a, b] of [
        [socket, far],
        [far, socket],
      ]) {
        sockets.add(a.on('error', () => {}).on('close', () => b.destroy()));
        a.pipe(b);
      }
    });
    to.end();
  });
  await new Promise((resolve) => server.listen(port, '127.0.0.1', resolve));
  scene.ends.push(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return { base: `http://127.0.0.1:${port}${PREFIX}/`, strangers };
}

const pictured = (page) =>
  until('all pictures load', () =>
    page.evaluate(() => [...document.images].every(({ complete, naturalWidth }) => complete && naturalWidth > 0)),
  );

/** A demo, from the list; and that another page sees what is done in it. */
async function demo(scene, base, name) {
  const { act, state } = players[name];
  const page = await scene.page(base);
  await page.click(`#demos a[href$="/demos/${name}/"]`);
  await page.waitForURL(`${base}demos/${name}/?room=*`);
  const other = await scene.page(page.url());
  await scene.connected(page, other);
  const before = await state(page);
  await act(page, name);
  await agree(`${name} goes on`, [page, other], state, (now) => now !== before);
  return { page, other };
}

async function pages(scene, port, strips) {
  const { base, strangers } = await mount(scene, port, strips);
  const socket = base.replace('http', 'ws');

  const start = await scene.page(base);
  await until('the demos are listed', async () => (await start.locator('#demos li').count()) === 6);
  await pictured(start);
  const code = (await start.locator('pre code').allTextContents()).join('\n');
  assert.ok(code.includes(`from '${base}client/index.js'`) && code.includes(`connect('${socket}room/'`), code);
  assert.equal(new URL(await start.getAttribute('#qr', 'src')).searchParams.get('url'), base);
  const { namespaces } = await (await fetch(`${base}start/server.json`)).json();
  assert.ok(namespaces.includes('default'));
  await scene.shot(start, 'prefix-start');

  const { page } = await demo(scene, base, 'counter');
  await page.click('#share');
  await pictured(page);
  assert.ok((await page.getAttribute('#invite img', 'src')).startsWith(`${base}qrcode?url=`));
  const inside = await page.getAttribute('#invite a[href*="/console/"]', 'href');
  assert.ok(inside.startsWith(`${base}console/?url=${encodeURIComponent(`${socket}room/`)}`), inside);
  const look = await scene.page(inside);
  await until('the console shows the room', async () => (await keys(look)).includes('counter'));
  await look.click('#qr');
  await pictured(look);
  await scene.shot(look, 'prefix-console');

  const console = await scene.page(`${base}console`); // sent on to where its files are
  assert.equal(console.url(), `${base}console/`);
  await unlock(console, { key: KEY });
  await unlocked(console);
  assert.match(await console.getAttribute('#admin-button', 'title'), new RegExp(`${base}admin `));
  await console.click('#new-button');
  await console.waitForSelector('#state[data-state=connected]');
  assert.ok(new URL(console.url()).searchParams.get('url').startsWith(`${socket}room/`));
  await until('as the admin interface has it', async () => /default v1/.test(await console.textContent('.roombar')));
  assert.deepEqual(strangers, [], 'everything is asked for below the prefix');
}

const SETTINGS = { 'namespaces.default.debug': true, 'admin.public': true, 'admin.key': KEY };
const STRIPPED = { ...SETTINGS, proxies: '127.0.0.1' };
scene('below a path: a proxy that takes it off and says so', async (scene) => pages(scene, await freePort(), true), STRIPPED);

scene(
  'below a path: every other demo',
  async (scene) => {
    const { base, strangers } = await mount(scene, await freePort(), true);
    for (const name of Object.keys(players)) if (name !== 'counter') await demo(scene, base, name);
    assert.deepEqual(strangers, []);
  },
  STRIPPED,
);

const port = await freePort();
scene('below a path: a proxy that passes it on, and public_url', (scene) => pages(scene, port, false), {
  ...SETTINGS,
  public_url: `http://127.0.0.1:${port}${PREFIX}`,
});
