// The page: which view is shown, the theme, the keys that work everywhere, the admin interface.
import { apiOf, roomOf } from './address.js';
import { Admin, adminForm } from './admin.js';
import { $, el, shown, toast, visible } from './dom.js';
import { Overview, visited } from './overview.js';
import { RoomView } from './roomview.js';

const api = apiOf(location.href);
const main = $('#main');
let view = null;

const admin = new Admin(api, () => {
  drawAdmin();
  view?.admins();
});

const addressOf = (text) => roomOf(text, api);
const told = (text, kind) => toast(text, kind);

// ---- views ----

function show(next) {
  view?.close();
  view = next;
  main.replaceChildren(view.element);
}

function route() {
  const given = new URL(location.href).searchParams.get('url');
  const address = given ? addressOf(given) : null;
  if (given && !address) toast(`This is no URL of a room: ${given}`, 'bad');
  document.body.classList.toggle('inroom', !!address);
  if (address) {
    visited(address.cbor ? `${address.socket}?cbor=true` : address.socket);
    show(new RoomView({ address, api, admin, told, left: () => open(null) }));
    document.title = `${visible(address.id, 40)} · eddyd console`;
  } else {
    show(new Overview({ api, admin, open, addressOf }));
    document.title = 'eddyd console';
  }
}

/** Goes to a room, by whatever names it; null: to the overview. */
function open(text) {
  const address = text === null ? null : addressOf(text);
  if (text !== null && !address)
    return toast(text.trim() ? `This is no id or URL of a room: ${text}` : 'A room has an id.', 'bad');
  const to = new URL(location.href);
  if (address) to.searchParams.set('url', address.cbor ? `${address.socket}?cbor=true` : address.socket);
  else to.searchParams.delete('url');
  if (to.href !== location.href) history.pushState(null, '', to);
  route();
  main.focus();
}

addEventListener('popstate', route);
$('#home').addEventListener('click', (event) => (event.preventDefault(), open(null)));
$('#goto').addEventListener('submit', (event) => {
  event.preventDefault();
  const input = $('#goto-room');
  if (addressOf(input.value)) {
    open(input.value);
    input.value = '';
  } else open(input.value);
});

// ---- the admin interface ----

const adminButton = $('#admin-button');

function drawAdmin() {
  adminButton.textContent = admin.on ? 'Admin: on' : 'Admin';
  adminButton.classList.toggle('on', admin.on);
  adminButton.title = admin.on ? `The admin interface at ${admin.base} (a)` : 'Connect to the admin interface (a)';
}

function askAdmin() {
  const forget = el(
    'button.danger',
    { type: 'button', onclick: () => (box.close(), admin.forget()) },
    'Forget address and key',
  );
  const box = shown(
    'Admin interface',
    el('p', {}, 'The daemon’s overview, policies, members’ addresses; kick, trim, close.'),
    adminForm(admin, () => box.close()),
    admin.on ? forget : '',
  );
  $('#admin-key', box).focus();
}
adminButton.addEventListener('click', askAdmin);

// ---- theme ----

const dark = matchMedia('(prefers-color-scheme: dark)');
const themeButton = $('#theme-button');
const isDark = () => (document.documentElement.dataset.theme || (dark.matches ? 'dark' : 'light')) === 'dark';

function drawTheme() {
  themeButton.textContent = isDark() ? '☾' : '☀';
  themeButton.title = `${isDark() ? 'Dark' : 'Light'}; switch (t)`;
  themeButton.setAttribute('aria-label', `Switch to ${isDark() ? 'light' : 'dark'}`);
  view?.graphs?.forEach((graph) => graph.draw());
  view?.graph?.draw();
}

function switchTheme() {
  const next = isDark() ? 'light' : 'dark';
  const own = (dark.matches ? 'dark' : 'light') === next; // as the system has it: nothing to remember
  document.documentElement.dataset.theme = own ? '' : next;
  try {
    own ? localStorage.removeItem('eddyd.console.theme') : localStorage.setItem('eddyd.console.theme', next);
  } catch {
    // it stays so for this page
  }
  drawTheme();
}
themeButton.addEventListener('click', switchTheme);
dark.addEventListener('change', drawTheme);

// ---- keys ----

const KEYS = [
  ['o', 'overview', () => open(null)],
  ['r', 'go to a room', () => (document.body.classList.remove('inroom'), $('#goto-room').focus())],
  ['a', 'admin interface', askAdmin],
  ['t', 'dark or light', switchTheme],
  ['?', 'this help', help],
];
const ROOM_KEYS = [
  ['/', 'filter keys', () => (view.pane('keys'), view.find.focus())],
  ['f', 'list of keys', () => (view.pane('keys'), view.keyBox.focus())],
  ['m', 'list of messages', () => (view.pane('stream'), view.streamBox.focus())],
  ['l', 'all messages, live', () => view.look(null)],
  [
    'v',
    'value',
    () => (view.side('value'), view.pane('value'), ($('.tree [tabindex="0"]') ?? $('#value-body')).focus()),
  ],
  ['u', 'members', () => (view.side('people'), view.pane('value'))],
  ['i', 'policy', () => (view.side('policy'), view.pane('value'))],
  ['p', 'push by hand', () => (view.pane('push'), (view.push.key.value ? view.push.value : view.push.key).focus())],
  ['space', 'pause, go on', () => view.pause()],
];

function help() {
  const table = (keys) =>
    el(
      'table.help',
      {},
      ...keys.map(([key, what]) =>
        el('tr', {}, el('th', {}, ...key.split(' ').map((one) => el('kbd', {}, one))), el('td', {}, what)),
      ),
    );
  shown(
    'Keys',
    el(
      'div.helps',
      {},
      el('section', {}, el('h3', {}, 'Everywhere'), table(KEYS)),
      el('section', {}, el('h3', {}, 'In a room'), table(ROOM_KEYS)),
      el(
        'section',
        {},
        el('h3', {}, 'In lists and trees'),
        table([
          ['↑ ↓ j k', 'move'],
          ['Home End', 'first, last'],
          ['← →', 'close, open a part'],
          ['Enter', 'open'],
          ['Ctrl+Enter', 'push what is in the form'],
        ]),
      ),
    ),
  );
}
$('#help-button').addEventListener('click', help);

addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || $('dialog[open]')) return;
  const { target } = event;
  if (target.matches('input, textarea, select')) {
    if (event.key === 'Escape') target.blur();
    return;
  }
  const name = event.key === ' ' ? 'space' : event.key;
  if (name === 'space' && target.matches('button, a, summary, [role=tab]')) return;
  const found = [...KEYS, ...(view instanceof RoomView ? ROOM_KEYS : [])].find(([key]) => key === name);
  if (!found) return;
  event.preventDefault();
  found[2]();
});

drawAdmin();
route();
drawTheme();
if (admin.known && !admin.on) admin.connect().catch((error) => toast(`The admin interface: ${error.message}`, 'bad'));
