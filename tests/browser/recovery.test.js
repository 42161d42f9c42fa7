// All demos at once: the daemon is killed and started again; some pages are offline for ten seconds.
import assert from 'node:assert/strict';
import { agree, scene, sleep, until } from './harness.js';
import { all, players } from './players.js';

/** A page of each demo; in the rooms of others. */
async function open(scene, { rooms = {}, names = Object.keys(players), ...options } = {}) {
  const pages = await Promise.all(names.map((name) => scene.demo(name, { room: rooms[name], ...options })));
  return Object.fromEntries(names.map((name, i) => [name, pages[i]]));
}

/** Until the pages of each demo show the same; what that is. */
async function agreed(when, ...groups) {
  const states = {};
  for (const name of Object.keys(groups[0])) {
    const pages = groups.map((group) => group[name]);
    states[name] = await agree(`${name} ${when}`, pages, players[name].state);
  }
  return states;
}

/** Everybody in the first group does something; until all have heard of it, and agree. */
async function done(what, ...groups) {
  const before = {};
  for (const name in groups[0]) before[name] = await players[name].state(groups[0][name]);
  await all(groups[0], what);
  const states = {};
  for (const name in groups[0]) {
    const pages = groups.map((group) => group[name]);
    states[name] = await agree(`${name}: ${what}`, pages, players[name].state, (shown) => shown !== before[name]);
  }
  return states;
}

/** What was done shows. */
function changed(before, after) {
  for (const name in before) assert.notEqual(after[name], before[name], name);
}

scene('the daemon is killed and started again: every page comes to one state by itself', async (scene) => {
  const ann = await open(scene);
  const bob = await open(scene, { rooms: ann });
  await done('first', ann, bob);
  const before = await done('second', bob, ann);

  scene.broken = true;
  await scene.daemon.kill();
  for (const page of Object.values(ann)) await page.waitForSelector('#status[data-state=waiting]');
  await all(ann, 'while it is gone');
  await scene.daemon.run();
  for (const group of [ann, bob]) await scene.connected(...Object.values(group));
  scene.broken = false;
  const after = await agreed('agrees again', ann, bob);
  changed(before, after);
  assert.equal(after.counter, '3');
  assert.equal(after.voxel, '3 blocks');
  assert.equal(after.chat, 'first\nsecond\nwhile it is gone');
  assert.equal(after.text, 'first\nsecond\nwhile it is gone\n');
  assert.equal(after.tictactoe, 'XOX......');

  await done('on it goes', bob, ann);
});

scene(
  'what the last seconds brought is lost: all pages, and who comes late, have the same all the same',
  async (scene) => {
    const names = ['counter', 'chat', 'text'];
    const ann = await open(scene, { names });
    const bob = await open(scene, { names, rooms: ann });
    await done('first', ann, bob);
    scene.broken = true;
    await scene.daemon.kill('SIGTERM'); // this is kept
    await scene.daemon.run();
    for (const group of [ann, bob]) await scene.connected(...Object.values(group));
    const before = await done('second', bob, ann);
    await scene.daemon.kill();
    await scene.daemon.run();
    for (const group of [ann, bob]) await scene.connected(...Object.values(group));
    scene.broken = false;
    const eve = await open(scene, { names, rooms: ann });
    const after = await agreed('agrees again', ann, bob, eve);
    assert.deepEqual([before.counter, before.chat], ['2', 'first\nsecond']);
    assert.deepEqual([after.counter, after.chat], ['1', 'first'], 'it was lost indeed');
    assert.equal(after.text, before.text, 'but of a text each page has all there is');
    const end = await done('third', bob, ann, eve);
    assert.deepEqual(end, { counter: '2', chat: 'first\nthird', text: 'first\nsecond\nthird\n' });
  },
  { 'plugins.sqlite.durability': 'snapshot', 'plugins.sqlite.interval': '1h' },
);

scene('pages that are offline for ten seconds catch up', async (scene) => {
  const proxy = await scene.proxy();
  const ann = await open(scene);
  const bob = await open(scene, { rooms: ann, proxy });
  await done('first', ann, bob);
  await done('second', bob, ann);

  scene.broken = true;
  const since = Date.now();
  await proxy.offline();
  await all(ann, 'by who is there');
  for (const page of Object.values(bob)) await page.waitForSelector('#status[data-state=waiting]');
  const without = await agreed('alone', ann);
  await until('they know that they are offline', async () =>
    (await bob.chat.textContent('#status')).includes('no connection'),
  );
  // Whose turn it is is another's; and what he has not seen he cannot answer.
  await all({ ...bob, tictactoe: ann.tictactoe }, 'by who is away');
  await sleep(10000 - (Date.now() - since));
  await proxy.online();
  await scene.connected(...Object.values(bob));
  scene.broken = false;
  const after = await agreed('agrees again', ann, bob);
  assert.equal(without.tictactoe, after.tictactoe);
  assert.equal(after.tictactoe, 'XOX......');
  assert.equal(after.counter, '4');
  assert.equal(after.voxel, '4 blocks');
  assert.equal(after.chat, 'first\nsecond\nby who is there\nby who is away');
  assert.match(after.text, /^first\nsecond\n(by who is there\nby who is away\n|by who is away\nby who is there\n)$/);
  assert.notEqual(after.canvas, without.canvas);
});
