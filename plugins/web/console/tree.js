// A value to look into: a tree of which only what is open exists, a hundred parts at a time. Arrows move in it, left and
// right close and open.
import { bytes, el, visible } from './dom.js';

const AT_ONCE = 100;
const TEXT_FIRST = 400; // characters of a text before somebody asks for more
const TEXT_MORE = 20000;
const OPEN_MAX = 40; // parts of a value that is open from the beginning
const OPEN_DEPTH = 2;

/** What is very deep stays in sight. */
const indent = (depth) => `${0.2 + Math.min(depth, 12) * 1.1}rem`;
const WORDS = { array: ['[', ']'], object: ['{', '}'] };
const TAGS = {
  0: 'date, as text',
  1: 'date, in seconds',
  2: 'big number',
  3: 'big negative number',
  37: 'UUID',
  64: 'bytes',
};

function leaf(node) {
  const { kind } = node;
  if (kind === 'bytes')
    return el('span.v.bytes', { title: `${node.length} bytes` }, `h'${node.text(64)}${node.length > 32 ? '…' : ''}'`);
  if (kind !== 'string') return el(`span.v.${kind}`, {}, node.text(400));
  let shown = TEXT_FIRST;
  const text = el('bdi.v.string', {});
  const draw = () => {
    const all = node.text(shown + 1);
    text.replaceChildren(`"${visible(all, shown)}"`);
    if (all.length <= shown) return;
    const more = el('button.more', { type: 'button', tabIndex: -1 }, `more of ${bytes(node.size)}`);
    more.onclick = (event) => {
      event.stopPropagation();
      shown += TEXT_MORE;
      draw();
    };
    text.append(' ', more);
  };
  draw();
  return text;
}

function summary(node) {
  const { kind } = node;
  if (kind === 'tag') return el('span.v.tag', {}, `tag ${node.tag}${TAGS[node.tag] ? ` (${TAGS[node.tag]})` : ''}`);
  const n = node.count();
  return el('span.dim', {}, `${WORDS[kind][0]} ${n} ${WORDS[kind][1]}`);
}

function item(label, literal, node, depth, position) {
  const line = el('div.line', {});
  const one = el('div.item', { role: 'treeitem', 'aria-level': depth + 1, tabIndex: -1 }, line);
  line.style.paddingLeft = indent(depth);
  const name =
    label === null
      ? []
      : [
          el(`bdi.name${literal || typeof label === 'number' ? '.literal' : ''}`, {}, visible(String(label), 120)),
          el('span.dim', {}, ': '),
        ];
  if (position !== undefined) one.setAttribute('aria-posinset', position + 1);
  if (!node.nested) {
    line.append(el('span.twist', {}), ...name, leaf(node));
    return one;
  }
  const twist = el('span.twist', { 'aria-hidden': 'true' });
  line.append(twist, ...name, summary(node));
  line.classList.add('nested');
  const group = el('div', { role: 'group', hidden: true });
  one.append(group);
  one.setAttribute('aria-expanded', 'false');
  let parts;
  const more = () => {
    parts ??= node.parts();
    group.querySelector(':scope > .rest')?.remove();
    for (let n = 0; n < AT_ONCE; n++) {
      const next = parts.next();
      if (next.done) return;
      group.append(item(next.value.label, next.value.literal, next.value.node, depth + 1, group.childElementCount));
    }
    const left = node.count() - group.childElementCount;
    if (left <= 0) return;
    const rest = el(
      'div.item.rest',
      { role: 'treeitem', 'aria-level': depth + 2, tabIndex: -1 },
      el('button.more', { type: 'button', tabIndex: -1 }, `${left} more`),
    );
    rest.style.paddingLeft = indent(depth + 2);
    rest.open = () => {
      const at = group.childElementCount - 1;
      more();
      group.children[at]?.focus();
    };
    rest.onclick = (event) => (event.stopPropagation(), rest.open());
    group.append(rest);
  };
  one.toggle = (open = group.hidden) => {
    if (open && !group.childElementCount) more();
    group.hidden = !open;
    one.setAttribute('aria-expanded', String(open));
  };
  line.onclick = () => one.toggle();
  if (depth < OPEN_DEPTH && node.count() <= OPEN_MAX && node.size < 20000) one.toggle(true);
  if (depth === 0) one.toggle(true);
  return one;
}

const steps = (root) =>
  [...root.querySelectorAll('[role=treeitem]')].filter((one) => !one.parentElement.closest('[hidden]'));

function key(event) {
  const root = event.currentTarget;
  const one = event.target.closest('[role=treeitem]');
  if (!one || event.ctrlKey || event.metaKey || event.altKey) return;
  const open = one.getAttribute('aria-expanded');
  const go = (step) => {
    const all = steps(root);
    (typeof step === 'function' ? step(all) : all[all.indexOf(one) + step])?.focus();
  };
  switch (event.key) {
    case 'ArrowDown':
    case 'j':
      go(1);
      break;
    case 'ArrowUp':
    case 'k':
      go(-1);
      break;
    case 'Home':
      go((all) => all[0]);
      break;
    case 'End':
      go((all) => all.at(-1));
      break;
    case 'ArrowRight':
      if (one.open) one.open();
      else if (open === 'false') one.toggle(true);
      else if (open === 'true') go(1);
      break;
    case 'ArrowLeft':
      if (open === 'true') one.toggle(false);
      else one.parentElement.closest('[role=treeitem]')?.focus();
      break;
    case 'Enter':
    case ' ':
      if (one.open) one.open();
      else if (one.toggle) one.toggle();
      else one.querySelector('.more')?.click();
      break;
    default:
      return;
  }
  event.preventDefault();
  event.stopPropagation();
}

/** The tree of a value, to be put somewhere. */
export function tree(node) {
  const root = el('div.tree', { role: 'tree', 'aria-label': 'Value', onkeydown: key }, item(null, false, node, 0));
  root.firstChild.tabIndex = 0;
  root.addEventListener('focusin', ({ target }) => {
    const one = target.closest('[role=treeitem]');
    for (const other of root.querySelectorAll('[tabindex="0"]')) other.tabIndex = -1;
    if (one) one.tabIndex = 0;
  });
  return root;
}
