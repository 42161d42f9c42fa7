// How a test does something in each demo, and sees what has come of it. `act` may be done by anybody at any time, and
// shows; `state` is a text that is the same on all pages that agree.
import { sleep, text } from './harness.js';

/** Draws a line on the canvas; points are from 0 to 1. */
export async function draw(page, ...points) {
  const { x, y, width } = await page.locator('#canvas').boundingBox();
  const at = ([right, down]) => [x + right * width, y + down * width];
  await page.mouse.move(...at(points[0]));
  await page.mouse.down();
  for (const point of points.slice(1)) await page.mouse.move(...at(point), { steps: 5 });
  await page.mouse.up();
}

export async function tell(page, text) {
  await page.fill('#text', text);
  await page.press('#text', 'Enter');
}

export async function write(page, at, text) {
  await page.focus('#area');
  await page.keyboard.press(at);
  await page.keyboard.type(text);
}

export const said = (page) =>
  page.locator('#log li:not(.sending)').evaluateAll((rows) => rows.map((row) => row.lastChild.textContent).join('\n'));
export const drawn = (page) => page.$eval('#canvas', (canvas) => canvas.toDataURL());
export const written = (page) => page.inputValue('#area');
export const board = (page) =>
  page.locator('#board button').evaluateAll((all) => all.map((one) => one.textContent || '.').join(''));

/** In which square a player moves next: the first that is free. */
async function move(page) {
  const free = (await board(page)).indexOf('.');
  if (free >= 0) await page.locator('#board button').nth(free).click();
}

let times = 0;
export const players = {
  counter: { act: (page) => page.click('#up'), state: text('#count') },
  chat: { act: (page, what) => tell(page, what), state: said },
  tictactoe: { act: move, state: board },
  canvas: {
    act: (page) => draw(page, [0.1, ++times / 25], [0.5, times / 25 + 0.1], [0.9, times / 25]),
    state: drawn,
  },
  text: { act: (page, what) => write(page, 'Control+End', `${what}\n`), state: written },
  voxel: { act: (page) => page.mouse.click(300 + 50 * (++times % 10), 480), state: text('#count') },
};

/** Everybody does something; and long enough for it to be sent. */
export async function all(pages, what) {
  for (const [name, page] of Object.entries(pages)) await players[name].act(page, what);
  await sleep(100);
}
