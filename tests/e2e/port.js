// A port for a daemon or a proxy. CommonJS, and of use to the modules of ../web and ../browser, too.
'use strict';

const net = require('net');

/**
 * A port that nobody listens on, and that stays so while a daemon or a proxy is away: the system gives those from 32768
 * on to whoever asks for any, and to connections.
 */
async function freePort() {
  for (;;) {
    const port = 10000 + Math.floor(Math.random() * 22000);
    const server = net.createServer();
    const free = await new Promise((resolve) =>
      server.once('error', () => resolve(false)).listen(port, '127.0.0.1', () => resolve(true)),
    );
    if (!free) continue;
    await new Promise((resolve) => server.close(resolve));
    return port;
  }
}

module.exports = { freePort };
