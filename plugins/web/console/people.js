// Who is in a room, and what each shows of itself.
import { bytes, clear, confirmed, day, el, keyText, span, toast, visible } from './dom.js';
import { nodeOf } from './wire.js';

const EVERY = 3000; // ms between two looks through the admin interface
const SHOWN_MAX = 200;
const LOOKED_AT = 64; // of the newest messages of a key, for presence

/** { client, value, m } of a message of presence, as usePresence and eddy-client's Presence send it; else null. */
function presenceOf({ value, cbor }) {
  const node = nodeOf(value, cbor);
  if (node.kind !== 'object' || value.length > 1 << 16) return null;
  const found = Object.create(null);
  for (const { label, node: part } of node.parts()) found[label] = part;
  if (found.client?.kind !== 'string' || !found.value || Object.keys(found).length > 4) return null;
  return {
    client: found.client.text(200),
    shows: found.value.raw(300),
    gone: found.value.kind === 'null',
    member: found.m?.text(20),
  };
}

export class People {
  constructor({ admin, room }) {
    Object.assign(this, { admin, room });
    this.members = el('div', {});
    this.presence = el('div', {});
    this.element = el('div.people', {}, el('h3', {}, 'Members'), this.members, el('h3', {}, 'Presence'), this.presence);
    this.facts = null;
    this.keys = []; // of presence
  }

  /** While it is looked at. */
  visible(on) {
    clearInterval(this.timer);
    if (!on) return;
    this.#ask();
    this.timer = setInterval(() => this.#ask(), EVERY);
    this.draw();
  }

  async #ask() {
    const room = this.room();
    if (!this.admin.on || !room || document.hidden) return;
    try {
      this.facts = await this.admin.room(room.address.name, `/members?limit=${SHOWN_MAX}`);
      this.problem = '';
    } catch (error) {
      this.facts = null;
      this.problem = error.message;
    }
    this.draw();
  }

  async #kick(id) {
    const sure = await confirmed(
      'Disconnect a member?',
      `Member ${id} is closed with 1008. Nothing keeps it from coming back.`,
      'Disconnect',
    );
    if (!sure) return;
    try {
      await this.admin.room(this.room().address.name, '/kick', { member: id });
      toast(`Member ${id} was disconnected.`);
    } catch (error) {
      toast(error.message, 'bad');
    }
    this.#ask();
  }

  draw() {
    const room = this.room();
    if (!room || !this.element.isConnected) return;
    this.#drawMembers(room);
    this.#drawPresence(room);
  }

  #drawMembers(room) {
    const { members: box, facts } = this;
    const focused = box.contains(document.activeElement) ? document.activeElement.dataset.member : undefined;
    clear(box);
    const known = new Map((facts?.members ?? []).map((one) => [one.id, one]));
    const ids = [...new Set([...room.members, ...known.keys()])].sort((a, b) => a - b);
    if (!ids.length) {
      box.append(el('p.empty', {}, room.status.v1 === false ? 'This server does not say who is there.' : 'Nobody.'));
      return;
    }
    const rows = ids.slice(0, SHOWN_MAX).map((id) => {
      const more = known.get(id);
      return el(
        'li',
        { 'data-id': id },
        el('span.id', {}, `${id}`),
        el(
          'span.what',
          {},
          id === room.member ? el('span.badge', {}, 'this page') : '',
          more ? el('span', {}, `${more.address} · ${more.encoding}`) : '',
          more ? el('span.dim', { title: day(more.since_ms) }, `for ${span(Date.now() - more.since_ms)}`) : '',
          more?.queued_bytes ? el('span.warn', {}, `${bytes(more.queued_bytes)} waiting`) : '',
        ),
        this.admin.on && id !== room.member
          ? el(
              'button.small.danger',
              {
                type: 'button',
                'data-member': id,
                'aria-label': `Disconnect member ${id}`,
                onclick: () => this.#kick(id),
              },
              'Kick',
            )
          : '',
      );
    });
    box.append(el('ul.rows', {}, ...rows));
    if (ids.length > rows.length) box.append(el('p.dim', {}, `and ${ids.length - rows.length} more`));
    if (!this.admin.on)
      box.append(el('p.dim.note', {}, 'With the admin interface: addresses, what waits for whom, and kick.'));
    if (this.problem) box.append(el('p.bad', {}, visible(this.problem)));
    if (focused) box.querySelector(`[data-member="${focused}"]`)?.focus();
  }

  #drawPresence(room) {
    const { presence: box } = this;
    clear(box);
    const rows = [];
    this.keys = [];
    for (const [key, stream] of room.keys) {
      if (rows.length >= SHOWN_MAX) break;
      const last = stream.items.at(-1) ?? stream.relay;
      if (!last || !presenceOf(last)) continue;
      this.keys.push(key);
      const clients = new Map();
      const recent = stream.items.length
        ? stream.items.slice(-LOOKED_AT)
        : room.feed.slice(-LOOKED_AT).filter((one) => one.key === key && one.value);
      for (const item of recent) {
        const one = presenceOf(item);
        if (!one) continue;
        clients.delete(one.client);
        if (!one.gone) clients.set(one.client, { ...one, at: item.at });
      }
      for (const one of clients.values()) {
        rows.push(
          el(
            'li',
            {},
            el('bdi.id', { title: visible(one.client) }, visible(one.client, 24)),
            el(
              'span.what',
              {},
              el('bdi.mono', { title: visible(one.shows, 300) }, visible(one.shows, 120)),
              el('bdi.dim', {}, keyText(key, 40)),
            ),
            one.member ? el('span.dim', { title: 'member' }, `member ${one.member}`) : '',
          ),
        );
      }
    }
    box.append(
      rows.length
        ? el('ul.rows.presence', {}, ...rows.slice(0, SHOWN_MAX))
        : el('p.empty', {}, 'Nobody shows anything: no key has messages of { client, value }.'),
    );
  }
}
