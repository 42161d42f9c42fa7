// The console with the admin interface: the server's overview, policies and what goes wrong in them, what an operator does.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { KEY, keyRow, keys, messages, Others, push, SETTINGS, shows, unlock, unlocked, visit } from './consoles.js';
import { comes, freePort, scene as play, until } from './harness.js';

const scene = (name, test, settings) => play(`console, admin: ${name}`, test, { ...SETTINGS, ...settings });
const rooms = (page) => page.locator('.rooms tbody a').allTextContents();
const confirm = (page) => page.click('#confirm');

/** Writes a policy's script anew, broken or not. */
function write(scene, policy, change) {
  const file = path.join(scene.daemon.scripts, 'rooms', `${policy}.lua`);
  const text = change(fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : '');
  fs.writeFileSync(`${file}.new`, text);
  fs.renameSync(`${file}.new`, file);
}

scene('asked for once, and what is wrong is told', async (scene) => {
  const page = await visit(scene);
  assert.equal(await page.inputValue('#admin-base'), `${scene.daemon.api}admin`);
  assert.match(await page.textContent('details'), /admin = \{ public = true, key = /);
  await page.fill('#admin-key', 'wrong-horse-battery');
  await page.click('form.admin button.main');
  await until('the key is wrong', async () =>
    /not the one of admin.key/.test(await page.textContent('.server .advice .bad ~ p')),
  );
  assert.equal(await page.evaluate(() => sessionStorage.getItem('eddyd.console.admin')), null);
  await page.fill('#admin-base', `${scene.daemon.api}nowhere`);
  await page.click('form.admin button.main');
  await until('nothing is there', async () => /there is nothing here/.test(await page.textContent('.server .advice')));
  assert.match(
    await page.textContent('.server .advice'),
    new RegExp(`origins = { "${scene.daemon.api.slice(0, -1)}" }`),
  );
  await scene.shot(page, 'console-admin-wrong');
  await page.fill('#admin-base', `${scene.daemon.api}admin/`);
  await page.fill('#admin-key', KEY);
  await page.press('#admin-key', 'Enter');
  await page.waitForSelector('.tiles');
  await page.reload();
  await page.waitForSelector('.tiles');
  assert.ok(!page.url().includes(KEY) && !(await page.content()).includes(KEY), 'the key shows nowhere');
  await page.click('#admin-button');
  await page.click('text=Forget address and key');
  await page.waitForSelector('.server form.admin');
  assert.equal(await page.evaluate(() => sessionStorage.getItem('eddyd.console.admin')), null);
  assert.ok(scene.troubles.splice(0).every((trouble) => /40[14]/.test(trouble)));
});

scene('a link to another server does not say where the key is to go', async (scene) => {
  const page = await visit(scene);
  const addresses = await page.evaluate(async (apis) => {
    const { Admin } = await import('/console/admin.js');
    return apis.map((api) => new Admin(api, () => {}).base);
  }, [scene.daemon.api, 'https://elsewhere.test/']);
  assert.deepEqual(addresses, [`${scene.daemon.api}admin`, '']);
});

scene('the overview lists rooms, busiest first, page by page', async (scene) => {
  const busy = await Others.begin(scene);
  const quiet = await Others.begin(scene, 'game');
  await quiet.join(scene);
  const page = await visit(scene);
  await unlock(page);
  await unlocked(page);
  await until('both rooms', async () => (await rooms(page)).length === 2);
  const tiles = await page.textContent('.tiles');
  for (const part of ['eddyd', 'serving', 'Rooms2 of 100k', 'Members1', 'sqlite, web'])
    assert.ok(tiles.includes(part), `${part} in ${tiles}`);
  let go = true;
  const pushing = (async () => {
    while (go) await busy.push('tick', 1, 'relay');
  })();
  await until(
    'the busiest first',
    async () =>
      (await rooms(page))[0] === busy.name &&
      /[1-9][\d.]* → /.test(await page.textContent('.rooms tbody tr:first-child td:last-child')),
  );
  await until('in the graph, too', async () => /[1-9].*\/s/.test(await page.textContent('.server .graph .now')));
  await scene.shot(page, 'console-overview');
  go = false;
  await pushing;
  await page.click('[data-column=members] button');
  await until('by members', async () => (await rooms(page))[0] === quiet.name);
  assert.equal(await page.getAttribute('[data-column=members]', 'aria-sort'), 'descending');
  await page.fill('#rooms-filter', 'default/*');
  await until('found', async () => (await rooms(page)).join() === busy.name);
  await page.fill('#rooms-filter', '');
  await until('both again', async () => (await rooms(page)).length === 2);

  for (let i = 0; i < 60; i++) await fetch(`${scene.daemon.api}new`, { method: 'POST' });
  await page.click('[data-column=room] button');
  await page.waitForSelector('[data-column=room][aria-sort=ascending]');
  await until('a page of them', async () => (await rooms(page)).length === 50);
  const first = await rooms(page);
  await page.click('.pager >> text=More');
  await until('the rest', async () => (await rooms(page)).length === 12);
  assert.ok(!(await rooms(page)).some((one) => first.includes(one)));
  await page.click('.pager >> text=Before');
  await until('and back', async () => (await rooms(page)).join() === first.join());
  await page.locator('.rooms tbody a').first().focus();
  await page.keyboard.press('ArrowDown');
  assert.equal(await page.evaluate(() => document.activeElement.dataset.room), first[1]);
  await page.keyboard.press('Enter');
  await page.waitForSelector('#state[data-state=connected]');
  assert.ok(new URL(page.url()).searchParams.get('url').includes(first[1].split('/')[1]));
});

scene('a policy that breaks on disk: its file and line, and that the room goes on', async (scene) => {
  const chat = await Others.begin(scene, 'chat');
  const page = await visit(scene, chat);
  await page.keyboard.press('i');
  await page.fill('.policy #admin-key', KEY);
  await page.press('.policy #admin-key', 'Enter');
  await page.waitForSelector('#policy-shown');
  await comes('its version', () => page.textContent('.roombar .accent'), 'chat v1');
  const source = fs.readFileSync(path.join(scene.daemon.scripts, 'rooms/chat.lua'), 'utf8');
  write(scene, 'chat', () => source.replace('return eddy.policy', 'local x = = 1\nreturn eddy.policy'));
  const line = source.slice(0, source.indexOf('return eddy.policy')).split('\n').length;
  await page.waitForSelector('.failure.bad');
  assert.equal(await page.textContent('.failure.bad .place'), `rooms/chat.lua:${line}`);
  assert.match(await page.textContent('.failure.bad pre'), /unexpected symbol near '='/);
  assert.match(await push(page, 'chat', '{"name":"Ann","text":"it goes on"}'), /^accepted/);
  await scene.shot(page, 'console-policy-broken');
  write(scene, 'chat', () => source);
  await until('mended', async () => !(await page.locator('.failure.bad').count()));
  const loaded = () => Number(scene.daemon.log.match(/.*policy chat: version (\d+) loaded/s)?.[1] ?? 1);
  const version = loaded();

  // One that fails while it runs.
  write(scene, 'chat', () =>
    source.replace(
      'return eddy.policy {',
      'return eddy.policy {\n  { key = "boom", push = function() error("so <b>it</b> is") end },',
    ),
  );
  await until('one that fails', () => loaded() > version);
  await until('its version', async () =>
    new RegExp(`version ${loaded()}(?!\\d)`).test(await page.textContent('.policy')),
  );
  assert.match(await push(page, 'boom', '1'), /^refused/);
  await page.waitForSelector('.failure.warn');
  assert.match(await page.textContent('.failure.warn .place'), /^rooms\/chat\.lua:\d+$/);
  assert.match(await page.textContent('.failure.warn pre'), /so <b>it<\/b> is/);
  await until('they are counted', async () => /Failures1/.test(await page.textContent('.policy .facts')));
});

scene(
  'knobs; another policy; trim, drop, kick, close, delete, each confirmed',
  async (scene) => {
    const others = await Others.begin(scene);
    for (let i = 1; i <= 5; i++) await others.push('k', i);
    const page = await visit(scene, others);
    await unlock(page);
    await unlocked(page);
    await page.keyboard.press('i');
    await until('knobs', async () => /presence_timeout"9s"/.test(await page.textContent('.knobs')));
    await page.fill('#policy-name', 'whiteboard');
    await page.click('#policy-move');
    await scene.shot(page, 'console-confirm');
    await page.click('dialog >> text=Cancel');
    assert.equal(await page.textContent('#policy-shown'), 'default', 'not without a yes');
    await page.click('#policy-move');
    await confirm(page);
    await until('moved', async () => (await page.textContent('#policy-shown')) === 'whiteboard');
    await page.fill('#policy-name', 'nonesuch');
    await page.click('#policy-move');
    await confirm(page);
    await until('refused', async () => /there is no such policy/.test(await page.textContent('#toasts')));

    await keyRow(page, 'k').click();
    await until('all', async () => (await messages(page)).length === 5);
    await page.click('text=Trim a key');
    assert.equal(await page.inputValue('#trim-key'), 'k');
    await page.fill('#trim-keep', '3');
    await page.click('dialog button.danger');
    await until('trimmed', async () => (await messages(page)).length === 3);
    await page.locator('.message').nth(1).click();
    await page.click('.inspector >> text=Drop');
    await confirm(page);
    await until('dropped', async () => (await messages(page)).map((one) => one.split(' ')[0]).join() === '#3,#5');

    const ann = await others.join(scene);
    await page.keyboard.press('u');
    await page.click('.people [data-member]');
    await confirm(page);
    await until('disconnected', () => ann.evaluate(() => globalThis.closeCode === 1008));
    await page.keyboard.press('i');
    await page.click('#room-close');
    await confirm(page);
    await until(
      'it came back',
      async () =>
        (await page.textContent('#there')) === '1 member' &&
        (await page.getAttribute('#state', 'data-state')) === 'connected',
    );
    await comes('a room that is closed keeps what it retains', () => keys(page), ['k']);
    await page.click('#room-delete');
    await confirm(page);
    await page.waitForSelector('#new');
    assert.equal((await fetch(others.http_url.replace('/send', ''))).status, 404);
    assert.ok(scene.troubles.splice(0).every((trouble) => trouble.includes('404')));
  },
  { 'namespaces.default.knobs.presence_timeout': '9s' },
);

scene('who pushed what: over an address of its own, which lists this page', async (scene) => {
  const port = await freePort();
  await scene.daemon.kill('SIGTERM');
  const origin = scene.daemon.api.slice(0, -1);
  Object.assign(scene.daemon.settings, {
    'admin.public': false,
    'admin.listen': `127.0.0.1:${port}`,
    'admin.origins': 'http://other.example',
  });
  await scene.daemon.run();
  const others = await Others.begin(scene);
  const page = await visit(scene, others);
  const base = `http://127.0.0.1:${port}`;
  await unlock(page, { base });
  await until('a page that is not listed', async () =>
    /cannot be reached from this page/.test(await page.textContent('dialog .advice')),
  );
  assert.match(
    await page.textContent('dialog .advice'),
    new RegExp(`origins = { "${origin}" }`),
    'it says what to write',
  );
  assert.ok(scene.troubles.splice(0).every((trouble) => /CORS|ERR_FAILED|403/.test(trouble)));
  const config = path.join(scene.daemon.folder, 'eddy.lua');
  await scene.daemon.kill('SIGTERM');
  scene.daemon.settings['admin.origins'] = origin;
  scene.broken = true;
  await scene.daemon.run();
  assert.ok(fs.existsSync(config));
  await page.click('dialog .buttons button');
  await page.waitForSelector('#state[data-state=connected]');
  scene.broken = false;
  await unlock(page, { base });
  await unlocked(page);
  const ann = await others.join(scene);
  await until(
    'the page follows the room',
    async () =>
      (await (await fetch(`${base}/rooms/${others.name}`, { headers: { Authorization: `Bearer ${KEY}` } })).json())
        .watchers === 1,
  );
  await ann.evaluate(() => socket.send('{"type":"push","key":"k","action":{"type":"replace"},"value":1}'));
  await shows(page, '#1 replace k 1');
  await page.locator('.message').first().click();
  await until('and by whom', async () => /Member[1-9]/.test(await page.textContent('.inspector .facts')));
});
