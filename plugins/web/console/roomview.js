// A room: its keys, what each retains or what is said, one value, who is there, its policy; and graphs.
import { bytes, clock, copy, count, el, framed, keyText, many, shown, visible } from './dom.js';
import { Graph } from './graph.js';
import { Inspector } from './inspector.js';
import { List } from './list.js';
import { People } from './people.js';
import { Policy } from './policy.js';
import { PushForm } from './push.js';
import { Room } from './room.js';
import { nodeOf } from './wire.js';

const PREVIEW = 160; // characters
const REREAD_EVERY = 5000; // ms
const REREAD_MAX = 1 << 18; // bytes of a key
const FRESH = 1500; // ms in which a key that changed shows it

const STATES = { connecting: 'connecting', connected: 'connected', waiting: 'lost, comes back', closed: '' };

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

const tab = (name, text, key) =>
  el('button', { type: 'button', role: 'tab', 'data-tab': name, title: `${text} (${key})` }, text);

export class RoomView {
  /** @param {{ address, api: string, admin, told: (text, kind) => void, left: () => void }} how */
  constructor(how) {
    Object.assign(this, how);
    this.key = null; // the one that is looked at; null: all
    this.kind = 'live'; // or 'retained'
    this.filter = '';
    this.paused = null; // what is shown while paused
    const room = () => this.room;
    this.inspector = new Inspector({
      admin: this.admin,
      room,
      reuse: (item) => (this.pane('push'), this.push.fill(item)),
    });
    this.push = new PushForm(room);
    this.people = new People({ admin: this.admin, room });
    this.policy = new Policy({ admin: this.admin, room, gone: how.left });
    this.policy.told = (facts) => this.#knows(facts);
    this.policy.key = () => this.key ?? '';
    this.draw = framed(() => this.#draw());
    this.#build();
    this.room = new Room(this.address, {
      cbor: this.address.cbor,
      changed: (what, key) => this.#changed(what, key),
      told: this.told,
    });
    this.graphs = [
      new Graph({
        title: 'Messages a second',
        series: this.room.messages,
        bars: true,
        color: '--main',
        blank: 0,
        text: (n) => `${count(n)}/s`,
      }),
      new Graph({
        title: 'Latency',
        series: this.room.latency,
        color: '--good',
        text: (n) => `${n < 10 ? n.toFixed(1) : Math.round(n)} ms`,
      }),
    ];
    this.graphBox.append(...this.graphs.map(({ element }) => element));
    this.timer = setInterval(() => this.#tick(), 1000);
    this.admins();
    this.side('value');
    this.pane('keys');
    this.#draw();
  }

  close() {
    clearInterval(this.timer);
    this.people.visible(false);
    this.policy.visible(false);
    this.unfollow?.();
    this.room.close();
    this.element.remove();
  }

  // ---- what there is ----

  #build() {
    const { address } = this;
    this.state = el('span#state', { id: 'state', role: 'status' });
    this.latency = el('span.dim', { id: 'latency', title: 'Round trip of a ping' });
    this.pauseButton = el(
      'button',
      { type: 'button', id: 'pause', 'aria-pressed': 'false', title: 'Pause (space)', onclick: () => this.pause() },
      'Pause',
    );
    this.encoding = el('div.tabs.small', { role: 'group', 'aria-label': 'Encoding that the server sends' });
    for (const name of ['json', 'cbor'])
      this.encoding.append(
        el(
          'button',
          {
            type: 'button',
            'data-encoding': name,
            title: `Ask the server for ${name.toUpperCase()}`,
            onclick: () => this.encode(name),
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
        (this.light = el('span.badge.warn', { id: 'light', hidden: true }, 'broadcasts only')),
        (this.policyBadge = el('span.badge.accent', { hidden: true, title: 'Policy' })),
      ),
      el(
        'div.what',
        {},
        this.state,
        this.latency,
        (this.seq = el('span.dim', { id: 'seq', title: 'Number of the last message' })),
        (this.there = el('span.dim', { id: 'there' })),
      ),
      el(
        'div.actions',
        {},
        this.encoding,
        this.pauseButton,
        this.#code(),
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
    this.graphBox = el('div.graphs', { 'data-pane': 'room' });

    this.find = el('input', {
      type: 'search',
      id: 'filter',
      placeholder: 'Filter keys',
      'aria-label': 'Filter keys',
      spellcheck: false,
      autocapitalize: 'off',
      oninput: () => ((this.filter = this.find.value), this.draw()),
    });
    this.find.addEventListener('keydown', (event) => {
      if (event.key !== 'ArrowDown' && event.key !== 'Enter') return;
      event.preventDefault();
      this.keyBox.focus();
      this.keyList.choose(Math.max(0, this.keyList.at));
    });
    this.all = el(
      'button.all',
      { type: 'button', id: 'all', onclick: () => this.look(null) },
      el('span', {}, 'All messages'),
      (this.allCount = el('span.badge', {})),
    );
    this.keyBox = el('div.keys', { id: 'keys' });
    this.keySum = el('p.sum.dim', {});
    const keys = el(
      'section.column.left',
      { 'data-pane': 'keys', 'aria-label': 'Keys' },
      this.find,
      this.all,
      this.keyBox,
      this.keySum,
    );
    this.keyList = new List(this.keyBox, {
      label: 'Keys',
      height: 46,
      idOf: ({ key }) => key,
      row: () => el('div.keyrow', {}, el('bdi.name', {}), el('span.badge', {}), el('span.dim.more', {})),
      fill: (row, stream) => this.#fillKey(row, stream),
      chosen: ({ key }, how) => this.look(key, how === 'open'),
    });

    this.title = el('h2', { id: 'stream-title' });
    this.kinds = el('div.tabs.small', { role: 'group', 'aria-label': 'Which messages' });
    for (const [kind, text] of [
      ['retained', 'Retained'],
      ['live', 'Live'],
    ])
      this.kinds.append(el('button', { type: 'button', 'data-kind': kind, onclick: () => this.as(kind) }, text));
    this.note = el('p.note', { role: 'status' });
    this.streamBox = el('div.messages', { id: 'messages' });
    this.newer = el('button.newer', {
      type: 'button',
      hidden: true,
      onclick: () => (this.paused ? this.pause(false) : this.list.toEnd()),
    });
    const stream = el(
      'section.column.middle',
      { 'data-pane': 'stream', 'aria-label': 'Messages' },
      el('div.title', {}, this.title, this.kinds),
      this.note,
      el('div.wrap', {}, this.streamBox, this.newer),
    );
    this.list = new List(this.streamBox, {
      label: 'Messages',
      height: 30,
      follow: true,
      idOf: (item) => item.value ?? item,
      row: () =>
        el(
          'div.message',
          {},
          el('span.seq', {}),
          el('time', {}),
          el('span.act', {}),
          el('bdi.key', {}),
          el('bdi.preview', {}),
          el('span.size.dim', {}),
        ),
      fill: (row, item) => this.#fillMessage(row, item),
      chosen: (item, how) => this.inspect(item, how === 'open'),
    });
    this.streamBox.addEventListener('scroll', () => this.draw(), { passive: true });
    const push = el('section.pushbox', { 'data-pane': 'push' }, el('h2', {}, 'Push by hand'), this.push.element);
    const middle = el('div.center', {}, stream, push);

    this.tabs = el(
      'div.tabs',
      { role: 'tablist', 'aria-label': 'About the room' },
      tab('value', 'Value', 'v'),
      tab('people', 'Members', 'u'),
      tab('policy', 'Policy', 'i'),
    );
    this.tabs.addEventListener('click', ({ target }) => target.dataset.tab && this.side(target.dataset.tab));
    this.tabs.addEventListener('keydown', (event) => {
      const all = [...this.tabs.children];
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      const next = all[(all.indexOf(document.activeElement) + step + all.length) % all.length];
      this.side(next.dataset.tab);
      next.focus();
    });
    this.panel = el('div.panel', { role: 'tabpanel' });
    const side = el(
      'section.column.right',
      { 'data-pane': 'value', 'aria-label': 'Value, members, policy' },
      this.tabs,
      this.panel,
    );

    this.panes = el('nav.panes', { 'aria-label': 'Parts of the page' });
    for (const [name, text] of [
      ['keys', 'Keys'],
      ['stream', 'Messages'],
      ['value', 'Details'],
      ['push', 'Push'],
      ['room', 'Graphs'],
    ])
      this.panes.append(el('button', { type: 'button', 'data-to': name, onclick: () => this.pane(name) }, text));
    this.element = el(
      'div.room',
      { id: 'room' },
      head,
      this.graphBox,
      el('div.columns', {}, keys, middle, side),
      this.panes,
    );
  }

  /** This page on a phone: where the daemon makes QR codes, which a page of another server may not show. */
  #code() {
    if (new URL(this.api).origin !== location.origin) return null;
    return el(
      'button',
      {
        type: 'button',
        id: 'qr',
        title: 'This page as a QR code, for a phone',
        onclick: () => {
          const src = new URL(`qrcode?url=${encodeURIComponent(location.href)}`, this.api).href;
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

  /** Which part a narrow page shows. */
  pane(name) {
    this.element.dataset.shows = name;
    for (const button of this.panes.children) button.setAttribute('aria-current', String(button.dataset.to === name));
    this.draw();
    this.graphs?.forEach((graph) => graph.draw());
  }

  side(name) {
    this.shows = name;
    for (const one of this.tabs.children) {
      one.setAttribute('aria-selected', String(one.dataset.tab === name));
      one.tabIndex = one.dataset.tab === name ? 0 : -1;
    }
    this.panel.replaceChildren({ value: this.inspector, people: this.people, policy: this.policy }[name].element);
    this.people.visible(name === 'people');
    this.policy.visible(name === 'policy');
  }

  /** The admin interface was reached, or forgotten. */
  admins() {
    this.unfollow?.();
    this.unfollow = null;
    this.inspector.show(this.inspector.item);
    if (this.admin.on) {
      this.unfollow = this.admin.follow(this.address.name, (told) => this.room.explain(told));
      this.policy.refresh();
    } else this.#knows(null);
    if (this.shows === 'people') this.people.visible(true);
    if (this.shows === 'policy') this.policy.visible(true);
  }

  #knows(facts) {
    this.policyBadge.hidden = !facts;
    const bad = facts?.policy.load_failure ?? facts?.policy.last_failure;
    this.policyBadge.textContent = facts
      ? `${facts.policy.name} v${facts.policy.version ?? '–'}${bad ? ' !' : ''}`
      : '';
    this.policyBadge.classList.toggle('bad', !!facts?.policy.load_failure);
  }

  // ---- what is looked at ----

  look(key, open = false) {
    const other = key !== this.key;
    this.key = key;
    if (other) {
      if (this.paused) this.pause(false);
      const stream = this.room.keys.get(key);
      this.kind = key === null || !stream?.total ? 'live' : 'retained';
      this.list.mark(undefined);
      this.pinned = null;
      if (key !== null && !this.push.value.value) this.push.key.value = key;
    }
    this.keyList.mark(key ?? undefined);
    this.#draw();
    if (other) this.list.toEnd();
    if (!open) return;
    this.pane('stream');
    if (other) this.list.toEnd(); // it had no height before
    if (this.#wide()) this.streamBox.focus();
  }

  as(kind) {
    this.kind = kind;
    this.list.mark(undefined);
    this.#draw();
    this.list.toEnd();
  }

  inspect(item, open = false) {
    this.pinned = item;
    this.inspector.show(item);
    if (this.shows !== 'value') this.side('value');
    if (open && !this.#wide()) this.pane('value');
  }

  #wide() {
    return getComputedStyle(this.panes).display === 'none';
  }

  pause(on = !this.paused) {
    this.paused = on ? { items: this.#messages().slice(), count: this.room.version } : null;
    this.pauseButton.setAttribute('aria-pressed', String(on));
    this.pauseButton.textContent = on ? 'Go on' : 'Pause';
    this.element.classList.toggle('paused', on);
    this.#draw();
    if (!on) this.list.toEnd();
  }

  encode(name) {
    if (this.room.cbor === (name === 'cbor')) return;
    this.pinned = null;
    this.list.mark(undefined);
    this.inspector.show(null);
    this.room.again({ cbor: name === 'cbor' });
    this.draw();
  }

  // ---- drawing ----

  #changed(what, key) {
    if (what === 'members' || (key !== undefined && this.shows === 'people')) this.people.draw();
    if (what === 'ping')
      return void (this.latency.textContent = this.room.ping === null ? '' : `${this.room.ping.toFixed(1)} ms`);
    this.draw();
  }

  #tick() {
    for (const graph of this.graphs) graph.draw();
    const now = Date.now();
    if ([...this.room.keys.values()].some(({ changed }) => now - changed < 3 * FRESH)) this.keyList.draw();
    this.#reread(now);
  }

  /** What is looked at is asked for now and then: nobody tells what was trimmed, or has expired. */
  #reread(now) {
    const { room } = this;
    if (document.hidden || this.paused || room.status.state !== 'connected') return;
    const look = (stream) => {
      if (!stream) return;
      const due = stream.total && stream.bytes < REREAD_MAX && now - (stream.readAt ?? 0) > REREAD_EVERY;
      if (stream.stale || due) room.read(stream.key);
    };
    if (this.kind === 'retained') look(room.keys.get(this.key));
    if (this.shows === 'people') for (const key of this.people.keys) look(room.keys.get(key));
  }

  #messages() {
    const { room, key } = this;
    if (key === null) return room.feed;
    if (this.kind === 'retained') return room.keys.get(key)?.items ?? [];
    if (this.liveOf !== key || this.liveVersion !== room.version) {
      this.liveOf = key;
      this.liveVersion = room.version;
      this.live = room.feed.filter((one) => one.key === key);
    }
    return this.live;
  }

  #draw() {
    const { room } = this;
    if (!room || !this.element.isConnected) return;
    this.#drawHead(room);
    const wanted = this.filter.toLowerCase();
    const streams = [...room.keys.values()].filter(({ key }) => !wanted || key.toLowerCase().includes(wanted));
    streams.sort((a, b) => (a.key < b.key ? -1 : 1));
    this.keyList.set(streams);
    if (this.key !== null && this.keyList.at < 0) this.keyList.mark(this.key);
    const held = [...room.keys.values()].reduce((sum, stream) => sum + stream.bytes, 0);
    this.keySum.textContent = `${streams.length === room.keys.size ? '' : `${streams.length} of `}${many(room.keys.size, 'key')}, ${bytes(held)}`;
    this.all.setAttribute('aria-pressed', String(this.key === null));
    this.allCount.textContent = count(room.feed.length + room.feedDropped);
    this.#drawStream(room);
    if (this.inspector.item) this.inspector.show(this.pinned ?? this.inspector.item, { latest: !this.pinned });
  }

  #drawHead(room) {
    const { state, retryIn, text, code } = room.status;
    this.state.dataset.state = state;
    this.state.textContent = [STATES[state], text && visible(text, 100)].filter(Boolean).join(': ');
    this.state.title = [
      code && `closed with ${code}`,
      retryIn && `next try in ${Math.ceil(retryIn / 1000)} s`,
      room.status.v1 === false && 'without eddy.v1',
    ]
      .filter(Boolean)
      .join(', ');
    this.light.hidden = room.exact;
    this.light.title = room.light ?? '';
    this.seq.textContent = room.seq === null ? '' : `#${room.seq}`;
    this.there.textContent = room.members.length ? many(room.members.length, 'member') : '';
    for (const button of this.encoding.children)
      button.setAttribute('aria-pressed', String((button.dataset.encoding === 'cbor') === room.cbor));
  }

  #drawStream(room) {
    const { key } = this;
    const stream = room.keys.get(key);
    this.title.replaceChildren(
      el('bdi', { title: key === null ? '' : visible(key, 600) }, key === null ? 'All messages' : keyText(key, 80)),
    );
    this.kinds.hidden = key === null;
    for (const button of this.kinds.children)
      button.setAttribute('aria-pressed', String(button.dataset.kind === this.kind));
    const items = this.paused?.items ?? this.#messages();
    this.streamBox.classList.toggle('onekey', key !== null);
    this.list.set(items);
    this.note.textContent = this.#noteOf(room, stream, items);
    const behind = this.paused ? room.version - this.paused.count : 0;
    this.newer.hidden = this.paused ? !behind : this.list.sticks || !items.length;
    this.newer.textContent = this.paused ? `paused: ${count(behind)} more` : 'to the newest ↓';
    // Until somebody chooses a message, it is the newest one of the key that is looked into.
    if (this.pinned || this.paused) return;
    const newest = items.at(-1);
    if (newest && key !== null) this.inspector.show(newest, { latest: true });
    else if (key === null) this.inspector.show(null);
  }

  #noteOf(room, stream, items) {
    if (room.status.state === 'closed')
      return 'Rooms end when nobody came for as long as their namespace says, and by hand.';
    if (room.status.state === 'waiting' && !room.status.opened && !room.ready)
      return 'The room cannot be reached: there may be no such room (any more), or no server. It is tried again.';
    if (stream?.older && this.kind === 'retained')
      return `${count(stream.older)} older ones are not held in this page.`;
    if (!room.exact && this.kind === 'retained' && this.key !== null)
      return 'What the key retains is read every two seconds.';
    if (items.length)
      return this.key === null && room.feedDropped
        ? `${count(room.feedDropped)} older ones are not held in this page.`
        : '';
    if (this.key !== null && this.kind === 'retained') return 'It retains nothing.';
    if (!room.ready) return 'Connecting…';
    if (!room.keys.size && room.seq && room.exact)
      return 'No key is shown: the room retains nothing, or its namespace has debug = false. What is pushed from now on is.';
    return 'Nothing was said since this page came. What is pushed shows here.';
  }

  #fillKey(row, stream) {
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

  #fillMessage(row, item) {
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
}
