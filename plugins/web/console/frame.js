// The elements of a room's view: what there is on the page, and what a click does.
import { copy, el, shown, visible } from './dom.js';
import { List } from './list.js';
import { fillKey, fillMessage, keyRow, messageRow } from './rows.js';

const tab = (name, text, key) =>
  el('button', { type: 'button', role: 'tab', 'data-tab': name, title: `${text} (${key})` }, text);

/** This page on a phone: where the daemon makes QR codes, which a page of another server may not show. */
function code(api) {
  if (new URL(api).origin !== location.origin) return null;
  return el(
    'button',
    {
      type: 'button',
      id: 'qr',
      title: 'This page as a QR code, for a phone',
      onclick: () => {
        const src = new URL(`qrcode?url=${encodeURIComponent(location.href)}`, api).href;
        shown(
          'This page on a phone',
          el('p.qr', {}, el('img', { src, alt: 'QR code of the address of this page', width: 240, height: 240 })),
          el('p.dim', {}, 'Whoever has the address of a room may read it and write to it.'),
        );
      },
    },
    'QR',
  );
}

/** Fills a view with its elements. @param {any} view */
export function frame(view) {
  const { address } = view;
  view.state = el('span#state', { id: 'state', role: 'status' });
  view.latency = el('span.dim', { id: 'latency', title: 'Round trip of a ping' });
  view.pauseButton = el(
    'button',
    { type: 'button', id: 'pause', 'aria-pressed': 'false', title: 'Pause (space)', onclick: () => view.pause() },
    'Pause',
  );
  view.encoding = el('div.tabs.small', { role: 'group', 'aria-label': 'Encoding that the server sends' });
  for (const name of ['json', 'cbor'])
    view.encoding.append(
      el(
        'button',
        {
          type: 'button',
          'data-encoding': name,
          title: `Ask the server for ${name.toUpperCase()}`,
          onclick: () => view.encode(name),
        },
        name.toUpperCase(),
      ),
    );
  const head = el(
    'header.roombar',
    {},
    el(
      'div.name',
      {},
      el('h1', {}, el('bdi', { title: `${address.name} at ${address.base}` }, visible(address.id, 64))),
      el('span.badge', { title: 'Namespace' }, visible(address.space, 40)),
      (view.light = el(
        'button.badge.warn',
        { type: 'button', id: 'light', hidden: true, onclick: () => view.room.whole() },
        'broadcasts only ↻',
      )),
      (view.policyBadge = el('span.badge.accent', { hidden: true, title: 'Policy' })),
    ),
    el(
      'div.what',
      {},
      view.state,
      view.latency,
      (view.seq = el('span.dim', { id: 'seq', title: 'Number of the last message' })),
      (view.there = el('span.dim', { id: 'there' })),
    ),
    el(
      'div.actions',
      {},
      view.encoding,
      view.pauseButton,
      code(view.api),
      el(
        'button',
        {
          type: 'button',
          title: 'Copy the room’s socket URL',
          onclick: () => copy(address.socket, 'The socket URL'),
        },
        'Copy URL',
      ),
    ),
  );
  view.graphBox = el('div.graphs', { 'data-pane': 'room' });

  view.find = el('input', {
    type: 'search',
    id: 'filter',
    placeholder: 'Filter keys',
    'aria-label': 'Filter keys',
    spellcheck: false,
    autocapitalize: 'off',
    oninput: () => ((view.filter = view.find.value), view.draw()),
  });
  view.find.addEventListener('keydown', (event) => {
    if (event.key !== 'ArrowDown' && event.key !== 'Enter') return;
    event.preventDefault();
    view.keyBox.focus();
    view.keyList.choose(Math.max(0, view.keyList.at));
  });
  view.all = el(
    'button.all',
    { type: 'button', id: 'all', onclick: () => view.look(null) },
    el('span', {}, 'All messages'),
    (view.allCount = el('span.badge', {})),
  );
  view.keyBox = el('div.keys', { id: 'keys' });
  view.keySum = el('p.sum.dim', {});
  const keys = el(
    'section.column.left',
    { 'data-pane': 'keys', 'aria-label': 'Keys' },
    view.find,
    view.all,
    view.keyBox,
    view.keySum,
  );
  view.keyList = new List(view.keyBox, {
    label: 'Keys',
    height: 46,
    idOf: ({ key }) => key,
    row: keyRow,
    fill: fillKey,
    chosen: ({ key }, how) => view.look(key, how === 'open'),
  });

  view.title = el('h2', { id: 'stream-title' });
  view.kinds = el('div.tabs.small', { role: 'group', 'aria-label': 'Which messages' });
  for (const [kind, text] of [
    ['retained', 'Retained'],
    ['live', 'Live'],
  ])
    view.kinds.append(el('button', { type: 'button', 'data-kind': kind, onclick: () => view.as(kind) }, text));
  view.note = el('p.note', { role: 'status' });
  view.streamBox = el('div.messages', { id: 'messages' });
  view.newer = el('button.newer', {
    type: 'button',
    hidden: true,
    onclick: () => (view.paused ? view.pause(false) : view.list.toEnd()),
  });
  const stream = el(
    'section.column.middle',
    { 'data-pane': 'stream', 'aria-label': 'Messages' },
    el('div.title', {}, view.title, view.kinds),
    view.note,
    el('div.wrap', {}, view.streamBox, view.newer),
  );
  view.list = new List(view.streamBox, {
    label: 'Messages',
    height: 30,
    follow: true,
    idOf: (item) => item.value ?? item,
    row: messageRow,
    fill: fillMessage,
    chosen: (item, how) => view.inspect(item, how === 'open'),
  });
  view.streamBox.addEventListener('scroll', () => view.draw(), { passive: true });
  const push = el('section.pushbox', { 'data-pane': 'push' }, el('h2', {}, 'Push by hand'), view.push.element);
  const middle = el('div.center', {}, stream, push);

  view.tabs = el(
    'div.tabs',
    { role: 'tablist', 'aria-label': 'About the room' },
    tab('value', 'Value', 'v'),
    tab('people', 'Members', 'u'),
    tab('policy', 'Policy', 'i'),
  );
  view.tabs.addEventListener('click', ({ target }) => target.dataset.tab && view.side(target.dataset.tab));
  view.tabs.addEventListener('keydown', (event) => {
    const all = [...view.tabs.children];
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const next = all[(all.indexOf(document.activeElement) + step + all.length) % all.length];
    view.side(next.dataset.tab);
    next.focus();
  });
  view.panel = el('div.panel', { role: 'tabpanel' });
  const side = el(
    'section.column.right',
    { 'data-pane': 'value', 'aria-label': 'Value, members, policy' },
    view.tabs,
    view.panel,
  );

  view.panes = el('nav.panes', { 'aria-label': 'Parts of the page' });
  for (const [name, text] of [
    ['keys', 'Keys'],
    ['stream', 'Messages'],
    ['value', 'Details'],
    ['push', 'Push'],
    ['room', 'Graphs'],
  ])
    view.panes.append(el('button', { type: 'button', 'data-to': name, onclick: () => view.pane(name) }, text));
  view.element = el(
    'div.room',
    { id: 'room' },
    head,
    view.graphBox,
    el('div.columns', {}, keys, middle, side),
    view.panes,
  );
}
