// The console: a room that others are in, live.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { facts, KEY, keyRow, keys, lines, messages, Others, plainServer, push, SETTINGS, shows, visit } from './consoles.js';
import { comes, PATIENCE, scene as play, sleep, until } from './harness.js';

const scene = (name, test) => play(`console: ${name}`, test, SETTINGS);
const count = (page, name) => keyRow(page, name).locator('.badge').textContent();

scene('what others push shows as it comes', async (scene) => {
  const others = await Others.begin(scene);
  await others.push('moves', 'e4');
  await others.push('title', 'Chess', 'replace');
  const page = await visit(scene, others);
  await until('the keys that are there', async () => (await keys(page)).join() === 'moves,title');
  assert.deepEqual(await messages(page), [], 'what was there before is no news');

  await others.push('moves', 'e5');
  await shows(page, '#3 append moves "e5"');
  await others.push('title', 'Chess, again', 'replace');
  await shows(page, '#4 replace title "Chess, again"');
  await others.push('cursor', { x: 1 }, 'relay');
  await shows(page, '#5 relay cursor {"x":1}');
  await comes('the keys', () => keys(page), ['cursor', 'moves', 'title']);
  await comes('two of the one', () => count(page, 'moves'), '2');
  await comes('none of the other', () => count(page, 'cursor'), '0');
  await comes('the number', () => page.textContent('#seq'), '#5');

  await keyRow(page, 'moves').click();
  await comes('what it retains', () => messages(page), ['#1  moves "e4"', '#3 append moves "e5"']);
  await comes('the newest one is looked into', () => lines(page), ['"e5"']);
  await others.push('moves', { piece: 'N', to: ['f', 3] });
  await until('and the one after it', async () => (await lines(page)).includes('piece: "N"'));
  await comes('its number', async () => (await facts(page)).Number, '#6 latest');
  await page.locator('.message', { hasText: 'e4' }).click();
  await others.push('moves', 'd4');
  await shows(page, '#7');
  assert.deepEqual(await lines(page), ['"e4"'], 'one that was chosen stays');

  await page.fill('#filter', 'it');
  assert.deepEqual(await until('filtered', async () => (await keys(page)).length === 1 && keys(page)), ['title']);
  await until('it says so', async () => /1 of 3 keys/.test(await page.textContent('.sum')));
  await page.fill('#filter', '');

  await page.click('#all');
  await page.click('#pause');
  await others.push('moves', 'paused?');
  await until('it counts what comes while it waits', async () => /1 more/.test(await page.textContent('.newer')));
  assert.ok(!(await messages(page)).some((one) => one.includes('paused?')));
  await page.click('#pause');
  await shows(page, 'paused?');
  await scene.shot(page, 'console-live');
});

