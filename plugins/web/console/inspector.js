// One value, from all sides: as a tree, as text, as bytes.
import { diagnostic } from './cbor.js';
import { bytes, clock, confirmed, copy, el, keyText, toast } from './dom.js';
import { tree } from './tree.js';
import { nodeOf } from './wire.js';

const TEXT_FIRST = 20000; // characters
const HEX_FIRST = 1024; // bytes

/** JSON with a line for each part; every digit and letter as it was sent. */
function indented(node, max) {
  let out = '';
  const write = (one, depth) => {
    if (out.length > max) return;
    if (!one.nested || depth > 128) return void (out += one.raw(max));
    const [open, close] = one.kind === 'array' ? '[]' : '{}';
    let first = true;
    out += open;
    for (const { label, node: part } of one.parts()) {
      if (out.length > max) return;
      out += `${first ? '' : ','}\n${'  '.repeat(depth + 1)}`;
      if (one.kind === 'object') out += `${JSON.stringify(label)}: `;
      write(part, depth + 1);
      first = false;
    }
    out += `${first ? '' : `\n${'  '.repeat(depth)}`}${close}`;
  };
  write(node, 0);
  return out.slice(0, max);
}

function hexDump(value, max) {
  const lines = [];
  for (let at = 0; at < Math.min(value.length, max); at += 8) {
    const row = [...value.subarray(at, at + 8)];
    const hex = row.map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
    const text = row.map((byte) => (byte > 31 && byte < 127 ? String.fromCharCode(byte) : '·')).join('');
    lines.push(`${at.toString(16).padStart(6, '0')}  ${hex.padEnd(23)}  ${text}`);
  }
  return lines.join('\n');
}

export class Inspector {
  /** @param {{ admin, room: () => any, reuse: (item) => void }} how */
  constructor(how) {
    Object.assign(this, how);
    this.mode = 'tree';
    this.item = null;
    this.facts = el('dl.facts', {});
    this.body = el('div.value', { id: 'value-body', role: 'tabpanel', tabIndex: -1 });
    this.modes = el('div.tabs.small', { role: 'tablist', 'aria-label': 'How to show the value' });
    for (const [mode, name] of [
      ['tree', 'Tree'],
      ['text', 'Text'],
      ['bytes', 'Bytes'],
    ]) {
      this.modes.append(
        el(
          'button',
          {
            type: 'button',
            role: 'tab',
            'data-mode': mode,
            'aria-controls': 'value-body',
            onclick: () => this.as(mode),
          },
          name,
        ),
      );
    }
    this.actions = el('div.actions', {});
    this.toolbar = el('div.toolbar', {}, this.modes, this.actions);
    this.element = el('div.inspector', {}, this.facts, this.toolbar, this.body);
    this.show(null);
  }

  as(mode) {
    this.mode = mode;
    this.#draw();
  }

  /** @param {{ latest?: boolean }} how latest: it is the newest one of its key, whichever that is */
  show(item, { latest = false } = {}) {
    if (item && this.item === item && this.latest === latest && this.told === `${item.action}/${item.member}`) return;
    const same = this.item && item && this.item.value === item.value;
    this.item = item;
    this.latest = latest;
    this.told = item && `${item.action}/${item.member}`;
    this.#drawFacts();
    if (!same || !item) this.#draw();
  }

  #drawFacts() {
    const { item } = this;
    if (!item) {
      this.facts.replaceChildren();
      this.actions.replaceChildren();
      return;
    }
    const fact = (name, ...what) => el('div', {}, el('dt', {}, name), el('dd', {}, ...what));
    const { value } = item;
    const facts = [fact('Key', el('bdi.key', { title: keyText(item.key, 1000) }, keyText(item.key, 80)))];
    if (item.seq !== null) facts.push(fact('Number', `#${item.seq}`, this.latest ? el('span.dim', {}, ' latest') : ''));
    if (value)
      facts.push(
        fact(
          'Size',
          el(
            'span',
            { title: `${value.length} bytes` },
            bytes(value.length),
            el('span.dim', {}, item.cbor ? ' CBOR' : ' JSON'),
          ),
        ),
      );
    if (item.at) facts.push(fact('Came', clock(item.at)));
    if (item.action) facts.push(fact('Action', item.action));
    if (item.member) facts.push(fact('Member', String(item.member)));
    this.facts.replaceChildren(...facts);
    this.actions.replaceChildren();
    if (!value) return;
    this.actions.append(
      el(
        'button.small',
        { type: 'button', title: 'Copy the value', onclick: () => copy(nodeOf(value, item.cbor).raw(), 'The value') },
        'Copy',
      ),
      el(
        'button.small',
        { type: 'button', title: 'Take it into the form below', onclick: () => this.reuse(item) },
        'Edit',
      ),
    );
    if (this.admin.on && item.seq !== null && this.room()?.holds(item)) {
      this.actions.append(
        el(
          'button.small.danger',
          { type: 'button', title: 'Take this message out of what the key retains', onclick: () => this.#drop(item) },
          'Drop',
        ),
      );
    }
  }

  async #drop(item) {
    const sure = await confirmed(
      'Drop a message?',
      `#${item.seq} of ${keyText(item.key, 80)} is taken out of what the room retains. Its members are not told.`,
      'Drop',
    );
    if (!sure) return;
    try {
      await this.admin.room(this.room().address.name, '/drop', { key: item.key, seq: item.seq });
      toast(`#${item.seq} was dropped.`);
      this.room().outdated(item.key);
    } catch (error) {
      toast(error.message, 'bad');
    }
  }

  #draw() {
    const { item, body } = this;
    for (const tab of this.modes.children) {
      const on = tab.dataset.mode === this.mode;
      tab.setAttribute('aria-selected', String(on));
      tab.tabIndex = on ? 0 : -1;
    }
    this.toolbar.hidden = !item?.value;
    if (!item) return body.replaceChildren(el('p.empty', {}, 'Choose a message to look into it.'));
    if (!item.value)
      return body.replaceChildren(
        el(
          'p.empty',
          {},
          `${item.gone ?? 'Some'} retained message${item.gone === 1 ? '' : 's'} went: trimmed, dropped or expired.`,
        ),
      );
    const node = nodeOf(item.value, item.cbor);
    if (this.mode === 'tree') return body.replaceChildren(tree(node));
    const pre = el(this.mode === 'bytes' ? 'pre.hex' : 'pre', { tabIndex: 0, 'aria-label': 'Value' });
    const rest = el('button.more', { type: 'button' });
    let max = this.mode === 'text' ? TEXT_FIRST : HEX_FIRST;
    const write = () => {
      const { value } = item;
      if (this.mode === 'bytes') pre.textContent = hexDump(value, max);
      else
        pre.textContent = item.cbor ? diagnostic(node, max, true) : this.verbatim ? node.raw(max) : indented(node, max);
      rest.hidden = this.mode === 'bytes' ? value.length <= max : pre.textContent.length < max;
      rest.textContent = `Show more of ${bytes(value.length)}`;
    };
    rest.onclick = () => {
      max *= 8;
      write();
    };
    write();
    body.replaceChildren();
    if (this.mode === 'text' && !item.cbor) {
      const box = el('input', { type: 'checkbox', checked: !this.verbatim });
      box.onchange = () => {
        this.verbatim = !box.checked;
        write();
      };
      body.append(el('label.check', {}, box, 'Indent (else byte for byte as it was sent)'));
    }
    if (this.mode === 'text' && item.cbor) body.append(el('p.dim.note', {}, 'CBOR’s diagnostic notation'));
    body.append(pre, rest);
  }
}
