// The beginning: which room to look at; and of the server, what the admin interface knows.
import { createRoom } from '../client/index.js';
import { adminForm } from './admin.js';
import { bytes, clear, count, el, span, toast, visible } from './dom.js';
import { Graph } from './graph.js';
import { Series } from './series.js';

const EVERY = 2000; // ms
const PAGE = 50; // rooms at once
const RECENT = 'eddyd.console.rooms';

export function recent() {
  try {
    return JSON.parse(sessionStorage.getItem(RECENT) ?? '[]').filter((one) => typeof one === 'string');
  } catch {
    return [];
  }
}

export function visited(socket) {
  const all = [socket, ...recent().filter((one) => one !== socket)].slice(0, 8);
  sessionStorage.setItem(RECENT, JSON.stringify(all));
}

const COLUMNS = [
  ['room', 'Room', 'name'],
  ['policy', 'Policy'],
  ['members', 'Members', 'members'],
  ['keys', 'Keys'],
  ['messages', 'Messages'],
  ['bytes', 'Size'],
  ['queued_bytes', 'Waiting'],
  ['rate', 'Messages/s', 'rate'],
];

export class Overview {
  /** @param {{ api: string, admin, open: (text: string) => void, addressOf: (text: string) => any }} how */
  constructor(how) {
    Object.assign(this, how);
    this.sort = 'rate';
    this.match = '';
    this.after = []; // where pages before this one began
    this.traffic = new Series(300);
    this.traffic.values.fill(NaN);
    this.#build();
    this.timer = setInterval(() => document.hidden || this.turn || this.refresh(), EVERY);
    this.admins();
    this.#server();
  }

  close() {
    clearInterval(this.timer);
    this.element.remove();
  }