scene('a room by every URL that there is of it', async (scene) => {
  const others = await Others.begin(scene);
  const game = await Others.begin(scene, 'game');
  await others.push('here', 1);
  await game.push('there', 1);
  const socket = others.socket_url;
  const port = scene.daemon.port;
  for (const [url, key, cbor] of [
    [socket, 'here'],
    [`${socket}?cbor=true`, 'here', true],
    [`${socket}?cbor=true?cbor=true`, 'here', true],
    [`${socket}?debug=true&cbor=true`, 'here', true],
    [others.http_url, 'here'],
    [`http://127.0.0.1:${port}/room/${others.room}`, 'here'],
    [`http://localhost:${port}/room/${others.room}/`, 'here'],
    [others.room, 'here'],
    [`default/${others.room}`, 'here'],
    [game.socket_url, 'there'],
    [game.name, 'there'],
    [`http://127.0.0.1:${port}/console/?url=${encodeURIComponent(socket)}`, 'here'],
  ]) {
    const page = await visit(scene, url);
    await until(`${url} shows its key`, async () => (await keys(page)).join() === key);
    assert.equal(await page.getAttribute('[data-encoding=cbor]', 'aria-pressed'), String(!!cbor), url);
    await page.context().close();
  }
  // Typed, back, forward, and made.
  const page = await visit(scene);
  await page.fill('#open-room', others.room);
  await page.press('#open-room', 'Enter');
  await until('typed', async () => (await keys(page)).join() === 'here');
  assert.equal(new URL(page.url()).searchParams.get('url'), socket);
  await page.fill('#goto-room', game.name);
  await page.press('#goto-room', 'Enter');
  await until('another', async () => (await keys(page)).join() === 'there');
  await page.goBack();
  await until('back', async () => (await keys(page)).join() === 'here');
  await page.click('#home');
  await page.waitForSelector('#new');
  assert.match(await page.textContent('.recent'), new RegExp(`${game.name}`));
  await page.fill('#new-space', 'chat');
  await page.fill('#new-policy', 'counter');
  await page.click('#new-button');
  await page.waitForSelector('#state[data-state=connected]');
  assert.match(new URL(page.url()).searchParams.get('url'), /\/db\/chat\/room\/\w{24}\/connect$/);
  await page.goto(`${scene.daemon.api}console/?url=javascript:alert(1)`);
  await until('nonsense is told', async () => /no URL of a room/.test(await page.textContent('#toasts')));

  scene.broken = true; // a browser says on its console that there is none
  const none = await visit(scene, null);
  await none.fill('#open-room', 'nobodyWasEverHere');
  await none.press('#open-room', 'Enter');
  await until('it says so', async () => (await none.textContent('#state')) === 'there is no such room');
  assert.ok(scene.troubles.splice(0).every((trouble) => trouble.includes('404')));
});

