// A room: its keys, what each retains or what is said, one value, who is there, its policy; and graphs.
import { bytes, count, el, framed, keyText, many, visible } from './dom.js';
import { frame } from './frame.js';
import { Graph } from './graph.js';
import { Inspector } from './inspector.js';
import { People } from './people.js';
import { Policy } from './policy.js';
import { PushForm } from './push.js';
import { Room } from './room.js';
import { FRESH } from './rows.js';

const REREAD_EVERY = 5000; // ms
const REREAD_MAX = 1 << 18; // bytes of a key

const STATES = { connecting: 'connecting', connected: 'connected', waiting: 'lost, comes back', closed: '' };

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
    frame(this);
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
    this.room.tick();
    this.#reread(now);
  }

  /** Where whole streams are not told of, what is looked at is asked for now and then: it may be trimmed, or expire. */
  #reread(now) {
    const { room } = this;
    if (document.hidden || this.paused || room.status.state !== 'connected') return;
    const look = (stream) => {
      if (!stream) return;
      const due = !room.exact && stream.total && stream.bytes < REREAD_MAX && now - (stream.readAt ?? 0) > REREAD_EVERY;
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
    const streams = this.#streams();
    this.keyList.set(streams);
    if (this.key !== null && this.keyList.at < 0) this.keyList.mark(this.key);
    this.keySum.textContent = `${streams.length === room.keys.size ? '' : `${streams.length} of `}${many(room.keys.size, 'key')}, ${bytes(room.held)}`;
    this.all.setAttribute('aria-pressed', String(this.key === null));
    this.allCount.textContent = count(room.feed.length + room.feedDropped);
    this.#drawStream(room);
  }

  /** The keys that the filter lets through, in order: keys come, and go only all together. */
  #streams() {
    const { keys } = this.room;
    const of = `${keys.size} ${this.filter}`;
    if (this.sorted?.keys === keys && this.sorted.of === of) return this.sorted.streams;
    const wanted = this.filter.toLowerCase();
    const streams = [...keys.values()].filter(({ key }) => !wanted || key.toLowerCase().includes(wanted));
    streams.sort((a, b) => (a.key < b.key ? -1 : 1));
    this.sorted = { keys, of, streams };
    return streams;
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
    this.light.title = `${room.light ?? ''} Click to look at all again.`;
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
    const newest = this.paused ? this.inspector.item : key === null ? null : (items.at(-1) ?? null);
    this.inspector.show(this.pinned ?? newest, { latest: !this.pinned });
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
}
