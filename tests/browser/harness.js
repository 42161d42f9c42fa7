// The daemon with the web plugin and a copy of the scripts, a proxy that cuts, one browser for all, and pages in it that
// are watched: what they say on the console as an error, and what their security policy stopped, fails the test.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { after, test as every } from 'node:test';
import { chromium } from 'playwright-core';
import { freePort } from '../e2e/port.js';

export { freePort };

const here = path.dirname(new URL(import.meta.url).pathname);
const root = path.resolve(here, '../..');
const shots = path.join(root, 'build/shots');

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Milliseconds for anything to come: the machine may be busy with other things, or stand still for a while. */
export const PATIENCE = 30000;

/** Asks again until `ask` gives something; what it gave. What it throws is no answer yet. */
export async function until(what, ask, patience = PATIENCE) {
  const end = Date.now() + patience;
  let last;
  for (;;) {
    try {
      const value = await ask();
      if (value) return value;
      last = value;
    } catch (error) {
      last = error;
    }
    if (Date.now() > end) throw new Error(`it never came to this: ${what} (${last})`);
    await sleep(25);
  }
}

/** Until `ask` gives just this: what a page was told to do shows a frame later, or when the room has answered. */
export const comes = (what, ask, wanted) =>
  until(what, async () => {
    assert.deepEqual(await ask(), wanted);
    return true;
  });

/** Until all of these pages show the same, which `look` gives, and go on showing it; that. */
export const agree = (what, pages, look, wanted = () => true) =>
  until(what, async () => {
    const seen = await Promise.all(pages.map(look));
    const told = () => new Error(seen.map((one) => String(one).slice(0, 200)).join(' | '));
    if (seen.some((one) => one !== seen[0]) || !wanted(seen[0])) throw told();
    await sleep(150);
    for (const page of pages) if ((await look(page)) !== seen[0]) throw told();
    return seen[0] ?? true;
  });

/** eddyd, which keeps its rooms in a database, until the end of the test. */
export class Daemon {
  /** `settings` are knobs: { NAME: VALUE }. */
  static async start(settings = {}) {
    const daemon = new Daemon();
    daemon.settings = settings;
    daemon.folder = fs.mkdtempSync(path.join(os.tmpdir(), 'eddyd-browser-'));
    daemon.scripts = path.join(daemon.folder, 'scripts');
    fs.cpSync(path.join(root, 'scripts'), daemon.scripts, { recursive: true });
    daemon.port = await freePort();
    daemon.api = `http://127.0.0.1:${daemon.port}/`;
    await daemon.run();
    return daemon;
  }

  async run() {
    const config = path.join(this.folder, 'eddy.lua');
    const plugins = `{ sqlite = { path = "eddy.db", durability = "sync" }, web = {} }`;
    fs.writeFileSync(config, `return { scripts = "scripts", plugins = ${plugins} }\n`);
    this.log = '';
    const settings = Object.entries(this.settings).flatMap(([name, value]) => ['-s', `${name}=${value}`]);
    this.child = spawn(process.env.EDDYD, ['-c', config, '-l', `127.0.0.1:${this.port}`, ...settings], {
      stdio: ['ignore', 'pipe', 'pipe'],
      cwd: this.folder,
    });
    for (const stream of [this.child.stdout, this.child.stderr]) stream.on('data', (data) => (this.log += data));
    this.ended = new Promise((resolve) => this.child.on('close', (code, signal) => resolve(code ?? signal)));
    let ended = false;
    this.ended.then(() => (ended = true));
    await until('eddyd serves', async () => ended || (await fetch(`${this.api}healthz`)).ok).catch((error) => {
      throw new Error(`${error.message}\n${this.log}`);
    });
    if (ended) throw new Error(`eddyd does not serve:\n${this.log}`);
  }

  /** Changes a policy's script, as an editor would; until its rooms have it. */
  async edit(policy, from, to) {
    const file = path.join(this.scripts, 'rooms', `${policy}.lua`);
    const text = fs.readFileSync(file, 'utf8');
    assert.ok(text.includes(from), `${policy}.lua has no ${from}`);
    const before = this.log.length;
    fs.writeFileSync(`${file}.new`, text.replace(from, to));
    fs.renameSync(`${file}.new`, file);
    await until(`${policy} is loaded`, () =>
      new RegExp(`policy ${policy}: version \\d+ loaded`).test(this.log.slice(before)),
    );
  }

  async kill(signal = 'SIGKILL') {
    this.child.kill(signal);
    const status = await this.ended;
    assert.doesNotMatch(this.log, /Sanitizer|runtime error:/);
    return status;
  }

  async end() {
    const status = await this.kill('SIGTERM');
    fs.rmSync(this.folder, { recursive: true, force: true });
    assert.ok(status === 0, `eddyd ended with ${status}\n${this.log.slice(-4000)}`);
  }
}

/** TCP that can be gone for a while. */
export class Proxy {
  sockets = new Set();

  static async start(target) {
    const proxy = new Proxy();
    proxy.target = target;
    proxy.port = await freePort();
    await proxy.online();
    return proxy;
  }

  online() {
    this.server = net.createServer((socket) => {
      const onward = net.connect(this.target, '127.0.0.1');
      for (const [from, to] of [
        [socket, onward],
        [onward, socket],
      ]) {
        this.sockets.add(from);
        from.pipe(to);
        from
          .on('error', () => {})
          .on('close', () => {
            this.sockets.delete(from);
            to.destroy();
          });
      }
    });
    return new Promise((resolve) => this.server.listen(this.port, '127.0.0.1', resolve));
  }

