// A chat: what is said is appended to one key. How much of it is kept, how fast one may talk, and which words are starred
// out is the room's to say: scripts/rooms/chat.lua.
/** @import { Item } from '../../client/index.js' */
import { by, colour, el, number } from '../dom.js';
import { join, say } from '../shared.js';

const { connection, me, person } = await join('chat');

/** @typedef {{ name: string, text: string, hue?: number, from?: string, at?: number }} Said */

/** @type {HTMLInputElement} */
const text = by('text');
const log = by('log');

/** @param {Said} said */
function row({ name, text, hue, from, at }) {
  const dot = el('i');
  dot.style.backgroundColor = colour(hue);
  const time = new Date(number(at));
  const shown = isNaN(+time) ? '' : time.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
  return el(
    'li',
    { className: from === me ? 'mine' : '' },
    el('b', {}, dot, `${name}`, el('time', {}, shown)),
    `${text}`,
  );
}

/** Who reads at the end goes on reading there. @param {() => void} change */
function follow(change) {
  const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
  change();
  if (atEnd) log.scrollTop = log.scrollHeight;
}

const MOST = 1000; // rows; the room keeps fewer

/** @param {Said} said */
function add(said) {
  follow(() => log.append(row(said)));
  while (log.childElementCount > MOST) log.firstElementChild?.remove();
}

connection.subscribe('chat', ({ value }) => add(value), {
  // All that is kept: in the beginning; and after a break so long that the room no longer knows what was missed.
  reset: (/** @type {Item<Said>[]} */ items) =>
    follow(() => log.replaceChildren(...items.map(({ value }) => row(value)))),
});

by('form').onsubmit = async (event) => {
  event.preventDefault();
  const said = { name: person.name, text: text.value.trim(), hue: person.hue, from: me, at: Date.now() };
  if (!said.text) return;
  text.value = '';
  const sending = row(said);
  sending.className = 'mine sending';
  follow(() => log.append(sending));
  try {
    await connection.push('chat', said); // without a connection it waits for one
  } catch (error) {
    say(error);
    text.value ||= said.text;
  }
  sending.remove();
};
text.focus();
