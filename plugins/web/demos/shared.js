// What all demos have around them: a room, by ?room=ID or a new one; and a bar that says whether it is connected, who is
// here, and how to join from another device. A demo itself begins with
//
//   const { connection, me, people } = await join('counter');
/** @import { Connection, ConnectionOptions, Presence, Peers, Status } from '../client/index.js' */
import { connect, createRoom, joinRoom, Presence as Here, uniqueClientId } from '../client/index.js';
import { by, colour, el, text } from './dom.js';

/** Who somebody is, as the others see it. @typedef {{ name: string, hue: number }} Person */

const NAMES =
  'Adder Badger Beaver Bison Crane Curlew Dormouse Falcon Fox Gecko Hare Heron Ibex Jackdaw Kestrel Lark Lynx Marten ' +
  'Mole Newt Otter Owl Pike Puffin Quail Raven Robin Seal Shrew Stoat Swift Tern Toad Trout Viper Vole Weasel Wren';

const notice = el('div', { id: 'notice', role: 'status' });
/** @type {ReturnType<typeof setTimeout>} */
let fading;

/** Says something for some seconds: why the room refused something, say. @param {unknown} what */
export function say(what) {
  notice.textContent = what instanceof Error ? what.message : String(what);
  notice.className = 'shown';
  clearTimeout(fading);
  fading = setTimeout(() => (notice.className = ''), 4000);
}

/**
 * The room that the page's address names; or a new one of this policy, and then the address names it.
 * @param {string} policy one of scripts/rooms
 * @param {ConnectionOptions} [options]
 * @returns {Promise<{ connection: Connection, me: string, person: Person, people: Presence<Person> }>}
 */
export async function join(policy, options) {
  const here = new URL(location.href);
  const api = here.searchParams.get('api') ?? new URL('../../', here).href;
  const person = whoIAm();
  let id = here.searchParams.get('room');
  const bar = el('header', { id: 'bar' });
  document.body.prepend(bar);
  document.body.append(notice);
  while (!id) {
    try {
      id = (await createRoom(api, { policy })).room;
      here.searchParams.set('room', id);
      history.replaceState(null, '', here);
    } catch (error) {
      say(error);
      await new Promise((resolve) => setTimeout(resolve, 2000));
    }
  }
  const room = id;
  // Asked for before each attempt, so that a room that is gone is noticed.
  const connection = connect(() => joinRoom(api, room), { reconnect: { max: 4000 }, ...options });
  const people = new Here(connection, { value: { ...person } });
  bar.append(
    el('a', { id: 'home', href: '../', title: 'All demos' }, 'eddyd'),
    el('h1', {}, document.title),
    status(connection),
    crowd(people, person),
    invite(connection, people, person),
  );
  connection.errorListener.addListener(say);
  return { connection, me: people.clientId, person, people };
}

/** A name, for as long as the browser remembers it; and a colour of this tab. @returns {Person} */
function whoIAm() {
  const names = NAMES.split(' ');
  let name = names[Math.floor(Math.random() * names.length)];
  try {
    name = localStorage.getItem('eddyd-name') ?? name;
  } catch {
    // a page that may not remember anything
  }
  return { name, hue: [...uniqueClientId()].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 360, 7) };
}

/** @param {Connection} connection */
function status(connection) {
  const word = el('span', { className: 'word' });
  const anew = new URL(location.href);
  anew.searchParams.delete('room');
  const shown = el('p', { id: 'status', role: 'status' }, el('i'), word);
  /** @param {Status} status */
  const show = ({ state, reason, code }) => {
    const gone = state === 'closed' && code === 404;
    shown.dataset.state = state;
    word.textContent = {
      idle: 'connecting',
      connecting: reason ? 'reconnecting' : 'connecting',
      connected: 'connected',
      waiting: 'no connection, trying again',
      closed: gone ? 'this room is gone:' : `closed: ${reason}`,
    }[state];
    if (gone) word.append(' ', el('a', { href: anew.href }, 'begin a new one'));
  };
  connection.statusListener.addListener(show);
  show(connection.status);
  return shown;
}

/** @param {Presence<Person>} people @param {Person} person */
function crowd(people, person) {
  const list = el('ul', { id: 'people', ariaLabel: 'Who is here' });
  /** @param {Peers<Person>} peers */
  const show = (peers) => {
    const all = [person, ...Object.values(peers).map(({ value }) => Object(value))];
    const most = innerWidth < 640 ? 3 : 8;
    const more = all.length > most ? [el('li', { className: 'more' }, `+${all.length - most}`)] : [];
    list.title = all.map(({ name }) => text(name)).join(', ');
    list.replaceChildren(
      ...all.slice(0, most).map((one) => {
        const name = text(one.name);
        const chip = el('li', { title: one === person ? `${name} (you)` : name }, name);
        chip.style.backgroundColor = colour(one.hue);
        return chip;
      }),
      ...more,
    );
  };
  people.subscribe(show);
  list.addEventListener('renamed', () => show(people.value));
  show({});
  return list;
}

/** @param {Connection} connection @param {Presence<Person>} people @param {Person} person */
function invite(connection, people, person) {
  const name = el('input', { value: person.name, maxLength: 20, autocomplete: 'off' });
  name.onchange = () => {
    person.name = name.value = name.value.trim() || person.name;
    try {
      localStorage.setItem('eddyd-name', person.name);
    } catch {
      // then it is for now only
    }
    people.set({ ...person });
    by('people').dispatchEvent(new Event('renamed'));
  };
  const picture = el('img', { alt: 'QR code of the link', width: 200, height: 200 });
  const link = el('input', { readOnly: true, onfocus: () => link.select(), ariaLabel: 'Link to this room' });
  const copy = el('button', { type: 'button' }, 'Copy');
  copy.onclick = () => {
    link.select();
    if (navigator.clipboard) navigator.clipboard.writeText(link.value).then(() => (copy.textContent = 'Copied'), say);
    else document.execCommand('copy'); // a page that came by plain http
  };
  const local = /^(localhost|127\.|\[::1\])/.test(location.hostname)
    ? 'This address means your own machine: open the page under a name that others can reach, and a phone can join.'
    : 'Scan it with a phone, or send the link.';
  const close = el('button', { type: 'button', className: 'main', onclick: () => dialog.close() }, 'Done');
  const another = el('a', { target: '_blank', rel: 'noopener' }, 'Open it in another window');
  const inside = el('a', { target: '_blank', rel: 'noopener' }, 'look at the room in the console');
  const dialog = el(
    'dialog',
    { id: 'invite', ariaLabel: 'Invite others' },
    picture,
    el('p', { className: 'row' }, link, copy),
    el('p', {}, local),
    el('p', {}, another, ', or ', inside),
    el('p', { className: 'row' }, el('label', {}, 'Your name ', name), close),
  );
  dialog.onclick = ({ target }) => target === dialog && dialog.close();
  document.body.append(dialog);
  const open = el('button', { type: 'button', id: 'share' }, 'Invite');
  open.onclick = () => {
    link.value = another.href = location.href;
    inside.href = new URL(`../../console/?url=${encodeURIComponent(connection.url)}`, location.href).href;
    picture.src = new URL(`../../qrcode?url=${encodeURIComponent(location.href)}`, location.href).href;
    copy.textContent = 'Copy';
    dialog.showModal();
  };
  return open;
}
