// The daemon, the pages and a proxy between them, for main.js.
'use strict';

const { fork, spawn } = require('child_process');
const fs = require('fs');
const net = require('net');
const os = require('os');
const path = require('path');
const { freePort } = require('./port');

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Milliseconds for anything to come: the machine may be busy with other things, or stand still for a while. */
const PATIENCE = 30000;

/** Asks again until `check` of what `ask` gives is true; what it gave. */
async function until(what, ask, check, patience = PATIENCE) {
  const end = Date.now() + patience;
  for (;;) {
    const value = await ask();
    if (check(value)) return value;
    if (Date.now() > end) throw new Error(`${what}: still ${JSON.stringify(value)}`);
    await sleep(10);
  }
}

class Daemon {
  /** `options`: knobs by their dotted names. */
  async start(program, options = {}, original = false) {
    this.folder = fs.mkdtempSync(path.join(os.tmpdir(), 'eddyd-e2e-'));
    const config = path.join(this.folder, 'eddy.lua');
    const scripts = JSON.stringify(path.resolve(__dirname, '../../scripts'));
    const plugins = process.env.EDDY_TEST_PLUGINS || '';
    fs.writeFileSync(config, `return { scripts = ${scripts}, plugins = { ${plugins} } }\n`);
    this.port = await freePort();
    this.log = '';
    const args = original ? ['--port', `${this.port}`] : ['-c', config, '-l', `127.0.0.1:${this.port}`];
    for (const [name, value] of Object.entries(options)) args.push('-s', `${name}=${value}`);
    this.child = spawn(path.resolve(program), args, { stdio: ['ignore', 'pipe', 'pipe'], cwd: this.folder });
    for (const stream of [this.child.stdout, this.child.stderr]) stream.on('data', (data) => (this.log += data));
    this.ended = new Promise((resolve) => this.child.on('close', (code, signal) => resolve(code ?? signal)));
    this.child.on('error', (error) => (this.log += error));
    this.api = `http://127.0.0.1:${this.port}`;
    const serves = () => fetch(`${this.api}/healthz`).then((answer) => answer.status, () => 0);
    let ended = false;
    this.ended.then(() => (ended = true));
    this.original = original;
    await until('it serves', serves, (status) => status === (original ? 404 : 200) || ended);
    if (ended) throw new Error(`it does not serve: ${this.log}`);
  }

  /** Ends it; what was wrong about the way it ended, or nothing. */
  async stop() {
    this.child.kill('SIGTERM');
    const status = await Promise.race([this.ended, sleep(PATIENCE).then(() => 'nothing: it goes on')]);
    if (this.original && status === 'SIGTERM') return undefined;
    if (status !== 0) this.child.kill('SIGKILL');
    fs.rmSync(this.folder, { recursive: true, force: true });
    const report = /Sanitizer|runtime error:/.test(this.log);
    return status !== 0 || report ? `it ended with ${status}\n${this.log.slice(-4000)}` : undefined;
  }
}

/** A page in a process of its own. Every function of peer.js can be called on it. */
class Peer {
  constructor(verbose) {
    this.child = fork(path.join(__dirname, 'peer.js'), { serialization: 'advanced', silent: !verbose });
    this.waiting = new Map();
    this.next = 1;
    this.child.on('message', ({ id, result, error }) => {
      const [resolve, reject] = this.waiting.get(id);
      this.waiting.delete(id);
      error === undefined ? resolve(result) : reject(new Error(error));
    });
    this.child.on('exit', () => this.waiting.forEach(([, reject]) => reject(new Error('the page is gone'))));
    return new Proxy(this, {
      get: (peer, name) => (name in peer ? peer[name] : (...args) => peer.call(name, args)),
    });
  }

  call(call, args) {
    return new Promise((resolve, reject) => {
      const id = this.next++;
      this.waiting.set(id, [resolve, reject]);
      this.child.send({ id, call, args });
    });
  }

  end() {
    this.child.disconnect();
  }
}

/** A TCP proxy that can cut what runs through it. */
class TcpProxy {
  async start(port) {
    this.sockets = new Set();
    this.server = net.createServer((socket) => {
      const onward = net.connect(port, '127.0.0.1');
      for (const [one, other] of [[socket, onward], [onward, socket]]) {
        this.sockets.add(one);
        one.on('error', () => {}).on('close', () => {
          this.sockets.delete(one);
          other.destroy();
        });
        one.pipe(other);
      }
    });
    await new Promise((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    this.port = this.server.address().port;
  }

  cut() {
    this.sockets.forEach((socket) => socket.destroy());
  }

  stop() {
    this.cut();
    this.server.close();
  }
}

module.exports = { Daemon, PATIENCE, Peer, TcpProxy, sleep, until };
