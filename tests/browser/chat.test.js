// The chat: what is said is kept, in one order, and the room judges it.
import assert from 'node:assert/strict';
import { agree, comes, scene, until } from './harness.js';
import { said, tell } from './players.js';

scene('chat: two pages and a late one; what is bad changes meanwhile', async (scene) => {
  const ann = await scene.demo('chat');
  const bob = await scene.demo('chat', { room: ann });
  await tell(ann, 'hello');
  await agree('hello is heard', [ann, bob], said, (shown) => shown === 'hello');
  await tell(bob, '<b>darn</b>');
  const eve = await scene.demo('chat', { room: ann });
  await agree('all is heard, and is text', [ann, bob, eve], said, (shown) => shown === 'hello\n<b>darn</b>');
  assert.equal(await bob.locator('li.mine').count(), 1);
  assert.equal(await eve.locator('li.mine').count(), 0);

  await scene.daemon.edit('chat', 'burst_time = "10s"', 'burst_time = "1h"'); // however slow she is to say six things
  await scene.daemon.edit('chat', 'bad_words = ""', 'bad_words = "darn"');
  await tell(eve, 'Darn!');
  await agree('the word is starred out', [ann, bob, eve], said, (shown) => shown === 'hello\n<b>darn</b>\n****!');

  for (let i = 1; i <= 6; i++) await tell(ann, `quick ${i}`);
  await until(
    'too fast: it says so, and gives the text back',
    async () => (await ann.inputValue('#text')) === 'quick 6',
  );
  await comes('why', () => ann.textContent('#notice'), 'not so fast');
  await agree('it was not said', [ann, bob, eve], said, (shown) => shown.endsWith('quick 5'));
});