scene('values: JSON digit by digit, CBOR with its byte strings and tags', async (scene) => {
  const others = await Others.begin(scene);
  const json =
    '{"big":123456789012345678901234567890,"one":1.0,"deep":{"a":[1,[2,{"b":null}]]},"text":"a\\"\\u00e4\\n","no":false}';
  await others.push('json', null, 'append', { json });
  await others.pushCbor(
    'cbor',
    'a6 65 6279746573 43 010203  64 74696d65 c1 1a 65a0f1c0  61 75 f7  01 9f 01 02 ff  63 696e66 f9 7c00  63 626967 1b ffffffffffffffff',
  );
  const page = await visit(scene, others);
  await keyRow(page, 'json').click();
  await until('the tree', async () => (await lines(page)).includes('big: 123456789012345678901234567890'));
  const shown = await lines(page);
  for (const line of ['{ 5 }', 'one: 1.0', 'deep: { 1 }', 'text: "a"ä\\n"', 'no: false'])
    assert.ok(shown.includes(line), `${line} in ${shown}`);
  assert.equal((await facts(page)).Size, `${Buffer.byteLength(json)} B JSON`);
  await page.click('[data-mode=text]');
  assert.match(await page.textContent('.value pre'), /\n {2}"big": 123456789012345678901234567890,\n/);
  await page.uncheck('.value input');
  assert.equal(await page.textContent('.value pre'), json, 'byte for byte');
  await page.click('[data-mode=bytes]');
  assert.match(await page.textContent('.value pre'), /^000000 {2}7b 22 62 69 67 22 3a 31 {2}\{"big":1\n/);

  await page.click('[data-mode=tree]');
  await keyRow(page, 'cbor').click();
  await until('as JSON a byte string is numbers', async () => (await lines(page)).includes('bytes: [ 3 ]'));
  await page.click('[data-encoding=cbor]');
  await until('again, in CBOR', async () => (await lines(page)).includes("bytes: h'010203'"));
  const cbor = await lines(page);
  for (const line of [
    'time: tag 1 (date, in seconds)',
    'content: 1705046464',
    'u: undefined',
    '1: [ 2 ]',
    'inf: Infinity',
    'big: 18446744073709551615',
  ])
    assert.ok(cbor.includes(line), `${line} in ${cbor}`);
  assert.equal((await facts(page)).Size, '50 B CBOR');
  await page.click('[data-mode=text]');
  assert.match(await page.textContent('.value pre'), /"time": 1\(1705046464\)/);
  assert.match(await page.textContent('.value pre'), /\n {2}1: \[/);
  await scene.shot(page, 'console-cbor');
  await others.pushCbor('cbor', '44 deadbeef');
  await until('live too', async () => /h'deadbeef'/.test(await page.textContent('.value pre')));
});

scene('a push by hand, and what the room says to it', async (scene) => {
  const others = await Others.begin(scene);
  const page = await visit(scene, others);
  assert.match(await push(page, 'k', '{"a":1'), /^no JSON: /);
  assert.match(await push(page, 'k', '[1.50, 12345678901234567890]'), /^accepted as #1 \(/);
  await shows(page, '#1 append k [1.50, 12345678901234567890]');
  assert.match(await push(page, 'k', '2', 'relay'), /^accepted as #2/);
  await page.selectOption('#push-action', 'compact');
  await page.fill('#push-seq', '99');
  assert.match(await push(page, 'k', '3', 'compact'), /^refused: cannot compact up to 99.*\(bad_seq\)$/);
  await page.fill('#push-seq', '1');
  assert.match(await push(page, 'k', '"all"', 'compact'), /^accepted as #1/);
  await keyRow(page, 'k').click();
  await until('compacted', async () => (await messages(page)).join() === '#1 compact k "all"');
  await page.click('text=Edit');
  assert.equal(await page.inputValue('#push-value'), '"all"');
  await page.focus('#push-value');
  await page.keyboard.press('Control+Enter');
  await until('by keyboard', async () => (await count(page, 'k')) === '2');

  const chat = await Others.begin(scene, 'chat');
  const other = await visit(scene, chat);
  const said = await push(other, 'chat', '{"text":5}');
  assert.match(said, /^refused: .*\(refused\)$/, said);
  assert.equal(await other.getAttribute('#push-said', 'class'), 'said bad');
  await scene.shot(other, 'console-refused');
  const drops = 'return { push = function() return nil end }\n';
  const { writeFileSync } = await import('node:fs');
  writeFileSync(`${scene.daemon.scripts}/rooms/drops.lua`, drops);
  const made = await fetch(`${scene.daemon.api}new`, { method: 'POST', body: '{"policy":"drops"}' });
  const third = await visit(scene, await made.json());
  assert.match(await push(third, 'k', '1'), /^dropped: /);
});

scene('who is there, and what they show', async (scene) => {
  const others = await Others.begin(scene);
  const page = await visit(scene, others);
  await page.keyboard.press('u');
  const ids = () => page.$$eval('.people [data-id]', (rows) => rows.map((row) => row.dataset.id).join());
  await until('this page alone', async () => (await ids()) === '1');
  assert.match(await page.textContent('.people [data-id="1"]'), /this page/);
  const ann = await others.join(scene);
  await until('another', async () => (await ids()) === '1,2');
  assert.equal(await page.textContent('#there'), '2 members');
  const presence = () => page.locator('.presence li').allTextContents();
  await ann.evaluate(() =>
    socket.send(
      JSON.stringify({
        type: 'push',
        key: '__presence',
        action: { type: 'relay' },
        value: { client: 'ann', value: { name: 'Ann' }, m: 2 },
      }),
    ),
  );
  await until('what she shows', async () =>
    /ann.*\{"name":"Ann"\}.*__presence.*member 2/.test((await presence()).join()),
  );
  await scene.shot(page, 'console-members');
  await ann.context().close();
  await until('she has gone', async () => (await ids()) === '1');
  await until('and so has what she showed', async () => (await presence()).length === 0);
});

scene('what is hostile stays harmless, and the page quick', async (scene) => {
  const others = await Others.begin(scene);
  const evil = '<img src=x onerror=alert(1)><script>alert(2)</script>';
  await others.push(evil, evil);
  await others.push('\u202egnp.\u0007\n\ttxt', { '\u202e<b>x</b>': '\u202e\u0000a', [evil]: [evil] });
  await others.push('', 'the empty key');
  await others.push('__proto__', null, 'append', { json: '{"__proto__":{"x":1},"constructor":{"client":1}}' });
  await others.push(`long${'x'.repeat(500)}`, 'y'.repeat(1000000));
  await others.push('deep', null, 'append', { json: `${'{"a":['.repeat(60)}0${']}'.repeat(60)}` });
  await others.push(
    'wide',
    Array.from({ length: 150000 }, (_, i) => i),
  );
  await others.push('hebrew שלום', 'مرحبا abc');
  const page = await visit(scene, others);
  await until('all keys', async () => (await keys(page)).length === 8);
  const shown = await keys(page);
  assert.ok(
    shown.includes('\\u202egnp.\\u0007\\n\\ttxt') && shown.includes('(empty key)') && shown.includes(evil),
    shown.join('|'),
  );
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable', { timeDomain: 'threadTicks' });
  /** Seconds of processor time that the page has taken: what passes beside it is the machine's. */
  const busy = async () => {
    const { metrics } = await session.send('Performance.getMetrics');
    return metrics.find(({ name }) => name === 'TaskDuration').value;
  };
  const took = [];
  for (let i = 0; i < 8; i++) {
    const began = await busy();
    await page.locator('.keyrow').nth(i).click();
    await page.waitForFunction(
      (n) =>
        document.querySelectorAll('.keyrow')[n].getAttribute('aria-selected') === 'true' &&
        document.querySelector('.tree'),
      i,
    );
    for (const mode of ['text', 'bytes', 'tree']) {
      await page.click(`[data-mode=${mode}]`);
      assert.ok((await page.textContent('.value')).length < 60000, 'not all of it at once');
    }
    took.push((await busy()) - began);
  }
  assert.ok(Math.max(...took) < 3, `it takes ${took} s`);
  assert.equal(await page.locator('img[src=x], .value script, .tree b').count(), 0);
  assert.equal(await page.evaluate(() => ({}).x), undefined);

  await keyRow(page, 'deep').click();
  await page.locator('.tree [role=treeitem]').first().focus();
  for (let i = 0; i < 260; i++) await page.keyboard.press('ArrowRight');
  await comes('to the bottom of it, by keyboard', async () => (await lines(page)).at(-1), '0: 0');
  await keyRow(page, 'wide').click();
  await until('a part of what is wide', async () => (await lines(page)).at(-1) === '149900 more');
  await page.click('.rest .more');
  await until('and some more', async () => (await lines(page)).at(-1) === '149800 more');
  await keyRow(page, '(empty key)').click();
  await comes('the empty key', () => lines(page), ['"the empty key"']);
  await page.locator('.keyrow').nth(shown.indexOf('\\u202egnp.\\u0007\\n\\ttxt')).click();
  await until('names are text', async () => (await lines(page)).includes('\\u202e<b>x</b>: "\\u202e\\0a"'));
  await scene.shot(page, 'console-hostile');
});

scene('large rooms: what is not in sight is not there', async (scene) => {
  const others = await Others.begin(scene);
  const ann = await others.join(scene);
  await ann.evaluate(() => {
    for (let i = 0; i < 6000; i++) socket.send(`{"type":"push","key":"many","action":{"type":"append"},"value":${i}}`);
    for (let i = 0; i < 3000; i++)
      socket.send(`{"type":"push","key":"key/${i}","action":{"type":"append"},"value":${i}}`);
  });
  await until(
    'all is said',
    async () =>
      (
        await (
          await fetch(`${others.api}room/${others.room}/send`, {
            method: 'POST',
            body: '{"type":"get","key":"key/2999"}',
          })
        ).json()
      ).data.length === 1,
  );
  const page = await visit(scene, others);
  await until('all keys are counted', async () => (await page.textContent('.sum')).startsWith('3001 keys'));
  assert.ok((await page.locator('.keyrow').count()) < 60);
  await page.fill('#filter', 'many');
  await keyRow(page, 'many').click();
  await until('its end', async () => (await messages(page)).at(-1).endsWith(' many 5999'));
  assert.ok((await page.locator('.message').count()) < 60);
  await until('a note', async () => /^1000 older ones are not held/.test(await page.textContent('.note')));
  await page.focus('#messages');
  await page.keyboard.press('Home');
  await until('its beginning', async () => (await messages(page))[0].endsWith(' many 1000'));

  await page.click('#all');
  await ann.evaluate(() => {
    for (let i = 0; i < 5000; i++)
      socket.send(`{"type":"push","key":"tick","action":{"type":"relay"},"value":"t${i}"}`);
  });
  await until('it follows to the end', async () => (await messages(page)).at(-1)?.endsWith('"t4999"'));
  await until('the note', async () => /^3000 older ones are not held/.test(await page.textContent('.note')));
  // The whole of a large key at each change is too dear: it changes over by itself.
  await ann.evaluate(async () => {
    const big = JSON.stringify('z'.repeat(30000));
    for (let i = 0; i < 60; i++) {
      socket.send(`{"type":"push","key":"heavy","action":{"type":"append"},"value":${big}}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  });
  await until(
    'it is told',
    async () => /too busy for whole streams/.test(await page.getAttribute('#light', 'title')),
  );
  await page.waitForSelector('#state[data-state=connected]');
  await page.fill('#filter', 'heavy');
  await keyRow(page, 'heavy').click();
  await page.click('[data-kind=retained]');
  await until('what it retains is asked for', async () => (await count(page, 'heavy')) === '60');
  // After ten seconds at the soonest, and when the room has calmed down.
  await until('whole streams come again', async () => !(await page.isVisible('#light')), 2 * PATIENCE);
  await page.waitForSelector('#state[data-state=connected]');
  await ann.evaluate(() => socket.send('{"type":"push","key":"heavy","action":{"type":"replace"},"value":"light"}'));
  await until('as they did', async () => (await messages(page)).join().endsWith(' replace heavy "light"'));
  await comes('one', () => count(page, 'heavy'), '1');
});

const TRIMS = `return {
  commit = function(room, msg)
    if msg.key == "few" then room:trim("few", { messages = 2 }) end
    if msg.key == "fold" and room:size("fold") == 3 then room:compact("fold", msg.seq, "all") end
    if msg.key == "clear" then room:trim("few", { messages = 0 }) end
    local seq = msg.seq - 1
    if msg.key == "expire" then room:after(0.1, function() room:drop("brief", seq) end) end
  end,
}
`;

scene('what a policy and an operator take away goes from sight, and nobody has to ask', async (scene) => {
  fs.writeFileSync(`${scene.daemon.scripts}/rooms/trims.lua`, TRIMS);
  const others = await Others.begin(scene, '', { policy: 'trims' });
  const page = await visit(scene, others);
  const asked = [];
  page.on('request', (request) => asked.push(request.url()));
  const retained = (name, ...values) =>
    until(`${name} retains ${values}`, async () => {
      const shown = (await messages(page)).map((one) => one.split(' ').at(-1));
      if (shown.join() !== values.join()) throw new Error(shown.join());
      return (await count(page, name)) === String(values.length);
    });
  for (const n of [1, 2, 3, 4]) await others.push('few', n);
  await keyRow(page, 'few').click();
  await retained('few', 3, 4);
  await others.push('few', 5);
  await retained('few', 4, 5);
  await others.push('clear', 1, 'relay');
  await retained('few');
  await until('a note', async () => /retains nothing/.test(await page.textContent('.note')));
  for (const n of [1, 2, 3]) await others.push('fold', n);
  await keyRow(page, 'fold').click();
  await retained('fold', '"all"');
  await others.push('brief', 'x', 'replace');
  await keyRow(page, 'brief').click();
  await retained('brief', '"x"');
  await others.push('expire', 1, 'relay');
  await retained('brief');
  for (const n of [1, 2, 3]) await others.push('k', n);
  await keyRow(page, 'k').click();
  await retained('k', 1, 2, 3);
  await others.admin('drop', { key: 'k', seq: 13 });
  await retained('k', 1, 3);
  await others.admin('trim', { key: 'k', keep: 1 });
  await retained('k', 3);
  await page.click('#all');
  await shows(page, ' trim k 1 gone');
  assert.deepEqual(asked, []);
  await scene.shot(page, 'console-taken-away');
});

scene('what is read again is no news, unless something has gone: also of a key that is not held whole', async (scene) => {
  const others = await Others.begin(scene);
  const ann = await others.join(scene);
  const { told, gone } = await ann.evaluate(
    async ({ socket_url, http_url, admin, key }) => {
      const { Room } = await import('/console/room.js');
      const address = { socket: socket_url, http: http_url.replace(/\/send$/, '') };
      const beat = () => new Promise((resolve) => setTimeout(resolve, 10));
      for (let i = 0; i < 6000; i++) socket.send(`{"type":"push","key":"k","action":{"type":"append"},"value":${i}}`);
      while (heard.at(-1)?.size !== 6000) await beat();
      const room = new Room(address, { cbor: false, changed() {}, told() {} });
      while (!room.ready) await beat();
      const said = () => room.feed.map(({ action, gone }) => `${action} ${gone}`);
      await room.read('k');
      const told = said();
      const headers = { Authorization: `Bearer ${key}` };
      await fetch(`${admin}/trim`, { method: 'POST', headers, body: '{"key":"k","keep":5990}' });
      for (; !said().length; await beat()) {
        room.keys.get('k').readAt = 0;
        await room.read('k');
      }
      room.close();
      return { told, gone: said() };
    },
    { ...others, admin: `${scene.daemon.api}admin/rooms/${others.name}`, key: KEY },
  );
  assert.deepEqual([told, gone], [[], ['trim 10']]);
});

scene('a namespace that does not let us look', async (scene) => {
  const others = await Others.begin(scene, 'blind');
  await others.push('secret', 1);
  const page = await visit(scene, others);
  await until('it says what may be', async () => /debug = false/.test(await page.textContent('.note')));
  await others.push('secret', 2);
  await until('it finds out', async () => /has debug = false/.test(await page.getAttribute('#light', 'title')));
  await page.waitForSelector('#state[data-state=connected]');
  await keyRow(page, 'secret').click();
  await until('what the key retains', async () => (await messages(page)).length === 2);
  await others.push('secret', 3);
  await until('and then', async () => (await messages(page)).length === 3);
  await page.click('#light');
  await until('it looks again', async () => !(await page.isVisible('#light')));
  await page.waitForSelector('#state[data-state=connected]');
  await others.push('secret', 4);
  await until('in vain', () => page.isVisible('#light'));
  await scene.shot(page, 'console-broadcasts');
  await until('and goes on', async () => (await messages(page)).length === 4);
});

scene('the server goes and comes back', async (scene) => {
  const others = await Others.begin(scene);
  await others.push('k', 1);
  const page = await visit(scene, others);
  await keyRow(page, 'k').click();
  scene.broken = true;
  await scene.daemon.kill();
  await page.waitForSelector('#state[data-state=waiting]');
  assert.match(await push(page, 'k', '2'), /no connection/);
  await scene.daemon.run();
  await page.waitForSelector('#state[data-state=connected]');
  assert.match(await push(page, 'k', '2'), /^accepted/); // so it has been told what there was before
  await others.push('k', 3);
  await until('what is new', async () => (await messages(page)).at(-1)?.endsWith('append k 3'));
  await comes('all', () => count(page, 'k'), '3');
});

scene('by keyboard alone, and in both themes', async (scene) => {
  const others = await Others.begin(scene);
  for (const name of ['a', 'b', 'c']) await others.push(name, { [name]: { in: [1, 2] } });
  const page = await visit(scene, others, { as: { colorScheme: 'light', viewport: { width: 1280, height: 800 } } });
  await until('keys', async () => (await keys(page)).length === 3);
  const focused = () => page.evaluate(() => document.activeElement.id || document.activeElement.getAttribute('role'));
  await page.keyboard.press('?');
  assert.match(await page.textContent('dialog'), /push by hand/);
  await scene.shot(page, 'console-help');
  await page.keyboard.press('Escape');
  await page.waitForSelector('dialog', { state: 'detached' });
  await page.keyboard.press('f');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('j');
  assert.equal(await page.textContent('#stream-title'), 'b');
  assert.equal(await focused(), 'keys');
  const ring = await page.$eval('#keys', (list) => getComputedStyle(list).outlineStyle);
  assert.equal(ring, 'solid', 'where one is shows');
  await page.keyboard.press('End');
  assert.equal(await page.textContent('#stream-title'), 'c');
  await page.keyboard.press('Enter');
  assert.equal(await focused(), 'messages');
  await page.keyboard.press('v');
  assert.equal(await focused(), 'treeitem');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowLeft');
  await comes('folded', () => lines(page), ['{ 1 }', 'c: { 1 }']);
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowRight');
  await comes('unfolded', () => lines(page), ['{ 1 }', 'c: { 1 }', 'in: [ 2 ]', '0: 1', '1: 2']);
  await page.keyboard.press('p');
  assert.equal(await focused(), 'push-value');
  await page.keyboard.type('t?');
  assert.equal(await page.inputValue('#push-value'), 't?', 'in a field a letter is a letter');
  await page.keyboard.press('Escape');
  await page.keyboard.press(' ');
  assert.equal(await page.getAttribute('#pause', 'aria-pressed'), 'true');
  await page.keyboard.press('/');
  assert.equal(await focused(), 'filter');
  await page.keyboard.press('Escape');

  const back = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await back();
  await scene.shot(page, 'console-light');
  await page.keyboard.press('t');
  const dark = await back();
  assert.notEqual(dark, light);
  await scene.shot(page, 'console-dark');
  await page.reload();
  assert.equal(await back(), dark, 'it is remembered');
  await page.click('#theme-button');
  assert.equal(await back(), light);
  await page.keyboard.press('o');
  await page.waitForSelector('#new');
});

scene('on a phone', async (scene) => {
  const others = await Others.begin(scene);
  for (let i = 0; i < 40; i++) await others.push('moves', { from: i, to: { square: `e${i}`, capture: i % 2 === 0 } });
  const page = await visit(scene, others, {
    as: { viewport: { width: 390, height: 780 }, hasTouch: true, isMobile: true, deviceScaleFactor: 2 },
  });
  await scene.shot(page, 'console-phone-keys');
  await keyRow(page, 'moves').tap();
  await until('its end', async () => (await messages(page)).at(-1)?.includes('"from":39'));
  assert.ok(await page.locator('#messages').isVisible());
  assert.ok(!(await page.locator('#keys').isVisible()));
  await scene.shot(page, 'console-phone-messages');
  await page.locator('.message').last().tap();
  await page.waitForSelector('.tree');
  await scene.shot(page, 'console-phone-value');
  await page.tap('.panes [data-to=push]');
  assert.match(await push(page, 'moves', '"from a phone"'), /^accepted/);
  await scene.shot(page, 'console-phone-push');
  await page.tap('.panes [data-to=room]');
  await page.waitForSelector('.graphs canvas');
  await until('the graphs are drawn', () =>
    page.$eval(
      '.graphs canvas',
      (canvas) =>
        canvas.width > 600 &&
        canvas
          .getContext('2d')
          .getImageData(0, 0, canvas.width, canvas.height)
          .data.some((n) => n > 0),
    ),
  );
  await sleep(1100);
  await scene.shot(page, 'console-phone-graphs');
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 390, 'nothing is beyond the edge');
});

scene('this page as a QR code', async (scene) => {
  const page = await visit(scene, await Others.begin(scene));
  await page.click('#qr');
  await until('it shows', () => page.$eval('.qr img', (image) => image.naturalWidth > 0));
});

scene('a server that knows nothing of eddy.v1, and says what nobody expects', async (scene) => {
  const asked = [];
  const odd = ['', 'rubbish', '[', '{"type":5}', '{"type":"init"}', '{"type":"unheard of","x":[1]}', '{"type":"push"}'];
  const server = await plainServer((message, say) => {
    asked.push(message);
    if (message.type === 'open') say({ type: 'init', key: 'old', data: [{ value: 'there', seq: 1 }] });
    if (message.type === 'ping') say({ type: 'pong', nonce: message.nonce });
    if (message.type !== 'push') return;
    odd.forEach(say);
    say({ type: 'error', message: 'not so <b>fast</b>' });
    say({ type: 'init', key: message.key, data: [{ value: message.value, seq: 2 }] });
  });
  const page = await visit(scene, `ws://127.0.0.1:${server.port}/api/room/x/connect?cbor=false`);
  await until('the key', async () => (await keys(page)).includes('old'));
  assert.match(await page.getAttribute('#state', 'title'), /without eddy.v1/);
  assert.match(await push(page, 'new', '{"n":[1]}'), /does not answer/);
  await until('the error is told', async () => /not so <b>fast<\/b>/.test(await page.textContent('#toasts')));
  await shows(page, '#2 append new {"n":[1]}');
  const sent = asked.find(({ type }) => type === 'push');
  assert.deepEqual(sent, { type: 'push', key: 'new', action: { type: 'append' }, value: { n: [1] } });
  assert.ok(!asked.some(({ type }) => type === 'members'), 'it is asked for nothing that it does not know');
  await page.keyboard.press('Escape');
  await page.keyboard.press('u');
  await until('who is there', async () => /does not say who is there/.test(await page.textContent('.people')));
  server.end();
  await page.waitForSelector('#state[data-state=waiting]');
  const troubles = scene.troubles.splice(0).filter((trouble) => !/WebSocket connection/.test(trouble));
  assert.deepEqual(troubles, []);
  await page.click('#home'); // it does not go on asking
});

scene('a page that is seldom let run, as one in the background is, stays connected', async (scene) => {
  const others = await Others.begin(scene);
  const page = await visit(scene);
  await page.clock.install();
  let sockets = 0;
  let pongs = 0;
  page.on('websocket', (socket) => {
    sockets++;
    socket.on('framereceived', ({ payload }) => (pongs += Number(String(payload).includes('pong'))));
  });
  await page.goto(`${scene.daemon.api}console/?url=${encodeURIComponent(others.socket_url)}`);
  await page.waitForSelector('#state[data-state=connected]');
  for (let minute = 0; minute < 3; minute++) {
    await until('it is quiet', () => pongs > 0);
    pongs = 0;
    await page.clock.fastForward(60000);
    await until('it has asked, and was answered', () => pongs > 0);
  }
  assert.equal(sockets, 1);
});

scene('a server that ends each connection at once is asked less and less often', async (scene) => {
  const others = await Others.begin(scene);
  const page = await visit(scene);
  let dials = 0;
  await page.routeWebSocket(/\/connect/, (socket) => {
    dials++;
    setTimeout(() => socket.close({ code: 1008, reason: 'not here' }), 20); // it was open by then
  });
  await page.goto(`${scene.daemon.api}console/?url=${encodeURIComponent(others.socket_url)}`);
  await until('it is tried', () => dials > 1);
  await sleep(4000);
  assert.ok(dials < 7, dials);
});

scene('keys that retain nothing go, where there is no end of them', async (scene) => {
  const others = await Others.begin(scene);
  await others.push('kept', 1);
  const page = await visit(scene, others);
  const member = await others.join(scene);
  const say = (from, to) =>
    member.evaluate(
      async ([from, to]) => {
        for (let n = from; n < to; n++) {
          socket.send(JSON.stringify({ type: 'push', key: `key ${n}`, action: { type: 'relay' }, value: 1 }));
          if (n % 500 === 0) await new Promise((resolve) => setTimeout(resolve, 5)); // the console is slower
        }
      },
      [from, to],
    );
  const known = async () => (await page.textContent('.sum')).split(',')[0];
  await say(0, 9999);
  await until('all are there', async () => (await known()) === '10.0k keys' || (await known()) === '10k keys', 30000);
  await say(9999, 10000);
  await until('a tenth has gone', async () => (await known()) === '9001 keys');
  await page.fill('#filter', 'kept');
  await until('not what retains something', async () => (await keys(page)).join() === 'kept');
  await page.fill('#filter', 'key 9999');
  await until('nor the newest', async () => (await keys(page)).join() === 'key 9999');
});
