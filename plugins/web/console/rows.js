// What a row of a list shows: a key, a message.
import { bytes, clock, count, el, keyText, visible } from './dom.js';
import { nodeOf } from './wire.js';

const PREVIEW = 160; // characters
export const FRESH = 1500; // ms in which a key that changed shows it

function preview(item) {
  item.preview ??= item.value
    ? visible(
        nodeOf(item.value, item.cbor)
          .raw(PREVIEW * 2)
          .replace(/\s+/g, ' '),
        PREVIEW,
      )
    : `${item.gone} gone`;
  return item.preview;
}

export const keyRow = () => el('div.keyrow', {}, el('bdi.name', {}), el('span.badge', {}), el('span.dim.more', {}));

export const messageRow = () =>
  el(
    'div.message',
    {},
    el('span.seq', {}),
    el('time', {}),
    el('span.act', {}),
    el('bdi.key', {}),
    el('bdi.preview', {}),
    el('span.size.dim', {}),
  );

export function fillKey(row, stream) {
  const [name, badge, more] = row.children;
  const text = keyText(stream.key, 100);
  if (name.textContent !== text) {
    name.textContent = text;
    row.title = visible(stream.key, 600);
  }
  badge.textContent = stream.stale && !stream.total ? '?' : count(stream.total);
  const ago = Date.now() - stream.changed;
  more.textContent = `${stream.total ? bytes(stream.bytes) : 'retains nothing'}${stream.changed ? ` · ${clock(stream.changed)}` : ''}`;
  row.classList.toggle('fresh', ago < FRESH);
}

export function fillMessage(row, item) {
  if (row.item === item && row.told === item.action && row.by === item.member) return;
  Object.assign(row, { item, told: item.action, by: item.member });
  const [seq, time, act, key, text, size] = row.children;
  seq.textContent = item.seq === null ? '' : `#${item.seq}`;
  time.textContent = item.at ? clock(item.at) : '';
  act.textContent = item.action ?? '';
  act.dataset.action = item.action ?? '';
  act.title = item.member ? `by member ${item.member}` : '';
  key.textContent = keyText(item.key, 60);
  text.textContent = preview(item);
  size.textContent = item.value ? bytes(item.value.length) : '';
}
