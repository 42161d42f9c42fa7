// Tic-tac-toe, with a referee: scripts/rooms/tictactoe.lua has the rules, so no page can cheat. The rules here let a move
// show before the room has answered; a move that they do not allow shows as nothing, but is sent all the same.
import { SharedReducer } from '../../client/index.js';
import { by, el, text } from '../dom.js';
import { join, say } from '../shared.js';

const { connection, me, people } = await join('tictactoe');

const LINES = [[0, 1, 2], [3, 4, 5], [6, 7, 8], [0, 3, 6], [1, 4, 7], [2, 5, 8], [0, 4, 8], [2, 4, 6]]; // prettier-ignore

/**
 * A square is null, 1 for X or 0 for O, and so is who won.
 * @typedef {{ board: (0 | 1 | null)[], xIsNext: boolean, xPlayer: string | null, oPlayer: string | null,
 *             winner: 0 | 1 | null }} Game
 * @typedef {{ type: 'move', index: number, player: string } | { type: 'reset' }} Action
 */

/** @type {Game} */
const start = { board: Array(9).fill(null), xIsNext: true, xPlayer: null, oPlayer: null, winner: null };

/** @param {Game['board']} board */
const lineOf = (board) =>
  LINES.find(([a, b, c]) => board[a] !== null && board[a] === board[b] && board[a] === board[c]);

/** @param {Game} game @param {Action} action @returns {Game} */
function reducer(game, action) {
  if (action.type === 'reset') return start;
  const { index, player } = action;
  const [seat, other] = game.xIsNext
    ? /** @type {const} */ (['xPlayer', 'oPlayer'])
    : /** @type {const} */ (['oPlayer', 'xPlayer']);
  const mayMove = game[seat] === player || (game[seat] === null && game[other] !== player);
  if (!mayMove || game.winner !== null || game.board[index] !== null) return game;
  const board = game.board.with(index, game.xIsNext ? 1 : 0);
  const line = lineOf(board);
  return { ...game, board, xIsNext: !game.xIsNext, [seat]: player, winner: line ? board[line[0]] : null };
}

const game = new SharedReducer(connection, 'tictactoe', { initial: start, reducer });
/** @param {Action} action */
const act = (action) => game.dispatch(action).catch(say);

const squares = start.board.map((_, index) => {
  const square = el('button', { type: 'button', onclick: () => act({ type: 'move', index, player: me }) });
  square.onkeydown = ({ key }) => {
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -3, ArrowDown: 3 }[key] ?? 0;
    squares[(index + step + 9) % 9].focus();
  };
  return square;
});
by('board').append(...squares);
by('again').onclick = () => act({ type: 'reset' });

/** @param {string | null} player */
function nameOf(player) {
  if (player === me) return 'You';
  const known = player !== null && Object.hasOwn(people.value, player); // and none of what all objects have
  return (known && text(Object(people.value[player].value).name)) || 'Somebody';
}

function turn() {
  const { board, xIsNext, xPlayer, oPlayer, winner } = game.value;
  if (winner !== null) return `${nameOf(winner ? xPlayer : oPlayer)} won with ${winner ? 'X' : 'O'}`;
  if (!board.includes(null)) return 'A draw';
  const next = xIsNext ? xPlayer : oPlayer;
  const mark = xIsNext ? 'X' : 'O';
  if (next === me) return `Your turn: ${mark}`;
  if (next) return `It is ${nameOf(next)}'s turn: ${mark}`;
  return (xIsNext ? oPlayer : xPlayer) === me
    ? `Waiting for somebody to play ${mark}`
    : `Whoever moves first plays ${mark}`;
}

function show() {
  const { board } = game.value;
  const line = lineOf(board) ?? [];
  by('turn').textContent = turn();
  for (const [index, square] of squares.entries()) {
    const mark = board[index] === null ? '' : board[index] ? 'X' : 'O';
    square.textContent = mark;
    square.className = `${mark.toLowerCase()} ${line.includes(index) ? 'won' : ''}`;
    square.ariaLabel = `Row ${Math.floor(index / 3) + 1}, column ${(index % 3) + 1}: ${mark || 'empty'}`;
  }
}
game.subscribe(show);
people.subscribe(show);
show();
