'use strict';
// uWebSockets.js, with its topics: node uws.js [PORT]

const uws = require('uwebsockets');
const {Rooms, MESSAGE_MAX, QUEUE_MAX} = require('./rooms.js');

const app = uws.App();
const rooms = new Rooms((topic, text) => app.publish(topic, text, false));

app.post('/new', (response, request) => {
  response.writeHeader('Content-Type', 'application/json').end(rooms.make(request.getHeader('host')), true);
});

app.ws('/room/:id/connect', {
  compression: uws.DISABLED,
  maxPayloadLength: MESSAGE_MAX,
  maxBackpressure: QUEUE_MAX,
  closeOnBackpressureLimit: true,
  idleTimeout: 120,
  upgrade(response, request, context) {
    const room = rooms.find(request.getUrl());
    if (!room) {
      response.writeStatus('404 Not Found').end('{"error":"no such room"}');
      return;
    }
    response.upgrade({room}, request.getHeader('sec-websocket-key'), request.getHeader('sec-websocket-protocol'),
      request.getHeader('sec-websocket-extensions'), context);
  },
  message(ws, message) { // the handler runs corked
    rooms.receive(ws.getUserData().room, ws, Buffer.from(message).toString());
  },
});

app.any('/*', (response) => response.writeStatus('404 Not Found').end('{"error":"none such"}'));

app.listen('127.0.0.1', Number(process.argv[2] ?? 0), (socket) => {
  if (!socket) throw new Error('cannot listen');
  console.log(`listening ${uws.us_socket_local_port(socket)}`);
});
