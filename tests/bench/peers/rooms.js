'use strict';
// The DriftDB protocol for the servers that eddyd is compared with, JSON only: what it takes to number, retain, answer. Each
// server brings its own way of subscribing and publishing: `publish(topic, text)`.

const crypto = require('node:crypto');

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

class Rooms {
  constructor(publish) {
    this.rooms = new Map();
    this.publish = publish;
  }

  // What POST /new answers.
  make(host) {
    let id = '';
    while (id.length < 24) id += ALPHABET[crypto.randomInt(ALPHABET.length)];
    this.rooms.set(id, {id, seq: 0, streams: new Map()});
    return JSON.stringify(this.describe(id, host));
  }

  describe(id, host) {
    return {room: id, socket_url: `ws://${host}/room/${id}/connect`, http_url: `http://${host}/room/${id}/send`};
  }

  // The room of a path /room/ID/connect, if it is one.
  find(path) {
    const match = /^\/room\/([^/]+)\/connect$/.exec(path);
    return match ? this.rooms.get(match[1]) : undefined;
  }

  // One message of a client, who has send(text) and subscribe(topic).
  receive(room, client, text) {
    let message;
    try {
      message = JSON.parse(text);
    } catch (error) {
      client.send(JSON.stringify({type: 'error', message: error.message}));
      return;
    }
    switch (message.type) {
      case 'push':
        this.push(room, client, message);
        break;
      case 'get':
        this.get(room, client, message);
        break;
      case 'ping':
        client.send(JSON.stringify({type: 'pong', nonce: message.nonce ?? null}));
        break;
      default:
        client.send(JSON.stringify({type: 'error', message: 'unknown type'}));
    }
  }

  stream(room, key) {
    let stream = room.streams.get(key);
    if (!stream) {
      stream = {topic: `${room.id}/${key}`, retained: []};
      room.streams.set(key, stream);
    }
    return stream;
  }

  push(room, client, {key, action, value}) {
    const stream = this.stream(room, key);
    if (action.type === 'compact') {
      this.compact(room, client, stream, action.seq, value);
    } else {
      const seq = ++room.seq;
      if (action.type === 'append') {
        stream.retained.push({value, seq});
      } else if (action.type === 'replace') {
        stream.retained = [{value, seq}];
      }
      this.publish(stream.topic, JSON.stringify({type: 'push', key, value, seq}));
    }
    const size = stream.retained.length;
    if (size > 1) client.send(JSON.stringify({type: 'stream_size', key, size}));
  }

  compact(room, client, stream, seq, value) {
    const {retained} = stream;
    if (!(seq >= 1 && seq <= room.seq)) {
      client.send(JSON.stringify({type: 'error', message: 'no such seq'}));
      return;
    }
    if (retained.length && seq < retained[0].seq) return;
    const from = retained.findIndex((message) => message.seq > seq);
    stream.retained = [{value, seq}].concat(from < 0 ? [] : retained.slice(from));
  }

  get(room, client, {key, seq}) {
    const stream = this.stream(room, key);
    client.subscribe(stream.topic);
    if (seq === null) return;
    const data = seq ? stream.retained.filter((message) => message.seq > seq) : stream.retained;
    client.send(JSON.stringify({type: 'init', key, data}));
  }
}

// As eddyd is shipped: what a client may send, and what may wait for one before it is closed.
const MESSAGE_MAX = 1024 * 1024;
const QUEUE_MAX = 4 * 1024 * 1024;

module.exports = {Rooms, MESSAGE_MAX, QUEUE_MAX};
