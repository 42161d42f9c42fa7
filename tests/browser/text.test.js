// The text: all write at once, and the room has it folded.
import assert from 'node:assert/strict';
import { agree, scene, until } from './harness.js';
import { write, written } from './players.js';

scene('text: two pages and a late one write at once; it is folded; a rule changes meanwhile', async (scene) => {
  const ann = await scene.demo('text');
  const bob = await scene.demo('text', { room: ann });
  const both = async (wanted) => agree(wanted, [ann, bob], written, (text) => text === wanted);
  await write(ann, 'End', 'one two');
  await both('one two');
  await Promise.all([write(ann, 'Home', '<b>zero</b> '), write(bob, 'End', ' three 🙂')]);
  await both('<b>zero</b> one two three 🙂');
  await until("the other's caret shows", async () => (await ann.textContent('.caret')) !== '');
  await write(ann, 'Control+End', 'A');
  await both('<b>zero</b> one two three 🙂A');
  await write(bob, 'Control+End', 'B'); // both have their carets at the end now
  await both('<b>zero</b> one two three 🙂AB');
  const [long, other] = ['a'.repeat(40), 'b'.repeat(40)];
  await Promise.all([ann.keyboard.type(long, { delay: 8 }), bob.keyboard.type(other, { delay: 11 })]);
  await agree(
    'what each wrote stays together',
    [ann, bob],
    written,
    (text) => text.includes(`A${long}`) && text.includes(`B${other}`),
  );
  await ann.fill('#area', '<b>zero</b> one two three 🙂');
  const eve = await scene.demo('text', { room: ann });
  const all = async (wanted) => agree(wanted, [ann, bob, eve], written, (text) => text === wanted);
  await all('<b>zero</b> one two three 🙂');

  // Letters that are put together are not cut off by what others write meanwhile; these do see them.
  await write(ann, 'End', ' ');
  const ime = await ann.context().newCDPSession(ann);
  const compose = (text) =>
    ime.send('Input.imeSetComposition', { text, selectionStart: text.length, selectionEnd: text.length });
  await ann.evaluate(() => {
    globalThis.composed = [];
    for (const type of ['compositionstart', 'compositionend'])
      document.getElementById('area').addEventListener(type, ({ data }) => composed.push(`${type} ${data}`));
  });
  await compose('に');
  await compose('にほ');
  await agree('half a word', [bob, eve], written, (text) => text.endsWith('🙂 にほ'));
  await write(bob, 'Home', '# ');
  await agree('before it', [bob, eve], written, (text) => text === '# <b>zero</b> one two three 🙂 にほ');
  await compose('にほん');
  await agree('with it', [bob, eve], written, (text) => text === '# <b>zero</b> one two three 🙂 にほん');
  assert.equal(await written(ann), '<b>zero</b> one two three 🙂 にほん');
  await ime.send('Input.insertText', { text: '日本' });
  await all('# <b>zero</b> one two three 🙂 日本');
  assert.deepEqual(await ann.evaluate(() => composed), ['compositionstart ', 'compositionend 日本']);
  await ann.keyboard.type('!');
  await all('# <b>zero</b> one two three 🙂 日本!');
  await ann.fill('#area', '<b>zero</b> one two three 🙂');
  await all('<b>zero</b> one two three 🙂');

  await write(ann, 'Control+Home', '');
  for (let i = 0; i < 12; i++) await ann.keyboard.press('ArrowRight');
  await write(bob, 'Home', '');
  for (let i = 0; i < 12; i++) await bob.keyboard.press('Delete');
  await ann.keyboard.type('X'); // it is behind what has gone
  await all('Xone two three 🙂');
  await ann.keyboard.press('Control+z');
  await until('what she wrote last is undone', async () => !(await written(ann)).includes('X'));
  await until("and not the other's part of it", async () => (await written(eve)).endsWith('one two three 🙂'));

  const kept = async () => {
    const { http_url } = await (
      await fetch(`${scene.daemon.api}room/${new URL(ann.url()).searchParams.get('room')}`)
    ).json();
    const get = { method: 'POST', body: JSON.stringify({ type: 'get', key: 'text' }) };
    return (await (await fetch(http_url, get)).json()).data.length;
  };
  await scene.daemon.edit('text', 'fold = 100', 'fold = 10');
  await bob.focus('#area');
  await bob.keyboard.press('End');
  let most = 0;
  for (let i = 0; i < 30; i++) {
    await bob.keyboard.type('.');
    await until('it is heard', async () => (await written(eve)).endsWith('.'.repeat(i + 1)));
    most = Math.max(most, await kept());
  }
  await agree('all have it', [ann, bob, eve], written, (text) => text.endsWith('.'.repeat(30)));
  assert.ok(most >= 9, `there were ${most}`);
  await until('it was folded', async () => (await kept()) <= 10);
  const late = await scene.demo('text', { room: ann });
  await agree('and is whole', [ann, bob, eve, late], written);

  await scene.daemon.edit('text', 'longest = "256KiB"', 'longest = "50B"');
  const before = await written(eve);
  await bob.keyboard.insertText('much '.repeat(100));
  await until('the new rule is told', async () => (await bob.textContent('#notice')) === 'this is too much at once');
  await agree('it is taken back', [ann, bob, eve, late], written, (text) => text === before);
  await write(bob, 'End', '!');
  await agree('and he may go on', [ann, bob, eve, late], written, (text) => text === `${before}!`);
});
