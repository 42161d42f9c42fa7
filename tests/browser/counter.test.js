// The counter: everybody turns one number, and the room decides.
import assert from 'node:assert/strict';
import { agree, comes, scene, text, until } from './harness.js';

const count = text('#count');

scene('counter: two pages and a late one; its policy changes meanwhile', async (scene) => {
  const ann = await scene.demo('counter');
  const bob = await scene.demo('counter', { room: ann });
  await ann.click('#up');
  await bob.click('#up');
  await bob.keyboard.press('ArrowUp');
  await ann.click('#down');
  await agree('both show 2', [ann, bob], count, (shown) => shown === '2');
  const eve = await scene.demo('counter', { room: ann });
  await agree('and one who comes late', [ann, bob, eve], count, (shown) => shown === '2');

  await until('everybody is there', async () => (await ann.locator('#people li').count()) === 3);
  await bob.context().close();
  await until('somebody has gone', async () => (await ann.locator('#people li').count()) === 2);

  await scene.daemon.edit('counter', 'return count - 1', 'return nil, "upward only"');
  await ann.click('#down');
  await until('the new rule is told', async () => (await ann.textContent('#notice')) === 'upward only');
  await agree('what was refused is taken back', [ann, eve], count, (shown) => shown === '2');
  await eve.click('#up');
  await agree('upward goes', [ann, eve], count, (shown) => shown === '3');
});

scene('a page that says who is here, where it is, and that its room is gone', async (scene) => {
  const ann = await scene.demo('counter');
  await ann.click('#share');
  assert.equal(await ann.inputValue('#invite input[readonly]'), ann.url());
  await until('the QR code shows', () => ann.evaluate(() => document.querySelector('#invite img').naturalWidth > 0));
  const console = new URL(await ann.getAttribute('#invite a:last-child', 'href'));
  assert.equal(console.pathname, '/console/');
  assert.equal(
    console.searchParams.get('url'),
    `ws://127.0.0.1:${scene.daemon.port}/room/${new URL(ann.url()).searchParams.get('room')}/connect`,
  );
  await ann.fill('#invite label input', 'Ann');
  await ann.click('#invite .main');
  const bob = await scene.demo('counter', { room: ann });
  await until('the name is told', async () => (await bob.textContent('#people')).includes('Ann'));
  await ann.reload();
  await comes('she is still Ann', () => ann.textContent('#people li'), 'Ann');
  assert.equal(scene.troubles.length, 0);

  const lost = await scene.page('demos/counter/?room=nobodyWasEverHere');
  await lost.waitForSelector('#status[data-state=closed]');
  assert.match(await lost.textContent('#status'), /this room is gone/);
  assert.ok(scene.troubles.splice(0).every((trouble) => trouble.includes('404')));
  await lost.click('#status a');
  await scene.connected(lost);
  assert.match(lost.url(), /room=\w{24}$/);
});
