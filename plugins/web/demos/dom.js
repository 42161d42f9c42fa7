// Elements, and what demos have besides: what has changed in a text, colours to choose from, names that are
// shown at a place.

/**
 * An element: `el('button', { type: 'button', onclick: f }, 'Go')`.
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Record<string, any>} [properties]
 * @param {(Node | string)[]} children
 * @returns {HTMLElementTagNameMap[T]}
 */
export function el(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in element) /** @type {any} */ (element)[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

/**
 * The element of the page with this id.
 * @template {HTMLElement} [T=HTMLElement]
 * @param {string} id
 * @returns {T}
 */
export const by = (id) => /** @type {T} */ (document.getElementById(id));

/**
 * What makes one text of another: at `at`, `gone` letters went, and `come` came.
 * @param {string} before
 * @param {string} now
 */
export function changeOf(before, now) {
  const least = Math.min(before.length, now.length);
  let at = 0;
  while (at < least && before[at] === now[at]) at++;
  if (/[\ud800-\udbff]/.test(now[at - 1])) at--; // a letter of two halves goes as a whole
  let tail = 0;
  while (tail < least - at && before[before.length - 1 - tail] === now[now.length - 1 - tail]) tail++;
  if (/[\udc00-\udfff]/.test(now[now.length - tail])) tail--;
  return { at, gone: before.length - tail - at, come: now.slice(at, now.length - tail) };
}

/** A person's colour, to be seen on dark and on light. @param {unknown} hue */
export const colour = (hue) => `oklch(0.54 0.15 ${Number(hue) || 0})`;

/**
 * Buttons, one for each colour, of which one is pressed; '' is what is called `other`.
 * @param {string[]} colours
 * @param {string} chosen
 * @param {(colour: string) => void} choose
 * @param {string} [other]
 */
export function palette(colours, chosen, choose, other) {
  const buttons = [...colours, ...(other ? [''] : [])].map((value, index) => {
    const button = el('button', { type: 'button', ariaPressed: String(value === chosen) }, value ? '' : `${other}`);
    if (value) Object.assign(button, { className: 'colour', ariaLabel: `Colour ${index + 1}` });
    button.style.backgroundColor = value;
    button.onclick = () => {
      for (const one of buttons) one.ariaPressed = String(one === button);
      choose(value);
    };
    return button;
  });
  return buttons;
}

/** Where something is, both from 0 to 1, and whose it is. @typedef {{ x: number, y: number, name: string, hue: number }} Pin */

/** Names at places of an element. @param {HTMLElement} where */
export class Pins {
  /** @type {Map<string, HTMLElement>} */
  #pins = new Map();

  /** @param {HTMLElement} where */
  constructor(where) {
    this.where = where;
  }

  /** Shows these, and no others. @param {Record<string, Pin>} pins */
  show(pins) {
    for (const [id, pin] of this.#pins) {
      if (pins[id]) continue;
      pin.remove();
      this.#pins.delete(id);
    }
    for (const [id, shown] of Object.entries(pins)) {
      const { x, y, name, hue } = Object(shown);
      const pin = this.#pins.get(id) ?? el('div', { className: 'pin' }, el('span'));
      if (!this.#pins.has(id)) this.where.append(pin);
      this.#pins.set(id, pin);
      Object.assign(pin.style, { left: `${x * 100}%`, top: `${y * 100}%`, backgroundColor: colour(hue) });
      /** @type {HTMLElement} */ (pin.firstChild).textContent = String(name);
    }
  }
}