  #build() {
    this.spaces = el('datalist', { id: 'spaces' });
    this.policies = el('datalist', { id: 'policies' });
    const space = el('input', {
      id: 'new-space',
      value: 'default',
      list: 'spaces',
      spellcheck: false,
      autocapitalize: 'off',
    });
    const policy = el('input', {
      id: 'new-policy',
      placeholder: 'the namespace’s',
      list: 'policies',
      spellcheck: false,
      autocapitalize: 'off',
    });
    const said = el('p.said', { 'aria-live': 'polite' });
    const make = el(
      'form.stack',
      {
        id: 'new',
        onsubmit: async (event) => {
          event.preventDefault();
          said.textContent = '';
          const name = space.value.trim();
          const base =
            name && name !== 'default' ? new URL(`db/${encodeURIComponent(name)}/`, this.api).href : this.api;
          try {
            const room = await createRoom(base, policy.value.trim() ? { policy: policy.value.trim() } : undefined);
            this.open(room.socket_url);
          } catch (error) {
            said.textContent = visible(error.message, 300);
            said.className = 'said bad';
          }
        },
      },
      el('label', {}, el('span', {}, 'Namespace'), space),
      el('label', {}, el('span', {}, 'Policy'), policy),
      el('button.main', { id: 'new-button' }, 'Make a room'),
      said,
    );
    const room = el('input', {
      id: 'open-room',
      spellcheck: false,
      autocapitalize: 'off',
      autocomplete: 'off',
      placeholder: 'id, namespace/id, or a URL of it',
    });
    const open = el(
      'form.stack',
      { id: 'open', onsubmit: (event) => (event.preventDefault(), this.open(room.value)) },
      el('label', {}, el('span', {}, 'Room'), room),
      el('button.main', {}, 'Open'),
    );
    const visits = recent().map((socket) => {
      const address = this.addressOf(socket);
      return (
        address &&
        el(
          'li',
          {},
          el(
            'a',
            {
              href: `?url=${encodeURIComponent(socket)}`,
              title: socket,
              onclick: (event) => (event.preventDefault(), this.open(socket)),
            },
            el('bdi', {}, visible(address.name, 60)),
          ),
        )
      );
    });
    this.server = el('section.card.server', { id: 'server', 'aria-label': 'Server' });
    this.element = el(
      'div.overview',
      {},
      el(
        'div.cards',
        {},
        el(
          'section.card',
          {},
          el('h2', {}, 'Look at a room'),
          open,
          visits.length ? el('ul.recent', { 'aria-label': 'Rooms of late' }, ...visits) : '',
        ),
        el('section.card', {}, el('h2', {}, 'Make a room'), make),
      ),
      this.server,
      this.spaces,
      this.policies,
    );
  }

  /** What the daemon tells everybody: its namespaces. */
  async #server() {
    try {
      const answer = await fetch(new URL('start/server.json', this.api));
      if (!answer.ok) return;
      const { namespaces = [] } = await answer.json();
      this.spaces.replaceChildren(...namespaces.map((value) => el('option', { value })));
    } catch {
      // an older server, or none of ours: one can type
    }
  }

  admins() {
    this.drawn = false;
    this.rate = null;
    if (this.admin.on) this.refresh();
    else this.#ask();
  }

  #ask(error) {
    this.server.replaceChildren(
      el('h2', {}, 'The server'),
      el(
        'p',
        {},
        'Its rooms, how busy they are, their policies and members: through the admin interface of the daemon.',
      ),
      error ? el('p.bad', { role: 'alert' }, visible(error.message, 300)) : '',
      adminForm(this.admin),
    );
  }

  /** Asks again; an answer that somebody has asked past meanwhile is not shown. */
  async refresh() {
    if (!this.admin.on) return;
    const turn = (this.turn = {});
    const query = new URLSearchParams({ sort: this.sort, limit: PAGE });
    if (this.match) query.set('match', this.match);
    const after = this.after.at(-1);
    if (after) query.set('after', after);
    try {
      const [facts, rooms] = await Promise.all([this.admin.call('/status'), this.admin.call(`/rooms?${query}`)]);
      if (turn !== this.turn) return;
      if (!this.drawn) this.#frame();
      this.#drawFacts(facts);
      this.#drawRooms(rooms);
    } catch (error) {
      if (turn !== this.turn) return;
      if (this.drawn) this.problem.textContent = visible(error.message, 300);
      else this.#ask(error);
    }
    this.turn = null;
  }

  #frame() {
    this.drawn = true;
    this.tiles = el('dl.tiles', {});
    this.graph = new Graph({
      title: 'Messages a second, in and out',
      series: this.traffic,
      color: '--main',
      text: (n) => `${count(n)}/s`,
    });
    const find = el('input', {
      type: 'search',
      id: 'rooms-filter',
      placeholder: 'Search rooms: *lobby*',
      'aria-label': 'Search rooms',
      spellcheck: false,
      autocapitalize: 'off',
      value: this.match,
    });
    let wait;
    find.addEventListener('input', () => {
      clearTimeout(wait);
      wait = setTimeout(() => ((this.match = find.value.trim()), (this.after = []), this.refresh()), 250);
    });
    this.head = el('tr', {});
    for (const [name, text, sort] of COLUMNS) {
      const title = sort
        ? el('button', { type: 'button', onclick: () => ((this.sort = sort), (this.after = []), this.refresh()) }, text)
        : text;
      this.head.append(el('th', { scope: 'col', 'data-sort': sort ?? '', 'data-column': name }, title));
    }
    this.rows = el('tbody', {});
    this.rows.addEventListener('keydown', (event) => {
      const step = { ArrowDown: 1, ArrowUp: -1, j: 1, k: -1 }[event.key];
      const all = [...this.rows.querySelectorAll('a')];
      const to = all[all.indexOf(document.activeElement) + step];
      if (!step || !to) return;
      event.preventDefault();
      event.stopPropagation();
      to.focus();
    });
    this.back = el('button', { type: 'button', onclick: () => (this.after.pop(), this.refresh()) }, '← Before');
    this.on = el('button', { type: 'button', onclick: () => (this.after.push(this.next), this.refresh()) }, 'More →');
    this.sum = el('span.dim', {});
    this.problem = el('p.bad', { role: 'alert' });
    this.server.replaceChildren(
      el('h2', {}, 'The server'),
      this.problem,
      this.tiles,
      this.graph.element,
      el('div.title', {}, el('h3', {}, 'Rooms'), find),
      el(
        'div.scroll',
        { tabIndex: 0, role: 'region', 'aria-label': 'Rooms' },
        el('table.rooms', {}, el('thead', {}, this.head), this.rows),
      ),
      el('div.pager', {}, this.sum, this.back, this.on),
    );
  }

  #drawFacts(facts) {
    this.problem.textContent = '';
    const total = facts.messages_in + facts.messages_out;
    let [rateIn, rateOut] = [NaN, NaN];
    if (this.rate && facts.time_ms > this.rate.at) {
      const seconds = (facts.time_ms - this.rate.at) / 1000;
      rateIn = Math.max(0, facts.messages_in - this.rate.in) / seconds;
      rateOut = Math.max(0, facts.messages_out - this.rate.out) / seconds;
      this.traffic.set(rateIn + rateOut);
    }
    if (!this.rate || total !== undefined)
      this.rate = { at: facts.time_ms, in: facts.messages_in, out: facts.messages_out };
    const tile = (name, what, more = '') =>
      el('div', {}, el('dt', {}, name), el('dd', {}, what, el('span.dim', {}, more)));
    this.tiles.replaceChildren(
      tile('eddyd', visible(facts.version, 40), ` pid ${facts.pid}`),
      tile('State', facts.state, ` for ${span(facts.uptime_ms)}`),
      tile('Rooms', count(facts.rooms), ` of ${count(facts.rooms_max)}`),
      tile('Connections', count(facts.connections), ` of ${count(facts.connections_max)}`),
      tile('Members', count(facts.members)),
      tile('Messages in', `${count(rateIn)}/s`, ` ${count(facts.messages_in)} in all`),
      tile('Messages out', `${count(rateOut)}/s`, ` ${count(facts.messages_out)} in all`),
      tile('Memory', bytes(facts.memory_bytes)),
      tile('Waiting', bytes(facts.queued_bytes)),
      tile(
        'Too slow',
        count(facts.slow ?? 0),
        facts.conflated ? ` closed, ${count(facts.conflated)} messages left out` : ' closed',
      ),
      tile('Policies', count(facts.policies?.loaded), ` ${count(facts.policies?.failures)} failures`),
      tile('Plugins', facts.plugins.map((name) => visible(name, 40)).join(', ') || 'none'),
    );
    this.spaces.replaceChildren(...facts.namespaces.map(({ name }) => el('option', { value: name })));
    this.policies.replaceChildren(
      ...[...new Set(facts.namespaces.map(({ policy }) => policy))].map((value) => el('option', { value })),
    );
    this.graph.draw();
  }

  #drawRooms({ rooms, rooms_in_memory: all, next }) {
    this.next = next;
    const focused = this.rows.contains(document.activeElement) ? document.activeElement.dataset.room : undefined;
    for (const cell of this.head.children)
      cell.setAttribute(
        'aria-sort',
        cell.dataset.sort && cell.dataset.sort === this.sort
          ? this.sort === 'name'
            ? 'ascending'
            : 'descending'
          : 'none',
      );
    clear(this.rows);
    for (const one of rooms) {
      const rate = one.in === undefined ? '–' : `${count(one.in)} → ${count(one.out)}`;
      const go = () => this.open(one.room);
      const link = el(
        'a',
        {
          href: `?url=${encodeURIComponent(this.addressOf(one.room)?.socket ?? '')}`,
          'data-room': one.room,
          onclick: (event) => (event.preventDefault(), event.stopPropagation(), go()),
        },
        el('bdi', {}, visible(one.room, 64)),
      );
      this.rows.append(
        el(
          'tr',
          { onclick: go },
          el('th', { scope: 'row' }, link),
          el('td', {}, visible(one.policy, 40)),
          el('td', {}, count(one.members)),
          el('td', {}, count(one.keys)),
          el('td', {}, count(one.messages)),
          el('td', {}, bytes(one.bytes)),
          el(
            'td',
            {},
            el(one.queued_bytes ? 'span.warn' : 'span', {}, one.queued_bytes ? bytes(one.queued_bytes) : '–'),
          ),
          el('td', { title: 'in → out' }, rate),
        ),
      );
    }
    if (!rooms.length)
      this.rows.append(
        el(
          'tr',
          {},
          el(
            'td.empty',
            { colSpan: COLUMNS.length },
            this.match ? 'No room in memory is called so.' : 'No room is in memory.',
          ),
        ),
      );
    if (focused) [...this.rows.querySelectorAll('a')].find((link) => link.dataset.room === focused)?.focus();
    this.sum.textContent = `${count(all)} in memory${this.after.length ? `, page ${this.after.length + 1}` : ''}`;
    this.back.hidden = !this.after.length;
    this.on.hidden = !next;
  }

  told(text) {
    toast(text);
  }
}
