// A push by hand, and what the room says to it.
import { bytes, el, visible } from './dom.js';
import { diagnostic } from './cbor.js';
import { nodeOf } from './wire.js';

const EDIT_MAX = 1 << 20; // bytes of a value that is taken into the form

/** What was sent, as the JSON that a server makes of it. */
function asJson(node) {
  switch (node.kind) {
    case 'object':
      return `{${[...node.parts()].map(({ label, node: part }) => `${JSON.stringify(String(label))}:${asJson(part)}`).join(',')}}`;
    case 'array':
      return `[${[...node.parts()].map(({ node: part }) => asJson(part)).join(',')}]`;
    case 'tag':
      return asJson([...node.parts()][0].node);
    case 'bytes':
      return `[${node.content().join(',')}]`;
    case 'string':
      return JSON.stringify(node.text());
    case 'number':
      return Number.isFinite(Number(node.text())) ? node.text() : 'null';
    case 'boolean':
      return node.text();
    default:
      return 'null';
  }
}

export class PushForm {
  /** @param {() => any} room the one that is open */
  constructor(room) {
    this.room = room;
    this.key = el('input', {
      id: 'push-key',
      type: 'text',
      spellcheck: false,
      autocomplete: 'off',
      autocapitalize: 'off',
      'aria-label': 'Key',
    });
    this.action = el(
      'select',
      { id: 'push-action', 'aria-label': 'Action', onchange: () => this.#acted() },
      ...['append', 'replace', 'relay', 'compact'].map((name) => el('option', {}, name)),
    );
    this.seq = el('input', { id: 'push-seq', type: 'number', min: 1, step: 1 });
    this.seqLabel = el(
      'label.seq',
      { hidden: true, title: 'All up to this number becomes the value' },
      el('span', {}, 'up to #'),
      this.seq,
    );
    this.value = el('textarea', {
      id: 'push-value',
      rows: 3,
      spellcheck: false,
      autocapitalize: 'off',
      'aria-label': 'Value, as JSON',
      placeholder: '{"as": "JSON"}',
      oninput: () => this.#check(),
    });
    this.said = el('output.said', { id: 'push-said', 'aria-live': 'polite' });
    this.button = el('button.main', { id: 'push-button', title: 'Ctrl+Enter' }, 'Push');
    this.element = el(
      'form.push',
      { 'aria-label': 'Push a message', onsubmit: (event) => this.#push(event) },
      el(
        'div.fields',
        {},
        el('label.key', {}, el('span', {}, 'Key'), this.key),
        el('label', {}, el('span', {}, 'Action'), this.action),
        this.seqLabel,
      ),
      this.value,
      el('div.foot', {}, this.said, this.button),
    );
    this.element.addEventListener('keydown', (event) => {
      if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) this.element.requestSubmit();
    });
  }

  #acted() {
    this.seqLabel.hidden = this.action.value !== 'compact';
    if (!this.seqLabel.hidden && !this.seq.value)
      this.seq.value = this.room()?.keys.get(this.key.value)?.items.at(-1)?.seq ?? '';
  }

  #say(text, kind = '') {
    this.said.className = `said ${kind}`;
    this.said.textContent = text;
  }

  /** The JSON that stands there, or null with what is wrong said. */
  #check() {
    const text = this.value.value.trim();
    try {
      JSON.parse(text);
      this.value.removeAttribute('aria-invalid');
      this.#say('');
      return text;
    } catch (error) {
      this.value.setAttribute('aria-invalid', 'true');
      this.#say(text ? `no JSON: ${error.message}` : 'a value is JSON: 1, "text", {"a": true}', 'bad');
      return null;
    }
  }

  /** Takes a message into the form. */
  fill(item) {
    this.key.value = item.key;
    this.action.value = ['replace', 'relay'].includes(item.action) ? item.action : 'append';
    this.#acted();
    if (item.value.length > EDIT_MAX) return this.#say(`${bytes(item.value.length)} are too much for this form`, 'bad');
    const node = nodeOf(item.value, item.cbor);
    this.value.value = item.cbor ? asJson(node) : node.raw();
    this.#say(
      item.cbor && /[h(]/.test(diagnostic(node, 2000)) ? 'as JSON: byte strings are arrays, tags are gone' : '',
    );
    this.value.focus();
  }

  async #push(event) {
    event.preventDefault();
    const json = this.#check();
    const room = this.room();
    if (json === null || !room) return;
    const action = { type: this.action.value };
    if (action.type === 'compact') action.seq = Number(this.seq.value);
    this.#say('…');
    this.button.disabled = true;
    const began = performance.now();
    const answer = await room.link.push(this.key.value, action, json);
    const took = `${(performance.now() - began).toFixed(1)} ms`;
    this.button.disabled = false;
    switch (answer.type) {
      case 'ack':
        if (answer.seq === null) this.#say(`dropped: the policy took it and passed nothing on (${took})`, 'warn');
        else this.#say(`accepted as #${answer.seq} (${took})`, 'good');
        return;
      case 'error':
        return this.#say(
          `refused: ${visible(answer.message ?? '', 300)}${answer.code ? ` (${answer.code})` : ''}`,
          'bad',
        );
      case 'sent':
        return this.#say('sent; this server does not answer pushes');
      case 'lost':
        return this.#say('the connection broke before the room answered: it may have been heard', 'bad');
      default:
        this.#say('there is no connection', 'bad');
    }
  }
}
