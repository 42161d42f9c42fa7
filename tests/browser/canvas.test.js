// The canvas: all draw on one board. What they see is compared pixel by pixel.
import { agree, scene, until } from './harness.js';
import { draw, drawn } from './players.js';

scene('canvas: two pages and a late one; undone and erased; a rule changes meanwhile', async (scene) => {
  const ann = await scene.demo('canvas');
  const bob = await scene.demo('canvas', { room: ann, as: { viewport: { width: 390, height: 700 } } });
  const before = await drawn(ann);
  await draw(ann, [0.2, 0.2], [0.8, 0.8]);
  const one = await agree('a line shows', [ann, bob], drawn, (shown) => shown !== before);
  await until("and the other's cursor", async () => (await bob.locator('.pin').count()) === 1);
  await bob.click('#tools button:nth-child(2)');
  await draw(bob, [0.2, 0.8], [0.5, 0.4], [0.8, 0.2]);
  const two = await agree('two', [ann, bob], drawn, (shown) => shown !== one);
  await ann.focus('#canvas');
  for (const key of ['Space', 'ArrowRight', 'ArrowRight', 'ArrowDown', 'Space']) await ann.keyboard.press(key);
  await agree('one by keyboard', [ann, bob], drawn, (shown) => shown !== two);
  const eve = await scene.demo('canvas', { room: ann });
  await agree('one who comes late sees them', [ann, bob, eve], drawn, (shown) => shown !== two);
  await ann.click('text=Undo');
  await agree('undone', [ann, bob, eve], drawn, (shown) => shown === two);
  await eve.click('text=Eraser');
  await draw(eve, [0.2, 0.7], [0.3, 0.85]);
  await agree('erased', [ann, bob, eve], drawn, (shown) => shown === one);

  await scene.daemon.edit(
    'whiteboard',
    'local shape = op.shape',
    'local shape = op.shape\n  if shape and shape.colour == "#00875a" then return nil, "no green" end',
  );
  await bob.click('#tools button:nth-child(4)');
  await draw(bob, [0.1, 0.1], [0.9, 0.1]);
  await until('the new rule is told', async () => (await bob.textContent('#notice')) === 'no green');
  await agree('and what it forbids is gone', [ann, bob, eve], drawn, (shown) => shown === one);
  await bob.click('text=Clear');
  await agree('all is gone', [ann, bob, eve], drawn, (shown) => shown === before);
});
