// A number that everybody may turn up and down: a shared reducer. The room's policy, scripts/rooms/counter.lua, takes the
// same steps as the function here, and decides.
import { SharedReducer } from '../../client/index.js';
import { by } from '../dom.js';
import { join, say } from '../shared.js';

const { connection } = await join('counter');

/** @typedef {'increment' | 'decrement'} Action */
const counter = new SharedReducer(connection, 'counter', {
  initial: 0,
  reducer: (count, /** @type {Action} */ action) => count + (action === 'increment' ? 1 : -1),
});

// A click shows at once; what the room refuses is taken back, and it says why.
/** @param {Action} action */
const act = (action) => counter.dispatch(action).catch(say);

const show = () => (by('count').textContent = String(counter.value));
counter.subscribe(show);
show();

by('up').onclick = () => act('increment');
by('down').onclick = () => act('decrement');
document.onkeydown = ({ key }) => {
  if (key === 'ArrowUp' || key === '+') act('increment');
  if (key === 'ArrowDown' || key === '-') act('decrement');
};
