// A list of any length of which only the rows in sight exist. All rows are of one height. Arrows, Home, End, Page keys,
// j and k move in it; what is chosen is told.
import { el, framed } from './dom.js';

const SPARE = 6; // rows above and below what is in sight

export class List {
  /**
   * @param {HTMLElement} root scrolls
   * @param {{ label: string, height: number, idOf: (item) => any, row: () => HTMLElement, fill: (row, item) => void,
   *   chosen: (item, how: string) => void, follow?: boolean }} how
   */
  constructor(root, how) {
    Object.assign(this, { root, ...how, items: [], at: -1, id: undefined });
    this.name = `list${(List.made = (List.made ?? 0) + 1)}`;
    this.space = el('div.space', { role: 'presentation' });
    root.append(this.space);
    root.classList.add('list');
    Object.entries({ role: 'listbox', tabindex: '0', 'aria-label': how.label }).forEach(([name, value]) =>
      root.setAttribute(name, value),
    );
    this.rows = [];
    this.draw = framed(() => this.#draw());
    this.sticks = !!this.follow; // at the end, and stays there
    this.top = 0;
    root.addEventListener('scroll', () => this.#scrolled(), { passive: true });
    root.addEventListener('keydown', (event) => this.#key(event));
    root.addEventListener('click', (event) => {
      const row = event.target.closest('[role=option]');
      if (row) this.choose(row.index, 'open');
    });
    new ResizeObserver(() => (this.sticks ? this.toEnd() : this.draw())).observe(root);
  }

  /** Who scrolls up leaves the end, who comes back to it stays there. */
  #scrolled() {
    const { scrollTop } = this.root;
    if (this.follow && scrollTop < this.top - 1) this.sticks = this.atEnd();
    else if (this.follow && this.atEnd()) this.sticks = true;
    this.top = scrollTop;
    this.draw();
  }

  /** Other items, or the same ones changed. What was chosen stays so, by its id. */
  set(items) {
    this.items = items;
    if (this.id !== undefined) this.at = this.#find();
    this.space.style.height = `${items.length * this.height}px`;
    if (this.sticks) this.root.scrollTop = items.length * this.height;
    this.draw();
  }

  atEnd() {
    const { scrollTop, clientHeight, scrollHeight } = this.root;
    return scrollTop + clientHeight >= scrollHeight - this.height;
  }

  toEnd() {
    this.sticks = !!this.follow;
    this.root.scrollTop = this.items.length * this.height;
    this.draw();
  }

  #find() {
    const { items, id, idOf } = this;
    if (items[this.at] !== undefined && idOf(items[this.at]) === id) return this.at;
    return items.findIndex((item) => idOf(item) === id);
  }

  choose(at, how = 'move') {
    if (!this.items.length) return;
    this.at = Math.max(0, Math.min(at, this.items.length - 1));
    this.id = this.idOf(this.items[this.at]);
    const top = this.at * this.height;
    const { scrollTop, clientHeight } = this.root;
    if (this.at < this.items.length - 1) this.sticks = false;
    if (top < scrollTop) this.root.scrollTop = top;
    else if (top + this.height > scrollTop + clientHeight) this.root.scrollTop = top + this.height - clientHeight;
    this.#draw();
    this.chosen(this.items[this.at], how);
  }

  /** Chooses by its id, and tells nobody. */
  mark(id) {
    this.id = id;
    this.at = id === undefined ? -1 : this.#find();
    this.draw();
  }

  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const page = Math.max(1, Math.floor(this.root.clientHeight / this.height) - 1);
    const to = {
      ArrowDown: this.at + 1,
      j: this.at + 1,
      ArrowUp: this.at - 1,
      k: this.at - 1,
      PageDown: this.at + page,
      PageUp: this.at - page,
      Home: 0,
      End: this.items.length - 1,
    }[event.key];
    if (to !== undefined) {
      event.preventDefault();
      event.stopPropagation();
      this.choose(to);
    } else if (event.key === 'Enter' && this.at >= 0) {
      event.preventDefault();
      this.choose(this.at, 'open');
    }
  }

  #draw() {
    const { root, height, items } = this;
    const first = Math.max(0, Math.floor(root.scrollTop / height) - SPARE);
    const last = Math.min(items.length, Math.ceil((root.scrollTop + root.clientHeight) / height) + SPARE);
    const wanted = Math.max(0, last - first);
    while (this.rows.length < wanted) {
      const row = this.row();
      row.setAttribute('role', 'option');
      row.classList.add('row');
      this.rows.push(row);
      this.space.append(row);
    }
    while (this.rows.length > wanted) this.rows.pop().remove();
    root.removeAttribute('aria-activedescendant');
    this.rows.forEach((row, i) => {
      const index = first + i;
      const item = items[index];
      row.index = index;
      row.id = `${this.name}-${index}`;
      row.style.transform = `translateY(${index * height}px)`;
      row.setAttribute('aria-selected', index === this.at);
      row.setAttribute('aria-posinset', index + 1);
      row.setAttribute('aria-setsize', items.length);
      if (index === this.at) root.setAttribute('aria-activedescendant', row.id);
      this.fill(row, item);
    });
  }
}
