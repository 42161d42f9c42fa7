// The daemon, or an original DriftDB server in its place; a proxy that breaks what runs through it, and the published
// packages with what a browser would have around them.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { after } from 'node:test';
import WebSocket from 'ws';
import { freePort } from '../e2e/port.js';

globalThis.WebSocket ??= WebSocket;
globalThis.window ??= globalThis;

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Milliseconds for anything to come: the machine may be busy with other things, or stand still for a while. */
export const PATIENCE = 30000;

/** Asks again until `ask` gives something; what it gave. */
export async function until(what, ask, patience = PATIENCE) {
  const end = Date.now() + patience;
  for (;;) {
    const value = await ask();
    if (value) return value;
    if (Date.now() > end) throw new Error(`it never came to this: ${what}`);
    await sleep(5);
  }
}

/** Breaks the connection, and waits until it is noticed, be it back already. */
export async function broken(db, by) {
  let gone = false;
  db.statusListener.addListener(({ connected }) => (gone ||= !connected));
  await by();
  await until('it is noticed', () => gone);
}

/** Which original server is played against, `release` or `head`; undefined: eddyd. tests/original/README.md */
export const ORIGINAL = process.env.EDDY_ORIGINAL;
/** As a test's options: it is about what eddyd alone has. */
export const EDDYD = { skip: ORIGINAL && 'of eddyd alone' };
/** The released original knows no CBOR, and refuses a `get` whose number is null. */
export const HEAD = { skip: ORIGINAL === 'release' && 'the released server cannot' };

/** eddyd with these knobs, until the end of the test file; the original has none. */
export class Daemon {
  static async start(options = {}) {
    const daemon = new Daemon();
    daemon.folder = fs.mkdtempSync(path.join(os.tmpdir(), 'eddyd-web-'));
    daemon.options = { 'namespaces.default.create_on_connect': true, ...options };
    daemon.port = await freePort();
    daemon.api = `http://127.0.0.1:${daemon.port}`;
    after(() => daemon.end());
    await daemon.run();
    return daemon;
  }

  async run() {
    this.log = '';
    const args = ORIGINAL ? ['--port', `${this.port}`] : this.args();
    this.child = spawn(process.env.EDDYD, args, { stdio: ['ignore', 'pipe', 'pipe'], cwd: this.folder });
    for (const stream of [this.child.stdout, this.child.stderr]) stream.on('data', (data) => (this.log += data));
    this.ended = new Promise((resolve) => this.child.on('close', (code, signal) => resolve(code ?? signal)));
    const serves = () =>
      fetch(`${this.api}/healthz`).then(
        ({ ok, status }) => ok || (ORIGINAL && status === 404),
        () => false,
      );
    let ended = false;
    this.ended.then(() => (ended = true));
    await until('it serves', async () => ended || (await serves()));
    if (ended) throw new Error(`it does not serve: ${this.log}`);
  }

  args() {
    const config = path.join(this.folder, 'eddy.lua');
    const scripts = path.resolve(import.meta.dirname ?? new URL('.', import.meta.url).pathname, '../../scripts');
    fs.writeFileSync(config, `return { scripts = ${JSON.stringify(scripts)} }\n`);
    const args = ['-c', config, '-l', `127.0.0.1:${this.port}`];
    for (const [name, value] of Object.entries(this.options)) args.push('-s', `${name}=${value}`);
    return args;
  }

  async kill(signal = 'SIGKILL') {
    this.child.kill(signal);
    return this.ended;
  }

  async end() {
    const status = await this.kill('SIGTERM');
    fs.rmSync(this.folder, { recursive: true, force: true });
    if (status === 'SIGKILL' || status === (ORIGINAL ? 'SIGTERM' : 0)) return;
    throw new Error(`it ended with ${status}\n${this.log.slice(-4000)}`);
  }
}

/** TCP that can be cut, stalled (nothing arrives, nothing is told), or gone. */
export class Proxy {
  sockets = new Set();
  stalled = { up: false, down: false };

  static async start(port) {
    const proxy = new Proxy();
    proxy.target = port;
    proxy.port = await freePort();
    await proxy.listen();
    after(() => proxy.end());
    return proxy;
  }

  async listen() {
    this.server = net.createServer((socket) => {
      const onward = net.connect(this.target, '127.0.0.1');
      this.pass(socket, onward, 'up');
      this.pass(onward, socket, 'down');
    });
    await new Promise((resolve, reject) => this.server.once('error', reject).listen(this.port, '127.0.0.1', resolve));
  }

  pass(from, to, way) {
    this.sockets.add(from);
    from.held = [];
    from.release = () => from.held.splice(0).forEach((data) => to.write(data));
    from.on('data', (data) => (this.stalled[way] ? from.held.push(data) : to.write(data)));
    from
      .on('error', () => {})
      .on('close', () => {
        this.sockets.delete(from);
        to.destroy();
      });
  }

  /** The same room through here. */
  url(url) {
    return url.replace(/:\d+/, `:${this.port}`);
  }
  /** What is on its way does not arrive: 'up' to the server, 'down' from it. */
  stall(...ways) {
    for (const way of ways) this.stalled[way] = true;
  }
  release() {
    this.stalled = { up: false, down: false };
    for (const socket of this.sockets) socket.release();
  }
  cut() {
    this.stalled = { up: false, down: false };
    for (const socket of this.sockets) socket.destroy();
  }
  /** No connection, and none to be had. */
  async offline() {
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.cut();
    await closed;
  }
  online() {
    return this.listen();
  }
  end() {
    this.cut();
    this.server.close();
  }
}

/** The published package, unchanged. It says what it does on the console. */
export function published(name = 'driftdb') {
  if (typeof sessionStorage === 'undefined') {
    const kept = new Map();
    globalThis.sessionStorage = { getItem: (key) => kept.get(key) ?? null, setItem: (key, id) => kept.set(key, id) };
  }
  const { log, error } = console;
  for (const [say, tell] of [
    ['log', log],
    ['error', error],
  ]) {
    console[say] = (...args) => /Connection closed, attempting|Unknown message/.test(args[0]) || tell(...args);
  }
  return createRequire(import.meta.url)(name);
}

/** Closes what it was given when the test ends. */
export function closing(t, connection) {
  t.after(() => connection.disconnect());
  return connection;
}
