// A canvas to draw on together, with everybody's cursor: scripts/rooms/whiteboard.lua. A stroke is a shape of the board;
// while it is drawn it is set again and again, so that others see it grow.
import { debounce, Presence, SharedReducer } from '../../client/index.js';
import { by, el, number, palette, Pins, text } from '../dom.js';
import { join, say } from '../shared.js';

const { connection, me, person } = await join('whiteboard');

/**
 * Points are x, y, x, y, ... from 0 to 1000.
 * @typedef {{ kind: 'line', points: number[], colour: string, width: number }} Shape
 * @typedef {{ id: string, shape?: Shape, erase?: true }} Operation
 */
const SIZE = 1000;
const LONGEST = 400; // numbers in a stroke; what goes on is another one
const COLOURS = ['#1b1f27', '#d33115', '#e27300', '#00875a', '#1f6feb', '#7b4fd0'];

const board = new SharedReducer(connection, 'shapes', {
  initial: /** @type {Record<string, Shape>} */ ({}),
  reducer(board, /** @type {Operation} */ { id, shape }) {
    const { [id]: _, ...others } = board;
    return shape ? { ...others, [id]: shape } : others;
  },
});
/** @param {Operation} operation */
const act = (operation) => board.dispatch(operation).catch(say);
/** @param {(string | undefined)[]} ids */
const erase = (ids) => ids.forEach((id) => id && act({ id, erase: true }));

// Drawing what there is.

/** @type {HTMLCanvasElement} */
const canvas = by('canvas');
const paper = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
paper.lineCap = paper.lineJoin = 'round';

/** @param {Shape} shape */
function pathOf(shape) {
  const path = new Path2D();
  if (!Array.isArray(Object(shape).points)) return path; // somebody's own idea of a shape
  const points = shape.points.map(number);
  path.moveTo(points[0], points[1] + 0.1); // of a single point it makes a dot
  for (let i = 0; i < points.length; i += 2) path.lineTo(points[i], points[i + 1]);
  return path;
}
function paint() {
  paper.clearRect(0, 0, SIZE, SIZE);
  for (const id of Object.keys(board.value).sort()) {
    const { colour, width } = Object(board.value[id]);
    Object.assign(paper, { strokeStyle: text(colour), lineWidth: number(width) });
    paper.stroke(pathOf(board.value[id]));
  }
}
board.subscribe(() => requestAnimationFrame(paint));

// Tools.

const pen = { colour: COLOURS[4], width: 8 };
let erasing = false;
/** Ids of strokes, the latest last. @type {string[]} */
const mine = [];
const tools = palette(
  COLOURS,
  pen.colour,
  (colour) => {
    erasing = !colour;
    pen.colour = colour || pen.colour;
  },
  'Eraser',
);
const width = el('input', { type: 'range', min: 2, max: 40, value: pen.width, ariaLabel: 'Width' });
width.oninput = () => (pen.width = Number(width.value));
by('tools').append(
  ...tools,
  width,
  el('button', { type: 'button', onclick: () => erase([mine.pop()]) }, 'Undo'),
  el('button', { type: 'button', onclick: () => erase(Object.keys(board.value)) }, 'Clear'),
);

// Drawing: by pointer, or by keyboard.

/** @type {{ id: string, shape: Shape } | undefined} */
let stroke;
const tell = debounce(() => stroke && act(structuredClone(stroke)), 50);

/** @param {number[]} point */
function down(point) {
  stroke = { id: `${Date.now()}-${me}`, shape: { kind: 'line', points: point, ...pen } };
  mine.push(stroke.id);
  tell.call();
}
function up() {
  tell.flush();
  stroke = undefined;
}
/** @param {number[]} point */
function move([x, y]) {
  cursors.set({ x: x / SIZE, y: y / SIZE, ...person });
  if (stroke && stroke.shape.points.push(x, y) > LONGEST) {
    up();
    down([x, y]);
  }
  tell.call();
}
/** @param {number[]} point */
function eraseAt([x, y]) {
  paper.lineWidth = pen.width + 30;
  erase(Object.keys(board.value).filter((id) => paper.isPointInStroke(pathOf(board.value[id]), x, y)));
}

/** @param {PointerEvent} event */
const place = ({ offsetX, offsetY }) => [offsetX, offsetY].map((at) => Math.round((at / canvas.clientWidth) * SIZE));
canvas.onpointerdown = (event) => {
  canvas.setPointerCapture(event.pointerId);
  if (!erasing) down(place(event));
};
canvas.onpointermove = (event) => {
  if (erasing && event.buttons) eraseAt(place(event));
  move(place(event));
};
canvas.onpointerup = canvas.onpointercancel = up;

let at = [SIZE / 2, SIZE / 2];
canvas.onkeydown = (event) => {
  const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1], ' ': [0, 0] }[event.key];
  if (!way) return;
  event.preventDefault();
  at = at.map((one, i) => Math.max(0, Math.min(SIZE, one + way[i] * (event.shiftKey ? 4 : 20))));
  if (erasing) eraseAt(at);
  else if (event.key === ' ') stroke ? up() : down(at);
  move(at);
  showCursors(at);
};
canvas.onblur = () => showCursors();

// Cursors: those of the others, and one's own where it is moved by keys.

/** @type {Presence<import('../dom.js').Pin>} */
const cursors = new Presence(connection, { key: 'cursor/board', debounce: 40 });
const pins = new Pins(by('board'));
/** @param {number[]} [own] */
function showCursors(own) {
  const shown = Object.fromEntries(Object.entries(cursors.value).map(([id, { value }]) => [id, value]));
  if (own) shown[me] = { x: own[0] / SIZE, y: own[1] / SIZE, name: '', hue: person.hue };
  pins.show(shown);
}
cursors.subscribe(() => showCursors(document.activeElement === canvas ? at : undefined));
