// A text that all write at once. Yjs brings together what they change; its updates are byte strings, which the room keeps as
// they are, in CBOR. When they are many the room asks one page to fold them: scripts/rooms/text.lua.
/** @import { Item, Peers } from '../../client/index.js' */
import { Presence } from '../../client/index.js';
import { by, changeOf, colour, el } from '../dom.js';
import { join, say } from '../shared.js';
import { decode, encode } from '../vendor/cbor-x.js';
import * as Y from '../vendor/yjs.js';

const { connection, person } = await join('text', { cbor: { encode, decode } });

/** @type {HTMLTextAreaElement} */
const area = by('area');
let doc = new Y.Doc();
let text = doc.getText();
let history = new Y.UndoManager(text);

// From this page to the room: one push at a time, with all that was written meanwhile.

/** @type {Uint8Array[]} */
let waiting = [];
let sending = false;
let live = false; // in step with the room
/** Puts letters together, of accents or syllables: the area may not change under it, so what the room says waits. */
let composing = false;
const later = /** @type {Item<Uint8Array>[]} */ ([]);

async function send() {
  if (sending || !live || !waiting.length) return;
  sending = true;
  const update = Y.mergeUpdates(waiting.splice(0));
  try {
    await connection.push('text', update);
  } catch (/** @type {any} */ error) {
    if (error.code === 'connection_lost')
      waiting.unshift(update); // it may have been heard: twice is no harm
    else await giveUp(error);
  }
  sending = false;
  send();
}

/** The room does not want it: then the text is what the room has. @param {Error} why */
async function giveUp(why) {
  say(why);
  const items = await connection.get('text').catch(() => undefined);
  if (!items) return location.reload();
  if (composing) area.blur(); // this ends it
  waiting = [];
  begin();
  take(items);
}

// From the room to this page.

function begin() {
  doc.destroy();
  doc = new Y.Doc();
  text = doc.getText();
  history = new Y.UndoManager(text, { trackedOrigins: new Set(['here']) });
  doc.on('update', (update, origin) => {
    show();
    if (origin === 'room') return;
    waiting.push(update);
    send();
  });
}

/** @param {Item<Uint8Array>[]} items @param {Y.Doc} [into] */
function take(items, into = doc) {
  if (composing && into === doc) return void later.push(...items);
  remember();
  for (const { value } of items) {
    try {
      Y.applyUpdate(into, value, 'room');
    } catch {
      // it is none of Yjs
    }
  }
}

/** All that the room keeps. What this page has beyond that the room has lost, or not heard yet. @param {Item[]} items */
function reset(items) {
  take(items);
  const room = new Y.Doc();
  take(items, room);
  const missing = Y.encodeStateAsUpdate(doc, Y.encodeStateVector(room));
  if (missing.length > 2) waiting = [missing];
  if (!area.disabled) return;
  area.disabled = false;
  area.focus();
}

begin();
connection.subscribe('text', (item) => take([item]), {
  reset,
  sync(now) {
    live = now;
    send();
  },
  size: (updates) =>
    (by('kept').textContent = `The room keeps ${updates} updates, and asks to fold them when they are many.`),
});
connection.subscribe('fold', ({ value: seq }) => {
  connection.push('text', Y.encodeStateAsUpdate(doc), { type: 'compact', seq });
});

// The text area: what has changed between two looks at it; and what has changed elsewhere.

area.oninput = () => {
  const { at, gone, come } = changeOf(text.toString(), area.value);
  doc.transact(() => {
    text.delete(at, gone);
    text.insert(at, come);
  }, 'here');
};
area.addEventListener('compositionstart', () => (composing = true));
area.addEventListener('compositionend', () => {
  composing = false;
  area.dispatchEvent(new Event('input')); // some browsers say so later, and what waits would undo it
  take(later.splice(0));
});
area.onkeydown = (event) => {
  if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== 'z') return;
  event.preventDefault();
  event.shiftKey ? history.redo() : history.undo();
};

/** @param {number} index */
const position = (index) => Y.createRelativePositionFromTypeIndex(text, index, -1);
/** Where the own selection begins and ends, as Yjs has it: behind the same letters, whatever others write. */
let own = { from: position(0), to: position(0) };
const remember = () => (own = { from: position(area.selectionStart), to: position(area.selectionEnd) });

/** @param {unknown} position */
function indexOf(position) {
  try {
    const known = Y.createRelativePositionFromJSON(Object(position));
    return Y.createAbsolutePositionFromRelativePosition(known, doc)?.index ?? 0;
  } catch {
    return 0; // it is none
  }
}

function show() {
  const now = text.toString();
  if (area.value !== now) {
    area.value = now;
    area.setSelectionRange(indexOf(own.from), indexOf(own.to));
  }
  showCarets();
}

// Carets.

/** @type {Presence<{ from: unknown, to: unknown, name: string, hue: number }>} */
const carets = new Presence(connection, { key: 'cursor/text', debounce: 40 });
document.onselectionchange = () => {
  if (document.activeElement !== area) return;
  remember();
  carets.set({ ...own, ...person });
};

function showCarets() {
  const all = Object.values(carets.value).map(({ value }) => ({ ...value, at: indexOf(value.to) }));
  all.sort((one, other) => one.at - other.at);
  let from = 0;
  const parts = all.flatMap(({ at, name, hue }) => {
    const caret = el('span', { className: 'caret' }, el('b', {}, el('span', {}, String(name))));
    caret.style.color = colour(hue);
    const before = text.toString().slice(from, at);
    from = at;
    return [before, caret];
  });
  by('mirror').replaceChildren(...parts, `${text.toString().slice(from)}\n`);
}
carets.subscribe(showCarets);