  offline() {
    const closed = new Promise((resolve) => this.server.close(resolve));
    for (const socket of this.sockets) socket.destroy();
    return closed;
  }
}

/** A promise, as several pages may be the first. */
let browser;
after(async () => (await browser)?.close());

const FLAGS =
  '--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update ' +
  '--disable-sync --use-angle=swiftshader --enable-unsafe-swiftshader';

/** The Firefox to be driven instead of Chromium, as it is, by WebDriver BiDi; on a screen, as it has WebGL nowhere else. */
export const FIREFOX = process.env.FIREFOX;

async function launch() {
  if (!FIREFOX)
    return chromium.launch({
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
      headless: true,
      args: FLAGS.split(' '),
    });
  const { firefox } = await import('playwright-for-firefox');
  return firefox.launch({
    executablePath: FIREFOX,
    channel: 'moz-firefox',
    headless: false,
    firefoxUserPrefs: {
      'webgl.force-enabled': true, // by the processor where there is nothing else
      'webgl.forbid-software': false,
      'privacy.fingerprintingProtection': false, // which puts noise into what is read from a canvas
      'privacy.baselineFingerprintingProtection': false,
    },
  });
}

function theBrowser() {
  browser ??= launch();
  return browser;
}

/** What a window is told of its user; `as` besides. Firefox has no way to be told of colours and the like. */
const asIs = FIREFOX ? { colorScheme: null, reducedMotion: null, forcedColors: null, contrast: null } : {};

/** What a page says where its server cannot be reached: nothing that it could help. */
const UNREACHABLE =
  /net::ERR_|WebSocket connection to|the server responded with a status of 5|can’t establish a connection|was interrupted while|Cross-Origin Request Blocked/;

/** What Firefox says of the style that playwright puts into a page for a picture of it. */
const FOR_PICTURES = FIREFOX && /^security policy: style-src-elem inline \S+%3E%20eval|sha256-YjaKGiklmzC6wjXA513HAMmzus8VE61XCOT\+SmwNZWA=/;

/** A daemon, and the pages that look at it. */
export class Scene {
  pages = [];
  /** What is to be called when the test ends. */
  ends = [];
  troubles = [];
  /** While true, pages may say that they cannot reach the server. */
  broken = false;

  static async begin(settings) {
    const scene = new Scene();
    scene.daemon = await Daemon.start(settings);
    return scene;
  }

  async proxy() {
    const proxy = await Proxy.start(this.daemon.port);
    this.ends.push(() => proxy.offline().catch(() => {}));
    return proxy;
  }

  /** A page in a window of its own, as of another person. `as` goes to the browser's context: viewport, colorScheme, ... */
  async page(url, { as = {}, proxy } = {}) {
    const context = await (await theBrowser()).newContext({ viewport: { width: 1000, height: 700 }, ...asIs, ...as });
    const page = await context.newPage();
    page.setDefaultTimeout(PATIENCE);
    const trouble = (what) => FOR_PICTURES?.test(what) || this.troubles.push(`${page.url()}: ${what}`);
    page.on('console', (message) => {
      if (message.type() !== 'error') return;
      const text = `${message.text()} ${message.location().url}`;
      if (!(this.broken && UNREACHABLE.test(text))) trouble(text);
    });
    page.on('pageerror', (error) => trouble(error.stack ?? error));
    await page.addInitScript(() =>
      document.addEventListener('securitypolicyviolation', (event) =>
        console.error(`security policy: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`),
      ),
    );
    this.pages.push(page);
    const at = new URL(url, this.daemon.api);
    if (proxy) at.port = proxy.port;
    await page.goto(at.href);
    return page;
  }

  /** A demo; of a new room, or the one of another page. */
  async demo(name, { room, ...options } = {}) {
    const page = await this.page(`demos/${name}/${room ? new URL(room.url()).search : ''}`, options);
    await this.connected(page);
    return page;
  }

  async connected(...pages) {
    for (const page of pages) await page.waitForSelector('#status[data-state=connected]');
  }

  /** Long enough for what was done to be sent by itself. */
  beat() {
    return sleep(60);
  }

  /** A picture for people, build/shots/NAME.png. */
  async shot(page, name) {
    fs.mkdirSync(shots, { recursive: true });
    await page.screenshot({ path: path.join(shots, `${FIREFOX ? 'firefox-' : ''}${name}.png`), caret: 'initial' });
  }

  check() {
    assert.deepEqual(this.troubles, []);
  }

  async end() {
    for (const page of this.pages) await page.context().close();
    for (const end of this.ends) await end();
    await this.daemon.end();
  }
}

/** The names of the tests that are wanted, where not all are. */
const only = process.env.ONLY && fs.readFileSync(process.env.ONLY, 'utf8').split('\n');

/** node:test's, where the test is wanted. */
export const test = (name, ...how) => void (only && !only.includes(name) ? null : every(name, ...how));

/** A test with a daemon of its own, with these knobs besides. */
export function scene(name, play, settings) {
  test(name, { timeout: 10 * PATIENCE }, async () => {
    const scene = await Scene.begin(settings);
    try {
      await play(scene);
      scene.check();
    } catch (error) {
      if (scene.troubles.length) error.message += `\nand the pages said: ${scene.troubles.join('\n')}`;
      throw error;
    } finally {
      await scene.end();
    }
  });
}

/** What an element shows. */
export const text = (selector) => (page) => page.textContent(selector);
