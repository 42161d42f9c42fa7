// What the admin interface knows of a room: its policy, with what went wrong in it, and what an operator may do.
import { adminForm } from './admin.js';
import { bytes, clear, confirmed, count, day, el, many, shown, span, toast, visible } from './dom.js';

const EVERY = 2000; // ms

/** An error of a script: where, when and what. */
function failure(title, { text, file, line, time_ms: time }, kind) {
  const place = file ? `${file}:${line}` : '';
  const rest = place && text.startsWith(`${place}:`) ? text.slice(place.length + 1).trim() : text;
  return el(
    `section.failure.${kind}`,
    {},
    el('h4', {}, title),
    place ? el('p.place', {}, el('code', {}, visible(place))) : '',
    el(
      'pre',
      { tabIndex: 0 },
      rest
        .split('\n')
        .map((one) => visible(one, 1000))
        .join('\n'),
    ),
    el('p.dim', {}, `${day(time)}, ${span(Date.now() - time)} ago`),
  );
}

export class Policy {
  /** @param {{ admin, room: () => any, gone: () => void }} how */
  constructor(how) {
    Object.assign(this, how);
    this.facts = null;
    this.view = el('div', { 'aria-live': 'off' });
    this.move = el('input', {
      id: 'policy-name',
      'aria-label': 'Another policy',
      placeholder: 'another policy',
      spellcheck: false,
      autocapitalize: 'off',
      list: 'policies',
    });
    this.tools = el(
      'div.tools',
      { hidden: true },
      el(
        'form.inline',
        { onsubmit: (event) => this.#moved(event) },
        this.move,
        el('button', { id: 'policy-move' }, 'Move'),
      ),
      el(
        'div.buttons.start',
        {},
        el('button', { type: 'button', onclick: () => this.#trim() }, 'Trim a key…'),
        el(
          'button.danger',
          {
            type: 'button',
            id: 'room-close',
            onclick: () =>
              this.#end(
                'close',
                'Close the room?',
                'Everybody is disconnected with 1001. What it retains stays, and everybody may come back.',
              ),
          },
          'Close',
        ),
        el(
          'button.danger',
          {
            type: 'button',
            id: 'room-delete',
            onclick: () =>
              this.#end(
                'delete',
                'Delete the room?',
                'The room ends, and all that is kept of it goes. This cannot be undone.',
              ),
          },
          'Delete',
        ),
      ),
    );
    this.element = el('div.policy', {}, this.view, this.tools);
  }

  visible(on) {
    clearInterval(this.timer);
    if (!on) return;
    this.refresh();
    this.timer = setInterval(() => document.hidden || this.refresh(), EVERY);
  }

  async refresh() {
    const room = this.room();
    if (!room) return;
    if (!this.admin.on) {
      this.tools.hidden = true;
      if (!this.asked) {
        this.asked = true;
        this.drawn = '';
        this.view.replaceChildren(
          el(
            'p',
            {},
            'What a room’s policy does, which version it is and what went wrong in it, the admin interface tells.',
          ),
          adminForm(this.admin, () => this.refresh()),
        );
      }
      return;
    }
    this.asked = false;
    let facts;
    try {
      facts = await this.admin.room(room.address.name);
    } catch (error) {
      facts = { error };
    }
    if (this.room() !== room) return;
    this.facts = facts;
    this.tools.hidden = !!facts.error;
    this.told?.(facts.error ? null : facts);
    this.#draw(facts);
  }

  #draw(facts) {
    // What did not change stays as it is: somebody may be selecting in it.
    const { in: rate, out, ...steady } = facts.error ? { error: facts.error.message } : facts;
    const drawn = JSON.stringify(facts.error ? steady : { ...steady, touched_ms: 0 });
    if (drawn === this.drawn) return;
    this.drawn = drawn;
    clear(this.view);
    if (facts.error) {
      this.view.append(el('p.bad', {}, visible(facts.error.message, 300)));
      return;
    }
    const { policy } = facts;
    const fact = (name, ...what) => el('div', {}, el('dt', {}, name), el('dd', {}, ...what));
    this.view.append(
      el(
        'dl.facts',
        {},
        fact(
          'Policy',
          el('strong', { id: 'policy-shown' }, policy.name),
          el('span.dim', {}, ` version ${policy.version ?? '–'}`),
        ),
        fact('Failures', policy.failures ? el('span.bad', {}, count(policy.failures)) : '0'),
        fact('Namespace', facts.namespace),
        fact('Kept', facts.kept ? 'yes' : 'in memory only'),
        fact('Retains', `${many(facts.messages, 'message')} of ${many(facts.keys, 'key')}, ${bytes(facts.bytes)}`),
        fact('Waiting', bytes(facts.queued_bytes)),
        fact(
          'Too slow',
          `${count(facts.slow ?? 0)} closed`,
          facts.conflated ? `, ${count(facts.conflated)} messages left out` : '',
        ),
        fact('Goes', facts.idle_ms ? `after ${span(facts.idle_ms)} idle` : 'never by itself'),
      ),
    );
    if (policy.load_failure)
      this.view.append(failure('Does not load: the version before goes on', policy.load_failure, 'bad'));
    if (policy.last_failure) this.view.append(failure('Last failure', policy.last_failure, 'warn'));
    const knobs = Object.entries(policy.knobs ?? {});
    this.view.append(el('h3', {}, 'Knobs'));
    this.view.append(
      knobs.length
        ? el(
            'table.knobs',
            {},
            ...knobs.map(([name, value]) =>
              el('tr', {}, el('th', { scope: 'row' }, name), el('td.mono', {}, visible(JSON.stringify(value)))),
            ),
          )
        : el('p.empty', {}, 'The configuration sets none: the policy’s own defaults stand.'),
    );
  }

  async #do(what, body, said) {
    try {
      await this.admin.room(this.room().address.name, what, body);
      toast(said);
      this.refresh();
      return true;
    } catch (error) {
      toast(error.message, 'bad');
      return false;
    }
  }

  async #moved(event) {
    event.preventDefault();
    const name = this.move.value.trim();
    if (!name) return this.move.focus();
    const sure = await confirmed(
      'Move the room?',
      `The room goes on with the policy ${visible(name, 64)}, between two messages; nobody is disconnected.`,
      'Move',
    );
    if (sure && (await this.#do('/policy', { policy: name }, `The room has the policy ${name} now.`)))
      this.move.value = '';
  }

  #trim() {
    const key = el('input', { id: 'trim-key', required: false, value: this.key?.() ?? '', spellcheck: false });
    const keep = el('input', { id: 'trim-keep', type: 'number', min: 0, step: 1, value: 100 });
    const form = el(
      'form.admin',
      {
        onsubmit: async (event) => {
          event.preventDefault();
          box.close();
          const done = await this.#do('/trim', { key: key.value, keep: Number(keep.value) }, 'The key was trimmed.');
          if (done) this.room().outdated(key.value);
        },
      },
      el('label', {}, el('span', {}, 'Key'), key),
      el('label', {}, el('span', {}, 'Keep the latest'), keep),
      el('button.danger', {}, 'Trim'),
    );
    const box = shown('Trim a key', el('p', {}, 'The oldest messages that it retains go.'), form);
    key.focus();
  }

  async #end(what, title, text) {
    if (!(await confirmed(title, text, what === 'close' ? 'Close the room' : 'Delete the room'))) return;
    if (
      (await this.#do(`/${what}`, {}, what === 'close' ? 'Everybody was sent away.' : 'The room was deleted.')) &&
      what === 'delete'
    )
      this.gone();
  }
}
