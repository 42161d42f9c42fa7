// A member that sends whatever its room lets through: pages show something, or nothing, and go on.
import assert from 'node:assert/strict';
import { scene, until } from './harness.js';
import { all, players, said } from './players.js';

// Neither a text nor a number can be made of it.
const NONE = { toString: 1, valueOf: 1 };
const VALUES = [
  NONE,
  { name: NONE, hue: NONE, x: NONE, y: NONE, position: [NONE, NONE, NONE], color: NONE, from: NONE, to: NONE },
  { name: 'x', hue: 1, position: [1, 2, 3], color: NONE },
  1,
  'text',
  [],
  {},
  true,
  '<img src=x onerror=alert(1)>',
  { name: '<img src=x onerror=alert(1)>', hue: 'url(x)', x: 'y', y: {}, position: 'here', color: 7, from: 1, to: [] },
  { name: null, position: [], color: null, from: { type: { client: 1, clock: 2 } }, to: { item: 'x' } },
  { name: 'long '.repeat(1000), position: ['a', {}, null], x: 1e300, y: -1e300 },
];
const SHAPES = [
  { points: [NONE, NONE], width: NONE, colour: NONE },
  {},
  { points: 5 },
  { points: 'abc' },
  { points: ['a', null, {}] },
  { points: [1], width: 'x', colour: {} },
  [],
];

/** Says it in the page's room, by HTTP. */
async function push(page, key, value, action) {
  const { origin, searchParams } = new URL(page.url());
  const body = JSON.stringify({ type: 'push', key, value, action: { type: action } });
  await fetch(`${origin}/room/${searchParams.get('room')}/send`, { method: 'POST', body });
}

/** As several people, wherever somebody can be. */
async function appear(page) {
  for (const key of ['__presence', 'cursor/board', 'cursor/text', 'users']) {
    for (const [i, value] of VALUES.entries()) await push(page, key, { client: `hostile ${i}`, value }, 'relay');
    await push(page, key, JSON.parse('{ "client": "__proto__", "value": 1 }'), 'relay');
  }
}

scene('what a hostile member sends breaks no page', async (scene) => {
  const names = Object.keys(players);
  const pages = Object.fromEntries(await Promise.all(names.map(async (name) => [name, await scene.demo(name)])));
  for (const page of Object.values(pages)) {
    await appear(page);
    for (const value of VALUES) {
      for (const key of ['counter', 'chat', 'tictactoe', 'text', 'fold']) await push(page, key, value, 'append');
      await push(page, 'chat', { name: '', text: '<b>', hue: value, from: value, at: value }, 'append');
    }
    for (const [i, shape] of SHAPES.entries()) {
      await push(page, 'shapes', { apply: { id: `${i}`, shape }, i: 'hostile' }, 'append');
      const voxel = { position: [i, 0, -3], color: SHAPES[i], opacity: 'x' };
      await push(page, 'voxels', { apply: { type: 'add', voxel }, i: 'hostile' }, 'append');
    }
  }
  const move = { type: 'move', index: 8, player: 'constructor' }; // an Object
  await push(pages.tictactoe, 'tictactoe', { apply: move, i: 'hostile' }, 'append');
  const before = {};
  for (const name of names) before[name] = await players[name].state(pages[name]);
  await until('they go on', async () => {
    await all(pages, 'on it goes');
    for (const name of names) if ((await players[name].state(pages[name])) === before[name]) throw new Error(name);
    return true;
  });
  const late = await scene.demo('chat', { room: pages.chat });
  await until('who comes later is shown what was said', async () => (await said(late)) === (await said(pages.chat)));
  assert.ok((await said(late)).includes('<b>'));
  for (const page of Object.values(pages)) {
    await until('and show who is here', async () => {
      await appear(page);
      return (await page.locator('#people li').count()) > 8;
    });
  }
});
