// The voxel editor: what all see is compared pixel by pixel, in windows of one size.
import assert from 'node:assert/strict';
import { agree, scene, text, until } from './harness.js';

const count = text('#count');
/** What is drawn, without what lies over it. */
const seen = (page) =>
  page.screenshot({ clip: { x: 200, y: 150, width: 600, height: 400 } }).then((bytes) => bytes.toString('base64'));
const bare = (page) => page.evaluate(() => (document.getElementById('pins').style.display = 'none'));

scene('voxel: two pages and a late one build; taken away; a rule changes meanwhile', async (scene) => {
  const ann = await scene.demo('voxel');
  const bob = await scene.demo('voxel', { room: ann });
  await Promise.all([ann, bob].map(bare));
  const all =
    (...pages) =>
    async (wanted) =>
      agree(wanted, pages, count, (shown) => shown === wanted);
  const both = all(ann, bob);
  await both('0 blocks');
  await ann.focus('#space');
  for (const key of ['Enter', 'PageUp', 'Enter', 'PageUp', 'Enter']) await ann.keyboard.press(key);
  await both('3 blocks');
  await bob.click('#tools button:nth-child(2)');
  await bob.mouse.click(350, 400);
  await both('4 blocks');
  await until("the other's block in hand has a name", async () => (await ann.locator('.pin').count()) === 1);
  await ann.mouse.move(600, 450);
  const four = await agree('they look alike', [ann, bob], seen);

  const eve = await scene.demo('voxel', { room: ann });
  await bare(eve);
  await all(ann, bob, eve)('4 blocks');
  await eve.mouse.move(400, 460); // away from the other blocks in hand

  const alike = await agree('as one who comes late sees it', [ann, bob, eve], seen, (shown) => shown !== four);
  await ann.mouse.move(600, 450);
  await ann.mouse.down();
  await ann.mouse.move(640, 460, { steps: 4 });
  await ann.mouse.up();
  await until('who turns sees it from elsewhere', async () => (await seen(ann)) !== alike);
  assert.equal(await seen(eve), alike, 'alone');

  // The browser takes what she draws with away, and gives it back.
  await eve.evaluate(() => {
    globalThis.lose = document.getElementById('space').getContext('webgl2').getExtension('WEBGL_lose_context');
    lose.loseContext();
  });
  await until('nothing is drawn', async () => (await seen(eve)) !== alike);
  await bob.mouse.click(350, 400, { button: 'right' });
  await all(ann, bob, eve)('3 blocks');
  await bob.mouse.click(350, 400);
  await all(ann, bob, eve)('4 blocks');
  await scene.shot(eve, 'voxel-lost');
  await eve.evaluate(() => lose.restoreContext());
  await until('all is drawn again', async () => (await seen(eve)) === alike);
  await bob.mouse.click(350, 400, { button: 'right' });
  await agree('and goes on', [eve], seen, (shown) => shown !== alike);
  await all(ann, bob, eve)('3 blocks');
  await scene.daemon.edit('voxel', 'most = 4000', 'most = 3');
  await bob.mouse.click(350, 400);
  await until('the new rule is told', async () => (await bob.textContent('#notice')) === 'the space is full');
  await all(ann, bob, eve)('3 blocks');
});
