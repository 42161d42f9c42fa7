// The demos that index.json lists, as cards.
/** @typedef {{ path: string, title: string, text: string, policy: string }} Demo */

/** @param {string} text @param {keyof HTMLElementTagNameMap} tag */
function told(tag, text) {
  const element = document.createElement(tag);
  element.textContent = text;
  return element;
}

/**
 * Fills the list; in the address of each demo is the query of this page.
 * @param {Element} list
 */
export async function cards(list) {
  const answer = await fetch(new URL('index.json', import.meta.url));
  /** @type {Demo[]} */
  const demos = await answer.json();
  for (const { path, title, text, policy } of demos) {
    const link = document.createElement('a');
    const picture = document.createElement('img');
    link.href = new URL(path + location.search, import.meta.url).href;
    picture.src = new URL(`${path}icon.svg`, import.meta.url).href;
    picture.alt = '';
    link.append(picture, told('h3', title), told('p', text), told('code', `scripts/rooms/${policy}.lua`));
    const card = document.createElement('li');
    card.append(link);
    list.append(card);
  }
}
