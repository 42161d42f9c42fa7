// One page, as a process of its own: the driftdb package as it was published, with what a browser would have around it.
// The parent calls the functions of `page` by messages; see main.js.
'use strict';

globalThis.WebSocket = require('ws');
globalThis.crypto ??= require('crypto').webcrypto;
globalThis.window = globalThis;
const stored = new Map();
globalThis.sessionStorage = {
  getItem: (key) => stored.get(key) ?? null,
  setItem: (key, value) => stored.set(key, String(value)),
};

const driftdb = require('driftdb');
const { Api, DbConnection, HttpConnection, PresenceListener, Reducer, StateListener } = driftdb;

const connections = {}; // by name
const seen = {};        // what each listener last told its page
const listeners = {};

const page = {
  newRoom: (api) => new Api(api).newRoom(),
  getRoom: (api, room) => new Api(api).getRoom(room),
  clientId: () => [driftdb.uniqueClientId(), driftdb.uniqueClientId()],

  async connect(name, url, cbor) {
    const db = (connections[name] = new DbConnection());
    seen[name] = { statuses: [] };
    db.statusListener.addListener((status) => seen[name].statuses.push(status.connected));
    await db.connect(url, cbor);
  },
  disconnect: (name) => connections[name].disconnect(),
  send: (name, message) => connections[name].send(message),
  latency: (name) => connections[name].testLatency(),

  subscribe(name, key) {
    const heard = (seen[`${name}/${key}`] = []);
    connections[name].subscribe(key, (item) => heard.push(item), (size) => (seen[`${name}/${key}/size`] = size));
  },
  /** All that the connection is told, from now on. */
  hear(name) {
    const heard = (seen[`${name}/messages`] = []);
    connections[name].messageListener.addListener((message) => heard.push(message));
  },
  /** Pushes these values, `ms` apart; how long it took, in ms. */
  async burst(name, key, type, values, ms) {
    const began = performance.now();
    for (const [i, value] of values.entries()) {
      connections[name].send({ type: 'push', key, action: { type }, value });
      const left = began + (i + 1) * ms - performance.now();
      if (left > 0) await new Promise((resolve) => setTimeout(resolve, left));
    }
    return performance.now() - began;
  },
  state(name, key) {
    const id = `${name}/${key}`;
    listeners[id] = new StateListener({ db: connections[name], key, callback: (value) => (seen[id] = value) });
    listeners[id].subscribe();
  },
  setState: (name, key, value) => listeners[`${name}/${key}`].setStateOptimistic(value),

  // A reducer that adds up and remembers the order.
  reducer(name, key, sizeThreshold) {
    const id = `${name}/${key}`;
    listeners[id] = new Reducer({
      db: connections[name], key, sizeThreshold, initialValue: { sum: 0, order: [] },
      reducer: (state, n) => ({ sum: state.sum + n, order: [...state.order, n] }),
      callback: (value) => (seen[id] = value),
    });
    listeners[id].subscribe();
  },
  // One that is given as a text; all that it came to is remembered.
  reduce(name, key, reducer, initialValue, sizeThreshold) {
    const id = `${name}/${key}`;
    globalThis.initialGame = initialValue; // what a reducer may begin again from
    const shown = (seen[`${id}/shown`] = []);
    listeners[id] = new Reducer({
      db: connections[name], key, sizeThreshold, initialValue, reducer: eval(reducer),
      callback: (value) => shown.push((seen[id] = value)),
    });
    listeners[id].subscribe();
  },
  dispatch: (name, key, actions) => actions.forEach((action) => listeners[`${name}/${key}`].dispatch(action)),

  presence(name, clientId, initialState) {
    const id = `${name}/presence`;
    listeners[id] = new PresenceListener({
      db: connections[name], clientId, initialState, maxPresenceInterval: 200, callback: (value) => (seen[id] = value),
    });
    listeners[id].subscribe();
  },
  updatePresence: (name, value) => listeners[`${name}/presence`].updateState(value),
  leavePresence: (name) => listeners[`${name}/presence`].destroy(),
  present: (name) => listeners[`${name}/presence`].presence,

  http: (url, message) => new HttpConnection(url).send(message),
  seen: (id) => seen[id],
};

process.on('message', async ({ id, call, args }) => {
  try {
    process.send({ id, result: await page[call](...args) });
  } catch (error) {
    process.send({ id, error: String(error?.message ?? error) });
  }
});
process.on('disconnect', () => process.exit(0));
