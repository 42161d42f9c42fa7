// What all views share: elements, texts that show what they hide, numbers for people, dialogs.

/**
 * An element: el('button.small', { type: 'button', onclick }, 'text', child). All text is text, never markup.
 * @returns {any}
 */
export function el(what, options = {}, ...children) {
  const [tag, ...classes] = what.split('.');
  const element = document.createElement(tag || 'div');
  if (classes.length) element.className = classes.join(' ');
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined || value === null) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (name in element && name !== 'list' && name !== 'role') element[name] = value;
    else if (value !== false) element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

export const $ = (selector, root = document) => root.querySelector(selector);

// Control characters, what turns the direction of writing, what takes no room, halves of characters.
const HIDDEN =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;
const NAMES = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '\0': '\\0' };

/** A text of one line in which nothing is hidden, of at most `max` characters. */
export function visible(text, max = 200) {
  const cut = text.length > max ? `${text.slice(0, max)}…` : text;
  return cut.replace(HIDDEN, (c) => NAMES[c] ?? `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** A key as people read it: the empty one is none that can be seen. */
export const keyText = (key, max) => (key === '' ? '(empty key)' : visible(key, max));

export function bytes(n) {
  if (!Number.isFinite(n)) return '–';
  if (n < 1024) return `${n} B`;
  const unit = n < 1 << 20 ? 'KiB' : n < 1 << 30 ? 'MiB' : 'GiB';
  const number = n / { KiB: 1 << 10, MiB: 1 << 20, GiB: 1 << 30 }[unit];
  return `${number < 10 ? number.toFixed(1) : Math.round(number)} ${unit}`;
}

const short = (n) => (n < 100 ? n.toFixed(1).replace(/\.0$/, '') : Math.round(n));

export function count(n) {
  if (!Number.isFinite(n)) return '–';
  if (n < 10000) return n < 10 && !Number.isInteger(n) ? n.toFixed(1) : String(Math.round(n));
  if (n < 1e6) return `${short(n / 1e3)}k`;
  return `${short(n / 1e6)}M`;
}

/** "1 key", "2 keys" */
export const many = (n, what) => `${count(n)} ${what}${n === 1 ? '' : 's'}`;

export function span(ms) {
  const s = Math.max(0, ms / 1000);
  if (s < 60) return `${Math.floor(s)} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min`;
  const [large, small, unit] = s < 86400 ? ['h', 'min', 3600] : ['d', 'h', 86400];
  const rest = Math.floor((s % unit) / (unit === 3600 ? 60 : 3600));
  return `${Math.floor(s / unit)} ${large}${rest ? ` ${rest} ${small}` : ''}`;
}

const two = (n) => String(n).padStart(2, '0');
export function clock(ms, seconds = true) {
  const d = new Date(ms);
  return `${two(d.getHours())}:${two(d.getMinutes())}${seconds ? `:${two(d.getSeconds())}` : ''}`;
}
export const day = (ms) => `${new Date(ms).toLocaleDateString()} ${clock(ms)}`;

/** Calls at most once a frame, or where the page is hidden not before it is seen again. */
export function framed(call) {
  let waits = 0;
  return () => {
    waits ||= requestAnimationFrame(() => {
      waits = 0;
      call();
    });
  };
}

/** A line that says something for a while; what is bad stays longer. */
export function toast(text, kind = '') {
  const box = $('#toasts');
  const line = el(
    `div.toast${kind ? `.${kind}` : ''}`,
    { role: kind === 'bad' ? 'alert' : 'status' },
    visible(text, 400),
  );
  box.append(line);
  while (box.childElementCount > 4) box.firstChild.remove();
  setTimeout(() => line.remove(), kind === 'bad' ? 9000 : 5000);
}

function dialog(title, ...content) {
  const box = el('dialog', { 'aria-label': title }, el('h2', {}, title), ...content);
  document.body.append(box);
  box.addEventListener('close', () => box.remove());
  box.addEventListener('click', (event) => event.target === box && box.close());
  box.showModal();
  return box;
}

/** Asks before something is done. */
export function confirmed(title, text, action) {
  return new Promise((resolve) => {
    let yes = false;
    const buttons = el(
      'div.buttons',
      {},
      el('button', { type: 'button', onclick: () => box.close() }, 'Cancel'),
      el('button.danger', { type: 'button', id: 'confirm', onclick: () => ((yes = true), box.close()) }, action),
    );
    const box = dialog(title, el('p', {}, text), buttons);
    box.addEventListener('close', () => resolve(yes));
    buttons.firstChild.focus();
  });
}

/** A dialog with anything in it; what it gives closes it. */
export function shown(title, ...content) {
  const box = dialog(
    title,
    ...content,
    el('div.buttons', {}, el('button', { type: 'button', onclick: () => box.close() }, 'Close')),
  );
  return box;
}

/** To the clipboard, which a page over plain http from elsewhere has no access to: then by the old way. */
export async function copy(text, what = 'It') {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = el('textarea', { value: text, readOnly: true });
    document.body.append(area);
    area.select();
    document.execCommand('copy');
    area.remove();
  }
  toast(`${what} was copied.`);
}

/** Removes all children. */
export const clear = (element) => element.replaceChildren();
