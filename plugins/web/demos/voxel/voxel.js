// Blocks in one space, which all build together, and the block that each has in hand: scripts/rooms/voxel.lua. ../blocks.js
// draws them.
import { Presence, SharedReducer } from '../../client/index.js';
import { Blocks } from '../blocks.js';
import { by, palette, Pins } from '../dom.js';
import { join, say } from '../shared.js';

const { connection, person } = await join('voxel');

/**
 * @typedef {number[]} Vector
 * @typedef {{ position: Vector, color: string, opacity: 1 }} Voxel
 * @typedef {{ type: 'add', voxel: Voxel } | { type: 'remove', name: string }} Action
 */
const voxels = new SharedReducer(connection, 'voxels', {
  initial: /** @type {Record<string, Voxel>} */ ({}),
  reducer(voxels, /** @type {Action} */ action) {
    if (action.type === 'add') return { ...voxels, [action.voxel.position.join(':')]: action.voxel };
    const { [action.name]: _, ...others } = voxels;
    return others;
  },
});
/** @type {Presence<{ position: Vector, color: string, name: string, hue: number }>} */
const hands = new Presence(connection, { key: 'users', debounce: 40 });

const REACH = 8;
const COLOURS = ['#e9edf3', '#d33115', '#ffb000', '#00875a', '#1f6feb', '#7b4fd0'];
let color = COLOURS[4];
let taking = false; // blocks away, instead of adding them
/** Where the next block goes. @type {Vector} */
let hand = [0, 0, 0];

/** @type {HTMLCanvasElement} */
const space = by('space');
/** @type {Blocks} */
let blocks;
try {
  blocks = new Blocks(space, REACH);
} catch (error) {
  by('count').textContent = String(error);
  throw error;
}
const pins = new Pins(by('pins'));

function showVoxels() {
  blocks.set(voxels.value);
  by('count').textContent = `${Object.keys(voxels.value).length} blocks`;
}
/** The others' hands, where they hold something somewhere. */
const held = () =>
  Object.entries(hands.value).filter(([, { value }]) => {
    const { position } = Object(value);
    return Array.isArray(position) && position.length === 3 && position.every(Number.isFinite);
  });
function showHands() {
  blocks.ghosts = [{ position: hand, color }, ...held().map(([, { value }]) => value)];
  blocks.show();
}
blocks.drawn = () => {
  const all = held().map(([id, { value }]) => [id, { ...value, ...blocks.seen(value.position) }]);
  pins.show(Object.fromEntries(all));
};
voxels.subscribe(showVoxels);
hands.subscribe(showHands);
showVoxels();
showHands();

/** @param {Vector} position */
const add = (position) => voxels.dispatch({ type: 'add', voxel: { position, color, opacity: 1 } }).catch(say);
/** @param {string} name */
const take = (name) => voxels.value[name] && voxels.dispatch({ type: 'remove', name }).catch(say);
/** @param {Vector} position */
function hold(position) {
  if (position[1] < 0 || !position.every((at) => Math.abs(at + 0.5) <= REACH)) return;
  hand = position;
  hands.set({ position, color, ...person });
  showHands();
}
/** @param {number} turn @param {number} tilt @param {number} nearer */
function look(turn, tilt, nearer = 1) {
  blocks.turn += turn;
  blocks.tilt = Math.max(0.02, Math.min(1.5, blocks.tilt + tilt));
  blocks.far = Math.max(5, Math.min(60, blocks.far * nearer));
  blocks.show();
}
/** @param {string} chosen */
function choose(chosen) {
  taking = !chosen;
  color = chosen || color;
  hold(hand);
}
by('tools').append(...palette(COLOURS, color, choose, 'Take away'));

// By mouse or fingers: a click builds, dragging turns, the wheel or two fingers come closer.

/** Those that are down. @type {Map<number, PointerEvent>} */
const down = new Map();
let moved = 0;
const apart = () => {
  const [one, other] = [...down.values()];
  return other ? Math.hypot(one.x - other.x, one.y - other.y) : 1;
};
space.onpointerdown = (event) => {
  space.setPointerCapture(event.pointerId);
  down.set(event.pointerId, event);
  moved = down.size > 1 ? Infinity : 0;
};
space.onpointermove = (event) => {
  const before = down.get(event.pointerId);
  if (!before) return hold(blocks.pick(event.offsetX, event.offsetY).place);
  const gap = apart();
  down.set(event.pointerId, event);
  const [dx, dy] = [event.x - before.x, event.y - before.y];
  moved += Math.hypot(dx, dy);
  if (down.size > 1) look(0, 0, gap / apart());
  else if (moved > 5) look(-dx / 200, dy / 200);
};
space.onpointerup = (event) => {
  const { place, block } = blocks.pick(event.offsetX, event.offsetY);
  down.delete(event.pointerId);
  if (moved > 5) return;
  if (taking || event.button === 2) take(block);
  else {
    hold(place);
    if (place.every((at, i) => at === hand[i])) add(place);
  }
};
space.onpointercancel = (event) => down.delete(event.pointerId);
space.oncontextmenu = (event) => event.preventDefault();
space.onwheel = (event) => {
  event.preventDefault();
  look(0, 0, Math.exp(event.deltaY / 1000));
};

// By keyboard: arrows move the block in hand, as the eye sees it.

space.onkeydown = (event) => {
  const way = { ArrowRight: 0, ArrowUp: 1, ArrowLeft: 2, ArrowDown: 3 }[event.key];
  if (way !== undefined) {
    const quarter = (way + Math.round(blocks.turn / (Math.PI / 2))) & 3;
    hold([hand[0] + [1, 0, -1, 0][quarter], hand[1], hand[2] + [0, -1, 0, 1][quarter]]);
  } else if (event.key === 'PageUp') hold([hand[0], hand[1] + 1, hand[2]]);
  else if (event.key === 'PageDown') hold([hand[0], hand[1] - 1, hand[2]]);
  else if (event.key === 'Enter') add(hand);
  else if (event.key === 'Delete' || event.key === 'Backspace') take(hand.join(':'));
  else if (event.key === 'q') look(-0.1, 0);
  else if (event.key === 'e') look(0.1, 0);
  else if (event.key === '+' || event.key === '-') look(0, 0, event.key === '+' ? 0.9 : 1.1);
  else return;
  event.preventDefault();
};
