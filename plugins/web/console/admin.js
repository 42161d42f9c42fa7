// The admin interface of the daemon, as far as this page may use it: where it is and its key are asked for once, and
// kept for this tab alone.
import { el, visible } from './dom.js';

const KEPT = 'eddyd.console.admin';

export class AdminError extends Error {
  constructor(message, status = 0) {
    super(message);
    this.status = status;
  }
}

export class Admin {
  /** @param {string} api where the daemon is @param {() => void} changed */
  constructor(api, changed) {
    this.changed = changed;
    // Of another server, which a link may name, it is for who types the key to say where that goes.
    const standard = new URL('admin', api);
    this.standard = standard.origin === location.origin ? standard.href : '';
    this.base = this.standard;
    this.key = '';
    this.on = false;
    try {
      Object.assign(this, JSON.parse(sessionStorage.getItem(KEPT) ?? '{}'));
    } catch {
      // what somebody else has put there
    }
    this.base = String(this.base);
    this.key = String(this.key);
  }

  /** Whether it was reached in this tab before. */
  get known() {
    return this.key !== '';
  }

  /** Tries it; what it says of the server. Throws an AdminError. */
  async connect(base = this.base, key = this.key) {
    this.base = base.trim().replace(/\/*$/, '');
    this.key = key.trim();
    const facts = await this.call('/status');
    if (typeof facts?.version !== 'string')
      throw new AdminError('what answers there is no admin interface of eddyd', 404);
    this.on = true;
    sessionStorage.setItem(KEPT, JSON.stringify({ base: this.base, key: this.key }));
    this.changed();
    return facts;
  }

  forget() {
    sessionStorage.removeItem(KEPT);
    this.on = false;
    this.key = '';
    this.base = this.standard;
    this.changed();
  }

  /** A call; a body makes it a POST. */
  async call(path, body) {
    let answer;
    try {
      answer = await fetch(this.base + path, {
        method: body === undefined ? 'GET' : 'POST',
        headers: {
          ...(this.key ? { Authorization: `Bearer ${this.key}` } : {}),
          ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        },
        body: body === undefined ? undefined : JSON.stringify(body),
        cache: 'no-store',
        credentials: 'omit',
        signal: AbortSignal.timeout(10000),
      });
    } catch (error) {
      throw new AdminError(
        error.name === 'TimeoutError' ? 'no answer within ten seconds' : 'it cannot be reached from this page',
      );
    }
    const json = await answer.json().catch(() => null);
    if (!answer.ok) throw new AdminError(json?.error ?? `HTTP ${answer.status}`, answer.status);
    return json;
  }

  /** Of a room, by its NAMESPACE/ID. */
  room(name, what = '', body) {
    return this.call(`/rooms/${name.split('/').map(encodeURIComponent).join('/')}${what}`, body);
  }

  /** Every push to a room. A function that ends it. */
  follow(name, heard) {
    const bytes = new TextEncoder().encode(this.key);
    const text = btoa(String.fromCharCode(...bytes))
      .replaceAll('+', '-')
      .replaceAll('/', '_')
      .replaceAll('=', '');
    const path = `/rooms/${name.split('/').map(encodeURIComponent).join('/')}/tail`;
    let socket;
    let over = false;
    let timer;
    const begin = () => {
      try {
        socket = new WebSocket(`${this.base.replace(/^http/, 'ws')}${path}`, [
          'eddy.tail',
          ...(text ? [`eddy.key.${text}`] : []),
        ]);
      } catch {
        return;
      }
      let opened = false;
      socket.onopen = () => (opened = true);
      socket.onmessage = ({ data }) => {
        // The value may be large, and is not looked at: what is wanted stands before it.
        const found =
          /^\{"type":"tail","seq":(\d+),"time_ms":\d+,"action":"(\w+)","member":(\d+|null),"key":("(?:[^"\\]|\\.)*")/.exec(
            data.slice(0, 4096),
          );
        if (found)
          heard({
            seq: Number(found[1]),
            action: found[2],
            member: found[3] === 'null' ? null : Number(found[3]),
            key: JSON.parse(found[4]),
          });
      };
      socket.onclose = () => {
        if (!over && opened) timer = setTimeout(begin, 2000);
      };
    };
    begin();
    return () => {
      over = true;
      clearTimeout(timer);
      socket?.close();
    };
  }
}

const KEY = 'key = "at least 16 characters, without spaces"';
const name = (text) => el('code', {}, text);
const code = (text) => el('pre.code', {}, text);

/** How the daemon lets this page in. */
const howTo = () => [
  el(
    'p',
    {},
    'The admin interface is a unix socket as shipped, which no page can reach. In the daemon’s configuration (',
    name('etc/eddy.lua'),
    '), put it on the public address too, below ',
    name('/admin'),
    ':',
  ),
  code(`admin = { public = true, ${KEY} },`),
  el(
    'p',
    {},
    'or give it an address of its own, let this page use that, and name it in the form (',
    name('http://127.0.0.1:9090'),
    '):',
  ),
  code(`admin = {\n  listen = "127.0.0.1:9090",\n  ${KEY},\n  origins = { "${location.origin}" },\n},`),
  el(
    'p.dim',
    {},
    'An address takes a restart; ',
    name('key'),
    ', ',
    name('public'),
    ' and ',
    name('origins'),
    ' are taken by ',
    name('eddyctl reload'),
    ' (SIGHUP).',
  ),
];

/** What to do where it does not work: the knobs, as they are to be written. */
export function advice(error, admin) {
  const { origin } = location;
  const lines = [];
  if (error.status === 401)
    lines.push(
      el('p', {}, 'The key is not the one of ', el('code', {}, 'admin.key'), ' in the daemon’s configuration.'),
    );
  else if (error.status === 403)
    lines.push(
      el(
        'p',
        {},
        'It does not let this page in: ',
        el('code', {}, 'admin.origins'),
        ' has to list it, or ',
        el('code', {}, 'public_url'),
        ' has to name it:',
      ),
      code(`admin = {\n  ...\n  origins = { "${origin}" },\n},`),
    );
  else {
    lines.push(...howTo());
    if (location.protocol === 'https:' && admin.base.startsWith('http:'))
      lines.unshift(el('p', {}, 'This page came over https: browsers let it use https addresses alone.'));
  }
  return el(
    'div.advice',
    {},
    el('p.bad', { role: 'alert' }, `${admin.base}: ${visible(error.message, 300)}.`),
    ...lines,
  );
}

/** The form that asks for address and key. `done` is called once it is reached. */
export function adminForm(admin, done) {
  const base = el('input', {
    type: 'url',
    value: admin.base,
    id: 'admin-base',
    required: true,
    spellcheck: false,
    autocomplete: 'off',
  });
  const key = el('input', { type: 'password', value: admin.key, id: 'admin-key', autocomplete: 'off' });
  const said = el('div', { 'aria-live': 'polite' });
  const go = el('button.main', {}, 'Connect');
  const more = el(
    'details',
    { open: !admin.on },
    el('summary', {}, 'How to switch it on'),
    el('div.advice', {}, ...howTo()),
  );
  return el(
    'form.admin',
    {
      async onsubmit(event) {
        event.preventDefault();
        go.disabled = true;
        said.replaceChildren();
        try {
          await admin.connect(base.value, key.value);
          done?.();
        } catch (error) {
          said.replaceChildren(advice(error, admin));
          more.open = false;
          more.hidden = error.status !== 401 && error.status !== 403; // else it says the same
        }
        go.disabled = false;
      },
    },
    el('label', {}, el('span', {}, 'Address'), base),
    el('label', {}, el('span', {}, 'Key'), key),
    go,
    el('p.dim', {}, 'Both are kept for this tab alone, and forgotten when it is closed.'),
    said,
    more,
  );
}
