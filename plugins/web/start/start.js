// What the start page does not know by itself: who it is served by, and under which address.

/** @param {string} id */
const by = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

const root = new URL('../', import.meta.url);
const qr = /** @type {HTMLImageElement} */ (by('qr'));
qr.src = new URL(`qrcode?url=${encodeURIComponent(root.href)}`, root).href;

// The examples, with this address, and a button to copy them.
const base = root.href.replace(/\/$/, '');
for (const code of document.querySelectorAll('code')) {
  const socket = base.replace(/^http/, 'ws');
  code.textContent = `${code.textContent}`
    .replaceAll('http://localhost:8080', base)
    .replaceAll('ws://localhost:8080', socket);
}
for (const example of document.querySelectorAll('pre')) {
  const { textContent } = example;
  const copy = document.createElement('button');
  copy.textContent = 'Copy';
  copy.onclick = async () => {
    await navigator.clipboard.writeText(textContent ?? '');
    copy.textContent = 'Copied';
  };
  if (!navigator.clipboard) break; // a page that came by plain http from elsewhere
  const framed = document.createElement('div');
  framed.className = 'example';
  example.replaceWith(framed);
  framed.append(example, copy);
}

/** @type {{ version: string, namespaces: string[], demos: boolean }} */
const server = await (await fetch(new URL('start/server.json', root))).json();
by('version').textContent = `eddyd ${server.version}`;
by('namespaces').replaceChildren(
  ...server.namespaces.flatMap((name) => {
    const code = document.createElement('code');
    code.textContent = name === 'default' ? base : `${base}/db/${name}`;
    return [code, document.createElement('br')];
  }),
);
if (server.demos) {
  const { cards } = await import('../demos/cards.js');
  await cards(by('demos'));
  by('shown').hidden = false;
}
