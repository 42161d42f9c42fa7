// The start page, the list of demos; and the types of all pages.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { agree, scene, test, text, until } from './harness.js';

const here = path.dirname(new URL(import.meta.url).pathname);
const web = path.resolve(here, '../../plugins/web');
const demos = JSON.parse(fs.readFileSync(path.join(web, 'demos/index.json'), 'utf8'));

scene('the start page: what runs here, the demos, code with this address, a QR code', async (scene) => {
  const page = await scene.page('');
  await until('the demos are there', async () => (await page.locator('#demos li').count()) === demos.length);
  assert.match(await page.textContent('#version'), /^eddyd \d+\.\d+/);
  await until('all pictures load', () =>
    page.evaluate(() => [...document.images].every(({ naturalWidth }) => naturalWidth > 0)),
  );
  const code = (await page.locator('pre code').allTextContents()).join('\n');
  assert.ok(!code.includes('localhost:8080'));
  assert.ok(code.includes(`from '${new URL('client/index.js', page.url())}'`));
  const wide = { width: 390, height: 800 };
  await page.setViewportSize(wide);
  assert.equal(
    await page.evaluate(() => document.documentElement.scrollWidth),
    wide.width,
    'nothing sticks out on a phone',
  );

  await page.goto(new URL('demos/', page.url()).href);
  await until('the list has them as well', async () => (await page.locator('#demos li').count()) === demos.length);
  await page.click('text=Tic-tac-toe');
  await page.waitForURL(/demos\/tictactoe\//);
});

scene('what the start page gives to copy works', async (scene) => {
  const start = await scene.page('');
  const example = await start.locator('pre code').first().textContent();
  const elsewhere = http.createServer((_, answer) => answer.setHeader('Content-Type', 'text/html').end(example));
  await new Promise((resolve) => elsewhere.listen(0, '127.0.0.1', resolve));
  scene.ends.push(() => elsewhere.close().closeAllConnections());
  const page = await scene.page(`http://127.0.0.1:${elsewhere.address().port}/example.html`);
  scene.troubles.splice(0); // it has no icon
  await until('it has a room', () => page.url().includes('room='));
  await until('it counts', async () => {
    await page.click('#count');
    return Number(await page.textContent('#count')) > 0;
  });
  const other = await scene.demo('counter', { room: page });
  await agree('in the room that it says', [page, other], text('#count'));
});

test('each demo: a folder with its page, its picture and its policy; under 200 lines', () => {
  for (const { path: folder, policy } of demos) {
    const files = fs.readdirSync(path.join(web, 'demos', folder));
    const lines = files
      .filter((file) => /\.(html|js)$/.test(file))
      .map((file) => fs.readFileSync(path.join(web, 'demos', folder, file), 'utf8').split('\n').length - 1)
      .reduce((sum, one) => sum + one);
    assert.ok(lines < 200, `${folder} has ${lines}`);
    assert.ok(files.includes('icon.svg') && files.includes('index.html'), folder);
    for (const file of [`${policy}.lua`, `${policy}_test.lua`]) {
      assert.ok(fs.existsSync(path.join(web, '../../scripts/rooms', file)), file);
    }
  }
});

test('pages: no scripts, styles, handlers within', () => {
  for (const file of fs.readdirSync(web, { recursive: true })) {
    if (!/^(demos|start)\/.*\.html$/.test(file)) continue;
    const html = fs.readFileSync(path.join(web, file), 'utf8');
    assert.ok(!/<style|<script(?![^>]* src=)| style=| on\w+=|<base/.test(html.replace(/<pre>.*?<\/pre>/gs, '')), file);
  }
});

test('colours that have a name are in one place', () => {
  const all = fs.readdirSync(web, { recursive: true }).filter((file) => /^(start|demos|console)\/.*\.css$/.test(file));
  assert.ok(all.includes('start/colours.css') && all.length > 8, all.join());
  for (const file of all) {
    if (file === 'start/colours.css') continue;
    const css = fs.readFileSync(path.join(web, file), 'utf8');
    assert.ok(!/--[\w-]+:\s*(#|rgb|hsl|oklch)|prefers-color-scheme/.test(css), file);
  }
});

test('types: all demos and the start page pass tsc --strict', () => {
  const tsc = path.join(here, 'node_modules/typescript/bin/tsc');
  try {
    execFileSync(process.execPath, [tsc, '-p', here], { encoding: 'utf8' });
  } catch (error) {
    assert.fail(error.stdout);
  }
});
