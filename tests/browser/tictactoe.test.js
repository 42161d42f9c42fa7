// Tic-tac-toe: the referee is in the room.
import assert from 'node:assert/strict';
import { agree, comes, scene, until } from './harness.js';
import { board } from './players.js';

const play = (page, index) => page.locator('#board button').nth(index).click();
const refused = (page, why) => until(why, async () => (await page.textContent('#notice')) === why);

scene(
  'tictactoe: two players and one who looks on; what is not allowed is refused; a rule changes meanwhile',
  async (scene) => {
    const ann = await scene.demo('tictactoe');
    const bob = await scene.demo('tictactoe', { room: ann });
    const game =
      (...pages) =>
      async (wanted) =>
        agree(`the board is ${wanted}`, pages, board, (shown) => shown === wanted);
    const both = game(ann, bob);
    await play(ann, 0);
    await both('X........');
    await comes('whose turn it is', () => ann.textContent('#turn'), 'Waiting for somebody to play O');
    await play(ann, 1);
    await refused(ann, "it is the other's turn");
    await play(bob, 0);
    await refused(bob, 'this square is taken');
    await play(bob, 4);
    await both('X...O....');
    await until('it is her turn', async () => (await ann.textContent('#turn')) === 'Your turn: X');

    const eve = await scene.demo('tictactoe', { room: ann });
    const all = game(ann, bob, eve);
    await all('X...O....');
    await play(eve, 1);
    await refused(eve, "it is the other's turn");
    await eve.click('#again');
    await refused(eve, 'a game is on');
    await all('X...O....');

    await scene.daemon.edit(
      'tictactoe',
      'local seat, other',
      'if index == 8 then return nil, "not in the corner" end\n  local seat, other',
    );
    await play(ann, 8);
    await refused(ann, 'not in the corner');
    await all('X...O....');
    await play(ann, 1);
    await all('XX..O....');
    await play(bob, 5);
    await all('XX..OO...');
    await ann.locator('#board button').nth(0).focus();
    for (const key of ['ArrowRight', 'ArrowRight', 'Enter']) await ann.keyboard.press(key);
    await all('XXX.OO...');
    await until('one has won', async () => (await ann.textContent('#turn')) === 'You won with X');
    await comes('by three', () => bob.locator('.won').count(), 3);
    await eve.click('#again');
    await all('.........');
  },
);
