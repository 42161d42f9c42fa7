'use strict';
// The package ws on Node's own HTTP server: node ws.js [PORT]

const http = require('node:http');
const {WebSocket, WebSocketServer} = require('ws');
const {Rooms, MESSAGE_MAX, QUEUE_MAX} = require('./rooms.js');

const topics = new Map(); // to sets of clients

const rooms = new Rooms((topic, text) => {
  for (const client of topics.get(topic) ?? []) client.send(text);
});

class Client {
  constructor(ws) {
    this.ws = ws;
    this.topics = new Set();
  }

  send(text) {
    if (this.ws.readyState !== WebSocket.OPEN) return;
    if (this.ws.bufferedAmount > QUEUE_MAX) {
      this.ws.terminate();
    } else {
      this.ws.send(text);
    }
  }

  subscribe(topic) {
    this.topics.add(topic);
    if (!topics.has(topic)) topics.set(topic, new Set());
    topics.get(topic).add(this);
  }

  leave() {
    for (const topic of this.topics) topics.get(topic).delete(this);
  }
}

const server = http.createServer((request, response) => {
  const made = request.method === 'POST' && request.url === '/new';
  response.writeHead(made ? 200 : 404, {'Content-Type': 'application/json'});
  response.end(made ? rooms.make(request.headers.host) : '{"error":"none such"}');
});
const sockets = new WebSocketServer({noServer: true, maxPayload: MESSAGE_MAX, perMessageDeflate: false});

server.on('upgrade', (request, socket, head) => {
  const room = rooms.find(request.url);
  if (!room) {
    socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n');
    return;
  }
  sockets.handleUpgrade(request, socket, head, (ws) => {
    const client = new Client(ws);
    ws.on('message', (data) => rooms.receive(room, client, data.toString()));
    ws.on('close', () => client.leave());
    ws.on('error', () => {});
  });
});

server.listen({host: '127.0.0.1', port: Number(process.argv[2] ?? 0), backlog: 4096}, () => {
  console.log(`listening ${server.address().port}`);
});
