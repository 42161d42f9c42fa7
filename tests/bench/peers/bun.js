'use strict';
// Bun's own WebSocket server, with its topics: bun bun.js [PORT]

const {Rooms, MESSAGE_MAX, QUEUE_MAX} = require('./rooms.js');

const rooms = new Rooms((topic, text) => server.publish(topic, text));

const server = Bun.serve({
  hostname: '127.0.0.1',
  port: Number(process.argv[2] ?? 0),
  fetch(request, server) {
    const {pathname, host} = new URL(request.url);
    if (request.method === 'POST' && pathname === '/new') {
      return new Response(rooms.make(host), {headers: {'Content-Type': 'application/json'}});
    }
    const room = rooms.find(pathname);
    if (!room) return new Response('{"error":"no such room"}', {status: 404});
    if (server.upgrade(request, {data: {room}})) return undefined;
    return new Response('{"error":"not an upgrade"}', {status: 400});
  },
  websocket: {
    perMessageDeflate: false,
    maxPayloadLength: MESSAGE_MAX,
    backpressureLimit: QUEUE_MAX,
    closeOnBackpressureLimit: true,
    idleTimeout: 120,
    message(ws, text) { // the handler runs corked
      rooms.receive(ws.data.room, ws, text);
    },
  },
});

console.log(`listening ${server.port}`);
